// Own forces: units at their last positions, patrol bases, and border sections with their posture.

import { list, number, object, place, text } from "./parse.ts";
import type { Incident, Place } from "./records.ts";

export const IMPACT_LEVELS = ["low", "medium", "high", "critical"] as const;
export type ImpactLevel = (typeof IMPACT_LEVELS)[number];

/** Whether a position can be relied on: current, fading, or old, which is the last known one only. */
export type PositionAge = "current" | "fading" | "old";

export interface Unit extends Place {
  readonly id: string;
  readonly sdM: number | null;
  /** Time of the position, at most that of its receipt. */
  readonly observedMs: number;
  readonly clockAheadS: number;
  readonly duty: string;
  readonly moves: string;
  readonly base: string;
  readonly note: string;
  /** Since when its positions state distress; null: they do not. */
  readonly distressMs: number | null;
  readonly segment: number | null;
  readonly section: string;
}

export interface Base extends Place {
  readonly id: string;
}

export interface Decision {
  readonly id: string;
  readonly level: string;
  readonly atMs: number;
  readonly by: string;
  readonly reason: string;
}

export interface Posture {
  readonly id: string;
  /** First and last segment of each part. */
  readonly segments: readonly (readonly [number, number])[];
  readonly level: ImpactLevel | null;
  /** Oldest first. */
  readonly decided: readonly Decision[];
  readonly requiredUnits: number | null;
  readonly requiredResponseS: number | null;
  readonly units: readonly string[];
  readonly notCurrent: readonly string[];
  readonly responseS: number | null;
  readonly responseBase: string;
  readonly responseKnown: boolean;
  readonly met: boolean | null;
  /** What an assessment of risk proposes; a person decides. */
  readonly proposed: { readonly level: ImpactLevel; readonly on: string } | null;
}

export interface Forces {
  readonly units: ReadonlyMap<string, Unit>;
  readonly bases: ReadonlyMap<string, Base>;
  readonly sections: ReadonlyMap<string, Posture>;
  readonly fadingS: number;
  readonly staleS: number;
}

export const NO_FORCES: Forces = { units: new Map(), bases: new Map(), sections: new Map(), fadingS: 120, staleS: 600 };

type Raw = Readonly<Record<string, unknown>>;

export function parseForces(raw: unknown): Forces | null {
  const body = object(raw);
  if (body === null) return null;
  const byId = <T extends { readonly id: string }>(rows: unknown, read: (row: Raw) => T | null): Map<string, T> =>
    new Map(
      list(rows).flatMap((row) => {
        const entry = object(row);
        const found = entry === null ? null : read(entry);
        return found === null ? [] : [[found.id, found] as const];
      }),
    );
  return {
    units: byId(body["units"], readUnit),
    bases: byId(body["bases"], readBase),
    sections: byId(body["sections"], readPosture),
    fadingS: number(body["fading_s"]) ?? NO_FORCES.fadingS,
    staleS: number(body["stale_s"]) ?? NO_FORCES.staleS,
  };
}

function readUnit(raw: Raw): Unit | null {
  const where = place(raw);
  const observedMs = fromNs(raw["observed_ns"]);
  const id = raw["unit"];
  if (where === null || observedMs === null || typeof id !== "string" || id === "") return null;
  return {
    id,
    ...where,
    sdM: number(raw["position_sd_m"]),
    observedMs,
    clockAheadS: number(raw["clock_ahead_s"]) ?? 0,
    duty: text(raw["duty"], 40),
    moves: text(raw["moves"], 40),
    base: text(raw["base"], 80),
    note: text(raw["note"], 500),
    distressMs: fromNs(raw["distress_ns"]),
    segment: number(raw["segment"]),
    section: text(raw["section"], 200),
  };
}

function readBase(raw: Raw): Base | null {
  const where = place(raw);
  const id = raw["name"];
  return where === null || typeof id !== "string" || id === "" ? null : { id, ...where };
}

function readPosture(raw: Raw): Posture | null {
  const id = raw["section"];
  if (typeof id !== "string" || id === "") return null;
  return {
    id,
    segments: list(raw["segments"]).flatMap((run) => {
      const [first, last] = list(run).map(number);
      return typeof first === "number" && typeof last === "number" ? [[first, last] as const] : [];
    }),
    level: IMPACT_LEVELS.find((level) => level === raw["level"]) ?? null,
    decided: list(raw["decided"]).flatMap((entry) => {
      const row = object(entry);
      const atMs = typeof row?.["at"] === "string" ? Date.parse(row["at"]) : Number.NaN;
      if (row === null || !Number.isFinite(atMs)) return [];
      return [{ id: text(row["id"], 64), level: text(row["level"], 40), atMs, by: text(row["by"], 80), reason: text(row["reason"], 500) }];
    }),
    requiredUnits: number(raw["required_units"]),
    requiredResponseS: number(raw["required_response_s"]),
    units: list(raw["units"]).map((name) => text(name, 80)),
    notCurrent: list(raw["not_current"]).map((name) => text(name, 80)),
    responseS: number(raw["response_s"]),
    responseBase: text(raw["response_base"], 80),
    responseKnown: raw["response_known"] === true,
    met: typeof raw["met"] === "boolean" ? raw["met"] : null,
    proposed: readProposed(raw["proposed"]),
  };
}

