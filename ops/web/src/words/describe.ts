// The text of the details panel: plain values, so that it can be tested without a page.

import { borderLines, predictedCrossing } from "../geo/crossing.ts";
import { byRank, isOpen, responseAgeS } from "../model/alerts.ts";
import { readable } from "../model/parse.ts";
import { CLASSES, ELLIPSE_95, type Alert, type Track } from "../model/records.ts";
import type { Selection, State } from "../model/state.ts";
import { alertTrack, CROSSING_AHEAD_S, look } from "../model/tracks.ts";
import type { Fact } from "../ui/dom.ts";
import { headline, ruleName, sentenceOf } from "./alert_words.ts";
import { describeBearing } from "./describe_bearing.ts";
import { describeSegment, describeSensor } from "./describe_ground.ts";
import { chainageRange, fact, markingFacts, section, sentences, whereFacts, type Details, type Section } from "./facts.ts";
import { count, duration, probability, utcDateTime } from "./format.ts";
import { MISSING } from "./formats.ts";
import { describeBase, describeSection, describeUnit } from "./describe_forces.ts";
import { describeIncident } from "./describe_incident.ts";
import { certaintyOfLead, certaintyOfTrack } from "./certainty.ts";
import { className, PRIORITY_MARK, trackName, trackTitle } from "./labels.ts";
import { code, formats, say } from "./say.ts";

/** More coverage gaps than this are counted, not listed. */
const GAPS = 8;

export function describe(selection: Selection, state: State, nowMs: number): Details | null {
  switch (selection.kind) {
    case "track": {
      const track = state.tracks.get(selection.id);
      return track === undefined ? null : describeTrack(track, state, nowMs);
    }
    case "incident": {
      const incident = state.incidents.get(selection.id);
      return incident === undefined ? null : describeIncident(incident, state, nowMs);
    }
    case "alert": {
      const alert = state.alerts.get(selection.id);
      return alert === undefined ? null : describeAlert(alert, state, nowMs);
    }
    case "bearing":
      return describeBearing(selection.id, state, nowMs);
    case "sensor":
      return describeSensor(selection.id, state, nowMs);
    case "segment":
      return describeSegment(selection.id, state);
    case "unit":
      return describeUnit(selection.id, state, nowMs);
    case "base":
      return describeBase(selection.id, state, nowMs);
    case "section":
      return describeSection(selection.id, state, nowMs);
  }
}

function describeTrack(track: Track, state: State, nowMs: number): Details {
  const age = (nowMs - track.updatedMs) / 1000;
  const alerts = [...state.alerts.values()].filter((alert) => alert.track === track.id && isOpen(alert)).sort(byRank);
  const sensors = track.sensors ?? alerts[0]?.sensors ?? null;
  return {
    kind: say("page-kind-track"),
    title: trackTitle(track),
    lead: say("page-lead-track", { look: look(track, nowMs), age }),
    sections: [
      section("confidence", confidenceFacts(track, age, sensors)),
      section("motion", motionFacts(track, state)),
      section("position", [...borderFacts(track.segment, null, track.offsetM), ...whereFacts(track), fact("track-id", readable(track.id), "code")]),
    ],
    shares: shares(track),
    certainty: certaintyOfTrack(track, nowMs, alerts[0]?.sensors ?? null),
    links: alerts.map(({ id, priority, rule }) => ({
      label: `${PRIORITY_MARK[priority]} ${ruleName(rule)}`,
      to: { kind: "alert", id },
    })),
    place: track,
    alert: alerts[0] ?? null,
  };
}

function confidenceFacts(track: Track, age: number, sensors: readonly string[] | null): Fact[] {
  const axes = track.ellipseM;
  const half = (axis: number): string => formats().distance(axis * ELLIPSE_95, 1);
  const facts = [
    fact("existence", probability(track.existence)),
    fact("class", classOf(track.label, track.labelProbability)),
    fact(
      "error",
      axes === null ? MISSING : say("page-fact-error-of", { major: half(axes[0]), minor: half(axes[1]) }),
    ),
    fact("axis", axes === null ? MISSING : say("page-fact-axis-of", { azimuth: track.ellipseAzimuthDeg })),
    fact("detected", say("page-fact-ago", { age })),
    sensors === null ? fact("sensors", say("page-fact-not-reported")) : fact("sensors", named(sensors), "code"),
  ];
  facts.push(...markingFacts(track.marking));
  if (track.revokedSources.length > 0) facts.push(fact("revoked", named(track.revokedSources), "code"));
  return facts;
}

function classOf(label: string, probability: number | null): string {
  return probability === null
    ? className(label)
    : say("page-fact-class-of", { class: label, probability });
}

