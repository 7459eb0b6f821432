// The coverage line: sensors that are offline, muted or degraded, dead ground, and tracks without detections.

import { deadGroundFraction, lostSensors, unknownFraction } from "../model/coverage.ts";
import { readable } from "../model/parse.ts";
import type { Sensor } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { look } from "../model/tracks.ts";
import { cutList } from "./catalogue.ts";
import { utcClock } from "./format.ts";
import { say } from "./say.ts";

/** More sensors than this are counted, not named. */
const NAMED = 4;
/** Of more sensors than this, it is not stated since when: the panel of sensors does. */
const STATED = 2;

export interface CoverageLine {
  readonly deadGround: string;
  /** Empty when terrain data are complete. */
  readonly unknown: string;
  readonly sensors: string;
  readonly tracks: string;
  /** Whether a sensor is offline, muted or degraded. */
  readonly urgent: boolean;
}

export function coverageLine(state: State, nowMs: number): CoverageLine {
  const fraction = state.sector.value?.deadGroundFraction ?? deadGroundFraction(state.segments.value);
  const buffer = state.sector.value?.beltM ?? null;
  const unknown = unknownFraction(state.segments.value);
  const lost = lostSensors(state.sensors);
  // A tentative track is not confirmed as a target: it would make the lost ones look like a small fraction.
  const tracks = [...state.tracks.values()].filter(({ status }) => status !== "tentative");
  const predicted = tracks.filter((track) => ["coasting", "stale"].includes(look(track, nowMs))).length;
  return {
    deadGround:
      fraction === null
        ? say("page-coverage-dead-ground-unknown")
        : say("page-coverage-dead-ground", { fraction, buffer, within: buffer !== null }),
    unknown: unknown === null ? "" : say("page-coverage-unknown", { fraction: unknown }),
    sensors: sensorLine(lost, state.sensors.size, nowMs),
    tracks: predicted === 0 ? "" : say("page-coverage-tracks", { predicted, all: tracks.length }),
    urgent: lost.length > 0,
  };
}

function sensorLine(lost: readonly Sensor[], all: number, nowMs: number): string {
  if (all === 0) return say("page-coverage-no-sensors");
  if (lost.length === 0) return say("page-coverage-online", { count: all });
  const degraded = lost.filter(({ state }) => state === "degraded").length;
  const muted = lost.filter(({ state }) => state === "muted").length;
  const what =
    degraded === lost.length ? "degraded" : muted === lost.length ? "muted" : muted > 0 ? "mixed" : degraded === 0 ? "offline" : "both";
  const named = lost.map((one) => {
    const sensor = readable(one.id);
    if (lost.length <= STATED) return say("page-sensor-named", { sensor, state: stateOf(one, nowMs) });
    return what === "both" || what === "mixed" ? say("page-sensor-named", { sensor, state: stateName(one.state) }) : sensor;
  });
  return say("page-coverage-lost", {
    what,
    lost: lost.length,
    all,
    named: cutList(named, NAMED),
  });
}

/** A sensor's state with its faults, or since or until when: `degraded (frozen data)`, `offline for 3 min`, `muted until 12:30`. */
export function stateOf({ state, faults, sinceMs, mute }: Sensor, nowMs: number): string {
  if (mute !== null && (state === "muted" || state === "offline"))
    return say("page-sensor-state-muted", { state: mute.endedMs === null ? "muted" : "ended", until: utcClock(mute.endedMs ?? mute.untilMs).slice(0, 5) });
  if (faults.length > 0) return say("page-sensor-state-faults", { state, faults: faults.map(([fault]) => faultName(fault)) });
  if (state === "ok" || state === "degraded" || sinceMs === null || !Number.isFinite(nowMs)) return stateName(state);
  return say("page-sensor-state-since", { state, since: (nowMs - sinceMs) / 1000 });
}

export function stateName(state: string): string {
  return say("sensor-state", { state });
}

export function faultName(fault: string): string {
  return say("sensor-fault", { fault });
}
