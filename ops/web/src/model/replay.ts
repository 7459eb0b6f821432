// Looking back: a moment as it was known then, what is known of it now, and the time that the slider spans.

import { identified } from "./bearings.ts";
import { NO_FORCES, parseForces, type Forces } from "./forces.ts";
import type { Incidents } from "./incidents.ts";
import { list, moment as instant, number, object, parseAlert, parseBearing, parseIncident, parseSensor, parseTrack, text } from "./parse.ts";
import type { Alert, BearingContact, Incident, IncidentState, Place, Priority, Sensor, Track } from "./records.ts";
import { PRIORITIES } from "./records.ts";
import type { State } from "./state.ts";

export interface Erased {
  readonly kind: string;
  /** Null where it is not known. */
  readonly atMs: number | null;
}

export interface Day {
  readonly day: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly erased: readonly Erased[];
}

/** What can be looked back at. */
export interface Extent {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly days: readonly Day[];
}

/** Where a track was, by all that is known now. */
export interface TrackNow extends Place {
  readonly id: string;
  readonly atMs: number;
}

export interface KnownNow {
  /** Null while late data may still change them. */
  readonly tracks: ReadonlyMap<string, TrackNow> | null;
  readonly incidents: Incidents;
  readonly openedLater: readonly Incident[];
}

export interface Moment {
  readonly atMs: number;
  /** Of the first moment after it; null for the newest. */
  readonly nextMs: number | null;
  readonly erased: readonly Erased[];
  readonly tracks: ReadonlyMap<string, Track>;
  readonly bearings: ReadonlyMap<string, BearingContact>;
  readonly sensors: ReadonlyMap<string, Sensor>;
  readonly alerts: ReadonlyMap<string, Alert>;
  readonly incidents: Incidents;
  readonly units: Forces["units"];
  readonly now: KnownNow | null;
}

/** An incident as the slider marks it. */
export interface Opened {
  readonly id: string;
  readonly name: string;
  readonly priority: Priority;
  readonly state: IncidentState;
  readonly openedMs: number;
}

const HOUR_MS = 3_600_000;
/** Lengths of time that the slider can span. */
export const SPANS_MS = [HOUR_MS / 4, HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS, 31 * 24 * HOUR_MS] as const;
/** Seconds of the past in a second. */
export const SPEEDS = [1, 2, 5, 10, 30, 60] as const;
/** A moment that is older than this when the next one comes stands before a gap in the record. */
export const GAP_MS = 60_000;

export function parseExtent(raw: unknown): Extent | null {
  const body = object(raw);
  const [firstMs, lastMs] = [instant(body?.["first"]), instant(body?.["last"])];
  if (body === null || firstMs === null || lastMs === null) return null;
  const days = list(body["days"]).flatMap((entry): Day[] => {
    const row = object(entry);
    const [first, last] = [instant(row?.["first"]), instant(row?.["last"])];
    if (row === null || first === null || last === null) return [];
    return [{ day: text(row["day"], 10), firstMs: first, lastMs: last, erased: parseErased(row["erased"]) }];
  });
  return { firstMs, lastMs, days };
}

function parseErased(raw: unknown): Erased[] {
  return list(raw).map((entry) => ({ kind: text(object(entry)?.["kind"], 40), atMs: instant(object(entry)?.["erased_at"]) }));
}

export function parseMoment(raw: unknown, before: ReadonlyMap<string, BearingContact>): Moment | null {
  const body = object(raw);
  const atMs = instant(body?.["at"]);
  if (body === null || atMs === null) return null;
  const incidents = parsed(body["incidents"], parseIncident);
  const bearings = list(body["bearings"]).map(parseBearing).filter((contact) => contact !== null);
  const now = object(body["now"]);
  return {
    atMs,
    nextMs: instant(body["next"]),
    erased: parseErased(body["erased"]),
    tracks: byId(parsed(body["tracks"], parseTrack)),
    bearings: identified(before, bearings),
    sensors: byId(parsed(body["sensors"], parseSensor)),
    alerts: byId(parsed(body["alerts"], parseAlert)),
    incidents: byId(incidents),
    units: parseForces({ units: body["units"] })?.units ?? NO_FORCES.units,
    now: now === null ? null : parseNow(now),
  };
}

function parseNow(body: Readonly<Record<string, unknown>>): KnownNow {
  return {
    tracks: Array.isArray(body["tracks"]) ? byId(parsed(body["tracks"], parseTrackNow)) : null,
    incidents: byId(parsed(body["incidents"], parseIncident)),
    openedLater: parsed(body["opened_later"], parseIncident),
  };
}

export function parseTrackNow(raw: unknown): TrackNow | null {
  const body = object(raw);
  const [lon, lat] = [number(body?.["lon"]), number(body?.["lat"])];
  const atMs = instant(body?.["at"]);
  const id = body?.["track"];
  return typeof id !== "string" || lon === null || lat === null || atMs === null ? null : { id, lon, lat, atMs };
}

export function parseOpened(raw: unknown): Opened | null {
  const body = object(raw);
  const incident = body === null ? null : parseIncident(body);
  if (incident === null) return null;
  const { id, name, priority, state, openedMs } = incident;
  return { id, name, priority, state, openedMs };
}

function parsed<T>(raw: unknown, read: (entry: unknown) => T | null): T[] {
  return list(raw).map(read).filter((entry) => entry !== null);
}

function byId<T extends { readonly id: string }>(records: readonly T[]): Map<string, T> {
  return new Map(records.map((record) => [record.id, record]));
}