function named(sensors: readonly string[]): string {
  return sensors.length === 0 ? MISSING : formats().names(sensors.map((id) => readable(id)));
}

function motionFacts(track: Track, state: State): Fact[] {
  const meeting = predictedCrossing(track, borderLines(state.border.value), CROSSING_AHEAD_S);
  const time = track.timeToBorderS ?? meeting?.inS ?? null;
  return [
    fact("speed", code(formats().speed(track.speedMps))),
    fact(
      "course",
      track.courseDeg === null
        ? say("page-fact-course-none")
        : say("page-fact-course-of", { course: track.courseDeg }),
    ),
    fact(
      "to-border",
      time === null
        ? say("page-fact-to-border-none", { horizon: CROSSING_AHEAD_S })
        : say("page-fact-to-border-of", { time }),
    ),
  ];
}

function shares(track: Track): readonly (readonly [string, number])[] {
  const all = track.classProbability;
  return all === null ? [] : CLASSES.map((name) => [className(name), all[name]] as const);
}

function borderFacts(segment: number | null, chainageM: number | null, offsetM: number | null): Fact[] {
  const side = (offset: number): string =>
    say("page-fact-from-border-of", { side: offset >= 0 ? "own" : "far", distance: Math.abs(offset) });
  return [
    fact("segment", segment === null ? MISSING : String(segment)),
    ...(chainageM === null ? [] : [fact("chainage", `km ${formats().number(chainageM / 1000, 2)}`)]),
    fact("from-border", offsetM === null ? MISSING : side(offsetM)),
  ];
}

function describeAlert(alert: Alert, state: State, nowMs: number): Details {
  const track = alert.track === null ? undefined : state.tracks.get(alert.track);
  const sensor = alert.sensor === null ? undefined : state.sensors.get(alert.sensor);
  const place = track ?? sensor ?? alert.place;
  const links: { label: string; to: Selection }[] = [];
  if (track !== undefined)
    links.push({ label: say("page-details-track", { track: trackName(track) }), to: { kind: "track", id: track.id } });
  for (const incident of state.incidents.values())
    if (incident.alerts.includes(alert.id))
      links.push({ label: incident.name, to: { kind: "incident", id: incident.id } });
  if (sensor !== undefined)
    links.push({
      label: say("page-details-sensor", { sensor: readable(sensor.id) }),
      to: { kind: "sensor", id: sensor.id },
    });
  return {
    kind: `${PRIORITY_MARK[alert.priority]} ${say("page-alert-kind", { priority: alert.priority })}`,
    title: ruleName(alert.rule),
    lead: headline(alert),
    sections: alertSections(alert, state, nowMs),
    shares: track === undefined ? [] : shares(track),
    certainty: certaintyOfLead(alert, state, nowMs),
    links,
    place,
    alert,
  };
}

/** A decision on an incident applies to its alerts, which are not published again for it. */
function markingOf(alert: Alert, state: State): string {
  for (const incident of state.incidents.values()) if (incident.alerts.includes(alert.id)) return incident.marking;
  return alert.marking;
}

function alertSections(alert: Alert, state: State, nowMs: number): Section[] {
  const sections: Section[] = [];
  const age = responseAgeS(alert, nowMs);
  const dated = (name: string): string => say(`page-section-${name}`, { current: age === null, age: age ?? 0 });
  const response = responseFacts(alert);
  if (response.length > 0) sections.push({ title: dated("response"), facts: response });
  const ahead = aheadFacts(alert);
  if (ahead.length > 0) sections.push({ title: dated("forecast"), facts: ahead });
  if (alert.coverageGaps.length > 0) sections.push(section("gaps", gapFacts(alert)));
  sections.push(section("alert", [...alertFacts(alert, nowMs), ...markingFacts(markingOf(alert, state))]));
  if (alert.track !== null) {
    const known = alertTrack(alert, state.tracks, state.stampMs) ?? "present";
    sections.push({ title: say("page-section-confidence-then", { known }), facts: confidenceThen(alert) });
    sections.push(
      section("position-then", [
        ...borderFacts(alert.segment, alert.chainageM, alert.offsetM),
        ...(alert.place === null ? [] : whereFacts(alert.place)),
        fact("track-id", readable(alert.track), "code"),
      ]),
    );
  } else {
    const place = (alert.sensor === null ? undefined : state.sensors.get(alert.sensor)) ?? alert.place;
    if (place !== null) sections.push(section("position", whereFacts(place)));
  }
  return sections;
}

