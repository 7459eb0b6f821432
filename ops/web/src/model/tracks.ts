// How a track is drawn, as plain values: how sure it exists, whether its place is seen or only predicted.

import type { Alert, Label, Priority, Track } from "./records.ts";

/** Without a plot for so long a track is drawn as stale: its place is old news. Scenario seconds. */
export const STALE_TRACK_S = 15;
/** The velocity vector ends where the mover would be after one of these times at its present speed. */
export const VECTORS_S = [60, 120, 300, 600] as const;
const WALKER_MPS = 1.4;
const LEAST_VECTOR_PX = 18;

/** The shortest of them in which a walker's vector can be seen at this scale: one time for all tracks, which the page states. */
export function vectorTime(metresPerPixel: number): number {
  const [first, ...longer] = VECTORS_S;
  return [first, ...longer].find((time) => WALKER_MPS * time >= LEAST_VECTOR_PX * metresPerPixel) ?? VECTORS_S[VECTORS_S.length - 1] ?? first;
}
/** A crossing further ahead than this is not drawn: nobody walks straight for so long. */
export const CROSSING_AHEAD_S = 600;
/** Beyond so many tracks, trails, ellipses and vectors are drawn for a choice of them only. */
export const DETAILED_TRACKS = 200;
/** Beyond so many tracks, those without an alert are dots until one zooms in to `SYMBOLS_ZOOM`. */
export const SYMBOL_TRACKS = 1500;
export const SYMBOLS_ZOOM = 13;
/** Further out than this, tracks without an alert are dots however few they are: what needs a person, own forces and the border are seen. */
export const DOTS_ZOOM = 11;

export type Look = "confirmed" | "tentative" | "coasting" | "stale";

export function look(track: Track, nowMs: number): Look {
  if (Number.isFinite(nowMs) && nowMs - track.updatedMs > STALE_TRACK_S * 1000) return "stale";
  return track.status;
}

/** As its symbol is drawn: a tentative track that went stale stays small, or it would look like a mover that was lost. */
export type Drawn = Look | "tentative-stale";

export function drawnAs(track: Track, nowMs: number): Drawn {
  const how = look(track, nowMs);
  return how === "stale" && track.status === "tentative" ? "tentative-stale" : how;
}

/** Existence as opacity, never so faint that it is overlooked; in steps, so that a picture changes little. */
export function opacity(track: Track): number {
  return Math.round((0.3 + 0.7 * track.existence) * 20) / 20;
}

export function iconName(label: Label, how: Drawn, alerted: boolean): string {
  return `track/${label}/${how}${alerted ? "/alert" : ""}`;
}

/** The same track as a dot, for a picture too full for symbols. */
export function dotName(how: Drawn): string {
  return `track/dot/${how}`;
}

/**
 * The tracks whose trail, ellipse and vector are drawn: all when few; else the selected, those with an open alert,
 * and the ones nearest to `centre`, `DETAILED_TRACKS` in all.
 */
export function detailed(
  tracks: ReadonlyMap<string, Track>,
  selected: string | null,
  priorities: ReadonlyMap<string, Priority>,
  centre: { readonly lon: number; readonly lat: number },
): Track[] {
  if (tracks.size <= DETAILED_TRACKS) return [...tracks.values()];
  const shrink = Math.cos((centre.lat * Math.PI) / 180);
  const weight = (track: Track): number => {
    if (track.id === selected) return -2;
    if (priorities.has(track.id)) return -1;
    return ((track.lon - centre.lon) * shrink) ** 2 + (track.lat - centre.lat) ** 2;
  };
  return [...tracks.values()]
    .map((track) => ({ track, weight: weight(track) }))
    .sort((first, second) => first.weight - second.weight)
    .slice(0, DETAILED_TRACKS)
    .map(({ track }) => track);
}

/** Selected first, then tracks with an open alert by priority, then the most certain: the order of the track list. */
export function byInterest(
  priorities: ReadonlyMap<string, Priority>,
  order: readonly Priority[],
): (first: Track, second: Track) => number {
  const rank = (track: Track): number => {
    const priority = priorities.get(track.id);
    return priority === undefined ? order.length : order.indexOf(priority);
  };
  return (first, second) =>
    rank(first) - rank(second) || second.existence - first.existence || (first.id < second.id ? -1 : 1);
}

/**
 * What the page knows of an alert's track: in the picture, ended, or unknown while the picture is older than the alert's
 * last revision, as when the page loads or after an outage. Null for an alert without a track.
 */
export function alertTrack(
  alert: Alert,
  tracks: ReadonlyMap<string, Track>,
  stampMs: number | null,
): "present" | "ended" | "unknown" | null {
  if (alert.track === null) return null;
  if (tracks.has(alert.track)) return "present";
  return stampMs !== null && stampMs >= alert.updatedMs ? "ended" : "unknown";
}
