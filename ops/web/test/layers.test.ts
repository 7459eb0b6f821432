// The layers of the map: each is one that MapLibre draws (it leaves a faulty one out, and says so only to who listens).
// They are judged by the validator that MapLibre itself brings along.

import assert from "node:assert/strict";
import { test } from "node:test";
import { validateStyleMin, type LayerSpecification, type SourceSpecification } from "@maplibre/maplibre-gl-style-spec";
import type { Colours } from "../src/map/palette.ts";
import { parseTrack } from "../src/model/parse.ts";
import { speakIn } from "./words.ts";
import "./mgrs_for_node.ts";

const { layerSpecs, SOURCES } = await import("../src/map/layers.ts");
const { trackDetails } = await import("../src/map/features.ts");

/** Any colours: a palette is judged elsewhere. */
const colours = new Proxy({}, { get: (_, name) => (name === "night" ? false : "#123456") }) as Colours;

test("every layer of the map is valid", () => {
  const sources: Record<string, SourceSpecification> = Object.fromEntries(
    [...SOURCES, "grid", "grid-labels"].map((name) => [name, { type: "geojson", data: { type: "FeatureCollection", features: [] } }]),
  );
  const layers = layerSpecs(colours);
  for (const layer of layers) if ("source" in layer && typeof layer.source === "string") sources[layer.source] ??= { type: "geojson", data: { type: "FeatureCollection", features: [] } };
  const faults = validateStyleMin({ version: 8, glyphs: "{fontstack}/{range}", sources, layers: layers as LayerSpecification[] });
  assert.deepEqual(faults.map(({ message }) => message), []);
  assert.ok(layers.length > 30);
});

test("what is drawn beside a track without an alert recedes, unless it is selected", () => {
  speakIn("en");
  const track = parseTrack({ track: "T1", lon: 1, lat: 42, status: "confirmed", speed_mps: 1.4, course_deg: 0, ellipse_m: [80, 40], updated_ns: 0 });
  assert.ok(track !== null);
  const around = { nowMs: 0, trail: () => [[1, 42], [1, 42.1]] as const, border: [], leastEllipseM: 1, vectorS: 60, selected: null, alerted: new Map() };
  const quiet = (more: object): unknown[] => [...new Set(trackDetails(track, { ...around, ...more }).map(({ properties }) => properties?.["quiet"]))];
  assert.deepEqual(quiet({}), [true]);
  assert.deepEqual(quiet({ selected: "T1" }), [false]);
  assert.deepEqual(quiet({ alerted: new Map([["T1", "low"]]) }), [false]);
});
