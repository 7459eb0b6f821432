// Small distances on the ground: near enough for a handle or the outline of a view, not for measuring.

const METRES_A_DEGREE = 111_195;

type Corner = readonly [lon: number, lat: number];

interface Place {
  readonly lon: number;
  readonly lat: number;
}

/** Longitude and latitude some metres from a place, by an azimuth from true north. */
export function destination(from: Place, azimuthDeg: number, metres: number): [number, number] {
  const azimuth = (azimuthDeg * Math.PI) / 180;
  const north = (metres * Math.cos(azimuth)) / METRES_A_DEGREE;
  const east = (metres * Math.sin(azimuth)) / (METRES_A_DEGREE * Math.cos((from.lat * Math.PI) / 180));
  return [from.lon + east, from.lat + north];
}

/** Azimuth from true north, −180 to 180 whole degrees. */
export function bearingTo(from: Place, to: Place): number {
  const east = (to.lon - from.lon) * Math.cos((from.lat * Math.PI) / 180);
  return Math.round((Math.atan2(east, to.lat - from.lat) * 180) / Math.PI);
}

/** Azimuth from true north to the nearest place of lines; 0 where there are none. */
export function bearingToLine(from: Place, lines: readonly (readonly (readonly [number, number])[])[]): number {
  const squeeze = Math.cos((from.lat * Math.PI) / 180);
  const away = ([lon, lat]: readonly [number, number]): number => Math.hypot((lon - from.lon) * squeeze, lat - from.lat);
  const nearest = lines.flat().reduce<readonly [number, number] | null>((best, place) => (best === null || away(place) < away(best) ? place : best), null);
  return nearest === null ? 0 : bearingTo(from, { lon: nearest[0], lat: nearest[1] });
}

/** Whether a place is within four corners, clockwise from the north-west: within the largest box in them. */
export function isWithin({ lon, lat }: Place, [northWest, northEast, southEast, southWest]: readonly [Corner, Corner, Corner, Corner]): boolean {
  const [west, east] = [Math.max(northWest[0], southWest[0]), Math.min(northEast[0], southEast[0])];
  const [south, north] = [Math.max(southWest[1], southEast[1]), Math.min(northWest[1], northEast[1])];
  return lon > west && lon < east && lat > south && lat < north;
}
