// The sector at a glance: what the server states of events, sensors, coverage, forces, workload and weather, row by row.

import { chainageOf } from "../geo/along.ts";
import { borderLines, predictedCrossing } from "../geo/crossing.ts";
import { isOpen, RESPONSE_HOLDS_S, trackPriorities } from "../model/alerts.ts";
import { deadGroundFraction, lostSensors, unknownFraction } from "../model/coverage.ts";
import { assignedTo, inDistress, positionAge, type Unit } from "../model/forces.ts";
import { expectedMs, inOrder } from "../model/incidents.ts";
import { readable } from "../model/parse.ts";
import type { Incident } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { CROSSING_AHEAD_S } from "../model/tracks.ts";
import { workload } from "../model/workload.ts";
import { stateOf } from "../words/coverage_words.ts";
import { ageLine, postureLine, unitStatus } from "../words/forces_words.ts";
import { leftLine, whatLine } from "../words/incident_words.ts";
import { trackName } from "../words/labels.ts";
import { formats, say } from "../words/say.ts";
import { fact, thing, type Row } from "./rows.ts";
import { urgent } from "./urgent.ts";

/** What ends within this is an event to come. */
const AHEAD_S = 1800;
/** More rows than this of one kind are counted, not listed. */
const ROWS = 4;
/** As many segments are named as the worst. */
const WORST = 3;

export interface Group {
  readonly id: "urgent" | "events" | "sensors" | "coverage" | "forces" | "load";
  readonly title: string;
  readonly rows: readonly Row[];
}

export function glance(state: State, nowMs: number): Group[] {
  const groups = {
    urgent: urgent(state, nowMs),
    events: events(state, nowMs),
    sensors: sensors(state, nowMs),
    coverage: coverage(state),
    forces: forces(state, nowMs),
    load: load(state, nowMs),
  } as const;
  return Object.entries(groups).map(([id, rows]) => ({
    id: id as Group["id"],
    title: say("overview-group", { group: id }),
    rows,
  }));
}

/** The first of them, and how many more there are. */
function cut(rows: readonly Row[], most = ROWS): Row[] {
  const more = rows.length - most;
  if (more <= 0) return [...rows];
  return [...rows.slice(0, most), { ...fact("more", say("overview-more", { count: more })), id: `more-${rows[0]?.id}` }];
}

function events(state: State, nowMs: number): Row[] {
  if (!state.alertsKnown || !state.incidentsKnown) return [fact("next", null)];
  const open = inOrder(state.incidents.values(), state.alerts, state.tracks).filter((one) => one.state !== "closed");
  const waiting = open.filter(({ attention }) => attention);
  const oldest = waiting.reduce<Incident | null>((first, one) => (first === null || one.openedMs < first.openedMs ? one : first), null);
  const rows: Row[] = [];
  if (oldest !== null && Number.isFinite(nowMs))
    rows.push({
      ...fact("waiting", say("overview-waiting", { count: waiting.length, age: (nowMs - oldest.openedMs) / 1000 })),
      to: { kind: "incident", id: oldest.id },
      tone: "urgent",
    });
  const ahead = open.flatMap((incident) => {
    const atMs = expectedMs(incident, state.alerts, state.tracks);
    const soon = atMs !== null && atMs > nowMs && atMs - nowMs < AHEAD_S * 1000;
    const value = say("overview-what", { time: leftLine(incident, state, nowMs), what: whatLine(incident, state) });
    return soon ? [{ atMs, row: thing({ kind: "incident", id: incident.id }, incident.name, value) }] : [];
  });
  const next = [...ahead, ...crossings(state, nowMs)].sort((a, b) => a.atMs - b.atMs).map(({ row }) => row);
  if (next.length > 0) return [...rows, ...cut(next)];
  return [...rows, fact("next", pictureAgeS(state, nowMs) > RESPONSE_HOLDS_S ? null : say("overview-none-ahead", { time: AHEAD_S }))];
}

/** How old the picture is that says where tracks are; infinite without one. */
function pictureAgeS({ stampMs }: State, nowMs: number): number {
  if (stampMs === null) return Number.POSITIVE_INFINITY;
  return !Number.isFinite(nowMs) ? 0 : Math.max(0, (nowMs - stampMs) / 1000);
}

/** Confirmed tracks without an open alert that would meet the border soon at their present course and speed. */
function crossings(state: State, nowMs: number): { atMs: number; row: Row }[] {
  const { tracks, alerts, border } = state;
  const ageS = pictureAgeS(state, nowMs);
  if (ageS > RESPONSE_HOLDS_S) return []; // as the times of an alert
  const alerted = trackPriorities(alerts);
  const lines = borderLines(border.value);
  return [...tracks.values()].flatMap((track) => {
    if (track.status !== "confirmed" || alerted.has(track.id)) return [];
    const inS = track.timeToBorderS ?? predictedCrossing(track, lines, CROSSING_AHEAD_S)?.inS ?? null;
    if (inS === null || inS > CROSSING_AHEAD_S) return [];
    const leftS = Math.max(0, inS - ageS);
    const row = thing({ kind: "track", id: track.id }, trackName(track), say("overview-crossing", { time: leftS }));
    return [{ atMs: nowMs + leftS * 1000, row }];
  });
}

