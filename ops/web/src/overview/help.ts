// Who reaches an incident first, as the server states it: in the same words in the queue, in the details and beside the line on the map.

import type { Feature, LineString, Position } from "geojson";
import { nearestHelp, type Option, type Options } from "../model/forces.ts";
import { firstOf, leadOf } from "../model/incidents.ts";
import { readable } from "../model/parse.ts";
import type { Incident, Place } from "../model/records.ts";
import type { Selection, State } from "../model/state.ts";
import { helpLine, helpWords } from "../words/forces_words.ts";
import { formats, say } from "../words/say.ts";

/** Longer names would hide the map; elsewhere they have the same words. */
const ON_MAP = 24;

export interface Responder {
  readonly name: string;
  /** Null where the picture has no such unit or base. */
  readonly by: Selection | null;
  readonly place: Place | null;
  readonly responseS: number;
  /** Names of other incidents that it is assigned to: only where no unit is free. */
  readonly assigned: readonly string[];
}

/** The open incident that is selected, else the first of the queue; null where there is none. */
export function incidentInFocus(state: State): Incident | null {
  const { selection, incidents } = state;
  const chosen = selection?.kind === "incident" ? incidents.get(selection.id) : undefined;
  if (chosen !== undefined) return chosen.state === "closed" ? null : chosen;
  return firstOf(state);
}

/** The nearest help in time that the server states, who is free before who is not, but for a distress call; null where it states none. */
export function helpFor(incident: Incident, state: State): Responder | null {
  const help = stated(incident, state, () => true);
  if (help !== null) return help;
  const estimate = leadOf(incident, state.alerts)?.estimate ?? null;
  if (estimate === null || estimate.responseS === null) return null;
  const base = state.forces.bases.get(estimate.base) ?? null;
  const by = base === null ? null : ({ kind: "base", id: estimate.base } as const);
  return { name: readable(estimate.base, ON_MAP), by, place: base, responseS: estimate.responseS, assigned: [] };
}

/** The nearest unit where a base is nearer than any: a base does not state which patrol would leave it. Null where the nearest help is a unit. */
export function unitBehindBase(incident: Incident, state: State): Responder | null {
  if (helpFor(incident, state)?.by?.kind !== "base") return null;
  return stated(incident, state, ({ kind }) => kind === "unit");
}

/** Of those the server states for now. */
function stated(incident: Incident, state: State, wanted: (option: Option) => boolean): Responder | null {
  const found = state.replay === null ? state.options.get(incident.id) : undefined;
  const help = found === undefined ? null : nearest({ ...found, options: found.options.filter(wanted) }, incident.kind === "distress");
  if (help === null || help.responseS === null) return null;
  return { name: readable(help.name, ON_MAP), by: { kind: help.kind, id: help.name }, place: help, responseS: help.responseS, assigned: help.assigned };
}

function nearest(found: Options, anyone: boolean): Option | null {
  const free = anyone ? null : nearestHelp({ ...found, options: found.options.filter(({ assigned }) => assigned.length === 0) });
  return free ?? nearestHelp(found);
}

/** "patrol-2, 4 min": for an open incident without a unit; empty where the server states no help. */
export function nearestWords(incident: Incident, state: State): string {
  if (incident.state === "closed" || incident.unit !== "") return "";
  const help = helpFor(incident, state);
  return help === null ? "" : responderWords(help, incident);
}

/** The same of one of those who could be sent. */
export function responderWords(help: Responder, incident: Incident): string {
  const words = helpWords(help.name, help.responseS);
  const busy = incident.kind !== "distress" && help.assigned.length > 0;
  return busy ? say("forces-help-busy", { help: words, incidents: formats().names(help.assigned) }) : words;
}

/** The same as a line of its own; a distress call has one already, in full. */
export function nearestLine(incident: Incident, state: State): string {
  if (helpLine(incident, state) !== "") return "";
  const help = nearestWords(incident, state);
  return help === "" ? "" : say("forces-help-line", { help });
}

/** The line to the incident in focus from the unit or base assigned to it, else from the nearest help, with the time that takes. */
export function helpFeatures(state: State, target: (incident: Incident) => Place | null): Feature<LineString>[] {
  const incident = incidentInFocus(state);
  if (incident === null) return [];
  const assigned = state.forces.units.get(incident.unit) ?? state.forces.bases.get(incident.unit);
  const from = assigned ?? helpFor(incident, state)?.place ?? null;
  const to = target(incident);
  if (from === null || to === null) return [];
  const label = assigned === undefined ? nearestWords(incident, state) : "";
  const help = label === "" ? null : helpFor(incident, state);
  const by = help?.by == null ? "" : `${help.by.kind} ${help.by.id}`;
  const properties = { id: incident.id, assigned: assigned !== undefined, label, by, name: help?.name ?? "" };
  const ends: Position[] = [from, to].map(({ lon, lat }) => [lon, lat]);
  return [{ type: "Feature", properties, geometry: { type: "LineString", coordinates: ends } }];
}
