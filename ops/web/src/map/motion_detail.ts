// Without a GPU a frame costs what its pixels cost: a machine that is too slow draws fewer while the map moves, and all at rest.

import type { Map as MapLibreMap } from "maplibre-gl";

/** Pixels along each side, of those that the screen has. */
export const SHARES = [1, 0.7, 0.5] as const;
export type Share = (typeof SHARES)[number];

/** About 18 frames a second: slower than this a map does not follow the hand. */
const SLOW_MS = 55;
/** More pixels must leave room, or the map would go to and fro between two shares. */
const FAST_MS = 40;
/** Frames of which the middle one counts. */
const JUDGED = 3;
/** At rest is a map that has not moved for so long. */
const REST_MS = 150;

/** The share after frames that took so long with another one. */
export function shareFor(share: Share, frameMs: number): Share {
  const at = SHARES.indexOf(share);
  const [more, fewer] = [SHARES[at - 1], SHARES[at + 1]];
  if (frameMs > SLOW_MS) return fewer ?? share;
  if (more !== undefined && frameMs * (more / share) ** 2 < FAST_MS) return more;
  return share;
}

/** What is needed of a map. */
export type DetailedMap = Pick<MapLibreMap, "isMoving" | "setPixelRatio" | "redraw"> & {
  on(event: "movestart" | "moveend" | "render", listener: () => void): unknown;
};

/** The browser's clock, frames, screen and pointer, as arguments. */
export interface Beat {
  now(): number;
  frame(then: () => void): void;
  later(then: () => void, ms: number): number;
  cancel(timer: number): void;
  screenRatio(): number;
  /** Whether a button or finger is down, which may begin to drag. */
  pressed(): boolean;
}

const down = new Set<number>();
if (typeof window !== "undefined") {
  window.addEventListener("pointerdown", ({ pointerId }) => down.add(pointerId), true);
  for (const end of ["pointerup", "pointercancel"] as const) window.addEventListener(end, ({ pointerId }) => down.delete(pointerId), true);
  for (const away of ["blur", "contextmenu"] as const) window.addEventListener(away, () => down.clear(), true); // their end raises no event
}

const BROWSER: Beat = {
  now: () => performance.now(),
  frame: (then) => void requestAnimationFrame(then),
  later: (then, ms) => window.setTimeout(then, ms),
  cancel: (timer) => clearTimeout(timer),
  screenRatio: () => devicePixelRatio,
  pressed: () => down.size > 0,
};

export class MotionDetail {
  readonly #map: DetailedMap;
  readonly #beat: Beat;
  readonly #tookMs: number[] = [];
  #share: Share = 1;
  #applied: Share = 1;
  #changing = false;
  #measuring = false;
  #rest: number | null = null;

  constructor(map: DetailedMap, beat: Beat = BROWSER) {
    this.#map = map;
    this.#beat = beat;
    map.on("movestart", () => this.#begin());
    map.on("moveend", () => this.#end());
    map.on("render", () => this.#measure());
  }

  #begin(): void {
    if (this.#changing) return;
    if (this.#rest !== null) this.#beat.cancel(this.#rest);
    this.#rest = null;
    this.#beat.frame(() => this.#show());
  }

  #end(): void {
    if (this.#changing) return;
    if (this.#rest !== null) this.#beat.cancel(this.#rest);
    this.#rest = this.#beat.later(() => {
      this.#rest = null;
      this.#beat.frame(() => this.#show());
    }, REST_MS);
  }

  /** Between two frames of the map, never within one; what is drawn is drawn again at once, so that nothing flashes. */
  #show(): void {
    const moves = this.#map.isMoving();
    if (!moves && this.#rest !== null) return; // it may move on
    if (!moves && this.#beat.pressed()) return this.#end(); // a change of size would end what the hand has begun
    const share = moves ? this.#share : 1;
    if (share === this.#applied) return;
    this.#applied = share;
    this.#changing = true; // the map tells of a move when its size changes
    this.#map.setPixelRatio(this.#beat.screenRatio() * share);
    this.#map.redraw();
    this.#changing = false;
  }

  /** A browser that cannot keep up is late with the frames after the map's: pauses of the hand do not count. */
  #measure(): void {
    if (this.#measuring || this.#changing || !this.#map.isMoving()) return;
    this.#measuring = true;
    const begunMs = this.#beat.now();
    this.#beat.frame(() =>
      this.#beat.frame(() => {
        this.#measuring = false;
        this.#judge((this.#beat.now() - begunMs) / 2);
      }),
    );
  }

  #judge(tookMs: number): void {
    this.#tookMs.push(tookMs);
    if (this.#tookMs.length < JUDGED) return;
    const middle = this.#tookMs.sort((a, b) => a - b)[Math.floor(JUDGED / 2)] ?? 0;
    this.#tookMs.length = 0;
    const share = shareFor(this.#share, middle);
    if (share === this.#share) return;
    this.#share = share;
    if (this.#map.isMoving()) this.#show();
  }
}
