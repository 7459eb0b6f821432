// The lines and labels of the grid within a view: clipped to their zones, labelled where they meet the edges of the view.

import type { Feature, Position } from "geojson";
import type { Bounds } from "../geo/bounds.ts";
import { fromUtm, toUtm } from "./utm.ts";
import { NORTHERN_LIMIT, SOUTHERN_LIMIT, SQUARE_M, squareLetters, zonesIn, type GridZone } from "./zones.ts";

/** Distance of neighbouring lines [m]; null: only the edges of zones. */
export type Spacing = 100_000 | 10_000 | 1000 | 100 | null;
const SPACINGS: readonly Exclude<Spacing, null>[] = [100, 1000, 10_000, 100_000];
/** Neighbouring lines are at least so far apart on the screen. */
const LEAST_PX = 72;
/** Points along a line across the view: between them lines are straight to less than a pixel. */
const STEPS = 32;
/** A square's name stands at one of so many places along each side of the view. */
const PLACES = 24;

/** The finest spacing whose lines are not too close on the screen. */
export function spacingFor(metresPerPixel: number): Spacing {
  return SPACINGS.find((spacing) => spacing / metresPerPixel >= LEAST_PX) ?? null;
}

/** Lines within `view` as features: `part` is zone, major (each tenth line) or minor. */
export function gridLines(view: Bounds, spacing: Spacing): Feature[] {
  return zonesIn(view).flatMap((zone) => [...edges(zone, view), ...(spacing === null ? [] : linesOf(zone, view, spacing))]);
}

/** Labels as features: digits of the lines at the left and lower edges of `view`, and names of squares or zones. */
export function gridLabels(view: Bounds, spacing: Spacing): Feature[] {
  return zonesIn(view).flatMap((zone) => {
    const visible = within(zone.bounds, view);
    if (visible === null) return [];
    if (spacing === null) return [label(zone.name, middle(visible), "zone")];
    return [...digitsOf(zone, view, spacing), ...squaresOf(zone, visible, spacing)];
  });
}

function linesOf(zone: GridZone, view: Bounds, spacing: number): Feature[] {
  return [...eachLine(zone, view, spacing)].flatMap(({ value, pieces }) =>
    pieces.map((coordinates) => ({
      type: "Feature" as const,
      properties: { part: value % (10 * spacing) === 0 || spacing === SQUARE_M ? "major" : "minor", value, zone: zone.name },
      geometry: { type: "LineString" as const, coordinates },
    })),
  );
}

interface GridLine {
  readonly axis: "easting" | "northing";
  readonly value: number;
  /** Its parts within zone and view. */
  readonly pieces: readonly Position[][];
}

/** Every line of a zone that may touch the view, clipped to both. */
function* eachLine(zone: GridZone, view: Bounds, spacing: number): Generator<GridLine> {
  const box = within(zone.bounds, view);
  if (box === null) return;
  const [[east0, north0], [east1, north1]] = extent(zone, box);
  const along = (from: number, to: number): number[] => Array.from({ length: STEPS + 1 }, (_, n) => from + ((to - from) * n) / STEPS);
  for (const easting of multiples(east0, east1, spacing)) {
    const points = along(north0, north1).map((northing) => fromUtm([easting, northing], zone.zone, zone.south));
    yield { axis: "easting", value: easting, pieces: clipped(points, box) };
  }
  for (const northing of multiples(north0, north1, spacing)) {
    const points = along(east0, east1).map((easting) => fromUtm([easting, northing], zone.zone, zone.south));
    yield { axis: "northing", value: northing, pieces: clipped(points, box) };
  }
}

/** Eastings and northings around all points of a box, a little too wide. */
function extent({ zone, south }: GridZone, [west, low, east, high]: Bounds): [[number, number], [number, number]] {
  const eastings: number[] = [];
  const northings: number[] = [];
  for (let n = 0; n <= STEPS; n += 1) {
    const [lon, lat] = [west + ((east - west) * n) / STEPS, low + ((high - low) * n) / STEPS];
    for (const place of [[lon, low], [lon, high], [west, lat], [east, lat]]) {
      const [easting, northing] = toUtm(place, zone, south);
      eastings.push(easting);
      northings.push(northing);
    }
  }
  const wide = (values: number[]): [number, number] => {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return [least - (most - least) / 100, most + (most - least) / 100];
  };
  const [[east0, east1], [north0, north1]] = [wide(eastings), wide(northings)];
  return [[east0, north0], [east1, north1]];
}

function* multiples(from: number, to: number, spacing: number): Generator<number> {
  for (let n = Math.ceil(from / spacing); n * spacing <= to; n += 1) yield n * spacing;
}

