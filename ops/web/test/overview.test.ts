// The sector at a glance states what is known, and says of the rest that it is unknown; evidence is counted, not guessed.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Group, Row } from "../src/overview/glance.ts";
import { parseAlert, parseIncident, parseSensor, parseTrack } from "../src/model/parse.ts";
import { INITIAL, type State } from "../src/model/state.ts";
import { vectorTime, VECTORS_S } from "../src/model/tracks.ts";
import { sentenceOf } from "../src/words/alert_words.ts";
import { bars, certaintyOfAlert, certaintyOfTrack } from "../src/words/certainty.ts";
import { learnTrackNames } from "../src/words/track_names.ts";
import "./mgrs_for_node.ts";
import { speakIn } from "./words.ts";

const { glance } = await import("../src/overview/glance.ts");

const AT = "2026-01-01T00:00:00Z";
const NOW = Date.parse(AT) + 60_000;

function rows(state: State, group: Group["id"]): readonly Row[] {
  return glance(state, NOW).find(({ id }) => id === group)?.rows ?? [];
}

test("before the server has stated anything, every row is unknown and leads nowhere", () => {
  speakIn("en");
  for (const { rows: all } of glance(INITIAL, NOW))
    for (const row of all) {
      if (row.id === "lost") continue; // judged below
      assert.equal(row.tone, "unknown", row.id);
      assert.equal(row.value, "unknown");
      assert.equal(row.to, null);
    }
  assert.equal(rows(INITIAL, "coverage").find(({ id }) => id === "lost")?.tone, "unknown");
});

function known(): State {
  const alert = parseAlert({
    id: "A1", rule: "sensor_offline", priority: "high", status: "active", revision: 0, sentence: "s", raised_at: AT, weather: "night,fog",
    coverage_gaps: [{ segment: 3, before: 0.9, after: 0.2 }, { segment: 4, before: 0.5, after: 0.5 }],
  });
  const incident = parseIncident({ id: "I1", name: "Bravo 17", state: "open", opened_at: AT, priority: "high", attention: true, lead: "A1" });
  const sensors = ["ok", "offline"].map((state, index) => parseSensor({ sensor: `radar-${index}`, kind: "radar", lon: 1, lat: 42, state }));
  const track = parseTrack({ track: "T1", name: "Cedar 35", lon: 1, lat: 42, status: "confirmed", time_to_border_s: 120 });
  assert.ok(alert !== null && incident !== null && track !== null);
  return {
    ...INITIAL, alertsKnown: true, incidentsKnown: true, stampMs: NOW,
    alerts: new Map([["A1", alert]]), incidents: new Map([["I1", incident]]), tracks: new Map([["T1", track]]),
    sensors: new Map(sensors.flatMap((one) => (one === null ? [] : [[one.id, one]]))),
  };
}

test("while a list is on its way, or the first picture, nothing is called none", () => {
  speakIn("en");
  const empty = { ...known(), alerts: new Map(), incidents: new Map(), tracks: new Map() };
  const said = (state: State): unknown[] => [rows(state, "urgent")[0]?.value, rows(state, "events").at(-1)?.value];
  assert.deepEqual(said(empty), ["none open", "none known within 30 min"]);
  assert.deepEqual(said({ ...empty, incidentsKnown: false }), ["unknown", "unknown"]);
  assert.deepEqual(said({ ...empty, stampMs: null }), ["none open", "unknown"]);
});

test("a predicted crossing is counted from the picture, and of an old one nothing is expected or excluded", () => {
  speakIn("en");
  const of = (ageS: number): readonly Row[] => rows({ ...known(), stampMs: NOW - ageS * 1000 }, "events");
  assert.match(of(60).at(-1)?.value ?? "", /border in 1 min at/);
  assert.deepEqual(of(600).at(-1), { ...of(600).at(-1), id: "next", value: "unknown" });
  assert.match(rows({ ...known(), tracks: new Map() }, "events").at(-1)?.value ?? "", /none known/);
});

test("each row states what the server does, and leads to its place", () => {
  speakIn("en");
  const state = known();
  const events = rows(state, "events");
  assert.deepEqual(events.map(({ id }) => id), ["waiting", "track T1"]);
  assert.deepEqual(events[0]?.to, { kind: "incident", id: "I1" });
  assert.match(events[1]?.value ?? "", /border in 2 min/);
  assert.equal(events[1]?.name, "Cedar 35");
  assert.deepEqual(rows(state, "sensors").map(({ id, tone }) => [id, tone]), [["online", "plain"], ["sensor radar-1", "urgent"]]);
  const coverage = rows(state, "coverage");
  assert.deepEqual(coverage.map(({ id }) => id), ["dead-ground", "lost", "gap 3"], "a probability that did not fall is no loss");
  assert.match(rows(state, "load").find(({ id }) => id === "weather")?.value ?? "", /night.*fog/);
});

test("evidence counts its signs: what is not reported does not speak for the target, and a tentative track is weak", () => {
  speakIn("en");
  const track = (more: object): NonNullable<ReturnType<typeof parseTrack>> => {
    const found = parseTrack({ track: "T1", lon: 1, lat: 42, status: "confirmed", existence: 0.99, updated_ns: NOW * 1e6, ...more });
    assert.ok(found !== null);
    return found;
  };
  const full = { label: "person", label_probability: 0.9, ellipse_m: [10, 5], sensors: ["a", "b"] };
  const strong = certaintyOfTrack(track(full), NOW, null);
  assert.deepEqual([strong.level, strong.met, bars(strong)], ["strong", 5, "▮▮▮▮▮"]);
  const bare = certaintyOfTrack(track({}), NOW, null);
  assert.deepEqual([bare.level, bare.met], ["weak", 2]);
  assert.deepEqual(bare.signs.map(({ met }) => met), [true, null, null, null, true]);
  assert.equal(certaintyOfTrack(track({ ...full, status: "tentative" }), NOW, null).level, "weak");
  assert.equal(certaintyOfTrack(track(full), NOW + 60_000, null).met, 4, "a stale track is not detected now");
  const gone = parseAlert({
    id: "A2", rule: "crossing", priority: "high", status: "active", revision: 0, sentence: "s", raised_at: AT, track: "T9",
    existence: 0.97, class_label: "person", class_probability: 0.8, position_sd_m: 20.4, evidence: [["a", 1, 1], ["b", 1, 1]],
  });
  assert.ok(gone !== null);
  const told = certaintyOfAlert(gone);
  assert.deepEqual([told?.level, told?.met], ["strong", 4], "as the report of the night states it");
  assert.equal(certaintyOfAlert({ ...gone, positionSdM: 20.5 })?.met, 3, "beyond 50 m with 95 %");
});

test("sentences name tracks as people call them", () => {
  speakIn("en");
  learnTrackNames(known());
  const said = (track: string): string => sentenceOf({ message: { id: "alert-track-initiated-inside", parameters: { track, offset_m: 100 } }, sentence: "" });
  assert.match(said("T1"), /Cedar 35/);
  assert.match(said("T2"), /T2/);
});

test("the vector's time grows with the scale, one for all tracks, so that a walker's is seen", () => {
  assert.equal(vectorTime(1), 60);
  assert.equal(vectorTime(1000), VECTORS_S.at(-1));
  for (const scale of [1, 5, 10, 20, 46]) assert.ok((1.4 * vectorTime(scale)) / scale >= 18, String(scale));
});
