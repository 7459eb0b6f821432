// What cannot be seen, in words: ground hidden from every sensor, sensors that say nothing, tracks that are only predicted.

import type { FeatureCollection } from "geojson";
import { duration, percent } from "../words/format.ts";
import { readable } from "./parse.ts";
import type { Sensor } from "./records.ts";
import type { State } from "./state.ts";
import { look } from "./tracks.ts";

/** Sensors whose field of view must not be taken for watched ground. */
export function lostSensors(sensors: ReadonlyMap<string, Sensor>): Sensor[] {
  return [...sensors.values()].filter((sensor) => sensor.state !== "ok");
}

/** Mean of the segments' hidden shares weighted by length; null when no segment knows its own. */
export function hiddenShare(segments: FeatureCollection | null): number | null {
  let hidden = 0;
  let length = 0;
  for (const feature of segments?.features ?? []) {
    const { hidden_share: share, chainage_from_m: from, chainage_to_m: to } = feature.properties ?? {};
    if (typeof share !== "number" || !(share >= 0 && share <= 1)) continue;
    const metres = typeof from === "number" && typeof to === "number" && to > from ? to - from : 1;
    hidden += share * metres;
    length += metres;
  }
  return length > 0 ? hidden / length : null;
}

export interface BlindSpots {
  readonly hidden: string;
  readonly sensors: string;
  readonly tracks: string;
  /** Whether a person must look: something that should watch does not. */
  readonly urgent: boolean;
}

export function blindSpots(state: State, nowMs: number): BlindSpots {
  const share = state.sector.value?.hiddenShare ?? hiddenShare(state.segments.value);
  const belt = state.sector.value?.beltM ?? null;
  const ground =
    belt === null ? "of the ground along the border" : `of the ground within ${distance(belt)} of the border`;
  const hidden =
    share === null
      ? "How much ground is hidden from every sensor is not known yet"
      : `${percent(share)} ${ground} hidden from all working sensors (shaded)`;
  const lost = lostSensors(state.sensors);
  // A tentative track is no mover yet: it would only make what is lost look like a small share.
  const tracks = [...state.tracks.values()].filter(({ status }) => status !== "tentative");
  const predicted = tracks.filter((track) => ["coasting", "stale"].includes(look(track, nowMs))).length;
  return {
    hidden,
    sensors: describeSensors(lost, state.sensors.size, nowMs),
    tracks: predicted === 0 ? "" : `${predicted} of ${tracks.length} tracks not seen now, only predicted`,
    urgent: lost.length > 0,
  };
}

function distance(metres: number): string {
  return metres < 1000 ? `${metres} m` : `${metres / 1000} km`;
}

function describeSensors(lost: readonly Sensor[], all: number, nowMs: number): string {
  if (all === 0) return "No sensor has reported yet";
  if (lost.length === 0) return `All ${all} sensors report`;
  const named = lost.slice(0, 4).map((sensor) => {
    const since =
      sensor.sinceMs === null || !Number.isFinite(nowMs) ? "" : ` for ${duration((nowMs - sensor.sinceMs) / 1000)}`;
    return `${readable(sensor.id)} ${stateOf(sensor)}${sensor.state === "degraded" ? "" : since}`;
  });
  const more = lost.length > named.length ? ` and ${lost.length - named.length} more` : "";
  const badly = lost.every(({ state }) => state === "degraded") ? "watch badly" : "do not watch, or badly";
  const verb = lost.some(({ state }) => state === "degraded") ? badly : "do not watch";
  return `${lost.length} of ${all} sensors ${verb} (hatched): ${named.join(", ")}${more}`;
}

/** A sensor's state with its faults, if any: `degraded (stuck, low power)`. */
export function stateOf({ state, faults }: Sensor): string {
  const named = faults.map(([fault]) => fault.replaceAll("_", " ")).join(", ");
  return named === "" ? stateLabel(state) : `${stateLabel(state)} (${named})`;
}

/** The state of a sensor as an operator would say it. */
export function stateLabel(state: string): string {
  return STATE_WORDS.get(state) ?? state;
}

/** A map, since a plain object would also know "constructor". */
const STATE_WORDS: ReadonlyMap<string, string> = new Map([
  ["ok", "reports"],
  ["silent", "silent"],
  ["never", "not heard yet"],
  ["maintenance", "in maintenance"],
  ["revoked", "no longer believed"],
]);
