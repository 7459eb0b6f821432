// Universal Transverse Mercator on WGS84, by Krüger's series to the sixth order (Karney 2011, J. Geodesy 85, 475–485,
// equations 35 and 36): exact to less than a millimetre within 20° of the zone's central meridian.

import type { Position } from "geojson";

const FLATTENING = 1 / 298.257223563;
const SCALE = 0.9996;
const FALSE_EASTING_M = 500_000;
/** Added to northings of the southern hemisphere. */
export const FALSE_NORTHING_M = 10_000_000;
const N = FLATTENING / (2 - FLATTENING);
const ECCENTRICITY = Math.sqrt(FLATTENING * (2 - FLATTENING));
const RADIUS_M = (6_378_137 / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64 + N ** 6 / 256);

const ALPHA = [
  N / 2 - (2 / 3) * N ** 2 + (5 / 16) * N ** 3 + (41 / 180) * N ** 4 - (127 / 288) * N ** 5 + (7891 / 37800) * N ** 6,
  (13 / 48) * N ** 2 - (3 / 5) * N ** 3 + (557 / 1440) * N ** 4 + (281 / 630) * N ** 5 - (1983433 / 1935360) * N ** 6,
  (61 / 240) * N ** 3 - (103 / 140) * N ** 4 + (15061 / 26880) * N ** 5 + (167603 / 181440) * N ** 6,
  (49561 / 161280) * N ** 4 - (179 / 168) * N ** 5 + (6601661 / 7257600) * N ** 6,
  (34729 / 80640) * N ** 5 - (3418889 / 1995840) * N ** 6,
  (212378941 / 319334400) * N ** 6,
];
const BETA = [
  N / 2 - (2 / 3) * N ** 2 + (37 / 96) * N ** 3 - (1 / 360) * N ** 4 - (81 / 512) * N ** 5 + (96199 / 604800) * N ** 6,
  (1 / 48) * N ** 2 + (1 / 15) * N ** 3 - (437 / 1440) * N ** 4 + (46 / 105) * N ** 5 - (1118711 / 3870720) * N ** 6,
  (17 / 480) * N ** 3 - (37 / 840) * N ** 4 - (209 / 4480) * N ** 5 + (5569 / 90720) * N ** 6,
  (4397 / 161280) * N ** 4 - (11 / 504) * N ** 5 - (830251 / 7257600) * N ** 6,
  (4583 / 161280) * N ** 5 - (108847 / 3991680) * N ** 6,
  (20648693 / 638668800) * N ** 6,
];
/** Steps of Newton's method from conformal to geographic latitude; three reach the precision of a double. */
const STEPS = 3;

const rad = (degrees: number): number => (degrees * Math.PI) / 180;
const deg = (radians: number): number => (radians * 180) / Math.PI;

function centralMeridianDeg(zone: number): number {
  return 6 * zone - 183;
}

/** Tangent of the conformal latitude of a geographic latitude whose tangent is `tau`. */
function conformal(tau: number): number {
  const secant = Math.hypot(1, tau);
  const sigma = Math.sinh(ECCENTRICITY * Math.atanh((ECCENTRICITY * tau) / secant));
  return tau * Math.hypot(1, sigma) - sigma * secant;
}

/** Easting and northing [m] of a position in a zone, also beyond that zone's edges; northings of the south from 10,000 km. */
export function toUtm([lon = 0, lat = 0]: Position, zone: number, south: boolean): [easting: number, northing: number] {
  const ahead = rad(lon - centralMeridianDeg(zone));
  const tau = conformal(Math.tan(rad(lat)));
  const xi = Math.atan2(tau, Math.cos(ahead));
  const eta = Math.asinh(Math.sin(ahead) / Math.hypot(tau, Math.cos(ahead)));
  let [north, east] = [xi, eta];
  ALPHA.forEach((alpha, index) => {
    const order = 2 * (index + 1);
    north += alpha * Math.sin(order * xi) * Math.cosh(order * eta);
    east += alpha * Math.cos(order * xi) * Math.sinh(order * eta);
  });
  return [FALSE_EASTING_M + SCALE * RADIUS_M * east, (south ? FALSE_NORTHING_M : 0) + SCALE * RADIUS_M * north];
}

/** Longitude and latitude [°] of an easting and northing [m] of a zone. */
export function fromUtm([easting, northing]: readonly [number, number], zone: number, south: boolean): [lon: number, lat: number] {
  const xi = (northing - (south ? FALSE_NORTHING_M : 0)) / (SCALE * RADIUS_M);
  const eta = (easting - FALSE_EASTING_M) / (SCALE * RADIUS_M);
  let [north, east] = [xi, eta];
  BETA.forEach((beta, index) => {
    const order = 2 * (index + 1);
    north -= beta * Math.sin(order * xi) * Math.cosh(order * eta);
    east -= beta * Math.cos(order * xi) * Math.sinh(order * eta);
  });
  const sought = Math.sin(north) / Math.hypot(Math.sinh(east), Math.cos(north));
  let tau = sought;
  for (let step = 0; step < STEPS; step += 1) {
    const found = conformal(tau);
    const slope = ((1 - ECCENTRICITY ** 2) * Math.hypot(1, tau) * Math.hypot(1, found)) / (1 + (1 - ECCENTRICITY ** 2) * tau ** 2);
    tau += (sought - found) / slope;
  }
  const lon = centralMeridianDeg(zone) + deg(Math.atan2(Math.sinh(east), Math.cos(north)));
  return [lon, deg(Math.atan(tau))];
}
