// Layers and symbols of own forces. Impact levels differ by the width of their line and by words, not by colour alone.

import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import { clusterLayer, singlesLayer } from "./clusters.ts";
import { FONT } from "./font.ts";
import { BASE_ICON, UNIT_ICONS } from "./forces_map.ts";
import { leadersLayer } from "../label/label_layers.ts";
import type { Colours } from "./palette.ts";
import { context, frame, icon, RATIO, square, stroke, type NamedImage } from "./symbols.ts";

/** Switches of the layer panel. */
export const FORCE_SWITCHES = [
  { id: "units", layers: ["units", "unit-distress", "help-halo", "help-near", "help-assigned", "help-time", leadersLayer("help"), "unit-labels", leadersLayer("unit"), singlesLayer("unit"), clusterLayer("unit")], on: true },
  { id: "bases", layers: ["bases", "base-labels", leadersLayer("base")], on: true },
  { id: "levels", layers: ["levels", "level-labels"], on: true },
] as const;

const SIZE: ExpressionSpecification = ["interpolate", ["linear"], ["zoom"], 8, 0.5, 10.5, 0.7, 13, 0.95];

const of = (name: string): ["==", ["get", "part"], string] => ["==", ["get", "part"], name];

/** Beneath the border line. */
export function levelLayers(c: Colours): LayerSpecification[] {
  return [
    {
      id: "levels",
      type: "line",
      source: "levels",
      filter: of("level"),
      layout: { "line-join": "round" },
      paint: {
        "line-color": ["match", ["get", "level"], "critical", c.high, "high", c.high, "medium", c.medium, c.low],
        "line-width": ["match", ["get", "level"], "critical", 20, "high", 16, "medium", 11, 7],
        "line-opacity": 0.4,
      },
    },
    {
      id: "level-labels",
      type: "symbol",
      source: "levels",
      filter: of("level-label"),
      layout: { "text-field": ["get", "label"], "text-font": FONT, "text-size": 12, "text-offset": [0, -1.4] },
      paint: { "text-color": c.ink, "text-halo-color": c.halo, "text-halo-width": 2 },
    },
  ];
}

export function forceLayers(c: Colours): LayerSpecification[] {
  const always = { "icon-allow-overlap": true } as const;
  return [
    ...helpLayers(c),
    {
      id: "bases",
      type: "symbol",
      source: "forces",
      filter: of("base"),
      layout: { "icon-image": ["get", "icon"], "icon-size": SIZE, ...always },
    },
    {
      id: singlesLayer("unit"),
      type: "symbol",
      source: "unit-crowd",
      filter: ["!", ["has", "point_count"]],
      layout: { "icon-image": ["get", "icon"], "icon-size": SIZE, ...always },
      paint: { "icon-opacity": ["get", "o"] },
    },
    {
      id: "units",
      type: "symbol",
      source: "forces",
      filter: of("unit"),
      layout: { "icon-image": ["get", "icon"], "icon-size": SIZE, ...always },
      paint: { "icon-opacity": ["get", "o"] },
    },
    {
      id: "unit-distress",
      type: "symbol",
      source: "forces",
      filter: ["all", of("unit"), ["==", ["get", "distress"], true]],
      layout: { "icon-image": "mark/distress/active", "icon-size": SIZE, ...always },
    },
  ];
}

/** From the nearest help, or who is assigned, to the incident in focus. */
function helpLayers(c: Colours): LayerSpecification[] {
  const source = "help";
  const assigned: ["==", ["get", string], boolean] = ["==", ["get", "assigned"], true];
  return [
    { id: "help-halo", type: "line", source, paint: { "line-color": c.halo, "line-width": 4.5, "line-opacity": 0.7 } },
    { id: "help-near", type: "line", source, filter: ["!", assigned], paint: { "line-color": c.select, "line-width": 1.8, "line-dasharray": [4, 2.5] } },
    { id: "help-assigned", type: "line", source, filter: assigned, paint: { "line-color": c.select, "line-width": 2.4 } },
  ];
}

export function forceImages(colours: Colours): NamedImage[] {
  return [
    ...UNIT_ICONS.map(({ name, moves, old }) => ({ name, draw: () => unitSymbol(moves, old, colours) })),
    { name: BASE_ICON, draw: () => baseSymbol(colours) },
  ];
}

/** A friendly land unit; hollow, dashed and crossed through where its position is not current. */
export function unitSymbol(moves: string, old: boolean, colours: Colours): HTMLCanvasElement {
  const canvas = square();
  const ink = old ? colours.ink : "black";
  frame(canvas, `100310${old ? "1" : "0"}000${"0".repeat(10)}`, {
    fill: colours.unit, hollow: old, size: 17, halo: colours.halo, ink,
  });
  if (moves === "foot") icon(canvas, "10031100001103000000", 24, ink);
  else icon(canvas, "10031500001601000000", 24, ink);
  if (old) stroke(canvas, colours.ink, 0.8);
  return canvas;
}

/** A house in the frame's colour: a patrol base. */
export function baseSymbol(colours: Colours): HTMLCanvasElement {
  const canvas = square();
  const pen = context(canvas);
  const [left, right, top, eaves, foot] = [7, 27, 6, 15, 27].map((value) => value * RATIO) as [number, number, number, number, number];
  pen.beginPath();
  pen.moveTo((left + right) / 2, top);
  pen.lineTo(right + 2 * RATIO, eaves);
  pen.lineTo(right, eaves);
  pen.lineTo(right, foot);
  pen.lineTo(left, foot);
  pen.lineTo(left, eaves);
  pen.lineTo(left - 2 * RATIO, eaves);
  pen.closePath();
  pen.lineJoin = "round";
  pen.lineWidth = 5 * RATIO;
  pen.strokeStyle = colours.halo;
  pen.stroke();
  pen.fillStyle = colours.unit;
  pen.fill();
  pen.lineWidth = 2 * RATIO;
  pen.strokeStyle = "black";
  pen.stroke();
  return canvas;
}
