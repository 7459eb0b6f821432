// The text of the details panel for a unit, a base and a section.

import { ageS, assignedTo, distressOf, positionAge } from "../model/forces.ts";
import { readable } from "../model/parse.ts";
import { ELLIPSE_95, type Incident } from "../model/records.ts";
import type { Selection, State } from "../model/state.ts";
import type { Fact } from "../ui/dom.ts";
import { sentenceOf } from "./alert_words.ts";
import { fact, section, whereFacts, type Details } from "./facts.ts";
import { duration, utcDateTime } from "./format.ts";
import { ageLine, dutyName, levelName, metName, postureLine, roughAge, unitStatus, wholeMinutes } from "./forces_words.ts";
import { formats, say } from "./say.ts";

/** Clocks of units that differ by less are not worth a word. */
const CLOCK_S = 5;
/** Reasons for refusing messages that are shown, the newest first. */
const MOST_REFUSED = 5;

export function describeUnit(id: string, state: State, nowMs: number): Details | null {
  const unit = state.forces.units.get(id);
  if (unit === undefined) return null;
  const status: Fact[] = [
    fact("duty", dutyName(unit.duty)),
    fact("moves", say("forces-moves", { moves: unit.moves === "" ? "not_stated" : unit.moves })),
    fact("unit-base", unit.base === "" ? say("page-fact-not-reported") : unit.base, "code"),
  ];
  const incidents = assignedTo(id, state.incidents);
  status.push(fact("assigned", incidents.length === 0 ? say("forces-free") : formats().names(incidents.map(({ name }) => name))));
  if (unit.distressMs !== null) status.push(fact("distress-since", utcDateTime(unit.distressMs)));
  const receives = state.markings.units.get(id);
  if (receives !== undefined) status.push(fact("receives", say("page-marking-up-to", { marking: receives }), "code"));
  if (unit.note !== "") status.push(fact("comment", unit.note, "code"));
  const position: Fact[] = [
    fact("position-at", utcDateTime(unit.observedMs)),
    fact("age", duration(ageS(unit, nowMs))),
    fact("error", unit.sdM === null ? say("page-fact-not-reported") : formats().distance(unit.sdM * ELLIPSE_95)),
  ];
  if (unit.clockAheadS > CLOCK_S) position.push(fact("clock-ahead", duration(unit.clockAheadS)));
  if (unit.section !== "") position.push(fact("section", unit.section));
  if (unit.segment !== null) position.push(fact("segment", String(unit.segment)));
  const refused = refusedFacts(id, state);
  const distress = distressOf(id, state.incidents);
  return {
    kind: say("forces-kind", { kind: "unit" }),
    title: readable(id),
    lead: `${unitStatus(unit, state)}. ${ageLine(unit, state.forces, nowMs)}`,
    sections: [
      section("unit", status),
      ...(refused.length === 0 ? [] : [section("refused", refused)]),
      section("position", [...position, ...whereFacts(unit)]),
    ],
    shares: [],
    links: links(distress === null ? incidents : [distress, ...incidents.filter(({ id: one }) => one !== distress.id)]),
    place: unit,
    alert: null,
  };
}

/** Each reason for which messages of the unit were refused lately; nothing while looking back. */
function refusedFacts(unit: string, state: State): Fact[] {
  if (state.replay !== null) return [];
  return (state.refused.get(unit) ?? []).slice(0, MOST_REFUSED).map(({ channel, count, lastMs, reason }) => [
    say("forces-refused-channel", { channel, count }),
    say("forces-refused-reason", { at: utcDateTime(lastMs), reason: sentenceOf(reason) }),
  ]);
}

export function describeBase(id: string, state: State, nowMs: number): Details | null {
  const base = state.forces.bases.get(id);
  if (base === undefined) return null;
  const incidents = assignedTo(id, state.incidents);
  const own = [...state.forces.units.values()].filter((unit) => unit.base === id);
  const units: Fact[] = own.map((unit) => [readable(unit.id), `${unitStatus(unit, state)}; ${ageLine(unit, state.forces, nowMs)}`]);
  return {
    kind: say("forces-kind", { kind: "base" }),
    title: readable(id),
    lead: incidents.length === 0 ? say("forces-free") : say("forces-assigned", { incidents: formats().names(incidents.map(({ name }) => name)) }),
    sections: [...(units.length === 0 ? [] : [section("units", units)]), section("position", whereFacts(base))],
    shares: [],
    links: [
      ...links(incidents),
      ...own.map((unit) => ({ label: readable(unit.id), to: { kind: "unit", id: unit.id } as Selection })),
    ],
    place: base,
    alert: null,
  };
}

export function describeSection(id: string, state: State, nowMs: number): Details | null {
  const posture = state.forces.sections.get(id);
  if (posture === undefined) return null;
  const last = posture.decided.at(-1);
  const names = (units: readonly string[]): string =>
    units.length === 0 ? say("forces-no-units") : formats().names(units.map((unit) => readable(unit)));
  const facts: Fact[] = [
    fact("level", levelName(posture.level)),
    fact("segments", formats().runs(posture.segments.flatMap(([first, to]) => Array.from({ length: to - first + 1 }, (_, i) => first + i)))),
  ];
  if (last === undefined) facts.push(fact("level-source", say(posture.level === null ? "forces-level-unset" : "forces-level-file")));
  const reaction: Fact[] = [fact("posture", metName(posture.met))];
  if (posture.requiredUnits !== null && posture.requiredResponseS !== null)
    reaction.push(
      fact("required", say("forces-required", { count: posture.requiredUnits, limit: wholeMinutes(posture.requiredResponseS) })),
    );
  reaction.push(fact("fielded", names(posture.units)));
  if (posture.notCurrent.length > 0) reaction.push(fact("not-current", names(posture.notCurrent)));
  reaction.push(
    fact(
      "slowest",
      posture.responseS === null
        ? say(posture.responseKnown ? "forces-posture-response-none" : "forces-posture-response-unknown")
        : say("forces-slowest", { time: wholeMinutes(posture.responseS), base: posture.responseBase }),
    ),
  );
  const history: Fact[] = [...posture.decided]
    .reverse()
    .map((one) => [`${utcDateTime(one.atMs)} ${one.by}`, say("forces-decision", { level: levelName(one.level), reason: one.reason })]);
  const units = [...state.forces.units.values()].filter((unit) => unit.section === id);
  return {
    kind: say("forces-kind", { kind: "section" }),
    title: readable(id),
    lead: `${levelName(posture.level)}. ${postureLine(posture)}`,
    sections: [
      section("section", facts),
      section("posture", reaction),
      ...(history.length === 0 ? [] : [section("level-history", history)]),
      ...(units.length === 0
        ? []
        : [section("units", units.map((unit): Fact => [readable(unit.id), unitAge(unit.id, state, nowMs)]))]),
    ],
    shares: [],
    links: units.map((unit) => ({ label: readable(unit.id), to: { kind: "unit", id: unit.id } as Selection })),
    place: null,
    alert: null,
  };
}

function unitAge(id: string, state: State, nowMs: number): string {
  const unit = state.forces.units.get(id);
  if (unit === undefined) return "";
  return say("forces-age-short", { state: positionAge(unit, state.forces, nowMs), age: roughAge(ageS(unit, nowMs)) });
}

function links(incidents: readonly Incident[]): { label: string; to: Selection }[] {
  return incidents.map(({ id, name }) => ({ label: name, to: { kind: "incident", id } }));
}
