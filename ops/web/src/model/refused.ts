// What the server refused of the messages of units, and why.

import { list, moment, number, object, readSaid, text } from "./parse.ts";
import type { Said } from "./records.ts";

export interface Refusal {
  readonly unit: string;
  readonly channel: string;
  readonly count: number;
  readonly lastMs: number | null;
  readonly reason: Said;
}

/** By unit, the newest first. */
export type Refusals = ReadonlyMap<string, readonly Refusal[]>;

export const NO_REFUSALS: Refusals = new Map();

export function parseRefusals(raw: unknown): Refusals {
  const found = new Map<string, Refusal[]>();
  for (const row of list(object(raw)?.["refused"])) {
    const body = object(row);
    const unit = text(body?.["unit"], 64);
    const count = number(body?.["count"]);
    if (body === null || unit === "" || count === null || count < 1) continue;
    const one = {
      unit,
      channel: text(body["channel"], 20),
      count,
      lastMs: moment(body["last_at"]),
      reason: readSaid(body["message"], body["sentence"]),
    };
    found.set(unit, [...(found.get(unit) ?? []), one]);
  }
  return found;
}
