import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAlert, parseIncident, parseTrack } from "../src/model/parse.ts";
import type { Incident } from "../src/model/records.ts";
import { INITIAL, type State } from "../src/model/state.ts";
import { incidentHeadline, stateChoice, timeLine, trackLine, whatLine } from "../src/words/incident_words.ts";
import { learnTrackNames } from "../src/words/track_names.ts";
import { speakIn } from "./words.ts";

const AT = "2026-01-01T00:00:00Z";
const AT_MS = Date.parse(AT);

function seen(more: Record<string, unknown>): [Incident, State] {
  const incident = parseIncident({
    id: "I1", name: "Bravo 1", kind: "movement", state: "open", priority: "high", revision: 0, sentence: "s", opened_at: AT,
    attention: true, lead: "A1", transitions: [{ at: AT, state: "open", by: "system", action: "open" }],
  });
  const alert = parseAlert({
    id: "A1", rule: "crossing", priority: "high", status: "active", revision: 0, sentence: "s", raised_at: AT, track: "T1",
    observed_at: AT, ...more,
  });
  const track = parseTrack({ track: "T1", lon: 1, lat: 42, status: "confirmed" });
  assert.ok(incident !== null && alert !== null && track !== null);
  return [incident, { ...INITIAL, alerts: new Map([["A1", alert]]), tracks: new Map([["T1", track]]) }];
}

test("a row states the time that is left, or how long ago the incident was opened, and never one for the other", () => {
  speakIn("en");
  const [approaching, left] = seen({ time_to_border_s: 600 });
  assert.equal(timeLine(approaching, left, AT_MS), "10 min left");
  const [crossed, without] = seen({});
  assert.equal(timeLine(crossed, without, AT_MS + 61_000), "1 min 1 s ago");
  assert.equal(timeLine(crossed, without, AT_MS + 162_000), "3 min ago", "room for the state beside it");
  assert.equal(timeLine(crossed, without, Number.NaN), "");
});

test("a row names the class of the target in the middle of a phrase, and states of the filter begin with a capital", () => {
  for (const [language, words, states] of [
    ["en", ["Crossing, person", "Crossing, unclassified"], ["Open", "En route", "On scene"]],
    ["fr", ["Franchissement, personne", "Franchissement, non classé"], ["Ouvert", "En route", "Sur place"]],
  ] as const) {
    speakIn(language);
    assert.deepEqual(["person", "unknown"].map((name) => whatLine(...seen({ class_label: name }))), words);
    assert.deepEqual(["open", "en_route", "on_scene"].map(stateChoice), states);
  }
  speakIn("en");
});

test("the headline of an incident names its track as people say it over the radio", () => {
  speakIn("en");
  const message = { id: "alert-loitering", parameters: { class: "person", track: "T1", duration_s: 60, segment: 3 } };
  const [incident, state] = seen({ message });
  learnTrackNames({ tracks: new Map(), incidents: new Map() });
  assert.match(incidentHeadline(incident, state), /track T1, loitering/);
  for (const [track, name, said] of [["T1", "Umber 49", /track Umber 49, loitering/], ["T2", "Otter 3", /track T1,/]] as const) {
    const named: Incident = { ...incident, tracks: [{ track, name }] };
    learnTrackNames({ tracks: new Map(), incidents: new Map([[named.id, named]]) });
    assert.match(incidentHeadline(named, state), said);
  }
});

test("a row names the track of its lead alert as the map does, and nothing where no track is concerned", () => {
  const [incident, state] = seen({});
  learnTrackNames({ tracks: new Map(), incidents: new Map() });
  assert.equal(trackLine(incident, state), "T1");
  learnTrackNames({ tracks: new Map(), incidents: new Map([["I1", { ...incident, tracks: [{ track: "T1", name: "Umber 49" }] }]]) });
  assert.equal(trackLine(incident, state), "Umber 49");
  assert.equal(trackLine(...seen({ track: null, sensor: "radar-1" })), "");
});
