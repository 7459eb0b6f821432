// On the map while looking back: what is known now beside what was known then, and the path of what is followed.

import type { Feature } from "geojson";
import { at, line } from "../map/features.ts";
import type { Place } from "../model/records.ts";
import type { Difference } from "../model/replay.ts";
import { readable } from "../model/parse.ts";
import type { Path } from "./requests.ts";

const ON_MAP = 16;

export function replayFeatures(differences: readonly Difference[], path: Path | null): Feature[] {
  return [...pathFeatures(path), ...differences.flatMap(ofDifference)];
}

function pathFeatures(path: Path | null): Feature[] {
  if (path === null) return [];
  return [lineOf("path-then", path.then), lineOf("path-now", path.now)].filter((feature) => feature !== null);
}

function lineOf(part: string, places: readonly Place[]): Feature | null {
  const coordinates = places.map(({ lon, lat }) => [lon, lat]);
  return coordinates.length < 2 ? null : { type: "Feature", properties: { part }, geometry: line(coordinates) };
}

function ofDifference(difference: Difference): Feature[] {
  if (difference.kind === "moved") {
    const { track, now } = difference;
    const way = line([[track.lon, track.lat], [now.lon, now.lat]]);
    return [{ type: "Feature", properties: { part: "moved" }, geometry: way }, ring(now, "")];
  }
  if (difference.kind === "not-then") return [ring(difference.now, readable(difference.now.id, ON_MAP))];
  return [];
}

function ring(place: Place, label: string): Feature {
  return { type: "Feature", properties: { part: "now", label }, geometry: at(place) };
}