/** What the page shows: the live state, in which the picture is that of the moment. What there is not, or is erased, is unknown. */
export function asKnownThen(live: State, selection: State["selection"], atMs: number, moment: Moment | null): State {
  const isKept = (erasable: string): boolean => moment?.erased.every(({ kind }) => kind !== erasable) ?? false;
  return {
    ...live,
    selection,
    replay: { atMs },
    tracks: moment?.tracks ?? NOTHING,
    bearings: moment?.bearings ?? NOTHING,
    sensors: moment?.sensors ?? NOTHING,
    // Without the state of the sensors, fields of view would look covered.
    layout: moment !== null && moment.sensors.size > 0 ? live.layout : NOT_ASKED,
    alerts: moment?.alerts ?? NOTHING,
    alertsKnown: isKept("alerts"),
    incidents: moment?.incidents ?? NOTHING,
    incidentsKnown: isKept("alerts"),
    // The posture of sections is not kept; bases stand where they are.
    forces: { ...live.forces, units: moment?.units ?? NOTHING, sections: NOTHING },
    options: NOTHING,
    counts: NOTHING, // those of the past are not kept
    stampMs: isKept("tracks") ? (moment?.atMs ?? null) : null,
    unreadable: 0,
    alertsTruncated: false,
  };
}

const NOT_ASKED: State["layout"] = { value: null, problem: null };
const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

/** Whether the moment is the picture at a time: no later one is known to stand before it. */
export function covers(moment: Moment, atMs: number): boolean {
  return moment.atMs <= atMs && (moment.nextMs === null || atMs < moment.nextMs);
}

export function within(atMs: number, { firstMs, lastMs }: Pick<Extent, "firstMs" | "lastMs">): number {
  return Math.min(Math.max(atMs, firstMs), lastMs);
}

/** Start and end of what the slider spans, with `atMs` in it: as it was if that holds it, else moved. */
export function spanAround(atMs: number, spanMs: number, startMs: number, extent: Extent): readonly [number, number] {
  const held = startMs <= atMs && atMs <= startMs + spanMs;
  const wanted = held ? startMs : atMs - spanMs / 2;
  const start = Math.max(Math.min(wanted, extent.lastMs - spanMs), Math.min(extent.firstMs, extent.lastMs - spanMs));
  return [start, start + spanMs];
}

/** Where playing has come after `elapsedMs` of wall time; gaps in the record are skipped. */
export function playedTo(atMs: number, speed: number, elapsedMs: number, moment: Moment | null, extent: Extent): number {
  const to = atMs + speed * elapsedMs;
  const gap = moment !== null && moment.nextMs !== null && moment.nextMs - moment.atMs > GAP_MS && to > moment.atMs + GAP_MS;
  return within(gap && moment.nextMs !== null ? Math.max(to, moment.nextMs) : to, extent);
}

/** The incident opened last before a time, or first after it; `incidents` in order of opening. */
export function neighbour(incidents: readonly Opened[], atMs: number, direction: 1 | -1): Opened | null {
  const found = direction > 0 ? incidents.find(({ openedMs }) => openedMs > atMs) : incidents.findLast(({ openedMs }) => openedMs < atMs);
  return found ?? null;
}

/** A difference between what was known then and what is known now. */
export type Difference =
  | { readonly kind: "moved"; readonly track: Track; readonly now: TrackNow }
  | { readonly kind: "not-then"; readonly now: TrackNow }
  | { readonly kind: "not-now"; readonly track: Track }
  | { readonly kind: "outcome"; readonly then: Incident; readonly now: Incident }
  | { readonly kind: "opened-later"; readonly now: Incident };

/** Positions that are nearer than this to each other are the same [m]. */
export const MOVED_M = 10;
/** Without an estimate for so long, as in dead ground, the history says nothing of a track. */
export const HELD_MS = 10_000;

const METRES_PER_DEGREE = 111_195;

/** Good to a percent over the kilometres between two positions of a track. */
function metresBetween(one: Place, other: Place): number {
  const east = (one.lon - other.lon) * Math.cos((one.lat * Math.PI) / 180);
  return Math.hypot(east, one.lat - other.lat) * METRES_PER_DEGREE;
}

export function differences(moment: Moment): Difference[] {
  const { now } = moment;
  if (now === null) return [];
  const found: Difference[] = [];
  for (const then of moment.incidents.values()) {
    const later = now.incidents.get(then.id);
    if (later !== undefined && later.revision > then.revision && (later.state !== then.state || later.disposition !== then.disposition))
      found.push({ kind: "outcome", then, now: later });
  }
  for (const later of now.openedLater) found.push({ kind: "opened-later", now: later });
  found.sort((one, other) => rank(one) - rank(other));
  if (now.tracks === null) return found;
  for (const track of moment.tracks.values()) {
    const later = now.tracks.get(track.id);
    if (later === undefined) {
      if (track.status === "confirmed" && moment.atMs - track.updatedMs < HELD_MS) found.push({ kind: "not-now", track });
    } else if (metresBetween(track, later) >= MOVED_M) found.push({ kind: "moved", track, now: later });
  }
  for (const later of now.tracks.values()) if (!moment.tracks.has(later.id)) found.push({ kind: "not-then", now: later });
  return found;
}

function rank(one: Difference): number {
  return "now" in one && "priority" in one.now ? PRIORITIES.indexOf(one.now.priority) : PRIORITIES.length;
}