/** The western and southern edge of a zone, and where the grid ends its northern one. */
function edges({ bounds: [west, south, east, north] }: GridZone, view: Bounds): Feature[] {
  const sides: Position[][] = [[[west, south], [west, north]], [[west, south], [east, south]]];
  if (north === NORTHERN_LIMIT) sides.push([[west, north], [east, north]]);
  return sides
    .flatMap((side) => clipped(side, view))
    .map((coordinates) => ({ type: "Feature", properties: { part: "zone" }, geometry: { type: "LineString", coordinates } }));
}

function digitsOf(zone: GridZone, view: Bounds, spacing: number): Feature[] {
  const [west, south] = view;
  return [...eachLine(zone, view, spacing)].flatMap(({ axis, value, pieces }) => {
    const at = pieces.map((piece) => (axis === "easting" ? crossing(piece, 1, south) : crossing(piece, 0, west))).find((place) => place !== null);
    return at == null ? [] : [{ ...label("", at, axis), properties: { part: axis, ...digits(value, axis, spacing) } }];
  });
}

/** As on the margins of maps: hundreds of kilometres small, then the digits that a position starts with. */
export function digits(value: number, axis: "easting" | "northing", spacing: number): { prefix: string; digits: string; suffix: string } {
  const prefix = String(Math.floor(value / SQUARE_M));
  if (value % SQUARE_M === 0) return { prefix, digits: "00", suffix: axis === "easting" ? "000mE" : "000mN" };
  const inSquare = String(value % SQUARE_M).padStart(5, "0");
  return { prefix, digits: inSquare.slice(0, 6 - String(spacing).length), suffix: "" };
}

/** The name of each square in view: in its middle where squares are small, else at its upper left corner in view. */
function squaresOf({ name, zone, south }: GridZone, [west, low, east, high]: Bounds, spacing: number): Feature[] {
  const found = new Map<string, Position[]>();
  for (let row = 0; row < PLACES; row += 1)
    for (let column = 0; column < PLACES; column += 1) {
      const place = [west + ((east - west) * (column + 0.5)) / PLACES, high - ((high - low) * (row + 0.5)) / PLACES];
      const letters = squareLetters(zone, ...toUtm(place, zone, south));
      found.set(letters, [...(found.get(letters) ?? []), place]);
    }
  return [...found].map(([letters, places]) => {
    const [first = [0, 0]] = places;
    const mean = [0, 1].map((axis) => places.reduce((sum, place) => sum + (place[axis] ?? 0), 0) / places.length);
    return label(`${name} ${letters}`, spacing === SQUARE_M ? mean : first, spacing === SQUARE_M ? "square" : "corner");
  });
}

function label(text: string, at: Position, part: string): Feature {
  return { type: "Feature", properties: { part, text }, geometry: { type: "Point", coordinates: at } };
}

/** Where a line first crosses a meridian (axis 0) or parallel (axis 1). */
function crossing(points: readonly Position[], axis: 0 | 1, at: number): Position | null {
  for (let n = 1; n < points.length; n += 1) {
    const [from = [], to = []] = [points[n - 1], points[n]];
    const [a = Number.NaN, b = Number.NaN] = [from[axis], to[axis]];
    if (Math.min(a, b) > at || Math.max(a, b) < at) continue;
    const share = a === b ? 0 : (at - a) / (b - a);
    return [0, 1].map((one) => (from[one] ?? 0) + share * ((to[one] ?? 0) - (from[one] ?? 0)));
  }
  return null;
}

/** The parts of a line inside a box (Liang and Barsky 1984). */
function clipped(points: readonly Position[], [west, south, east, north]: Bounds): Position[][] {
  const parts: Position[][] = [];
  let open: Position[] = [];
  for (let n = 1; n < points.length; n += 1) {
    const [[x0 = 0, y0 = 0] = [], [x1 = 0, y1 = 0] = []] = [points[n - 1], points[n]];
    const [dx, dy] = [x1 - x0, y1 - y0];
    let [enter, leave] = [0, 1];
    for (const [ahead, room] of [[-dx, x0 - west], [dx, east - x0], [-dy, y0 - south], [dy, north - y0]] as const) {
      if (ahead === 0 && room < 0) leave = -1;
      else if (ahead < 0) enter = Math.max(enter, room / ahead);
      else if (ahead > 0) leave = Math.min(leave, room / ahead);
    }
    if (enter > leave) continue;
    if (open.length === 0) open.push([x0 + enter * dx, y0 + enter * dy]);
    open.push([x0 + leave * dx, y0 + leave * dy]);
    if (leave < 1) {
      parts.push(open);
      open = [];
    }
  }
  return open.length > 1 ? [...parts, open] : parts;
}

function within(box: Bounds, view: Bounds): Bounds | null {
  const [west, south] = [Math.max(box[0], view[0]), Math.max(box[1], view[1], SOUTHERN_LIMIT)];
  const [east, north] = [Math.min(box[2], view[2]), Math.min(box[3], view[3], NORTHERN_LIMIT)];
  return west < east && south < north ? [west, south, east, north] : null;
}

function middle([west, south, east, north]: Bounds): Position {
  return [(west + east) / 2, (south + north) / 2];
}
