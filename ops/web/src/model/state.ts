// Everything that the page shows, as one value that is replaced, never changed.

import type { FeatureCollection } from "geojson";
import type { Message } from "../words/catalogue.ts";
import type { Alerts } from "./alerts.ts";
import { NO_FORCES, type Forces, type Options } from "./forces.ts";
import type { GoodsCode } from "./goods_codes.ts";
import type { Incidents } from "./incidents.ts";
import { NO_REFUSALS, type Refusals } from "./refused.ts";
import type { BearingContact, Counts, LayerInfo, Markings, PartState, Sector, Sensor, Track } from "./records.ts";

export type Selection =
  | { readonly kind: "track"; readonly id: string }
  | { readonly kind: "incident"; readonly id: string }
  | { readonly kind: "alert"; readonly id: string }
  | { readonly kind: "bearing"; readonly id: string }
  | { readonly kind: "sensor"; readonly id: string }
  | { readonly kind: "segment"; readonly id: string }
  | { readonly kind: "unit"; readonly id: string }
  | { readonly kind: "base"; readonly id: string }
  | { readonly kind: "section"; readonly id: string };

export interface Connection {
  readonly phase: "connecting" | "open" | "lost";
  /** Why it is lost. */
  readonly problem: Message | null;
  /** performance.now() of the last change of phase, of the last bytes, and of the next try. */
  readonly sinceMs: number;
  readonly heardMs: number;
  readonly retryMs: number | null;
}

/** What a read of the server gave: not asked yet, a message why not, or there. */
export interface Loaded<T> {
  readonly value: T | null;
  readonly problem: Message | null;
}

export interface State {
  readonly connection: Connection;
  readonly sector: Loaded<Sector>;
  readonly border: Loaded<FeatureCollection>;
  readonly segments: Loaded<FeatureCollection>;
  readonly layout: Loaded<FeatureCollection>;
  readonly layers: Loaded<readonly LayerInfo[]>;
  readonly tracks: ReadonlyMap<string, Track>;
  /** Directions without a range, on no track. */
  readonly bearings: ReadonlyMap<string, BearingContact>;
  /** Journal time of the track picture; null before the first. */
  readonly stampMs: number | null;
  /** Tracks of the newest picture that could not be read. */
  readonly unreadable: number;
  readonly sensors: ReadonlyMap<string, Sensor>;
  readonly counts: ReadonlyMap<string, Counts>;
  /** Parts of the server that do not work, by name, with the reason. */
  readonly down: ReadonlyMap<string, PartState>;
  /** Ingest has no room on its disk, so what sensors send now waits at their senders. */
  readonly diskFull: boolean;
  readonly alerts: Alerts;
  /** False until the server's list of alerts has been read once. */
  readonly alertsKnown: boolean;
  readonly alertsTruncated: boolean;
  readonly incidents: Incidents;
  /** False until the server's list of incidents has been read once. */
  readonly incidentsKnown: boolean;
  readonly forces: Forces;
  /** What was refused of the messages of units. */
  readonly refused: Refusals;
  /** Units and bases that could be assigned, by incident. */
  readonly options: ReadonlyMap<string, Options>;
  /** Names of those who asked for a mute and decided, by its request, for people who may read them. */
  readonly muteNames: ReadonlyMap<string, { readonly asked: string; readonly decided: string }>;
  /** Codes of goods of incidents that were selected, by `codesKey`. */
  readonly goodsCodes: ReadonlyMap<string, readonly GoodsCode[]>;
  readonly markings: Markings;
  readonly selection: Selection | null;
  /** What the person may do, by the names of ops/accounts/rights.py; nothing until it is known. */
  readonly rights: ReadonlySet<string>;
  /** The past moment that is shown; null for the live picture. While looking back nothing can be acted on. */
  readonly replay: { readonly atMs: number } | null;
}

const UNASKED = { value: null, problem: null } as const;

export const INITIAL: State = {
  connection: { phase: "connecting", problem: null, sinceMs: 0, heardMs: 0, retryMs: null },
  sector: UNASKED,
  border: UNASKED,
  segments: UNASKED,
  layout: UNASKED,
  layers: UNASKED,
  tracks: new Map(),
  bearings: new Map(),
  stampMs: null,
  unreadable: 0,
  sensors: new Map(),
  counts: new Map(),
  down: new Map(),
  diskFull: false,
  alerts: new Map(),
  alertsKnown: false,
  alertsTruncated: false,
  incidents: new Map(),
  incidentsKnown: false,
  forces: NO_FORCES,
  refused: NO_REFUSALS,
  options: new Map(),
  muteNames: new Map(),
  goodsCodes: new Map(),
  markings: { levels: [], change: false, units: new Map() },
  selection: null,
  rights: new Set(),
  replay: null,
};

export type StreamState = "connecting" | "live" | "starting" | "down" | "stale" | "lost";

/** From when a picture is old, wall seconds; as the server's own /api/health. */
export const STALE_AFTER_S = 5;
/** The server sends something every 5 s at least; silence for longer than this is a lost connection. */
export const SILENT_AFTER_S = 12;
/** A connection that is back within this is not worth a banner. */
const GRACE_S = 1;

/**
 * What the operator must know about the stream. `ageS`: of the picture, null when there is none. `down`: whether a part
 * of the server does not work; a picture may be new all the same, and not be the whole truth. `starting`: whether those
 * parts compile kernels, and work again by themselves.
 */
export function streamState(
  connection: Connection,
  ageS: number | null,
  monotonicMs: number,
  down = false,
  starting = false,
): StreamState {
  const phaseS = (monotonicMs - connection.sinceMs) / 1000;
  if (connection.phase === "open") {
    if ((monotonicMs - connection.heardMs) / 1000 > SILENT_AFTER_S) return "lost";
    if (starting) return "starting";
    if (ageS !== null && ageS > STALE_AFTER_S) return "stale";
    if (down) return "down";
    return ageS === null ? "connecting" : "live";
  }
  if (connection.phase === "connecting" && ageS === null) return "connecting";
  if (phaseS < GRACE_S && ageS !== null && ageS <= STALE_AFTER_S) return "live";
  return "lost";
}
