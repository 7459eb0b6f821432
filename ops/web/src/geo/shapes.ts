// Small shapes around a place, in degrees. Over the few kilometres they span, a degree is as long as at their centre.

import type { Position } from "geojson";
import type { Place } from "../model/records.ts";

/** Ellipsoid of WGS 84. */
const SEMI_MAJOR_M = 6_378_137;
const ECCENTRICITY_SQUARED = 6.694_379_990_14e-3;
const ELLIPSE_POINTS = 36;

export interface Scale {
  readonly metresPerLonDegree: number;
  readonly metresPerLatDegree: number;
}

/** Length of a degree of longitude and of latitude at a latitude. */
export function scaleAt(lat: number): Scale {
  const phi = (lat * Math.PI) / 180;
  const root = Math.sqrt(1 - ECCENTRICITY_SQUARED * Math.sin(phi) ** 2);
  const degree = Math.PI / 180;
  return {
    metresPerLonDegree: (SEMI_MAJOR_M / root) * Math.cos(phi) * degree,
    metresPerLatDegree: ((SEMI_MAJOR_M * (1 - ECCENTRICITY_SQUARED)) / root ** 3) * degree,
  };
}

/** `place` moved by metres east and north. */
export function shifted(place: Place, eastM: number, northM: number): Position {
  const scale = scaleAt(place.lat);
  return [place.lon + eastM / scale.metresPerLonDegree, place.lat + northM / scale.metresPerLatDegree];
}

/** East and north of a true azimuth, metres. */
export function polar(azimuthDeg: number, distanceM: number): readonly [east: number, north: number] {
  const angle = (azimuthDeg * Math.PI) / 180;
  return [Math.sin(angle) * distanceM, Math.cos(angle) * distanceM];
}

/** Closed ring of an ellipse; `azimuthDeg` of its first half axis, from true north. */
export function ellipse(centre: Place, halfAxesM: readonly [number, number], azimuthDeg: number): Position[] {
  const turn = (azimuthDeg * Math.PI) / 180;
  const [along, across] = halfAxesM;
  const ring: Position[] = [];
  for (let point = 0; point <= ELLIPSE_POINTS; point += 1) {
    const angle = ((point % ELLIPSE_POINTS) / ELLIPSE_POINTS) * 2 * Math.PI;
    const [a, b] = [along * Math.cos(angle), across * Math.sin(angle)];
    ring.push(shifted(centre, a * Math.sin(turn) + b * Math.cos(turn), a * Math.cos(turn) - b * Math.sin(turn)));
  }
  return ring;
}
