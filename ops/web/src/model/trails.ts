// Where each track was, as far as this page saw it: a short memory, bounded in points and in time.

import type { Track } from "./records.ts";

const MAX_POINTS = 60;
const MIN_STEP_S = 10;
export const TRAIL_S = 600;

type Point = readonly [lon: number, lat: number];

interface Trail {
  readonly points: Point[];
  readonly timesMs: number[];
}

export class Trails {
  readonly #trails = new Map<string, Trail>();

  clear(): void {
    this.#trails.clear();
  }

  /** Take in one picture; tracks that are not in it are forgotten. */
  take(tracks: ReadonlyMap<string, Track>, stampMs: number): void {
    for (const id of this.#trails.keys()) if (!tracks.has(id)) this.#trails.delete(id);
    for (const track of tracks.values()) {
      const trail = this.#trails.get(track.id);
      if (trail === undefined) {
        this.#trails.set(track.id, { points: [[track.lon, track.lat]], timesMs: [stampMs] });
      } else {
        grow(trail, track, stampMs);
      }
    }
  }

  /** Places of a track from old to now, its present one last. */
  of(track: Track): readonly Point[] {
    const past = this.#trails.get(track.id)?.points ?? [];
    return [...past, [track.lon, track.lat]];
  }
}

function grow(trail: Trail, track: Track, stampMs: number): void {
  const newestMs = trail.timesMs.at(-1) ?? -Infinity;
  if (stampMs - newestMs < MIN_STEP_S * 1000) return;
  trail.points.push([track.lon, track.lat]);
  trail.timesMs.push(stampMs);
  while (trail.points.length > MAX_POINTS || (trail.timesMs[0] ?? 0) < stampMs - TRAIL_S * 1000) {
    trail.points.shift();
    trail.timesMs.shift();
  }
}
