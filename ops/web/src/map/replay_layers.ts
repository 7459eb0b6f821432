// The layers of looking back: rings are positions as known now, a dashed line leads there from the position known then.

import type { FilterSpecification, LayerSpecification } from "maplibre-gl";
import type { Colours } from "./palette.ts";

const part = (name: string): FilterSpecification => ["==", ["get", "part"], name];

export function replayLayers(c: Colours, font: string[]): LayerSpecification[] {
  return [
    {
      id: "replay-path-now",
      type: "line",
      source: "replay",
      filter: part("path-now"),
      paint: { "line-color": c.select, "line-width": 3, "line-opacity": 0.8 },
    },
    {
      id: "replay-path-then",
      type: "line",
      source: "replay",
      filter: part("path-then"),
      paint: { "line-color": c.ink, "line-width": 2, "line-dasharray": [3, 2] },
    },
    {
      id: "replay-moved",
      type: "line",
      source: "replay",
      filter: part("moved"),
      paint: { "line-color": c.select, "line-width": 2, "line-dasharray": [1, 1.5] },
    },
    {
      id: "replay-now",
      type: "circle",
      source: "replay",
      filter: part("now"),
      paint: { "circle-radius": 8, "circle-opacity": 0, "circle-stroke-color": c.select, "circle-stroke-width": 2.5 },
    },
    {
      id: "replay-labels",
      type: "symbol",
      source: "replay",
      filter: ["all", ["==", ["get", "part"], "now"], ["!=", ["get", "label"], ""]],
      layout: {
        "text-field": ["get", "label"], "text-font": font, "text-size": 12, "text-anchor": "left",
        "text-offset": [1, 0], "text-optional": true,
      },
      paint: { "text-color": c.select, "text-halo-color": c.halo, "text-halo-width": 1.8 },
    },
  ];
}
