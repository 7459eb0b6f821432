// The worst segments of a layout, ranked, as bars; each highlights its segment on the map.

import { el, keyed, part, setText } from "../../ui/dom.ts";
import { say } from "../../words/say.ts";
import type { SideName } from "../figures.ts";
import type { Segment } from "../server.ts";

const LISTED = 8;

export interface RankedSegment {
  readonly number: number;
  readonly value: number;
  /** Of the layout that it is compared with; null: unknown. */
  readonly other: number | null;
}

/** The segments with the least known values, the least first. */
export function worstOf(values: readonly (number | null)[], others: readonly (number | null)[], count = LISTED): RankedSegment[] {
  return values
    .flatMap((value, number) => (value === null ? [] : [{ number, value, other: others[number] ?? null }]))
    .sort((one, other) => one.value - other.value || one.number - other.number)
    .slice(0, count);
}

export interface WorstEvents {
  /** Under the pointer or with the focus; null: none is. */
  look(segment: number | null): void;
  /** Chosen; null: not any more. */
  choose(segment: number | null): void;
}

export class WorstList {
  readonly #list = part<HTMLOListElement>("worst");
  readonly #segments: readonly Segment[];
  readonly #events: WorstEvents;
  #chosen: number | null = null;

  constructor(segments: readonly Segment[], events: WorstEvents) {
    this.#segments = segments;
    this.#events = events;
    this.#list.addEventListener("pointerleave", () => events.look(null));
  }

  /** `side`: whose values are ranked; the marks are those of the other side. */
  show(side: SideName, values: readonly (number | null)[], others: readonly (number | null)[]): void {
    this.#list.dataset["side"] = side;
    const rows = worstOf(values, others);
    if (rows.every(({ number }) => number !== this.#chosen)) this.#choose(null);
    keyed(this.#list, rows, ({ number }) => String(number), (row) => this.#row(row.number), (node, row) => this.#tell(node, row));
  }

  #row(number: number): HTMLLIElement {
    const look = (segment: number | null) => () => this.#events.look(segment);
    const button = el(
      "button",
      {
        type: "button",
        data: { testid: "worst-segment", segment: String(number) },
        aria: { pressed: "false" },
        on: { pointerenter: look(number), focus: look(number), blur: look(null), click: () => this.#choose(this.#chosen === number ? null : number) },
      },
      el("span", { class: "where" }),
      el("span", { class: "bar", aria: { hidden: "true" } }, el("i", { class: "value" }), el("i", { class: "other" })),
      el("span", { class: "value-says" }),
    );
    return el("li", {}, button);
  }

  #tell(node: HTMLElement, { number, value, other }: RankedSegment): void {
    const segment = this.#segments[number];
    const [where, says] = [node.querySelector(".where"), node.querySelector(".value-says")];
    if (where !== null && segment !== undefined) setText(where, say("planner-worst-where", { segment: String(number), start: segment.start_km, end: segment.end_km }));
    if (says !== null) setText(says, say("planner-cell-percent", { value }));
    const [bar, mark] = [node.querySelector<HTMLElement>(".bar .value"), node.querySelector<HTMLElement>(".bar .other")];
    if (bar !== null) bar.style.inlineSize = `${value * 100}%`;
    if (mark === null) return;
    mark.hidden = other === null;
    mark.style.insetInlineStart = `${(other ?? 0) * 100}%`;
  }

  #choose(number: number | null): void {
    if (number === this.#chosen) return;
    this.#chosen = number;
    for (const button of this.#list.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset["segment"] === String(number)));
    this.#events.choose(number);
  }
}
