// Details of what does not move: sensors and border segments.

import { isOpen } from "../model/alerts.ts";
import { number, readable, text } from "../model/parse.ts";
import type { Sensor } from "../model/records.ts";
import type { State } from "../model/state.ts";
import type { Fact } from "../ui/dom.ts";
import { ruleName, sentenceOf } from "./alert_words.ts";
import { faultName, stateOf } from "./coverage_words.ts";
import { chainageRange, fact, markingFacts, propertyOf, section, whereFacts, type Details, type Section } from "./facts.ts";
import { count, height, utcDateTime } from "./format.ts";
import { MISSING } from "./formats.ts";
import { kindName } from "./labels.ts";
import { formats, say } from "./say.ts";

export function describeSensor(id: string, state: State, nowMs: number): Details | null {
  const sensor = state.sensors.get(id);
  if (sensor === undefined) return null;
  const alerts = [...state.alerts.values()].filter((alert) => alert.sensor === id && isOpen(alert));
  const faults = sensor.faults.map(([fault, finding]) => [faultName(fault), sentenceOf(finding)] as const);
  return {
    kind: kindName(sensor.kind),
    title: readable(id),
    lead: sensorLead(sensor, nowMs),
    sections: [
      ...muteSections(sensor, state),
      ...(faults.length === 0 ? [] : [section("faults", faults)]),
      section("view", viewFacts(id, state)),
      section("messages", messageFacts(id, state)),
      section("position", [...poseFacts(sensor, nowMs), ...whereFacts(sensor)]),
    ],
    shares: [],
    links: alerts.map((alert) => ({
      label: say("page-details-alert", { rule: ruleName(alert.rule) }),
      to: { kind: "alert", id: alert.id },
    })),
    place: sensor,
    alert: alerts[0] ?? null,
  };
}

function sensorLead(sensor: Sensor, nowMs: number): string {
  if (sensor.state === "ok") return say("page-lead-sensor-online");
  const words = stateOf(sensor, nowMs);
  const state = words.charAt(0).toUpperCase() + words.slice(1);
  return say(sensor.state === "degraded" ? "page-lead-sensor-degraded" : "page-lead-sensor-lost", { state });
}

/** Of a sensor that moves, how old its position is. */
function poseFacts({ pose }: Sensor, nowMs: number): Fact[] {
  if (pose === null || !Number.isFinite(nowMs)) return [];
  return [fact("stated", say("page-fact-ago", { age: Math.max((nowMs - pose.statedMs) / 1000, 0) }))];
}

/** Until when, by whom and why messages of the sensor are not read. */
function muteSections({ mute }: Sensor, state: State): Section[] {
  if (mute === null) return [];
  const names = state.muteNames.get(mute.request);
  const { sinceMs, untilMs, endedMs, askedRole, decidedRole, emergency, reason, request } = mute;
  return [
    section("mute", [
      fact("mute-since", utcDateTime(sinceMs)),
      endedMs === null ? fact("mute-until", utcDateTime(untilMs)) : fact("mute-ended", utcDateTime(endedMs)),
      ...(decidedRole === "" ? [] : [fact("mute-by", say("page-fact-mute-by-of", { asked: who(names?.asked, askedRole), decided: who(names?.decided, decidedRole), alone: emergency }))]),
      ...(reason === "" ? [] : [fact("why", reason)]),
      ...(request === "" ? [] : [fact("mute-request", request, "code")]),
    ]),
  ];
}

/** The name of a person whose role alone others see. */
function who(name: string | undefined, role: string): string {
  return say("page-fact-mute-who", { name: name ?? "", known: name !== undefined && name !== "", role });
}

function viewFacts(id: string, state: State): Fact[] {
  const feature = state.layout.value?.features.find(
    (entry) => propertyOf(entry, "id") === id && entry.geometry?.type === "Point",
  );
  const value = (name: string): number | null => number(propertyOf(feature, name));
  const pose = state.sensors.get(id)?.pose ?? null;
  return [
    fact("range", range(value("min_range_m"), value("max_range_m"))),
    fact("sector", width(value("field_of_view_deg"), pose?.headingDeg ?? value("azimuth_deg"))),
    fact("antenna", height(value("mast_height_m"), 1)),
    ...(pose === null ? [fact("elevation", height(value("ground_m")))] : []), // that of its post
    fact("reports", reportsBy(text(propertyOf(feature, "reports_by"), 20), propertyOf(feature, "linked"))),
    ...markingFacts(state.sensors.get(id)?.marking ?? ""),
  ];
}

function range(near: number | null, far: number | null): string {
  if (far === null) return MISSING;
  return near ? say("page-fact-range-of", { near, far }) : say("page-fact-range-to", { far });
}

function width(degrees: number | null, azimuth: number | null): string {
  if (degrees === null) return MISSING;
  if (degrees >= 360) return say("page-fact-all-round");
  return say("page-fact-sector-of", { width: formats().number(degrees), azimuth });
}

/** How a sensor reports. The link over the terrain is planned; its reports prove it. */
function reportsBy(path: string, linked: unknown): string {
  if (path === "") return MISSING;
  return say(linked === false ? "page-reports-unlinked" : "page-reports", { path });
}

function messageFacts(id: string, state: State): Fact[] {
  const counts = state.counts.get(id);
  if (counts === undefined) return [fact("received", MISSING)];
  return [
    fact("received", count(counts.received)),
    fact("journaled", count(counts.journaled)),
    fact("duplicate", count(counts.duplicate)),
    fact("dead-letters", count(counts.deadLettered)),
    fact("dropped", count(counts.shed)),
    ...(counts.implausible === null ? [] : [fact("implausible", count(counts.implausible))]),
  ];
}

export function describeSegment(id: string, state: State): Details | null {
  const all = state.segments.value ?? state.border.value;
  const feature = all?.features.find((entry) => String(propertyOf(entry, "segment")) === id);
  if (feature === undefined) return null;
  const from = number(propertyOf(feature, "chainage_from_m") ?? propertyOf(feature, "start_m"));
  const to = number(propertyOf(feature, "chainage_to_m") ?? propertyOf(feature, "end_m"));
  const fraction = number(propertyOf(feature, "dead_ground_fraction"));
  const name = text(propertyOf(feature, "section"), 80);
  const tracks = [...state.tracks.values()].filter(({ segment }) => String(segment) === id).length;
  return {
    kind: say("page-kind-segment"),
    title: say("page-details-segment", { segment: readable(id) }),
    lead: fraction === null ? say("page-lead-segment-unknown") : say("page-lead-segment", { fraction }),
    sections: [
      section("segment", [
        fact("chainage", chainageRange(from, to)),
        ...(name === "" ? [] : [fact("section", name, "code")]),
        fact("dead-ground-share", formats().percent(fraction, 1)),
        fact("tracks-now", count(tracks)),
      ]),
    ],
    shares: [],
    links: [],
    place: null,
    alert: null,
  };
}
