// The alert list: newest revisions, most urgent first.

import { PRIORITIES, type Alert, type Priority } from "./records.ts";

export type Alerts = ReadonlyMap<string, Alert>;

export function isOpen(alert: Alert): boolean {
  return alert.status === "active" || alert.status === "acknowledged";
}

/** `alerts` with one revision taken in; the same object when it is not newer. */
export function withRevision(alerts: Alerts, alert: Alert): Alerts {
  const known = alerts.get(alert.id);
  if (known !== undefined && known.revision >= alert.revision) return alerts;
  return new Map(alerts).set(alert.id, alert);
}

/** Distress first, then priority, then the older one: the server's own order. */
export function byRank(first: Alert, second: Alert): number {
  return (
    PRIORITIES.indexOf(first.priority) - PRIORITIES.indexOf(second.priority) ||
    first.raisedMs - second.raisedMs ||
    (first.id < second.id ? -1 : first.id > second.id ? 1 : 0)
  );
}

export function openAlerts(alerts: Alerts): Alert[] {
  return [...alerts.values()].filter(isOpen).sort(byRank);
}

/** What is over, the latest change first. */
export function closedAlerts(alerts: Alerts): Alert[] {
  return [...alerts.values()].filter((alert) => !isOpen(alert)).sort((a, b) => b.updatedMs - a.updatedMs);
}

/** Of each track with an open alert, the most urgent priority. */
export function trackPriorities(alerts: Alerts): Map<string, Priority> {
  const priorities = new Map<string, Priority>();
  for (const alert of openAlerts(alerts)) {
    if (alert.track !== null && !priorities.has(alert.track)) priorities.set(alert.track, alert.priority);
  }
  return priorities;
}

/** Active alerts, which no person has acknowledged yet, by priority. */
export function waiting(alerts: Alerts): Record<Priority, number> {
  const counts: Record<Priority, number> = { distress: 0, high: 0, medium: 0, low: 0 };
  for (const alert of alerts.values()) if (alert.status === "active") counts[alert.priority] += 1;
  return counts;
}

/** Active in `after` and not known as active before: what should be announced, most urgent first. */
export function newlyActive(before: Alerts, after: Alerts): Alert[] {
  if (before === after) return [];
  return openAlerts(after).filter((alert) => {
    const known = before.get(alert.id);
    if (alert.status !== "active") return false;
    return known === undefined || known.status !== "active" || isMoreUrgent(alert, known);
  });
}

function isMoreUrgent(alert: Alert, known: Alert): boolean {
  return PRIORITIES.indexOf(alert.priority) < PRIORITIES.indexOf(known.priority);
}

/** Fusion revises an open alert every 30 s; an older response estimate is out of date. */
export const RESPONSE_HOLDS_S = 60;

/** When what an alert estimates was observed: a later revision, such as an acknowledgement, keeps the estimate. */
export function estimatedMs(alert: Alert): number {
  return alert.observedMs ?? alert.updatedMs;
}

/** Age of the response estimate once it is out of date; null while it holds. */
export function responseAgeS(alert: Alert, nowMs: number): number | null {
  const ageS = (nowMs - estimatedMs(alert)) / 1000;
  return ageS > RESPONSE_HOLDS_S ? ageS : null;
}
