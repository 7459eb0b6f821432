import assert from "node:assert/strict";
import { test } from "node:test";
import { isWithin } from "../src/plan/places.ts";
import { foundLayouts } from "../src/plan/planned_layout.ts";
import { changeOf } from "../src/plan/results/change_chart.ts";
import { digitsOf, frontOf, overlap, spanOf, ticksOf, type FrontPoint } from "../src/plan/results/front.ts";
import { comparedRows } from "../src/plan/results/compared.ts";
import { worstOf } from "../src/plan/results/worst_list.ts";
import { speakIn } from "./words.ts";

speakIn("en");

const point = (key: string, cost: number, value: number): FrontPoint => ({ key, label: key, role: "saved", cost, value });
const keys = (points: readonly FrontPoint[]): string => points.map(({ key }) => key).join("");

test("the front holds the layouts that none betters, by rising cost", () => {
  assert.equal(keys(frontOf([point("c", 3, 0.9), point("a", 1, 0.2), point("x", 2, 0.1), point("b", 2, 0.5)])), "abc");
  assert.equal(keys(frontOf([point("a", 1, 0.5), point("x", 1, 0.4), point("y", 2, 0.5)])), "a", "as much for more is no gain");
  assert.deepEqual(frontOf([]), []);
});

test("marks of an axis are round and lie within it", () => {
  for (const [low, high] of [[0, 0.71], [14.2e6, 17.4e6], [0.999, 1.001]] as const) {
    const marks = ticksOf({ low, high }, 4);
    assert.ok(marks.length >= 2 && marks.length <= 6, String(marks));
    assert.ok(marks.every((mark) => mark >= low - 1e-9 && mark <= high + 1e-9), String(marks));
  }
  assert.deepEqual(ticksOf({ low: 0, high: 1 }, 4), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual([digitsOf([1, 2], 2), digitsOf([1.5, 2], 2), digitsOf([1.25], 2), digitsOf([1.125], 2)], [0, 1, 2, 2]);
  const span = spanOf([5, 5]);
  assert.ok(span.low < 5 && span.high > 5 && spanOf([0, 0]).low === 0);
});

test("the worst segments come first, and what is unknown is not ranked", () => {
  const ranked = worstOf([0.5, null, 0.1, 0.1, 0.9], [0.2, 0.3, null, 0.4, 0.1], 3);
  assert.deepEqual(ranked.map(({ number, other }) => [number, other]), [[2, null], [3, 0.4], [0, 0.2]]);
});

test("a comparison has a bar for each probability that is known of a layout, the left one first", () => {
  const left = { mean_detection: 0.6, least_detection: null, mean_interruption: 0, crew: 4 };
  const right = { mean_detection: 0.2, least_detection: 0.1, mean_interruption: Number.NaN, least_interruption: "0.5" };
  const { names, rows } = comparedRows({ layouts: ["2", "1"], measures: { 1: right, 2: left } });
  assert.deepEqual(names, ["2", "1"]);
  assert.deepEqual(rows.map(({ measure, values }) => [measure, ...values]), [
    ["mean_detection", 0.6, 0.2],
    ["least_detection", null, 0.1],
    ["mean_interruption", 0, null],
  ]);
  for (const nothing of [{}, { layouts: ["a"], measures: { a: left } }, { layouts: "ab", measures: 1 }, { layouts: ["a", "b"], measures: null }])
    assert.deepEqual(comparedRows(nothing).rows, []);
});

test("a change is unknown where either is", () => {
  assert.deepEqual(changeOf([0.5, null, 0.25], [0.25, 0.5, null]), [-0.25, null, null]);
  assert.deepEqual(changeOf([], [0.5]), [null]);
});

test("labels overlap only where they cover the same points", () => {
  const box = { x: 0, y: 0, width: 10, height: 10 };
  assert.equal(overlap(box, { ...box, x: 9 }), true);
  assert.equal(overlap(box, { ...box, x: 10 }), false);
  assert.equal(overlap(box, { ...box, y: -10 }), false);
});

test("a plan gives the cheaper layouts that it found, and itself last, for its target and conditions", () => {
  const plan = { bought: [{ item: "trail_camera", id: "t" }], sensors: [], life_cycle_cost: 20, mean_probability: 0.5, worst_segment: null };
  const answer = { ...plan, target: "group", conditions: "night", front: [{ ...plan, life_cycle_cost: 10, mean_probability: 0.25 }] };
  const job = { id: "job-7-9c41e07b", kind: "plan", state: "done", doing: "", done: 1, total: 1, problem: "", answer } as const;
  const found = foundLayouts(job);
  assert.deepEqual(found.map(({ layout, cost, mean, worst }) => [layout.name, cost, mean, worst]), [["plan:job-7-9c41e07b.1", 10, 0.25, null], ["plan:job-7-9c41e07b", 20, 0.5, null]]);
  assert.deepEqual(found[0]?.of, { target: "group", conditions: "night" });
  assert.equal(found[0]?.layout.short, "Plan 7, step 1");
  assert.deepEqual(foundLayouts({ ...job, state: "running" }), []);
});

test("a place off the terrain is not within its corners, however they are turned", () => {
  const corners = [[0, 10], [10, 11], [11, 1], [1, 0]] as const;
  const within = (lon: number, lat: number): boolean => isWithin({ lon, lat }, corners);
  assert.deepEqual([within(5, 5), within(0.5, 5), within(10.5, 5), within(5, 0.5), within(5, 10.5)], [true, false, false, false, false]);
});
