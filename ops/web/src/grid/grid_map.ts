// Keeps the grid's lines and labels equal to what the map shows.

import type { GeoJSONSource, Map as MapLibreMap } from "maplibre-gl";
import type { Feature } from "geojson";
import type { Bounds } from "../geo/bounds.ts";
import { metresPerPixel } from "../map/scale.ts";
import { LABELS, LINES } from "./grid_layers.ts";
import { gridLabels, gridLines, spacingFor, type Spacing } from "./lines.ts";

/** Room at the edges of the map that other things of the page take, in pixels; labels keep clear of it. */
export interface Edges {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Lines are made for a view wider by this share on each side, so that the map can be moved without new ones. */
const BEYOND = 0.5;

export class GridMap {
  readonly #map: MapLibreMap;
  readonly #edges: Edges;
  #drawn: { readonly box: Bounds; readonly spacing: Spacing } | null = null;
  #on = false;

  /** The layers of the grid are those of `gridLayers`, above these sources. */
  constructor(map: MapLibreMap, edges: Edges) {
    this.#map = map;
    this.#edges = edges;
    for (const source of [LINES, LABELS]) map.addSource(source, { type: "geojson", data: of([]), maxzoom: 17 });
    map.on("move", () => this.#lines());
    map.on("moveend", () => this.#labels());
    map.on("resize", () => this.#labels());
  }

  switch(on: boolean): void {
    this.#on = on;
    this.#lines();
    this.#labels();
  }

  /** New lines where those that are drawn do not reach, or have another spacing. */
  #lines(): void {
    if (!this.#on) return;
    const view = this.#view(0, 0, 0, 0);
    const spacing = this.#spacing;
    const drawn = this.#drawn;
    if (drawn !== null && drawn.spacing === spacing && encloses(drawn.box, view)) return;
    const box = grown(view, BEYOND);
    this.#drawn = { box, spacing };
    this.#show(LINES, gridLines(box, spacing));
  }

  /** Labels keep their place on the ground while the map moves, and return to the edges when it rests. */
  #labels(): void {
    if (!this.#on) return;
    const { left, top, right, bottom } = this.#edges;
    this.#show(LABELS, gridLabels(this.#view(left, top, right, bottom), this.#spacing));
  }

  get #spacing(): Spacing {
    return spacingFor(metresPerPixel(this.#map.getCenter().lat, this.#map.getZoom()));
  }

  #view(left: number, top: number, right: number, bottom: number): Bounds {
    const { clientWidth, clientHeight } = this.#map.getCanvas();
    const { lng: west, lat: south } = this.#map.unproject([left, clientHeight - bottom]);
    const { lng: east, lat: north } = this.#map.unproject([clientWidth - right, top]);
    return [Math.max(west, -180), south, Math.min(east, 180), north];
  }

  #show(source: string, features: Feature[]): void {
    this.#map.getSource<GeoJSONSource>(source)?.setData(of(features));
  }
}

function of(features: Feature[]): { type: "FeatureCollection"; features: Feature[] } {
  return { type: "FeatureCollection", features };
}

function encloses(outer: Bounds, inner: Bounds): boolean {
  return outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3];
}

function grown([west, south, east, north]: Bounds, share: number): Bounds {
  const [wide, high] = [(east - west) * share, (north - south) * share];
  return [Math.max(west - wide, -180), Math.max(south - high, -89), Math.min(east + wide, 180), Math.min(north + high, 89)];
}
