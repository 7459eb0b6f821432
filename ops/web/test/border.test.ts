// The border line says what is known of each segment, the most urgent first, and needs no colour to say it.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Feature, FeatureCollection } from "geojson";
import { BORDER_LAYERS, borderLayers, STROKES } from "../src/border/layers.ts";
import { BORDER_STATES, borderRuns } from "../src/border/states.ts";
import { parseAlert } from "../src/model/parse.ts";
import type { Colours } from "../src/map/palette.ts";
import type { Alert } from "../src/model/records.ts";

/** Segments of one degree along the equator, each with its fractions of dead and of unknown ground. */
function border(...ground: (readonly [dead: number | null, unknown: number | null])[]): FeatureCollection {
  return {
    type: "FeatureCollection",
    features: ground.map(([dead_ground_fraction, unknown_fraction], segment): Feature => ({
      type: "Feature",
      properties: { segment, dead_ground_fraction, unknown_fraction },
      geometry: { type: "LineString", coordinates: [[segment, 0], [segment + 1, 0]] },
    })),
  };
}

function alert(more: object): Alert {
  const found = parseAlert({
    id: "A1", rule: "approaching", priority: "medium", status: "active", revision: 0, sentence: "s", raised_at: "2026-01-01T00:00:00Z", track: "T1", ...more,
  });
  assert.ok(found !== null);
  return found;
}

function states(segments: FeatureCollection, ...alerts: Alert[]): unknown[] {
  return borderRuns(segments, alerts).map(({ properties }) => properties?.["state"]);
}

test("ground along a segment is watched, dead or unknown, as the server states it", () => {
  assert.deepEqual(states(border([0.1, 0], [0.5, 0], [null, null], [0, 0.5])), ["watched", "dead", "unknown"]);
  assert.deepEqual(states(border([0.49, 0.49])), ["watched"]);
});

test("a border whose ground the server does not state is unknown, and one that it does not state at all is not drawn", () => {
  assert.deepEqual(borderRuns(null, [alert({ segment: 0 })]), []);
  const bare: FeatureCollection = { type: "FeatureCollection", features: border([0, 0], [0, 0]).features.map((one) => ({ ...one, properties: { segment: one.properties?.["segment"] as number } })) };
  assert.deepEqual(states(bare), ["unknown"]);
  assert.deepEqual(states(bare, alert({ segment: 1 })), ["unknown", "alert"]);
});

test("an open alert comes before lost coverage, and both before the ground", () => {
  const lost = alert({ id: "A2", track: null, sensor: "radar", segment: 2, coverage_gaps: [{ segment: 1, before: 0.9, after: 0.2 }, { segment: 2, before: 0.9, after: 0.1 }] });
  const segments = border([0.1, 0], [0.1, 0], [0.9, 0], [0.9, 0]);
  assert.deepEqual(states(segments, lost), ["watched", "lost", "dead"]);
  assert.deepEqual(states(segments, lost, alert({ segment: 1 })), ["watched", "alert", "lost", "dead"]);
});

test("coverage that did not become worse is not lost", () => {
  assert.deepEqual(states(border([0, 0]), alert({ track: null, sensor: "radar", coverage_gaps: [{ segment: 0, before: 0.5, after: 0.5 }] })), ["watched"]);
});

test("of several open alerts the most urgent counts, and one that is over does not", () => {
  const run = (...alerts: Alert[]): unknown => borderRuns(border([0, 0]), alerts)[0]?.properties?.["priority"];
  assert.equal(run(alert({ segment: 0, priority: "low" }), alert({ id: "A2", segment: 0, priority: "high" })), "high");
  assert.equal(run(alert({ segment: 0, priority: "low" }), alert({ id: "A2", segment: 0, priority: "high", status: "cleared" })), "low");
  assert.equal(run(alert({ segment: 0, status: "rejected" })), null);
});

test("lines of one state are one line, and the whole border is drawn once", () => {
  const runs = borderRuns(border([0, 0], [0, 0], [1, 0], [1, 0], [0, 0]), []);
  assert.deepEqual(runs.map(({ geometry }) => geometry), [
    { type: "LineString", coordinates: [[0, 0], [1, 0], [2, 0]] },
    { type: "LineString", coordinates: [[2, 0], [3, 0], [4, 0]] },
    { type: "LineString", coordinates: [[4, 0], [5, 0]] },
  ]);
  const parted = border([0, 0], [0, 0]);
  parted.features[1] = { ...parted.features[1], geometry: { type: "LineString", coordinates: [[7, 0], [8, 0]] } } as Feature;
  assert.equal(borderRuns(parted, []).length, 2, "a border of two parts stays two lines");
});

test("states differ without colour: by width, core or dashes", () => {
  const shapes = BORDER_STATES.map((state) => JSON.stringify(STROKES[state]));
  assert.equal(new Set(shapes).size, BORDER_STATES.length);
  const urgent = STROKES.alert.edge - STROKES.dead.edge;
  assert.ok(urgent >= 3, "what needs a person is plainly wider than what describes the ground");
});

test("the switch of the layer panel names every layer, in order", () => {
  const colours = new Proxy({}, { get: () => "red" }) as unknown as Colours;
  assert.deepEqual(borderLayers(colours).map(({ id }) => id), BORDER_LAYERS);
});
