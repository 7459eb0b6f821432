import assert from "node:assert/strict";
import { test } from "node:test";
import type { FeatureCollection, Polygon } from "geojson";
import { destination, leg } from "../src/geo/geodesy.ts";
import { movedView, postsOf } from "../src/geo/moved_view.ts";
import { parseSensor } from "../src/model/parse.ts";
import type { Sensor } from "../src/model/records.ts";

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

test("a pose without a heading leaves the view as the layout turns it", () => {
  const { sensor, ring: shown } = drawn({ stated_ns: 1_767_225_600_000_000_000 });
  const [lon = 0, lat = 0] = shown[1] ?? [];
  assert.ok(Math.abs(leg(sensor, { lon, lat }).azimuthDeg - 350) < 1e-6);
  assert.equal(sensor.pose?.headingDeg, null);
});
