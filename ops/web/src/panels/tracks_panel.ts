// Tracks and bearings as lists: the picture without the map, for keyboards and for screens without WebGL.

import { trackPriorities } from "../model/alerts.ts";
import { currentBearings } from "../model/bearings.ts";
import { PRIORITIES, type BearingContact, type Priority, type Track } from "../model/records.ts";
import type { Selection, State } from "../model/state.ts";
import { byInterest, look } from "../model/tracks.ts";
import { el, keyed, part, setData, setText } from "../ui/dom.ts";
import { bearingSummary, bearingTitle } from "../words/describe_bearing.ts";
import { PRIORITY_MARK, trackTitle } from "../words/labels.ts";
import { say } from "../words/say.ts";

const ROWS = 100;

export class TracksPanel {
  readonly #note = el("p", { class: "note", data: { testid: "tracks-note" } });
  readonly #list = el("div", { class: "rows", data: { testid: "track-list" } });
  readonly #bearingsTitle = el("h3", {}, say("page-bearings"));
  readonly #bearingsNote = el("p", { class: "note", data: { testid: "bearings-note" } });
  readonly #bearings = el("div", { class: "rows", data: { testid: "bearing-list" } });
  readonly #select: (selection: Selection) => void;

  constructor(select: (selection: Selection) => void) {
    this.#select = select;
    part("panel-tracks").append(
      el("h2", { class: "hidden-text" }, say("page-tab-tracks")),
      this.#note,
      this.#list,
      this.#bearingsTitle,
      this.#bearingsNote,
      this.#bearings,
    );
    for (const rows of [this.#list, this.#bearings]) rows.addEventListener("keydown", moveFocus);
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
      ({ id }) => this.#row({ kind: "track", id }),
      (row, track) => this.#update(row, track, priorities.get(track.id), state, nowMs),
    );
    this.#showBearings(state, nowMs);
  }

  #showBearings(state: State, nowMs: number): void {
    const contacts = currentBearings(state.bearings, nowMs);
    for (const node of [this.#bearingsTitle, this.#bearingsNote, this.#bearings]) node.hidden = contacts.length === 0;
    setText(this.#bearingsNote, say("page-bearings-count", { count: contacts.length }));
    keyed(
      this.#bearings,
      contacts,
      ({ id }) => id,
      ({ id }) => this.#row({ kind: "bearing", id }),
      (row, contact) => updateBearing(row, contact, state, nowMs),
    );
  }

  #words(state: State, all: number, shown: number): string {
    if (state.stampMs === null) return say(state.replay === null ? "page-tracks-waiting" : "replay-unknown");
    const confirmed = [...state.tracks.values()].filter(({ status }) => status === "confirmed").length;
    const found =
      all === 0
        ? say("page-tracks-none")
        : say(shown < all ? "page-tracks-count-first" : "page-tracks-count", { all, confirmed, shown });
    return state.unreadable === 0 ? found : `${found} ${say("page-tracks-unreadable", { count: state.unreadable })}`;
  }

  #row(selection: Selection): HTMLButtonElement {
    const data = { testid: `${selection.kind}-row`, [selection.kind]: selection.id };
    return el(
      "button",
      { class: "row", type: "button", data, on: { click: () => this.#select(selection) } },
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
    if (name !== undefined) setText(name, trackTitle(track));
    if (mark !== undefined) setText(mark, priority === undefined ? "" : PRIORITY_MARK[priority]);
    if (small !== undefined) setText(small, summary(track, nowMs));
    const current = state.selection?.kind === "track" && state.selection.id === track.id;
    row.setAttribute("aria-current", String(current));
  }
}

function updateBearing(row: HTMLElement, contact: BearingContact, state: State, nowMs: number): void {
  const [name, , small] = row.children;
  if (name !== undefined) setText(name, bearingTitle(contact));
  if (small !== undefined) setText(small, bearingSummary(contact, nowMs));
  const current = state.selection?.kind === "bearing" && state.selection.id === contact.id;
  row.setAttribute("aria-current", String(current));
}

function summary(track: Track, nowMs: number): string {
  const { existence, speedMps: speed, segment } = track;
  const without = segment === null ? (speed === null ? "-short" : "-no-segment") : speed === null ? "-no-speed" : "";
  return say(`page-track-summary${without}`, { look: look(track, nowMs), existence, speed, segment: String(segment) });
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
