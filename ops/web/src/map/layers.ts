// The map's drawing order, from the terrain up, in one list. Terrain is put beneath "views" by overlays.ts.

import type { ExpressionSpecification, FilterSpecification, LayerSpecification, SymbolLayerSpecification } from "maplibre-gl";
import { BORDER_LAYERS, borderLayers } from "../border/layers.ts";
import { detailLayers } from "../detail/layers.ts";
import { DOTS_ZOOM, SYMBOLS_ZOOM } from "../model/tracks.ts";
import { FIRST_OF_GRID, GRID_SWITCH, gridLayers } from "../grid/grid_layers.ts";
import { FORCE_SWITCHES, forceLayers, levelLayers } from "./forces_layers.ts";
import { ARCHIVE } from "./archive_layers.ts";
import { AREA_SWITCH, areaLayers } from "./area_layers.ts";
import type { Crowd } from "../model/crowds.ts";
import { clusterLayer, clusterLayers, singlesLayer } from "./clusters.ts";
import { FONT } from "./font.ts";
import { labelLayers, leadersLayer } from "../label/label_layers.ts";
import { GROUND_SWITCHES } from "./ground_layers.ts";
import type { Colours } from "./palette.ts";
import { replayLayers } from "./replay_layers.ts";

export const SOURCES = [
  "views",
  "levels",
  "areas",
  "border",
  "border-runs",
  "chainage",
  "sides",
  "segments",
  "bearings",
  "details",
  "sensor-crowd",
  "sensors",
  "unit-crowd",
  "help",
  "forces",
  "replay",
  "track-crowd",
  "tracks",
  "marks",
  "labels",
  "selected",
  "goal",
  "tool",
] as const;
export type SourceName = (typeof SOURCES)[number];

/** First of the layers above the terrain. */
export const ABOVE_TERRAIN = FIRST_OF_GRID;
/** From this zoom on tracks have their names, where there is room. */
export const NAMES_ZOOM = 12.5;
const SINGLE_NAMES = "track-single-names";
const ALERTED = "alerted-tracks";
/** Symbols shrink where the whole sector is in view, so that they do not hide each other. */
const SIZES = [[8, 0.45], [10.5, 0.62], [13, 0.95]] as const;
const BY_ZOOM = ["interpolate", ["linear"], ["zoom"], ...SIZES.flat()] as ExpressionSpecification;

/** The size of symbols at a zoom, as they are drawn. */
export function symbolScale(zoom: number): number {
  const [[least, small], [middle, medium], [most, full]] = SIZES;
  const between = (from: number, to: number, low: number, high: number): number =>
    low + ((high - low) * Math.min(Math.max(zoom - from, 0), to - from)) / (to - from);
  return zoom < middle ? between(least, middle, small, medium) : between(middle, most, medium, full);
}

/** Switches and their layers; the rasters of the server are added to these. */
export const SWITCHES: readonly {
  readonly id: string;
  readonly layers: readonly string[];
  readonly on: boolean;
}[] = [
  { id: "tracks", layers: ["tracks", ALERTED, "track-names", singlesLayer("track"), SINGLE_NAMES, clusterLayer("track")], on: true },
  { id: "trails", layers: ["trails-halo", "trails"], on: true },
  { id: "vectors", layers: ["vectors-halo", "vectors"], on: true },
  { id: "ellipses", layers: ["ellipses", "ellipses-edge"], on: true },
  { id: "crossings", layers: ["crossing-paths", "crossings"], on: true },
  { id: "bearings", layers: ["bearing-wedges", "bearing-lines"], on: true },
  { id: "views", layers: ["views-lost", "views-edge", "views-lost-edge", "courses-halo", "courses"], on: true },
  { id: "sensors", layers: ["sensors", "sensor-labels", leadersLayer("sensor"), singlesLayer("sensor"), clusterLayer("sensor")], on: true },
  { id: "border", layers: [...BORDER_LAYERS, "chainage", "sides"], on: true },
  { id: "segments", layers: ["segments"], on: false },
  ...FORCE_SWITCHES,
  AREA_SWITCH,
  GRID_SWITCH,
  { id: ARCHIVE, layers: [], on: true }, // whose layers depend on the file
  ...GROUND_SWITCHES,
];

