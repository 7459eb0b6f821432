import assert from "node:assert/strict";
import { test } from "node:test";
import type { FeatureCollection, Polygon } from "geojson";
import { destination, leg } from "../src/geo/geodesy.ts";
import { courseFeatures, movedView, plannedCourse, postsOf, rangeOf } from "../src/geo/moved_view.ts";
import { parseSensor } from "../src/model/parse.ts";
import type { Sensor } from "../src/model/records.ts";
import { nameWithAge } from "../src/words/position_age.ts";
import { speakIn } from "./words.ts";

speakIn("en");

const POST = { lon: -84.2, lat: 36.6 };
const EDGES = [350, 10].map((azimuth) => destination(POST, azimuth, 2000));
const ring = [POST, ...EDGES, POST].map(({ lon, lat }) => [lon, lat]);
const LAYOUT: FeatureCollection = {
  type: "FeatureCollection",
  features: [
    { type: "Feature", geometry: { type: "Point", coordinates: [POST.lon, POST.lat] }, properties: { id: "car", azimuth_deg: 0 } },
    { type: "Feature", geometry: { type: "Polygon", coordinates: [ring] }, properties: { id: "car", kind: "radar" } },
  ],
};

function drawn(pose?: Record<string, unknown>): { sensor: Sensor; ring: readonly number[][] } {
  const there = destination(POST, 90, 5000);
  const where = pose === undefined ? POST : there;
  const sensor = parseSensor({ sensor: "car", kind: "radar", state: "ok", ...where, pose });
  assert.ok(sensor !== null);
  const view = LAYOUT.features[1]?.geometry;
  assert.ok(view?.type === "Polygon");
  const shape = movedView(view, postsOf(LAYOUT).get("car"), sensor) as Polygon;
  return { sensor, ring: shape.coordinates[0] ?? [] };
}

test("the view of a sensor without a pose is that of the layout", () => {
  const { sensor, ring: shown } = drawn();
  assert.equal(sensor.pose, null);
  assert.deepEqual(shown, ring);
});

test("the view of a sensor that moved is where it stands, turned as it looks", () => {
  const { sensor, ring: shown } = drawn({ stated_ns: 1_767_225_600_000_000_000, position_sd_m: 3, heading_deg: 90 });
  assert.equal(sensor.pose?.statedMs, Date.UTC(2026, 0, 1));
  const legs = shown.slice(1, 3).map(([lon = 0, lat = 0]) => leg(sensor, { lon, lat }));
  for (const [index, azimuth] of [80, 100].entries()) {
    assert.ok(Math.abs((legs[index]?.azimuthDeg ?? 0) - azimuth) < 1e-6);
    assert.ok(Math.abs((legs[index]?.distanceM ?? 0) - 2000) < 1e-3);
  }
});

test("a sensor that moved is shown where it stands, and one that did not at its post", () => {
  const { sensor, ring: shown } = drawn({ stated_ns: 1_767_225_600_000_000_000, position_sd_m: 3, heading_deg: 90 });
  const sides = (points: readonly number[][]): number[] => {
    const [lons, lats] = [points.map(([lon = 0]) => lon), points.map(([, lat = 0]) => lat)];
    return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
  };
  assert.deepEqual(rangeOf("car", LAYOUT, sensor), sides(shown));
  assert.deepEqual(rangeOf("car", LAYOUT, drawn().sensor), sides(ring));
  assert.deepEqual(rangeOf("car", LAYOUT, undefined), sides(ring));
  assert.equal(rangeOf("other", LAYOUT, undefined), null);
});

test("a pose without a heading leaves the view as the layout turns it", () => {
  const { sensor, ring: shown } = drawn({ stated_ns: 1_767_225_600_000_000_000 });
  const [lon = 0, lat = 0] = shown[1] ?? [];
  assert.ok(Math.abs(leg(sensor, { lon, lat }).azimuthDeg - 350) < 1e-6);
  assert.equal(sensor.pose?.headingDeg, null);
});

test("the planned course is the route, or the edge of the area, and nothing that is not one", () => {
  const route = [[8, 47], [8.1, 47], [8.1, 47.1]];
  assert.deepEqual(plannedCourse({ id: "car", route, area: null }), { type: "LineString", coordinates: route });
  assert.deepEqual(plannedCourse({ area: route }), { type: "LineString", coordinates: [...route, route[0]] });
  for (const properties of [null, {}, { route: null }, { route: "8,47" }, { route: [[8, 47]] }, { area: [[8, 47], [9, Number.NaN], ["x", 1]] }]) {
    assert.equal(plannedCourse(properties), null);
  }
  const layout: FeatureCollection = {
    type: "FeatureCollection",
    features: LAYOUT.features.map((feature) => (feature.geometry.type === "Point" ? { ...feature, properties: { ...feature.properties, route } } : feature)),
  };
  assert.deepEqual(courseFeatures(layout).map(({ properties }) => properties), [{ id: "car", course: true }]);
  assert.deepEqual(courseFeatures(LAYOUT), []);
});

test("the label of a sensor states the age of its position once it is old", () => {
  const stated = Date.UTC(2026, 0, 1);
  const { sensor } = drawn({ stated_ns: stated * 1_000_000, position_sd_m: 3, heading_deg: 90 });
  const label = (afterS: number): string => nameWithAge("car", sensor.pose, stated + 1000 * afterS);
  assert.equal(label(5), "car");
  assert.notEqual(label(40), "car");
  assert.ok(label(40).startsWith("car "));
  assert.equal(label(41), label(40)); // not to the second, so that it need not be drawn again
  assert.equal(label(Number.NaN), "car");
  assert.equal(nameWithAge("mast", null, stated + 90_000), "mast");
});
