// Names and marks of priorities, classes and kinds: the same everywhere on the page.

import { readable } from "../model/parse.ts";
import type { Priority, Track } from "../model/records.ts";
import { say } from "./say.ts";

/** A shape for each priority, so that colour is never alone. */
export const PRIORITY_MARK: Readonly<Record<Priority, string>> = { distress: "◆", high: "▲", medium: "■", low: "●" };

export function priorityName(priority: Priority): string {
  return say("page-priority", { priority });
}

export function className(label: string): string {
  return say("page-class", { class: label });
}

export function kindName(kind: string): string {
  return say("page-sensor-kind", { kind: readable(kind) });
}

/** What people call a track: the name for radio, else its identifier. */
export function trackName({ id, name }: Pick<Track, "id" | "name">): string {
  return readable(name === "" ? id : name);
}

/** The class and name of a track. */
export function trackTitle(track: Track): string {
  return say("page-details-classed", { class: track.label, track: trackName(track) });
}
