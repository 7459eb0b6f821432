// UTM, and where a grid's north is.

import { toUtm } from "../grid/utm.ts";
import type { Place } from "../model/records.ts";
import { mgrsOf } from "./mgrs.ts";

/** Latitude [°] to the place beside which grid north is taken. */
const STEP_DEG = 1e-4;

/** `16S 704321 4051234`, zone and band as in MGRS with its exceptions; a dash near the poles, where UTM ends. */
export function utm(place: Place): string {
  const square = mgrsOf(place);
  if (square === null) return "–";
  const [easting, northing] = toUtm([place.lon, place.lat], Number.parseInt(square.zone, 10), place.lat < 0);
  return `${square.zone} ${Math.round(easting)} ${Math.round(northing)}`;
}

/** Name of the grid in which bearings are given. */
export function gridName(place: Place): string {
  return `UTM ${mgrsOf(place)?.zone ?? "–"}`;
}

/** Angle from true north to the grid's north, clockwise: grid azimuth = true azimuth − convergence; 0 where UTM ends. */
export function utmConvergenceDeg(place: Place): number {
  const square = mgrsOf(place);
  if (square === null) return 0;
  const [zone, south] = [Number.parseInt(square.zone, 10), place.lat < 0];
  const [east, north] = toUtm([place.lon, place.lat], zone, south);
  const [eastAbove, northAbove] = toUtm([place.lon, place.lat + STEP_DEG], zone, south);
  // What is true north leaves grid north by this much, so grid north lies the other way.
  return (-Math.atan2(eastAbove - east, northAbove - north) * 180) / Math.PI;
}
