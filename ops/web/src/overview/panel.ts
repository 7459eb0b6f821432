// Draws the sector at a glance; each row with a place is a button that leads there.

import type { Selection, State } from "../model/state.ts";
import { el, keyed, setData, setText } from "../ui/dom.ts";
import { say } from "../words/say.ts";
import { glance, type Group } from "./glance.ts";
import type { Row } from "./rows.ts";

export class OverviewPanel {
  readonly node = el("div", { class: "overview", data: { testid: "overview" } });
  readonly #groups = el("div");
  readonly #go: (to: Selection) => void;

  constructor(go: (to: Selection) => void) {
    this.#go = go;
    this.node.append(el("h2", {}, say("overview-title")), this.#groups);
  }

  show(state: State, nowMs: number): void {
    keyed(
      this.#groups,
      glance(state, nowMs),
      ({ id }) => id,
      ({ id }) => el("section", { data: { testid: `overview-${id}` } }, el("h3"), el("ul", { class: "overview-rows" })),
      (node, group) => this.#showGroup(node, group),
    );
  }

  #showGroup(node: HTMLElement, { title, rows }: Group): void {
    const [head, list] = node.children;
    if (head === undefined || !(list instanceof HTMLElement)) return;
    setText(head, title);
    keyed(
      list,
      rows,
      ({ id, to }) => `${id} ${to === null ? "" : "to"}`,
      ({ to }) =>
        el("li", {}, el(to === null ? "div" : "button", { class: "overview-row" }, el("span", { class: "name" }), el("span", { class: "value" }))),
      (item, row) => this.#showRow(item, row),
    );
  }

  #showRow(item: HTMLElement, { name, code, value, to, tone }: Row): void {
    const row = item.firstElementChild as HTMLElement;
    const [first, second] = row.children as unknown as HTMLElement[];
    if (first === undefined || second === undefined) return;
    first.translate = !code;
    setText(first, name);
    setText(second, value);
    setData(row, "tone", tone);
    if (to === null) return;
    (row as HTMLButtonElement).type = "button";
    row.onclick = () => this.#go(to);
  }
}
