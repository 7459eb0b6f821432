// The search: places as people write them, and names without regard to case, accents or hyphens.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { FeatureCollection } from "geojson";
import { placeAtChainage } from "../src/geo/along.ts";
import { parseIncident, parseSensor, parseTrack } from "../src/model/parse.ts";
import { INITIAL, type State } from "../src/model/state.ts";
import "./mgrs_for_node.ts";
import { speakIn } from "./words.ts";

const { mgrs } = await import("../src/geo/mgrs.ts");
const { find, plain } = await import("../src/goto/find.ts");
const { readPlace } = await import("../src/goto/read_place.ts");

const segment = (number: number, from: number, lons: number[]): FeatureCollection["features"][number] => ({
  type: "Feature",
  properties: { segment: number, chainage_from_m: from, chainage_to_m: from + 1000 },
  geometry: { type: "LineString", coordinates: lons.map((lon) => [lon, 0]) },
});
const BORDER: FeatureCollection = { type: "FeatureCollection", features: [segment(0, 0, [0, 1, 3]), segment(1, 1000, [3, 4])] };
const NEAR = { lon: -84.24, lat: 36.58 };

test("a chainage is a place along the border, by length, and none beyond its ends", () => {
  assert.deepEqual(placeAtChainage(BORDER, 500)?.lon.toFixed(9), "1.500000000");
  assert.deepEqual(placeAtChainage(BORDER, 2000)?.lon.toFixed(9), "4.000000000");
  assert.equal(placeAtChainage(BORDER, 2000.1), null);
  assert.equal(placeAtChainage(null, 500), null);
  for (const text of ["km 0.5", "KM 0,5", "pk 0.5", "0.5 km"]) assert.equal(readPlace(text, BORDER, null)?.form, "chainage", text);
});

test("coordinates are read in the forms that the page itself writes, and in those of a chart", () => {
  const forms = ["36.58, -84.24", "36.58000° N, 84.24000° W", "36.58N 84.24W", "36°34'48\"N 84°14'24\"W", "84.24 W, 36.58 N"];
  for (const text of forms) {
    const place = readPlace(text, null, null);
    assert.ok(place !== null, text);
    assert.equal(place.form, "lat-lon");
    assert.ok(Math.hypot(place.lat - NEAR.lat, place.lon - NEAR.lon) < 1e-9, text);
  }
  for (const text of ["96, 12", "36.58", "36.58, -184", "Cedar 35", "north"]) assert.equal(readPlace(text, null, null), null, text);
});

test("MGRS is read as it is written, with or without spaces, digits and its zone", () => {
  const written = mgrs(NEAR);
  const [zone = "", ...rest] = written.split(" ");
  for (const [text, near] of [[written, null], [written.replaceAll(" ", "").toLowerCase(), null], [rest.join(" "), NEAR], [`MGRS ${written}`, null]] as const) {
    const place = readPlace(text, null, near);
    assert.ok(place !== null, text);
    assert.ok(Math.hypot(place.lat - NEAR.lat, place.lon - NEAR.lon) < 2e-5, text); // of its square of 1 m
  }
  assert.equal(zone.length, 3);
  assert.equal(readPlace(rest.join(" "), null, null), null, "without a zone it is nowhere");
});

function picture(): State {
  const track = parseTrack({ track: "T77", name: "Cedar 35", lon: 1, lat: 42, status: "confirmed" });
  const sensor = parseSensor({ sensor: "radar-cedar", kind: "radar", lon: 1, lat: 42, state: "ok" });
  const incident = parseIncident({ id: "I1", name: "Bravo 17", state: "open", opened_at: "2026-01-01T00:00:00Z", priority: "high" });
  assert.ok(track !== null && sensor !== null && incident !== null);
  return {
    ...INITIAL,
    border: { value: BORDER, problem: null },
    tracks: new Map([[track.id, track]]),
    sensors: new Map([[sensor.id, sensor]]),
    incidents: new Map([[incident.id, incident]]),
  };
}

test("names are found without case, accents and hyphens; what begins with the text is first", () => {
  speakIn("en");
  assert.equal(plain("Cédar-35"), "cedar 35");
  const places = [{ name: "Cedar Fork", kind: "settlement", lon: 2, lat: 43 }] as const;
  const found = (text: string): string[] => find(text, picture(), places, 0).map(({ id }) => id);
  assert.deepEqual(found("CÉDAR"), ["track T77", "place 0", "sensor radar-cedar"]);
  assert.deepEqual(found("cedar 35"), ["track T77"]);
  assert.deepEqual(found("t77"), ["track T77"]);
  assert.deepEqual(found("bravo"), ["incident I1"]);
  assert.deepEqual(found("km 1.2"), ["stated"]);
  assert.deepEqual(found("segment 1"), ["segment 1"]);
  assert.deepEqual(found("nowhere at all"), []);
  assert.deepEqual(found("  "), []);
});