export function layerSpecs(colours: Colours): LayerSpecification[] {
  return [...gridLayers(colours), ...groundLayers(colours), ...detailLayers(colours, BY_ZOOM), ...replayLayers(colours, FONT), ...thingLayers(colours), ...toolLayers(colours)];
}

function groundLayers(c: Colours): LayerSpecification[] {
  const lost: FilterSpecification = ["==", ["get", "lost"], true];
  const course: FilterSpecification = ["==", ["get", "course"], true];
  return [
    {
      id: "views-lost",
      type: "fill",
      source: "views",
      filter: lost,
      paint: { "fill-pattern": "hatch", "fill-opacity": ["interpolate", ["linear"], ["zoom"], 11, 0.4, 13, 0.32] },
    },
    {
      id: "views-edge",
      type: "line",
      source: "views",
      filter: ["all", ["!", lost], ["!", course]],
      paint: {
        "line-color": ["case", ["get", "chosen"], c.select, c.view],
        "line-width": ["case", ["get", "chosen"], 2, 0.6],
        "line-opacity": ["case", ["get", "chosen"], 1, 0.45],
      },
    },
    {
      id: "views-lost-edge",
      type: "line",
      source: "views",
      filter: lost,
      paint: { "line-color": c.lost, "line-width": 1.6, "line-dasharray": [5, 3.5], "line-opacity": 0.9 },
    },
    {
      id: "courses-halo",
      type: "line",
      source: "views",
      filter: course,
      paint: { "line-color": c.halo, "line-width": 4.5, "line-opacity": 0.6 },
    },
    {
      id: "courses",
      type: "line",
      source: "views",
      filter: course,
      layout: { "line-cap": "round" },
      paint: { "line-color": c.ink, "line-width": 2.4, "line-dasharray": [0.1, 2] },
    },
    {
      id: "segments",
      type: "line",
      source: "segments",
      filter: ["has", "dead_ground_fraction"],
      paint: {
        "line-color": c.ink,
        "line-width": 12,
        "line-opacity": ["interpolate", ["linear"], ["coalesce", ["get", "dead_ground_fraction"], 0], 0, 0, 1, 0.6],
      },
    },
    ...areaLayers(c),
    ...levelLayers(c),
    ...borderLayers(c),
    {
      id: "chainage",
      type: "symbol",
      source: "chainage",
      filter: [">=", ["get", "step"], ["step", ["zoom"], 100, 6, 50, 8, 10, 10, 5, 12, 1]],
      layout: { "text-field": ["get", "label"], "text-font": FONT, "text-size": 12, "text-offset": [0, 1.1] },
      paint: { "text-color": c.ink, "text-halo-color": c.halo, "text-halo-width": 1.5 },
    },
    {
      id: "sides",
      type: "symbol",
      source: "sides",
      layout: {
        "text-field": ["get", "label"],
        "text-font": FONT,
        "text-size": 13,
        "text-anchor": ["get", "anchor"],
        "text-radial-offset": 1.5,
        "text-letter-spacing": 0.12,
      },
      paint: { "text-color": c.ink, "text-halo-color": c.halo, "text-halo-width": 2 },
    },
  ];
}

function thingLayers(c: Colours): LayerSpecification[] {
  const always = { "icon-allow-overlap": true } as const; // and labels keep off it
  const sensors: SymbolLayerSpecification = {
    id: "sensors",
    type: "symbol",
    source: "sensors",
    layout: { "icon-image": ["get", "icon"], "icon-anchor": ["get", "anchor"], "icon-size": BY_ZOOM, ...always },
  };
  const [tracks, names] = [trackLayer(), trackNames(c)];
  const clusters = clusterLayers(c);
  return [
    names,
    singles(names, "track", SINGLE_NAMES),
    singles(sensors, "sensor"),
    clusters.sensor,
    sensors,
    singles(tracks, "track"),
    clusters.track,
    tracks,
    clusters.unit,
    ...forceLayers(c),
    { ...tracks, id: ALERTED, filter: [">", ["get", "rank"], 0] }, // what needs a person is above own forces
    {
      id: "marks",
      type: "symbol",
      source: "marks",
      layout: {
        "icon-image": ["get", "icon"],
        "icon-size": BY_ZOOM,
        "symbol-sort-key": ["get", "rank"],
        ...always,
      },
    },
    ...labelLayers(c),
    {
      id: "selected",
      type: "circle",
      source: "selected",
      paint: {
        "circle-radius": 27,
        "circle-color": c.select,
        "circle-opacity": 0,
        "circle-stroke-color": c.select,
        "circle-stroke-width": 3,
      },
    },
  ];
}

