// Own forces: the age of a position is never hidden, and the nearest help is one that can be relied on.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ageS, assignedTo, inDistress, nearestHelp, NO_FORCES, parseForces, parseOptions, positionAge, unitOpacity,
  type Forces, type Unit,
} from "../src/model/forces.ts";
import { parseIncident } from "../src/model/parse.ts";
import type { Incident } from "../src/model/records.ts";
import { parseRefusals } from "../src/model/refused.ts";
import { INITIAL, type State } from "../src/model/state.ts";
import { forceFeatures, levelFeatures } from "../src/map/forces_map.ts";
import { ageLine, helpLine, loadLine, optionLine, postureLine, unitLabel } from "../src/words/forces_words.ts";
import "./mgrs_for_node.ts";
import { speakIn } from "./words.ts";

const { describeUnit } = await import("../src/words/describe_forces.ts");

const NOW = Date.parse("2026-11-27T22:00:00Z");

function raw(unit: string, ageS: number, more: object = {}): object {
  const observed = (NOW - ageS * 1000) * 1e6;
  return { unit, lon: -84.2, lat: 36.6, observed_ns: observed, received_ns: observed, duty: "patrol", moves: "foot",
    base: "Fork", note: "", distress_ns: null, segment: 3, section: "West", position_sd_m: 8, clock_ahead_s: 0, ...more };
}

function forces(...units: object[]): Forces {
  const section = { section: "West", segments: [[0, 1]], level: "high", decided: [
    { id: "d1", level: "high", at: "2026-11-27T20:00:00Z", by: "Ana", reason: "three crossings" }], required_units: 2,
    required_response_s: 1200, units: ["a"], not_current: [], response_s: 900, response_base: "Fork", response_known: true, met: false };
  const found = parseForces({ units, bases: [{ name: "Fork", lon: -84.3, lat: 36.5 }], sections: [section], fading_s: 120, stale_s: 600 });
  assert.ok(found !== null);
  return found;
}

function unit(ageS: number, more: object = {}): readonly [Unit, Forces] {
  const all = forces(raw("a", ageS, more));
  const one = all.units.get("a");
  assert.ok(one !== undefined);
  return [one, all];
}

function incident(more: object = {}): Incident {
  const found = parseIncident({ id: "I1", name: "Bravo 17", kind: "movement", state: "assigned", opened_at: "2026-11-27T21:00:00Z",
    revision: 1, priority: "high", unit: "a", ...more });
  assert.ok(found !== null);
  return found;
}

test("a position is current, then fading, then old, and without a clock it is old", () => {
  for (const [age, expected] of [[0, "current"], [120, "current"], [121, "fading"], [600, "fading"], [601, "old"]] as const)
    assert.equal(positionAge(...unit(age), NOW), expected, String(age));
  assert.equal(positionAge(...unit(5), Number.NaN), "old");
  assert.equal(ageS(unit(-30)[0], NOW), 0);
});

test("the symbol fades with age and is never invisible", () => {
  const opacities = [0, 120, 240, 480, 600].map((age) => unitOpacity(...unit(age), NOW));
  assert.deepEqual(opacities, [...opacities].sort((a, b) => b - a));
  assert.equal(opacities[0], 1);
  assert.ok(opacities.every((value) => value >= 0.5));
});

test("words state the age, in both languages", () => {
  speakIn("en");
  assert.equal(ageLine(...unit(4), NOW), "Position 10 s old");
  assert.equal(ageLine(...unit(180), NOW), "Position 3 min old: the unit may have moved");
  assert.equal(ageLine(...unit(1500), NOW), "Position not current: last known 25 min ago");
  assert.equal(unitLabel(...unit(4), NOW), "a");
  assert.equal(unitLabel(...unit(1500), NOW), "a (last known 25 min ago)");
  speakIn("fr");
  assert.match(ageLine(...unit(1500), NOW), /^Position non actuelle\u00a0: dernière connue il y a 25\u00a0min$/);
});

