// Contour lines, roads, rivers and settlements: vector tiles of the server, above the relief and below everything else.

import type { VectorTileSource } from "maplibre-gl";
import type { LayerInfo, Sector } from "../model/records.ts";
import type { BaseMap } from "./base_map.ts";
import { GROUND_SWITCHES, groundMapLayers, SOURCE } from "./ground_layers.ts";
import { ABOVE_TERRAIN, FONT } from "./layers.ts";

/** Zooms at which the server draws tiles; closer in, the map enlarges the last. */
const ZOOMS = { minzoom: 7, maxzoom: 15 };

export class GroundMap {
  readonly #baseMap: BaseMap;
  #address = "";

  constructor(baseMap: BaseMap) {
    this.#baseMap = baseMap;
  }

  /** Show the tiles of the relief's revision, once there is one. */
  update(layers: readonly LayerInfo[], sector: Sector | null, isOn: (id: string, byDefault: boolean) => boolean): void {
    const revision = layers.find(({ id }) => id === "hillshade")?.revision;
    if (revision === undefined) return;
    const address = `${location.origin}/api/tiles/ground/{z}/{x}/{y}.mvt?${new URLSearchParams({ v: revision })}`;
    if (address === this.#address) return;
    const { map, colours } = this.#baseMap;
    if (this.#address !== "") map.getSource<VectorTileSource>(SOURCE)?.setTiles([address]);
    else {
      const bounds = sector?.bounds == null ? {} : { bounds: [...sector.bounds] as [number, number, number, number] };
      map.addSource(SOURCE, { type: "vector", tiles: [address], ...ZOOMS, ...bounds });
      for (const layer of groundMapLayers(colours, FONT)) map.addLayer(layer, ABOVE_TERRAIN);
      for (const { id, on } of GROUND_SWITCHES) this.#baseMap.switchLayers(id, isOn(id, on));
    }
    this.#address = address;
  }

  recolour(): void {
    if (this.#address === "") return;
    for (const layer of groundMapLayers(this.#baseMap.colours, FONT)) this.#baseMap.repaint(layer);
  }
}
