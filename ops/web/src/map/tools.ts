// Tools that take points from the map: measuring along a path, and the line of sight between two points.

import type { Feature } from "geojson";
import type { Place } from "../model/records.ts";
import { part } from "../ui/dom.ts";
import { MeasurePanel } from "../panels/measure_panel.ts";
import { SightPanel } from "../panels/sight_panel.ts";
import { say } from "../words/say.ts";
import type { BaseMap } from "./base_map.ts";
import { at, line } from "./features.ts";

type Tool = "measure" | "sight";

export interface ToolPanel {
  /** Draw the panel for these places; may change what is known of them later by itself, until it is shown others. */
  show(places: readonly Place[]): void;
}

export class Tools {
  readonly #baseMap: BaseMap;
  readonly #panels: Readonly<Record<Tool, ToolPanel>>;
  #tool: Tool | null = null;
  #places: Place[] = [];

  constructor(baseMap: BaseMap, targetHeightM: () => number) {
    this.#baseMap = baseMap;
    const commands = {
      undo: () => this.#set(this.#places.slice(0, -1)),
      clear: () => this.#set([]),
      close: () => this.end(),
    };
    this.#panels = { measure: new MeasurePanel(commands), sight: new SightPanel(commands, targetHeightM) };
    for (const tool of ["measure", "sight"] as const)
      part(`tool-${tool}`).addEventListener("click", () => this.toggle(tool));
  }

  get active(): boolean {
    return this.#tool !== null;
  }

  toggle(tool: Tool): void {
    if (this.#tool === tool) return this.end();
    this.#set([]); // by the tool before, which then expects no answer any more
    this.#tool = tool;
    this.#mark();
    this.#set([]);
  }

  /** Whoever was in the panel is brought back to the button that opened it. */
  end(): void {
    if (this.#tool !== null && part("tool-panel").contains(document.activeElement)) part(`tool-${this.#tool}`).focus();
    this.#set([]);
    this.#tool = null;
    this.#mark();
  }

  /** A place was chosen on the map. The line of sight has two ends: a third place begins a new one. */
  add(place: Place): void {
    const keep = this.#tool === "sight" && this.#places.length === 2 ? [] : this.#places;
    this.#set([...keep, place]);
  }

  #mark(): void {
    const area = part("map-area");
    if (this.#tool === null) delete area.dataset["tool"];
    else area.dataset["tool"] = this.#tool;
    for (const tool of ["measure", "sight"] as const)
      part(`tool-${tool}`).setAttribute("aria-pressed", String(tool === this.#tool));
    part("tool-panel").hidden = this.#tool === null;
  }

  #set(places: Place[]): void {
    this.#places = places;
    this.#baseMap.show("tool", drawn(places, this.#tool));
    if (this.#tool !== null) this.#panels[this.#tool].show(places);
  }
}

function drawn(places: readonly Place[], tool: Tool | null): Feature[] {
  const name = (index: number): string =>
    tool === "sight" ? say("page-map-end", { end: index === 0 ? "observer" : "target" }) : String(index + 1);
  const points: Feature[] = places.map((place, index) => ({
    type: "Feature",
    properties: { label: name(index) },
    geometry: at(place),
  }));
  const path: Feature[] =
    places.length < 2
      ? []
      : [{ type: "Feature", properties: {}, geometry: line(places.map(({ lon, lat }) => [lon, lat])) }];
  return [...path, ...points];
}