function sensors(state: State, nowMs: number): Row[] {
  const all = state.sensors.size;
  if (all === 0) return [fact("online", null)];
  const lost = lostSensors(state.sensors);
  const rows = lost.map((sensor) => thing({ kind: "sensor", id: sensor.id }, readable(sensor.id), stateOf(sensor, nowMs), true));
  return [fact("online", say("overview-of", { count: all - lost.length, all })), ...cut(rows)];
}

function coverage(state: State): Row[] {
  const hidden = state.sector.value?.deadGroundFraction ?? deadGroundFraction(state.segments.value);
  const first = fact("dead-ground", hidden === null ? null : formats().percent(hidden, 1));
  const unknown = unknownFraction(state.segments.value);
  const missing = unknown === null ? [] : [fact("unknown", formats().percent(unknown, 1))];
  return [first, ...missing, ...lostCoverage(state), ...deadSegments(state)];
}

/** Segments on which open alerts state that a sensor's loss lowered the probability of detection, the worst first. */
function lostCoverage(state: State): Row[] {
  const gaps = new Map<number, { before: number; after: number }>();
  for (const alert of state.alerts.values())
    if (isOpen(alert))
      for (const { segment, before, after } of alert.coverageGaps) {
        const known = gaps.get(segment);
        if (after < before && (known === undefined || after < known.after)) gaps.set(segment, { before, after });
      }
  if (gaps.size === 0) return [fact("lost", state.alertsKnown ? say("overview-none-lost") : null)];
  const worst = [...gaps].sort(([, a], [, b]) => b.before - b.after - (a.before - a.after)).slice(0, WORST);
  return [
    { ...fact("lost", say("overview-lost", { count: gaps.size })), tone: "urgent" },
    ...worst.map(([segment, gap]) => ({ ...segmentRow(state, segment, say("page-fact-gap-of", gap)), id: `gap ${segment}` })),
  ];
}

function deadSegments(state: State): Row[] {
  const known = (state.segments.value?.features ?? []).flatMap(({ properties }) => {
    const { segment, dead_ground_fraction: share } = properties ?? {};
    return typeof segment === "number" && typeof share === "number" && share > 0 ? [{ segment, share }] : [];
  });
  return known
    .sort((a, b) => b.share - a.share || a.segment - b.segment)
    .slice(0, WORST)
    .map(({ segment, share }) => segmentRow(state, segment, say("overview-dead-ground", { share })));
}

function segmentRow(state: State, segment: number, value: string): Row {
  const feature = (state.segments.value ?? state.border.value)?.features.find(({ properties }) => properties?.["segment"] === segment);
  const span = feature === undefined ? null : chainageOf(feature);
  const name = span === null ? say("page-details-segment", { segment: String(segment) }) : say("overview-span", { from: span[0] / 1000, to: span[1] / 1000 });
  return { ...thing({ kind: "segment", id: String(segment) }, name, value), code: false };
}

function forces(state: State, nowMs: number): Row[] {
  const units = [...state.forces.units.values()];
  const onDuty = units.filter(({ duty }) => duty !== "off_duty");
  const rows = [fact("on-duty", units.length === 0 ? null : dutyLine(onDuty, state))];
  const busy = onDuty.filter((unit) => inDistress(unit, state.incidents) || assignedTo(unit.id, state.incidents).length > 0);
  const old = onDuty.filter((unit) => !busy.includes(unit) && positionAge(unit, state.forces, nowMs) === "old");
  rows.push(
    ...cut([
      ...busy.map((unit) => thing({ kind: "unit", id: unit.id }, readable(unit.id), unitStatus(unit, state), inDistress(unit, state.incidents))),
      ...old.map((unit) => thing({ kind: "unit", id: unit.id }, readable(unit.id), ageLine(unit, state.forces, nowMs))),
    ]),
  );
  for (const posture of state.forces.sections.values())
    if (posture.met === false) rows.push(thing({ kind: "section", id: posture.id }, readable(posture.id), postureLine(posture), true));
  return rows;
}

function dutyLine(onDuty: readonly Unit[], { incidents }: State): string {
  const assigned = onDuty.filter(({ id }) => assignedTo(id, incidents).length > 0).length;
  return say("overview-duty", { count: onDuty.length, assigned, free: onDuty.length - assigned });
}

function load(state: State, nowMs: number): Row[] {
  const found = workload(state.alerts, nowMs, state.alertsKnown);
  const tracks = [...state.tracks.values()];
  const confirmed = tracks.filter(({ status }) => status !== "tentative").length;
  return [
    fact("workload", found === null ? null : say("page-workload", { ...found })),
    fact("tracks", state.stampMs === null ? null : say("overview-tracks", { count: tracks.length, confirmed })),
    fact("weather", weather(state)),
  ];
}

/** Light and weather as set for this installation, which its newest alert states; null where none does. */
function weather({ alerts }: State): string | null {
  let newest: { readonly raisedMs: number; readonly weather: string } | null = null;
  for (const alert of alerts.values())
    if (alert.weather !== "" && (newest === null || alert.raisedMs > newest.raisedMs)) newest = alert;
  if (newest === null) return null;
  const words = newest.weather.split(",").map((word) => say("overview-weather-word", { word: word.trim() }));
  return say("overview-weather", { weather: formats().names(words), at: formats().dateTime(newest.raisedMs) });
}

