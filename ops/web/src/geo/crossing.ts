// Where a mover meets the border if it keeps its present course and speed. A prediction, never an observation.

import type { Feature, FeatureCollection, Position } from "geojson";
import type { Place, Track } from "../model/records.ts";
import { polar, scaleAt } from "./shapes.ts";

/** Lines of the border as pairs of neighbouring places, with the box of each for a quick no. */
export type BorderLines = readonly Position[][];

export function borderLines(border: FeatureCollection | null): BorderLines {
  return (border?.features ?? []).flatMap(linesOf);
}

function linesOf({ geometry }: Feature): Position[][] {
  switch (geometry?.type) {
    case "LineString":
      return [geometry.coordinates];
    case "MultiLineString":
    case "Polygon":
      return geometry.coordinates;
    case "MultiPolygon":
      return geometry.coordinates.flat();
    default:
      return [];
  }
}

export interface Crossing extends Place {
  readonly inS: number;
}

/** First meeting of `track` with the border within `aheadS`; null when it stands, or meets none. */
export function predictedCrossing(track: Track, lines: BorderLines, aheadS: number): Crossing | null {
  const { speedMps, courseDeg } = track;
  if (speedMps === null || courseDeg === null || speedMps <= 0) return null;
  const reachM = speedMps * aheadS;
  if (track.offsetM !== null && Math.abs(track.offsetM) > reachM) return null;
  const scale = scaleAt(track.lat);
  const [reachEast, reachNorth] = polar(courseDeg, reachM);
  let first = Infinity;
  for (const line of lines) {
    for (let index = 1; index < line.length; index += 1) {
      const share = meeting(
        reachEast,
        reachNorth,
        local(line[index - 1], track, scale),
        local(line[index], track, scale),
      );
      if (share < first) first = share;
    }
  }
  if (first > 1) return null;
  return {
    lon: track.lon + (reachEast * first) / scale.metresPerLonDegree,
    lat: track.lat + (reachNorth * first) / scale.metresPerLatDegree,
    inS: first * aheadS,
  };
}

type Vector = readonly [east: number, north: number];

function local(position: Position | undefined, origin: Place, scale: ReturnType<typeof scaleAt>): Vector {
  const [lon = NaN, lat = NaN] = position ?? [];
  return [(lon - origin.lon) * scale.metresPerLonDegree, (lat - origin.lat) * scale.metresPerLatDegree];
}

/** Share of the way (0 to 1) from the origin to the reach at which it meets the stretch from a to b; Infinity: never. */
function meeting(reachEast: number, reachNorth: number, a: Vector, b: Vector): number {
  const [alongEast, alongNorth] = [b[0] - a[0], b[1] - a[1]];
  const across = reachEast * alongNorth - reachNorth * alongEast;
  if (!(Math.abs(across) > 1e-9)) return Infinity;
  const share = (a[0] * alongNorth - a[1] * alongEast) / across;
  const onStretch = (a[0] * reachNorth - a[1] * reachEast) / across;
  return share >= 0 && share <= 1 && onStretch >= 0 && onStretch <= 1 ? share : Infinity;
}
