// The answers as pictures beside the map: cost against coverage, the worst segments, and gain and loss.

import { failure, isPassing } from "../../net/api.ts";
import { part, setData, setText } from "../../ui/dom.ts";
import { say } from "../../words/say.ts";
import { SIDE_NAMES, type SideName } from "../figures.ts";
import { Latest } from "../latest.ts";
import type { FoundLayout } from "../planned_layout.ts";
import { coverage, difference, type Case, type Covered, type EditedLayout, type PlanLayout, type Setup } from "../server.ts";
import { unedited, type Side } from "../side.ts";
import { changeOf, drawChange } from "./change_chart.ts";
import type { FrontPoint } from "./front.ts";
import { drawFront } from "./front_chart.ts";
import { WorstList } from "./worst_list.ts";

export interface ResultsContext {
  readonly setup: Setup;
  readonly sides: readonly [Side, Side];
  readonly unedited: Map<string, Covered>;
  of(): Case;
  palette(): string;
  tell(problem: string): void;
  /** A layout is picked on the picture. */
  show(layout: PlanLayout): void;
}

/** What gain and loss are of: the right layout against the left, or one as edited against itself as it was. */
type ChangeOf = "sides" | SideName;

const CARDS = ["front", "worst", "change"] as const;

export class Results {
  readonly #context: ResultsContext;
  readonly #worst: WorstList;
  readonly #change = new Latest(() => this.#askChange());
  #planned: readonly FoundLayout[] = [];
  #ranked: SideName = "b";
  #chosen: number | null = null;
  #filling = false;
  /** Whether the page states why there is no gain and loss. */
  #failed = false;

