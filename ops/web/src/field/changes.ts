// A unit's state by what has changed in it since the version that this phone has (ops/services/api/field/changes.py).

import { list, object, text } from "../model/parse.ts";

const KEYS: Readonly<Record<string, string>> = { incidents: "id", outcomes: "action_id", units: "unit" };

type Raw = Readonly<Record<string, unknown>>;

/** The version of a state; empty for none. */
export function versionOf(raw: unknown): string {
  return text(object(raw)?.["version"], 40);
}

/** The whole state of an answer: the answer itself, or `before` with its changes; null if they are of another version. */
export function wholeState(before: unknown, answer: unknown): unknown {
  const changes = object(answer);
  if (changes === null || !("since" in changes)) return answer;
  const known = object(before);
  if (known === null || versionOf(known) !== changes["since"]) return null;
  const after: Record<string, unknown> = { ...known };
  for (const [name, value] of Object.entries(changes)) {
    const key = KEYS[name];
    if (name === "since") continue;
    const records = key === undefined ? value : changedList(known[name], object(value), key);
    if (records === null && key !== undefined) return null;
    after[name] = records;
  }
  return after;
}

function changedList(before: unknown, change: Raw | null, key: string): Raw[] | null {
  if (change === null) return null;
  const found = new Map<unknown, Raw>();
  for (const one of [...list(before), ...list(change["new"])].map(object)) if (one !== null) found.set(one[key], one);
  for (const one of list(change["changed"]).map(object)) {
    const old = found.get(one?.[key]);
    if (one === null || old === undefined) return null;
    found.set(one[key], { ...old, ...one });
  }
  const keys = "keys" in change ? list(change["keys"]) : list(before).map((one) => object(one)?.[key]);
  const records = keys.map((name) => found.get(name));
  return records.every((one) => one !== undefined) ? records : null;
}
