// What the page says of a moment besides its picture: that it is erased, lies in a gap of the record, or is not there yet.

import { GAP_MS, type Erased } from "../model/replay.ts";
import { utcDateTime } from "../words/format.ts";
import { say } from "../words/say.ts";
import type { View } from "./replay.ts";

export function noteOf({ moment, atMs }: Pick<View, "moment" | "atMs">): string {
  if (moment === null) return say("replay-loading");
  const notes = moment.erased.map((erased) => erasedNote(erased, moment.atMs));
  if (atMs - moment.atMs > GAP_MS && moment.nextMs !== null)
    notes.push(say("replay-gap", { from: utcDateTime(moment.atMs), until: utcDateTime(moment.nextMs) }));
  return notes.join(" ");
}

function erasedNote({ kind, atMs }: Erased, momentMs: number): string {
  return say("replay-erased", { kind, day: utcDay(momentMs), date: atMs === null ? "unknown" : utcDay(atMs) });
}

/** `2026-02-28`. */
export function utcDay(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

/** `2026-02-28 02:14:05` in UTC, the seconds may be missing; null for anything else. */
export function parseTime(text: string): number | null {
  const [, day, clock] = /^\s*(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)\s*Z?\s*$/.exec(text) ?? [];
  const atMs = day === undefined ? Number.NaN : Date.parse(`${day}T${clock}Z`);
  return Number.isFinite(atMs) ? atMs : null;
}