  constructor(context: ResultsContext) {
    this.#context = context;
    this.#worst = new WorstList(context.setup.segments, {
      look: (segment) => this.#highlight(segment ?? this.#chosen),
      choose: (segment) => this.#choose(segment),
    });
    for (const id of ["front-measure", "change-of"]) part(id).addEventListener("change", () => this.draw());
    part("change-of").addEventListener("change", () => void this.#change.soon());
    part("change-on").addEventListener("change", () => void this.#change.soon());
    for (const name of SIDE_NAMES) part(`rank-${name}`).addEventListener("click", () => this.#rank(name));
    for (const card of CARDS) part(`show-${card}`).addEventListener("click", () => this.#openCard(card));
    this.#openCard("front");
    const resized = new ResizeObserver(() => this.draw());
    for (const id of ["front-chart", "change-chart"]) resized.observe(part(id));
  }

  /** Layouts that a plan found: points of the front. */
  planned(found: readonly FoundLayout[]): void {
    this.#planned = [...this.#planned, ...found];
    this.draw();
  }

  /** Another target or other conditions, or another palette. */
  changed(): void {
    if (this.#isOn) void this.#change.soon();
  }

  /** The figures of a side have arrived. */
  covered(): void {
    this.draw();
    if (this.#isOn) void this.#change.soon();
    void this.#fillIn();
  }

  draw(): void {
    this.#drawFront();
    const [ranked, other] = this.#ranked === "a" ? this.#context.sides : this.#flipped;
    this.#worst.show(this.#ranked, ranked.found?.segments ?? [], other.found?.segments ?? []);
    for (const name of SIDE_NAMES) part(`rank-${name}`).setAttribute("aria-pressed", String(name === this.#ranked));
    const [before, after] = this.#compared();
    drawChange(drawing("change-chart"), changeOf(before?.segments ?? [], after?.segments ?? []), this.#context.setup.segments);
  }

  get #flipped(): readonly [Side, Side] {
    const [a, b] = this.#context.sides;
    return [b, a];
  }

  get #isOn(): boolean {
    return part<HTMLInputElement>("change-on").checked;
  }

  get #changeOf(): ChangeOf {
    return part<HTMLSelectElement>("change-of").value as ChangeOf;
  }

  #rank(name: SideName): void {
    this.#ranked = name;
    this.draw();
  }

  /** One card is shown where the page is too small for all. */
  #openCard(card: (typeof CARDS)[number]): void {
    part("results").dataset["card"] = card;
    for (const name of CARDS) part(`show-${name}`).setAttribute("aria-pressed", String(name === card));
    this.draw();
  }

  #highlight(segment: number | null): void {
    for (const { layoutMap } of this.#context.sides) layoutMap.highlight(segment);
  }

  #choose(segment: number | null): void {
    this.#chosen = segment;
    this.#highlight(segment);
    if (segment !== null) this.#context.sides[0].layoutMap.centre(segment);
  }

  #compared(): readonly [Covered | null, Covered | null] {
    const [a, b] = this.#context.sides;
    if (this.#changeOf === "sides") return [a.found, b.found];
    const side = this.#changeOf === "a" ? a : b;
    return [side.before, side.found];
  }

  #drawFront(): void {
    const { setup, sides } = this.#context;
    const of = this.#context.of();
    const measure = part<HTMLSelectElement>("front-measure").value === "worst" ? "worst" : "mean";
    const names = setup.layouts.map(({ short, title }) => short ?? title);
    const point = (key: string, label: string, role: FrontPoint["role"], found: Covered | null): FrontPoint | null => {
      const value = measure === "worst" ? (found?.figures.worst_segment ?? null) : (found?.figures.mean_probability ?? null);
      if (found === null || value === null || found.cost.unpriced.length > 0) return null;
      return { key, label, named: names.includes(label), role, cost: found.cost.life_cycle_cost, value };
    };
    const now = sides.map((side) => point(side.name, nameOf(side), side.name, side.found));
    const asSaved = sides.filter(({ edits }) => edits === 0).map(({ layout }) => layout.name);
    const saved = setup.layouts
      .filter(({ name }) => !asSaved.includes(name))
      .map(({ name, short, title }) => point(name, short ?? title, "saved", this.#context.unedited.get(unedited(name, of)) ?? null));
    const found = this.#planned.flatMap(({ layout, cost, mean, worst, of: { target, conditions } }) => {
      const value = measure === "worst" ? worst : mean;
      if (value === null || target !== of.target || conditions !== of.conditions || asSaved.includes(layout.name)) return [];
      return [{ key: layout.name, label: layout.short ?? layout.title, role: "planned" as const, cost, value }];
    });
    const changes = sides.flatMap((side, n) => {
      const [from, to] = [point(side.layout.name, side.title, "saved", side.before), now[n] ?? null];
      return side.edits === 0 || from === null || to === null ? [] : [[from, to] as const];
    });
    const known = [...sides.map((side) => side.found), ...setup.layouts.map(({ name }) => this.#context.unedited.get(unedited(name, of)) ?? null)];
    const without = new Set(known.filter((one) => one !== null && one.cost.unpriced.length > 0)).size;
    const points = [...now, ...saved].filter((one) => one !== null);
    drawFront(drawing("front-chart"), { points: [...points, ...found], changes, measure, currency: setup.currency, without }, (key) => this.#pick(key));
  }

  #pick(key: string): void {
    const layouts = [...this.#context.setup.layouts, ...this.#planned.map(({ layout }) => layout)];
    const layout = layouts.find(({ name }) => name === key);
    if (layout !== undefined) this.#context.show(layout);
  }

  /** Layouts of the sector that are on neither side are computed when nothing else is asked: one after the other. */
  async #fillIn(): Promise<void> {
    const { setup, sides, unedited: known } = this.#context;
    if (this.#filling || sides.some(({ found }) => found === null)) return;
    this.#filling = true;
    try {
      for (const { name } of setup.layouts) {
        const of = this.#context.of();
        if (known.has(unedited(name, of))) continue;
        known.set(unedited(name, of), await coverage(name, {}, of, this.#context.palette()));
        this.draw();
      }
    } catch {
      // the planner is busy or gone: the next figures of a side begin this again, and state what is wrong
    } finally {
      this.#filling = false;
    }
  }

  async #askChange(): Promise<void> {
    const { sides } = this.#context;
    const [a, b] = sides;
    const on = this.#isOn;
    const box = part("change");
    this.#showLegend(on);
    if (!on) {
      setData(box, "state", "off");
      for (const { layoutMap } of sides) layoutMap.change(null);
      setText(part("change-says"), "");
      return;
    }
    setData(box, "state", "asking");
    const side = this.#changeOf === "a" ? a : b;
    const before: EditedLayout = this.#changeOf === "sides" ? a.order : { layout: side.layout.name, edits: {} };
    const after: EditedLayout = this.#changeOf === "sides" ? b.order : side.order;
    try {
      const found = await difference(before, after, this.#context.of(), this.#context.palette());
      this.#change.answered();
      if (this.#failed) this.#context.tell("");
      this.#failed = false;
      if (this.#change.isOld) return;
      for (const { layoutMap } of sides) layoutMap.change(found.picture);
      setText(part("change-says"), say("planner-change-says", { gained: found.gained_km2, lost: found.lost_km2 }));
      setData(box, "gained", String(found.gained_km2));
      setData(box, "lost", String(found.lost_km2));
      setData(box, "state", "shown");
    } catch (error) {
      if (this.#change.isOld) return;
      setData(box, "state", "failed");
      this.#failed = true;
      this.#context.tell(say(failure(error)));
      if (isPassing(error)) void this.#change.later(() => box.dataset["state"] === "failed");
    }
  }

  #showLegend(change: boolean): void {
    part("legend").hidden = change;
    part("change-legend").hidden = !change;
    part("legend-title").hidden = change;
    part("change-legend-title").hidden = !change;
    setText(part("change-legend-title"), say("planner-change-legend-title", { of: this.#changeOf }));
  }
}

/** A side on the picture: the name of its layout, or that it is edited. */
function nameOf({ name, layout, edits }: Side): string {
  return edits === 0 ? (layout.short ?? layout.title) : say("planner-front-side", { side: name });
}

function drawing(id: string): SVGSVGElement {
  return part<HTMLElement>(id) as unknown as SVGSVGElement;
}
