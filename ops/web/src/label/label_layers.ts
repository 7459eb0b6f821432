// Layers of the names that the page places itself. They are above the names that MapLibre places, which keep off them.

import type { FilterSpecification, LayerSpecification } from "maplibre-gl";
import { FONT } from "../map/font.ts";
import type { Colours } from "../map/palette.ts";

/** From the lowest rank up; `layer` is what a switch of the layer panel names. */
export const LABELLED = [
  { kind: "sensor", layer: "sensor-labels" },
  { kind: "base", layer: "base-labels" },
  { kind: "unit", layer: "unit-labels" },
  { kind: "help", layer: "help-time" },
  { kind: "mark", layer: "mark-labels" },
] as const;
export type Labelled = (typeof LABELLED)[number]["kind"];

export const TEXT_PX = 12;
export const LINE_EM = 1.2;

export function leadersLayer(kind: Labelled): string {
  return `${kind}-leaders`;
}

export function labelLayers(c: Colours): LayerSpecification[] {
  const of = (kind: Labelled, shape: "Point" | "LineString"): FilterSpecification => ["all", ["==", ["get", "kind"], kind], ["==", ["geometry-type"], shape]];
  return [
    ...LABELLED.map(({ kind }): LayerSpecification => ({
      id: leadersLayer(kind),
      type: "line",
      source: "labels",
      filter: of(kind, "LineString"),
      paint: { "line-color": c.ink, "line-width": 1, "line-opacity": 0.75 },
    })),
    ...LABELLED.map(({ kind, layer }): LayerSpecification => ({
      id: layer,
      type: "symbol",
      source: "labels",
      filter: of(kind, "Point"),
      layout: {
        "text-field": ["get", "label"],
        "text-font": FONT,
        "text-size": TEXT_PX,
        "text-line-height": LINE_EM,
        "text-max-width": 100,
        "text-padding": 0,
        "text-allow-overlap": true,
      },
      paint: {
        "text-color": ["case", ["get", "lost"], c.lost, ["==", ["get", "nearest"], true], c.select, c.ink],
        "text-halo-color": c.halo,
        "text-halo-width": 1.8,
      },
    })),
  ];
}
