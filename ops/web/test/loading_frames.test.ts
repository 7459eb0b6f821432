// While the ground loads, a slow map rests as long as its last frame took; afterwards, and once a person moves it, it does not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fewerFrames, type Rhythm } from "../src/map/loading_frames.ts";

type Listener = (event: { originalEvent?: unknown }) => void;

/** A map whose frames take `tookMs`, with a clock, frames and timers that the test moves on. */
class Slow implements Rhythm {
  drawn = 0;
  #nowMs = 0;
  readonly #tookMs: number;
  readonly #listeners = new Map<string, Listener>();
  readonly #frames: (() => void)[] = [];
  readonly timers: { readonly then: () => void; readonly ms: number }[] = [];

  constructor(tookMs: number) {
    this.#tookMs = tookMs;
  }

  triggerRepaint = (): void => void (this.drawn += 1);
  on = (event: string, listener: Listener): unknown => this.#listeners.set(event, listener);
  now = (): number => this.#nowMs;
  frame = (then: () => void): void => void this.#frames.push(then);
  later = (then: () => void, ms: number): unknown => this.timers.push({ then, ms });

  raise(event: string, more: { originalEvent?: unknown } = {}): void {
    this.#listeners.get(event)?.(more);
  }

  /** One frame is rendered, and the browser takes two more. */
  render(): void {
    this.raise("render");
    this.#frames.shift()?.();
    this.#nowMs += this.#tookMs;
    this.#frames.shift()?.();
  }
}

test("after a frame of 80 ms the map rests for 80 ms, and draws once for all that was wished", () => {
  const map = new Slow(80);
  fewerFrames(map, map);
  map.triggerRepaint();
  assert.equal(map.drawn, 1);
  map.render();
  for (let n = 0; n < 5; n += 1) map.triggerRepaint();
  assert.equal(map.drawn, 1);
  assert.deepEqual(map.timers.map(({ ms }) => ms), [80]);
  map.timers[0]?.then();
  assert.equal(map.drawn, 2);
  map.triggerRepaint();
  assert.equal(map.drawn, 3, "what is wished after the rest is drawn at once");
});

test("a map for which nothing was wished draws nothing after its rest", () => {
  const map = new Slow(80);
  fewerFrames(map, map);
  map.render();
  map.timers[0]?.then();
  assert.equal(map.drawn, 0);
});

test("once the ground is there every frame is drawn, and what was wished before is", () => {
  const map = new Slow(80);
  const release = fewerFrames(map, map);
  map.render();
  map.triggerRepaint();
  release();
  assert.equal(map.drawn, 1);
  map.render();
  map.triggerRepaint();
  assert.equal(map.drawn, 2);
  assert.equal(map.timers.length, 1);
});

test("a person who moves the map has every frame; the page that places it has not", () => {
  const map = new Slow(80);
  fewerFrames(map, map);
  map.render();
  map.raise("movestart");
  map.triggerRepaint();
  assert.equal(map.drawn, 0);
  map.raise("movestart", { originalEvent: {} });
  assert.equal(map.drawn, 1);
});
