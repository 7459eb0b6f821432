// What the details panel says about the selected thing: plain values, so that it can be tested without a page.

import { borderLines, predictedCrossing } from "../geo/crossing.ts";
import { degrees, duration, metres, probability, speed, utcDateTime } from "./format.ts";
import { readable } from "../model/parse.ts";
import { adviceAgeS, byRank, isOpen } from "../model/alerts.ts";
import { CLASSES, ELLIPSE_95, type Alert, type Track } from "../model/records.ts";
import type { Selection, State } from "../model/state.ts";
import { alertTrack, CROSSING_AHEAD_S, look } from "../model/tracks.ts";
import { describeSegment, describeSensor } from "./describe_ground.ts";
import type { Fact } from "../ui/dom.ts";
import { whereFacts, type Details, type Section } from "./facts.ts";
import { CLASS_LABEL, PRIORITY_MARK, PRIORITY_LABEL } from "./labels.ts";

export function describe(selection: Selection, state: State, nowMs: number): Details | null {
  switch (selection.kind) {
    case "track": {
      const track = state.tracks.get(selection.id);
      return track === undefined ? null : describeTrack(track, state, nowMs);
    }
    case "alert": {
      const alert = state.alerts.get(selection.id);
      return alert === undefined ? null : describeAlert(alert, state, nowMs);
    }
    case "sensor":
      return describeSensor(selection.id, state, nowMs);
    case "segment":
      return describeSegment(selection.id, state);
  }
}

function describeTrack(track: Track, state: State, nowMs: number): Details {
  const seenS = (nowMs - track.updatedMs) / 1000;
  const alerts = [...state.alerts.values()].filter((alert) => alert.track === track.id && isOpen(alert)).sort(byRank);
  const sensors = track.sensors ?? alerts[0]?.sensors ?? null;
  return {
    kind: "Track, standard identity unknown",
    title: `${CLASS_LABEL[track.label]} ${readable(track.id)}`,
    lead: trackLead(track, seenS, nowMs),
    sections: [
      { title: "How sure", facts: surenessFacts(track, seenS, sensors) },
      { title: "Motion", facts: motionFacts(track, state) },
      { title: "Where", facts: [...borderFacts(track.segment, null, track.offsetM), ...whereFacts(track)] },
    ],
    shares: shares(track),
    links: alerts.map(({ id, priority, rule }) => ({
      label: `${PRIORITY_MARK[priority]} ${rule.replaceAll("_", " ")}`,
      to: { kind: "alert", id },
    })),
    place: track,
    alert: alerts[0] ?? null,
  };
}

function trackLead(track: Track, seenS: number, nowMs: number): string {
  const ago = `${duration(seenS)} ago`;
  switch (look(track, nowMs)) {
    case "confirmed":
      return `Confirmed; last seen ${ago}.`;
    case "tentative":
      return `Tentative: too few plots to be sure that something is there. Last plot ${ago}.`;
    case "coasting":
      return `Not seen since ${ago}: its place is predicted.`;
    case "stale":
      return `Not seen since ${ago}: its place is old and may be far off.`;
  }
}

function surenessFacts(track: Track, seenS: number, sensors: readonly string[] | null): Fact[] {
  const doubtful: Fact[] =
    track.revokedSources.length === 0
      ? []
      : [["Not believed", track.revokedSources.map((id) => readable(id)).join(", ")]];
  const axes = track.ellipseM;
  const ellipse = axes === null ? "–" : `±${metres(axes[0] * ELLIPSE_95, 1)} by ±${metres(axes[1] * ELLIPSE_95, 1)}`;
  return [
    ["Exists", probability(track.existence)],
    [
      "Class",
      `${CLASS_LABEL[track.label]}${track.labelProbability === null ? "" : `, ${probability(track.labelProbability)}`}`,
    ],
    ["Place, 95 %", ellipse],
    ["Long axis", axes === null ? "–" : `${degrees(track.ellipseAzimuthDeg)} grid`],
    ["Last plot", `${duration(seenS)} ago`],
    ["Seen by", sensors === null ? "the picture does not say" : sensors.map((id) => readable(id)).join(", ") || "–"],
    ...doubtful,
  ];
}

