// The equipment that can be placed: searched, chosen for the next click on the map, or dragged there.

import { el, keyed, part, setText } from "../ui/dom.ts";
import { say } from "../words/say.ts";
import { itemName } from "./planned_layout.ts";
import { carriable, type CarryEvents } from "./carry.ts";
import type { Equipment, Setup } from "./server.ts";

export interface EquipmentEvents {
  /** The next click on the map places it; null: none. */
  choose(item: string | null): void;
  /** By keyboard: it is placed in the middle of the map. */
  place(item: string): void;
  /** It is carried over the page, and put down or let go there. */
  carry: CarryEvents;
}

export class EquipmentList {
  readonly #items: readonly Equipment[];
  readonly #events: EquipmentEvents;
  #chosen: string | null = null;

  constructor(setup: Setup, events: EquipmentEvents) {
    this.#events = events;
    const kinds = [...new Set(setup.equipment.map(({ kind }) => kind))];
    this.#items = [...setup.equipment].sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || a.life_cycle_cost - b.life_cycle_cost);
    const search = part<HTMLInputElement>("equipment-search");
    search.addEventListener("input", () => this.#show(search.value));
    setText(part("equipment-unit"), say("planner-equipment-unit", { currency: setup.currency, years: setup.years }));
    this.#show("");
  }

  get chosen(): string | null {
    return this.#chosen;
  }

  choose(item: string | null): void {
    this.#chosen = item;
    for (const row of part("equipment").querySelectorAll("button"))
      row.setAttribute("aria-pressed", String(row.dataset["item"] === item));
    const hint = part("place-hint");
    hint.hidden = item === null;
    if (item !== null) setText(hint, say("planner-place-hint", { item: itemName(item) }));
    part("maps").dataset["placing"] = String(item !== null);
    this.#events.choose(item);
  }

  #show(asked: string): void {
    const words = asked.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const found = this.#items.filter((one) => words.every((word) => this.#searched(one).includes(word)));
    keyed(part("equipment"), found, ({ item }) => item, (one) => this.#row(one), () => undefined);
    part("equipment-none").hidden = found.length > 0;
  }

  #searched({ item, kind, title }: Equipment): string {
    return [itemName(item), say("planner-kind", { kind }), title].join(" ").toLowerCase();
  }

  #row(one: Equipment): HTMLLIElement {
    const { item, kind, max_range_m: range, life_cycle_cost } = one;
    const press = (event: Event): void => {
      if ((event as MouseEvent).detail === 0) this.#events.place(item);
      else this.choose(this.#chosen === item ? null : item);
    };
    const grip = el("span", { class: "grip", data: { testid: "equipment-grip" }, aria: { hidden: "true" } }, el("i", { class: "pin-sample", data: { kind } }));
    const button = el(
      "button",
      { type: "button", class: "item", data: { item, testid: "equipment-item" }, aria: { pressed: "false" }, on: { click: press } },
      grip,
      el("span", { class: "item-name" }, itemName(item)),
      el("span", { class: "item-price" }, priceOf(one)),
      el("span", { class: "item-what" }, say("planner-sensor", { relay: kind === "relay", item: say("planner-kind", { kind }), range })),
      el("span", { class: "item-cycle" }, say("planner-cell-amount", { value: Math.round(life_cycle_cost) })),
    );
    carriable(button, grip, item, this.#events.carry);
    return el("li", {}, button);
  }
}

/** The purchase price. A leased item has none, nor has what is not equipment, such as the naked eye. */
export function priceOf({ first_cost, opex_per_year }: Equipment): string {
  if (first_cost > 0) return say("planner-cell-amount", { value: first_cost });
  return say("planner-no-price", { leased: opex_per_year > 0 });
}
