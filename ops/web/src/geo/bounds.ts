// West, south, east, north of what a map shows first.

export type Bounds = readonly [west: number, south: number, east: number, north: number];

/** Share of the border's extent that is shown beyond it, on each side. */
const AROUND = 0.12;

/** Wider by a share of the longer side, so that a straight border is not the edge of the picture. */
export function widened([west, south, east, north]: Bounds): Bounds {
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const by = AROUND * Math.max((east - west) * squeeze, north - south);
  return [west - by / squeeze, south - by, east + by / squeeze, north + by];
}

/** The bounds of lines; null where there are none. */
export function boundsOf(lines: readonly (readonly (readonly number[])[])[]): Bounds | null {
  const places = lines.flat();
  const [lons, lats] = [places.map(([lon = NaN]) => lon), places.map(([, lat = NaN]) => lat)];
  return places.length === 0 ? null : [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}
