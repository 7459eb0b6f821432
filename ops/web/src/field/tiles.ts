// The map that this phone carries: loads the tiles of the unit's area once, and draws each from what is kept.

import { VectorTile } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";
import { object } from "../model/parse.ts";
import type { Keep, KeptArea } from "./keep.ts";
import { ask, Patience } from "./link.ts";
import { parseArea, type FieldArea } from "./records.ts";

/** What a phone carries at most, whatever the server offers. */
const MOST_BYTES = 20_000_000;
const MOST_TILES = 20_000;
const GIVE_UP_AFTER = 4;
const TILE_MS = 60_000;
/** Pixels along the side of a drawn tile. */
const SIDE = 512;
const MOST_DRAWN = 48;

const DAY_MS = 86_400_000;
const LOOK_MS = 3_600_000;
/** What stays as it is without new tiles: the server may offer other ones once the unit is elsewhere. */
const OF_TILES = ["bounds", "minzoom", "maxzoom", "tiles", "bytes_estimate"] as const;

/** What the phone may load by itself: nothing, what must be current, or tiles too. */
export type Link = "none" | "slow" | "good";

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly bytes: number;
  readonly state: "none" | "loading" | "complete" | "partly";
}

/** A tile as it is drawn, and the names on it, in units of its side. */
export interface DrawnTile {
  readonly picture: OffscreenCanvas;
  readonly names: readonly { readonly name: string; readonly x: number; readonly y: number; readonly rank: number }[];
}

export class CarriedMap {
  readonly #keep: Keep;
  readonly #changed: () => void;
  readonly #drawn = new Map<string, DrawnTile | null | "drawing">();
  #loading: Promise<void> | null = null;
  /** The map was removed while it was loaded. */
  #removed = false;
  #kept: KeptArea | null = null;
  area: FieldArea | null = null;
  keptMs: number | null = null;
  progress: Progress = { done: 0, total: 0, bytes: 0, state: "none" };

