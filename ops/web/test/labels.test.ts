// Laws of placing names on the map.

import assert from "node:assert/strict";
import { test } from "node:test";
import { boxOf, middleWithin, placeLabels, shared, type Label, type Obstacle } from "../src/label/place.ts";

const FRAME = { left: 0, top: 0, right: 660, bottom: 640 };

function label(number: number, more: Partial<Label> = {}): Label {
  return { id: `A${number}`, x: 330, y: 320, reach: 17, width: 70, height: 29, rank: 40, must: true, ...more };
}

/** The same numbers in each run: the generator of Park and Miller. */
function* chance(): Generator<number, never> {
  for (let state = 20201128; ; state = (state * 48271) % 2147483647) yield state / 2147483647;
}

function symbolOf({ x, y, reach }: Label): Obstacle {
  return { left: x - reach, right: x + reach, top: y - reach, bottom: y + reach, weight: 1 };
}

test("twenty alerts within a few hundred pixels of border all have their name, on no other name", () => {
  const random = chance();
  const labels = Array.from({ length: 20 }, (_, n) => label(n, { x: 130 + 400 * random.next().value, y: 310 + 20 * random.next().value }));
  const placed = placeLabels(labels, labels.map(symbolOf), FRAME);
  assert.equal(placed.size, labels.length);
  const boxes = labels.map((one) => boxOf(placed.get(one.id) ?? { x: Number.NaN, y: 0 }, one));
  for (const [n, box] of boxes.entries()) {
    for (const other of boxes.slice(n + 1)) assert.equal(shared(box, other), 0);
    for (const one of labels) assert.equal(shared(box, symbolOf(one)), 0);
    assert.ok(box.left >= 0 && box.right <= FRAME.right && box.top >= 0 && box.bottom <= FRAME.bottom);
  }
});

test("on the small map of a page at 200 %, nine alerts side by side have their names, each on its own place", () => {
  const random = chance();
  const frame = { left: 9, top: 9, right: 343, bottom: 231 };
  const buttons = [[6, 6, 215, 44], [6, 48, 98, 86], [306, 6, 346, 44], [0, 208, 352, 240]].map(
    ([left = 0, top = 0, right = 0, bottom = 0]): Obstacle => ({ left, top, right, bottom, weight: 1 }),
  );
  const units = [[201, 125], [98, 145], [98, 145]].map(([x = 0, y = 0], n) => label(90 + n, { x, y, reach: 8, width: 44, height: 14, rank: 30 }));
  let together = 0;
  for (let arrangement = 0; arrangement < 40; arrangement += 1) {
    const alerts = Array.from({ length: 9 }, (_, n) => label(n, { x: 140 + 130 * random.next().value, y: 119 + 4 * random.next().value, reach: 13, width: 60, height: 30 }));
    const labels = [...alerts, ...units];
    const placed = placeLabels(labels, [...labels.map(symbolOf), ...buttons], frame);
    const boxes = labels.map((one) => boxOf(placed.get(one.id) ?? { x: Number.NaN, y: 0 }, one));
    together += Number(boxes.some((box, n) => boxes.slice(n + 1).some((other) => shared(box, other) > 0)));
  }
  assert.equal(together, 0); // 14 of 40 with the places around each symbol only
});

test("a name stands at its symbol where there is room, and beside a leader line where there is none", () => {
  const alone = placeLabels([label(1)], [symbolOf(label(1))], FRAME).get("A1");
  assert.equal(alone?.apart, false);
  const crowd = Array.from({ length: 49 }, (_, n) => symbolOf(label(n, { x: 240 + 30 * (n % 7), y: 230 + 30 * Math.floor(n / 7) })));
  assert.equal(placeLabels([label(1)], crowd, FRAME).get("A1")?.apart, true);
});

