// What lies at a place on the screen: alerts before tracks before units and bases before sensors before bearings before the border; a second click takes the next.

import type { Map as MapLibreMap, PointLike } from "maplibre-gl";
import { singlesLayer } from "./clusters.ts";
import type { Selection } from "../model/state.ts";

const REACH_PX = 16;
const KINDS = [
  ["marks", "alert", "alert"],
  ["tracks", "id", "track"],
  [singlesLayer("track"), "id", "track"],
  ["units", "id", "unit"],
  [singlesLayer("unit"), "id", "unit"],
  ["bases", "id", "base"],
  ["sensors", "id", "sensor"],
  [singlesLayer("sensor"), "id", "sensor"],
  ["bearing-lines", "id", "bearing"],
  ["border", "segment", "segment"],
] as const;

export class Picker {
  readonly #map: MapLibreMap;
  #last: { readonly x: number; readonly y: number; readonly index: number } | null = null;

  constructor(map: MapLibreMap) {
    this.#map = map;
  }

  at(point: { readonly x: number; readonly y: number }): Selection | null {
    const found = this.#candidates(point);
    const again = this.#last !== null && Math.hypot(point.x - this.#last.x, point.y - this.#last.y) < 4;
    const index = again ? (this.#last?.index ?? -1) + 1 : 0;
    this.#last = { x: point.x, y: point.y, index };
    return found[index % Math.max(found.length, 1)] ?? null;
  }

  #candidates({ x, y }: { readonly x: number; readonly y: number }): Selection[] {
    const box: [PointLike, PointLike] = [
      [x - REACH_PX, y - REACH_PX],
      [x + REACH_PX, y + REACH_PX],
    ];
    const seen = new Map<string, Selection>();
    for (const [layer, property, kind] of KINDS) {
      if (this.#map.getLayer(layer) === undefined) continue;
      const features = this.#map.queryRenderedFeatures(box, { layers: [layer] });
      const distance = (feature: (typeof features)[number]): number => {
        if (feature.geometry.type !== "Point") return 0;
        const [lon = 0, lat = 0] = feature.geometry.coordinates;
        const at = this.#map.project([lon, lat]);
        return Math.hypot(at.x - x, at.y - y);
      };
      for (const feature of features.sort((a, b) => distance(a) - distance(b))) {
        const id = feature.properties[property] as unknown;
        if (typeof id === "string" || typeof id === "number") seen.set(`${kind} ${id}`, { kind, id: String(id) });
      }
    }
    return [...seen.values()];
  }
}
