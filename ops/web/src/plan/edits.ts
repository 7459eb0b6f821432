// A layout with what a person has changed on it; nothing is sent anywhere but to ask what it would cover.

import type { Edit, Edits, PlanLayout, PlanSensor } from "./server.ts";

/** The sensors as edited, without those that were taken away. */
export function edited(layout: PlanLayout, edits: Edits): PlanSensor[] {
  return layout.sensors.flatMap((sensor) => {
    const edit = edits[sensor.id];
    return edit === null ? [] : [{ ...sensor, ...edit }];
  });
}

/** Edits with one more; of one sensor they add up. */
export function withEdit(edits: Edits, sensor: string, edit: Edit | null): Edits {
  return { ...edits, [sensor]: edit === null ? null : { ...edits[sensor], ...edit } };
}
