// The incidents that another one can be linked to or merged into, and the markings, as choices of a dialog.

import { inOrder } from "../model/incidents.ts";
import type { Incident } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { markingName, stateName, whatLine, whereLine } from "./incident_words.ts";

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** None for actions that concern one incident only and have no choice of their own. */
export function others(incident: Incident, action: string, state: State): Choice[] {
  if (action === "mark") return ["", ...state.markings.levels].map((value) => ({ value, label: markingName(value) }));
  if (action !== "link" && action !== "merge") return [];
  const operator = state.sector.value?.operator ?? "";
  return inOrder(state.incidents.values(), state.alerts, state.tracks)
    .filter((one) => one.id !== incident.id && (action === "link" ? linkable(incident, one) : mergeable(one, operator)))
    .map((one) => ({
      value: one.id,
      label: [one.name, stateName(one.state), whatLine(one, state), whereLine(one)].filter((text) => text !== "").join(" · "),
    }));
}

function linkable(incident: Incident, other: Incident): boolean {
  return !incident.links.includes(other.id);
}

function mergeable(other: Incident, operator: string): boolean {
  return other.state !== "closed" && (other.owner === "" || other.owner === operator);
}
