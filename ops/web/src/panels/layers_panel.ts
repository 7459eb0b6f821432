// Layers, switched on and off, with the legends of terrain and coverage, and a key to the symbols.

import type { LayerInfo, LegendEntry } from "../model/records.ts";
import { ARCHIVE } from "../map/archive_layers.ts";
import type { State } from "../model/state.ts";
import { el, keyed, part, setData, setText } from "../ui/dom.ts";
import { remember, remembered } from "../ui/preferences.ts";
import { sentenceOf } from "../words/alert_words.ts";
import { height } from "../words/format.ts";
import { say } from "../words/say.ts";

export interface Switch {
  readonly id: string;
  readonly on: boolean;
}

export interface LayerSwitches {
  readonly things: readonly Switch[];
  isOnByDefault(raster: string): boolean;
  changed(id: string, on: boolean): void;
}

/** The layers of the link that the page was opened by; null without one. */
let linked: Set<string> | null = null;

/** Show these layers and no others, until a person switches one. What the person chose before is not changed. */
export function showOnly(layers: ReadonlySet<string>): void {
  linked = new Set(layers);
}

export function isOn(id: string, byDefault: boolean): boolean {
  if (linked !== null) return linked.has(id);
  const kept = remembered(`layer.${id}`);
  return kept === null ? byDefault : kept === "on";
}

export class LayersPanel {
  readonly #switches: LayerSwitches;
  readonly #rasters = el("div", { data: { testid: "raster-layers" } });
  readonly #problem = el("p", { class: "note" });
  readonly #key = el("div");
  readonly #drawKey: () => HTMLElement;

  constructor(switches: LayerSwitches, drawKey: () => HTMLElement) {
    this.#switches = switches;
    this.#drawKey = drawKey;
    const things = switches.things.map((entry) => this.#row(entry.id, isOn(entry.id, entry.on), say("page-layer", { layer: entry.id })));
    part("panel-layers").append(
      el("h2", { class: "hidden-text" }, say("page-tab-layers")),
      el("h3", {}, say("page-layers-terrain")),
      this.#problem,
      this.#rasters,
      el("h3", {}, say("page-layers-objects")),
      ...things,
      el("h3", {}, say("page-layers-symbols")),
      this.#key,
    );
    this.repaint();
  }

  /** The key to the symbols in the present palette. */
  repaint(): void {
    this.#key.replaceChildren(this.#drawKey());
  }

  show(state: State): void {
    const layers = state.layers.value ?? [];
    const baseMap = part(`layer-${ARCHIVE}`).closest<HTMLElement>(".layer");
    if (baseMap !== null) baseMap.hidden = state.sector.value?.baseMap?.readable !== true;
    const areas = part("layer-areas").closest<HTMLElement>(".layer");
    if (areas !== null) areas.hidden = (state.sector.value?.areas.length ?? 0) === 0;
    const { problem } = state.layers;
    setText(this.#problem, layers.length > 0 ? "" : say(problem ?? "page-layers-loading"));
    this.#problem.hidden = layers.length > 0;
    keyed(
      this.#rasters,
      layers,
      ({ id }) => id,
      (layer) => this.#row(layer.id, isOn(layer.id, this.#switches.isOnByDefault(layer.id)), rasterTitle(layer)),
      (row, layer) => showLegend(row, layer, state.sector.value?.beltM ?? null),
    );
  }

  #row(id: string, on: boolean, title: string): HTMLElement {
    const box = el("input", { type: "checkbox", id: `layer-${id}`, data: { testid: `layer-${id}` } });
    box.checked = on;
    box.addEventListener("change", () => {
      remember(`layer.${id}`, box.checked ? "on" : "off");
      if (box.checked) linked?.add(id);
      else linked?.delete(id);
      this.#switches.changed(id, box.checked);
    });
    const label = el("label", {}, title);
    label.htmlFor = box.id;
    return el("div", { class: "layer" }, box, label, el("ul", { class: "legend" }));
  }
}

function showLegend(row: HTMLElement, layer: LayerInfo, beltM: number | null): void {
  const label = row.querySelector("label");
  const legend = row.querySelector<HTMLElement>(".legend");
  if (label === null || legend === null) return;
  setText(label, rasterTitle(layer));
  row.dataset["revision"] = layer.revision;
  keyed(
    legend,
    layer.legend,
    (entry) => `${entry.colour} ${entry.label.sentence}`,
    () => el("li", {}, el("span", { class: "swatch" }), el("span")),
    (item, entry) => {
      const [swatch, words] = item.children;
      if (swatch instanceof HTMLElement) {
        swatch.style.color = entry.colour;
        setData(swatch, "pattern", entry.pattern);
      }
      if (words !== undefined) setText(words, legendText(entry, beltM));
    },
  );
}

function rasterTitle({ id, title }: LayerInfo): string {
  return say("page-raster", { layer: id, title });
}

function legendText({ label, pattern, range, heightM }: LegendEntry, beltM: number | null): string {
  if (pattern === "veil") return say("page-legend-dead-ground", { buffer: beltM, within: beltM !== null });
  if (pattern === "hatch") return say("page-legend-unknown");
  if (range !== null) return say("page-legend-probability", { low: range[0], high: range[1] });
  return heightM === null ? sentenceOf(label) : height(heightM);
}
