// What is not covered: sensors that are offline or degraded, and the dead ground along the border.

import type { FeatureCollection } from "geojson";
import type { Sensor } from "./records.ts";

/** Sensors whose field of view must not be taken for covered ground. */
export function lostSensors(sensors: ReadonlyMap<string, Sensor>): Sensor[] {
  return [...sensors.values()].filter((sensor) => sensor.state !== "ok");
}

/** Smaller fractions of missing terrain data are hatched on the map, and not worth a sentence. */
const LEAST_UNKNOWN = 0.0005;

/** Mean dead-ground fraction of the segments, weighted by length; null when it is known of none. */
export function deadGroundFraction(segments: FeatureCollection | null): number | null {
  return meanFraction(segments, "dead_ground_fraction");
}

/** Fraction of the ground along the border whose visibility is unknown, because terrain data are missing; null if there is none. */
export function unknownFraction(segments: FeatureCollection | null): number | null {
  const fraction = meanFraction(segments, "unknown_fraction");
  return fraction !== null && fraction >= LEAST_UNKNOWN ? fraction : null;
}

function meanFraction(segments: FeatureCollection | null, property: string): number | null {
  let hidden = 0;
  let length = 0;
  for (const feature of segments?.features ?? []) {
    const { [property]: share, chainage_from_m: from, chainage_to_m: to } = feature.properties ?? {};
    if (typeof share !== "number" || !(share >= 0 && share <= 1)) continue;
    const metres = typeof from === "number" && typeof to === "number" && to > from ? to - from : 1;
    hidden += share * metres;
    length += metres;
  }
  return length > 0 ? hidden / length : null;
}
