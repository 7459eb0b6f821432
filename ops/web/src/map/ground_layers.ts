// How contour lines, roads, rivers and settlements are drawn.

import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { Colours } from "./palette.ts";

export const SOURCE = "ground-map";
/** The first of these layers. */
export const FIRST_OF_GROUND = "map-rivers";

export const GROUND_SWITCHES = [
  { id: "contours", layers: ["map-contours", "map-contours-index", "map-contour-labels"], on: true },
  { id: "rivers", layers: ["map-rivers", "map-river-labels"], on: true },
  { id: "roads", layers: ["map-road-edges", "map-roads", "map-tracks", "map-road-labels"], on: true },
  { id: "settlements", layers: ["map-settlements"], on: true },
] as const;

type WidthStops = readonly (readonly [zoom: number, main: number, road: number, street: number])[];

/** Width of a line by zoom and class of road. */
function width(stops: WidthStops): ExpressionSpecification {
  const byClass = ([zoom, main, road, street]: WidthStops[number]): unknown[] => [
    zoom,
    ["match", ["get", "class"], "main", main, "road", road, street],
  ];
  return ["interpolate", ["exponential", 1.5], ["zoom"], ...stops.flatMap(byClass)] as unknown as ExpressionSpecification;
}

export function groundMapLayers(c: Colours, font: readonly string[]): LayerSpecification[] {
  const at = { source: SOURCE } as const;
  const round = { "line-join": "round", "line-cap": "round" } as const;
  const words = { "text-font": [...font], "text-size": 11 };
  const halo = { "text-halo-color": c.mapPaper, "text-halo-width": 1.2 };
  const driven: ["in", ["get", string], ["literal", string[]]] = ["in", ["get", "class"], ["literal", ["main", "road", "street"]]];
  return [
    {
      id: FIRST_OF_GROUND,
      type: "line",
      ...at,
      "source-layer": "rivers",
      layout: round,
      paint: { "line-color": c.water, "line-width": ["interpolate", ["linear"], ["zoom"], 8, 0.7, 12, 1.4, 16, 3] },
    },
    {
      id: "map-contours",
      type: "line",
      ...at,
      "source-layer": "contours",
      filter: ["!", ["get", "index"]],
      paint: { "line-color": c.contour, "line-width": 0.6, "line-opacity": 0.45 },
    },
    {
      id: "map-contours-index",
      type: "line",
      ...at,
      "source-layer": "contours",
      filter: ["get", "index"],
      paint: { "line-color": c.contour, "line-width": 1, "line-opacity": 0.6 },
    },
    {
      id: "map-road-edges",
      type: "line",
      ...at,
      "source-layer": "roads",
      filter: driven,
      layout: round,
      paint: { "line-color": c.roadEdge, "line-width": width([[8, 1.6, 0, 0], [12, 3.8, 2.6, 1.4], [16, 12, 9, 7]]) },
    },
    {
      id: "map-roads",
      type: "line",
      ...at,
      "source-layer": "roads",
      filter: driven,
      layout: round,
      paint: { "line-color": c.road, "line-width": width([[8, 1, 0.4, 0], [12, 2.4, 1.4, 0.7], [16, 9.5, 6.5, 5]]) },
    },
    {
      id: "map-tracks",
      type: "line",
      ...at,
      "source-layer": "roads",
      filter: ["!", driven],
      paint: { "line-color": c.roadEdge, "line-width": ["interpolate", ["linear"], ["zoom"], 12, 0.7, 16, 1.6], "line-dasharray": [3, 2] },
    },
    {
      id: "map-contour-labels",
      type: "symbol",
      ...at,
      "source-layer": "contours",
      minzoom: 11,
      filter: ["get", "index"],
      layout: { ...words, "text-size": 10, "text-field": ["to-string", ["get", "height_m"]], "symbol-placement": "line", "symbol-spacing": 420 },
      paint: { "text-color": c.contour, ...halo },
    },
    {
      id: "map-river-labels",
      type: "symbol",
      ...at,
      "source-layer": "rivers",
      minzoom: 12,
      layout: { ...words, "text-field": ["coalesce", ["get", "name"], ""], "symbol-placement": "line", "symbol-spacing": 500 },
      paint: { "text-color": c.water, ...halo },
    },
    {
      id: "map-road-labels",
      type: "symbol",
      ...at,
      "source-layer": "roads",
      minzoom: 13,
      layout: { ...words, "text-field": ["coalesce", ["get", "name"], ""], "symbol-placement": "line", "symbol-spacing": 500 },
      paint: { "text-color": c.place, ...halo },
    },
    {
      id: "map-settlements",
      type: "symbol",
      ...at,
      "source-layer": "settlements",
      layout: {
        ...words,
        "text-field": ["coalesce", ["get", "name"], ""],
        "text-size": ["match", ["get", "rank"], 1, 15, 2, 14, 3, 12, 11],
        "symbol-sort-key": ["get", "rank"],
        "text-padding": 6,
      },
      paint: { "text-color": c.place, ...halo, "text-halo-width": 1.6 },
    },
  ];
}
