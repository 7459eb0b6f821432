// Contour lines, roads, rivers and settlements: vector tiles of the server, above the relief and below everything else.

import type { VectorTileSource } from "maplibre-gl";
import type { LayerInfo, Sector } from "../model/records.ts";
import { FONT } from "./font.ts";
import { GROUND_SWITCHES, groundMapLayers, SOURCE } from "./ground_layers.ts";
import type { PlainMap } from "./plain_map.ts";

/** Zooms at which the server draws tiles; closer in, the map enlarges the last. */
const ZOOMS = { minzoom: 7, maxzoom: 15 };

export class GroundMap {
  readonly #plainMap: PlainMap;
  #address = "";

  constructor(plainMap: PlainMap) {
    this.#plainMap = plainMap;
  }

  /** Show the tiles of the relief's revision, once there is one. */
  update(layers: readonly LayerInfo[], sector: Sector | null, isOn: (id: string, byDefault: boolean) => boolean): void {
    const revision = layers.find(({ id }) => id === "hillshade")?.revision;
    if (revision === undefined) return;
    const address = `${location.origin}/api/tiles/ground/{z}/{x}/{y}.mvt?${new URLSearchParams({ v: revision })}`;
    if (address === this.#address) return;
    const { map, colours, aboveGround } = this.#plainMap;
    if (this.#address !== "") map.getSource<VectorTileSource>(SOURCE)?.setTiles([address]);
    else {
      const bounds = sector?.bounds == null ? {} : { bounds: [...sector.bounds] as [number, number, number, number] };
      map.addSource(SOURCE, { type: "vector", tiles: [address], ...ZOOMS, ...bounds });
      for (const layer of groundMapLayers(colours, FONT)) map.addLayer(layer, aboveGround);
      for (const { id, layers: switched, on } of GROUND_SWITCHES) this.#plainMap.setVisible(switched, isOn(id, on));
    }
    this.#address = address;
  }

  recolour(): void {
    if (this.#address === "") return;
    for (const layer of groundMapLayers(this.#plainMap.colours, FONT)) this.#plainMap.repaint(layer);
  }
}
