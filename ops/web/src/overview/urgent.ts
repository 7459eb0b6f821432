// The first group of the sector at a glance: what is most urgent, who is there first, and what is not covered.

import { deadGroundFraction, lostSensors, unknownFraction } from "../model/coverage.ts";
import { openAlerts } from "../model/alerts.ts";
import { firstOf, leadOf } from "../model/incidents.ts";
import { readable } from "../model/parse.ts";
import type { Alert, Incident } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { headline } from "../words/alert_words.ts";
import { stateName } from "../words/coverage_words.ts";
import { timeLine, whatLine, whereLine } from "../words/incident_words.ts";
import { priorityName } from "../words/labels.ts";
import { formats, say } from "../words/say.ts";
import { helpFor, nearestWords, responderWords, unitBehindBase } from "./help.ts";
import { fact, thing, type Row } from "./rows.ts";

/** More sensors than this are counted, not named. */
const NAMED = 2;

export function urgent(state: State, nowMs: number): Row[] {
  const incident = firstOf(state);
  const first = incident === null ? openAlerts(state.alerts)[0] : undefined;
  if (incident !== null) return [incidentRow(incident, state, nowMs), ...helpRows(incident, state), notCovered(state)];
  if (first !== undefined) return [alertRow(first), notCovered(state)];
  return [fact("incident", state.alertsKnown && state.incidentsKnown ? say("overview-none-open") : null), notCovered(state)];
}

/** Where it is, as a person says it over the radio: the chainage where the alert states it. */
function incidentRow(incident: Incident, state: State, nowMs: number): Row {
  const chainageM = leadOf(incident, state.alerts)?.chainageM ?? null;
  const where = chainageM === null ? whereLine(incident) : say("overview-chainage", { km: chainageM / 1000 });
  const said = [priorityName(incident.priority), whatLine(incident, state), where, timeLine(incident, state, nowMs)];
  return thing({ kind: "incident", id: incident.id }, incident.name, said.filter((part) => part !== "").join(" · "), incident.attention);
}

function alertRow(alert: Alert): Row {
  const said = [priorityName(alert.priority), headline(alert)];
  return { ...fact("alert", said.join(" · ")), to: { kind: "alert", id: alert.id }, tone: alert.status === "active" ? "urgent" : "plain" };
}

/** Who is assigned, else who is there first, as the server states it, and the nearest unit where that is a base. */
function helpRows(incident: Incident, state: State): Row[] {
  const { units, bases } = state.forces;
  const assigned = units.has(incident.unit) ? ("unit" as const) : bases.has(incident.unit) ? ("base" as const) : null;
  if (incident.unit !== "")
    return [{ ...fact("assigned", readable(incident.unit)), to: assigned === null ? null : { kind: assigned, id: incident.unit } }];
  const help = nearestWords(incident, state);
  const unit = unitBehindBase(incident, state);
  return [
    fact("help", help === "" ? null : help, helpFor(incident, state)?.by ?? null),
    ...(unit === null ? [] : [fact("nearest-unit", responderWords(unit, incident), unit.by)]),
  ];
}

/** Sensors that are not online, the share of dead ground, and that of unknown ground. */
function notCovered(state: State): Row {
  const lost = lostSensors(state.sensors);
  const dead = state.sector.value?.deadGroundFraction ?? deadGroundFraction(state.segments.value);
  const named = lost.slice(0, NAMED).map((one) => say("page-map-sensor", { sensor: readable(one.id), state: stateName(one.state) }));
  const more = lost.length > NAMED ? [say("overview-more", { count: lost.length - NAMED })] : [];
  const ground = dead === null ? [] : [say("overview-dead-ground", { share: dead })];
  const unknown = unknownFraction(state.segments.value);
  const missing = unknown === null ? [] : [say("overview-no-terrain", { share: unknown })];
  const parts = [...named, ...more, ...ground, ...missing];
  const row = fact("not-covered", parts.length === 0 ? null : formats().names(parts));
  const [first] = lost;
  return first === undefined ? row : { ...row, to: { kind: "sensor", id: first.id }, tone: "urgent" };
}
