import assert from "node:assert/strict";
import { test } from "node:test";
import { news, pairOf } from "../src/nation/events.ts";
import { clusters, fitting, readActsIn, readAreas, toPixels } from "../src/nation/geometry.ts";
import { NationMap, stateOf } from "../src/nation/map.ts";
import { after, EMPTY, quietOf, totals, worst, type Picture } from "../src/nation/picture.ts";
import { openPage, Part, pointer } from "./page_for_node.ts";
import { speakIn } from "./words.ts";

const AT = "2026-01-01T00:10:00Z";
const NONE = { distress: 0, high: 0, medium: 0, low: 0 };

function row(sector: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    sector, state: "current", heard_at: null, worker: null, behind: 0, open: { ...NONE, high: 1 }, attention: 1,
    oldest_unacknowledged_at: AT, sensors: { working: 3, others: 1 },
    coverage: { segments: 60, planned: 52, now: 40, unknown: 0, required: 0.9 }, posture: { met: 1, unmet: 0, open: 0 }, ...more,
  };
}

function event(sector: string, incident: string, place: readonly number[], more: Record<string, unknown> = {}): Record<string, unknown> {
  return { sector, incident, name: incident, kind: "movement", priority: "high", attention: true, state: "open", opened_at: AT, before: [], place, ...more };
}

function whole(sectors: unknown[], incidents: unknown[] = []): Picture {
  return after(EMPTY, "nation", JSON.stringify({ at: AT, sectors, incidents, gone: [] }));
}

test("changes replace what they name, add what is new, and leave the rest", () => {
  const first = whole([row("west"), row("east")], [event("west", "I1", [0, 1, 5]), event("east", "I2", [0, 1, 9])]);
  const body = { at: AT, sectors: [row("east", { state: "silent", sensors: null })], incidents: [event("west", "I3", [0, 0, 7])], gone: [["east", "I2"]] };
  const second = after(first, "changes", JSON.stringify(body));
  assert.equal(second.rows.get("west"), first.rows.get("west"));
  assert.equal(second.rows.get("east")?.state, "silent");
  assert.deepEqual(second.events.map(({ name }) => name), ["I3", "I1"], "the smaller place is the more urgent");
  assert.equal(after(second, "beat", JSON.stringify({ at: AT })).rows, second.rows);
});

test("what a newer server states in words that are not known is no calm sector", () => {
  const picture = whole([row("west", { state: "asleep" }), { sector: 7 }, null]);
  assert.deepEqual([...picture.rows.values()].map(({ state }) => state), ["silent"]);
});

test("a sector that cannot be read is not one without data since a time that no one knows", () => {
  speakIn("en");
  const rows = whole([row("west", { state: "silent" }), row("east", { state: "silent", heard_at: AT })]).rows;
  assert.equal(stateOf(rows.get("west")), "Cannot be read");
  assert.match(stateOf(rows.get("east")), /^No data since .*2026/);
});

test("it is quiet only while every sector is current and the connection stands", () => {
  const current = whole([row("west"), row("east", { state: "hidden" })]);
  assert.deepEqual([quietOf(current, false), quietOf(current, true)], ["none", "lost"]);
  assert.equal(quietOf(whole([row("west"), row("east", { state: "late" })]), false), "unknown");
  assert.equal(quietOf(whole([row("west")], [event("west", "I1", [0, 1, 5])]), true), "some");
});

test("sums are of the sectors of which a figure is known, and say of how many", () => {
  const silent = { state: "silent", sensors: null, coverage: null, posture: null };
  const hidden = { ...silent, state: "hidden", open: null, attention: null };
  const sums = totals(whole([row("a"), row("b", silent), row("c", hidden)]));
  assert.deepEqual(sums.sensors, { working: 3, all: 4, sectors: 1 });
  assert.deepEqual(sums.coverage, { now: 40, planned: 52, segments: 60, sectors: 1 });
  assert.deepEqual([sums.open.high, sums.attention, sums.current, sums.shown, sums.hidden], [2, 2, 1, 2, 1]);
  assert.equal(worst(whole([row("c", hidden)]).rows.get("c")), null);
});

test("symbols that are close are one, with the most urgent rank at its own place and the number of all", () => {
  const found = clusters([
    { sector: "a", at: [0, 0], open: { ...NONE, high: 5 } },
    { sector: "b", at: [10, 0], open: { ...NONE, distress: 1, low: 2 } },
    { sector: "c", at: [100, 0], open: { ...NONE, low: 4 } },
    { sector: "d", at: [5, 0], open: NONE },
  ]);
  assert.deepEqual(found, [
    { at: [10, 0], sectors: ["b", "a"], rank: "distress", count: 1, all: 8 },
    { at: [100, 0], sectors: ["c"], rank: "low", count: 4, all: 4 },
  ]);
});

