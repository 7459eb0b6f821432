// The planner's page: two layouts side by side, edited on the map, and background jobs.

import "../words/language.ts";
import { failure } from "../net/api.ts";
import { showPerson } from "../panels/person.ts";
import { el, part, setData, setText } from "../ui/dom.ts";
import { Settings } from "../ui/settings.ts";
import { usePalette } from "../ui/theme.ts";
import { formats, say } from "../words/say.ts";
import { LayoutMap } from "./layout_map.ts";
import { edited, withEdit } from "./edits.ts";
import { JobList } from "./jobs.ts";
import { destination } from "./places.ts";
import { fileName, itemName } from "./planned_layout.ts";
import { coverage, saved, setup, type Edit, type Edits, type LegendRow, type PlanLayout, type Setup } from "./server.ts";

type SideName = "a" | "b";

const STEP_M = 50;
const AZIMUTHS = { n: 0, e: 90, s: 180, w: 270 } as const;

const jobs = new JobList({ say: tell, planned, show: (layout, side) => sides[side]?.take(layout) });
const page = document.documentElement;

function tell(problem: string): void {
  const box = part("problem");
  box.hidden = problem === "";
  setText(box, problem);
}

/** One layout, its edits, and its map. Only the newest question counts: answers to older ones are dropped. */
class Side {
  readonly name: SideName;
  readonly layoutMap: LayoutMap;
  readonly #setup: Setup;
  #layout: PlanLayout;
  #edits: Edits = {};
  #asked = 0;
  selected: string | null = null;

  constructor(name: SideName, layoutMap: LayoutMap, from: Setup, layout: PlanLayout) {
    this.name = name;
    this.layoutMap = layoutMap;
    this.#setup = from;
    this.#layout = layout;
  }

