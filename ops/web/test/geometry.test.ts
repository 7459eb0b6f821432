import assert from "node:assert/strict";
import { test } from "node:test";
import { borderLines, predictedCrossing } from "../src/geo/crossing.ts";
import { ellipse, polar, scaleAt, shifted } from "../src/geo/shapes.ts";
import { parseTrack } from "../src/model/parse.ts";
import { ELLIPSE_95, type Track } from "../src/model/records.ts";
import { Trails } from "../src/model/trails.ts";
import { drawnAs, detailed, DETAILED_TRACKS, look, opacity, STALE_TRACK_S } from "../src/model/tracks.ts";

function track(id: string, more: Record<string, unknown> = {}): Track {
  const read = parseTrack({ track: id, status: "confirmed", lon: 0.5, lat: 45, existence: 1, updated_ns: 0, ...more });
  assert.ok(read !== null);
  return read;
}

test("the length of a degree is that of WGS 84", () => {
  // Osborne, The Mercator Projections (2013), and many tables: 111.132 km and 78.847 km at 45 degrees
  assert.ok(Math.abs(scaleAt(45).metresPerLatDegree - 111_131.8) < 1);
  assert.ok(Math.abs(scaleAt(45).metresPerLonDegree - 78_846.8) < 1);
});

test("azimuths turn clockwise from north", () => {
  const [east, north] = polar(90, 100);
  assert.ok(Math.abs(east - 100) < 1e-9 && Math.abs(north) < 1e-9);
  const [lon = NaN, lat = NaN] = shifted({ lon: 0, lat: 45 }, 0, 111_131.8);
  assert.ok(lon === 0 && Math.abs(lat - 46) < 1e-4);
});

test("the ellipse holds 95 % of a normal position: chi squared of two degrees is 5.991", () => {
  assert.ok(Math.abs(ELLIPSE_95 ** 2 - 5.991) < 1e-3);
});

test("an ellipse is closed, and its long axis points where it is said to", () => {
  const ring = ellipse({ lon: 0, lat: 45 }, [100, 10], 90);
  assert.deepEqual(ring[0], ring.at(-1));
  const east = Math.max(...ring.map(([lon = 0]) => lon)) * scaleAt(45).metresPerLonDegree;
  const north = (Math.max(...ring.map(([, lat = 0]) => lat)) - 45) * scaleAt(45).metresPerLatDegree;
  assert.ok(Math.abs(east - 100) < 0.01 && Math.abs(north - 10) < 0.01);
});

const border = borderLines({
  type: "FeatureCollection",
  features: [
    {
      type: "Feature",
      properties: {},
      geometry: {
        type: "LineString",
        coordinates: [
          [0, 45.001],
          [0.4, 45.001],
          [1, 45.001],
        ],
      },
    },
  ],
});

test("a walker 111 m south of a line, going north at 1 m/s, meets it after 111 s, straight ahead", () => {
  const meeting = predictedCrossing(track("T", { speed_mps: 1, course_deg: 0 }), border, 600);
  assert.ok(meeting !== null);
  assert.ok(Math.abs(meeting.inS - 111.13) < 0.1);
  assert.ok(Math.abs(meeting.lon - 0.5) < 1e-9 && Math.abs(meeting.lat - 45.001) < 1e-9);
});

test("nobody is predicted to cross who stands, walks away, or would need too long", () => {
  for (const more of [
    {},
    { speed_mps: 0, course_deg: 0 },
    { speed_mps: 1, course_deg: 180 },
    { speed_mps: 0.1, course_deg: 0 },
    { speed_mps: 1, course_deg: null },
  ]) {
    assert.equal(predictedCrossing(track("T", more), border, 600), null);
  }
});

test("doubled places and broken coordinates of a border make no crossing", () => {
  const broken = [
    [
      [0.5, 45.001],
      [0.5, 45.001],
    ],
    [
      [0, 45.001],
      [Number.NaN, 45],
    ],
    [[]],
  ] as number[][][];
  assert.equal(predictedCrossing(track("T", { speed_mps: 1, course_deg: 0 }), broken, 600), null);
});

test("a track without a plot for long is stale, whatever its status", () => {
  assert.equal(look(track("T"), 1000), "confirmed");
  assert.equal(look(track("T", { status: "coasting" }), 1000), "coasting");
  const lateMs = (STALE_TRACK_S + 1) * 1000;
  assert.equal(look(track("T"), lateMs), "stale");
  assert.equal(drawnAs(track("T"), lateMs), "stale");
  assert.equal(drawnAs(track("T", { status: "tentative" }), lateMs), "tentative-stale");
  assert.equal(drawnAs(track("T", { status: "tentative" }), 1000), "tentative");
});

test("the less certain a track, the fainter, but it never vanishes", () => {
  const faint = [0, 0.25, 0.5, 0.75, 1].map((existence) => opacity(track("T", { existence })));
  assert.deepEqual(
    faint,
    [...faint].sort((a, b) => a - b),
  );
  assert.ok((faint[0] ?? 0) >= 0.3 && faint.at(-1) === 1);
});

test("beyond the limit, details go to the selected, the alerted and the nearest", () => {
  const all = Array.from({ length: DETAILED_TRACKS * 3 }, (_, index) => track(`T${index}`, { lon: index / 1000 }));
  const tracks = new Map(all.map((entry) => [entry.id, entry]));
  const chosen = detailed(tracks, "T500", new Map([["T599", "low"]]), { lon: 0, lat: 45 }).map(({ id }) => id);
  assert.equal(chosen.length, DETAILED_TRACKS);
  assert.deepEqual(chosen.slice(0, 3), ["T500", "T599", "T0"]);
  assert.ok(!chosen.includes("T400"));
});

test("a trail is bounded, ends where the track is, and is forgotten with it", () => {
  const trails = new Trails();
  for (let second = 0; second < 1000; second += 1)
    trails.take(new Map([["T", track("T", { lat: 45 + second * 1e-5 })]]), second * 1000);
  const now = track("T", { lat: 46 });
  const trail = trails.of(now);
  assert.ok(trail.length <= 92 && trail.length > 50);
  assert.deepEqual(trail.at(-1), [0.5, 46]);
  trails.take(new Map(), 1_000_000);
  assert.equal(trails.of(now).length, 1);
});
