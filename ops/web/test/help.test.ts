// The line of help on the map: to the incident in focus, from who is assigned, else from who is there first.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { LineString } from "geojson";
import { parseForces, parseOptions } from "../src/model/forces.ts";
import { parseAlert, parseIncident, parseSensor } from "../src/model/parse.ts";
import type { Incident } from "../src/model/records.ts";
import { INITIAL, type State } from "../src/model/state.ts";
import { speakIn } from "./words.ts";
import "./mgrs_for_node.ts";

const { helpFeatures, incidentInFocus, nearestLine } = await import("../src/overview/help.ts");
const { glance } = await import("../src/overview/glance.ts");
const { wanted } = await import("../src/net/forces.ts");
const { withHelp } = await import("../src/label/help_name.ts");

const AT = "2026-01-01T00:00:00Z";
const TARGET = { lon: 3, lat: 4 };

function incident(id: string, more: object = {}): Incident {
  const found = parseIncident({ id, name: id, state: "open", opened_at: AT, priority: "high", attention: true, lead: "A1", ...more });
  assert.ok(found !== null);
  return found;
}

function state(more: Partial<State> = {}): State {
  speakIn("en");
  const alert = parseAlert({
    id: "A1", rule: "approaching", priority: "high", status: "active", revision: 0, sentence: "s", raised_at: AT, track: "T1",
    response_estimate: { base: "Fork base", response_s: 600, margin_s: 60, interruption_probability: 0.5 },
  });
  const forces = parseForces({ units: [{ unit: "patrol-1", lon: 7, lat: 8, observed_ns: 1 }], bases: [{ name: "Fork base", lon: 1, lat: 2 }], sections: [] });
  assert.ok(alert !== null && forces !== null);
  return { ...INITIAL, alerts: new Map([["A1", alert]]), incidents: new Map([["I1", incident("I1")]]), forces, ...more };
}

function drawn(of: State): unknown {
  return helpFeatures(of, () => TARGET).map(({ geometry, properties }) => [(geometry as LineString).coordinates, properties?.["label"], properties?.["assigned"]]);
}

test("without options, the line begins at the base of the alert's estimate and states its time", () => {
  assert.deepEqual(drawn(state()), [[[[1, 2], [3, 4]], "Fork base, 10 min", false]]);
});

test("of the options the server gives, the first to arrive is drawn; not in the past, of which they do not tell", () => {
  const row = (name: string, response_s: number | null, current = true): object => ({ kind: "unit", name, lon: 5, lat: (response_s ?? 0) / 10, current, response_s, assigned: [] });
  const options = parseOptions({ at: AT, target: "incident", candidates: [row("slow", 300), row("old", 60, false), row("fast", 120), row("never", null)] });
  assert.ok(options !== null);
  const known = state({ options: new Map([["I1", options]]) });
  assert.deepEqual(drawn(known), [[[[5, 12], [3, 4]], "fast, 2 min", false]]);
  assert.deepEqual(drawn({ ...known, replay: { atMs: 0 } }), drawn(state()));
});

test("of an incident that a unit or base is assigned to, the line begins there and no time is made up", () => {
  assert.deepEqual(drawn(state({ incidents: new Map([["I1", incident("I1", { unit: "Fork base", state: "assigned" })]]) })), [[[[1, 2], [3, 4]], "", true]]);
  assert.deepEqual(drawn(state({ incidents: new Map([["I1", incident("I1", { unit: "patrol-1", state: "assigned" })]]) })), [[[[7, 8], [3, 4]], "", true]]);
});

test("nothing is drawn where a place is not known, or there is no open incident", () => {
  assert.deepEqual(helpFeatures(state(), () => null), []);
  assert.deepEqual(drawn(state({ incidents: new Map() })), []);
  assert.deepEqual(drawn(state({ incidents: new Map([["I1", incident("I1", { state: "closed" })]]) })), []);
  assert.deepEqual(drawn(state({ alerts: new Map() })), []);
});

test("the selected incident is in focus, else the first of the queue", () => {
  const incidents = new Map([["I1", incident("I1")], ["I2", incident("I2", { priority: "low" })]]);
  assert.equal(incidentInFocus(state({ incidents }))?.id, "I1");
  assert.equal(incidentInFocus(state({ incidents, selection: { kind: "incident", id: "I2" } }))?.id, "I2");
});

function options(...rows: object[]): State["options"] {
  const found = parseOptions({ at: AT, target: "incident", candidates: rows });
  assert.ok(found !== null);
  return new Map([["I1", found]]);
}

const patrol = (response_s: number, kind = "unit", name = "patrol-2"): object => ({ kind, name, lon: 5, lat: 6, current: true, response_s, assigned: [] });

/** What stands in the first group of the sector at a glance. */
function urgent(of: State): (readonly [string, string, unknown])[] {
  return (glance(of, Date.parse(AT)).find(({ id }) => id === "urgent")?.rows ?? []).map(({ id, value, to }) => [id, value, to] as const);
}

