// Terrain and what can be seen, as the server renders them: one raster layer each, asked for only where there is something.

import type { RasterLayerSpecification } from "maplibre-gl";
import type { LayerInfo, Sector } from "../model/records.ts";
import type { Chart } from "./chart.ts";
import { ABOVE_TERRAIN } from "./layers.ts";
import type { Colours } from "./palette.ts";

export type OverlayKind = "relief" | "overlay";

export function kindOf(id: string): OverlayKind {
  return id === "hillshade" || id === "elevation" ? "relief" : "overlay";
}

/** What is drawn unless a person switched it: the ground, and what nobody can see of it. */
export function isOnByDefault(id: string): boolean {
  return id === "hillshade" || id === "visible";
}

/** Terrain under everything, elevation under its shading, then what can be seen. */
const ORDER = ["elevation", "hillshade", "coverage", "visible"];

export class Overlays {
  readonly #chart: Chart;
  readonly #shown = new Map<string, string>();

  constructor(chart: Chart) {
    this.#chart = chart;
  }

  /** Bring the raster layers to what the server offers; a new revision replaces the tiles. */
  update(layers: readonly LayerInfo[], sector: Sector | null, isOn: (id: string) => boolean): void {
    const { map } = this.#chart;
    for (const info of [...layers].sort((a, b) => rank(a.id) - rank(b.id))) {
      const address = `${location.origin}/api/tiles/${info.id}/{z}/{x}/{y}.png?v=${encodeURIComponent(info.revision)}`;
      const known = this.#shown.get(info.id);
      if (known === undefined) {
        const bounds = sector?.bounds == null ? {} : { bounds: [...sector.bounds] as [number, number, number, number] };
        map.addSource(`raster-${info.id}`, { type: "raster", tiles: [address], tileSize: 256, minzoom: info.minzoom, maxzoom: info.maxzoom, ...bounds });
        map.addLayer(rasterLayer(info.id, this.#chart.colours), ABOVE_TERRAIN);
      } else if (known !== address) {
        (map.getSource(`raster-${info.id}`) as unknown as { setTiles(tiles: string[]): void }).setTiles([address]);
      }
      this.#shown.set(info.id, address);
      this.setVisible(info.id, isOn(info.id));
    }
  }

  setVisible(id: string, on: boolean): void {
    if (this.#shown.has(id)) this.#chart.map.setLayoutProperty(`raster-${id}`, "visibility", on ? "visible" : "none");
  }

  recolour(colours: Colours): void {
    for (const id of this.#shown.keys()) {
      for (const [property, value] of Object.entries(rasterLayer(id, colours).paint ?? {})) {
        this.#chart.map.setPaintProperty(`raster-${id}`, property as never, value as never);
      }
    }
  }
}

function rank(id: string): number {
  const found = ORDER.findIndex((start) => id === start || id.startsWith(`${start}-`));
  return found === -1 ? ORDER.length : found;
}

/** Muted: the terrain is the background of the picture, never the picture. */
function rasterLayer(id: string, { night }: Colours): RasterLayerSpecification {
  const relief = kindOf(id) === "relief";
  const muted = night
    ? { "raster-brightness-min": 0, "raster-brightness-max": 0.34, "raster-saturation": -0.6, "raster-contrast": 0 }
    : { "raster-brightness-min": 0.38, "raster-brightness-max": 0.94, "raster-saturation": -0.4, "raster-contrast": 0 };
  return {
    id: `raster-${id}`,
    type: "raster",
    source: `raster-${id}`,
    paint: { "raster-fade-duration": 0, "raster-opacity": id === "elevation" ? 0.8 : id === "hillshade" ? 0.75 : 0.85, ...(relief ? muted : {}) },
  };
}
