// A place in the notations that units use: latitude and longitude, UTM, MGRS; and where grid north is.

import { forward } from "mgrs";
import proj4 from "proj4";
import type { Place } from "../model/records.ts";

export function latLon(place: Place): string {
  const lat = `${Math.abs(place.lat).toFixed(5)}° ${place.lat < 0 ? "S" : "N"}`;
  const lon = `${Math.abs(place.lon).toFixed(5)}° ${place.lon < 0 ? "W" : "E"}`;
  return `${lat}, ${lon}`;
}

/** `16S 704321 4051234`, zone and band as in MGRS; a dash near the poles, where UTM ends. */
export function utm(place: Place): string {
  const square = mgrsOf(place);
  if (square === null) return "–";
  const [easting, northing] = proj4(utmProjection(place), [place.lon, place.lat]);
  return `${square.zone} ${Math.round(easting)} ${Math.round(northing)}`;
}

/** `16S GF 04321 51234`, to the metre. */
export function mgrs(place: Place): string {
  const square = mgrsOf(place);
  return square === null ? "–" : `${square.zone} ${square.square} ${square.easting} ${square.northing}`;
}

interface Mgrs {
  readonly zone: string;
  readonly square: string;
  readonly easting: string;
  readonly northing: string;
}

function mgrsOf(place: Place): Mgrs | null {
  if (place.lat > 84 || place.lat < -80) return null;
  const found = /^(\d{1,2}[A-Z])([A-Z]{2})(\d{5})(\d{5})$/.exec(forward([place.lon, place.lat], 5));
  const [, zone, square, easting, northing] = found ?? [];
  return zone === undefined || square === undefined || easting === undefined || northing === undefined
    ? null
    : { zone, square, easting, northing };
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
