// The national picture as the page holds it: rows of sectors and events, kept equal to the server's by its changes.

import { list, number, object, text } from "../model/parse.ts";

export const RANKS = ["distress", "high", "medium", "low"] as const;
export type Rank = (typeof RANKS)[number];
export const STATES = ["current", "late", "silent", "never", "hidden"] as const;
export type PictureState = (typeof STATES)[number];

export interface Coverage {
  readonly segments: number;
  readonly planned: number;
  readonly now: number;
  readonly required: number;
}

/** A sector; null is what is not known, or not for this person. */
export interface Row {
  readonly sector: string;
  readonly state: PictureState;
  readonly heardAt: string | null;
  readonly worker: string | null;
  readonly behind: number | null;
  readonly open: Readonly<Record<Rank, number>> | null;
  readonly attention: number | null;
  readonly oldest: string | null;
  readonly sensors: { readonly working: number; readonly others: number } | null;
  readonly coverage: Coverage | null;
  readonly posture: { readonly met: number; readonly unmet: number; readonly open: number } | null;
}

/** An incident that was found to continue one of another sector; both are one event unless someone separated them. */
export interface EventJoin {
  readonly key: string;
  readonly sector: string;
  readonly incident: string;
  readonly name: string;
  readonly beforeSector: string;
  readonly beforeName: string;
  readonly separated: { readonly by: string; readonly at: string } | null;
}

export interface Event {
  readonly key: string;
  readonly sector: string;
  readonly name: string;
  readonly rank: Rank;
  readonly kind: string;
  readonly attention: boolean;
  readonly state: string;
  readonly openedAt: string;
  readonly before: readonly string[];
  readonly joins: readonly EventJoin[];
  /** Sort key: the smaller, the more urgent. */
  readonly place: readonly number[];
}

export interface Picture {
  /** By sector. */
  readonly rows: ReadonlyMap<string, Row>;
  /** The most urgent first. */
  readonly events: readonly Event[];
  /** Time of the server, as it last said [ms]. */
  readonly atMs: number | null;
}

export const EMPTY: Picture = { rows: new Map(), events: [], atMs: null };

/** The picture after an event of the stream: all of it (`nation`), what changed (`changes`), or the time (`beat`). */
export function after(picture: Picture, name: string, data: string): Picture {
  const body = object(JSON.parse(data));
  if (body === null) return picture;
  const atMs = Number.isFinite(Date.parse(text(body["at"], 40))) ? Date.parse(text(body["at"], 40)) : picture.atMs;
  if (name === "beat") return { ...picture, atMs };
  if (name !== "nation" && name !== "changes") return picture;
  const rows = new Map(name === "nation" ? [] : picture.rows);
  for (const raw of list(body["sectors"])) {
    const row = rowOf(raw);
    if (row !== null) rows.set(row.sector, row);
  }
  const events = new Map((name === "nation" ? [] : picture.events).map((event) => [event.key, event]));
  for (const key of list(body["gone"])) events.delete(keyOf(list(key)[0], list(key)[1]));
  for (const raw of list(body["incidents"])) {
    const event = eventOf(raw);
    if (event !== null) events.set(event.key, event);
  }
  return { rows, events: [...events.values()].sort(byPlace), atMs };
}

function byPlace(one: Event, other: Event): number {
  const at = one.place.findIndex((value, index) => value !== other.place[index]);
  return at < 0 ? (one.key < other.key ? -1 : 1) : (one.place[at] ?? 0) - (other.place[at] ?? 0);
}

function keyOf(sector: unknown, incident: unknown): string {
  return JSON.stringify([sector, incident]);
}

function rowOf(raw: unknown): Row | null {
  const body = object(raw);
  const sector = text(body?.["sector"], 64);
  if (body === null || sector === "") return null;
  const open = object(body["open"]);
  const sensors = counts(body["sensors"], ["working", "others"]);
  const posture = counts(body["posture"], ["met", "unmet", "open"]);
  const covered = counts(body["coverage"], ["segments", "planned", "now", "required"]);
  return {
    sector,
    state: STATES.find((state) => state === body["state"]) ?? "silent",
    heardAt: text(body["heard_at"], 40) || null,
    worker: text(body["worker"], 100) || null,
    behind: number(body["behind"]),
    open: open === null ? null : { distress: count(open, "distress"), high: count(open, "high"), medium: count(open, "medium"), low: count(open, "low") },
    attention: number(body["attention"]),
    oldest: text(body["oldest_unacknowledged_at"], 40) || null,
    sensors: sensors && { working: sensors[0] ?? 0, others: sensors[1] ?? 0 },
    coverage: covered && { segments: covered[0] ?? 0, planned: covered[1] ?? 0, now: covered[2] ?? 0, required: covered[3] ?? 0 },
    posture: posture && { met: posture[0] ?? 0, unmet: posture[1] ?? 0, open: posture[2] ?? 0 },
  };
}

