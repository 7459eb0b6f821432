// The planner's page: two layouts side by side, edited on the map, and background jobs.

import "../words/language.ts";
import { failure, isPassing } from "../net/api.ts";
import { GrowingPause } from "../net/growing_pause.ts";
import { readColours } from "../map/palette.ts";
import { webGlWorks } from "../map/plain_map.ts";
import { showPerson } from "../panels/person.ts";
import { el, part, setData, setText } from "../ui/dom.ts";
import { remember, remembered } from "../ui/preferences.ts";
import { Settings } from "../ui/settings.ts";
import { Theme } from "../ui/theme.ts";
import { formats, say, words } from "../words/say.ts";
import { EquipmentList } from "./equipment_list.ts";
import { nameRows, SIDE_NAMES, type SideName } from "./figures.ts";
import { awaitGround } from "./ground.ts";
import { JobList, type JobEvents } from "./jobs.ts";
import { KeptPlan, type Kept } from "./kept.ts";
import { LayoutMap } from "./layout_map.ts";
import { changeRow, coverageRow } from "./results/legend.ts";
import type { FoundLayout } from "./planned_layout.ts";
import { Problems } from "./problems.ts";
import { Results } from "./results/results.ts";
import { SensorCard } from "./sensor_card.ts";
import { setup, type Case, type Covered, type PlanLayout, type Setup } from "./server.ts";
import { Side, type SideContext } from "./side.ts";
import { listenToTabs, openTab } from "./tabs.ts";

/** The choice of the live map's layer of this name. */
const GRID = "layer.grid";
/** The legend would cover the map here. */
const SMALL = "(width <= 760px) or (height <= 640px)";

const page = document.documentElement;
const theme = new Theme();

const problems = new Problems(part("problem"));

function shownCase(): Case {
  return { target: part<HTMLSelectElement>("target").value, conditions: part<HTMLSelectElement>("conditions").value };
}

/** Both sides, the one on which a person works, and what is selected there. */
class Planner {
  readonly a: Side;
  readonly b: Side;
  readonly #setup: Setup;
  readonly #card: SensorCard;
  readonly #equipment: EquipmentList;
  readonly #results: Results;
  readonly #plans: PlanLayout[] = [];
  #active: Side;

