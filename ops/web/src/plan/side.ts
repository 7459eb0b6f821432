// One layout, its edits, and its map.

import { failure, isPassing } from "../net/api.ts";
import { el, part, setData, setText } from "../ui/dom.ts";
import { say } from "../words/say.ts";
import { copyOf, edited, freeName, withEdit } from "./edits.ts";
import { showFigures, type SideName } from "./figures.ts";
import { History } from "./history.ts";
import { Latest } from "./latest.ts";
import type { LayoutMap } from "./layout_map.ts";
import { bearingToLine, isWithin } from "./places.ts";
import { keyOf } from "./pins.ts";
import { fileName } from "./planned_layout.ts";
import { coverage, saved, viewshed, type Case, type Covered, type Edit, type EditedLayout, type Edits, type PlanLayout, type PlanSensor, type Setup } from "./server.ts";

export interface SideContext {
  readonly setup: Setup;
  /** What is asked for: target and conditions. */
  readonly of: () => Case;
  readonly palette: () => string;
  tell(problem: string): void;
  /** Answers for layouts without edits, by `unedited`, to state what edits change. */
  readonly unedited: Map<string, Covered>;
  /** Something on this side is other than before. */
  shown(side: Side): void;
  /** The figures of this side have arrived. */
  covered(side: Side): void;
}

/** The key of a layout without edits, for a target and conditions. */
export function unedited(layout: string, { target, conditions }: Case): string {
  return `${layout} ${target} ${conditions}`;
}

interface Step {
  readonly layout: PlanLayout;
  readonly edits: Edits;
}

export class Side {
  readonly name: SideName;
  readonly layoutMap: LayoutMap;
  readonly #context: SideContext;
  readonly #history: History<Step>;
  readonly #coverage = new Latest(() => this.#ask());
  readonly #viewshed = new Latest(() => this.#look());
  #found: Covered | null = null;
  #hand: { readonly key: string; readonly edit: Edit } | null = null;
  selected: string | null = null;

  constructor(name: SideName, layoutMap: LayoutMap, layout: PlanLayout, context: SideContext) {
    this.name = name;
    this.layoutMap = layoutMap;
    this.#context = context;
    this.#history = new History<Step>({ layout, edits: {} });
  }

