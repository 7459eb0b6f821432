// What this tab keeps of a person's plan under way: it outlives a new login, another language and a reload.

import { object } from "../model/parse.ts";
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
  readonly #person: string;
  #now: Kept;
  #begun = false;

  /** Of `person`: what another person left is dropped. */
  constructor(sector: string, person: string) {
    [this.#name, this.#person] = [`plan.${sector}`, person];
    const { person: whose, ...kept } = read(keptInTab(this.#name));
    this.#now = { sides: {}, jobs: [], ...(whose === person ? kept : {}) };
  }

  get now(): Kept {
    return this.#now;
  }

  /** The sides are shown as they are kept; from now on they are kept as they are shown. */
  begin(): Kept["sides"] {
    this.#begun = true;
    return this.#now.sides;
  }

  keepSide(name: SideName, order: EditedLayout): void {
    if (this.#begun) this.#keep({ sides: { ...this.#now.sides, [name]: order } });
  }

  keepJobs(jobs: Kept["jobs"]): void {
    this.#keep({ jobs });
  }

  #keep(change: Partial<Kept>): void {
    this.#now = { ...this.#now, ...change };
    keepInTab(this.#name, JSON.stringify({ ...this.#now, person: this.#person }));
  }
}

function read(stored: string | null): Partial<Kept> & { readonly person?: unknown } {
  try {
    return object(JSON.parse(stored ?? "{}")) ?? {};
  } catch {
    return {};
  }
}
