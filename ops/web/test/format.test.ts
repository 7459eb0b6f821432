import assert from "node:assert/strict";
import { test } from "node:test";
import { clockFormat, degrees, duration, exactDistance, height, probability, utcDateTime } from "../src/words/format.ts";
import { INITIAL, type State } from "../src/model/state.ts";
import { parseSensor, parseTrack } from "../src/model/parse.ts";
import { deadGroundFraction, unknownFraction } from "../src/model/coverage.ts";
import { coverageLine } from "../src/words/coverage_words.ts";
import { speakIn } from "./words.ts";

speakIn("en");

test("what is missing is a dash, never a zero", () => {
  for (const shown of [
    degrees(null),
    degrees(null, 1),
    duration(null),
    duration(Number.NaN),
    height(null),
    probability(null),
    utcDateTime(null),
  ])
    assert.equal(shown, "–");
});

test("angles have three digits before the point and never reach 360", () => {
  assert.deepEqual(
    [degrees(7), degrees(359.7), degrees(-1), degrees(359.96, 1), degrees(7, 1), degrees(45.25, 1)],
    ["007°", "000°", "359°", "000.0°", "007.0°", "045.3°"],
  );
});

test("measured distances and heights are in the chosen units", () => {
  const both = (): string[] => [exactDistance(314.15), exactDistance(4321.5), height(312.4)];
  assert.deepEqual(both(), ["314.2 m", "4.322 km", "312 m"]);
  speakIn("en", "nautical");
  assert.deepEqual(both(), ["314.2 m", "2.333 NM", "312 m"]);
  speakIn("en", "imperial");
  assert.deepEqual(both(), ["1,031 ft", "2.685 mi", "1,025 ft"]);
  speakIn("en");
});

test("an unknown time zone does not stop the clock", () => {
  assert.match(clockFormat("Nowhere/Town").format(0), /00:00:00/);
});

type Row = [from: number, to: number, share: number | null];
type Segments = NonNullable<Parameters<typeof deadGroundFraction>[0]>;

const segments = (...rows: Row[]): Segments => segmentsWith("dead_ground_fraction", rows);

function segmentsWith(property: string, rows: Row[]): Segments {
  return {
    type: "FeatureCollection",
    features: rows.map(([from, to, share]) => ({
      type: "Feature",
      properties: { chainage_from_m: from, chainage_to_m: to, [property]: share },
      geometry: {
        type: "LineString",
        coordinates: [
          [0, 0],
          [1, 1],
        ],
      },
    })),
  };
}

test("the hidden share is weighted by length, and unknown segments count for nothing", () => {
  assert.equal(deadGroundFraction(segments([0, 500, 1], [500, 1000, 0])), 0.5);
  assert.equal(deadGroundFraction(segments([0, 900, 1], [900, 1000, 0])), 0.9);
  assert.equal(deadGroundFraction(segments([0, 500, 0.25], [500, 1000, null])), 0.25);
  assert.equal(deadGroundFraction(segments([0, 500, null])), null);
  assert.equal(deadGroundFraction(null), null);
});

test("missing terrain data are stated, in both languages, and complete data are not mentioned", () => {
  const line = (...rows: Row[]): string =>
    coverageLine({ ...INITIAL, segments: { ...INITIAL.segments, value: segmentsWith("unknown_fraction", rows) } }, 0).unknown;
  assert.equal(line([0, 500, 0.5], [500, 1000, 0]), "25.0% unknown: terrain data missing (cross-hatched)");
  assert.equal(line([0, 500, 0], [500, 1000, 0]), "");
  assert.equal(line([0, 500, 0.0004]), "", "less than what a tenth of a percent rounds to");
  assert.equal(line([0, 500, null]), "");
  assert.equal(unknownFraction(null), null);
  speakIn("fr");
  const french = line([0, 500, 0.125]);
  speakIn("en");
  assert.equal(french, "12,5\u00a0% inconnu\u00a0: données de terrain manquantes (hachures croisées)");
});

const SENSORS = (...states: [id: string, state: string][]): State["sensors"] =>
  new Map(
    states.map(([id, state]) => [
      id,
      parseSensor({ sensor: id, kind: "radar", lon: 1, lat: 2, state, since_ns: 0 }),
    ]),
  ) as State["sensors"];

test("of many sensors that are offline or degraded, the line has the names of the first, and no times", () => {
  const line = (...sensors: [string, string][]): string => coverageLine({ ...INITIAL, sensors: SENSORS(...sensors) }, 65_000).sensors;
  assert.equal(line(["a", "offline"], ["b", "offline"]), "2 of 2 sensors offline (hatched): a offline for 1 min 5 s and b offline for 1 min 5 s");
  assert.equal(line(["a", "offline"], ["b", "offline"], ["c", "offline"]), "3 of 3 sensors offline (hatched): a, b and c");
  assert.match(line(["a", "offline"], ["b", "degraded"], ["c", "offline"]), /: a offline, b degraded and c offline$|: a offline, c offline and b degraded$/);
  assert.match(line(...Array.from({ length: 9 }, (_, n): [string, string] => [`s${n}`, "offline"])), /: s0, s1, s2, s3 and 5 more$/);
});

test("a sensor that is offline is named, and the coverage line is urgent", () => {
  const line = coverageLine({ ...INITIAL, sensors: SENSORS(["west", "ok"], ["east\u202e", "offline"]) }, 65_000);
  assert.equal(line.sensors, "1 of 2 sensors offline (hatched): east\ufffd offline for 1 min 5 s");
  assert.ok(line.urgent);
  assert.equal(coverageLine(INITIAL, 0).sensors, "No sensor data yet");
  assert.match(coverageLine(INITIAL, 0).deadGround, /not computed/);
});

test("one sensor is one sensor, in both languages", () => {
  const online = (): string => coverageLine({ ...INITIAL, sensors: SENSORS(["west", "ok"]) }, 0).sensors;
  assert.equal(online(), "1 sensor online");
  speakIn("fr");
  assert.equal(online(), "1 capteur en ligne");
  speakIn("en");
});

test("tracks that are only predicted are counted", () => {
  const track = (id: string, status: string) =>
    [id, parseTrack({ track: id, status, lon: 1, lat: 2, updated_ns: 0 })] as const;
  const two = [track("a", "confirmed"), track("b", "coasting")];
  const said = (entries: typeof two, nowMs: number): string =>
    coverageLine({ ...INITIAL, tracks: new Map(entries) as State["tracks"] }, nowMs).tracks;
  assert.match(said(two, 0), /^1 of 2 tracks/);
  assert.match(said(two, 16_000), /^2 of 2 tracks/);
  assert.match(said([...two, track("c", "tentative"), track("d", "tentative")], 16_000), /^2 of 2 tracks/);
  assert.equal(said([track("c", "tentative")], 16_000), "");
});
