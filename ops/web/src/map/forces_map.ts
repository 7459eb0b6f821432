// Own forces on the map: units (friend, APP-6 frames), bases, and the impact level of each border section.

import type { Feature, FeatureCollection, Point, Position } from "geojson";
import { inDistress, positionAge, unitOpacity, type Forces } from "../model/forces.ts";
import { readable } from "../model/parse.ts";
import type { Incident, Place } from "../model/records.ts";
import { levelName, unitLabel } from "../words/forces_words.ts";
import { say } from "../words/say.ts";

const ON_MAP = 24;
const MOVES = ["vehicle", "foot"] as const;

export function unitIcon(moves: string, old: boolean): string {
  return `unit/${moves === "foot" ? "foot" : "vehicle"}/${old ? "old" : "current"}`;
}

export const UNIT_ICONS = MOVES.flatMap((moves) => [false, true].map((old) => ({ name: unitIcon(moves, old), moves, old })));
export const BASE_ICON = "base";

/** Units and bases; `part` says which. A unit's symbol fades with the age of its position, and its label states it. */
export function forceFeatures(forces: Forces, incidents: ReadonlyMap<string, Incident>, nowMs: number): Feature[] {
  const units: Feature[] = [...forces.units.values()].map((unit) => {
    const age = positionAge(unit, forces, nowMs);
    return {
      type: "Feature",
      properties: {
        part: "unit",
        id: unit.id,
        icon: unitIcon(unit.moves, age === "old"),
        o: unitOpacity(unit, forces, nowMs),
        label: unitLabel(unit, forces, nowMs),
        distress: inDistress(unit, incidents),
      },
      geometry: at(unit),
    };
  });
  const bases: Feature[] = [...forces.bases.values()].map((base) => ({
    type: "Feature",
    properties: { part: "base", id: base.id, icon: BASE_ICON, label: readable(base.id, ON_MAP) },
    geometry: at(base),
  }));
  return [...bases, ...units];
}

/** A line along each section, as wide as its impact level is high, and a label at its middle. */
export function levelFeatures(forces: Forces, segments: FeatureCollection | null): Feature[] {
  const lines = new Map<number, readonly Position[]>();
  for (const { geometry, properties } of segments?.features ?? [])
    if (geometry?.type === "LineString" && typeof properties?.["segment"] === "number")
      lines.set(properties["segment"], geometry.coordinates);
  return [...forces.sections.values()].flatMap((section) => {
    if (section.level === null) return [];
    const level = section.level;
    return section.segments.flatMap(([first, last]): Feature[] => {
      const along: Position[] = [];
      for (let segment = first; segment <= last; segment += 1) along.push(...(lines.get(segment) ?? []));
      const middle = along[Math.floor(along.length / 2)];
      if (middle === undefined) return [];
      const label = say("forces-map-section", { section: readable(section.id, ON_MAP), level: levelName(level) });
      return [
        { type: "Feature", properties: { part: "level", id: section.id, level }, geometry: { type: "LineString", coordinates: along } },
        {
          type: "Feature",
          properties: { part: "level-label", id: section.id, level, label },
          geometry: { type: "Point", coordinates: middle },
        },
      ];
    });
  });
}

function at({ lon, lat }: Place): Point {
  return { type: "Point", coordinates: [lon, lat] };
}