test("queue, details and map name the nearest help in the same words, with whole minutes that are not too few", () => {
  const known = state({ options: options(patrol(181), patrol(900, "base", "Fork base")) });
  const words = "patrol-2, 4 min"; // 181 s do not fit into 3 min
  assert.equal(nearestLine(incident("I1"), known), `Nearest help: ${words}`);
  assert.equal(helpFeatures(known, () => TARGET)[0]?.properties?.["label"], words);
  const rows = urgent(known);
  assert.deepEqual(rows.map(([id]) => id), ["incident I1", "help", "not-covered"]);
  assert.deepEqual(rows[1]?.slice(1), [words, { kind: "unit", id: "patrol-2" }]);
  const things = [{ kind: "unit" as const, feature: { type: "Feature" as const, properties: { id: "patrol-2", label: "patrol-2" }, geometry: { type: "Point" as const, coordinates: [5, 6] } } }];
  const line = helpFeatures(known, () => TARGET);
  const named = (inView: boolean): unknown[] =>
    withHelp(things, line, { contains: () => inView, middle: (one) => ({ type: "Feature", properties: one.properties, geometry: { type: "Point", coordinates: [4, 5] } }) }).map(({ kind, feature }) => [kind, feature.properties?.["label"], feature.properties?.["nearest"]]);
  assert.deepEqual(named(true), [["unit", words, true]], "one name, at the unit");
  const fading = [{ ...things[0]!, feature: { ...things[0]!.feature, properties: { id: "patrol-2", label: "patrol-2 (2 min ago)" } } }];
  const view = { contains: () => true, middle: () => null };
  assert.equal(withHelp(fading, line, view)[0]?.feature.properties?.["label"], `${words} (2 min ago)`, "an age is never lost");
  assert.deepEqual(named(false), [["unit", "patrol-2", undefined], ["help", words, true]], "else on the line");
});

test("where a base is the nearest help, the nearest unit has a row of its own, a free one before one that is assigned", () => {
  const base = patrol(100, "base", "Fork base");
  const known = state({ options: options(base, patrol(181), { ...patrol(120, "unit", "patrol-1"), assigned: ["Bravo 17"] }) });
  assert.deepEqual(urgent(known).slice(1, 3), [["help", "Fork base, 2 min", { kind: "base", id: "Fork base" }], ["nearest-unit", "patrol-2, 4 min", { kind: "unit", id: "patrol-2" }]]);
  const busy = urgent(state({ options: options(base, { ...patrol(120), assigned: ["Bravo 17"] }) }));
  assert.equal(busy[2]?.[1], "patrol-2, 2 min (assigned to Bravo 17)");
  assert.equal(urgent(state({ options: options(base) }))[2]?.[0], "not-covered", "no unit is made up");
  assert.equal(urgent({ ...known, replay: { atMs: 0 } as State["replay"] })[2]?.[0], "not-covered", "nor for the past");
});

test("what is assigned takes the place of the nearest help, and a closed incident has neither", () => {
  const assigned = incident("I1", { unit: "patrol-1", state: "assigned" });
  const known = state({ incidents: new Map([["I1", assigned]]), options: options(patrol(60)) });
  assert.equal(nearestLine(assigned, known), "");
  assert.deepEqual(urgent(known)[1], ["assigned", "patrol-1", { kind: "unit", id: "patrol-1" }]);
  assert.equal(nearestLine(incident("I1", { state: "closed" }), state({ options: options(patrol(60)) })), "");
});

test("who is free comes before who is nearer and assigned to another incident, but for a distress call", () => {
  const busy = { ...patrol(60, "unit", "patrol-1"), assigned: ["Bravo 17"] };
  assert.equal(nearestLine(incident("I1"), state({ options: options(busy, patrol(300)) })), "Nearest help: patrol-2, 5 min");
  assert.equal(nearestLine(incident("I1"), state({ options: options(busy) })), "Nearest help: patrol-1, 1 min (assigned to Bravo 17)");
  const call = incident("I1", { kind: "distress" });
  assert.equal(helpFeatures(state({ incidents: new Map([["I1", call]]), options: options(busy, patrol(300)) }), () => TARGET)[0]?.properties?.["label"], "patrol-1, 1 min");
});

test("without incidents the most urgent alert leads; without either nothing is open", () => {
  assert.deepEqual(urgent(state({ incidents: new Map() }))[0]?.[2], { kind: "alert", id: "A1" });
  assert.deepEqual(urgent({ ...state({ incidents: new Map(), alerts: new Map() }), alertsKnown: true, incidentsKnown: true })[0]?.[1], "none open");
});

test("what is not covered names sensors, dead ground and missing terrain data, and leads to the first sensor", () => {
  const sensors = new Map(["a", "b", "c"].map((id) => [id, parseSensor({ sensor: id, kind: "radar", lon: 1, lat: 42, state: "offline" })!] as const));
  const properties = { dead_ground_fraction: 0.31, unknown_fraction: 0.2 };
  const segments = { ...INITIAL.segments, value: { type: "FeatureCollection" as const, features: [{ type: "Feature" as const, properties, geometry: { type: "LineString" as const, coordinates: [] } }] } };
  const row = urgent(state({ sensors, segments })).at(-1);
  assert.deepEqual(row, ["not-covered", "a (offline), b (offline), 1 more, 31% dead ground and 20% without terrain data", { kind: "sensor", id: "a" }]);
  assert.deepEqual(urgent(state()).at(-1), ["not-covered", "unknown", null]);
});

test("the server is asked for the help of the most urgent incident, where there is ground and somebody to send", () => {
  const layers = { ...INITIAL.layers, value: [] };
  const ids = (of: State): string[] => wanted(of).map(([{ id }]) => id);
  const [first, second] = [incident("I1"), incident("I2", { priority: "low" })];
  const both = state({ layers, incidents: new Map([["I2", second], ["I1", first]]) });
  assert.deepEqual(ids(both), ["I1"]);
  assert.deepEqual(ids({ ...both, selection: { kind: "incident", id: "I2" } }), ["I2", "I1"]);
  assert.deepEqual(ids({ ...both, selection: { kind: "incident", id: "I1" } }), ["I1"], "asked once");
  assert.deepEqual(ids({ ...both, forces: INITIAL.forces }), []);
  assert.deepEqual(ids(state({ layers: INITIAL.layers })), [], "no ground yet");
  assert.deepEqual(ids(state({ layers, incidents: new Map([["I1", incident("I1", { unit: "patrol-1" })]]) })), [], "somebody is assigned");
});
