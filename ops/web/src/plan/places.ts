// Small distances on the ground: near enough for a handle or the outline of a view, not for measuring.

const METRES_A_DEGREE = 111_195;

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
