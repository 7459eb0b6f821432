// How the grid is drawn: hairlines above the ground and below everything that is watched.

import type { FilterSpecification, LayerSpecification } from "maplibre-gl";
import { FONT } from "../map/font.ts";
import type { Colours } from "../map/palette.ts";

export const LINES = "grid-lines";
export const LABELS = "grid-labels";
/** The lowest of these layers. */
export const FIRST_OF_GRID = "grid-minor";

export const GRID_SWITCH = {
  id: "grid",
  layers: [FIRST_OF_GRID, "grid-major", "grid-zones", "grid-eastings", "grid-northings", "grid-squares", "grid-corners", "grid-zone-names"],
  on: true,
} as const;

const HAIR_SPACE = "\u200a";

const part = (...names: string[]): FilterSpecification => ["in", ["get", "part"], ["literal", names]];

export function gridLayers(c: Colours): LayerSpecification[] {
  const line = (id: string, name: string, width: number, opacity: number, dashes?: number[]): LayerSpecification => ({
    id,
    type: "line",
    source: LINES,
    filter: part(name),
    paint: { "line-color": c.grid, "line-width": width, "line-opacity": opacity, ...(dashes === undefined ? {} : { "line-dasharray": dashes }) },
  });
  const paint = { "text-color": c.grid, "text-halo-color": c.mapPaper, "text-halo-width": 1.4 };
  const words = { "text-font": FONT, "text-size": 12, "text-padding": 1 } as const;
  /** Hundreds of kilometres small and raised, then the digits with which a position begins. */
  const digits: ["format", ...unknown[]] = [
    "format",
    ["concat", ["get", "prefix"], HAIR_SPACE], { "font-scale": 0.8, "vertical-align": "top" },
    ["get", "digits"], {},
    ["get", "suffix"], { "font-scale": 0.8, "vertical-align": "top" },
  ];
  return [
    line(FIRST_OF_GRID, "minor", 0.7, 0.38),
    line("grid-major", "major", 1, 0.55),
    line("grid-zones", "zone", 1.4, 0.75, [7, 3]),
    {
      id: "grid-eastings",
      type: "symbol",
      source: LABELS,
      filter: part("easting"),
      layout: { ...words, "text-field": digits as never, "text-anchor": "bottom" },
      paint,
    },
    {
      id: "grid-northings",
      type: "symbol",
      source: LABELS,
      filter: part("northing"),
      layout: { ...words, "text-field": digits as never, "text-anchor": "left" },
      paint,
    },
    {
      id: "grid-squares",
      type: "symbol",
      source: LABELS,
      filter: part("square"),
      layout: { ...words, "text-field": ["get", "text"], "text-size": 12, "text-letter-spacing": 0.08 },
      paint,
    },
    {
      id: "grid-corners",
      type: "symbol",
      source: LABELS,
      filter: part("corner"),
      layout: { ...words, "text-field": ["get", "text"], "text-size": 12, "text-letter-spacing": 0.08, "text-anchor": "top-left" },
      paint,
    },
    {
      id: "grid-zone-names",
      type: "symbol",
      source: LABELS,
      filter: part("zone"),
      layout: { ...words, "text-field": ["get", "text"], "text-size": 13 },
      paint,
    },
  ];
}
