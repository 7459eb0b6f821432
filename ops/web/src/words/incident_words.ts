// What a row of the queue says: headline, where it is, the time that is left, and who works on it.

import { expectedMs, leadOf } from "../model/incidents.ts";
import type { Incident } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { ruleName, sentenceOf } from "./alert_words.ts";
import { readable } from "../model/parse.ts";
import { say } from "./say.ts";
import { spokenTrack } from "./track_names.ts";

/** The headline of the lead alert as it is now, else that of the incident. */
export function incidentHeadline(incident: Incident, state: State): string {
  const lead = leadOf(incident, state.alerts);
  const outage = incident.kind === "equipment" && incident.sensors.length > 2;
  return sentenceOf(lead === null || outage ? incident.headline : lead.headline);
}

/** From here on, times are stated in whole minutes. */
const SECONDS_BELOW_S = 120;

/** What happens, in few words: the rule of the lead alert and the class of its target. */
export function whatLine(incident: Incident, state: State): string {
  const lead = leadOf(incident, state.alerts);
  if (lead === null || (incident.kind === "equipment" && incident.sensors.length > 2)) return sentenceOf(incident.headline);
  const rule = ruleName(lead.rule);
  if (lead.classLabel !== null) return say("page-incident-what", { rule, class: lead.classLabel });
  return lead.sensor === null ? rule : say("page-incident-what-sensor", { rule, sensor: lead.sensor });
}

export function stateName(state: string): string {
  return say("incident-state", { state });
}

/** What a row says beside the name: nothing of an open incident, unless it was escalated. */
export function rowState(incident: Incident): string {
  const state = incident.state === "open" ? "" : stateName(incident.state);
  const escalated = incident.attention && incident.escalation > 0 ? say("page-incident-escalated") : "";
  return [state, escalated].filter((part) => part !== "").join(" · ");
}

/** A state as a choice of the filter. */
export function stateChoice(state: string): string {
  return say("page-incident-state-choice", { state });
}

export function dispositionName(disposition: string): string {
  return say("incident-disposition", { disposition });
}

/** Section or segment. */
export function whereLine(incident: Incident): string {
  if (incident.section !== "") return incident.section;
  return incident.segment === null ? "" : say("page-incident-segment", { segment: incident.segment });
}

/** The track of the lead alert, as the map names it. */
export function trackLine(incident: Incident, state: State): string {
  const track = leadOf(incident, state.alerts)?.track ?? null;
  return track === null ? "" : readable(spokenTrack(track));
}

/** Time that is left; empty where it is not known. */
export function leftLine(incident: Incident, state: State, nowMs: number): string {
  const expected = expectedMs(incident, state.alerts, state.tracks);
  if (expected === null || !Number.isFinite(nowMs)) return "";
  const leftS = (expected - nowMs) / 1000;
  return leftS <= 0 ? say("page-incident-past") : say("page-incident-left", { time: wholeMinutes(leftS) });
}

/** Time that is left, else how long ago the incident was opened. */
export function timeLine(incident: Incident, state: State, nowMs: number): string {
  const left = leftLine(incident, state, nowMs);
  if (left !== "" || !Number.isFinite(nowMs)) return left;
  return say("page-fact-ago", { age: wholeMinutes(Math.max(0, nowMs - incident.openedMs) / 1000) });
}

function wholeMinutes(seconds: number): number {
  return seconds < SECONDS_BELOW_S ? seconds : Math.round(seconds / 60) * 60;
}

/** Who has it and which unit goes, or how it was closed. */
export function workLine(incident: Incident): string {
  if (incident.state === "closed")
    return incident.closedBy === "system" ? say("incident-by-system") : dispositionName(incident.disposition);
  const parts = [
    incident.owner === "" ? "" : say("page-incident-owner", { owner: incident.owner }),
    incident.unit === "" ? "" : say("page-incident-unit", { unit: incident.unit }),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/** All text that a search reads. */
export function searchText(incident: Incident, state: State): string {
  return [
    incident.name, incidentHeadline(incident, state), incident.owner, incident.unit, incident.section, incident.reason,
    ...incident.sensors, ...incident.tracks.flatMap(({ track, name }) => [track, name]),
    ...incident.notes.map(({ text }) => text),
  ].join("\n");
}

/** A releasability marking as the installation names it; the word for none. */
export function markingName(marking: string): string {
  return marking === "" ? say("page-marking-none") : marking;
}
