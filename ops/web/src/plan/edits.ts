// A layout with what a person has changed on it; nothing is sent anywhere but to ask what it would cover.

import type { Edit, Edits, Equipment, PlanLayout, PlanSensor } from "./server.ts";

/** How far beside its original a duplicate stands, in degrees of longitude and latitude. */
const BESIDE_DEG = 0.002;
/** As sensors.sensor.check_id: printable, without signs that have a meaning in topics of messages. */
const NAME = /^[^+#/\p{C}]{1,64}$/u;

/** The sensors as edited, without those that were taken away, then those that were added. */
export function edited(layout: PlanLayout, edits: Edits, equipment: readonly Equipment[] = []): PlanSensor[] {
  const originals = new Map(layout.sensors.map((sensor) => [sensor.id, sensor]));
  const kept = layout.sensors.flatMap((sensor) => {
    const edit = edits[sensor.id];
    return edit === null ? [] : [changed(sensor.id, sensor, edit ?? {})];
  });
  const added = Object.entries(edits).flatMap(([key, edit]) => {
    if (edit === null || originals.has(key)) return [];
    const item = equipment.find((one) => one.item === edit.item);
    const source = originals.get(edit.copy_of ?? "") ?? (item === undefined ? undefined : bought(key, item));
    return source === undefined ? [] : [{ ...changed(key, { ...source, id: key }, edit), fresh: true }];
  });
  return [...kept, ...added];
}

function changed(key: string, sensor: PlanSensor, { lon, lat, azimuth_deg, name }: Edit): PlanSensor {
  const values = { lon: lon ?? sensor.lon, lat: lat ?? sensor.lat, azimuth_deg: azimuth_deg ?? sensor.azimuth_deg };
  return { ...sensor, ...values, key, id: name ?? sensor.id };
}

function bought(id: string, { item, kind, max_range_m, field_of_view_deg }: Equipment): PlanSensor {
  return { id, kind, item, max_range_m, field_of_view_deg, lon: 0, lat: 0, azimuth_deg: 0 };
}

/** Edits with one more; of one sensor they add up, and a sensor that was added and is taken away is forgotten. */
export function withEdit(edits: Edits, sensor: string, edit: Edit | null): Edits {
  const before = edits[sensor];
  if (edit !== null) return { ...edits, [sensor]: { ...before, ...edit } };
  if (before?.item === undefined && before?.copy_of === undefined) return { ...edits, [sensor]: null };
  return Object.fromEntries(Object.entries(edits).filter(([key]) => key !== sensor));
}

/** The edit that duplicates a sensor, a little beside it. */
export function copyOf({ key, id, lon, lat, azimuth_deg, field_of_view_deg }: PlanSensor, edits: Edits): Edit {
  const { item, copy_of } = edits[key ?? id] ?? {};
  const source = item !== undefined ? { item } : { copy_of: copy_of ?? key ?? id };
  const place = { lon: lon + BESIDE_DEG, lat: lat - BESIDE_DEG };
  return field_of_view_deg < 360 ? { ...source, ...place, azimuth_deg } : { ...source, ...place };
}

/** The first of `stem-1`, `stem-2`, … that no sensor and no edit is called. */
export function freeName(stem: string, sensors: readonly PlanSensor[], edits: Edits): string {
  const taken = new Set([...sensors.flatMap(({ id, key }) => [id, key ?? id]), ...Object.keys(edits)]);
  const plain = stem.replace(/-\d+$/, "").slice(0, 58);
  for (let number = 1; ; number += 1) if (!taken.has(`${plain}-${number}`)) return `${plain}-${number}`;
}

/** Why a sensor cannot be called so: the end of a message's name; null if it can. */
export function wrongName(name: string, key: string, sensors: readonly PlanSensor[]): "taken" | "unusable" | null {
  if (name !== name.trim() || !NAME.test(name)) return "unusable";
  return sensors.some((one) => one.id === name && (one.key ?? one.id) !== key) ? "taken" : null;
}
