import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAlert } from "../src/model/parse.ts";

const BODY = {
  id: "A1",
  rule: "approaching",
  priority: "medium",
  status: "active",
  revision: 0,
  sentence: "s",
  raised_at: "2026-01-01T00:00:00Z",
};

test("an alert carries who would be in time, where it may cross, the ground and what opened", () => {
  const read = parseAlert({
    ...BODY,
    why: "3 looks in a row",
    advice: "If you leave Fork base now: there in 10.0 min, 2.0 min to spare; probability of interruption 60%.",
    impact_level: "high",
    forecast: { horizon_s: 600, crossing_probability: 0.7, time_s: [60, 120, 300], chainage_m: [1000, 1100, 1200] },
    leave_now: { base: "Fork base", response_s: 600, margin_s: 120, interruption_probability: 0.6 },
    ground: { terrain: "steep", seen_by: ["R1"], hidden_in_s: 0, road_min: null, missing: ["roads"] },
    openings: [{ segment: 3, before: 0.9, after: 0.1 }, { segment: "x" }],
  });
  assert.ok(read !== null);
  assert.equal(read.impactLevel, "high");
  assert.deepEqual(read.forecast?.timeS, [60, 120, 300]);
  assert.equal(read.leaveNow?.marginS, 120);
  assert.deepEqual(read.ground?.seenBy, ["R1"]);
  assert.equal(read.ground?.hiddenInS, 0);
  assert.deepEqual(read.openings, [{ segment: 3, before: 0.9, after: 0.1 }]);
});

test("an alert of an older server, and one with nonsense in the new fields, are read all the same", () => {
  const plain = parseAlert(BODY);
  assert.ok(plain !== null);
  assert.equal(plain.forecast, null);
  assert.equal(plain.leaveNow, null);
  assert.deepEqual(plain.openings, []);
  const odd = parseAlert({ ...BODY, forecast: 7, leave_now: [], ground: "x", openings: { a: 1 }, advice: 4 });
  assert.ok(odd !== null);
  assert.equal(odd.forecast, null);
  assert.equal(odd.advice, "");
});