function motionFacts(track: Track, state: State): Fact[] {
  const meeting = predictedCrossing(track, borderLines(state.border.value), CROSSING_AHEAD_S);
  const left = track.timeToBorderS ?? meeting?.inS ?? null;
  return [
    ["Speed", speed(track.speedMps)],
    ["Course", track.courseDeg === null ? "none: too slow" : `${degrees(track.courseDeg)} true`],
    ["To the border", left === null ? `not within ${duration(CROSSING_AHEAD_S)}` : `${duration(left)} at this speed`],
  ];
}

function shares(track: Track): readonly (readonly [string, number])[] {
  const all = track.classProbability;
  return all === null ? [] : CLASSES.map((name) => [CLASS_LABEL[name], all[name]] as const);
}

function borderFacts(segment: number | null, chainageM: number | null, offsetM: number | null): Fact[] {
  const side =
    offsetM === null ? "–" : `${metres(Math.abs(offsetM))} ${offsetM >= 0 ? "on the home side" : "on the far side"}`;
  const facts: Fact[] = [
    ["Border segment", segment === null ? "–" : String(segment)],
    ["From the line", side],
  ];
  if (chainageM !== null) facts.splice(1, 0, ["Along the border", `km ${(chainageM / 1000).toFixed(2)}`]);
  return facts;
}

function describeAlert(alert: Alert, state: State, nowMs: number): Details {
  const track = alert.track === null ? undefined : state.tracks.get(alert.track);
  const sensor = alert.sensor === null ? undefined : state.sensors.get(alert.sensor);
  const place = track ?? sensor ?? alert.place;
  const links: { label: string; to: Selection }[] = [];
  if (track !== undefined) links.push({ label: `Track ${readable(track.id)}`, to: { kind: "track", id: track.id } });
  if (sensor !== undefined)
    links.push({ label: `Sensor ${readable(sensor.id)}`, to: { kind: "sensor", id: sensor.id } });
  const sections: Section[] = [{ title: "Alert", facts: alertFacts(alert, nowMs) }];
  const response = responseFacts(alert);
  const statedS = adviceAgeS(alert, nowMs);
  const old = statedS === null ? "" : `, as of ${duration(statedS)} ago; now unknown`;
  if (response.length > 0) sections.push({ title: old === "" ? "If you leave now" : `Response${old}`, facts: response });
  const ahead = aheadFacts(alert);
  if (ahead.length > 0) sections.push({ title: `Where it may go${old}`, facts: ahead });
  if (alert.openings.length > 0) sections.push({ title: "Opened segments", facts: openingFacts(alert) });
  if (alert.track !== null) {
    const known = alertTrack(alert, state.tracks, state.stampMs);
    const ended = { present: "", ended: " (the track has ended)", unknown: " (the track now: unknown)" }[known ?? "present"];
    sections.push({ title: `How sure, when it was stated${ended}`, facts: alertSureness(alert) });
    sections.push({
      title: "Where, when it was stated",
      facts: [
        ...borderFacts(alert.segment, alert.chainageM, alert.offsetM),
        ...(alert.place === null ? [] : whereFacts(alert.place)),
      ],
    });
  } else if (place !== null) {
    sections.push({ title: "Where", facts: whereFacts(place) });
  }
  return {
    kind: `${PRIORITY_MARK[alert.priority]} ${PRIORITY_LABEL[alert.priority]} alert`,
    title: alert.rule.replaceAll("_", " "),
    lead: alert.sentence,
    sections,
    shares: track === undefined ? [] : shares(track),
    links,
    place,
    alert,
  };
}