test("all areas fit, at one scale in both directions at the middle latitude", () => {
  const square = (id: string, west: number): unknown => ({
    id, properties: { title: id, line: [[west, 60], [west + 1, 60]] },
    geometry: { coordinates: [[[west, 59.5], [west + 1, 59.5], [west + 1, 60.5], [west, 60.5], [west, 59.5]]] },
  });
  const areas = readAreas({ features: [square("a", 10), square("b", 11), { id: "broken" }] });
  const size = { width: 600, height: 400 };
  const view = fitting(areas, size);
  assert.ok(view !== null);
  for (const point of areas.flatMap(({ ring }) => ring)) {
    const [x, y] = toPixels(point, view, size);
    assert.ok(x >= 35.9 && x <= 564.1 && y >= 35.9 && y <= 364.1, `${x} ${y}`);
  }
  const [one, other, above] = [[11, 60], [12, 60], [11, 61]].map(([lon = 0, lat = 0]) => toPixels([lon, lat], view, size));
  assert.ok(one !== undefined && other !== undefined && above !== undefined);
  const east = other[0] - one[0];
  const north = one[1] - above[1];
  assert.ok(Math.abs(east / north - 0.5) < 1e-9, "a degree of longitude is half one of latitude at 60 degrees");
});

test("a new distress call is announced once, and nothing when the page is opened", () => {
  speakIn("en");
  const empty = whole([row("west")]);
  const called = whole([row("west")], [event("west", "I1", [0, 0, 5], { priority: "distress" }), event("west", "I2", [0, 3, 5], { priority: "low" })]);
  const title = (): string => "West";
  assert.equal(news(empty, called, title), "Distress in West.");
  assert.equal(news(called, called, title), "");
  assert.equal(news(EMPTY, called, title), "");
  const raised = whole([row("west")], [event("west", "I1", [0, 0, 5], { priority: "distress" }), event("west", "I2", [0, 1, 5], { priority: "high" })]);
  assert.equal(news(called, raised, title), "High priority in West.", "it was there, and less urgent");
  assert.equal(news(raised, called, title), "", "nothing is worse than before");
});

test("what joins the incidents of an event, and who separated others from it, is kept as the server states it", () => {
  speakIn("en");
  const join = { sector: "mid", incident: "I2", name: "", before_sector: "west", before_incident: "I1", before_name: "Alpha", separated_by: null, separated_at: null };
  const picture = whole([row("west")], [event("mid", "I2", [0, 1, 5], { joins: [join, { ...join, incident: "I3", separated_by: "Mary", separated_at: AT }] })]);
  const [joined, separated] = picture.events[0]?.joins ?? [];
  assert.ok(joined !== undefined && separated !== undefined);
  assert.deepEqual([joined.separated, separated.separated], [null, { by: "Mary", at: AT }]);
  assert.notEqual(joined.key, separated.key);
  assert.equal(pairOf(joined, (sector) => sector.toUpperCase()), "I2 (MID), Alpha (WEST)");
  assert.deepEqual(whole([row("west")], [event("mid", "I2", [0, 1, 5])]).events[0]?.joins, [], "an older server states none");
});

test("a person acts in the sectors that the server names, and in none without them", () => {
  assert.deepEqual([...readActsIn({ act: ["west", "east"] })], ["west", "east"]);
  assert.equal(readActsIn({ features: [] }).size, 0);
});

test("a swipe that the browser took for scrolling moves the map no more, whatever is pressed next", async (context) => {
  const { window, part } = openPage(context);
  const made = (): Part => {
    const node = new Part();
    node.setAttribute = (name, value) => void (node.dataset[name] = value);
    return node;
  };
  Object.assign(document, { createElementNS: made, createTextNode: () => "" });
  Object.assign(globalThis, { ResizeObserver: class { constructor(resized: () => void) { queueMicrotask(resized); } observe(): void {} } });
  context.after(() => Reflect.deleteProperty(globalThis, "ResizeObserver"));
  const root = Object.assign(part("nation-map"), { clientWidth: 800, clientHeight: 600, querySelectorAll: () => [] });
  const map = new NationMap(root as unknown as SVGSVGElement, () => undefined);
  const area = { sector: "a", title: "A", ring: [[8, 47], [9, 47], [9, 48], [8, 47]], line: [] } as const;
  await Promise.resolve(); // until its size is known
  map.show([area], EMPTY);
  const points = (): string | undefined => [...root.all()].find(({ dataset }) => dataset["points"] !== undefined)?.dataset["points"];
  const before = points() ?? assert.fail();
  const at = (clientX: number, clientY: number): object => ({ clientX, clientY });
  root.dispatchEvent(pointer("pointerdown", 1, at(400, 300)));
  window.dispatchEvent(pointer("pointermove", 2, at(100, 100)));
  assert.equal(points(), before, "another finger is not that which drags");
  window.dispatchEvent(pointer("pointercancel", 1, at(400, 310)));
  window.dispatchEvent(pointer("pointerdown", 1, at(100, 550)));
  window.dispatchEvent(pointer("pointermove", 1, at(101, 551)));
  assert.equal(points(), before);
  root.dispatchEvent(pointer("pointerdown", 3, at(400, 300)));
  window.dispatchEvent(pointer("pointermove", 3, at(440, 300)));
  assert.notEqual(points(), before);
});