test("the map draws an old position with its own symbol and label", () => {
  speakIn("en");
  const old = forceFeatures(unit(700)[1], new Map(), NOW).find(({ properties }) => properties?.["part"] === "unit");
  const now = forceFeatures(unit(7)[1], new Map(), NOW).find(({ properties }) => properties?.["part"] === "unit");
  assert.equal(old?.properties?.["icon"], "unit/foot/old");
  assert.equal(now?.properties?.["icon"], "unit/foot/current");
  assert.match(String(old?.properties?.["label"]), /last known 12 min ago/);
});

test("distress is that of the position or of the open incident", () => {
  const [one] = unit(4);
  const calls = incident({ kind: "distress", calling_unit: "a", state: "open", unit: "" });
  assert.equal(inDistress(one, new Map()), false);
  assert.equal(inDistress(unit(4, { distress_ns: NOW * 1e6 })[0], new Map()), true);
  assert.equal(inDistress(one, new Map([["I1", calls]])), true);
  assert.equal(inDistress(one, new Map([["I1", { ...calls, state: "closed" as const }]])), false);
});

test("assignments are those of incidents that are not closed", () => {
  const open = incident();
  assert.deepEqual(assignedTo("a", new Map([["I1", open]])).map(({ name }) => name), ["Bravo 17"]);
  assert.deepEqual(assignedTo("a", new Map([["I1", { ...open, state: "closed" as const }]])), []);
  speakIn("en");
  const state: State = { ...INITIAL, forces: forces(raw("a", 5), raw("b", 5), raw("c", 5, { duty: "off_duty" })), incidents: new Map([["I1", open]]) };
  assert.equal(loadLine(state), "2 units on duty, 1 not assigned. a: Bravo 17");
  assert.equal(loadLine(INITIAL), "");
});

const option = (name: string, more: object = {}): object => ({ kind: "unit", name, lon: -84, lat: 36, position_age_s: 20,
  current: true, duty: "patrol", base: "", assigned: [], response_s: 600, margin_s: null, interruption_probability: null, ...more });

test("the nearest help is the fastest over ground whose position is current", () => {
  speakIn("en");
  const found = parseOptions({ at: "2026-11-27T22:00:00Z", target: "incident", candidates: [
    option("stale", { current: false, response_s: 60, position_age_s: 900 }), option("far"), option("unreachable", { response_s: null }),
    option("near", { response_s: 300 }), option("Fork", { kind: "base", position_age_s: null, response_s: 420 })] });
  assert.ok(found !== null);
  assert.equal(nearestHelp(found)?.name, "near");
  const calls = incident({ kind: "distress", calling_unit: "x", state: "open", unit: "" });
  const state: State = { ...INITIAL, options: new Map([["I1", found]]) };
  assert.equal(helpLine(calls, state), "Nearest help: near, 5 min over ground; position 20 s old");
  assert.equal(helpLine(calls, INITIAL), "");
  const none = parseOptions({ at: "2026-11-27T22:00:00Z", target: "incident", candidates: [option("stale", { current: false })] });
  assert.ok(none !== null);
  assert.match(helpLine(calls, { ...INITIAL, options: new Map([["I1", none]]) }), /no unit or base with a current position/);
});

test("an option states time, probability, age and other tasks before the choice", () => {
  speakIn("en");
  const found = parseOptions({ at: "2026-11-27T22:00:00Z", target: "interception", candidates: [
    option("near", { interruption_probability: 0.43, assigned: ["Kilo 3"] }), option("old", { current: false, position_age_s: 1200 })] });
  assert.deepEqual(found?.options.map(optionLine), [
    "near (unit): ETA 10 min, P(interruption) 43%; position 20 s old; Assigned: Kilo 3",
    "old (unit): ETA 10 min over ground; position not current: 20 min old",
  ]);
});

test("an option whose way is unknown stays in the list, and differs from one that does not arrive", () => {
  speakIn("en");
  const found = parseOptions({ at: "2026-11-27T22:00:00Z", target: "incident", candidates: [
    option("behind", { response_s: null, response_known: false }), option("far", { response_s: null, response_known: true })] });
  assert.deepEqual(found?.options.map(optionLine), [
    "behind (unit): response unknown: at best over unknown terrain; position 20 s old",
    "far (unit): no arrival within 4 h over ground; position 20 s old",
  ]);
  const calls = incident({ kind: "distress", calling_unit: "x", state: "open", unit: "" });
  assert.ok(found !== null);
  assert.match(helpLine(calls, { ...INITIAL, options: new Map([["I1", found]]) }), /is known to arrive within 4 h/);
});

