// Further actions behind one button: Enter opens it, the arrows move, Escape closes it.

import { el } from "../ui/dom.ts";
import { say } from "../words/say.ts";

export class MoreMenu {
  readonly items = el("div", { class: "more-items", data: { testid: "details-more-items" } });
  readonly #summary = el("summary", { data: { testid: "details-more" } }, say("panels-more"));
  readonly node = el("details", { class: "more" }, this.#summary, this.items);
  #of = "";

  constructor() {
    this.node.addEventListener("keydown", (event) => this.#key(event));
    this.items.addEventListener("click", () => this.#close(), { capture: true }); // before a dialog opens, to which the focus returns
  }

  /** Closed for another selection; not there without an action. */
  follow(of: string, count: number): void {
    if (of !== this.#of) this.node.open = false;
    this.#of = of;
    this.node.hidden = count === 0;
  }

  #close(): void {
    if (!this.node.open) return;
    this.node.open = false;
    this.#summary.focus();
  }

  #key(event: KeyboardEvent): void {
    if (!this.node.open) return;
    const places = [this.#summary, ...this.items.querySelectorAll("button")];
    const index = places.indexOf(event.target as HTMLElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) places[(index + step + places.length) % places.length]?.focus();
    else if (event.key === "Escape") this.#close();
    else return;
    event.preventDefault();
  }
}
