// The tracks as a list: the same picture without the map, for the keyboard and for screens without WebGL.

import { count, probability } from "../words/format.ts";
import { readable } from "../model/parse.ts";
import { trackPriorities } from "../model/alerts.ts";
import { PRIORITIES, type Priority, type Track } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { byInterest, look } from "../model/tracks.ts";
import { el, keyed, part, setData, setText } from "../ui/dom.ts";
import { CLASS_LABEL, PRIORITY_MARK } from "../words/labels.ts";

const ROWS = 100;

export class TracksPanel {
  readonly #note = el("p", { class: "note", data: { testid: "tracks-note" } });
  readonly #list = el("div", { class: "rows", data: { testid: "track-list" } });
  readonly #select: (id: string) => void;

  constructor(select: (id: string) => void) {
    this.#select = select;
    part("panel-tracks").append(el("h2", { class: "hidden-text" }, "Tracks"), this.#note, this.#list);
    this.#list.addEventListener("keydown", moveFocus);
  }

  show(state: State, nowMs: number): void {
    const priorities = trackPriorities(state.alerts);
    const tracks = [...state.tracks.values()].sort(byInterest(priorities, PRIORITIES));
    const rows = tracks.slice(0, ROWS);
    setText(this.#note, this.#words(state, tracks.length, rows.length));
    keyed(
      this.#list,
      rows,
      ({ id }) => id,
      ({ id }) => this.#create(id),
      (row, track) => this.#update(row, track, priorities.get(track.id), state, nowMs),
    );
  }

  #words(state: State, all: number, shown: number): string {
    if (state.stampMs === null) return "Waiting for the first picture …";
    const bad = state.unreadable === 0 ? "" : ` ${state.unreadable} could not be read.`;
    if (all === 0) return `No tracks now.${bad}`;
    const confirmed = [...state.tracks.values()].filter(({ status }) => status === "confirmed").length;
    return `${count(all)} tracks, ${count(confirmed)} confirmed${shown < all ? `; the first ${shown}` : ""}: alerted first, then the most certain.${bad}`;
  }

  #create(id: string): HTMLButtonElement {
    return el(
      "button",
      { class: "row", type: "button", data: { testid: "track-row", track: id }, on: { click: () => this.#select(id) } },
      el("span", { class: "name" }),
      el("span", { class: "mark" }),
      el("span", { class: "small" }),
    );
  }

  #update(row: HTMLElement, track: Track, priority: Priority | undefined, state: State, nowMs: number): void {
    setData(row, "priority", priority ?? "");
    setData(row, "lon", String(track.lon));
    setData(row, "lat", String(track.lat));
    const [name, mark, small] = row.children;
    if (name !== undefined) setText(name, `${CLASS_LABEL[track.label]} ${readable(track.id)}`);
    if (mark !== undefined) setText(mark, priority === undefined ? "" : PRIORITY_MARK[priority]);
    if (small !== undefined) setText(small, summary(track, nowMs));
    const current = state.selection?.kind === "track" && state.selection.id === track.id;
    row.setAttribute("aria-current", String(current));
  }
}

function summary(track: Track, nowMs: number): string {
  const speed = track.speedMps === null ? "" : `, ${track.speedMps.toFixed(1)} m/s`;
  const segment = track.segment === null ? "" : `, segment ${track.segment}`;
  return `${look(track, nowMs)}, exists ${probability(track.existence)}${speed}${segment}`;
}

/** Arrows move through the buttons of a list. */
export function moveFocus(event: KeyboardEvent): void {
  const rows = [...(event.currentTarget as HTMLElement).children] as HTMLElement[];
  const index = rows.indexOf(
    (event.target as Element).closest<HTMLElement>(".row") ?? (null as unknown as HTMLElement),
  );
  const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to === undefined || index === -1) return;
  event.preventDefault();
  rows[Math.max(0, Math.min(rows.length - 1, to))]?.focus();
}
