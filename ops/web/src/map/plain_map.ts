// What every map of these pages is: MapLibre in the page's colours with the ground of the sector at its bottom, which
// asks no other server.

import { Map as MapLibreMap, setMaxParallelImageRequests, setWorkerUrl, type LayerSpecification } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import "maplibre-gl/dist/maplibre-gl.css";
import type { Bounds } from "../geo/bounds.ts";
import { fontLoaded } from "./font.ts";
import type { Colours } from "./palette.ts";

setWorkerUrl(workerUrl);
// Of the six connections of a browser to a server, one is the stream's; one stays free for what a person does.
setMaxParallelImageRequests(4);

/** From the ground up, each below a layer that draws nothing: tinted heights and relief; pictures and areas of the base
    map; coverage. Vector layers of the ground are above them. */
export const RELIEF_END = "relief-end";
export const AREAS_END = "areas-end";
export const COVERAGE_END = "coverage-end";

export function webGlWorks(): boolean {
  try {
    const context = document.createElement("canvas").getContext("webgl2");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return context !== null;
  } catch {
    return false;
  }
}

/** Resolves once an empty map is there. Rejects where the browser gives no WebGL context. */
export async function openedMap(container: HTMLElement, colours: Colours, title: string): Promise<MapLibreMap> {
  const paint = { "background-color": colours.ground };
  const map = new MapLibreMap({
    container,
    style: {
      version: 8,
      sources: {},
      layers: [
        { id: "ground", type: "background", paint },
        ...[RELIEF_END, AREAS_END, COVERAGE_END].map((id) => ({ id, type: "background" as const, layout: { visibility: "none" as const } })),
      ],
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
    locale: { "Map.Title": title },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.on("error", () => undefined); // a missing tile stays blank; the page states the problem
  const styled = new Promise<void>((resolve) => map.once("style.load", () => resolve())); // before the first frame is drawn
  await Promise.all([styled, fontLoaded()]);
  return map;
}

export class PlainMap {
  readonly map: MapLibreMap;
  /** The first layer above the ground. */
  readonly aboveGround: string;
  #colours: Colours;

  protected constructor(map: MapLibreMap, colours: Colours, aboveGround: string) {
    this.map = map;
    this.#colours = colours;
    this.aboveGround = aboveGround;
  }

  get colours(): Colours {
    return this.#colours;
  }

  /** The same picture in other colours. */
  recolour(colours: Colours): void {
    this.#colours = colours;
    this.map.setPaintProperty("ground", "background-color", colours.ground);
  }

  /** Give a layer that is drawn the colours of its description. */
  repaint(layer: LayerSpecification): void {
    for (const [property, value] of Object.entries(layer.paint ?? {})) {
      this.map.setPaintProperty(layer.id, property as never, value as never);
    }
  }

  setVisible(layers: readonly string[], on: boolean): void {
    for (const layer of layers) {
      if (this.map.getLayer(layer) !== undefined) this.map.setLayoutProperty(layer, "visibility", on ? "visible" : "none");
    }
  }

  showBounds([west, south, east, north]: Bounds): void {
    this.map.fitBounds([west, south, east, north], { padding: 12, duration: 0 });
  }
}
