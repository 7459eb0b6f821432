import assert from "node:assert/strict";
import { test } from "node:test";
import type { Position } from "geojson";
import { sideLabels } from "../src/geo/sides.ts";

/** Half width and height of a name in shares of the border's extent, as drawn with the whole border in view. */
const [HALF, HEIGHT, GAP] = [0.06, 0.03, 0.02];

/** Corners and centre of a name's box. */
function box(at: readonly [number, number], anchor: string, extent: number, scale: number): [number, number][] {
  const toNorth = anchor.startsWith("bottom") ? 1 : anchor.startsWith("top") ? -1 : 0;
  const toEast = anchor.endsWith("left") ? 1 : anchor.endsWith("right") ? -1 : 0;
  const [x, y] = [at[0] * scale + toEast * (HALF + GAP) * extent, at[1] + toNorth * (HEIGHT / 2 + GAP) * extent];
  return [
    [x, y],
    ...[-1, 1].flatMap((e) => [-1, 1].map((n): [number, number] => [x + e * HALF * extent, y + n * (HEIGHT / 2) * extent])),
  ];
}

/** Whether a point is in a polygon, by the even-odd rule. */
function within([x, y]: readonly [number, number], ring: readonly (readonly [number, number])[]): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [[ax, ay], [bx, by]] = [ring[i] ?? [0, 0], ring[j] ?? [0, 0]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/** A border along the equator (or at `lat`) that runs east, with tongues of `depth` degrees. */
function tongues(depth: number, lat: number): Position[] {
  const line: Position[] = [];
  for (let k = 0; k <= 40; k += 1) line.push([k * 0.02, lat + (k % 4 === 1 || k % 4 === 2 ? depth : 0)]);
  return line;
}

for (const lat of [0, 60]) {
  for (const depth of [0, 0.02, 0.08, 0.3]) {
    for (const reversed of [false, true]) {
      test(`each name is wholly on its side: tongues of ${depth} degrees at latitude ${lat}, ${reversed ? "west" : "east"}`, () => {
        const line = tongues(depth, lat);
        const scale = Math.cos((lat * Math.PI) / 180);
        const extent = Math.max(0.8 * scale, depth);
        const north: [number, number][] = [...line.map(([x = 0, y = 0]): [number, number] => [x * scale, y]), [2, lat + 9], [-2, lat + 9]];
        const labels = sideLabels([reversed ? [...line].reverse() : line], reversed ? "right" : "left");
        assert.equal(labels.length, 4);
        for (const { side, at, anchor } of labels) {
          // a name too large for a tongue may be placed for a closer view: its box is tried at the sizes of the map
          const right = [1, 0.5, 0.25, 0.125].map((smaller) =>
            box(at, anchor, extent * smaller, scale).every((point) => within(point, north) === (side === "own")),
          );
          assert.ok(right.at(-1), `${side} at ${at.join(", ")} by ${anchor}`);
          if (depth <= 0.02) assert.ok(right[0], `${side} at ${at.join(", ")} by ${anchor} with the whole border in view`);
        }
      });
    }
  }
}

test("without a border there are no names", () => {
  assert.deepEqual(sideLabels([], "left"), []);
  assert.deepEqual(sideLabels([[[0, 0]]], "left"), []);
});
