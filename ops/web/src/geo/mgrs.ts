// A place as latitude and longitude, and as MGRS, which units say on the radio.

import { forward } from "mgrs";
import type { Place } from "../model/records.ts";

export function latLon(place: Place): string {
  const lat = `${Math.abs(place.lat).toFixed(5)}° ${place.lat < 0 ? "S" : "N"}`;
  const lon = `${Math.abs(place.lon).toFixed(5)}° ${place.lon < 0 ? "W" : "E"}`;
  return `${lat}, ${lon}`;
}

/** `16S GF 04321 51234`, to the metre. */
export function mgrs(place: Place): string {
  const square = mgrsOf(place);
  return square === null ? "–" : `${square.zone} ${square.square} ${square.easting} ${square.northing}`;
}

export interface Mgrs {
  readonly zone: string;
  readonly square: string;
  readonly easting: string;
  readonly northing: string;
}

export function mgrsOf(place: Place): Mgrs | null {
  if (place.lat > 84 || place.lat < -80) return null;
  const found = /^(\d{1,2}[A-Z])([A-Z]{2})(\d{5})(\d{5})$/.exec(forward([place.lon, place.lat], 5));
  const [, zone, square, easting, northing] = found ?? [];
  return zone === undefined || square === undefined || easting === undefined || northing === undefined
    ? null
    : { zone, square, easting, northing };
}
