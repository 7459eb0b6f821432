// Directions from a place, as lines and wedges on the ellipsoid.

import type { Position } from "geojson";
import type { Place } from "../model/records.ts";
import { destination } from "./geodesy.ts";

/** Steps of an arc, degrees. */
const ARC_STEP_DEG = 2;

/** Where a straight line of a length ends, on the ellipsoid. */
export function end(from: Place, azimuthDeg: number, lengthM: number): Position {
  const { lon, lat } = destination(from, azimuthDeg, lengthM);
  return [lon, lat];
}

/** Closed ring of a wedge: all directions within `halfWidthDeg` of an azimuth from true north, up to a distance. */
export function wedge(from: Place, azimuthDeg: number, halfWidthDeg: number, lengthM: number): Position[] {
  const half = Math.min(halfWidthDeg, 180);
  const steps = Math.max(1, Math.ceil((2 * half) / ARC_STEP_DEG));
  const arc = Array.from({ length: steps + 1 }, (_, step) =>
    end(from, azimuthDeg - half + (2 * half * step) / steps, lengthM),
  );
  const tip: Position = [from.lon, from.lat];
  return [tip, ...arc, tip];
}
