// Everything that the page shows, as one value that is replaced, never changed.

import type { FeatureCollection } from "geojson";
import type { Alerts } from "./alerts.ts";
import type { Counts, LayerInfo, Sector, Sensor, Track } from "./records.ts";

export type Selection =
  | { readonly kind: "track"; readonly id: string }
  | { readonly kind: "alert"; readonly id: string }
  | { readonly kind: "sensor"; readonly id: string }
  | { readonly kind: "segment"; readonly id: string };

export interface Connection {
  readonly phase: "connecting" | "open" | "lost";
  /** Why it is lost, in a sentence. */
  readonly problem: string;
  /** performance.now() of the last change of phase, of the last bytes, and of the next try. */
  readonly sinceMs: number;
  readonly heardMs: number;
  readonly retryMs: number | null;
}

/** What a read of the server gave: not asked yet, a sentence why not, or there. */
export interface Loaded<T> {
  readonly value: T | null;
  readonly problem: string;
}

export interface State {
  readonly connection: Connection;
  readonly sector: Loaded<Sector>;
  readonly border: Loaded<FeatureCollection>;
  readonly segments: Loaded<FeatureCollection>;
  readonly layout: Loaded<FeatureCollection>;
  readonly layers: Loaded<readonly LayerInfo[]>;
  readonly tracks: ReadonlyMap<string, Track>;
  /** Journal time of the track picture; null before the first. */
  readonly stampMs: number | null;
  /** Tracks of the newest picture that could not be read. */
  readonly unreadable: number;
  readonly sensors: ReadonlyMap<string, Sensor>;
  readonly counts: ReadonlyMap<string, Counts>;
  /** Parts of the server that do not work, by name, with the reason. */
  readonly down: ReadonlyMap<string, string>;
  /** Ingest has no room on its disk, so what sensors send now waits at their senders. */
  readonly diskFull: boolean;
  readonly alerts: Alerts;
  /** False until the server's list of alerts has been read once. */
  readonly alertsKnown: boolean;
  readonly alertsTruncated: boolean;
  readonly selection: Selection | null;
}

const UNASKED = { value: null, problem: "" } as const;

export const INITIAL: State = {
  connection: { phase: "connecting", problem: "", sinceMs: 0, heardMs: 0, retryMs: null },
  sector: UNASKED,
  border: UNASKED,
  segments: UNASKED,
  layout: UNASKED,
  layers: UNASKED,
  tracks: new Map(),
  stampMs: null,
  unreadable: 0,
  sensors: new Map(),
  counts: new Map(),
  down: new Map(),
  diskFull: false,
  alerts: new Map(),
  alertsKnown: false,
  alertsTruncated: false,
  selection: null,
};

export type StreamState = "connecting" | "live" | "down" | "stale" | "lost";

/** From when a picture is old, wall seconds; as the server's own /api/health. */
export const STALE_AFTER_S = 5;
/** The server sends something every 5 s at least; silence for longer than this is a lost connection. */
export const SILENT_AFTER_S = 12;
/** A connection that is back within this is not worth a banner. */
const GRACE_S = 1;

/**
 * What the operator must know about the stream. `ageS`: of the picture, null when there is none. `down`: whether a part
 * of the server does not work; a picture may be new all the same, and not be the whole truth.
 */
export function streamState(
  connection: Connection,
  ageS: number | null,
  monotonicMs: number,
  down = false,
): StreamState {
  const phaseS = (monotonicMs - connection.sinceMs) / 1000;
  if (connection.phase === "open") {
    if ((monotonicMs - connection.heardMs) / 1000 > SILENT_AFTER_S) return "lost";
    if (ageS !== null && ageS > STALE_AFTER_S) return "stale";
    if (down) return "down";
    return ageS === null ? "connecting" : "live";
  }
  if (connection.phase === "connecting" && ageS === null) return "connecting";
  if (phaseS < GRACE_S && ageS !== null && ageS <= STALE_AFTER_S) return "live";
  return "lost";
}
