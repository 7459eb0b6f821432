// Who reaches an incident first, as the server states it, and the line on the map that shows it.

import type { Feature } from "geojson";
import { nearestHelp } from "../model/forces.ts";
import { inOrder, leadOf } from "../model/incidents.ts";
import { readable } from "../model/parse.ts";
import type { Incident, Place } from "../model/records.ts";
import type { Selection, State } from "../model/state.ts";
import { duration } from "../words/format.ts";
import { optionName } from "../words/forces_words.ts";

export interface Responder {
  readonly name: string;
  /** Null where the picture has no such unit or base. */
  readonly by: Selection | null;
  readonly place: Place | null;
  readonly responseS: number | null;
}

/** The open incident that is selected, else the first of the queue; null where there is none. */
export function incidentInFocus(state: State): Incident | null {
  const { selection, incidents, alerts, tracks } = state;
  const chosen = selection?.kind === "incident" ? incidents.get(selection.id) : undefined;
  const first = chosen ?? inOrder(incidents.values(), alerts, tracks)[0];
  return first === undefined || first.state === "closed" ? null : first;
}

/** The nearest help in time that the server states; null where it states none. */
export function helpFor(incident: Incident, state: State): Responder | null {
  const found = state.replay === null ? state.options.get(incident.id) : undefined; // those are of the present
  const help = found === undefined ? null : nearestHelp(found);
  if (help !== null)
    return { name: optionName(help), by: { kind: help.kind, id: help.name }, place: help, responseS: help.responseS };
  const estimate = leadOf(incident, state.alerts)?.estimate ?? null;
  if (estimate === null || estimate.responseS === null) return null;
  const base = state.forces.bases.get(estimate.base) ?? null;
  const by = base === null ? null : ({ kind: "base", id: estimate.base } as const);
  return { name: readable(estimate.base), by, place: base, responseS: estimate.responseS };
}

/** The line to the incident in focus from the unit or base assigned to it, else from the nearest help, with the time that takes. */
export function helpFeatures(state: State, target: (incident: Incident) => Place | null): Feature[] {
  const incident = incidentInFocus(state);
  if (incident === null) return [];
  const assigned = state.forces.units.get(incident.unit) ?? state.forces.bases.get(incident.unit);
  const help = assigned === undefined ? helpFor(incident, state) : { place: assigned, responseS: null };
  const to = target(incident);
  if (help === null || help.place === null || to === null) return [];
  const properties = { assigned: assigned !== undefined, label: help.responseS === null ? "" : duration(help.responseS) };
  return [{ type: "Feature", properties, geometry: { type: "LineString", coordinates: [help.place, to].map(({ lon, lat }) => [lon, lat]) } }];
}