test("a name at the edge stays on the map, and off the buttons above it", () => {
  const buttons = { left: 0, top: 0, right: 330, bottom: 50, weight: 1 };
  const corner = label(1, { x: 5, y: 60 });
  const found = placeLabels([corner], [symbolOf(corner), buttons], FRAME).get("A1");
  assert.ok(found !== undefined);
  const box = boxOf(found, corner);
  assert.ok(box.left >= 0);
  assert.equal(shared(box, buttons), 0);
});

test("a name at the edge is not cut off, however many symbols are beside it", () => {
  const edge = label(1, { x: 640, y: 320, width: 130 });
  const crowd = Array.from({ length: 49 }, (_, n) => symbolOf(label(n, { x: 440 + 30 * (n % 7), y: 230 + 30 * Math.floor(n / 7) })));
  const found = placeLabels([edge], [symbolOf(edge), ...crowd], FRAME).get("A1");
  assert.ok(found !== undefined);
  const box = boxOf(found, edge);
  assert.ok(box.right <= FRAME.right + 2 && box.left >= 0, JSON.stringify(box));
});

test("a name that need not be shown is left out rather than put upon one of higher rank", () => {
  const walls = Array.from({ length: 400 }, (_, n) => symbolOf(label(n, { x: 33 * (n % 20) + 16, y: 33 * Math.floor(n / 20) + 16 })));
  const placed = placeLabels([label(1), label(2, { must: false, rank: 10 })], walls, FRAME);
  assert.deepEqual([...placed.keys()], ["A1"]);
});

test("a name keeps its place while its symbol moves a little", () => {
  const first = placeLabels([label(1)], [], FRAME).get("A1");
  assert.ok(first !== undefined);
  const beside = { left: 300, right: 360, top: 340, bottom: 380, weight: 0.001 };
  const moved = placeLabels([label(1, { x: 331 })], [beside], FRAME, new Map([["A1", first.choice]])).get("A1");
  assert.equal(moved?.choice, first.choice);
  const fresh = placeLabels([label(1, { x: 331 })], [beside], FRAME).get("A1");
  assert.ok(fresh !== undefined);
});

test("a long name of a thing at the edge is moved into the map, among names that leave it no other place", () => {
  const frame = { left: 9, top: 9, right: 381, bottom: 316 };
  const wide = { width: 150, height: 14.4, reach: 8 };
  const offline = label(1, { x: 318, y: 170, ...wide });
  const others = [180, 205, 230, 255, 280].map((y, n) => ({ left: 60 + 20 * n, right: 300 + 10 * n, top: y - 9, bottom: y + 9, weight: 1 }));
  const above = { left: 0, top: 0, right: 390, bottom: 160, weight: 1 };
  const found = placeLabels([offline], [symbolOf(offline), above, ...others], frame).get("A1");
  assert.ok(found !== undefined);
  const box = boxOf(found, offline);
  assert.ok(box.left >= frame.left && box.right <= frame.right && box.bottom <= frame.bottom, JSON.stringify(box));
});

test("a name that is wider than the map stands in it as far as it goes", () => {
  const narrow = { left: 9, top: 9, right: 109, bottom: 300 };
  const found = placeLabels([label(1, { x: 60, y: 150, width: 160 })], [], narrow).get("A1");
  assert.ok(found !== undefined && Number.isFinite(found.x) && Number.isFinite(found.y));
});

test("a line has its name in the middle of what is in view of it", () => {
  const box = { left: 0, top: 0, right: 100, bottom: 100 };
  assert.deepEqual(middleWithin({ x: 20, y: 30 }, { x: 60, y: 70 }, box), { x: 40, y: 50 });
  assert.deepEqual(middleWithin({ x: 50, y: 50 }, { x: 350, y: 50 }, box), { x: 75, y: 50 }, "its far end is out of view");
  assert.deepEqual(middleWithin({ x: -100, y: 40 }, { x: 300, y: 40 }, box), { x: 50, y: 40 }, "both ends are");
  assert.equal(middleWithin({ x: -10, y: -10 }, { x: 300, y: -10 }, box), null);
  assert.equal(middleWithin({ x: -60, y: 30 }, { x: 30, y: -60 }, box), null, "past the corner");
});
