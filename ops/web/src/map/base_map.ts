// The map itself: MapLibre with our layers and images, and nothing that would ask another server.

import { Map as MapLibreMap, setMaxParallelImageRequests, setWorkerUrl, type GeoJSONSource, type LayerSpecification } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import "maplibre-gl/dist/maplibre-gl.css";
import type { Feature } from "geojson";
import type { Place } from "../model/records.ts";
import { collection } from "./features.ts";
import { layerSpecs, SOURCES, SWITCHES, type SourceName } from "./layers.ts";
import { forceImages } from "./forces_layers.ts";
import { hatchImage, markImages } from "./annotations.ts";
import type { Colours } from "./palette.ts";
import { say } from "../words/say.ts";
import { RATIO, sensorImages, trackImages } from "./symbols.ts";

setWorkerUrl(workerUrl);
// Of the six connections of a browser to a server, one is the stream's; one stays free for what a person does.
setMaxParallelImageRequests(4);

export const REDUCED_MOTION = "(prefers-reduced-motion: reduce)";

export function webGlWorks(): boolean {
  try {
    const context = document.createElement("canvas").getContext("webgl2");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return context !== null;
  } catch {
    return false;
  }
}

export class BaseMap {
  readonly map: MapLibreMap;
  #colours: Colours;
  #kinds: readonly string[] = [];
  #frames = 0;

  private constructor(map: MapLibreMap, colours: Colours) {
    this.map = map;
    this.#colours = colours;
    map.on("render", () => (this.#frames += 1));
  }

  /** Resolves once sources, images and layers are there. Rejects where the browser gives no WebGL context. */
  static async open(container: HTMLElement, colours: Colours): Promise<BaseMap> {
    const map = new MapLibreMap({
      container,
      style: {
        version: 8,
        sources: {},
        layers: [{ id: "ground", type: "background", paint: { "background-color": colours.ground } }],
      },
      attributionControl: false,
      dragRotate: false,
      touchPitch: false,
      pitchWithRotate: false,
      maxPitch: 0,
      maxZoom: 17,
      fadeDuration: 0,
      renderWorldCopies: false,
      crossSourceCollisions: true,
      refreshExpiredTiles: false,
      locale: { "Map.Title": say("page-map-title") },
    });
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.on("error", () => undefined); // a missing tile stays blank; the layer list shows the problem
    await new Promise<void>((resolve) => (map.loaded() ? resolve() : map.once("load", () => resolve())));
    const baseMap = new BaseMap(map, colours);
    baseMap.#build();
    return baseMap;
  }

  /** Frames drawn so far. */
  get frames(): number {
    return this.#frames;
  }

  get colours(): Colours {
    return this.#colours;
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
  recolour(colours: Colours): void {
    this.#colours = colours;
    this.#images();
    this.map.setPaintProperty("ground", "background-color", colours.ground);
    for (const layer of layerSpecs(colours)) this.repaint(layer);
  }

  /** Give a layer that is drawn the colours of its description. */
  repaint(layer: LayerSpecification): void {
    for (const [property, value] of Object.entries(layer.paint ?? {})) {
      this.map.setPaintProperty(layer.id, property as never, value as never);
    }
  }

  switchLayers(id: string, on: boolean): void {
    for (const layer of SWITCHES.find((entry) => entry.id === id)?.layers ?? []) {
      if (this.map.getLayer(layer) !== undefined) this.map.setLayoutProperty(layer, "visibility", on ? "visible" : "none");
    }
  }

  flyTo(place: Place): void {
    const zoom = Math.max(this.map.getZoom(), 14);
    const still = matchMedia(REDUCED_MOTION).matches;
    this.map.easeTo({ center: [place.lon, place.lat], zoom, duration: still ? 0 : 600, essential: false });
  }

  showBounds(bounds: readonly [number, number, number, number]): void {
    const [west, south, east, north] = bounds;
    this.map.fitBounds(
      [
        [west, south],
        [east, north],
      ],
      { padding: 12, duration: 0 },
    );
  }

  #build(): void {
    this.#images();
    for (const name of SOURCES) {
      const promote = name === "tracks" ? { promoteId: "id" } : {};
      this.map.addSource(name, { type: "geojson", data: collection([]), maxzoom: 17, ...promote });
    }
    for (const layer of layerSpecs(this.#colours)) this.map.addLayer(layer);
  }

  #images(): void {
    const colours = this.#colours;
    const images = [
      ...trackImages(colours),
      ...sensorImages(this.#kinds, colours),
      ...markImages(colours),
      hatchImage(colours),
      ...forceImages(colours),
    ];
    for (const { name, canvas } of images) {
      const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height);
      if (pixels === undefined) continue;
      if (this.map.hasImage(name)) this.map.updateImage(name, pixels);
      else this.map.addImage(name, pixels, { pixelRatio: RATIO });
    }
  }
}
