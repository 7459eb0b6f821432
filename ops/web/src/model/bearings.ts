// Bearings without a position: which is which from picture to picture, and how they fade.

import type { BearingContact } from "./records.ts";

/** 95 % of a normal error lie within so many standard deviations. */
export const WEDGE_95 = 1.96;
/** How faint a bearing becomes at the end of its lifetime. */
const FAINTEST = 0.25;

/**
 * The contacts of a picture under their identities. A contact goes on as the one of the same sensor that pointed there
 * before: the nearest within both errors, with no more bearings than it has now.
 */
export function identified(
  before: ReadonlyMap<string, BearingContact>,
  contacts: readonly Omit<BearingContact, "id">[],
): Map<string, BearingContact> {
  const free = new Set(before.values());
  const named = new Map<string, BearingContact>();
  const news: Omit<BearingContact, "id">[] = [];
  for (const contact of contacts) {
    const same = [...free]
      .filter((old) => old.sensor === contact.sensor && old.bearings <= contact.bearings && within(old, contact))
      .sort((one, other) => apartDeg(one, contact) - apartDeg(other, contact))[0];
    if (same === undefined) news.push(contact);
    else {
      free.delete(same);
      named.set(same.id, { ...contact, id: same.id });
    }
  }
  for (const contact of news) {
    const id = `${contact.sensor} ${contact.updatedMs} ${contact.azimuthDeg}`;
    if (!named.has(id)) named.set(id, { ...contact, id });
  }
  return named;
}

type Direction = Pick<BearingContact, "azimuthDeg" | "azimuthSdDeg">;

function within(one: Direction, other: Direction): boolean {
  return apartDeg(one, other) <= WEDGE_95 * (one.azimuthSdDeg + other.azimuthSdDeg);
}

function apartDeg(one: Direction, other: Direction): number {
  return Math.abs(((((one.azimuthDeg - other.azimuthDeg + 180) % 360) + 360) % 360) - 180);
}

/** From 1 at the newest bearing to faint at the end of its lifetime, in steps; null once that has passed. */
export function bearingOpacity(contact: BearingContact, nowMs: number): number | null {
  if (!Number.isFinite(nowMs)) return 1;
  const passed = Math.max(0, (nowMs - contact.updatedMs) / 1000 / contact.lifetimeS);
  return passed > 1 ? null : Math.round((1 - (1 - FAINTEST) * passed) * 20) / 20;
}

/** Those that are not too old, the newest first. */
export function currentBearings(contacts: ReadonlyMap<string, BearingContact>, nowMs: number): BearingContact[] {
  return [...contacts.values()]
    .filter((contact) => bearingOpacity(contact, nowMs) !== null)
    .sort((one, other) => other.updatedMs - one.updatedMs || (one.id < other.id ? -1 : 1));
}
