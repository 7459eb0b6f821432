// Places along the border: the middle of a segment, and the place at a chainage.

import type { Feature, FeatureCollection, Position } from "geojson";
import type { Place } from "../model/records.ts";
import { scaleAt } from "./shapes.ts";

/** First and last chainage of a segment [m]; null where the server states none. */
export function chainageOf(feature: Feature): readonly [fromM: number, toM: number] | null {
  const { chainage_from_m, chainage_to_m, start_m, end_m } = feature.properties ?? {};
  const [from, to] = [chainage_from_m ?? start_m, chainage_to_m ?? end_m] as unknown[];
  return typeof from === "number" && typeof to === "number" && to > from ? [from, to] : null;
}

/** The place at a chainage [m]; null beyond the ends of the border. */
export function placeAtChainage(segments: FeatureCollection | null, metres: number): Place | null {
  for (const feature of segments?.features ?? []) {
    const span = chainageOf(feature);
    if (span === null || metres < span[0] || metres > span[1]) continue;
    return placeAlong(feature, (metres - span[0]) / (span[1] - span[0]));
  }
  return null;
}

/** The place at a share (0 to 1) of the length of a line. */
export function placeAlong({ geometry }: Feature, share: number): Place | null {
  if (geometry?.type !== "LineString") return null;
  const line = geometry.coordinates;
  const lengths = line.slice(1).map((end, index) => length(line[index] ?? end, end));
  let left = share * lengths.reduce((sum, one) => sum + one, 0);
  for (const [index, one] of lengths.entries()) {
    const [start, end] = [line[index], line[index + 1]];
    if (start === undefined || end === undefined) return null;
    if (left <= one || index === lengths.length - 1) return between(start, end, one === 0 ? 0 : Math.min(1, left / one));
    left -= one;
  }
  return null;
}

function length([lon = 0, lat = 0]: Position, [lonEnd = 0, latEnd = 0]: Position): number {
  const scale = scaleAt((lat + latEnd) / 2);
  return Math.hypot((lonEnd - lon) * scale.metresPerLonDegree, (latEnd - lat) * scale.metresPerLatDegree);
}

function between([lon = 0, lat = 0]: Position, [lonEnd = 0, latEnd = 0]: Position, share: number): Place {
  return { lon: lon + (lonEnd - lon) * share, lat: lat + (latEnd - lat) * share };
}