function count(body: Readonly<Record<string, unknown>>, name: string): number {
  return number(body[name]) ?? 0;
}

/** The numbers of these names; null unless all are there. */
function counts(raw: unknown, names: readonly string[]): readonly number[] | null {
  const body = object(raw);
  const found = names.map((name) => number(body?.[name]));
  return found.every((value) => value !== null) ? found : null;
}

function eventOf(raw: unknown): Event | null {
  const body = object(raw);
  const rank = RANKS.find((one) => one === body?.["priority"]);
  if (body === null || rank === undefined) return null;
  return {
    key: keyOf(body["sector"], body["incident"]),
    sector: text(body["sector"], 64),
    name: text(body["name"], 80) || text(body["incident"], 64),
    rank,
    kind: text(body["kind"], 20),
    attention: body["attention"] === true,
    state: text(body["state"], 20),
    openedAt: text(body["opened_at"], 40),
    before: list(body["before"]).map((one) => text(object(one)?.["name"], 80)),
    joins: list(body["joins"]).map(joinOf),
    place: list(body["place"]).map((value) => number(value) ?? 0),
  };
}

function joinOf(raw: unknown): EventJoin {
  const body = object(raw);
  const [sector, incident, by] = [text(body?.["sector"], 64), text(body?.["incident"], 64), text(body?.["separated_by"], 80)];
  return {
    key: keyOf(sector, incident),
    sector,
    incident,
    name: text(body?.["name"], 80) || incident,
    beforeSector: text(body?.["before_sector"], 64),
    beforeName: text(body?.["before_name"], 80) || text(body?.["before_incident"], 64),
    separated: by === "" ? null : { by, at: text(body?.["separated_at"], 40) },
  };
}

/** Sums over the sectors of which a figure is known, and of how many that is. */
export interface Totals {
  readonly open: Readonly<Record<Rank, number>>;
  readonly attention: number;
  readonly current: number;
  readonly shown: number;
  readonly hidden: number;
  readonly sensors: { readonly working: number; readonly all: number; readonly sectors: number };
  readonly coverage: { readonly now: number; readonly planned: number; readonly segments: number; readonly sectors: number };
}

export function totals(picture: Picture): Totals {
  const rows = [...picture.rows.values()];
  const shown = rows.filter(({ state }) => state !== "hidden");
  const sum = (of: (row: Row) => number): number => shown.reduce((all, row) => all + of(row), 0);
  const open = (rank: Rank): number => sum((row) => row.open?.[rank] ?? 0);
  return {
    open: { distress: open("distress"), high: open("high"), medium: open("medium"), low: open("low") },
    attention: sum((row) => row.attention ?? 0),
    current: shown.filter(({ state }) => state === "current").length,
    shown: shown.length,
    hidden: rows.length - shown.length,
    sensors: {
      working: sum((row) => row.sensors?.working ?? 0),
      all: sum((row) => (row.sensors === null ? 0 : row.sensors.working + row.sensors.others)),
      sectors: shown.filter(({ sensors }) => sensors !== null).length,
    },
    coverage: {
      now: sum((row) => row.coverage?.now ?? 0),
      planned: sum((row) => row.coverage?.planned ?? 0),
      segments: sum((row) => row.coverage?.segments ?? 0),
      sectors: shown.filter(({ coverage }) => coverage !== null).length,
    },
  };
}

/** Whether there are open events: none only where every sector is current, and the connection was not lost. */
export function quietOf(picture: Picture, lost: boolean): "some" | "none" | "unknown" | "lost" {
  if (picture.events.length > 0) return "some";
  const { current, shown } = totals(picture);
  return lost ? "lost" : current === shown ? "none" : "unknown";
}

/** The most urgent rank of what is open in a row; null for nothing, or not known. */
export function worst(row: Row | undefined): Rank | null {
  return RANKS.find((rank) => (row?.open?.[rank] ?? 0) > 0) ?? null;
}
