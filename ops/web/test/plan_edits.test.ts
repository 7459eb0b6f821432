import assert from "node:assert/strict";
import { test } from "node:test";
import { copyOf, edited, freeName, withEdit, wrongName } from "../src/plan/edits.ts";
import { History } from "../src/plan/history.ts";
import { Latest } from "../src/plan/latest.ts";
import { bearingToLine } from "../src/plan/places.ts";

const camera = { id: "cam-1", kind: "camera", lon: 1, lat: 42, azimuth_deg: 30, field_of_view_deg: 90, max_range_m: 3000, item: "ift_camera" };
const layout = { name: "l", title: "l", sensors: [camera] };
const radar = { item: "portable_radar", title: "Radar", kind: "radar", max_range_m: 4000, field_of_view_deg: 120, first_cost: 1, opex_per_year: 0, life_cycle_cost: 2, crew: 0 };

test("an item is added where it is placed, moves as any sensor, and is forgotten when it is taken away", () => {
  const placed = withEdit({}, "portable-radar-1", { item: "portable_radar", lon: 1.5, lat: 42.5 });
  const moved = withEdit(placed, "portable-radar-1", { lat: 42.6 });
  const sensor = edited(layout, moved, [radar]).at(-1);
  assert.deepEqual([sensor?.id, sensor?.lon, sensor?.lat, sensor?.fresh, sensor?.kind], ["portable-radar-1", 1.5, 42.6, true, "radar"]);
  assert.deepEqual(withEdit(moved, "portable-radar-1", null), {});
  assert.deepEqual(edited(layout, placed, []).map(({ id }) => id), ["cam-1"], "what is not in the catalogue is not drawn");
});

test("a duplicate of a duplicate is a copy of the original", () => {
  const first = withEdit({}, "cam-2", copyOf(camera, {}));
  const copied = edited(layout, first).at(-1);
  assert.ok(copied !== undefined);
  assert.deepEqual([copied.item, copied.azimuth_deg, first["cam-2"]?.copy_of], ["ift_camera", 30, "cam-1"]);
  assert.notEqual(copied.lon, camera.lon);
  assert.equal(copyOf(copied, first).copy_of, "cam-1");
});

test("a name is free, of usable characters, and stays with its sensor", () => {
  const named = withEdit({}, "cam-1", { name: "Näher am Grat" });
  const sensors = edited(layout, named);
  assert.deepEqual([sensors[0]?.id, sensors[0]?.key], ["Näher am Grat", "cam-1"]);
  assert.equal(wrongName("Näher am Grat", "cam-1", sensors), null);
  assert.equal(wrongName("Näher am Grat", "other", sensors), "taken");
  for (const name of ["", " a", "a ", "a/b", "a+b", "a#b", "a\u0007b", "x".repeat(65)]) assert.equal(wrongName(name, "cam-1", sensors), "unusable", name);
  assert.equal(freeName("cam-1", layout.sensors, {}), "cam-2");
  assert.equal(freeName("cam", layout.sensors, { "cam-2": null }), "cam-3");
});

test("what is undone can be done again, until something else is done", () => {
  const history = new History(0);
  assert.deepEqual([history.undo(), history.redo()], [false, false]);
  for (const step of [1, 2, 3]) history.push(step);
  history.undo();
  history.undo();
  assert.deepEqual([history.now, history.canUndo, history.canRedo], [1, true, true]);
  history.redo();
  assert.equal(history.now, 2);
  history.push(9);
  assert.deepEqual([history.canRedo, history.redo(), history.now], [false, false, 9]);
});

test("of questions asked meanwhile only the newest is asked", async () => {
  const asked: number[] = [];
  let newest = 0;
  let answer = (): void => undefined;
  const latest = new Latest(async () => {
    asked.push(newest);
    await new Promise<void>((resolve) => (answer = resolve));
  });
  const all = [1, 2, 3].map((number) => {
    newest = number;
    return latest.soon();
  });
  assert.equal(latest.isOld, true);
  answer();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(latest.isOld, false);
  answer();
  await Promise.all(all);
  assert.deepEqual(asked, [1, 3]);
});

test("what looks one way is turned towards the border", () => {
  const border: [number, number][][] = [[[1, 43], [2, 43], [3, 43]]];
  assert.equal(bearingToLine({ lon: 2, lat: 42 }, border), 0);
  assert.equal(Math.abs(bearingToLine({ lon: 2, lat: 44 }, border)), 180);
  assert.equal(bearingToLine({ lon: 2, lat: 44 }, []), 0);
});
