// The line of help on the map: to the incident in focus, from who is assigned, else from who is there first.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { LineString } from "geojson";
import { parseForces, parseOptions } from "../src/model/forces.ts";
import { parseAlert, parseIncident } from "../src/model/parse.ts";
import type { Incident } from "../src/model/records.ts";
import { INITIAL, type State } from "../src/model/state.ts";
import { speakIn } from "./words.ts";
import "./mgrs_for_node.ts";

const { helpFeatures, incidentInFocus } = await import("../src/overview/help.ts");

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
  assert.deepEqual(drawn(state()), [[[[1, 2], [3, 4]], "10 min", false]]);
});

test("of the options the server gives, the first to arrive is drawn; not in the past, of which they do not tell", () => {
  const row = (name: string, response_s: number | null, current = true): object => ({ kind: "unit", name, lon: 5, lat: (response_s ?? 0) / 10, current, response_s, assigned: [] });
  const options = parseOptions({ at: AT, target: "incident", candidates: [row("slow", 300), row("old", 60, false), row("fast", 120), row("never", null)] });
  assert.ok(options !== null);
  const known = state({ options: new Map([["I1", options]]) });
  assert.deepEqual(drawn(known), [[[[5, 12], [3, 4]], "2 min", false]]);
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
