// The text of the details panel for an incident: status, response, candidates, notes and history.

import { estimatedMs, responseAgeS } from "../model/alerts.ts";
import { expectedMs, leadOf } from "../model/incidents.ts";
import { codesKey, type CodeField, type GoodsCode } from "../model/goods_codes.ts";
import { readable } from "../model/parse.ts";
import type { Alert, Incident, IncidentStep, Tracing } from "../model/records.ts";
import type { Selection, State } from "../model/state.ts";
import type { Fact } from "../ui/dom.ts";
import { responseLine } from "./alert_words.ts";
import { certaintyOfIncident } from "./certainty.ts";
import { fact, markingFacts, section, sentences, whereFacts, type Details, type Section } from "./facts.ts";
import { duration, probability, utcDateTime } from "./format.ts";
import { helpOf, optionFigures, optionName } from "./forces_words.ts";
import { dispositionName, incidentHeadline, leftLine, stateName } from "./incident_words.ts";
import { PRIORITY_MARK } from "./labels.ts";
import { formats, say } from "./say.ts";

export function describeIncident(incident: Incident, state: State, nowMs: number): Details {
  const lead = leadOf(incident, state.alerts);
  const live = incident.tracks.find(({ track }) => state.tracks.has(track));
  const place = (live === undefined ? undefined : state.tracks.get(live.track)) ?? lead?.place ?? incident.place;
  const links: { label: string; to: Selection }[] = incident.tracks
    .filter(({ track }) => state.tracks.has(track))
    .map(({ track, name }) => ({ label: name || readable(track), to: { kind: "track", id: track } }));
  if (state.forces.units.has(incident.callingUnit))
    links.push({ label: readable(incident.callingUnit), to: { kind: "unit", id: incident.callingUnit } });
  if (lead !== null) links.push({ label: say("page-incident-alert"), to: { kind: "alert", id: lead.id } });
  for (const id of incident.links) {
    const other = state.incidents.get(id);
    if (other !== undefined) links.push({ label: other.name, to: { kind: "incident", id } });
  }
  return {
    kind: `${PRIORITY_MARK[incident.priority]} ${say("incident-kind", { kind: incident.kind })}`,
    title: incident.name,
    lead: incidentHeadline(incident, state),
    sections: sections(incident, state, nowMs),
    shares: [],
    certainty: certaintyOfIncident(incident, state, nowMs),
    links,
    place: place ?? null,
    alert: null,
    incident,
  };
}

function sections(incident: Incident, state: State, nowMs: number): Section[] {
  const found = [section("incident", incidentFacts(incident, state, nowMs))];
  const lead = leadOf(incident, state.alerts);
  const advised = expectedMs(incident, state.alerts, state.tracks) !== null;
  const options = incident.state === "closed" ? undefined : state.options.get(incident.id);
  if (options !== undefined && options.options.length > 0)
    found.push({
      title: say("page-section-candidates", { time: utcDateTime(options.atMs) }),
      facts: options.options.map((one): Fact => [optionName(one), optionFigures(one)]),
    });
  else if (lead !== null && advised && lead.candidates.length > 0)
    found.push({
      title: say("page-section-candidates", { time: utcDateTime(estimatedMs(lead)) }),
      facts: lead.candidates.map((one) => [
        one.base,
        say("page-incident-candidate", { time: duration(one.responseS), chance: probability(one.probability) }),
      ]),
    });
  if (incident.notes.length > 0)
    found.push(
      section(
        "notes",
        incident.notes.map((note) => [
          `${utcDateTime(note.atMs)} ${note.by}`,
          note.attachment === "" ? note.text : `${note.attachment} ${note.text}`.trim(),
        ]),
      ),
    );
  if (incident.tracing !== null) {
    const codes = state.goodsCodes.get(codesKey(incident.tracing, incident.openedMs)) ?? [];
    found.push(section("tracing", tracingFacts(incident.tracing, codes)));
  }
  found.push(section("history", incident.steps.map(stepFact)));
  if (incident.place !== null) found.push(section("position", whereFacts(incident.place)));
  return found;
}

