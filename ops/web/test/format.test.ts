import assert from "node:assert/strict";
import { test } from "node:test";
import { clockFormat, degrees, duration, metres, percent, probability, utcTime } from "../src/words/format.ts";
import { INITIAL, type State } from "../src/model/state.ts";
import { parseSensor, parseTrack } from "../src/model/parse.ts";
import { hiddenShare, blindSpots } from "../src/model/blind_spots.ts";

test("what is missing is a dash, never a zero", () => {
  for (const shown of [
    metres(null),
    degrees(null),
    duration(null),
    duration(Number.NaN),
    percent(null),
    probability(null),
    utcTime(null),
  ])
    assert.equal(shown, "–");
});

test("durations in the words of the server's sentences", () => {
  assert.deepEqual([0, 45, 60, 185, 3600, 7440, 90_000].map(duration), [
    "0 s",
    "45 s",
    "1 min",
    "3 min 5 s",
    "1 h",
    "2 h 4 min",
    "1 d 1 h",
  ]);
});

test("a probability is never shown as certainty", () => {
  assert.deepEqual([0, 0.004, 0.5, 0.995, 1].map(probability), ["< 1 %", "< 1 %", "50 %", "> 99 %", "> 99 %"]);
});

test("angles have three digits before the point and never reach 360", () => {
  assert.deepEqual(
    [degrees(7), degrees(359.7), degrees(-1), degrees(359.96, 1), degrees(7, 1)],
    ["007°", "000°", "359°", "000.0°", "007.0°"],
  );
});

test("an unknown time zone does not stop the clock", () => {
  assert.match(clockFormat("Nowhere/Town").format(0), /00:00:00/);
});

function segments(
  ...rows: [from: number, to: number, share: number | null][]
): NonNullable<Parameters<typeof hiddenShare>[0]> {
  return {
    type: "FeatureCollection",
    features: rows.map(([from, to, share]) => ({
      type: "Feature",
      properties: { chainage_from_m: from, chainage_to_m: to, hidden_share: share },
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
  assert.equal(hiddenShare(segments([0, 500, 1], [500, 1000, 0])), 0.5);
  assert.equal(hiddenShare(segments([0, 900, 1], [900, 1000, 0])), 0.9);
  assert.equal(hiddenShare(segments([0, 500, 0.25], [500, 1000, null])), 0.25);
  assert.equal(hiddenShare(segments([0, 500, null])), null);
  assert.equal(hiddenShare(null), null);
});

test("silence is named, and is never a calm picture", () => {
  const sensor = (id: string, state: string) =>
    [id, parseSensor({ sensor: id, kind: "radar", lon: 1, lat: 2, state, since_ns: 0 })] as const;
  const sensors = new Map([sensor("west", "ok"), sensor("east\u202e", "silent")]) as State["sensors"];
  const said = blindSpots({ ...INITIAL, sensors }, 65_000);
  assert.equal(said.sensors, "1 of 2 sensors do not watch (hatched): east\ufffd silent for 1 min 5 s");
  assert.ok(said.urgent);
  assert.equal(blindSpots(INITIAL, 0).sensors, "No sensor has reported yet");
  assert.match(blindSpots(INITIAL, 0).hidden, /not known/);
});

test("tracks that are only predicted are counted", () => {
  const track = (id: string, status: string) =>
    [id, parseTrack({ track: id, status, lon: 1, lat: 2, updated_ns: 0 })] as const;
  const two = [track("a", "confirmed"), track("b", "coasting")];
  const said = (entries: typeof two, nowMs: number): string =>
    blindSpots({ ...INITIAL, tracks: new Map(entries) as State["tracks"] }, nowMs).tracks;
  assert.match(said(two, 0), /^1 of 2 tracks/);
  assert.match(said(two, 16_000), /^2 of 2 tracks/);
  assert.match(said([...two, track("c", "tentative"), track("d", "tentative")], 16_000), /^2 of 2 tracks/);
  assert.equal(said([track("c", "tentative")], 16_000), "");
});
