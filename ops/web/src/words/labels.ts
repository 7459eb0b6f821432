// Words and marks for priorities, classes and kinds: the same everywhere on the page.

import { readable } from "../model/parse.ts";
import type { Label, Priority } from "../model/records.ts";

/** A shape for each priority, so that colour is never alone. */
export const PRIORITY_MARK: Readonly<Record<Priority, string>> = { distress: "◆", high: "▲", medium: "■", low: "●" };
export const PRIORITY_LABEL: Readonly<Record<Priority, string>> = {
  distress: "DISTRESS",
  high: "High",
  medium: "Medium",
  low: "Low",
};

export const CLASS_LABEL: Readonly<Record<Label, string>> = {
  person: "Person",
  group: "Group",
  vehicle: "Vehicle",
  animal: "Animal",
  other: "Other",
  unknown: "Unclassified",
};

const KIND_WORDS: ReadonlyMap<string, string> = new Map([
  ["radar", "Radar"],
  ["camera", "Camera"],
  ["ground_sensor", "Ground sensor"],
  ["radio", "Radio finder"],
  ["human", "Observer"],
]);

export function kindLabel(kind: string): string {
  return KIND_WORDS.get(kind) ?? readable(kind).replaceAll("_", " ");
}
