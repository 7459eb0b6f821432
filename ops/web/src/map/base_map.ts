// The live map: our layers and images above the ground.

import type { GeoJSONSource, Map as MapLibreMap } from "maplibre-gl";
import type { Feature } from "geojson";
import type { Bounds } from "../geo/bounds.ts";
import type { Place } from "../model/records.ts";
import { clusterImages, gatheredIn } from "./clusters.ts";
import { collection } from "./features.ts";
import { GridMap } from "../grid/grid_map.ts";
import { GRID_SWITCH } from "../grid/grid_layers.ts";
import { ABOVE_TERRAIN, layerSpecs, SOURCES, SWITCHES, type SourceName } from "./layers.ts";
import { forceImages } from "./forces_layers.ts";
import { hatchImage, markImages } from "./annotations.ts";
import type { Colours } from "./palette.ts";
import { openedMap, PlainMap } from "./plain_map.ts";
import { MotionDetail } from "./motion_detail.ts";
import { say } from "../words/say.ts";
import { context, RATIO, sensorImages, trackImages } from "./symbols.ts";

/** Clear of the buttons, the search box and the note above, and of the credit line below. */
const GRID_EDGES = { left: 8, top: 84, right: 12, bottom: 18 };

function motionMs(): number {
  return matchMedia(REDUCED_MOTION).matches ? 0 : 600;
}

export const REDUCED_MOTION = "(prefers-reduced-motion: reduce)";

export class BaseMap extends PlainMap {
  readonly #grid: GridMap;
  readonly #drawings = new Map<string, () => HTMLCanvasElement>();
  #kinds: readonly string[] = [];
  #frames = 0;

  private constructor(map: MapLibreMap, colours: Colours) {
    super(map, colours, ABOVE_TERRAIN);
    this.#grid = new GridMap(map, GRID_EDGES);
    map.on("render", () => (this.#frames += 1));
    map.setMissingStyleImageResolver((name) => this.#drawMissing(name));
    new MotionDetail(map);
  }

  /** Resolves once sources, images and layers are there. Rejects where the browser gives no WebGL context. */
  static async open(container: HTMLElement, colours: Colours): Promise<BaseMap> {
    const baseMap = new BaseMap(await openedMap(container, colours, say("page-map-title")), colours);
    baseMap.#build();
    return baseMap;
  }

  /** Frames drawn so far. */
  get frames(): number {
    return this.#frames;
  }

  source(name: SourceName): GeoJSONSource {
    return this.map.getSource(name) as GeoJSONSource;
  }

  show(name: SourceName, features: Feature[]): void {
    this.source(name).setData(collection(features));
  }

  /** Sensor kinds that need an image of their own. */
  knowKinds(kinds: readonly string[]): void {
    if (kinds.every((kind) => this.#kinds.includes(kind))) return;
    this.#kinds = [...new Set([...this.#kinds, ...kinds])];
    this.#images();
  }

  /** The same picture in other colours. */
  override recolour(colours: Colours): void {
    super.recolour(colours);
    this.#images();
    for (const layer of layerSpecs(colours)) this.repaint(layer);
  }

  switchLayers(id: string, on: boolean): void {
    this.setVisible(SWITCHES.find((entry) => entry.id === id)?.layers ?? [], on);
    if (id === GRID_SWITCH.id) this.#grid.switch(on);
  }

  flyTo(place: Place): void {
    this.zoomTo(place, Math.max(this.map.getZoom(), 14));
  }

  zoomTo(place: Place, zoom: number): void {
    this.map.easeTo({ center: [place.lon, place.lat], zoom, duration: motionMs(), essential: false });
  }

  /** Move so that all within the bounds is in view. */
  fit([west, south, east, north]: Bounds): void {
    this.map.fitBounds([west, south, east, north], { padding: 40, maxZoom: 14, duration: motionMs() });
  }

  #build(): void {
    this.#images();
    for (const name of SOURCES) {
      const promote = name === "tracks" || name === "track-crowd" ? { promoteId: "id" } : {};
      this.map.addSource(name, { type: "geojson", data: collection([]), maxzoom: 17, ...promote, ...gatheredIn(name) });
    }
    for (const layer of layerSpecs(this.colours)) this.map.addLayer(layer);
  }

  #images(): void {
    const colours = this.colours;
    const images = [
      ...trackImages(colours),
      ...sensorImages(this.#kinds, colours),
      ...markImages(colours),
      hatchImage(colours),
      ...forceImages(colours),
      ...clusterImages(colours),
    ];
    for (const { name, draw } of images) {
      this.#drawings.set(name, draw);
      if (this.map.hasImage(name)) this.map.updateImage(name, pixelsOf(draw()));
    }
  }

  /** An image that the map misses. */
  #drawMissing(name: string): void {
    const draw = this.#drawings.get(name);
    if (draw !== undefined && !this.map.hasImage(name)) this.map.addImage(name, pixelsOf(draw()), { pixelRatio: RATIO });
  }
}

function pixelsOf(canvas: HTMLCanvasElement): ImageData {
  return context(canvas).getImageData(0, 0, canvas.width, canvas.height);
}