  get #now(): Step {
    return this.#history.now;
  }

  get sensors(): PlanSensor[] {
    return this.#with(this.#now.edits);
  }

  get sensor(): PlanSensor | undefined {
    return this.sensors.find((one) => keyOf(one) === this.selected);
  }

  get order(): EditedLayout {
    return { layout: this.#now.layout.name, edits: this.#now.edits };
  }

  get layout(): PlanLayout {
    return this.#now.layout;
  }

  /** The latest figures; null until they have arrived. */
  get found(): Covered | null {
    return this.#found;
  }

  /** The figures of the layout without edits; null as long as they are unknown. */
  get before(): Covered | null {
    return this.#context.unedited.get(unedited(this.#now.layout.name, this.#context.of())) ?? null;
  }

  /** The name of the layout, and whether it is edited. */
  get title(): string {
    const { title } = this.#now.layout;
    return this.edits > 0 ? say("planner-edited", { layout: title }) : title;
  }

  get edits(): number {
    return Object.keys(this.#now.edits).length;
  }

  /** Show a layout here, whatever was here before. */
  take(layout: PlanLayout, edits: Edits = {}): void {
    this.selected = null;
    this.#step({ layout, edits });
  }

  edit(key: string, edit: Edit | null): void {
    if (edit === null) this.selected = null;
    this.#step({ ...this.#now, edits: withEdit(this.#now.edits, key, edit) });
  }

  /** Place an item of the catalogue; what looks one way looks at the border. */
  add(item: string, lon: number, lat: number): void {
    this.#insert(stemOf(item), this.#placed(item, lon, lat));
  }

  /** An item of the catalogue is carried over the map: what it would see follows it. */
  carry(item: string, lon: number, lat: number): void {
    this.hold(this.#freeName(stemOf(item)), this.#placed(item, lon, lat));
  }

  /** What was in hand is put back where it came from. */
  letGo(): void {
    this.#hand = null;
    this.layoutMap.inHand(null);
    this.show();
  }

  #placed(item: string, lon: number, lat: number): Edit {
    const wide = this.#context.setup.equipment.find((one) => one.item === item)?.field_of_view_deg ?? 360;
    const azimuth = wide < 360 ? { azimuth_deg: bearingToLine({ lon, lat }, this.#context.setup.border) } : {};
    return { item, lon, lat, ...azimuth };
  }

  duplicate(key: string): void {
    const sensor = this.sensors.find((one) => keyOf(one) === key);
    if (sensor !== undefined) this.#insert(sensor.id, copyOf(sensor, this.#now.edits));
  }

  #insert(stem: string, edit: Edit): void {
    const key = this.#freeName(stem);
    this.selected = key;
    this.edit(key, edit);
  }

  #freeName(stem: string): string {
    return freeName(stem, [...this.#now.layout.sensors, ...this.sensors], this.#now.edits);
  }

  undo(): void {
    if (this.#history.undo()) this.#moved();
  }

  redo(): void {
    if (this.#history.redo()) this.#moved();
  }

  discard(): void {
    this.#step({ ...this.#now, edits: {} });
  }

  #step(next: Step): void {
    this.#history.push(next);
    this.#moved();
  }

  #moved(): void {
    this.#hand = null;
    if (this.sensor === undefined) this.selected = null;
    this.changed();
  }

  changed(): void {
    this.show();
    setData(part(`figures-${this.name}`), "state", "asking");
    void this.#coverage.soon();
  }

  show(): void {
    const { layout, edits } = this.#now;
    this.layoutMap.show(this.sensors, this.selected);
    const name = part(`name-${this.name}`);
    name.translate = this.edits > 0;
    setText(name, this.title);
    part<HTMLSelectElement>(`pick-${this.name}`).value = layout.name;
    const can = { undo: this.#history.canUndo, redo: this.#history.canRedo, discard: Object.keys(edits).length > 0 };
    for (const [action, possible] of Object.entries(can))
      part<HTMLButtonElement>(`${action}-${this.name}`).disabled = !possible;
    this.#context.shown(this);
  }

  /** The layout as edited, as a file that the browser keeps. */
  async save(): Promise<void> {
    try {
      const { layout, edits } = this.#now;
      const file = new Blob([await saved(layout.name, edits)], { type: "application/geo+json" });
      const link = el("a");
      link.href = URL.createObjectURL(file);
      link.download = fileName(this.title);
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      this.#context.tell(say(failure(error)));
    }
  }

  /** A sensor is in hand: its outline and what it would see follow it. */
  hold(key: string, edit: Edit): void {
    this.#hand = { key, edit };
    this.layoutMap.outlines(this.#with(withEdit(this.#now.edits, key, edit)), key);
    void this.#viewshed.soon();
  }

  #with(edits: Edits): PlanSensor[] {
    return edited(this.#now.layout, edits, this.#context.setup.equipment);
  }

  async #look(): Promise<void> {
    const hand = this.#hand;
    if (hand === null) return;
    const edits = withEdit(this.#now.edits, hand.key, hand.edit);
    const sensor = this.#with(edits).find((one) => keyOf(one) === hand.key);
    if (sensor === undefined || sensor.kind === "relay") return;
    if (!isWithin(sensor, this.#context.setup.corners)) return this.layoutMap.inHand(null);
    const began = performance.now();
    try {
      const seen = await viewshed(this.#now.layout.name, edits, sensor.id, this.#context.of().target);
      if (this.#hand === null) return;
      this.layoutMap.inHand(seen);
      setData(part(`map-${this.name}`), "viewshedMs", String(Math.round(performance.now() - began)));
    } catch {
      this.layoutMap.inHand(null); // off the map, or on a void: the coverage states the problem once it is put down
    }
  }

  async #ask(): Promise<void> {
    const { layout, edits } = this.#now;
    const of = this.#context.of();
    const box = part(`figures-${this.name}`);
    const asked = unedited(layout.name, of);
    const known = this.#context.unedited;
    const began = performance.now();
    try {
      const found = await coverage(layout.name, edits, of, this.#context.palette());
      this.#coverage.answered();
      if (this.#coverage.isOld) return;
      this.#found = found;
      if (this.edits === 0) known.set(asked, found);
      showFigures(this.name, found, known.get(asked) ?? null);
      this.#context.covered(this);
      setData(box, "mean", String(found.figures.mean_probability));
      this.layoutMap.pins.unheard(found.unlinked);
      await this.layoutMap.coverage(found.picture);
      if (this.#coverage.isOld) return;
      if (this.#hand === null) this.layoutMap.inHand(null);
      setData(box, "ms", String(Math.round(performance.now() - began)));
      setData(box, "state", "shown");
      this.#context.tell(Object.values(found.problems).join(" "));
      if (known.has(asked)) return;
      known.set(asked, await coverage(layout.name, {}, of, this.#context.palette()));
      if (this.#coverage.isOld) return;
      showFigures(this.name, found, known.get(asked) ?? null);
      this.#context.covered(this);
    } catch (error) {
      if (this.#coverage.isOld) return;
      setData(box, "state", "failed");
      this.#context.tell(say(failure(error)));
      if (isPassing(error)) void this.#coverage.later(() => box.dataset["state"] === "failed");
    }
  }
}

/** What the name of an added item begins with. */
function stemOf(item: string): string {
  return item.replaceAll("_", "-");
}
