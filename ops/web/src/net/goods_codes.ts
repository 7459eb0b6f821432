// Titles of the codes of goods, as the server's list has them on the day of the incident; asked for once each.

import { codesKey, parseGoodsCodes, type GoodsCode, type StatedCodes } from "../model/goods_codes.ts";
import type { State } from "../model/state.ts";
import type { Store } from "../model/store.ts";
import { words } from "../words/say.ts";
import { getJson } from "./api.ts";

export async function findCodes(stated: StatedCodes, openedMs: number): Promise<readonly GoodsCode[]> {
  const query = new URLSearchParams({ ...stated, day: dayOf(openedMs), language: words().language });
  return parseGoodsCodes(await getJson(`/v1/goods-codes?${query.toString()}`));
}

/** The day of an incident, UTC, as the server checks its codes. */
export function dayOf(openedMs: number): string {
  return new Date(openedMs).toISOString().slice(0, "2026-01-01".length);
}

/** Keeps the titles of the codes of the selected incident at hand. A server without them leaves the codes as they are. */
export function followGoodsCodes(store: Store): void {
  const asked = new Set<string>();
  store.subscribe((state, before) => {
    if (state.selection === before.selection && state.incidents === before.incidents) return;
    const wanted = recordOf(state);
    if (wanted === null || asked.has(wanted.key)) return;
    asked.add(wanted.key);
    void findCodes(wanted.stated, wanted.openedMs)
      .then((codes) => store.update(({ goodsCodes }) => ({ goodsCodes: new Map(goodsCodes).set(wanted.key, codes) })))
      .catch(() => asked.delete(wanted.key));
  });
}

interface Wanted {
  readonly key: string;
  readonly stated: StatedCodes;
  readonly openedMs: number;
}

function recordOf({ selection, incidents }: State): Wanted | null {
  const incident = selection?.kind === "incident" ? incidents.get(selection.id) : undefined;
  const tracing = incident?.tracing ?? null;
  if (incident === undefined || tracing === null || !(tracing.hsCode || tracing.eccn || tracing.euList)) return null;
  const stated = { hs_code: tracing.hsCode, eccn: tracing.eccn, eu_list: tracing.euList };
  return { key: codesKey(tracing, incident.openedMs), stated, openedMs: incident.openedMs };
}
