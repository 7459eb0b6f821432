// A GeoJSON source that is told only what changed, and is not told more while it still works on the last change.

import type { GeoJSONSource, GeoJSONSourceDiff } from "maplibre-gl";
import type { Feature, Point } from "geojson";
import { trackKey } from "./features.ts";

export class IncrementalSource {
  readonly #source: GeoJSONSource;
  #drawn = new Map<string, string>();
  #wanted: readonly Feature<Point>[] | null = null;
  #busy = false;

  constructor(source: GeoJSONSource) {
    this.#source = source;
  }

  show(features: readonly Feature<Point>[]): void {
    this.#wanted = features;
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#wanted !== null) {
        const features = this.#wanted;
        this.#wanted = null;
        const diff = this.#difference(features);
        if (diff !== null) await this.#source.updateData(diff);
      }
    } finally {
      this.#busy = false;
    }
  }

  #difference(features: readonly Feature<Point>[]): GeoJSONSourceDiff | null {
    const drawn = new Map<string, string>();
    const add: Feature[] = [];
    for (const feature of features) {
      const id = String(feature.id);
      const key = trackKey(feature);
      if (this.#drawn.get(id) !== key) add.push(feature);
      drawn.set(id, key);
    }
    const remove = [...this.#drawn.keys()].filter((id) => !drawn.has(id));
    this.#drawn = drawn;
    return add.length === 0 && remove.length === 0 ? null : { add, remove };
  }
}
