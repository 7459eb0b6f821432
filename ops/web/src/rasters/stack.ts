// Several raster layers as one source of the map: its address says which layers, and where each has tiles.

export const PROTOCOL = "stack";
export const SIDE_PX = 256;

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

/** What of a layer lies in a tile: closer in than its last zoom a part of a tile; null farther out than its first. */
export function partOf({ address, minzoom, maxzoom }: StackedLayer, { z, x, y }: TilePlace): TilePart | null {
  if (z < minzoom) return null;
  const times = 2 ** Math.max(z - maxzoom, 0);
  const side = SIDE_PX / times;
  const tile = { z: Math.min(z, maxzoom), x: Math.floor(x / times), y: Math.floor(y / times) };
  const url = address.replace("{z}", String(tile.z)).replace("{x}", String(tile.x)).replace("{y}", String(tile.y));
  return { url, left: (x % times) * side, top: (y % times) * side, side };
}
