// Named areas of the sector: a quiet outline and the name; of a danger area a stronger one, and a light fill.

import type { Feature } from "geojson";
import type { LayerSpecification } from "maplibre-gl";
import type { NamedArea } from "../model/records.ts";
import { say } from "../words/say.ts";
import { FONT } from "./font.ts";
import type { Colours } from "./palette.ts";
import { context, RATIO, square } from "./symbols.ts";

/** Switch of the layer panel. */
export const AREA_SWITCH = { id: "areas", layers: ["areas-danger-fill", "areas-danger", "areas", "area-labels"], on: true } as const;

const DASH = [5, 3];
const isDanger: ["==", ["get", "kind"], string] = ["==", ["get", "kind"], "danger"];

export function areaLayers(c: Colours): LayerSpecification[] {
  return [
    { id: "areas-danger-fill", type: "fill", source: "areas", filter: isDanger, paint: { "fill-color": c.high, "fill-opacity": 0.12 } },
    {
      id: "areas-danger",
      type: "line",
      source: "areas",
      filter: isDanger,
      layout: { "line-join": "round" },
      paint: { "line-color": c.high, "line-width": 2 },
    },
    {
      id: "areas",
      type: "line",
      source: "areas",
      filter: ["!", isDanger],
      layout: { "line-join": "round" },
      paint: { "line-color": c.ink, "line-width": 1.3, "line-opacity": 0.75, "line-dasharray": DASH },
    },
    {
      id: "area-labels",
      type: "symbol",
      source: "areas",
      minzoom: 10.5,
      layout: { "text-field": ["get", "label"], "text-font": FONT, "text-size": 12, "text-max-width": 9 },
      paint: { "text-color": c.ink, "text-halo-color": c.halo, "text-halo-width": 1.8 },
    },
  ];
}

/** The areas as features; the label states the kind, so that it does not depend on colour. */
export function areaFeatures(areas: readonly NamedArea[]): Feature[] {
  return areas.map(({ id, name, kind, polygons }) => ({
    type: "Feature",
    properties: { id, kind, label: say("page-area", { kind, name }) },
    geometry: { type: "MultiPolygon", coordinates: polygons.map((rings) => rings.map((ring) => ring.map(([lon, lat]) => [lon, lat]))) },
  }));
}

/** The outline of an area, for the key to the symbols. */
export function areaSymbol(danger: boolean, colours: Colours): HTMLCanvasElement {
  const canvas = square();
  const pen = context(canvas);
  pen.beginPath();
  pen.rect(6 * RATIO, 9 * RATIO, 22 * RATIO, 16 * RATIO);
  pen.lineWidth = (danger ? 2 : 1.3) * RATIO;
  pen.strokeStyle = danger ? colours.high : colours.ink;
  if (!danger) pen.setLineDash(DASH.map((part) => part * RATIO));
  pen.stroke();
  if (danger) {
    pen.globalAlpha = 0.12;
    pen.fillStyle = colours.high;
    pen.fill();
  }
  return canvas;
}
