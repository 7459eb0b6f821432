// Draws as often as the machine can, not as often as pictures come: without a GPU one change of the map takes long.

import type { Map as MapLibreMap } from "maplibre-gl";
import type { SourceName } from "./layers.ts";

/** A machine that does not come to rest after a change is asked again after so long. */
const LONGEST_MS = 3000;
/** A change rests for so many times as long as it took, so that page, server and others get their turns. */
const REST = 1;
const MOVING: readonly SourceName[] = ["tracks", "details"];

/**
 * Calls `draw` for any number of wishes once, and not again until the map has worked that off and rested as long.
 * Nothing is drawn while the page is hidden: animation frames wait, and so does this.
 */
export class FrameLimit {
  readonly #map: MapLibreMap;
  readonly #draw: () => void;
  #wished = false;
  #busy = false;

  constructor(map: MapLibreMap, draw: () => void) {
    this.#map = map;
    this.#draw = draw;
  }

  /** Draw as soon as the machine has time. */
  soon(): void {
    this.#wished = true;
    if (!this.#busy) void this.#work();
  }

  /** Draw at once: a person waits for it. */
  now(): void {
    this.#wished = false;
    this.#draw();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#wished) {
        this.#wished = false;
        const begunMs = performance.now();
        this.#draw();
        await this.#settled();
        const tookMs = performance.now() - begunMs;
        await new Promise((resolve) => setTimeout(resolve, tookMs * REST));
      }
    } finally {
      this.#busy = false;
    }
  }

  /** What moves is loaded and drawn, and the browser has taken frames after that. Tiles of the ground may come later. */
  async #settled(): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#map.off("render", check);
        resolve();
      };
      const check = (): void => {
        if (MOVING.every((source) => this.#map.isSourceLoaded(source))) done();
      };
      const timer = setTimeout(done, LONGEST_MS);
      this.#map.on("render", check);
      this.#map.triggerRepaint(); // a change may have changed nothing that is drawn
    });
    await frame();
    await frame();
  }
}

function frame(): Promise<unknown> {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}
