// What the page says of own forces: age of a position, duty, options for an incident, posture of a section.

import {
  ageS, assignedTo, inDistress, nearestHelp, positionAge, type Forces, type Option, type Posture, type Unit,
} from "../model/forces.ts";
import { readable } from "../model/parse.ts";
import type { Incident } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { duration, probability } from "./format.ts";
import { formats, say } from "./say.ts";

/** Ages are said in steps: 10 s below a minute, then minutes. */
export function roughAge(seconds: number): string {
  return duration(seconds < 60 ? Math.max(10, Math.round(seconds / 10) * 10) : Math.round(seconds / 60) * 60);
}

export function ageLine(unit: Unit, forces: Forces, nowMs: number): string {
  const age = ageS(unit, nowMs);
  if (!Number.isFinite(age)) return say("forces-age-unknown");
  return say("forces-age", { state: positionAge(unit, forces, nowMs), age: roughAge(age) });
}

/** On the map: the name, and the age where the position is not current. */
export function unitLabel(unit: Unit, forces: Forces, nowMs: number): string {
  const state = positionAge(unit, forces, nowMs);
  const name = readable(unit.id, 24);
  return state === "current" ? name : say("forces-map-unit", { name, state, age: roughAge(ageS(unit, nowMs)) });
}

export function dutyName(duty: string): string {
  return say("forces-duty", { duty: duty === "" ? "not_stated" : duty });
}

export function levelName(level: string | null): string {
  return say("forces-level", { level: level ?? "none" });
}

/** Duty and assignment; distress first. */
export function unitStatus(unit: Unit, state: State): string {
  const incidents = assignedTo(unit.id, state.incidents).map(({ name }) => name);
  const work = incidents.length === 0 ? dutyName(unit.duty) : say("forces-assigned", { incidents: formats().names(incidents) });
  return inDistress(unit, state.incidents) ? say("forces-distress", { status: work }) : work;
}

/** Response time over the ground, probability, and whatever speaks against the option. */
export function optionFigures({ responseS, responseKnown, probability: chance, positionAgeS, current, assigned }: Option): string {
  const parts = [
    responseS === null
      ? say(responseKnown ? "forces-option-none" : "forces-option-unknown")
      : chance === null
        ? say("forces-option-time", { time: duration(responseS) })
        : say("page-incident-candidate", { time: duration(responseS), chance: probability(chance) }),
    positionAgeS === null ? "" : say("forces-option-age", { state: current ? "current" : "old", age: roughAge(positionAgeS) }),
    assigned.length === 0 ? "" : say("forces-assigned", { incidents: formats().names(assigned) }),
  ];
  return parts.filter((part) => part !== "").join("; ");
}

export function optionName({ kind, name }: Option): string {
  return say("forces-option-name", { kind, name: readable(name) });
}

export function optionLine(option: Option): string {
  return say("forces-option", { name: optionName(option), figures: optionFigures(option) });
}

/** Who comes and in how long, in whole minutes: as said in the queue, in the details and on the map. */
export function helpWords(name: string, responseS: number | null): string {
  return say("overview-help", { name, time: wholeMinutes(responseS ?? 0) });
}

/** The nearest help for a distress call, in one line; empty while it is not known. */
export function helpLine(incident: Incident, state: State): string {
  const help = helpOf(incident, state);
  return help === "" ? "" : say("forces-help-line", { help });
}

export function helpOf(incident: Incident, state: State): string {
  const found = state.options.get(incident.id);
  if (incident.kind !== "distress" || incident.state === "closed" || found === undefined) return "";
  const help = nearestHelp(found);
  const unknown = found.options.some((one) => one.current && !one.responseKnown);
  if (help === null) return say(unknown ? "forces-help-unknown" : "forces-help-none");
  const words = helpWords(readable(help.name), help.responseS);
  return help.positionAgeS === null
    ? say("forces-help", { help: words })
    : say("forces-help-age", { help: words, age: roughAge(help.positionAgeS) });
}

/** Required against fielded, in one line. */
export function postureLine(posture: Posture): string {
  if (posture.level === null) return say("forces-posture-none");
  const response = !posture.responseKnown
    ? say("forces-posture-response-unknown")
    : posture.responseS === null
      ? say("forces-posture-response-none")
      : say("forces-posture-response", { time: wholeMinutes(posture.responseS) });
  return say("forces-posture", {
    fielded: posture.units.length,
    required: posture.requiredUnits ?? 0,
    response,
    limit: wholeMinutes(posture.requiredResponseS ?? 0),
  });
}

export function wholeMinutes(seconds: number): string {
  return duration(Math.ceil(seconds / 60) * 60);
}

export function metName(met: boolean | null): string {
  return say("forces-met", { met: met === null ? "unknown" : met ? "yes" : "no" });
}

export function metLine(posture: Posture): string {
  return say("forces-met-line", { met: metName(posture.met), posture: postureLine(posture) });
}

/** Units in numbers, and which is assigned to what; empty without units. */
export function loadLine(state: State): string {
  const units = [...state.forces.units.values()].filter(({ duty }) => duty !== "off_duty");
  if (units.length === 0) return "";
  const busy = units.flatMap(({ id }) =>
    assignedTo(id, state.incidents).map(({ name }) => say("forces-load-unit", { unit: readable(id, 24), incident: name })),
  );
  const free = units.filter(({ id }) => assignedTo(id, state.incidents).length === 0).length;
  const words = say("forces-load", { count: units.length, free });
  return busy.length === 0 ? words : `${words} ${formats().names(busy)}`;
}
