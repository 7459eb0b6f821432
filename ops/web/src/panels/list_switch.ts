// Which list the left panel shows: the queue of incidents, open alerts, or closed alerts.

import type { State } from "../model/state.ts";
import { part } from "../ui/dom.ts";

export type Shown = "incidents" | "open" | "closed";

const BUTTONS = { incidents: "show-incidents", open: "show-open", closed: "show-closed" } as const;

export class ListSwitch {
  readonly #onChange: (shown: Shown) => void;
  #chosen: Shown | null = null;
  #shown: Shown | null = null;

  constructor(onChange: (shown: Shown) => void) {
    this.#onChange = onChange;
    for (const [name, id] of Object.entries(BUTTONS))
      part(id).addEventListener("click", () => this.choose(name as Shown));
    part("incident-tools").addEventListener("submit", (event) => event.preventDefault());
  }

  get shown(): Shown {
    return this.#shown ?? "incidents";
  }

  choose(shown: Shown): void {
    this.#chosen = shown;
    this.#set(shown);
  }

  /** Incidents until another list is chosen; a server that has gathered none shows its alerts. */
  show(state: State): void {
    const usual = state.incidents.size === 0 && state.alerts.size > 0 ? "open" : "incidents";
    this.#set(this.#chosen ?? usual);
  }

  #set(shown: Shown): void {
    if (shown === this.#shown) return;
    this.#shown = shown;
    for (const [name, id] of Object.entries(BUTTONS)) part(id).setAttribute("aria-pressed", String(name === shown));
    part("alerts").dataset["list"] = shown === "incidents" ? "incidents" : "alerts";
    this.#onChange(shown);
  }
}
