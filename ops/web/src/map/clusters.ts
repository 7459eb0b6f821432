// Many tracks, sensors or units gather into clusters, which open when they are activated. What has an alert, is in distress,
// is offline or is selected is never in one: it stays in a source of its own.

import type { GeoJSONSource, GeoJSONSourceSpecification, LayerSpecification, Map as MapLibreMap, PointLike } from "maplibre-gl";
import { CROWDS, type Crowd } from "../model/crowds.ts";
import { SYMBOLS_ZOOM } from "../model/tracks.ts";
import { FONT } from "./font.ts";
import type { Colours } from "./palette.ts";
import { context, RATIO, square, type NamedImage } from "./symbols.ts";

/** Within so many pixels points gather. Sensors recede behind tracks and units: their clusters are fewer and smaller. */
const RADIUS_PX: Readonly<Record<Crowd, number>> = { track: 40, sensor: 64, unit: 40 };
const TEXT_PX: Readonly<Record<Crowd, number>> = { track: 12, sensor: 11, unit: 12 };
const REACH_PX = 6;
const SIZE_PX = 34;
/** Clusters of sensors and units stand beside those of tracks, which gather at the same places. */
const BESIDE_PX: Readonly<Record<Crowd, [number, number]>> = { track: [0, 0], sensor: [-17, 18], unit: [17, 18] };

/** Options of a source whose points gather, none for another; from `SYMBOLS_ZOOM` on each point is drawn. */
export function gatheredIn(source: string): Partial<GeoJSONSourceSpecification> {
  const crowd = CROWDS.find((one) => one.source === source);
  if (crowd === undefined) return {};
  return { cluster: true, clusterRadius: RADIUS_PX[crowd.kind], clusterMinPoints: 3, clusterMaxZoom: SYMBOLS_ZOOM - 1 };
}

export function clusterLayer(kind: Crowd): string {
  return `${kind}-clusters`;
}

/** The layer of what is in the source of a crowd and in no cluster. */
export function singlesLayer(kind: Crowd): string {
  return `${kind}-singles`;
}

export function clusterLayers(c: Colours): Record<Crowd, LayerSpecification> {
  const layers = CROWDS.map(({ kind, source }): [Crowd, LayerSpecification] => [kind, {
    id: clusterLayer(kind),
    type: "symbol",
    source,
    filter: ["has", "point_count"],
    layout: {
      "icon-image": `cluster/${kind}`,
      "icon-allow-overlap": true,
      "text-field": ["get", "point_count_abbreviated"],
      "text-font": FONT,
      "text-size": TEXT_PX[kind],
      "text-allow-overlap": true,
    },
    paint: { "text-color": c.night ? "black" : c.ink, "icon-translate": BESIDE_PX[kind], "text-translate": BESIDE_PX[kind] },
  }]);
  return Object.fromEntries(layers) as Record<Crowd, LayerSpecification>;
}

export function clusterImages(colours: Colours): NamedImage[] {
  return CROWDS.map(({ kind }) => ({ name: `cluster/${kind}`, draw: () => clusterSymbol(kind, colours) }));
}

/** One shape behind another: round for tracks, upright for sensors, wide for units. */
export function clusterSymbol(kind: Crowd, colours: Colours): HTMLCanvasElement {
  const canvas = square(SIZE_PX);
  const pen = context(canvas);
  const [wide, high, behindPx] = { track: [26, 26, 3], sensor: [20, 17, 2], unit: [29, 20, 3] }[kind] as [number, number, number];
  for (const [behind, fill] of [[behindPx, colours.halo], [0, { track: colours.calm, sensor: colours.sensor, unit: colours.unit }[kind]]] as const) {
    const [left, top] = [(SIZE_PX - wide) / 2 + behind, (SIZE_PX - high) / 2 - behind];
    pen.beginPath();
    pen.roundRect(left * RATIO, top * RATIO, wide * RATIO, high * RATIO, (kind === "track" ? wide / 2 : 2) * RATIO);
    pen.fillStyle = fill;
    pen.fill();
    pen.lineWidth = (kind === "sensor" ? 1 : 1.5) * RATIO;
    pen.strokeStyle = colours.ink;
    pen.stroke();
  }
  return canvas;
}

export interface Cluster {
  readonly kind: Crowd;
  readonly id: number;
  readonly count: number;
  readonly lon: number;
  readonly lat: number;
}

/** The middle of each cluster that is drawn, on the screen. */
export function clustersInView(map: MapLibreMap): { x: number; y: number }[] {
  return CROWDS.flatMap(({ kind }) => {
    const layers = [clusterLayer(kind)].filter((layer) => map.getLayer(layer) !== undefined);
    return (layers.length === 0 ? [] : map.queryRenderedFeatures({ layers })).flatMap(({ geometry }) => {
      if (geometry.type !== "Point") return [];
      const [lon = 0, lat = 0] = geometry.coordinates;
      const { x, y } = map.project([lon, lat]);
      return [{ x: x + BESIDE_PX[kind][0], y: y + BESIDE_PX[kind][1] }];
    });
  });
}

/** Which things of a crowd are drawn and in no cluster. */
export function singlesInView(map: MapLibreMap, kind: Crowd): Set<string> {
  const layers = [singlesLayer(kind)].filter((layer) => map.getLayer(layer) !== undefined);
  const found = layers.length === 0 ? [] : map.queryRenderedFeatures({ layers });
  return new Set(found.map(({ properties }) => String(properties["id"])));
}

/** The cluster that is drawn at a place on the screen. */
export function clusterAt(map: MapLibreMap, { x, y }: { readonly x: number; readonly y: number }): Cluster | null {
  const box: [PointLike, PointLike] = [[x - REACH_PX, y - REACH_PX], [x + REACH_PX, y + REACH_PX]];
  const layers = CROWDS.map(({ kind }) => clusterLayer(kind)).filter((layer) => map.getLayer(layer) !== undefined);
  const feature = map.queryRenderedFeatures(box, { layers })[0];
  const crowd = CROWDS.find(({ kind }) => clusterLayer(kind) === feature?.layer.id);
  if (feature === undefined || crowd === undefined || feature.geometry.type !== "Point") return null;
  const [lon = 0, lat = 0] = feature.geometry.coordinates;
  const { cluster_id: id, point_count: count } = feature.properties as { cluster_id: number; point_count: number };
  return { kind: crowd.kind, id, count, lon, lat };
}

/** The zoom at which a cluster falls apart. */
export async function openingZoom(map: MapLibreMap, { kind, id }: Cluster): Promise<number> {
  const source = map.getSource<GeoJSONSource>(CROWDS.find((crowd) => crowd.kind === kind)?.source ?? "");
  try {
    return (await source?.getClusterExpansionZoom(id)) ?? SYMBOLS_ZOOM;
  } catch {
    return SYMBOLS_ZOOM; // things have moved meanwhile, and the cluster is another one
  }
}