function readProposed(raw: unknown): Posture["proposed"] {
  const body = object(raw);
  const level = IMPACT_LEVELS.find((one) => one === body?.["level"]);
  return body === null || level === undefined ? null : { level, on: text(body["assessed_on"], 10) };
}

function fromNs(raw: unknown): number | null {
  const ns = number(raw);
  return ns === null ? null : ns / 1e6;
}

export function ageS(unit: Unit, nowMs: number): number {
  return Math.max(0, (nowMs - unit.observedMs) / 1000);
}

export function positionAge(unit: Unit, forces: Forces, nowMs: number): PositionAge {
  const age = ageS(unit, nowMs);
  // Without a clock nothing is known to be current.
  if (!Number.isFinite(age) || age > forces.staleS) return "old";
  return age > forces.fadingS ? "fading" : "current";
}

/** Opacity of the symbol: full while current, then less and less, in steps, so that a picture changes little. */
export function unitOpacity(unit: Unit, forces: Forces, nowMs: number): number {
  const age = ageS(unit, nowMs);
  if (!Number.isFinite(age) || age > forces.staleS) return 0.6; // hollow and crossed through
  const share = Math.max(0, (age - forces.fadingS) / Math.max(forces.staleS - forces.fadingS, 1));
  return Math.round((1 - 0.5 * share) * 20) / 20;
}

/** Open incidents that a unit or base is assigned to. */
export function assignedTo(name: string, incidents: ReadonlyMap<string, Incident>): Incident[] {
  return [...incidents.values()].filter((incident) => incident.unit === name && incident.state !== "closed");
}

/** Whether a unit calls for help: its positions state it, or its distress incident is open. */
export function inDistress(unit: Unit, incidents: ReadonlyMap<string, Incident>): boolean {
  return unit.distressMs !== null || distressOf(unit.id, incidents) !== null;
}

export function distressOf(unit: string, incidents: ReadonlyMap<string, Incident>): Incident | null {
  for (const one of incidents.values())
    if (one.kind === "distress" && one.callingUnit === unit && one.state !== "closed") return one;
  return null;
}

/** A unit or base that could be assigned to an incident. */
export interface Option extends Place {
  readonly kind: "unit" | "base";
  readonly name: string;
  readonly positionAgeS: number | null;
  readonly current: boolean;
  readonly assigned: readonly string[];
  /** Over the ground; null without a path, or where it is unknown whether there is one. */
  readonly responseS: number | null;
  readonly responseKnown: boolean;
  readonly marginS: number | null;
  readonly probability: number | null;
}

export interface Options {
  readonly atMs: number;
  readonly target: "interception" | "incident" | "none";
  /** The best first. */
  readonly options: readonly Option[];
}

export function parseOptions(raw: unknown): Options | null {
  const body = object(raw);
  const at = body?.["at"];
  const atMs = typeof at === "string" ? Date.parse(at) : Number.NaN;
  if (body === null || !Number.isFinite(atMs)) return null;
  const target = (["interception", "incident"] as const).find((one) => one === body["target"]) ?? "none";
  const options = list(body["candidates"]).flatMap((entry): Option[] => {
    const row = object(entry);
    const where = row === null ? null : place(row);
    if (row === null || where === null || typeof row["name"] !== "string") return [];
    return [
      {
        kind: row["kind"] === "unit" ? "unit" : "base",
        name: row["name"],
        ...where,
        positionAgeS: number(row["position_age_s"]),
        current: row["current"] === true,
        assigned: list(row["assigned"]).map((name) => text(name, 80)),
        responseS: number(row["response_s"]),
        responseKnown: row["response_known"] !== false,
        marginS: number(row["margin_s"]),
        probability: number(row["interruption_probability"]),
      },
    ];
  });
  return { atMs, target, options };
}

/** The nearest help in time over the ground whose position is current; null where none can arrive. */
export function nearestHelp(found: Options): Option | null {
  const able = found.options.filter((one) => one.current && one.responseS !== null);
  return able.reduce<Option | null>(
    (best, one) => (best === null || (one.responseS ?? Infinity) < (best.responseS ?? Infinity) ? one : best),
    null,
  );
}
