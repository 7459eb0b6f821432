// A link to what is shown: position, time, layers and selection as parameters of the address. They stand in the query
// and not behind a "#", so that they are still there after a login. What cannot be read is ignored.

import type { Selection } from "../model/state.ts";

export interface Camera {
  readonly lon: number;
  readonly lat: number;
  readonly zoom: number;
}

/** What a link shows; null: not stated. `layers` are those that are on; all others are off. */
export interface Linked {
  readonly camera: Camera | null;
  readonly atMs: number | null;
  readonly layers: ReadonlySet<string> | null;
  readonly selection: Selection | null;
}

/** Without bearings, which each page numbers for itself. */
const KINDS: readonly Selection["kind"][] = ["track", "incident", "alert", "sensor", "segment", "unit", "base", "section"];
/** Single spaces between words, as in names of sections; no other space and no control character. */
const ID = /^[^\p{C}\p{Z}]+(?: [^\p{C}\p{Z}]+)*$/u;
const NUMBER = /^-?\d{1,3}(\.\d{1,9})?$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;
const LAYER = /^[\w.-]{1,40}$/;
const MOST_LAYERS = 40;
const MOST_ID = 128;
const MOST_ZOOM = 22;

export function parseLink(search: string): Linked {
  const query = new URLSearchParams(search);
  return {
    camera: cameraOf(query.get("at")),
    atMs: timeOf(query.get("t")),
    layers: layersOf(query.get("layers")),
    selection: selectionOf(query.get("select")),
  };
}

/** The query of a link; parameters of the page that have another meaning, such as the language, are left out. */
export function linkTo({ camera, atMs, layers, selection }: Linked): string {
  const query = new URLSearchParams();
  if (camera !== null) query.set("at", `${camera.lat.toFixed(5)},${camera.lon.toFixed(5)},${camera.zoom.toFixed(2)}`);
  if (atMs !== null) query.set("t", new Date(atMs).toISOString());
  if (layers !== null) query.set("layers", [...layers].join(","));
  if (selection !== null && KINDS.includes(selection.kind)) query.set("select", `${selection.kind}:${selection.id}`);
  return `?${query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":")}`;
}

function cameraOf(text: string | null): Camera | null {
  const parts = (text ?? "").split(",");
  if (parts.length !== 3 || !parts.every((part) => NUMBER.test(part))) return null;
  const [lat = NaN, lon = NaN, zoom = NaN] = parts.map(Number);
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && zoom >= 0 && zoom <= MOST_ZOOM ? { lon, lat, zoom } : null;
}

function timeOf(text: string | null): number | null {
  const atMs = text !== null && TIME.test(text) ? Date.parse(text) : NaN;
  return Number.isFinite(atMs) ? atMs : null;
}

function layersOf(text: string | null): ReadonlySet<string> | null {
  if (text === null) return null;
  const names = text === "" ? [] : text.split(",");
  return names.length <= MOST_LAYERS && names.every((name) => LAYER.test(name)) ? new Set(names) : null;
}

function selectionOf(text: string | null): Selection | null {
  const kind = KINDS.find((known) => text?.startsWith(`${known}:`) === true);
  const id = kind === undefined ? "" : (text ?? "").slice(kind.length + 1);
  return kind === undefined || id === "" || id.length > MOST_ID || !ID.test(id) ? null : { kind, id };
}
