// While the ground is loading, a computer without a GPU would draw the map again for each tile, and read each of these
// frames back: it rests as long as the last frame took. A computer with one does not notice it.

import type { Map as MapLibreMap } from "maplibre-gl";

/** What is needed of a map. */
export type LoadingMap = Pick<MapLibreMap, "triggerRepaint"> & { on(event: "render" | "movestart", listener: (event: { readonly originalEvent?: unknown }) => void): unknown };

/** The browser's clock and timers, as arguments. */
export interface Rhythm {
  now(): number;
  frame(then: () => void): void;
  later(then: () => void, ms: number): unknown;
}

const BROWSER: Rhythm = {
  now: () => performance.now(),
  frame: (then) => void requestAnimationFrame(then),
  later: (then, ms) => setTimeout(then, ms),
};

/** Fewer frames of a map until the function that is returned is called, or a person moves it. */
export function fewerFrames(map: LoadingMap, rhythm: Rhythm = BROWSER): () => void {
  const draw = map.triggerRepaint.bind(map);
  let free = false;
  let resting = false;
  let wished = false;
  const release = (): void => {
    free = true;
    if (wished) draw();
  };
  map.triggerRepaint = (): void => {
    if (free) draw();
    else if (resting) wished = true;
    else draw();
  };
  map.on("movestart", ({ originalEvent }) => {
    if (originalEvent !== undefined) release();
  });
  map.on("render", () => {
    if (free || resting) return;
    resting = true;
    const begunMs = rhythm.now();
    rhythm.frame(() =>
      rhythm.frame(() =>
        rhythm.later(() => {
          resting = false;
          if (!wished) return;
          wished = false;
          draw();
        }, rhythm.now() - begunMs),
      ),
    );
  });
  return release;
}
