import assert from "node:assert/strict";
import { test } from "node:test";
import { leg } from "../src/geo/geodesy.ts";
import { bearingFeatures } from "../src/map/bearing_features.ts";
import { bearingOpacity, currentBearings, identified } from "../src/model/bearings.ts";
import { parseBearing } from "../src/model/parse.ts";
import type { BearingContact } from "../src/model/records.ts";

const RAW = {
  sensor: "df-1", lon: 10, lat: 47, range_m: 5000, azimuth_deg: 90, azimuth_sd_deg: 2, bearings: 5, crossings: 0,
  updated_ns: 0, lifetime_s: 100,
};

function read(more: Record<string, unknown> = {}): Omit<BearingContact, "id"> {
  const contact = parseBearing({ ...RAW, ...more });
  assert.ok(contact !== null);
  return contact;
}

function picture(...contacts: Record<string, unknown>[]): Map<string, BearingContact> {
  return identified(new Map(), contacts.map(read));
}

test("a bearing without its error, its range or its lifetime is not drawn as if it had them", () => {
  for (const name of ["azimuth_deg", "azimuth_sd_deg", "range_m", "lifetime_s", "updated_ns", "lon", "sensor"]) {
    assert.equal(parseBearing({ ...RAW, [name]: null }), null, name);
  }
  assert.equal(parseBearing({ ...RAW, azimuth_sd_deg: -1 }), null);
  assert.equal(parseBearing({ ...RAW, range_m: 0 }), null);
});

test("the line ends at the sensor's range in its direction, the wedge 1.96 standard deviations to either side", () => {
  const [wedge, line] = bearingFeatures(picture({}), 0, null);
  assert.ok(wedge?.geometry.type === "Polygon" && line?.geometry.type === "LineString");
  const sides = wedge.geometry.coordinates[0] ?? [];
  assert.deepEqual(sides[0], [10, 47]);
  assert.deepEqual(sides.at(-1), [10, 47]);
  const seen = (place: readonly number[] | undefined) => leg({ lon: 10, lat: 47 }, { lon: place?.[0] ?? 0, lat: place?.[1] ?? 0 });
  const expected = [[line.geometry.coordinates[1], 90], [sides[1], 90 - 1.96 * 2], [sides.at(-2), 90 + 1.96 * 2]] as const;
  for (const [place, azimuthDeg] of expected) {
    const { distanceM, azimuthDeg: found } = seen(place);
    assert.ok(Math.abs(distanceM - 5000) < 1e-3 && Math.abs(found - azimuthDeg) < 1e-6, `${distanceM} ${found}`);
  }
});

test("an error of more than half a circle is drawn all around, not turned over", () => {
  const [wedge] = bearingFeatures(picture({ azimuth_sd_deg: 120 }), 0, null);
  assert.ok(wedge?.geometry.type === "Polygon");
  const sides = wedge.geometry.coordinates[0] ?? [];
  const north = Math.max(...sides.map(([, lat = 0]) => lat));
  const south = Math.min(...sides.map(([, lat = 0]) => lat));
  assert.ok(north > 47.044 && south < 46.956); // 5 km are 0.045° of latitude
});

test("a bearing across the 180th meridian is drawn beside its sensor, not around the world", () => {
  for (const [lon, azimuth_deg] of [[179.99, 90], [-179.99, 270]] as const) {
    const features = bearingFeatures(picture({ lon, lat: -16.5, azimuth_deg }), 0, null);
    for (const { geometry } of features) {
      assert.ok(geometry.type === "Polygon" || geometry.type === "LineString");
      const places = geometry.type === "Polygon" ? geometry.coordinates.flat() : geometry.coordinates;
      for (const [there = Number.NaN] of places) assert.ok(Math.abs(there - lon) < 0.05, `${there}`);
    }
  }
});

test("a bearing fades with age and is gone after its lifetime", () => {
  const [contact] = [...picture({}).values()];
  assert.ok(contact !== undefined);
  const seen = [0, 25, 50, 75, 100].map((second) => bearingOpacity(contact, second * 1000));
  assert.deepEqual(seen, [...seen].sort((one, other) => (other ?? 0) - (one ?? 0)));
  assert.equal(seen[0], 1);
  assert.ok((seen[4] ?? 0) > 0);
  assert.equal(bearingOpacity(contact, 100_001), null);
  assert.deepEqual(currentBearings(picture({}), 100_001), []);
  assert.deepEqual(bearingFeatures(picture({}), 100_001, null), []);
});

test("a contact keeps its identity while it turns, also across north, and never takes that of another sensor", () => {
  const before = picture({ azimuth_deg: 359.5 }, { azimuth_deg: 180 }, { sensor: "df-2", azimuth_deg: 1 });
  const [first, second, third] = [...before.keys()];
  const after = identified(before, [
    read({ sensor: "df-2", azimuth_deg: 2, bearings: 6, updated_ns: 2e9 }),
    read({ azimuth_deg: 181, bearings: 6, updated_ns: 2e9 }),
    read({ azimuth_deg: 0.5, bearings: 6, updated_ns: 2e9 }),
  ]);
  assert.equal(after.get(first ?? "")?.azimuthDeg, 0.5);
  assert.equal(after.get(second ?? "")?.azimuthDeg, 181);
  assert.equal(after.get(third ?? "")?.azimuthDeg, 2);
  assert.equal(after.size, 3);
});

test("what begins in the direction of an ended contact is a new one: it has fewer bearings", () => {
  const before = picture({ bearings: 5 });
  const after = identified(before, [read({ bearings: 1, updated_ns: 9e9 })]);
  assert.equal(after.size, 1);
  assert.ok(![...after.keys()].some((id) => before.has(id)));
});

test("two contacts of one sensor in one direction are two", () => {
  const both = picture({ updated_ns: 1e9 }, { updated_ns: 2e9 });
  assert.equal(both.size, 2);
  const after = identified(both, [read({ updated_ns: 3e9 }), read({ updated_ns: 3e9, azimuth_deg: 91 })]);
  assert.equal(after.size, 2);
});
