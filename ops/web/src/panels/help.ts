// The help: keys, the meaning of the drawing, and a switch for single-key shortcuts (WCAG 2.1.4).

import { STALE_TRACK_S } from "../model/tracks.ts";
import { el, part } from "../ui/dom.ts";
import { remember, remembered } from "../ui/preferences.ts";
import { say } from "../words/say.ts";

const KEYS: readonly (readonly [keys: string, message: string])[] = [
  ["?", "help"],
  ["L", "alerts"],
  ["M", "map"],
  ["D, T, S, F, Y", "panels"],
  ["Esc", "escape"],
  ["↑ ↓ Home End", "list"],
  ["Enter", "enter"],
  ["A, U, C, X", "incidents"],
  ["A, R", "actions"],
  ["1, 2, 3, 4, 5", "pictures"],
  ["W", "looks"],
  ["/", "search"],
  ["← ↑ → ↓, + −", "pan"],
  ["G, V", "tools"],
  ["R, J, K, N, B", "replay"],
];

const MEANINGS = ["unknown", "faint", "dashed", "vector", "alerted", "hatched", "bearing"];

export function singleKeysOn(): boolean {
  return remembered("keys") !== "off";
}

export class Help {
  readonly #dialog = part<HTMLDialogElement>("help");

  constructor() {
    const keys = KEYS.flatMap(([key, message]) => [
      el("dt", {}, el("kbd", { code: true }, key)),
      el("dd", {}, say(`page-help-key-${message}`)),
    ]);
    const meanings = MEANINGS.map((name) =>
      el("li", {}, say(`page-help-${name}`, { stale: STALE_TRACK_S })),
    );
    const box = el("input", { type: "checkbox", id: "single-keys" });
    box.checked = singleKeysOn();
    box.addEventListener("change", () => remember("keys", box.checked ? "on" : "off"));
    const label = el("label", {}, box, ` ${say("page-settings-keys")}`);
    const close = el(
      "button",
      { type: "button", data: { testid: "help-close" }, on: { click: () => this.#dialog.close() } },
      say("page-close"),
    );
    this.#dialog.append(
      el("h2", { id: "help-title" }, say("page-help")),
      el("h3", {}, say("page-help-keys")),
      el("dl", { class: "help-grid" }, ...keys),
      label,
      el("h3", {}, say("page-help-drawing")),
      el("ul", { class: "help-list" }, ...meanings),
      el("div", { class: "dialog-buttons" }, close),
    );
    part("help-open").addEventListener("click", () => this.open());
  }

  open(): void {
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}
