// What is selected, against what there is.

import type { Selection, State } from "./state.ts";

/** Whether the state holds the selected thing. A segment belongs to the border, which outlives every picture. */
export function isThere({ kind, id }: Selection, { tracks, incidents, alerts, bearings, sensors, forces }: State): boolean {
  if (kind === "segment") return true;
  const known: ReadonlyMap<string | number, unknown> = {
    track: tracks,
    incident: incidents,
    alert: alerts,
    bearing: bearings,
    sensor: sensors,
    unit: forces.units,
    base: forces.bases,
    section: forces.sections,
  }[kind];
  return known.has(id);
}
