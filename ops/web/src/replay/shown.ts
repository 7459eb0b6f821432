// What the page shows while looking back: clock and trails of the moment instead of the live ones.

import { ServerClock } from "../model/clock.ts";
import type { Track } from "../model/records.ts";
import { Trails } from "../model/trails.ts";

/** The live clock, or the time that is looked at. */
export class ShownClock extends ServerClock {
  readonly #live: ServerClock;
  atMs: number | null = null;

  constructor(live: ServerClock) {
    super();
    this.#live = live;
  }

  override now(monotonicMs: number): number {
    return this.atMs ?? this.#live.now(monotonicMs);
  }
}

/** A longer jump starts new trails. */
const JUMP_MS = 120_000;

/** The live trails, or those that playing has drawn. */
export class ShownTrails extends Trails {
  readonly #live: Trails;
  #lastMs: number | null = null;

  constructor(live: Trails) {
    super();
    this.#live = live;
  }

  /** A moment was shown. */
  show(tracks: ReadonlyMap<string, Track>, atMs: number): void {
    if (this.#lastMs !== null && (atMs < this.#lastMs || atMs - this.#lastMs > JUMP_MS)) this.clear();
    this.#lastMs = atMs;
    this.take(tracks, atMs);
  }

  /** The live picture is shown again. */
  end(): void {
    this.clear();
    this.#lastMs = null;
  }

  override of(track: Track): ReturnType<Trails["of"]> {
    return this.#lastMs === null ? this.#live.of(track) : super.of(track);
  }
}
