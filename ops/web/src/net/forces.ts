// Own forces at the server: options for an incident, and decisions on impact levels.

import { NO_FORCES, parseOptions, type ImpactLevel, type Options, type Posture } from "../model/forces.ts";
import { object } from "../model/parse.ts";
import { firstOf } from "../model/incidents.ts";
import type { Incident } from "../model/records.ts";
import { parseRefusals } from "../model/refused.ts";
import type { State } from "../model/state.ts";
import type { Store } from "../model/store.ts";
import { getJson, postJson, RequestFailed } from "./api.ts";
import { once, repeated } from "./incidents.ts";

/** Options are asked for again when the forces have changed and the last answer is older than this: of a distress call and
    what is selected, and of the most urgent incident, at which a person has not looked yet. */
const AGAIN_MS = { watched: 20_000, first: 60_000 } as const;
/** The same after an answer that could not be had. */
const FAILED_MS = 10_000;

export async function optionsFor(incident: string, signal?: AbortSignal): Promise<Options> {
  const found = parseOptions(await getJson(`/v1/incidents/${encodeURIComponent(incident)}/candidates`, signal));
  if (found === null) throw new RequestFailed("page-net-unreadable", 200);
  return found;
}

/** What became of a decision: it applies; it is stored, and applies later; or another person has to confirm it. */
export type LevelOutcome = "applied" | "stored" | "asked";

/** `sent` hears the id of the decision, also where no answer comes. */
export async function setLevel(section: Posture, level: ImpactLevel, reason: string, sent: (id: string) => void): Promise<LevelOutcome> {
  const after = section.decided.at(-1)?.id ?? "";
  const order = { section: section.id, level, reason, after };
  const send = (id: string): Promise<unknown> => {
    sent(id);
    return repeated(() => postJson("/v1/impact-levels", { id, ...order }));
  };
  const answer = object(await once(order, send));
  if (typeof answer?.["approval"] === "string") return "asked";
  return answer?.["applied"] === true ? "applied" : "stored";
}

/** Keeps the options of the selected incident, of the most urgent one and of each distress call at hand; it asks only when
    something changed. */
export class OptionsLoader {
  readonly #store: Store;
  readonly #asked = new Map<string, number>();

  /** `isLive`: whether the page shows the present; options for a past moment would not be those of then. */
  constructor(store: Store, isLive: () => boolean) {
    this.#store = store;
    store.subscribe((state, before) => {
      if (!isLive()) return;
      if (state.forces !== before.forces || state.incidents !== before.incidents || state.selection !== before.selection || state.layers !== before.layers)
        this.#look(state);
    });
  }

  #look(state: State): void {
    for (const [incident, againMs] of wanted(state)) {
      const key = `${incident.id} ${incident.lead}`;
      const now = performance.now();
      if (now - (this.#asked.get(key) ?? Number.NEGATIVE_INFINITY) < againMs) continue;
      this.#asked.set(key, now);
      void this.load(incident.id).then((found) => {
        if (found === null) this.#asked.set(key, performance.now() - againMs + FAILED_MS); // as while its ground is busy
      });
    }
  }

  /** The newest options, which the state then has; null where the server gives none. */
  async load(incident: string): Promise<Options | null> {
    try {
      const found = await optionsFor(incident);
      this.#store.update(({ options }) => ({ options: new Map(options).set(incident, found) }));
      return found;
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      this.#store.update(({ options }) => {
        const kept = new Map(options);
        kept.delete(incident); // old times would be taken for current ones
        return { options: kept };
      });
      return null;
    }
  }
}

/** What was refused of units is read again after this time while a unit is selected, and after the other otherwise. */
const REFUSED_MS = { selected: 20_000, otherwise: 300_000 } as const;
const REFUSED_LOOK_MS = 2_000;

/** Keeps what was refused of units at hand, for those who may see the picture; a failed read leaves what is known. */
export class RefusalLoader {
  readonly #store: Store;
  readonly #isLive: () => boolean;
  #askedMs = Number.NEGATIVE_INFINITY;
  #selected: string | null = null;

  constructor(store: Store, isLive: () => boolean) {
    this.#store = store;
    this.#isLive = isLive;
    setInterval(() => void this.look(), REFUSED_LOOK_MS);
  }

  async look(nowMs = performance.now()): Promise<void> {
    const { rights, selection, forces } = this.#store.state;
    if (!this.#isLive() || !rights.has("picture") || forces === NO_FORCES) return; // who gets no forces gets no refusals
    const selected = selection?.kind === "unit" ? selection.id : null;
    const isNew = selected !== null && selected !== this.#selected;
    this.#selected = selected;
    const after = selected === null ? REFUSED_MS.otherwise : REFUSED_MS.selected;
    if (!isNew && nowMs - this.#askedMs < after) return;
    this.#askedMs = nowMs;
    try {
      const refused = parseRefusals(await getJson("/v1/units/refused"));
      this.#store.update(() => ({ refused }));
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
    }
  }
}

/** The incidents whose options are shown, and for how long an answer is good; without own forces or ground
    the server has none. */
export function wanted(state: State): (readonly [Incident, number])[] {
  const { incidents, selection, forces } = state;
  const watched = [...incidents.values()].filter(
    ({ id, kind, state: stage }) =>
      stage !== "closed" && (kind === "distress" || (selection?.kind === "incident" && selection.id === id)),
  );
  const first = state.layers.value !== null && forces.units.size + forces.bases.size > 0 ? firstOf(state) : null;
  const unseen = first === null || first.unit !== "" || watched.includes(first) ? [] : [[first, AGAIN_MS.first] as const];
  return [...watched.map((one) => [one, AGAIN_MS.watched] as const), ...unseen];
}
