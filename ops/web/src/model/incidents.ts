// Incidents, and the order of the queue: what an operator should look at first.

import { estimatedMs, isOpen, waiting, type Alerts } from "./alerts.ts";
import { PRIORITIES, type Alert, type Incident, type Priority, type Track } from "./records.ts";

export type Incidents = ReadonlyMap<string, Incident>;

/** `incidents` with one revision taken in; the same object when it is not newer. */
export function withIncident(incidents: Incidents, incident: Incident): Incidents {
  const known = incidents.get(incident.id);
  if (known !== undefined && known.revision >= incident.revision) return incidents;
  return new Map(incidents).set(incident.id, incident);
}

/** What the queue shows; "" and false: all. */
export interface Filter {
  readonly text: string;
  readonly section: string;
  readonly target: string;
  readonly state: string;
  readonly mine: boolean;
}

export const NO_FILTER: Filter = { text: "", section: "", target: "", state: "", mine: false };

/**
 * When its target may be out of reach, else when it may cross. Null where its lead alert states neither, or where that
 * alert or its track is over: advice vanishes with its track.
 */
export function expectedMs(
  incident: Incident,
  alerts: Alerts,
  tracks: ReadonlyMap<string, Track>,
): number | null {
  const lead = alerts.get(incident.lead);
  if (incident.state === "closed" || lead === undefined || !isOpen(lead)) return null;
  if (lead.track !== null && !tracks.has(lead.track)) return null;
  const { estimate } = lead;
  const leftS = estimate?.responseS != null && estimate.marginS != null ? estimate.responseS + estimate.marginS : lead.timeToBorderS;
  return leftS === null ? null : estimatedMs(lead) + leftS * 1000;
}

/** Unacknowledged first, then by priority, by the time that is left, and the oldest first; closed ones the latest first. */
export function inOrder(
  incidents: Iterable<Incident>,
  alerts: Alerts,
  tracks: ReadonlyMap<string, Track>,
): Incident[] {
  const rows = [...incidents].map((incident) => ({
    incident,
    left: expectedMs(incident, alerts, tracks) ?? Number.POSITIVE_INFINITY,
  }));
  rows.sort((one, two) => {
    const [first, second] = [one.incident, two.incident];
    const closed = Number(first.state === "closed") - Number(second.state === "closed");
    if (closed !== 0) return closed;
    if (first.state === "closed") return second.openedMs - first.openedMs;
    return (
      Number(second.attention) - Number(first.attention) ||
      PRIORITIES.indexOf(first.priority) - PRIORITIES.indexOf(second.priority) ||
      (one.left === two.left ? 0 : one.left - two.left) ||
      first.openedMs - second.openedMs ||
      (first.id < second.id ? -1 : 1)
    );
  });
  return rows.map(({ incident }) => incident);
}

/** The open incident that a person should look at first; null where there is none. */
export function firstOf({ incidents, alerts, tracks }: { readonly incidents: Incidents; readonly alerts: Alerts; readonly tracks: ReadonlyMap<string, Track> }): Incident | null {
  const first = inOrder(incidents.values(), alerts, tracks)[0];
  return first === undefined || first.state === "closed" ? null : first;
}

/** Whether the filter lets an incident through; `words`: all text of it that a search reads. */
export function passes(incident: Incident, filter: Filter, operator: string, words: string): boolean {
  return (
    (filter.state === "closed" ? incident.state === "closed" : incident.state !== "closed") &&
    (filter.state === "" || filter.state === incident.state) &&
    (filter.section === "" || filter.section === incident.section) &&
    (filter.target === "" || filter.target === incident.classLabel) &&
    (!filter.mine || incident.owner === operator) &&
    (filter.text === "" || words.toLocaleLowerCase().includes(filter.text.toLocaleLowerCase()))
  );
}

/** Incidents that wait for an acknowledgement, by priority. */
export function waitingIncidents(incidents: Incidents): Record<Priority, number> {
  const counts: Record<Priority, number> = { distress: 0, high: 0, medium: 0, low: 0 };
  for (const one of incidents.values()) if (one.attention && one.state !== "closed") counts[one.priority] += 1;
  return counts;
}

/** Number of unacknowledged incidents by priority, or of unacknowledged alerts where there is no incident. */
export function waitingWork({ incidents, alerts }: { readonly incidents: Incidents; readonly alerts: Alerts }): {
  readonly what: "incidents" | "alerts";
  readonly counts: Record<Priority, number>;
} {
  return incidents.size > 0 ? { what: "incidents", counts: waitingIncidents(incidents) } : { what: "alerts", counts: waiting(alerts) };
}

/** The most urgent priority that waits for an acknowledgement; null when none does. */
export function mostUrgent(incidents: Incidents): Priority | null {
  const counts = waitingIncidents(incidents);
  return PRIORITIES.find((priority) => counts[priority] > 0) ?? null;
}

export function leadOf(incident: Incident, alerts: Alerts): Alert | null {
  return alerts.get(incident.lead) ?? null;
}

/** Time for which a camera that has turned to an incident counts as looking at it. */
const LOOKED_MS = 60_000;

/** The cameras that turn, or have just turned, to an incident: their fields of view are drawn strongly. */
export function lookingCameras(incident: Incident | null | undefined, nowMs: number): ReadonlySet<string> {
  const newest = new Map((incident?.looks ?? []).map((look) => [look.camera, look]));
  const looking = [...newest.values()].filter(
    ({ state, changedMs }) => state !== "refused" && state !== "failed" && (state !== "done" || nowMs - changedMs <= LOOKED_MS),
  );
  return new Set(looking.map(({ camera }) => camera));
}
