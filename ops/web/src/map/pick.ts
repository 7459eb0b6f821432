// What is at a place on the screen, in this order: alerts, clusters, tracks, units and bases, sensors, bearings, the border. A second click selects the next. An opened cluster is replaced by others with other numbers, so the next click starts with the first.

import type { LngLat, Map as MapLibreMap, PointLike } from "maplibre-gl";
import { clusterAt, singlesLayer, type Cluster } from "./clusters.ts";
import type { Selection } from "../model/state.ts";
import { following } from "../model/turns.ts";

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

export type Picked = { readonly select: Selection } | { readonly open: Cluster };

export class Picker {
  readonly #map: MapLibreMap;
  #last: { readonly at: LngLat; readonly taken: string | null } | null = null;

  constructor(map: MapLibreMap) {
    this.#map = map;
  }

  /** What to select or open; the next, where the last place on the ground is meant again, wherever it is on the screen now. */
  at({ x, y }: { readonly x: number; readonly y: number }): Picked | null {
    const found = this.#candidates({ x, y });
    const last = this.#last === null ? null : this.#map.project(this.#last.at);
    const again = last !== null && Math.hypot(x - last.x, y - last.y) < 4;
    const taken = following([...found.keys()], again ? (this.#last?.taken ?? null) : null);
    this.#last = { at: this.#map.unproject([x, y]), taken };
    return taken === null ? null : (found.get(taken) ?? null);
  }

  #candidates({ x, y }: { readonly x: number; readonly y: number }): Map<string, Picked> {
    const box: [PointLike, PointLike] = [
      [x - REACH_PX, y - REACH_PX],
      [x + REACH_PX, y + REACH_PX],
    ];
    const seen = new Map<string, Picked>();
    const cluster = clusterAt(this.#map, { x, y });
    for (const [layer, property, kind] of KINDS) {
      if (kind !== "alert" && cluster !== null) seen.set(`cluster ${cluster.kind} ${cluster.id}`, { open: cluster });
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
        if (typeof id === "string" || typeof id === "number") seen.set(`${kind} ${id}`, { select: { kind, id: String(id) } });
      }
    }
    return seen;
  }
}
