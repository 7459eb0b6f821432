// How the border's states are drawn. They differ by width and pattern, so that colour is not needed to tell them apart.
// Each layer has constants only: MapLibre would compile another program for whatever differs between features.

import type { FilterSpecification, LineLayerSpecification } from "maplibre-gl";
import type { Colours } from "../map/palette.ts";
import { PRIORITIES } from "../model/records.ts";
import type { BorderState } from "./states.ts";

/** A line's dark edge and its core [px], and the dashes of the core in widths of it; no dashes: solid. */
interface Stroke {
  readonly edge: number;
  readonly core: number;
  readonly dashes: readonly [number, number] | null;
}

export const STROKES: Readonly<Record<BorderState, Stroke>> = {
  watched: { edge: 2.5, core: 0, dashes: null },
  dead: { edge: 5, core: 2.4, dashes: null },
  unknown: { edge: 2.5, core: 2.5, dashes: [1, 1] },
  lost: { edge: 8, core: 5, dashes: [1.4, 1] },
  alert: { edge: 8.5, core: 5.5, dashes: null },
};

const round = { "line-join": "round" } as const;

/** The whole border as a plain line, which is clicked, and above it what its states add. */
export function borderLayers(c: Colours): LineLayerSpecification[] {
  const run = (id: string, filter: FilterSpecification, colour: string, width: number, dashes: readonly number[] | null = null): LineLayerSpecification => ({
    id: `border-${id}`,
    type: "line",
    source: "border-runs",
    filter,
    layout: round,
    paint: { "line-color": colour, "line-width": width, ...(dashes === null ? {} : { "line-dasharray": [...dashes] }) },
  });
  const of = (state: BorderState): FilterSpecification => ["==", ["get", "state"], state];
  const { dead, unknown, lost, alert } = STROKES;
  return [
    { id: "border-halo", type: "line", source: "border", layout: round, paint: { "line-color": c.halo, "line-width": 6, "line-opacity": 0.8 } },
    { id: "border", type: "line", source: "border", layout: round, paint: { "line-color": c.border, "line-width": STROKES.watched.edge } },
    run("dead-edge", of("dead"), c.border, dead.edge),
    run("dead", of("dead"), c.halo, dead.core),
    run("unknown", of("unknown"), c.halo, unknown.core, unknown.dashes),
    run("lost-edge", of("lost"), c.border, lost.edge),
    run("lost-core", of("lost"), c.halo, lost.core),
    run("lost", of("lost"), c.lost, lost.core, lost.dashes),
    run("alert-edge", of("alert"), c.border, alert.edge),
    ...PRIORITIES.map((priority) => run(`alert-${priority}`, ["==", ["get", "priority"], priority], c[priority], alert.core)),
  ];
}

/** Their names. */
export const BORDER_LAYERS: readonly string[] = [
  "border-halo", "border", "border-dead-edge", "border-dead", "border-unknown", "border-lost-edge", "border-lost-core", "border-lost", "border-alert-edge",
  ...PRIORITIES.map((priority) => `border-alert-${priority}`),
];
