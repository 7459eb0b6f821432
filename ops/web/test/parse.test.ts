import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAlert, parseAreas, parseDiskFull, parseLayer, parseSector, parseSensor, parseTrack, text } from "../src/model/parse.ts";

const TRACK = {
  track: "T1",
  status: "confirmed",
  lon: -84.2,
  lat: 36.6,
  existence: 0.9,
  updated_ns: 1_767_225_600_000_000_000,
};

test("what is missing is null, never zero", () => {
  const track = parseTrack(TRACK);
  assert.ok(track !== null);
  assert.equal(track.speedMps, null);
  assert.equal(track.courseDeg, null);
  assert.equal(track.ellipseM, null);
  assert.equal(track.classProbability, null);
  assert.equal(track.sensors, null);
  assert.equal(track.updatedMs, Date.UTC(2026, 0, 1));
});

test("a record that cannot be placed is refused", () => {
  for (const bad of [
    null,
    [],
    "x",
    1,
    {},
    { ...TRACK, lat: 91 },
    { ...TRACK, lon: "east" },
    { ...TRACK, status: "closed" },
    { ...TRACK, track: 5 },
  ]) {
    assert.equal(parseTrack(bad), null);
  }
  for (const bad of [null, {}, { id: "A" }, { id: "A", status: "active", raised_at: "soon" }])
    assert.equal(parseAlert(bad), null);
});

test("characters that reorder or hide text are shown as unreadable", () => {
  assert.equal(text("a\u202eb\u0000c\u200bd\u2066e"), "a\ufffdb\ufffdc\ufffdd\ufffde");
  assert.equal(text("Grüße, 한국, שלום"), "Grüße, 한국, שלום");
  assert.equal(text("x".repeat(20), 5), "xxxxx…");
});

test("probabilities outside 0 to 1 are not known", () => {
  assert.equal(parseTrack({ ...TRACK, existence: 7 })?.existence, 0);
  assert.equal(parseTrack({ ...TRACK, label_probability: -1 })?.labelProbability, null);
});

test("a sensor whose key is revoked does not count as working", () => {
  assert.equal(
    parseSensor({ sensor: "r", kind: "radar", lon: 1, lat: 2, state: "ok", revoked: true })?.state,
    "revoked",
  );
});

test("a legend's colour is a colour or nothing; a layer's name is a path segment or the layer is refused", () => {
  const layer = parseLayer({
    id: "visible",
    legend: [
      { colour: "#3a3e46", label: "a", pattern: "hatch" },
      { colour: "url(x)", label: "b", pattern: "constructor" },
    ],
  });
  assert.deepEqual(
    layer?.legend.map(({ pattern }) => pattern),
    ["hatch", ""],
  );
  assert.deepEqual(
    layer?.legend.map(({ colour }) => colour),
    ["#3a3e46", ""],
  );
  assert.equal(parseLayer({ id: "../alerts" }), null);
  const classes = parseLayer({ id: "coverage", legend: [{ colour: "#000000", label: "c", low: "0.25", high: "0.5" }] });
  assert.deepEqual(classes?.legend[0]?.range, [0.25, 0.5]);
});

test("a base map that cannot be shown is known by name", () => {
  assert.equal(parseSector({})?.baseMap, null);
  assert.deepEqual(parseSector({ base_map: { file: "a.pmtiles", readable: false } })?.baseMap, {
    file: "a.pmtiles", readable: false, kind: "vector", layers: [], revision: "",
  });
  const whole = { file: "a.pmtiles", readable: true, kind: "raster", layers: ["x", 3], revision: "1f" };
  assert.deepEqual(parseSector({ base_map: whole })?.baseMap, { ...whole, layers: ["x"] });
});

test("a sensor that is online and faulty is degraded", () => {
  const faults = { obscured: { id: "sensor-obscured", parameters: {}, sentence: "View obscured" } };
  const sensor = parseSensor({ sensor: "r", kind: "radar", lon: 1, lat: 2, state: "ok", faults });
  assert.equal(sensor?.state, "degraded");
  assert.deepEqual(sensor?.faults, [
    ["obscured", { message: { id: "sensor-obscured", parameters: {} }, sentence: "View obscured" }],
  ]);
  assert.equal(parseSensor({ sensor: "r", kind: "radar", lon: 1, lat: 2, state: "offline", faults })?.state, "offline");
  assert.equal(parseSensor({ sensor: "r", kind: "radar", lon: 1, lat: 2, state: "ok", faults: {} })?.state, "ok");
});

test("a full disk is what ingest says under no sensor's name, and nothing else", () => {
  assert.equal(parseDiskFull({ "": { received: 0, disk_full: 1 } }), true);
  for (const counts of [{}, { "": null }, { "": { disk_full: 0 } }, { "": { disk_full: "1" } }, { r1: { disk_full: 1 } }])
    assert.equal(parseDiskFull(counts), false);
});

test("named areas: polygons with their holes; what cannot be drawn or named is left out", () => {
  const corners = [[7, 46], [8, 46], [8, 47], [7, 46]];
  const area = (properties: object, geometry: object | null): object => ({ type: "Feature", properties, geometry });
  const named = { id: "a", name: "Quarry", kind: "danger" };
  const found = parseAreas({
    features: [
      area(named, { type: "Polygon", coordinates: [corners, corners] }),
      area({ ...named, id: "b" }, { type: "MultiPolygon", coordinates: [[corners], [[[7, "x"]]]] }),
      area({ ...named, kind: "secret" }, { type: "Polygon", coordinates: [corners] }),
      area({ ...named, name: "" }, { type: "Polygon", coordinates: [corners] }),
      area(named, null),
      null,
    ],
  });
  assert.deepEqual(found.map(({ id, polygons }) => [id, polygons.map((rings) => rings.length)]), [["a", [2]], ["b", [1]]]);
  assert.deepEqual(parseAreas(null), []);
  assert.deepEqual(parseSector({})?.areas, []);
});
