// Where the sectors are on the page: longitude and latitude to pixels, and symbols that are too close as one.

import { list, number, object, text } from "../model/parse.ts";
import { RANKS, type Rank } from "./picture.ts";

export type Point = readonly [x: number, y: number];

export interface Area {
  readonly sector: string;
  readonly title: string;
  readonly ring: readonly Point[];
  readonly line: readonly Point[];
}

/** Outlines of the sectors (GeoJSON of /v1/nation/sectors). What cannot be read is left out. */
export function readAreas(raw: unknown): Area[] {
  return list(object(raw)?.["features"]).flatMap((feature) => {
    const body = object(feature);
    const properties = object(body?.["properties"]);
    const ring = points(list(object(body?.["geometry"])?.["coordinates"])[0]);
    const sector = text(body?.["id"], 64);
    if (sector === "" || ring.length < 4) return [];
    return [{ sector, title: text(properties?.["title"], 120) || sector, ring, line: points(properties?.["line"]) }];
  });
}

/** The sectors in which the person may act on incidents, of the same answer. */
export function readActsIn(raw: unknown): ReadonlySet<string> {
  return new Set(list(object(raw)?.["act"]).map((sector) => text(sector, 64)));
}

function points(raw: unknown): Point[] {
  return list(raw).flatMap((pair) => {
    const [x, y] = [number(list(pair)[0]), number(list(pair)[1])];
    return x === null || y === null ? [] : [[x, y] as const];
  });
}

/** A view of the map: its centre in degrees, and pixels for each degree of latitude. */
export interface View {
  readonly lon: number;
  readonly lat: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pixels of a position; an equirectangular projection that is true to scale at the view's latitude. */
export function toPixels([lon, lat]: Point, view: View, size: Size): Point {
  const narrow = Math.cos((view.lat * Math.PI) / 180);
  return [size.width / 2 + (lon - view.lon) * narrow * view.scale, size.height / 2 - (lat - view.lat) * view.scale];
}

/** The view that shows all areas, with a margin for names and symbols; null without any. */
export function fitting(areas: readonly Area[], size: Size, marginPx = 36): View | null {
  const all = areas.flatMap(({ ring }) => ring);
  if (all.length === 0) return null;
  const [lons, lats] = [all.map(([lon]) => lon), all.map(([, lat]) => lat)];
  const [west, east, south, north] = [Math.min(...lons), Math.max(...lons), Math.min(...lats), Math.max(...lats)];
  const lat = (south + north) / 2;
  const narrow = Math.cos((lat * Math.PI) / 180);
  const room = { width: Math.max(size.width - 2 * marginPx, 40), height: Math.max(size.height - 2 * marginPx, 40) };
  const scale = Math.min(room.width / Math.max((east - west) * narrow, 1e-6), room.height / Math.max(north - south, 1e-6));
  return { lon: (west + east) / 2, lat, scale };
}

/** The middle of a sector's border, where its symbol stands; that of its outline without a line. */
export function middle({ line, ring }: Area): Point {
  const along = line.length > 0 ? line : ring.slice(0, 4);
  if (line.length === 0) return [mean(along.map(([x]) => x)), mean(along.map(([, y]) => y))];
  return along[Math.floor(along.length / 2)] ?? [0, 0];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
}

export interface Marked {
  readonly sector: string;
  readonly at: Point;
  readonly open: Readonly<Record<Rank, number>>;
}

/** Open events of one or several sectors: the most urgent rank with its number, and that of all. */
export interface Cluster {
  readonly at: Point;
  readonly sectors: readonly string[];
  readonly rank: Rank;
  readonly count: number;
  readonly all: number;
}

/** Gather what is closer than `nearPx`; the most urgent keeps its place, so distress is where it is. */
export function clusters(marked: readonly Marked[], nearPx = 40): Cluster[] {
  const urgent = [...marked].sort((one, other) => {
    const rank = RANKS.find((name) => one.open[name] !== other.open[name]);
    return rank === undefined ? (one.sector < other.sector ? -1 : 1) : other.open[rank] - one.open[rank];
  });
  const found: { at: Point; members: Marked[] }[] = [];
  for (const one of urgent) {
    if (RANKS.every((rank) => one.open[rank] === 0)) continue;
    const near = found.find(({ at }) => Math.hypot(at[0] - one.at[0], at[1] - one.at[1]) < nearPx);
    if (near === undefined) found.push({ at: one.at, members: [one] });
    else near.members.push(one);
  }
  return found.map(({ at, members }) => {
    const sum = (rank: Rank): number => members.reduce((all, one) => all + one.open[rank], 0);
    const rank = RANKS.find((name) => sum(name) > 0) ?? "low";
    return { at, sectors: members.map(({ sector }) => sector), rank, count: sum(rank), all: RANKS.reduce((all, name) => all + sum(name), 0) };
  });
}
