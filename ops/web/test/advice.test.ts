import assert from "node:assert/strict";
import { test } from "node:test";
import { ADVICE_HOLDS_S, adviceAgeS, adviceLine } from "../src/model/alerts.ts";
import { parseAlert } from "../src/model/parse.ts";
import { alertTrack } from "../src/model/tracks.ts";
import { parseTrack } from "../src/model/parse.ts";

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

const STATED_MS = Date.parse("2026-01-01T00:00:00Z");

test("advice holds as long as fusion states it anew; then it is unknown, not counted on", () => {
  const alert = parseAlert({ ...BODY, advice: "24 min to spare", updated_at: "2026-01-01T00:00:00Z" });
  assert.ok(alert !== null);
  const line = (afterS: number): string => {
    const ageS = adviceAgeS(alert, STATED_MS + afterS * 1000);
    return adviceLine(alert, ageS, `${ageS} s`);
  };
  assert.equal(line(0), "24 min to spare");
  assert.equal(line(ADVICE_HOLDS_S), "24 min to spare");
  const old = line(21 * 60);
  assert.match(old, /unknown now/);
  assert.match(old, /1260 s ago/);
  assert.doesNotMatch(old, /24 min/);
  assert.equal(adviceAgeS(alert, Number.NaN), null); // no clock yet, so no alert is old
  const closed = parseAlert({ ...BODY, status: "cleared", advice: "24 min to spare" });
  assert.ok(closed !== null);
  assert.equal(adviceLine(closed, null, ""), "");
  const mover = parseAlert({ ...BODY, track: "T1" });
  const sensor = parseAlert({ ...BODY, sensor: "R1" });
  assert.ok(mover !== null && sensor !== null);
  assert.match(adviceLine(mover, 90, "90 s"), /Times and response: unknown now/); // "7 s away" in its sentence is old
  assert.equal(adviceLine(sensor, 90, "90 s"), "");
});

test("a track has ended only if a picture as new as the alert lacks it", () => {
  const alert = parseAlert({ ...BODY, track: "T1", updated_at: "2026-01-01T00:00:00Z" });
  const track = parseTrack({ track: "T1", status: "confirmed", lon: 1, lat: 2, updated_ns: 1 });
  assert.ok(alert !== null && track !== null);
  assert.equal(alertTrack(alert, new Map(), null), "unknown"); // the page loads
  assert.equal(alertTrack(alert, new Map(), STATED_MS - 1000), "unknown"); // the picture is from before an outage
  assert.equal(alertTrack(alert, new Map(), STATED_MS), "ended");
  assert.equal(alertTrack(alert, new Map([["T1", track]]), null), "present");
  const without = parseAlert(BODY);
  assert.ok(without !== null);
  assert.equal(alertTrack(without, new Map(), STATED_MS), null);
});
