// Several raster layers as one source of the map: its address says which layers, and where each has tiles.

import type { Bounds } from "../geo/bounds.ts";

export const PROTOCOL = "stack";
export const SIDE_PX = 256;
/** A tile of the map is so many of the server's wide and high: the map draws again with each tile that comes. */
export const WIDE = 2;

export interface StackedLayer {
  /** With `{z}`, `{x}` and `{y}`. */
  readonly address: string;
  readonly opacity: number;
  readonly minzoom: number;
  readonly maxzoom: number;
}

export interface TilePlace {
  readonly z: number;
  readonly x: number;
  readonly y: number;
}

/** The address from which the map loads these layers as one, the lowest first. */
export function stackAddress(layers: readonly StackedLayer[]): string {
  return `${PROTOCOL}://{z}/{x}/{y}?${encodeURIComponent(JSON.stringify(layers))}`;
}

/** The tile and the layers that an address asks for. */
export function readAddress(address: string): { readonly place: TilePlace; readonly layers: readonly StackedLayer[] } {
  const [place = "", layers = ""] = address.slice(`${PROTOCOL}://`.length).split("?");
  const [z = 0, x = 0, y = 0] = place.split("/").map(Number);
  return { place: { z, x, y }, layers: JSON.parse(decodeURIComponent(layers)) as StackedLayer[] };
}

/** A square of a layer's tile, in pixels. */
export interface TilePart {
  readonly url: string;
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

/** What of a layer lies in a tile of the map, from the server's tiles one zoom closer in, placed in it. `bounds`: outside
    them there is nothing. */
export function partsOf(layer: StackedLayer, { z, x, y }: TilePlace, bounds: Bounds | null = null): { readonly part: TilePart; readonly x: number; readonly y: number }[] {
  return [0, 1, 2, 3].flatMap((quarter) => {
    const [right, down] = [quarter % WIDE, Math.floor(quarter / WIDE)];
    const quarterPlace = { z: z + 1, x: WIDE * x + right, y: WIDE * y + down };
    const part = touches(bounds, quarterPlace) ? partOf(layer, quarterPlace) : null;
    return part === null ? [] : [{ part, x: right * SIDE_PX, y: down * SIDE_PX }];
  });
}

/** Whether a tile has a part within bounds. */
function touches(bounds: Bounds | null, { z, x, y }: TilePlace): boolean {
  if (bounds === null) return true;
  const [west, south, east, north] = bounds;
  const lon = (column: number): number => (column / 2 ** z) * 360 - 180;
  const lat = (row: number): number => (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / 2 ** z))) * 180) / Math.PI;
  return lon(x) < east && lon(x + 1) > west && lat(y + 1) < north && lat(y) > south;
}

/** What of a layer lies in a tile of the server: closer in than its last zoom a part of a tile; null farther out than its first. */
export function partOf({ address, minzoom, maxzoom }: StackedLayer, { z, x, y }: TilePlace): TilePart | null {
  if (z < minzoom) return null;
  const times = 2 ** Math.max(z - maxzoom, 0);
  const side = SIDE_PX / times;
  const tile = { z: Math.min(z, maxzoom), x: Math.floor(x / times), y: Math.floor(y / times) };
  const url = address.replace("{z}", String(tile.z)).replace("{x}", String(tile.x)).replace("{y}", String(tile.y));
  return { url, left: (x % times) * side, top: (y % times) * side, side };
}