function incidentFacts(incident: Incident, state: State, nowMs: number): Fact[] {
  const facts = [
    fact("status", stateName(incident.state)),
    fact("raised", utcDateTime(incident.openedMs), "code"),
    fact("age", duration((nowMs - incident.openedMs) / 1000)),
  ];
  const left = leftLine(incident, state, nowMs);
  if (left !== "") facts.push(fact("left", left));
  const lead = leadOf(incident, state.alerts);
  const advice = lead === null || expectedMs(incident, state.alerts, state.tracks) === null || overtaken(incident, lead, state, nowMs) ? "" : responseLine(lead, nowMs);
  if (advice !== "") facts.push(fact("response", advice));
  const help = helpOf(incident, state);
  if (help !== "") facts.push(fact("help", help));
  facts.push(...markingFacts(incident.marking));
  // What the people in need said must not need a further key.
  if (incident.kind === "distress" && lead !== null) facts.push(...sentences("details", lead.details));
  if (incident.owner !== "") facts.push(fact("owner", incident.owner, "code"));
  if (incident.unit !== "") facts.push(fact("unit", incident.unit, "code"));
  if (incident.receivedMs !== null) facts.push(fact("receipt", utcDateTime(incident.receivedMs), "code"));
  if (incident.section !== "") facts.push(fact("section", incident.section));
  if (incident.segment !== null) facts.push(fact("segment", String(incident.segment)));
  if (incident.tracks.length > 0) facts.push(fact("tracks", formats().names(incident.tracks.map(({ name }) => name)), "code"));
  if (incident.sensors.length > 0) facts.push(fact("sensors", formats().names(incident.sensors.map((id) => readable(id))), "code"));
  if (incident.disposition !== "") facts.push(fact("disposition", dispositionName(incident.disposition)));
  if (incident.reason !== "") facts.push(fact("comment", incident.reason, "code"));
  if (incident.closedBy === "system") facts.push(fact("handled-by", say("incident-by-system")));
  return facts;
}

/** Whether the alert's estimate is out of date and the server has stated who could go since: it is not unknown then. */
function overtaken(incident: Incident, lead: Alert, state: State, nowMs: number): boolean {
  const options = state.replay === null ? (state.options.get(incident.id)?.options ?? []) : [];
  return options.length > 0 && responseAgeS(lead, nowMs) !== null;
}

function tracingFacts(tracing: Tracing, codes: readonly GoodsCode[]): Fact[] {
  const coded = (field: CodeField, code: string): Fact => {
    const known = codes.find((one) => one.field === field && one.code === code);
    return known === undefined || code === "" ? named(field, code) : [say("incident-tracing-field", { field }), codeLine(known)];
  };
  const named = (field: string, value: string): Fact => [say("incident-tracing-field", { field }), value, "code"];
  const written: Fact[] = [
    coded("hs_code", tracing.hsCode), coded("eccn", tracing.eccn), coded("eu_list", tracing.euList),
    named("item_marking", tracing.itemMarking), named("authority", tracing.authority),
    named("sent_at", tracing.sentMs === null ? "" : utcDateTime(tracing.sentMs)), named("reference", tracing.reference),
  ];
  return [
    [say("incident-tracing-field", { field: "goods" }), say("incident-goods", { goods: tracing.goods })],
    ...written.filter(([, value]) => value !== ""),
    [say("incident-tracing-field", { field: "status" }), say("incident-trace-status", { status: tracing.status || "none" })],
    [say("incident-tracing-field", { field: "released" }), say("page-tracing-released", { released: tracing.released })],
    fact("handled-by", tracing.by, "code"),
  ];
}

/** A code with its title, and against what it was checked. */
export function codeLine({ code, title, depth }: GoodsCode): string {
  if (depth === "none") return code;
  return say("incident-goods-code", { code, title: title || "none", depth });
}

function stepFact(step: IncidentStep): Fact {
  const what = [stateName(step.state), step.unit, step.disposition && dispositionName(step.disposition), step.reason];
  const by = step.by === "system" ? say("incident-system") : step.by;
  return [`${utcDateTime(step.atMs)} ${by}`, what.filter((part) => part !== "").join(" · ")];
}
