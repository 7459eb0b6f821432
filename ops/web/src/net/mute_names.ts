// Who asked for the mute of the selected sensor and who decided, for people who may read requests for a second person.

import { list, object, text } from "../model/parse.ts";
import type { State } from "../model/state.ts";
import type { Store } from "../model/store.ts";
import { getJson } from "./api.ts";

const RIGHT = "approve";

/** Asks once for each request, because the reading is recorded in the audit log. Without accounts there are no requests. */
export function followMuteNames(store: Store, hasLogin: () => boolean): void {
  const [asked, failed] = [new Set<string>(), new Set<string>()];
  store.subscribe((state, before) => {
    if (state.selection === before.selection && state.sensors === before.sensors && state.rights === before.rights) return;
    if (state.selection !== before.selection) failed.clear(); // asked again when the person selects it again
    const request = wanted(state);
    if (request === null || !hasLogin() || asked.has(request) || failed.has(request)) return;
    asked.add(request);
    void load(request, store).catch(() => {
      asked.delete(request);
      failed.add(request);
    });
  });
}

function wanted(state: State): string | null {
  if (!state.rights.has(RIGHT) || state.selection?.kind !== "sensor") return null;
  return state.sensors.get(state.selection.id)?.mute?.request || null;
}

async function load(request: string, store: Store): Promise<void> {
  for (const raw of list(object(await getJson("/v1/approvals"))?.["approvals"])) {
    const one = object(raw);
    if (one === null || one["id"] !== request) continue;
    const names = { asked: text(one["asked_by"], 80), decided: text(one["decided_by"], 80) };
    store.update(({ muteNames }) => ({ muteNames: new Map(muteNames).set(request, names) }));
  }
}
