// What the border line says of each segment: an open alert, coverage lost with a sensor, ground not known, dead ground, or none of these.

import type { Feature, FeatureCollection, Position } from "geojson";
import { isOpen } from "../model/alerts.ts";
import { PRIORITIES, type Alert, type Priority } from "../model/records.ts";

/** In order of rank: of two that are true of a segment, the first is drawn. */
export const BORDER_STATES = ["alert", "lost", "unknown", "dead", "watched"] as const;
export type BorderState = (typeof BORDER_STATES)[number];

/** At least so much of the ground along a segment is dead ground, or has no terrain data, where its line says so. */
const MOSTLY = 0.5;

interface Said {
  readonly state: BorderState;
  readonly priority: Priority | null;
}

/** The state of one segment. `alerts`: its open alerts; `lost`: whether an open alert states that its coverage is lost. */
function stateOf(properties: Feature["properties"], alerts: Priority | undefined, lost: boolean): Said {
  if (alerts !== undefined) return { state: "alert", priority: alerts };
  if (lost) return { state: "lost", priority: null };
  const { dead_ground_fraction: dead, unknown_fraction: unknown } = properties ?? {};
  const known = typeof dead === "number" && !(typeof unknown === "number" && unknown >= MOSTLY);
  if (!known) return { state: "unknown", priority: null };
  return { state: dead >= MOSTLY ? "dead" : "watched", priority: null };
}

/** The border as lines of equal state, each as long as the state goes on: dashes of a line must not begin again at each segment. */
export function borderRuns(segments: FeatureCollection | null, alerts: Iterable<Alert>): Feature[] {
  const { priorities, lost } = openOn(alerts);
  const runs: { said: Said; line: Position[] }[] = [];
  for (const { geometry, properties } of segments?.features ?? []) {
    if (geometry?.type !== "LineString") continue;
    const id: unknown = properties?.["segment"];
    const segment = typeof id === "number" ? id : Number.NaN;
    const said = stateOf(properties, priorities.get(segment), lost.has(segment));
    const last = runs.at(-1);
    if (last !== undefined && same(last.said, said) && meets(last.line, geometry.coordinates)) last.line.push(...geometry.coordinates.slice(1));
    else runs.push({ said, line: [...geometry.coordinates] });
  }
  return runs.map(({ said, line }) => ({ type: "Feature", properties: { ...said }, geometry: { type: "LineString", coordinates: line } }));
}

/** The most urgent open alert of each segment, and the segments of which one states that coverage is lost. */
function openOn(alerts: Iterable<Alert>): { readonly priorities: ReadonlyMap<number, Priority>; readonly lost: ReadonlySet<number> } {
  const priorities = new Map<number, Priority>();
  const lost = new Set<number>();
  for (const alert of alerts) {
    if (!isOpen(alert)) continue;
    for (const { segment, before, after } of alert.coverageGaps) if (after < before) lost.add(segment);
    if (alert.track === null || alert.segment === null) continue; // a sensor's alert is about coverage, not about a place
    const known = priorities.get(alert.segment);
    if (known === undefined || PRIORITIES.indexOf(alert.priority) < PRIORITIES.indexOf(known)) priorities.set(alert.segment, alert.priority);
  }
  return { priorities, lost };
}

function same(one: Said, other: Said): boolean {
  return one.state === other.state && one.priority === other.priority;
}

function meets(line: readonly Position[], next: readonly Position[]): boolean {
  const [end, start] = [line.at(-1), next[0]];
  return end !== undefined && start !== undefined && end[0] === start[0] && end[1] === start[1];
}