function alertFacts(alert: Alert, nowMs: number): Fact[] {
  const facts = [
    ...sentences("details", alert.details),
    ...sentences("why", alert.why),
    fact("status", say("alert-status", { status: alert.status })),
    fact("raised", utcDateTime(alert.raisedMs), "code"),
    fact("age", duration((nowMs - alert.raisedMs) / 1000)),
    fact("updated", utcDateTime(alert.updatedMs), "code"),
    fact("observed", utcDateTime(alert.observedMs), "code"),
    fact("revision", count(alert.revision)),
  ];
  if (alert.impactLevel !== "") facts.push(fact("impact", say("alert-impact-level", { level: alert.impactLevel })));
  if (alert.by !== "" && alert.status !== "active") facts.push(fact(alert.autoCleared === null ? "handled-by" : "last-action-by", alert.by, "code"));
  if (alert.autoCleared !== null) facts.push(fact("why", sentenceOf(alert.autoCleared)));
  if (alert.reason !== null) facts.push(fact("comment", sentenceOf(alert.reason), "code"));
  return facts;
}

function responseFacts({ estimate }: Alert): Fact[] {
  if (estimate === null) return [];
  const { base, responseS, marginS } = estimate;
  const chance = [fact("interruption", probability(estimate.probability))];
  if (estimate.probability === null) return [fact("response", say("page-fact-response-unknown"))];
  if (responseS === null || marginS === null) return [fact("response", say("page-fact-unreachable")), ...chance];
  return [
    fact("base", readable(base), "code"),
    fact("eta", duration(responseS)),
    fact("margin", say("page-fact-margin-of", { late: marginS < 0, margin: Math.abs(marginS) })),
    ...chance,
  ];
}

function aheadFacts({ forecast, ground }: Alert): Fact[] {
  const facts: Fact[] = [];
  if (forecast !== null) {
    facts.push([say("page-fact-crossing", { horizon: forecast.horizonS }), probability(forecast.probability)]);
    const [early, , late] = forecast.timeS;
    const [from, , to] = forecast.chainageM;
    if (early !== undefined && late !== undefined)
      facts.push(fact("crossing-when", say("page-fact-crossing-when-of", { from: early, to: late })));
    if (from !== undefined && to !== undefined) facts.push(fact("crossing-where", chainageRange(from, to)));
  }
  if (ground === null) return facts;
  const terrain = [
    ground.steepness === "" ? "" : say("page-terrain", { terrain: ground.steepness }),
    ground.landCover === "" ? "" : say("page-land-cover", { cover: ground.landCover.replaceAll(" ", "_") }),
  ].filter((word) => word !== "");
  if (terrain.length > 0) facts.push(fact("terrain", terrain.join(", ")));
  facts.push(
    ground.seenBy.length === 0
      ? fact("in-view", say("page-fact-no-sensor"))
      : fact("in-view", named(ground.seenBy), "code"),
  );
  if (ground.hiddenInS !== null)
    facts.push(
      fact("dead-ground", say("page-fact-dead-ground-of", { now: ground.hiddenInS === 0, time: ground.hiddenInS })),
    );
  const onFoot = (minutes: number): string => say("page-fact-on-foot", { time: minutes * 60 });
  if (ground.roadMin !== null) facts.push(fact("road", onFoot(ground.roadMin)));
  if (ground.settlementMin !== null) facts.push(fact("settlement", onFoot(ground.settlementMin)));
  if (ground.missing.length > 0) {
    const layers = ground.missing.map((layer) => say("page-ground-layer", { layer }));
    facts.push(fact("no-data", formats().names(layers)));
  }
  return facts;
}

function gapFacts({ coverageGaps }: Alert): Fact[] {
  const shown = [...coverageGaps].sort((a, b) => a.after - b.after || a.segment - b.segment).slice(0, GAPS);
  const facts = shown.map(({ segment, before, after }): Fact => [
    say("page-fact-gap", { segment: String(segment) }),
    say("page-fact-gap-of", { before, after }),
  ]);
  const more = coverageGaps.length - shown.length;
  if (more > 0) facts.push(fact("gap-more", say("page-fact-gap-more-of", { count: more })));
  return facts;
}

function confidenceThen(alert: Alert): Fact[] {
  const direction = { 1: "inbound", [-1]: "outbound" }[alert.direction];
  return [
    fact("existence", probability(alert.existence)),
    fact("class", alert.classLabel === null ? MISSING : classOf(alert.classLabel, alert.classProbability)),
    fact("sensors", named(alert.sensors), "code"),
    fact("heading", direction === undefined ? MISSING : say("page-fact-heading-of", { direction })),
    fact("to-border", duration(alert.timeToBorderS)),
  ];
}
