// What is drawn beside tracks: bearings, trails, error ellipses, velocity vectors and predicted crossings.

import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from "maplibre-gl";
import { FONT } from "../map/font.ts";
import type { Colours } from "../map/palette.ts";
import { DOTS_ZOOM } from "../model/tracks.ts";

const part = (name: string): FilterSpecification => ["==", ["get", "part"], name];

/** `size`: of symbols by zoom. */
export function detailLayers(c: Colours, size: ExpressionSpecification): LayerSpecification[] {
  const chosen = (yes: number, no: number): ["case", ["get", string], number, number] => [
    "case",
    ["get", "chosen"],
    yes,
    no,
  ];
  /** One width beside dots, another beside symbols. */
  const finer = (dots: ExpressionSpecification, symbols: ExpressionSpecification | number): ExpressionSpecification => ["interpolate", ["linear"], ["zoom"], DOTS_ZOOM - 0.5, dots, DOTS_ZOOM, symbols];
  /** Where tracks are dots, less of what has no alert. */
  const receding = (share: number, full: ExpressionSpecification | number): ExpressionSpecification =>
    finer(["case", ["get", "quiet"], ["*", share, full], full], full);
  /** Times the opacity that a bearing's age leaves it. */
  const faded = (yes: number, no: number): ["*", ["get", string], ["case", ["get", string], number, number]] => [
    "*",
    ["get", "o"],
    chosen(yes, no),
  ];
  return [
    {
      id: "bearing-wedges",
      type: "fill",
      source: "bearings",
      filter: part("wedge"),
      paint: { "fill-color": c.ink, "fill-opacity": faded(0.22, 0.1) },
    },
    {
      id: "bearing-lines",
      type: "line",
      source: "bearings",
      filter: part("line"),
      paint: {
        "line-color": c.ink,
        "line-width": chosen(3, 1.8),
        "line-opacity": faded(1, 0.85),
        "line-dasharray": [4, 3],
      },
    },
    {
      id: "trails-halo",
      type: "line",
      source: "details",
      filter: part("trail"),
      layout: { "line-join": "round", "line-cap": "round" },
      paint: { "line-color": c.halo, "line-width": chosen(6, 3.6), "line-opacity": receding(0, ["*", ["get", "o"], 0.5]) },
    },
    {
      id: "trails",
      type: "line",
      source: "details",
      filter: part("trail"),
      layout: { "line-join": "round", "line-cap": "round" },
      paint: { "line-color": c.ink, "line-width": chosen(3, 2), "line-opacity": receding(0.4, chosen(0.95, 0.8)), "line-dasharray": [0.1, 1.8] },
    },
    {
      id: "ellipses",
      type: "fill",
      source: "details",
      filter: part("ellipse"),
      paint: { "fill-color": c.select, "fill-opacity": chosen(0.22, 0.08) },
    },
    {
      id: "ellipses-edge",
      type: "line",
      source: "details",
      filter: part("ellipse"),
      paint: { "line-color": c.select, "line-width": chosen(2, 1), "line-opacity": 0.8 },
    },
    {
      id: "vectors-halo",
      type: "line",
      source: "details",
      filter: part("vector"),
      paint: { "line-color": c.halo, "line-width": finer(chosen(6, 3.5), chosen(6, 5)), "line-opacity": receding(0, ["*", ["get", "o"], 0.5]) },
    },
    {
      id: "vectors",
      type: "line",
      source: "details",
      filter: part("vector"),
      paint: { "line-color": c.ink, "line-width": finer(["case", ["get", "quiet"], 0.8, ["get", "chosen"], 3, 1.6], chosen(3, 2)), "line-opacity": receding(0.5, ["get", "o"]) },
    },
    {
      id: "crossing-paths",
      type: "line",
      source: "details",
      filter: part("crossing-path"),
      paint: { "line-color": c.ink, "line-width": 1, "line-dasharray": [2, 3], "line-opacity": receding(0, 0.7) },
    },
    {
      id: "crossings",
      type: "symbol",
      source: "details",
      filter: part("crossing"),
      layout: {
        "icon-image": "crossing",
        "icon-size": size,
        "icon-allow-overlap": true,
        "text-field": ["step", ["zoom"], "", 12, ["get", "label"]],
        "text-font": FONT,
        "text-size": 12,
        "text-anchor": "left",
        "text-offset": [0.9, 0.9],
        "text-optional": true,
      },
      paint: { "icon-opacity": receding(0, 1), "text-color": c.ink, "text-halo-color": c.halo, "text-halo-width": 1.5 },
    },
  ];
}
