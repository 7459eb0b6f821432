// Grid zones of MGRS with their exceptions, and the letters of 100 km squares (NGA.STND.0037, WGS84 lettering).

import type { Bounds } from "../geo/bounds.ts";

/** Where UTM and its grid zones end; the poles have another grid, which is not drawn. */
export const SOUTHERN_LIMIT = -80;
export const NORTHERN_LIMIT = 84;
const BANDS = letters("C", "X");
const BAND_DEG = 8;
const ZONE_DEG = 6;
/** Longitudes [°] of the zones that are wider or narrower than 6°; null: the zone does not exist. */
const EXCEPTIONS: Readonly<Record<string, readonly [west: number, east: number] | null>> = {
  "31V": [0, 3], "32V": [3, 12],
  "31X": [0, 9], "32X": null, "33X": [9, 21], "34X": null, "35X": [21, 33], "36X": null, "37X": [33, 42],
};
/** Columns of squares in zones 1, 4, 7 …, in zones 2, 5, 8 … and in zones 3, 6, 9 …; rows begin with F in even zones. */
const COLUMNS = [letters("A", "H"), letters("J", "R"), letters("S", "Z")] as const;
const ROWS = letters("A", "V");
export const SQUARE_M = 100_000;

/** One grid zone designation, such as 32V, with its bounds in degrees. */
export interface GridZone {
  readonly name: string;
  readonly zone: number;
  readonly south: boolean;
  readonly bounds: Bounds;
}

/** The grid zones that share an area with `view`. */
export function zonesIn([west, south, east, north]: Bounds): GridZone[] {
  const found: GridZone[] = [];
  for (const [index, band] of BANDS.entries()) {
    const low = SOUTHERN_LIMIT + BAND_DEG * index;
    const high = band === "X" ? NORTHERN_LIMIT : low + BAND_DEG;
    if (high <= south || low >= north) continue;
    for (let zone = 1; zone <= 60; zone += 1) {
      const name = `${zone}${band}`;
      const usual = [ZONE_DEG * zone - 186, ZONE_DEG * zone - 180] as const;
      const sides = name in EXCEPTIONS ? EXCEPTIONS[name] : usual;
      if (sides == null || sides[1] <= west || sides[0] >= east) continue;
      found.push({ name, zone, south: low < 0, bounds: [sides[0], low, sides[1], high] });
    }
  }
  return found;
}

/** The two letters of the 100 km square of a position in a zone. */
export function squareLetters(zone: number, easting: number, northing: number): string {
  const column = COLUMNS[(zone - 1) % 3]?.[Math.floor(easting / SQUARE_M) - 1] ?? "";
  const first = zone % 2 === 0 ? 5 : 0;
  return `${column}${ROWS[(Math.floor(northing / SQUARE_M) + first) % ROWS.length] ?? ""}`;
}

/** The letters between two, without I and O, which look like digits. */
function letters(first: string, last: string): string[] {
  const codes = Array.from({ length: last.charCodeAt(0) - first.charCodeAt(0) + 1 }, (_, n) => first.charCodeAt(0) + n);
  return codes.map((code) => String.fromCharCode(code)).filter((letter) => letter !== "I" && letter !== "O");
}
