import assert from "node:assert/strict";
import { test } from "node:test";
import { RESPONSE_HOLDS_S, responseAgeS } from "../src/model/alerts.ts";
import { parseAlert } from "../src/model/parse.ts";
import { alertTrack } from "../src/model/tracks.ts";
import { parseTrack } from "../src/model/parse.ts";
import { INITIAL } from "../src/model/state.ts";
import { handledLine, headline, responseLine, sentenceOf } from "../src/words/alert_words.ts";
import "./mgrs_for_node.ts";
import { speakIn } from "./words.ts";

const { describe } = await import("../src/words/describe.ts");

speakIn("en");

const BODY = {
  id: "A1",
  rule: "approaching",
  priority: "medium",
  status: "active",
  revision: 0,
  sentence: "s",
  raised_at: "2026-01-01T00:00:00Z",
};

test("an alert carries the response, the forecast, the terrain and the coverage gaps", () => {
  const read = parseAlert({
    ...BODY,
    why: [{ id: "alert-why-crossing", parameters: { count: 3, band_m: 20 } }],
    why_sentences: ["3 consecutive detections …", "A reason of a newer server"],
    response: { id: "alert-response", parameters: { base: "Fork base" } },
    response_sentence: "Fork base: ETA 10 min",
    impact_level: "high",
    forecast: { horizon_s: 600, crossing_probability: 0.7, time_s: [60, 120, 300], chainage_m: [1000, 1100, 1200] },
    response_estimate: { base: "Fork base", response_s: 600, margin_s: 120, interruption_probability: 0.6 },
    ground: { steepness: "steep", seen_by: ["R1"], hidden_in_s: 0, road_min: null, missing: ["roads"] },
    coverage_gaps: [{ segment: 3, before: 0.9, after: 0.1 }, { segment: "x" }],
  });
  assert.ok(read !== null);
  assert.deepEqual(read.why.map(sentenceOf), [
    "3 consecutive detections past the border, beyond the 20 m position uncertainty",
    "A reason of a newer server",
  ]);
  assert.deepEqual(read.response?.message, { id: "alert-response", parameters: { base: "Fork base" } });
  assert.equal(read.impactLevel, "high");
  assert.deepEqual(read.forecast?.timeS, [60, 120, 300]);
  assert.equal(read.estimate?.marginS, 120);
  assert.deepEqual(read.ground?.seenBy, ["R1"]);
  assert.equal(read.ground?.hiddenInS, 0);
  assert.deepEqual(read.coverageGaps, [{ segment: 3, before: 0.9, after: 0.1 }]);
});

test("an alert of an older server, and one with nonsense in the new fields, are read all the same", () => {
  const plain = parseAlert(BODY);
  assert.ok(plain !== null);
  assert.equal(plain.forecast, null);
  assert.equal(plain.estimate, null);
  assert.deepEqual(plain.coverageGaps, []);
  const nonsense = { forecast: 7, response_estimate: [], ground: "x", coverage_gaps: { a: 1 }, response: 4, message: "m", details: 1 };
  const odd = parseAlert({ ...BODY, ...nonsense });
  assert.ok(odd !== null);
  assert.equal(odd.forecast, null);
  assert.equal(odd.response, null);
  assert.deepEqual(odd.details, []);
  assert.equal(headline(odd), "s");
});

const STATED_MS = Date.parse("2026-01-01T00:00:00Z");

test("an alert is said in the words of the page where it has a message, else in those of the server", () => {
  const message = { id: "page-map-in", parameters: { time: 185, odd: { id: "page-map" }, nested: [1, 2] } };
  const known = parseAlert({ ...BODY, message });
  const newer = parseAlert({ ...BODY, message: { id: "alert-of-a-newer-server", parameters: {} } });
  assert.ok(known !== null && newer !== null);
  assert.equal(headline(known), "in 3 min 5 s");
  assert.equal(headline(newer), "s");
  speakIn("fr");
  assert.equal(headline(known), "dans 3\u00a0min 5\u00a0s");
  speakIn("en");
});

test("a response estimate holds until fusion should have revised it; then it is unknown", () => {
  const alert = parseAlert({ ...BODY, response_sentence: "24 min in hand", updated_at: "2026-01-01T00:00:00Z" });
  assert.ok(alert !== null);
  const line = (afterS: number): string => responseLine(alert, STATED_MS + afterS * 1000);
  assert.equal(line(0), "24 min in hand");
  assert.equal(line(RESPONSE_HOLDS_S), "24 min in hand");
  const old = line(21 * 60);
  assert.match(old, /response unknown/);
  assert.match(old, /21 min ago/);
  assert.doesNotMatch(old, /24 min/);
  assert.equal(responseAgeS(alert, Number.NaN), null); // no clock yet, so no alert is old
  const acknowledged = parseAlert({
    ...BODY, response_sentence: "24 min in hand", status: "acknowledged", updated_at: "2026-01-01T00:20:30Z", observed_at: "2026-01-01T00:00:00Z",
  });
  assert.ok(acknowledged !== null);
  assert.match(responseLine(acknowledged, STATED_MS + 21 * 60_000), /21 min ago/); // an acknowledgement is no new estimate
  const closed = parseAlert({ ...BODY, status: "cleared", response_sentence: "24 min in hand" });
  assert.ok(closed !== null);
  assert.equal(responseLine(closed, STATED_MS), "");
  const track = parseAlert({ ...BODY, track: "T1" });
  const sensor = parseAlert({ ...BODY, sensor: "R1" });
  assert.ok(track !== null && sensor !== null);
  assert.match(responseLine(track, STATED_MS + 90_000), /Current times and response unknown/); // "7 s away" is old
  assert.equal(responseLine(sensor, STATED_MS + 90_000), "");
});

test("what the system cleared is never said to have been cleared by the person who had acknowledged it", () => {
  const cleared = { status: "cleared", reason: "Auto-cleared: the track ended", reason_message: { id: "alert-cleared", parameters: { reason: "track_ended" } } };
  for (const by of ["", "anna"]) {
    const alert = parseAlert({ ...BODY, ...cleared, by });
    assert.ok(alert !== null);
    assert.equal(handledLine(alert), "Auto-cleared: the track ended");
    const facts = describe({ kind: "alert", id: "A1" }, { ...INITIAL, alerts: new Map([["A1", alert]]) }, STATED_MS)?.sections.flatMap((one) => one.facts);
    const stated = facts?.filter(([name]) => ["Handled by", "Last operator action", "Operator’s reason", "Reason"].includes(name)).map(([name, value]) => [name, value]);
    assert.deepEqual(stated, [...(by === "" ? [] : [["Last operator action", "anna"]]), ["Reason", "Auto-cleared: the track ended"]]);
  }
  const rejected = parseAlert({ ...BODY, status: "rejected", by: "anna", reason: "Cattle" });
  assert.ok(rejected !== null);
  assert.equal(handledLine(rejected), "Rejected by anna: Cattle");
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