function trackLayer(): SymbolLayerSpecification {
  return {
    id: "tracks",
    type: "symbol",
    source: "tracks",
    layout: {
      "icon-image": ["step", ["zoom"], ["get", "far"], DOTS_ZOOM, ["get", "middle"], SYMBOLS_ZOOM, ["get", "icon"]],
      "icon-size": BY_ZOOM,
      "symbol-sort-key": ["get", "rank"],
      "icon-allow-overlap": true,
    },
    paint: { "icon-opacity": ["interpolate", ["linear"], ["zoom"], DOTS_ZOOM - 0.01, ["case", ["==", ["get", "rank"], 0], ["*", 0.8, ["get", "o"]], ["get", "o"]], DOTS_ZOOM, ["get", "o"]] },
  };
}

/** Names of tracks. Their layer is below all symbols: names are placed after symbols, and keep off each of them. */
function trackNames(c: Colours): SymbolLayerSpecification {
  return {
    id: "track-names",
    type: "symbol",
    source: "tracks",
    minzoom: NAMES_ZOOM,
    layout: {
      "symbol-sort-key": ["get", "rank"],
      "text-field": ["get", "label"],
      "text-font": FONT,
      "text-size": 12,
      // Clear of the symbol's own image; MapLibre takes 0.6 em of the baseline off what is above and below.
      "text-variable-anchor-offset": ["top", [0, 2.2], "bottom", [0, -2.2], "left", [1.7, 0], "right", [-1.7, 0]],
      "text-padding": 1,
      "text-justify": "auto",
    },
    paint: { "text-color": c.ink, "text-halo-color": c.halo, "text-halo-width": 1.8 },
  };
}

/** The same symbols for what may gather and stands alone. */
function singles(layer: SymbolLayerSpecification, kind: Crowd, id = singlesLayer(kind)): SymbolLayerSpecification {
  return { ...layer, id, source: `${kind}-crowd`, filter: ["!", ["has", "point_count"]] };
}

function toolLayers(c: Colours): LayerSpecification[] {
  return [
    {
      id: "goal",
      type: "circle",
      source: "goal",
      paint: { "circle-radius": 9, "circle-color": c.halo, "circle-opacity": 0.6, "circle-stroke-color": c.select, "circle-stroke-width": 3 },
    },
    {
      id: "goal-label",
      type: "symbol",
      source: "goal",
      layout: { "text-field": ["get", "label"], "text-font": FONT, "text-size": 13, "text-anchor": "top", "text-offset": [0, 1], "text-allow-overlap": true },
      paint: { "text-color": c.select, "text-halo-color": c.halo, "text-halo-width": 2 },
    },
    { id: "tool-halo", type: "line", source: "tool", paint: { "line-color": c.halo, "line-width": 6 } },
    { id: "tool-line", type: "line", source: "tool", paint: { "line-color": c.select, "line-width": 2.5 } },
    {
      id: "tool-points",
      type: "circle",
      source: "tool",
      filter: ["==", ["geometry-type"], "Point"],
      paint: {
        "circle-radius": 5,
        "circle-color": c.halo,
        "circle-stroke-color": c.select,
        "circle-stroke-width": 2.5,
      },
    },
    {
      id: "tool-labels",
      type: "symbol",
      source: "tool",
      filter: ["has", "label"],
      layout: {
        "text-field": ["get", "label"],
        "text-font": FONT,
        "text-size": 13,
        "text-anchor": "bottom-left",
        "text-offset": [0.6, -0.4],
        "text-allow-overlap": true,
      },
      paint: { "text-color": c.select, "text-halo-color": c.halo, "text-halo-width": 2 },
    },
  ];
}
