// The sector's base map: a PMTiles archive of the server, of which the browser reads the parts that it shows.

import { addProtocol, type LayerSpecification, type RasterTileSource, type VectorTileSource } from "maplibre-gl";
import { Protocol } from "pmtiles";
import type { BaseMapFile } from "../model/records.ts";
import { say } from "../words/say.ts";
import { ARCHIVE, archiveLayers, pictureLayer } from "./archive_layers.ts";
import { FIRST_OF_GROUND } from "./ground_layers.ts";
import { AREAS_END, type PlainMap } from "./plain_map.ts";

addProtocol("pmtiles", new Protocol().tile);

export class ArchiveMap {
  readonly #plainMap: PlainMap;
  #file: BaseMapFile | null = null;
  #problem = "";
  /** Whether a part failed since the file was asked for last; the pause before it is asked for again, in calls. */
  #failed = false;
  #pause = 1;
  #waited = 0;

  constructor(plainMap: PlainMap) {
    this.#plainMap = plainMap;
    plainMap.map.on("error", (event) => {
      if ((event as { sourceId?: unknown }).sourceId === ARCHIVE && this.#file !== null) {
        this.#problem = say("page-base-map-gaps", { file: this.#file.file });
        this.#failed = true;
      }
    });
  }

  /** Why the base map, or a part of it, is missing; empty while it is complete or there is none. */
  get problem(): string {
    const whole = this.#file?.readable === true && !this.#failed && this.#plainMap.map.isSourceLoaded(ARCHIVE);
    if (whole && this.#problem !== "") {
      this.#problem = "";
      this.#pause = 1;
    }
    return this.#problem;
  }

  /** Show the archive below the sector's own map files. Any other map is as without it where it cannot be shown. */
  show(file: BaseMapFile | null, on: boolean): void {
    if (file === null || file.revision === this.#file?.revision) return;
    this.#file = file;
    this.#problem = file.readable ? "" : say("page-base-map-broken", { file: file.file });
    if (!file.readable) return;
    const { map, aboveGround } = this.#plainMap;
    const url = addressOf(file);
    map.addSource(ARCHIVE, file.kind === "raster" ? { type: "raster", url, tileSize: 256 } : { type: "vector", url });
    const { below, above } = this.#layers(file);
    for (const layer of below) map.addLayer(layer, AREAS_END);
    const before = map.getLayer(FIRST_OF_GROUND) === undefined ? aboveGround : FIRST_OF_GROUND;
    for (const layer of above) map.addLayer(layer, before);
    this.switch(on);
  }

  /** Ask again for what could not be loaded, after twice as many calls each time: what is damaged stays so. */
  retry(): void {
    if (!this.#failed || this.#file === null || ++this.#waited < this.#pause) return;
    this.#waited = 0;
    this.#pause *= 2;
    this.#failed = false;
    this.#plainMap.map.getSource<VectorTileSource | RasterTileSource>(ARCHIVE)?.setUrl(addressOf(this.#file));
  }

  switch(on: boolean): void {
    if (this.#file?.readable !== true) return;
    const { below, above } = this.#layers(this.#file);
    this.#plainMap.setVisible([...below, ...above].map(({ id }) => id), on);
  }

  recolour(): void {
    if (this.#file?.readable !== true) return;
    const { below, above } = this.#layers(this.#file);
    for (const layer of [...below, ...above]) this.#plainMap.repaint(layer);
  }

  #layers({ kind, layers }: BaseMapFile): { below: LayerSpecification[]; above: LayerSpecification[] } {
    const { colours } = this.#plainMap;
    return kind === "raster" ? { below: [pictureLayer(colours)], above: [] } : archiveLayers(layers, colours);
  }
}

function addressOf({ revision }: BaseMapFile): string {
  return `pmtiles://${location.origin}/api/base-map.pmtiles?v=${revision}`;
}
