/** Where beside the border the names of its sides can be written, so that all of each name is on its own side. */

import type { BorderLines } from "./crossing.ts";

/** A label beside the border: its point on the border, and the anchor of the text there. */
export interface SideLabel {
  readonly side: "own" | "far";
  readonly at: readonly [number, number];
  readonly anchor: Anchor;
}

/** Anchors of a text, and where its box is from the point: multiples of its half width and of its height, northward. */
const BOXES = {
  bottom: [0, 1],
  top: [0, -1],
  left: [1, 0],
  right: [-1, 0],
  "bottom-left": [1, 1],
  "bottom-right": [-1, 1],
  "top-left": [1, -1],
  "top-right": [-1, -1],
} as const;
export type Anchor = keyof typeof BOXES;

/** Shares of the border's pieces at which the two pairs of names are wanted. */
const WANTED = [0.35, 0.88];
/** Half width and height of a text, and its distance from the point, as shares of the border's extent: with the whole
 * border in view. Closer, a text covers less ground; smaller shares are tried where the border bends too much. */
const HALF_WIDTH = 0.06;
const HEIGHT = 0.03;
const GAP = 0.02;
const SMALLER = [1, 0.5, 0.25, 0.125];
/** Number of places that are tried about each wanted one. */
const TRIED = 40;

type Point = readonly [number, number];
type Piece = readonly [Point, Point];

/** Each name near each wanted place, where it does not reach over the border; a name without such a place is left out. */
export function sideLabels(lines: BorderLines, homeSide: "left" | "right"): SideLabel[] {
  const { pieces, lonLat } = scaledPieces(lines);
  if (pieces.length === 0) return [];
  const extent = extentOf(pieces);
  const farSide = homeSide === "left" ? "right" : "left";
  return WANTED.flatMap((share) => {
    const tried = outward(Math.floor(share * (pieces.length - 1)), pieces.length);
    return [labelOn("own", homeSide), labelOn("far", farSide)].flatMap((label) => label ?? []);

    function labelOn(side: "own" | "far", hand: "left" | "right"): SideLabel | null {
      for (const smaller of SMALLER)
        for (const number of tried) {
          const anchor = anchorOn(pieces, number, hand, extent * smaller);
          const piece = pieces[number];
          if (anchor !== null && piece !== undefined) return { side, at: lonLat(middle(piece)), anchor };
        }
      return null;
    }
  });
}

/** The pieces with equal scales east and north; numbers of degrees of latitude. */
function scaledPieces(lines: BorderLines): { pieces: Piece[]; lonLat: (point: Point) => [number, number] } {
  const scale = Math.cos(((lines[0]?.[0]?.[1] ?? 0) * Math.PI) / 180);
  const pieces = lines.flatMap((line) =>
    line.slice(1).flatMap((end, index): Piece[] => {
      const start = line[index] ?? end;
      const piece: Piece = [
        [(start[0] ?? 0) * scale, start[1] ?? 0],
        [(end[0] ?? 0) * scale, end[1] ?? 0],
      ];
      return piece[0][0] === piece[1][0] && piece[0][1] === piece[1][1] ? [] : [piece];
    }),
  );
  return { pieces, lonLat: ([x, y]) => [x / scale, y] };
}

function extentOf(pieces: readonly Piece[]): number {
  const points = pieces.flat();
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const span = (values: number[]) => values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
  return Math.max(span(xs), span(ys));
}

/** Numbers below `count`, the nearest to `wanted` first, at most TRIED and up to a fifth of them away. */
function outward(wanted: number, count: number): number[] {
  const step = Math.max(1, Math.floor((0.4 * count) / TRIED));
  const numbers = [...Array(TRIED).keys()].map((k) => wanted + (k % 2 === 0 ? -1 : 1) * Math.ceil(k / 2) * step);
  return numbers.filter((number) => number >= 0 && number < count);
}

/** The anchor whose whole box is on a side of the border, the one that leaves it most directly; null if there is none. */
function anchorOn(
  pieces: readonly Piece[],
  number: number,
  side: "left" | "right",
  extent: number,
): Anchor | null {
  const own = pieces[number];
  if (own === undefined) return null;
  const from = middle(own);
  const [east, north] = [own[1][0] - own[0][0], own[1][1] - own[0][1]];
  const length = Math.hypot(east, north);
  const normal: Point = side === "left" ? [-north / length, east / length] : [north / length, -east / length];
  let best: { anchor: Anchor; away: number } | null = null;
  for (const anchor of Object.keys(BOXES) as Anchor[]) {
    const corners = cornersOf(anchor, extent);
    const away = Math.min(...corners.map(([x, y]) => x * normal[0] + y * normal[1]));
    if (away <= 0 || (best !== null && away <= best.away)) continue;
    const ends = corners.map(([x, y]): Point => [from[0] + x, from[1] + y]);
    const free = ends.every((end) => pieces.every((other) => other === own || !meet(from, end, other)));
    if (free && !ends.some((end, index) => pieces.some((other) => meet(end, ends[(index + 1) % 4] ?? end, other))))
      best = { anchor, away };
  }
  return best?.anchor ?? null;
}

/** The corners of a text's box about its point, in a circle. */
function cornersOf(anchor: Anchor, extent: number): Point[] {
  const [toEast, toNorth] = BOXES[anchor];
  const [half, height, gap] = [HALF_WIDTH * extent, HEIGHT * extent, GAP * extent];
  const x = toEast * (half + gap);
  const y = toNorth * (height / 2 + gap);
  return [
    [x - half, y - height / 2],
    [x + half, y - height / 2],
    [x + half, y + height / 2],
    [x - half, y + height / 2],
  ];
}

function middle([start, end]: Piece): Point {
  return [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2];
}

/** Whether the straight line between two points meets a piece. */
function meet(a: Point, b: Point, [c, d]: Piece): boolean {
  return turn(a, b, c) * turn(a, b, d) <= 0 && turn(c, d, a) * turn(c, d, b) <= 0;
}

function turn(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}