function alertFacts(alert: Alert, nowMs: number): Fact[] {
  const facts: Fact[] = [
    ["State", alert.status],
    ["Raised", `${utcDateTime(alert.raisedMs)}`],
    ["Age", duration((nowMs - alert.raisedMs) / 1000)],
    ["Last stated", utcDateTime(alert.updatedMs)],
    ["Seen at", utcDateTime(alert.observedMs)],
    ["Revision", String(alert.revision)],
  ];
  if (alert.why !== "") facts.push(["Why", alert.why]);
  if (alert.impactLevel !== "") facts.push(["Impact level", alert.impactLevel]);
  if (alert.by !== "") facts.push(["By", alert.by]);
  if (alert.reason !== "") facts.push(["Reason", alert.reason]);
  return facts;
}

function responseFacts({ leaveNow }: Alert): Fact[] {
  if (leaveNow === null) return [];
  const chance: Fact[] =
    leaveNow.probability === null ? [] : [["Probability of interruption", probability(leaveNow.probability)]];
  const { responseS, marginS } = leaveNow;
  if (responseS === null || marginS === null) return [["Response", "nobody from any base can get there"], ...chance];
  return [
    ["From", readable(leaveNow.base)],
    ["There in", duration(responseS)],
    ["Margin", marginS >= 0 ? `${duration(marginS)} to spare` : `${duration(-marginS)} late`],
    ...chance,
  ];
}

function aheadFacts({ forecast, ground }: Alert): Fact[] {
  const facts: Fact[] = [];
  if (forecast !== null) {
    facts.push([`Crosses within ${duration(forecast.horizonS)}`, probability(forecast.probability)]);
    const [early, , late] = forecast.timeS;
    const [from, , to] = forecast.chainageM;
    if (early !== undefined && late !== undefined) facts.push(["When, 80 %", `in ${duration(early)} to ${duration(late)}`]);
    if (from !== undefined && to !== undefined)
      facts.push(["Where, 80 %", `km ${(from / 1000).toFixed(2)} to ${(to / 1000).toFixed(2)}`]);
  }
  if (ground !== null) {
    if (ground.terrain !== "") facts.push(["Ground", ground.terrain]);
    facts.push(["In sight of", ground.seenBy.map((id) => readable(id)).join(", ") || "no working sensor"]);
    if (ground.hiddenInS !== null)
      facts.push(["Dead ground ahead", ground.hiddenInS === 0 ? "it is out of sight" : `in ${duration(ground.hiddenInS)}`]);
    if (ground.roadMin !== null) facts.push(["To a road", `${ground.roadMin.toFixed(0)} min on foot`]);
    if (ground.settlementMin !== null)
      facts.push(["To a settlement", `${ground.settlementMin.toFixed(0)} min on foot`]);
    if (ground.missing.length > 0) facts.push(["No data of", ground.missing.join(", ")]);
  }
  return facts;
}

function openingFacts({ openings }: Alert): Fact[] {
  const shown = [...openings].sort((a, b) => a.after - b.after || a.segment - b.segment).slice(0, 8);
  const facts: Fact[] = shown.map(({ segment, before, after }) => [
    `Segment ${segment.toString()}`,
    `${probability(before)} before, ${probability(after)} now`,
  ]);
  if (openings.length > shown.length) facts.push(["And", `${(openings.length - shown.length).toString()} more`]);
  return facts;
}

function alertSureness(alert: Alert): Fact[] {
  const label = alert.classLabel === null ? "–" : `${alert.classLabel}, ${probability(alert.classProbability)}`;
  const heading = { 1: "toward home", [-1]: "outward" }[alert.direction] ?? "–";
  return [
    ["Exists", probability(alert.existence)],
    ["Class", label],
    ["Seen by", alert.sensors.map((id) => readable(id)).join(", ") || "–"],
    ["Heading", heading],
    ["To the border", alert.timeToBorderS === null ? "–" : duration(alert.timeToBorderS)],
  ];
}
