// What this tab keeps of the plan under way: it outlives a new login, another language and a reload.

import { keepInTab, keptInTab } from "../ui/preferences.ts";
import type { SideName } from "./figures.ts";
import type { EditedLayout } from "./server.ts";

export interface Kept {
  readonly sides: Readonly<Partial<Record<SideName, EditedLayout>>>;
  /** Ids of the jobs that were started here, the newest first. */
  readonly jobs: readonly string[];
}

export class KeptPlan {
  readonly #name: string;
  #now: Kept;

  constructor(sector: string) {
    this.#name = `plan.${sector}`;
    this.#now = { sides: {}, jobs: [], ...(JSON.parse(keptInTab(this.#name) ?? "{}") as Partial<Kept>) };
  }

  get now(): Kept {
    return this.#now;
  }

  keep(change: Partial<Kept>): void {
    this.#now = { ...this.#now, ...change };
    keepInTab(this.#name, JSON.stringify(this.#now));
  }
}
