// Terrain and coverage as the server renders them: one raster layer each, requested only within its bounds.

import type { RasterLayerSpecification, RasterTileSource } from "maplibre-gl";
import type { LayerInfo, Sector } from "../model/records.ts";
import { say } from "../words/say.ts";
import { COVERAGE_END, RELIEF_END, type PlainMap } from "./plain_map.ts";

/** Layers that are on unless a person switched them off: heights, relief and dead ground. */
export function isOnByDefault(id: string): boolean {
  return id === "elevation" || id === "hillshade" || id === "visible";
}

/** The relief stays readable below. */
const VEIL_OPACITY = 0.75;

/** Terrain at the bottom, elevation below its shading, then coverage. */
const RELIEF = ["elevation", "hillshade"];
const ORDER = [...RELIEF, "coverage", "visible"];

export class Overlays {
  readonly #plainMap: PlainMap;
  readonly #shown = new Map<string, string>();

  readonly #failed = new Set<string>();

  constructor(plainMap: PlainMap) {
    this.#plainMap = plainMap;
    plainMap.map.on("error", (event) => {
      const id = (event as { sourceId?: unknown }).sourceId;
      if (typeof id === "string" && id.startsWith(PREFIX)) this.#failed.add(id.slice(PREFIX.length));
    });
  }

  /** A warning while unshaded ground may not be covered; empty once all visible layers are loaded. */
  get gaps(): string {
    const { map } = this.#plainMap;
    const on = [...this.#shown.keys()].filter((id) => map.getLayoutProperty(source(id), "visibility") !== "none");
    if (on.some((id) => this.#failed.has(id)))
      return say("page-map-gaps-failed");
    return on.every((id) => map.isSourceLoaded(source(id)))
      ? ""
      : say("page-map-gaps-loading");
  }

  /** Ask again for what could not be loaded. */
  retry(): void {
    for (const id of this.#failed) {
      const address = this.#shown.get(id);
      if (address !== undefined) this.#plainMap.map.getSource<RasterTileSource>(source(id))?.setTiles([address]);
    }
    this.#failed.clear();
  }

  /** Bring the raster layers to what the server offers; a new revision, or another palette, replaces the tiles. */
  update(layers: readonly LayerInfo[], sector: Sector | null, isOn: (id: string) => boolean): void {
    const { map } = this.#plainMap;
    for (const info of [...layers].sort((a, b) => rank(a.id) - rank(b.id))) {
      if (!this.#shown.has(info.id)) {
        const bounds = sector?.bounds == null ? {} : { bounds: [...sector.bounds] as [number, number, number, number] };
        const address = this.#address(info);
        map.addSource(source(info.id), {
          type: "raster",
          tiles: [address],
          tileSize: 256,
          minzoom: info.minzoom,
          maxzoom: info.maxzoom,
          ...bounds,
        });
        map.addLayer(rasterLayer(info.id), RELIEF.includes(info.id) ? RELIEF_END : COVERAGE_END);
        this.#shown.set(info.id, address);
        this.setVisible(info.id, isOn(info.id));
      }
    }
    this.recolour(layers);
  }

  setVisible(id: string, on: boolean): void {
    if (this.#shown.has(id)) this.#plainMap.map.setLayoutProperty(source(id), "visibility", on ? "visible" : "none");
  }

  /** Request tiles again where their address has changed. */
  recolour(layers: readonly LayerInfo[]): void {
    for (const info of layers) {
      const address = this.#address(info);
      if (!this.#shown.has(info.id) || this.#shown.get(info.id) === address) continue;
      this.#plainMap.map.getSource<RasterTileSource>(source(info.id))?.setTiles([address]);
      this.#shown.set(info.id, address);
      this.#failed.delete(info.id);
    }
  }

  #address(info: LayerInfo): string {
    const query = new URLSearchParams({ v: info.revision, palette: this.#plainMap.colours.night ? "night" : "day" });
    return `${location.origin}/api/tiles/${info.id}/{z}/{x}/{y}.png?${query}`;
  }
}

const PREFIX = "raster-";

function source(id: string): string {
  return `${PREFIX}${id}`;
}

function rank(id: string): number {
  const found = ORDER.findIndex((start) => id === start || id.startsWith(`${start}-`));
  return found === -1 ? ORDER.length : found;
}

function rasterLayer(id: string): RasterLayerSpecification {
  const opacity = { hillshade: 1, elevation: 1 }[id] ?? VEIL_OPACITY;
  return {
    id: source(id),
    type: "raster",
    source: source(id),
    paint: { "raster-fade-duration": 0, "raster-opacity": opacity },
  };
}
