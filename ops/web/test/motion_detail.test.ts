// A map that moves on a slow machine has fewer pixels, and all of them at rest.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MotionDetail, SHARES, shareFor, type Beat } from "../src/map/motion_detail.ts";

/** A map and a browser in which a frame takes as long as its pixels cost. */
class Machine implements Beat {
  readonly ratios: number[] = [];
  readonly #listeners = new Map<string, (() => void)[]>();
  readonly #wholeMs: number;
  #frames: (() => void)[] = [];
  #timers = new Map<number, { readonly then: () => void; readonly atMs: number }>();
  #nowMs = 0;
  #share = 1;
  moving = false;
  held = false;
  redrawn = 0;

  constructor(wholeMs: number) {
    this.#wholeMs = wholeMs;
  }

  now = (): number => this.#nowMs;
  frame = (then: () => void): void => void this.#frames.push(then);
  cancel = (timer: number): void => void this.#timers.delete(timer);
  pressed = (): boolean => this.held;
  screenRatio = (): number => 2;
  isMoving = (): boolean => this.moving;
  redraw(): this {
    this.redrawn += 1;
    return this;
  }
  later(then: () => void, ms: number): number {
    const timer = this.#timers.size + 1000 * this.#nowMs;
    this.#timers.set(timer, { then, atMs: this.#nowMs + ms });
    return timer;
  }
  /** As the library does: a change of size is told as a move, unless the map moves. */
  setPixelRatio(ratio: number): void {
    this.ratios.push(ratio);
    this.#share = ratio / 2;
    if (!this.moving) for (const event of ["movestart", "moveend"]) this.tell(event);
  }
  on(event: string, listener: () => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }
  tell(event: string): void {
    for (const listener of this.#listeners.get(event) ?? []) listener();
  }
  /** So many frames, each drawn where the map moves. */
  run(frames: number): void {
    for (let n = 0; n < frames; n += 1) {
      if (this.moving) this.tell("render");
      this.#nowMs += Math.max(16, this.#wholeMs * this.#share ** 2);
      const due = this.#frames;
      this.#frames = [];
      for (const then of due) then();
      for (const [timer, { then, atMs }] of [...this.#timers]) {
        if (atMs > this.#nowMs) continue;
        this.#timers.delete(timer);
        then();
      }
    }
  }
  move(frames: number): void {
    this.moving = true;
    this.tell("movestart");
    this.run(frames);
    this.moving = false;
    this.tell("moveend");
  }
}

function machine(wholeMs: number): Machine {
  const made = new Machine(wholeMs);
  new MotionDetail(made, made);
  return made;
}

test("a fast machine draws every pixel while the map moves", () => {
  const fast = machine(16);
  fast.move(60);
  fast.run(30);
  assert.deepEqual(fast.ratios, []);
});

test("a slow machine draws fewer pixels while the map moves, and all at rest", () => {
  const slow = machine(190);
  slow.move(60);
  assert.deepEqual(slow.ratios, [1.4, 1]);
  slow.run(30);
  assert.deepEqual(slow.ratios, [1.4, 1, 2]);
  assert.equal(slow.redrawn, 3);
});

test("the next move begins with the pixels of the last one", () => {
  const slow = machine(190);
  slow.move(60);
  slow.run(30);
  slow.move(2);
  assert.equal(slow.ratios.at(-1), 1);
});

test("a map that moves on within moments is not drawn sharp in between", () => {
  const slow = machine(190);
  slow.move(60);
  slow.run(1);
  slow.move(20);
  assert.equal(slow.ratios.filter((ratio) => ratio === 2).length, 0);
  slow.run(30);
  assert.equal(slow.ratios.at(-1), 2);
});

test("a button that is pressed again is not taken from the hand", () => {
  const slow = machine(190);
  slow.move(60);
  slow.held = true;
  slow.run(60);
  assert.equal(slow.ratios.at(-1), 1);
  slow.held = false;
  slow.run(60);
  assert.equal(slow.ratios.at(-1), 2);
});

test("a jump, which is no motion, changes nothing", () => {
  const slow = machine(190);
  slow.move(60);
  slow.run(30);
  const before = slow.ratios.length;
  slow.move(0);
  slow.run(30);
  assert.equal(slow.ratios.length, before);
});

for (const wholeMs of [1, 16, 30, 41, 54, 56, 80, 112, 120, 190, 230, 1000]) {
  test(`a machine of ${wholeMs} ms a frame comes to one share and stays there`, () => {
    const steady = machine(wholeMs);
    steady.move(100);
    const settled = steady.ratios.at(-1);
    const changes = steady.ratios.length;
    steady.moving = true;
    steady.tell("movestart");
    steady.run(100);
    assert.equal(steady.ratios.length, changes);
    assert.ok(settled === undefined || settled < 2);
  });
}

test("more pixels come back on a machine that has become fast, one step at a time", () => {
  assert.equal(shareFor(0.5, 10), 0.7);
  assert.equal(shareFor(0.7, 10), 1);
  assert.equal(shareFor(1, 10), 1);
  assert.equal(shareFor(0.5, 500), 0.5);
  assert.deepEqual([...SHARES].sort((a, b) => b - a), [...SHARES]);
});
