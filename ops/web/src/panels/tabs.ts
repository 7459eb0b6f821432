// The panels beside the map (below it on a phone), one at a time; arrows move between the tabs.

import { part } from "../ui/dom.ts";

export const TABS = ["alerts", "details", "tracks", "sensors", "forces", "layers"] as const;
export type Tab = (typeof TABS)[number];

/** As in phone.css. */
const NARROW = "(width <= 820px)";

export class Tabs {
  readonly #narrow = matchMedia(NARROW);
  readonly #listeners: ((tab: Tab) => void)[] = [];
  #tab: Tab;

  constructor() {
    this.#tab = this.#narrow.matches ? "alerts" : "details";
    for (const tab of TABS) part(`tab-${tab}`).addEventListener("click", () => this.open(tab));
    part("tabs").addEventListener("keydown", (event) => this.#key(event));
    this.#narrow.addEventListener("change", () => this.open(this.#narrow.matches ? "alerts" : "details"));
    this.open(this.#tab);
  }

  get tab(): Tab {
    return this.#tab;
  }

  get isNarrow(): boolean {
    return this.#narrow.matches;
  }

  onOpen(listener: (tab: Tab) => void): void {
    this.#listeners.push(listener);
  }

  open(tab: Tab): void {
    this.#tab = tab === "alerts" && !this.#narrow.matches ? this.#tab : tab;
    for (const name of TABS) {
      const button = part(`tab-${name}`);
      button.setAttribute("aria-selected", String(name === this.#tab));
      button.tabIndex = name === this.#tab ? 0 : -1;
      if (name !== "alerts") part(`panel-${name}`).hidden = name !== this.#tab;
    }
    part("main").dataset["tab"] = this.#tab;
    for (const listener of this.#listeners) listener(this.#tab);
  }

  focus(tab: Tab): void {
    this.open(tab);
    part(`tab-${this.#tab}`).focus();
  }

  #key(event: KeyboardEvent): void {
    const shown = TABS.filter((tab) => part(`tab-${tab}`).offsetParent !== null);
    const index = shown.indexOf(this.#tab);
    const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = shown[(to + shown.length) % shown.length];
    if (next !== undefined) this.focus(next);
  }
}
