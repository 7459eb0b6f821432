// UTM, and where a grid's north is.

import proj4 from "proj4";
import type { Place } from "../model/records.ts";
import { mgrsOf } from "./mgrs.ts";

/** `16S 704321 4051234`, zone and band as in MGRS; a dash near the poles, where UTM ends. */
export function utm(place: Place): string {
  const square = mgrsOf(place);
  if (square === null) return "–";
  const [easting, northing] = proj4(utmProjection(place), [place.lon, place.lat]);
  return `${square.zone} ${Math.round(easting)} ${Math.round(northing)}`;
}

/** Zone number as MGRS has it, with its exceptions for Norway and Svalbard. */
function utmProjection(place: Place): string {
  const zone = Number.parseInt(mgrsOf(place)?.zone ?? "", 10);
  return `+proj=utm +zone=${zone}${place.lat < 0 ? " +south" : ""} +datum=WGS84 +units=m +no_defs`;
}

/** Name of the grid in which bearings are given. */
export function gridName(place: Place): string {
  return `UTM ${mgrsOf(place)?.zone ?? "–"}`;
}

/** Angle from true north to the grid's north at a place, clockwise: grid azimuth = true azimuth − convergence. */
export function utmConvergenceDeg(place: Place): number {
  return convergenceDeg(utmProjection(place), place);
}

/** The same for any projection that proj4 knows; 0 when it knows none such. */
export function convergenceDeg(projection: string | null, place: Place): number {
  if (projection === null) return 0;
  try {
    const step = 1e-4;
    const [east, north] = proj4(projection, [place.lon, place.lat]);
    const [eastAbove, northAbove] = proj4(projection, [place.lon, place.lat + step]);
    // What is true north leaves grid north by this much, so grid north lies the other way.
    return (-Math.atan2(eastAbove - east, northAbove - north) * 180) / Math.PI;
  } catch {
    return 0;
  }
}