  private constructor(setup: Setup, a: Side, b: Side, unedited: Map<string, Covered>) {
    [this.#setup, this.a, this.b, this.#active] = [setup, a, b, a];
    this.#card = new SensorCard(setup, () => this.#active);
    this.#results = new Results({
      setup,
      sides: [a, b],
      unedited,
      of: shownCase,
      palette: () => theme.palette,
      tell: problems.about("change"),
      show: (layout) => this.act(b, () => b.take(layout)),
    });
    this.#equipment = new EquipmentList(setup, {
      choose: () => undefined,
      place: (item) => this.#placeInView(item),
      carry: {
        over: (item, x, y) => this.#carry(item, x, y),
        drop: (item, x, y) => this.#drop(item, x, y),
        cancel: () => this.#letGo(),
      },
    });
  }

  /** `shown`: a side is other than before. */
  static async open(known: Setup, shown: (side: Side) => void): Promise<Planner> {
    const [first, second] = [known.layouts[0], known.layouts[1] ?? known.layouts[0]];
    if (first === undefined || second === undefined) throw new Error(say("planner-no-layout"));
    let planner: Planner | null = null;
    const unedited = new Map<string, Covered>();
    const context: Omit<SideContext, "tell"> = {
      setup: known,
      of: shownCase,
      palette: () => theme.palette,
      unedited,
      shown: (side) => {
        planner?.showCard();
        shown(side);
      },
      covered: () => planner?.covered(),
    };
    const opened = async (name: SideName, layout: PlanLayout): Promise<Side> => {
      const map = await LayoutMap.open(part(`map-${name}`), say("planner-map", { side: name }), known, readColours(page), {
        select: (sensor) => planner?.select(side, sensor),
        drag: (sensor, edit) => side.hold(sensor, edit),
        move: (sensor, lon, lat) => planner?.act(side, () => side.edit(sensor, { lon, lat })),
        turn: (sensor, azimuthDeg) => planner?.act(side, () => side.edit(sensor, { azimuth_deg: azimuthDeg })),
        duplicate: (sensor) => planner?.act(side, () => side.duplicate(sensor)),
        remove: (sensor) => planner?.act(side, () => side.edit(sensor, null)),
        click: (lon, lat) => planner?.click(side, lon, lat),
      });
      const side: Side = new Side(name, map, layout, { ...context, tell: problems.about(name) });
      return side;
    };
    const [a, b] = await Promise.all([opened("a", first), opened("b", second)]);
    planner = new Planner(known, a, b, unedited);
    together(a.layoutMap, b.layoutMap);
    planner.#listen();
    return planner;
  }

  get #sides(): readonly [Side, Side] {
    return [this.a, this.b];
  }

  get #layouts(): readonly PlanLayout[] {
    return [...this.#setup.layouts, ...this.#plans];
  }

  /** Begin, with the layouts and edits of both sides that were `kept`. */
  start(kept: Kept["sides"]): void {
    for (const side of this.#sides) {
      const { layout: name, edits } = kept[side.name] ?? side.order;
      const layout = this.#layouts.find((one) => one.name === name);
      if (layout === undefined) problems.about(`kept-${side.name}`)(say("planner-kept-gone", { side: side.name }));
      else if (layout !== side.layout || Object.keys(edits).length > 0) side.take(layout, edits);
    }
    this.a.layoutMap.home();
    swipe(50);
    for (const side of this.#sides) side.changed();
    void awaitGround().then(({ layers, sector }) => {
      setText(part("map-credit"), sector?.mapCredit ?? "");
      for (const { layoutMap } of this.#sides) layoutMap.ground(layers, sector);
      if (sector?.baseMap?.readable === false) problems.about("ground")(say("page-base-map-broken", { file: sector.baseMap.file }));
    });
  }

  showCard(): void {
    this.#card.show();
  }

  covered(): void {
    this.#results.covered();
  }

  /** Work on a side: what the other has selected is let go. */
  act(side: Side, work: () => void): void {
    const other = side === this.a ? this.b : this.a;
    this.#active = side;
    problems.about(`kept-${side.name}`)("");
    if (other.selected !== null) {
      other.selected = null;
      other.show();
    }
    work();
  }

  select(side: Side, sensor: string): void {
    this.act(side, () => {
      side.selected = sensor;
      side.show();
    });
    openTab("sensor");
  }

  click(side: Side, lon: number, lat: number): void {
    const item = this.#equipment.chosen;
    if (item !== null) this.#place(side, item, lon, lat);
  }

  #place(side: Side, item: string, lon: number, lat: number): void {
    this.act(side, () => side.add(item, lon, lat));
    this.#equipment.choose(null);
    openTab("sensor");
  }

  /** In the middle of the side on which a person works; the pin has the focus, so that keys move it. */
  #placeInView(item: string): void {
    const side = this.#active;
    const { width } = part("maps").getBoundingClientRect();
    const share = Number(part<HTMLInputElement>("swipe").value) / 100;
    const at = side === this.a ? share / 2 : (1 + share) / 2;
    const { lng, lat } = side.layoutMap.map.unproject([width * at, part("maps").clientHeight / 2]);
    this.#place(side, item, lng, lat);
    if (side.selected !== null) side.layoutMap.pins.focus(side.selected);
  }

  /** A plan's layout can be picked on both sides, and is shown on the right unless there are edits. */
  planned(layout: PlanLayout, found: readonly FoundLayout[], isNew: boolean): void {
    for (const one of [layout, ...found.map(({ layout: cheaper }) => cheaper).filter(({ name }) => name !== layout.name)]) {
      this.#plans.push(one);
      for (const name of SIDE_NAMES) part(`pick-${name}`).append(choice(one));
    }
    this.#results.planned(found);
    if (isNew && this.b.edits === 0) this.b.take(layout);
  }

  #listen(): void {
    for (const side of this.#sides) {
      const pick = part<HTMLSelectElement>(`pick-${side.name}`);
      pick.addEventListener("change", () => {
        const layout = this.#layouts.find(({ name }) => name === pick.value);
        if (layout !== undefined) this.act(side, () => side.take(layout));
      });
      const press = (action: string, work: () => void): void =>
        part(`${action}-${side.name}`).addEventListener("click", () => this.act(side, work));
      press("undo", () => side.undo());
      press("redo", () => side.redo());
      press("discard", () => side.discard());
      press("save", () => void side.save());
    }
    for (const id of ["target", "conditions"])
      part(id).addEventListener("change", () => {
        nameLegend();
        for (const side of this.#sides) side.changed();
        this.#results.changed();
      });
    theme.onChange(() => {
      for (const side of this.#sides) {
        side.layoutMap.recolour(readColours(page));
        side.changed();
      }
      this.#results.changed();
    });
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#listenToMaps();
  }

  #listenToMaps(): void {
    const { map } = this.a.layoutMap;
    part("zoom-in").addEventListener("click", () => map.zoomIn());
    part("zoom-out").addEventListener("click", () => map.zoomOut());
    part("zoom-home").addEventListener("click", () => this.a.layoutMap.home());
    const grid = part("grid");
    const switchGrid = (on: boolean): void => {
      grid.setAttribute("aria-pressed", String(on));
      for (const { layoutMap } of this.#sides) layoutMap.switchGrid(on);
    };
    switchGrid(remembered(GRID) !== "off");
    grid.addEventListener("click", () => {
      const on = grid.getAttribute("aria-pressed") !== "true";
      remember(GRID, on ? "on" : "off");
      switchGrid(on);
    });
    const range = part<HTMLInputElement>("swipe");
    range.addEventListener("input", () => swipe(Number(range.value)));
  }

  /** The side of the swipe at a point of the page, and the place on its map; null: beside the maps. */
  #under(x: number, y: number): { side: Side; lon: number; lat: number } | null {
    const { left, top, width, height } = part("maps").getBoundingClientRect();
    if (x < left || x > left + width || y < top || y > top + height) return null;
    const share = Number(part<HTMLInputElement>("swipe").value) / 100;
    const side = (x - left) / width < share ? this.a : this.b;
    const { lng, lat } = side.layoutMap.map.unproject([x - left, y - top]);
    return { side, lon: lng, lat };
  }

  #carry(item: string, x: number, y: number): void {
    const at = this.#under(x, y);
    for (const side of this.#sides) if (side !== at?.side) side.letGo();
    at?.side.carry(item, at.lon, at.lat);
  }

  #drop(item: string, x: number, y: number): void {
    const at = this.#under(x, y);
    this.#letGo();
    if (at !== null) this.#place(at.side, item, at.lon, at.lat);
  }

  #letGo(): void {
    for (const side of this.#sides) side.letGo();
  }

  /** Undo and redo, except where they are of a text; Escape ends placing. */
  #key(event: KeyboardEvent): void {
    if (event.key === "Escape" && this.#equipment.chosen !== null) return this.#equipment.choose(null);
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("input:not([type=range], [type=checkbox]), dialog") != null) return;
    const letter = event.key.toLowerCase();
    if (letter !== "z" && letter !== "y") return;
    event.preventDefault();
    const side = this.#active;
    if (letter === "z" && !event.shiftKey) side.undo();
    else side.redo();
  }
}

