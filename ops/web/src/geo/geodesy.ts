// Distances and directions on the ellipsoid (GeographicLib; Karney 2013, doi:10.1007/s00190-012-0578-z).

import geographiclib from "geographiclib-geodesic";
import type { Place } from "../model/records.ts";

const { WGS84, STANDARD, LONG_UNROLL } = geographiclib.Geodesic;

export interface Leg {
  readonly distanceM: number;
  /** Clockwise from true north, at the start. */
  readonly azimuthDeg: number;
}

export function leg(from: Place, to: Place): Leg {
  const { s12, azi1 } = WGS84.Inverse(from.lat, from.lon, to.lat, to.lon);
  return { distanceM: s12 ?? 0, azimuthDeg: ((azi1 ?? 0) + 360) % 360 };
}

/** The place that lies `distanceM` away in the direction `azimuthDeg` from true north; its longitude may exceed 180°. */
export function destination(from: Place, azimuthDeg: number, distanceM: number): Place {
  const { lat2, lon2 } = WGS84.Direct(from.lat, from.lon, azimuthDeg, distanceM, STANDARD | LONG_UNROLL);
  return { lon: lon2 ?? from.lon, lat: lat2 ?? from.lat };
}
