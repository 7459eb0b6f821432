// The parts of the panel below the figures, one at a time; arrows move between the tabs.

import { part } from "../ui/dom.ts";

const TABS = ["equipment", "sensor", "jobs"] as const;
export type PlanTab = (typeof TABS)[number];

export function openTab(tab: PlanTab): void {
  for (const name of TABS) {
    const button = part(`tab-${name}`);
    button.setAttribute("aria-selected", String(name === tab));
    button.tabIndex = name === tab ? 0 : -1;
    part(`panel-${name}`).hidden = name !== tab;
  }
}

export function listenToTabs(): void {
  TABS.forEach((tab, index) => {
    part(`tab-${tab}`).addEventListener("click", () => openTab(tab));
    part(`tab-${tab}`).addEventListener("keydown", (event) => {
      const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: TABS.length - 1 }[event.key];
      const next = to === undefined ? undefined : TABS[(to + TABS.length) % TABS.length];
      if (next === undefined) return;
      event.preventDefault();
      openTab(next);
      part(`tab-${next}`).focus();
    });
  });
  openTab("equipment");
}