test("a section states required and fielded, and who decided on its level and why", () => {
  speakIn("en");
  const all = forces(raw("a", 5));
  const west = all.sections.get("West");
  assert.ok(west !== undefined);
  assert.equal(postureLine(west), "1 unit (2 required); base 15 min (limit 20 min)");
  assert.deepEqual(west.decided.map(({ level, by, reason }) => [level, by, reason]), [["high", "Ana", "three crossings"]]);
});

test("a line along a section is there for a level only", () => {
  speakIn("en");
  const segments = { type: "FeatureCollection" as const, features: [0, 1].map((segment) => ({ type: "Feature" as const,
    properties: { segment }, geometry: { type: "LineString" as const, coordinates: [[segment, 0], [segment + 1, 0]] } })) };
  const [along, label] = levelFeatures(forces(), segments);
  assert.equal(along?.properties?.["level"], "high");
  assert.equal(label?.properties?.["label"], "West: High");
  assert.deepEqual(levelFeatures(NO_FORCES, segments), []);
});

test("hostile strings of units stay text, and unusable entries are left out", () => {
  speakIn("en");
  const found = parseForces({ units: [raw("\u202Eevil", 5, { note: "a\u202Eb", base: "<img>" }), raw("", 5), { unit: "x" }, null, 7] });
  assert.equal(found?.units.size, 1);
  const [evil] = [...(found?.units.values() ?? [])];
  assert.ok(evil !== undefined && found !== null);
  assert.equal(evil.note, "a\ufffdb");
  assert.doesNotMatch(unitLabel(evil, found, NOW), /\u202e/);
  assert.equal(parseForces("x"), null);
});

test("a unit's details state how many of its messages were refused, and why, but not while looking back", () => {
  speakIn("en");
  const message = { id: "unit-refused", parameters: { reason: "future", field: "observed_at" } };
  const row = { unit: "a", way: "mqtt", channel: "position", code: "future", answer: "", count: 12, last_at: "2026-11-27T21:30:00Z", message, sentence: "" };
  const unsaid = { ...row, channel: "reply", count: 1, message: { id: "no-such-message", parameters: {} }, sentence: "Because." };
  const refused = parseRefusals({ refused: [row, unsaid, { ...row, count: 0 }, { ...row, unit: "" }, "x"] });
  assert.deepEqual([...refused.keys()], ["a"]);
  const state: State = { ...INITIAL, forces: forces(raw("a", 5), raw("b", 5)), refused };
  const shown = (unit: string, at: State): unknown =>
    describeUnit(unit, at, NOW)?.sections.find(({ title }) => title === "Refused messages")?.facts.map(([name, value]) => [name, value]);
  assert.deepEqual(shown("a", state), [
    ["12 positions", "The time of the message is in the future: check the clock of the device. (last at 2026-11-27 21:30:00 UTC)"],
    ["1 answer", "Because. (last at 2026-11-27 21:30:00 UTC)"],
  ]);
  assert.equal(shown("b", state), undefined);
  assert.equal(shown("a", { ...state, replay: { atMs: NOW } }), undefined);
  assert.equal(parseRefusals(null).size, 0);
});

test("a proposed level is read, and one that is none is not shown", () => {
  const proposedOf = (proposed: unknown): unknown =>
    parseForces({ units: [], bases: [], sections: [{ section: "West", segments: [], level: null, decided: [], proposed }], fading_s: 1, stale_s: 2 })
      ?.sections.get("West")?.proposed;
  assert.deepEqual(proposedOf({ level: "high", assessed_on: "2026-01-15" }), { level: "high", on: "2026-01-15" });
  for (const wrong of [undefined, null, "high", { level: "worst", assessed_on: "2026-01-15" }]) assert.equal(proposedOf(wrong), null);
});
