import assert from "node:assert/strict";
import { test } from "node:test";
import { edited, withEdit } from "../src/plan/edits.ts";
import { bearingTo, destination } from "../src/plan/places.ts";
import { fileName, plannedLayout } from "../src/plan/planned_layout.ts";
import { speakIn } from "./words.ts";

speakIn("en");

const sensor = {
  id: "r",
  kind: "radar",
  lon: -84.2,
  lat: 36.5,
  azimuth_deg: 0,
  field_of_view_deg: 120,
  max_range_m: 4000,
  item: null,
};
const layout = { name: "l", title: "l", sensors: [sensor, { ...sensor, id: "s" }] };

test("a place some metres away lies by the azimuth that leads there", () => {
  for (const azimuth of [-170, -90, 0, 45, 90, 179]) {
    const [lon, lat] = destination(sensor, azimuth, 1500);
    assert.equal(bearingTo(sensor, { lon, lat }), azimuth);
  }
});

test("a degree of latitude is 111.2 km, and one of longitude shrinks with it", () => {
  const [, lat] = destination(sensor, 0, 111_195);
  assert.ok(Math.abs(lat - 37.5) < 1e-9);
  const [lon] = destination({ lon: 0, lat: 60 }, 90, 111_195);
  assert.ok(Math.abs(lon - 2) < 1e-9);
});

test("edits of one sensor add up, taking away wins, and the layout stays as it was", () => {
  const moved = withEdit({}, "r", { lon: 1, lat: 2 });
  const turned = withEdit(moved, "r", { azimuth_deg: 30 });
  assert.deepEqual(edited(layout, turned)[0], { ...sensor, key: "r", lon: 1, lat: 2, azimuth_deg: 30 });
  assert.deepEqual(
    edited(layout, withEdit(turned, "r", null)).map(({ id }) => id),
    ["s"],
  );
  assert.equal(layout.sensors[0]?.lon, -84.2);
  assert.deepEqual(withEdit(withEdit({}, "r", null), "r", { lon: 3 }), { r: { lon: 3 } });
});

const bought = [
  { item: "trail_camera", id: "t1" },
  { item: "trail_camera", id: "t2" },
  { item: null, id: "own" },
];
const job = {
  id: "job-7-9c41e07b",
  kind: "plan",
  state: "done",
  doing: "",
  done: 1,
  total: 1,
  problem: "",
  answer: { bought, sensors: [sensor] },
} as const;

test("a plan that is done is a layout that can be picked, and no other job is", () => {
  const found = plannedLayout(job);
  assert.equal(found?.name, "plan:job-7-9c41e07b");
  assert.equal(found?.title, "Plan 7: 2 × trail camera, 1 × own");
  assert.equal(found?.short, "Plan 7");
  assert.deepEqual(found?.sensors, [sensor]);
  assert.equal(plannedLayout({ ...job, state: "running" }), null);
  assert.equal(plannedLayout({ ...job, kind: "compare" }), null);
  assert.equal(plannedLayout({ ...job, answer: null }), null);
});

test("a file is named by its layout, in letters, digits and hyphens", () => {
  assert.equal(fileName("Plan 7: 2 trail camera, 1 own"), "plan-7-2-trail-camera-1-own.geojson");
  assert.equal(fileName("../../etc/passwd"), "etc-passwd.geojson");
  assert.equal(fileName("Plan 7 : 2 × caméra"), "plan-7-2-camera.geojson");
  assert.equal(fileName("…"), "layout.geojson");
  assert.ok(fileName("x".repeat(500)).length < 80);
});