  get sensors() {
    return edited(this.#layout, this.#edits);
  }

  get order() {
    return { layout: this.#layout.name, edits: this.#edits };
  }

  /** The name of the layout, and whether it is edited. */
  get title(): string {
    return this.edits > 0 ? say("planner-edited", { layout: this.#layout.title }) : this.#layout.title;
  }

  get edits(): number {
    return Object.keys(this.#edits).length;
  }

  pick(name: string): void {
    this.take([...this.#setup.layouts, ...plans].find((one) => one.name === name) ?? this.#layout);
  }

  /** Show a layout here, whatever was here before. */
  take(layout: PlanLayout): void {
    this.#layout = layout;
    this.#edits = {};
    this.selected = null;
    part<HTMLSelectElement>(`pick-${this.name}`).value = layout.name;
    this.changed();
  }

  /** The layout as edited, as a file that the browser keeps. */
  async save(): Promise<void> {
    try {
      const file = new Blob([await saved(this.#layout.name, this.#edits)], { type: "application/geo+json" });
      const link = el("a");
      link.href = URL.createObjectURL(file);
      link.download = fileName(this.title);
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      tell(say(failure(error)));
    }
  }

  edit(sensor: string, edit: Edit | null): void {
    this.#edits = withEdit(this.#edits, sensor, edit);
    if (edit === null) this.selected = null;
    this.changed();
  }

  undo(): void {
    this.#edits = {};
    this.selected = null;
    this.changed();
  }

  changed(): void {
    this.show();
    void this.#ask();
  }

  show(): void {
    this.layoutMap.show(this.sensors, this.selected);
    const name = part(`name-${this.name}`);
    name.translate = this.edits > 0;
    setText(name, this.title);
    part<HTMLButtonElement>(`undo-${this.name}`).disabled = this.edits === 0;
    showSensor();
  }

  async #ask(): Promise<void> {
    const asked = (this.#asked += 1);
    const box = part(`figures-${this.name}`);
    setData(box, "state", "asking");
    const began = performance.now();
    try {
      const found = await coverage(this.#layout.name, this.#edits);
      if (asked !== this.#asked) return;
      const { mean_probability, worst_segment, worst_segment_number, sensors, relays } = found.figures;
      const parts = [say("planner-figures-sensors", { sensors })];
      if (relays > 0) parts.push(say("planner-figures-relays", { relays }));
      const lines = [
        formats().names(parts),
        say("planner-figures-mean", { mean: mean_probability }),
        say("planner-figures-worst", { segment: String(worst_segment_number), worst: worst_segment }),
      ];
      if (found.unlinked.length > 0) lines.push(say("planner-figures-unlinked", { count: found.unlinked.length }));
      setText(box, lines.join("\n"));
      setData(box, "mean", String(mean_probability));
      this.layoutMap.unheard(found.unlinked);
      await this.layoutMap.picture(found.picture);
      if (asked !== this.#asked) return;
      setData(box, "ms", String(Math.round(performance.now() - began)));
      setData(box, "state", "shown");
      tell(Object.values(found.problems).join(" "));
    } catch (error) {
      if (asked !== this.#asked) return;
      setData(box, "state", "failed");
      tell(say(failure(error)));
    }
  }
}

const sides: Partial<Record<SideName, Side>> = {};
const plans: PlanLayout[] = [];
let active: Side | null = null;

/** A plan's layout can be picked on both sides, and is shown on the right unless there are edits. */
function planned(layout: PlanLayout): void {
  plans.push(layout);
  for (const name of ["a", "b"] as const) part(`pick-${name}`).append(choice(layout));
  if (sides.b?.edits === 0) sides.b.take(layout);
}

function choice({ name, short, title }: PlanLayout): HTMLOptionElement {
  const option = el("option", {}, short ?? title);
  option.value = name;
  return option;
}

function select(side: Side, sensor: string): void {
  for (const one of Object.values(sides)) if (one !== side && one.selected !== null) {
    one.selected = null;
    one.show();
  }
  active = side;
  side.selected = sensor;
  side.show();
}

function showSensor(): void {
  const sensor = active?.sensors.find((one) => one.id === active?.selected);
  part("sensor").hidden = sensor === undefined;
  if (sensor === undefined) return;
  setText(part("sensor-name"), sensor.id);
  const item = sensor.item === null ? say("planner-kind", { kind: sensor.kind }) : itemName(sensor.item);
  setText(part("sensor-what"), say("planner-sensor", { relay: sensor.kind === "relay", item, range: sensor.max_range_m }));
  part("turn-label").hidden = sensor.field_of_view_deg >= 360;
  part<HTMLInputElement>("turn").value = String(Math.round(((sensor.azimuth_deg + 540) % 360) - 180));
  setText(part("turn-says"), formats().bearing(sensor.azimuth_deg));
}

function swipe(share: number): void {
  part("map-b").style.clipPath = `inset(0 0 0 ${share}%)`;
  part("edge").style.left = `${share}%`;
}

/** Both maps show the same area. */
function together(first: LayoutMap, second: LayoutMap): void {
  let leading = false;
  const follow = (from: LayoutMap, to: LayoutMap) => () => {
    if (leading) return;
    leading = true;
    to.map.jumpTo({ center: from.map.getCenter(), zoom: from.map.getZoom() });
    leading = false;
  };
  first.map.on("move", follow(first, second));
  second.map.on("move", follow(second, first));
}

function listen(a: Side, b: Side): void {
  for (const side of [a, b]) {
    const pick = part<HTMLSelectElement>(`pick-${side.name}`);
    pick.addEventListener("change", () => side.pick(pick.value));
    part(`undo-${side.name}`).addEventListener("click", () => side.undo());
    part(`save-${side.name}`).addEventListener("click", () => void side.save());
  }
  const range = part<HTMLInputElement>("swipe");
  range.addEventListener("input", () => swipe(Number(range.value)));
  const turn = part<HTMLInputElement>("turn");
  turn.addEventListener("change", () => {
    if (active?.selected != null) active.edit(active.selected, { azimuth_deg: Number(turn.value) });
  });
  part("remove").addEventListener("click", () => {
    if (active?.selected != null) active.edit(active.selected, null);
  });
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-move]"))
    button.addEventListener("click", () => {
      const sensor = active?.sensors.find((one) => one.id === active?.selected);
      if (active === null || sensor === undefined) return;
      const [lon, lat] = destination(sensor, AZIMUTHS[button.dataset["move"] as keyof typeof AZIMUTHS], STEP_M);
      active.edit(sensor.id, { lon, lat });
    });
  part("compare").addEventListener("click", () => void jobs.start({ kind: "compare", layouts: [a.order, b.order] }));
  part<HTMLFormElement>("plan-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const budget = Number(part<HTMLInputElement>("budget").value);
    const objective = part<HTMLSelectElement>("objective").value;
    const start = part<HTMLInputElement>("from-left").checked ? a.order : null;
    void jobs.start({ kind: "plan", budget, objective, start });
  });
}

function legendText({ label, pattern, low, high }: LegendRow): string {
  if (pattern === "hatch") return say("planner-legend-unknown");
  if (low === undefined || high === undefined) return label;
  return say("planner-legend-probability", { low: Number(low), high: Number(high) });
}

async function open(): Promise<void> {
  usePalette();
  new Settings();
  const known = await setup();
  const sector = known.title === "" ? known.sector : known.title;
  setText(part("sector"), sector);
  document.title = say("planner-title", { sector });
  setText(part("budget-label"), say("planner-budget", { currency: known.currency }));
  for (const name of ["a", "b"] as const)
    part(`pick-${name}`).append(...known.layouts.map(choice));
  part("legend").append(
    ...known.legend.map((row) => {
      const patch = el("i");
      patch.style.background = row.colour;
      return el("li", {}, patch, el("span", {}, legendText(row)));
    }),
  );
  const style = getComputedStyle(page);
  const [ground, ink] = [style.getPropertyValue("--map-ground").trim(), style.getPropertyValue("--map-ink").trim()];
  const opened = async (name: SideName, layout: PlanLayout): Promise<Side> => {
    const title = say("planner-map", { side: name });
    const layoutMap = await LayoutMap.open(part(`map-${name}`), title, known, ground, ink, {
      select: (sensor) => select(side, sensor),
      move: (sensor, lon, lat) => side.edit(sensor, { lon, lat }),
      turn: (sensor, azimuthDeg) => side.edit(sensor, { azimuth_deg: azimuthDeg }),
    });
    const side: Side = new Side(name, layoutMap, known, layout);
    sides[name] = side;
    return side;
  };
  const [first, second] = [known.layouts[0], known.layouts[1] ?? known.layouts[0]];
  if (first === undefined || second === undefined) throw new Error(say("planner-no-layout"));
  const [a, b] = await Promise.all([opened("a", first), opened("b", second)]);
  part<HTMLSelectElement>("pick-a").value = first.name;
  part<HTMLSelectElement>("pick-b").value = second.name;
  together(a.layoutMap, b.layoutMap);
  const [[west, north], , [east, south]] = known.corners;
  a.layoutMap.map.fitBounds([west, south, east, north], { padding: 10, animate: false });
  swipe(50);
  listen(a, b);
  a.changed();
  b.changed();
  setData(page, "state", "ready");
}

open().catch((error: unknown) => {
  setData(page, "state", "failed");
  for (const name of ["a", "b"]) setText(part(`figures-${name}`), "–");
  tell(say(failure(error)));
});
showPerson().catch((error: unknown) => console.error(error));