function choice({ name, short, title }: PlanLayout): HTMLOptionElement {
  const option = el("option", {}, short ?? title);
  option.value = name;
  return option;
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

function nameLegend(): void {
  const { target, conditions } = shownCase();
  setText(part("legend-title"), say("planner-legend-title", { target, conditions: conditions.replace(",", "-") }));
}

/** The classes of both pictures, in the colours of the palette. */
function showLegends(known: Setup): void {
  const { palette } = theme;
  part("legend").replaceChildren(...known.legend[palette].map(coverageRow));
  part("change-legend").replaceChildren(...known.change_legend[palette].map(changeRow));
}

function listenToJobs({ a, b }: Planner, planned: JobEvents["planned"], listed: JobEvents["listed"]): JobList {
  const report = { language: words().language, units: formats().units };
  const jobs = new JobList({ say: problems.about("jobs"), planned, listed, show: (layout, name) => (name === "a" ? a : b).take(layout) });
  part("compare").addEventListener("click", () => void jobs.start({ kind: "compare", layouts: [a.order, b.order], target: shownCase().target, ...report }));
  part<HTMLFormElement>("plan-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const budget = Number(part<HTMLInputElement>("budget").value);
    const objective = part<HTMLSelectElement>("objective").value;
    const start = part<HTMLInputElement>("from-left").checked ? a.order : null;
    const ownSide = part<HTMLInputElement>("own-side").checked;
    void jobs.start({ kind: "plan", budget, objective, start, own_side: ownSide, ...shownCase(), ...report });
  });
  return jobs;
}

/** Asked again while the planner's process starts or the server is busy; the page says why it waits. */
async function awaitSetup(): Promise<Setup> {
  const pause = new GrowingPause();
  for (;;) {
    try {
      const known = await setup();
      problems.about("setup")("");
      return known;
    } catch (error) {
      if (!isPassing(error)) throw error;
      stateFailure(error);
      await pause.next();
    }
  }
}

function stateFailure(error: unknown): void {
  setData(page, "state", "failed");
  problems.about("setup")(say(failure(error)));
}

async function open(): Promise<void> {
  new Settings();
  listenToTabs();
  part<HTMLDetailsElement>("legend-box").open = !matchMedia(SMALL).matches;
  if (!webGlWorks()) throw new Error(say("planner-no-webgl"));
  const known = await awaitSetup();
  const sector = known.title === "" ? known.sector : known.title;
  setText(part("sector"), sector);
  document.title = say("planner-title", { sector });
  setText(part("budget-label"), say("planner-budget", { currency: known.currency }));
  nameRows(known);
  nameLegend();
  for (const name of SIDE_NAMES) part(`pick-${name}`).append(...known.layouts.map(choice));
  showLegends(known);
  theme.onChange(() => showLegends(known));
  const plan = new KeptPlan(known.sector, (await person)?.account ?? "");
  const planner = await Planner.open(known, ({ name, order }) => plan.keepSide(name, order));
  const jobs = listenToJobs(planner, (...planned) => planner.planned(...planned), (listed) => plan.keepJobs(listed));
  const restored = jobs.restore(plan.now.jobs);
  const ofSector = new Set(known.layouts.map(({ name }) => name));
  if (Object.values(plan.now.sides).some(({ layout }) => !ofSector.has(layout))) await restored; // a job has it
  planner.start(plan.begin());
  setData(page, "state", "ready");
}

const person = showPerson();
person.catch((error: unknown) => console.error(error));
open().catch((error: unknown) => {
  for (const name of SIDE_NAMES) setText(part(`figures-${name}`), "–");
  stateFailure(error);
});
