// How large a metre is on the screen.

/** Web Mercator, tiles of 512 px at zoom 0, as MapLibre counts zoom. */
export function metresPerPixel(lat: number, zoom: number): number {
  return (40_075_016.686 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** zoom);
}