  constructor(keep: Keep, changed: () => void) {
    this.#keep = keep;
    this.#changed = changed;
    keep.onMapRemoved = () => {
      this.#removed = true;
      this.#drawn.clear();
      if (this.#loading === null) void this.open(); // else once that has ended
    };
  }

  /** Take what the phone holds now, which is nothing after its access was withdrawn. */
  async open(): Promise<void> {
    await this.#loading;
    this.#removed = false;
    const kept = await this.#keep.fact("area");
    if (kept === null) this.#drawn.clear();
    this.#kept = kept;
    this.area = kept === null ? null : parseArea(kept.raw);
    this.keptMs = kept?.keptMs ?? null;
    const [wanted, keys] = [this.area === null ? [] : addresses(this.area), await this.#keep.tileKeys()];
    const [done, total] = [wanted.filter((address) => keys.has(address)).length, wanted.length];
    this.progress = { done, total, bytes: 0, state: done === 0 ? "none" : kept?.complete === true && done === total ? "complete" : "partly" };
    this.#changed();
  }

  /** Load the map now, if it is not complete, and named areas, border and bases now and each day; `link` is asked each time. */
  keepCurrent(link: () => Link): Promise<void> {
    setInterval(() => {
      if (this.#isOld()) void this.update(link());
    }, LOOK_MS);
    return this.update(link());
  }

  async update(link: Link): Promise<void> {
    if (link === "good" && this.progress.state !== "complete") await this.load();
    else if (link === "good" || (link === "slow" && this.#isOld())) await this.#refresh();
  }

  #isOld(): boolean {
    return Date.now() - (this.#kept?.areasMs ?? this.#kept?.keptMs ?? 0) >= DAY_MS;
  }

  /** Take named areas, border and bases as they are now; the tiles stay. */
  async #refresh(): Promise<void> {
    if (this.#kept === null) return;
    const { status, body } = await ask("/v1/field/map");
    if (status !== 200 || parseArea(body) === null || this.#loading !== null) return;
    const tiles = object(this.#kept.raw);
    const raw = { ...object(body), ...Object.fromEntries(OF_TILES.map((name) => [name, tiles?.[name]])) };
    this.area = parseArea(raw);
    this.#kept = { ...this.#kept, raw, areasMs: Date.now() };
    await this.#keep.keepFact("area", this.#kept);
    this.#changed();
  }

  /** Load what is missing, the coarse tiles first; stops at 20 MB, when the storage is full, or when the link fails. */
  load(): Promise<void> {
    return (this.#loading ??= this.#loadOnce());
  }

  async #loadOnce(): Promise<void> {
    try {
      await this.#load();
    } finally {
      this.#loading = null;
      if (this.#removed) await this.open();
      this.#changed();
    }
  }

  async #load(): Promise<void> {
    const { status, body } = await ask("/v1/field/map");
    const area = status === 200 ? parseArea(body) : null;
    if (area === null) return;
    this.area = area;
    this.keptMs = Date.now();
    this.#kept = { raw: body, keptMs: this.keptMs, areasMs: this.keptMs, complete: false };
    await this.#keep.keepFact("area", this.#kept);
    const have = await this.#keep.tileKeys();
    const wanted = addresses(area);
    const ofArea = new Set(wanted);
    await this.#keep.dropTiles([...have].filter((address) => !ofArea.has(address)));
    this.#drawn.clear();
    let [done, bytes, failures, full] = [0, 0, 0, false];
    for (const address of wanted) {
      if (!have.has(address)) continue;
      done += 1;
      bytes += (await this.#keep.tile(address))?.byteLength ?? 0;
    }
    this.#show(done, wanted.length, bytes, "loading");
    for (const address of wanted) {
      if (have.has(address)) continue;
      const tile = await fetchTile(address);
      if (tile === "ended") break;
      if (tile === null) {
        failures += 1;
        if (failures >= GIVE_UP_AFTER) break;
        continue;
      }
      bytes += tile.byteLength;
      full = bytes > MOST_BYTES || !(await this.#keep.keepTile(address, tile)) || this.#removed;
      if (full) break;
      failures = 0;
      done += 1;
      this.#show(done, wanted.length, bytes, "loading");
    }
    const complete = done === wanted.length && !this.#removed;
    if (complete && done > 0) this.#keep.mapKept();
    this.#kept = { ...this.#kept, complete };
    await this.#keep.keepFact("area", this.#kept);
    this.#drawn.clear();
    this.#show(done, wanted.length, bytes, complete ? "complete" : done === 0 ? "none" : "partly");
  }

  /** A drawn tile; null while it is drawn, or where nothing is kept. */
  tile(z: number, x: number, y: number): DrawnTile | null {
    const key = `${z}/${x}/${y}`;
    const known = this.#drawn.get(key);
    if (known === undefined && this.area !== null) {
      this.#drawn.set(key, "drawing");
      void draw(this.#keep, this.area.tiles, z, x, y).then((tile) => {
        this.#drawn.set(key, tile);
        for (const old of this.#drawn.keys()) if (this.#drawn.size > MOST_DRAWN && old !== key) this.#drawn.delete(old);
        this.#changed();
      });
    }
    return known === undefined || known === "drawing" ? null : known;
  }

  /** Draw all again, in the colours of another palette. */
  redraw(): void {
    this.#drawn.clear();
    this.#changed();
  }

  #show(done: number, total: number, bytes: number, state: Progress["state"]): void {
    this.progress = { done, total, bytes, state };
    this.#changed();
  }
}

/** An answer of 204 or 404 is a tile without anything on it; `ended`: this phone has no access any more. */
async function fetchTile(address: string): Promise<ArrayBuffer | "ended" | null> {
  const patience = new Patience(TILE_MS);
  try {
    const response = await fetch(address, { credentials: "same-origin", priority: "low", signal: patience.signal });
    if (response.status === 404 || response.status === 204) return new ArrayBuffer(0);
    if (response.status === 401) return "ended";
    return response.ok ? await response.arrayBuffer() : null;
  } catch {
    return null;
  } finally {
    patience.end();
  }
}

/** Addresses of all tiles of an area, the coarse ones first. */
export function addresses(area: FieldArea): string[] {
  const [west, south, east, north] = area.bounds;
  const found: string[] = [];
  for (let z = area.minzoom; z <= area.maxzoom; z += 1) {
    const side = 2 ** z;
    const last = side - 1;
    const [x0, x1] = [west, east].map((lon) => Math.min(last, Math.max(0, Math.floor(acrossOf(lon) * side)))) as [number, number];
    const [y0, y1] = [north, south].map((lat) => Math.min(last, Math.max(0, Math.floor(downOf(lat) * side)))) as [number, number];
    for (let x = x0; x <= x1; x += 1)
      for (let y = y0; y <= y1; y += 1)
        for (const template of area.tiles) {
          found.push(addressOf(template, z, x, y));
          if (found.length >= MOST_TILES) return found;
        }
  }
  return found;
}

function addressOf(template: string, z: number, x: number, y: number): string {
  return template.replace("{z}", String(z)).replace("{x}", String(x)).replace("{y}", String(y));
}

/** Web Mercator, 0 to 1 from west to east. */
export function acrossOf(lon: number): number {
  return lon / 360 + 0.5;
}

/** Web Mercator, 0 to 1 from north to south. */
export function downOf(lat: number): number {
  return 0.5 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / (2 * Math.PI);
}

async function draw(keep: Keep, templates: readonly string[], z: number, x: number, y: number): Promise<DrawnTile | null> {
  const bodies = await Promise.all(templates.map((template) => keep.tile(addressOf(template, z, x, y))));
  if (bodies.every((body) => body === null)) return null;
  const picture = new OffscreenCanvas(SIDE, SIDE);
  const context = picture.getContext("2d") as OffscreenCanvasRenderingContext2D;
  const names: DrawnTile["names"][number][] = [];
  for (const [index, body] of bodies.entries()) {
    if (body === null || body.byteLength === 0) continue;
    if (/\.(mvt|pbf)$/.test(templates[index]?.split("?")[0] ?? "")) names.push(...drawLines(context, body));
    else await drawPicture(context, body);
  }
  return { picture, names };
}

/** A picture, in shades of the palette: at night nothing on the screen may be other than red. */
async function drawPicture(context: OffscreenCanvasRenderingContext2D, body: ArrayBuffer): Promise<void> {
  const bitmap = await createImageBitmap(new Blob([body])).catch(() => null);
  if (bitmap === null) return;
  context.drawImage(bitmap, 0, 0, SIDE, SIDE);
  if (document.documentElement.dataset["palette"] !== "day") {
    context.globalCompositeOperation = "saturation";
    context.fillStyle = "gray";
    context.fillRect(0, 0, SIDE, SIDE);
    context.globalCompositeOperation = "multiply";
    context.fillStyle = colour("--map-tint");
    context.fillRect(0, 0, SIDE, SIDE);
  }
  context.globalCompositeOperation = "source-over";
}

const ROAD_PX: Readonly<Record<string, number>> = { main: 5, road: 4, street: 3, track: 2, path: 1.5 };

function drawLines(context: OffscreenCanvasRenderingContext2D, body: ArrayBuffer): DrawnTile["names"][number][] {
  const { layers } = new VectorTile(new PbfReader(new Uint8Array(body)));
  const names: DrawnTile["names"][number][] = [];
  for (const [name, style] of [["contours", "--map-contour"], ["rivers", "--map-water"], ["roads", "--map-road-edge"], ["roads", "--map-road"]] as const) {
    const layer = layers[name];
    if (layer === undefined) continue;
    context.strokeStyle = colour(style);
    context.setLineDash([]);
    for (let i = 0; i < layer.length; i += 1) {
      const feature = layer.feature(i);
      const road = ROAD_PX[String(feature.properties["class"])] ?? 2;
      context.lineWidth = name === "contours" ? (feature.properties["index"] === true ? 1.4 : 0.6) : name === "rivers" ? 3 : style === "--map-road" ? road : road + 2;
      if (name === "roads" && road < 3) context.setLineDash([8, 5]);
      else context.setLineDash([]);
      context.beginPath();
      for (const line of feature.loadGeometry())
        line.forEach(({ x, y }, at) => context[at === 0 ? "moveTo" : "lineTo"]((x / layer.extent) * SIDE, (y / layer.extent) * SIDE));
      context.stroke();
    }
  }
  const places = layers["settlements"];
  for (let i = 0; i < (places?.length ?? 0); i += 1) {
    const feature = places?.feature(i);
    const point = feature?.loadGeometry()[0]?.[0];
    const name = feature?.properties["name"];
    if (places === undefined || point === undefined || typeof name !== "string") continue;
    names.push({ name, x: point.x / places.extent, y: point.y / places.extent, rank: Number(feature?.properties["rank"] ?? 5) });
  }
  return names;
}

export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}
