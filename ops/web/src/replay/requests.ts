// Requests for the past: what is kept, a moment, incidents by their opening, and one thing through time.

import { list, object } from "../model/parse.ts";
import { parseExtent, parseMoment, parseOpened, parseTrackNow, type Extent, type Moment, type Opened, type TrackNow } from "../model/replay.ts";
import { moment as instant, parseIncident, place } from "../model/parse.ts";
import type { BearingContact, Incident, Place } from "../model/records.ts";
import { getJson } from "../net/api.ts";

/** Of one answer. */
const MOST_INCIDENTS = 5000;
const SAMPLES = 200;
/** A busy server takes its time over the past; the live picture does not wait for it. */
const TIMEOUT_MS = 60_000;

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}

function query(parameters: Readonly<Record<string, string>>): string {
  return new URLSearchParams(parameters).toString();
}

function kept(path: string, signal?: AbortSignal): Promise<unknown> {
  return getJson(`/v1/history${path}`, signal, TIMEOUT_MS);
}

export async function loadExtent(): Promise<Extent | null> {
  return parseExtent(await kept(""));
}

export async function loadMoment(
  atMs: number,
  withNow: boolean,
  before: ReadonlyMap<string, BearingContact>,
  signal: AbortSignal,
): Promise<Moment | null> {
  const asked = query({ at: rfc3339(atMs), now: String(withNow) });
  return parseMoment(await kept(`/moment?${asked}`, signal), before);
}

/**
 * In order of opening, as many answers as it takes; after each, all that have come. Of those that are `known`, as many
 * as fill answers are not asked for again.
 */
export async function* loadOpened(extent: Extent, known: readonly Opened[] = []): AsyncGenerator<Opened[]> {
  const opened = new Map(known.slice(0, known.length - (known.length % MOST_INCIDENTS)).map((one) => [one.id, one]));
  for (;;) {
    const [before, fromMs] = [opened.size, [...opened.values()].at(-1)?.openedMs ?? extent.firstMs];
    const asked = query({ from: rfc3339(fromMs), until: rfc3339(extent.lastMs), limit: String(MOST_INCIDENTS) });
    const body = object(await kept(`/incidents?${asked}`));
    for (const one of list(body?.["incidents"]).map(parseOpened)) if (one !== null) opened.set(one.id, one);
    yield [...opened.values()].filter(({ openedMs }) => openedMs >= extent.firstMs);
    if (body?.["more"] !== true || opened.size === before) return;
  }
}

/** Positions of a track or unit, each with its time; of a unit only as known then. */
export interface Path {
  readonly then: readonly (Place & { readonly atMs: number })[];
  readonly now: readonly TrackNow[];
}

export async function loadPath(part: "tracks" | "units", id: string, fromMs: number, untilMs: number): Promise<Path> {
  const asked = query({ from: rfc3339(fromMs), until: rfc3339(untilMs), samples: String(SAMPLES) });
  const body = object(await kept(`/${part}/${encodeURIComponent(id)}?${asked}`));
  const then = list(body?.["then"]).flatMap((raw) => {
    const atMs = instant(object(raw)?.["at"]);
    const where = place(object(object(raw)?.["entry"]) ?? {});
    return atMs === null || where === null ? [] : [{ ...where, atMs }];
  });
  return { then, now: list(body?.["now"]).map(parseTrackNow).filter((one) => one !== null) };
}

/** Every revision of an incident. */
export async function loadRevisions(id: string): Promise<Incident[]> {
  const body = object(await kept(`/incidents/${encodeURIComponent(id)}`));
  return list(body?.["revisions"]).map(parseIncident).filter((one) => one !== null);
}
