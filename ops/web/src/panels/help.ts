// The help: every key, what the drawing means, and a switch for the single keys (WCAG 2.1.4).

import { STALE_TRACK_S, VECTOR_S } from "../model/tracks.ts";
import { el, part } from "../ui/dom.ts";
import { remember, remembered } from "../ui/preferences.ts";

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["?", "this help"],
  ["L", "to the list of alerts"],
  ["M", "to the map"],
  ["D, T, S, Y", "details, tracks, sensors, layers"],
  ["Esc", "end the tool, or drop the selection"],
  ["↑ ↓ Home End", "in a list: move"],
  ["Enter", "in a list: select and fly there; on the map: select what is at the cross"],
  ["A, C, R", "in the list of alerts: acknowledge, clear what is over, reject"],
  ["← ↑ → ↓, + −", "on the map: move, zoom"],
  ["G, V", "measure; line of sight (then Enter sets a place at the cross)"],
];

const MEANINGS = [
  "Every mover is drawn as unknown (APP-6): this program never calls anybody friend or hostile.",
  "Fainter symbol: less certain to exist. Small symbol: a tentative track, not confirmed yet.",
  `Dashed and hollow: not seen now, its place is predicted (coasting). Crossed through: no plot for more than ${STALE_TRACK_S} s.`,
  `Line ahead: where it would be in ${VECTOR_S} s. Ellipse: holds its place with 95 %. Cross on the border: where it would cross at this course and speed.`,
  "Yellow symbol in a ring: there is an open alert. A dashed ring: somebody has acknowledged it.",
  "Hatched: the field of view of a sensor that does not report. Nobody watches there with it.",
];

export function singleKeysOn(): boolean {
  return remembered("keys") !== "off";
}

export class Help {
  readonly #dialog = part<HTMLDialogElement>("help");

  constructor() {
    const keys = KEYS.flatMap(([key, does]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, does)]);
    const box = el("input", { type: "checkbox", id: "single-keys" });
    box.checked = singleKeysOn();
    box.addEventListener("change", () => remember("keys", box.checked ? "on" : "off"));
    const label = el("label", {}, box, " Single keys on this page (L, M, D, T, S, Y, G, V and ?)");
    const close = el(
      "button",
      { type: "button", data: { testid: "help-close" }, on: { click: () => this.#dialog.close() } },
      "Close",
    );
    this.#dialog.append(
      el("h2", { id: "help-title" }, "Help"),
      el("h3", {}, "Keys"),
      el("dl", { class: "help-grid" }, ...keys),
      label,
      el("h3", {}, "What is drawn"),
      el("ul", { class: "help-list" }, ...MEANINGS.map((meaning) => el("li", {}, meaning))),
      el("div", { class: "dialog-buttons" }, close),
    );
    part("help-open").addEventListener("click", () => this.open());
  }

  open(): void {
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}
