// What is drawn, switched on and off; with the server's own legend for terrain and coverage, and a key to the symbols.

import type { LayerInfo } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { el, keyed, part, setData, setText } from "../ui/dom.ts";
import { remember, remembered } from "../ui/preferences.ts";

export interface Switch {
  readonly id: string;
  readonly title: string;
  readonly on: boolean;
}

export interface LayerSwitches {
  readonly things: readonly Switch[];
  isOnByDefault(raster: string): boolean;
  changed(id: string, on: boolean): void;
}

export function isOn(id: string, byDefault: boolean): boolean {
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
    const things = switches.things.map((entry) => this.#row(entry.id, isOn(entry.id, entry.on), entry.title));
    part("panel-layers").append(
      el("h2", { class: "hidden-text" }, "Layers"),
      el("h3", {}, "Ground and what can be seen"),
      this.#problem,
      this.#rasters,
      el("h3", {}, "Things"),
      ...things,
      el("h3", {}, "Symbols"),
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
    setText(this.#problem, layers.length > 0 ? "" : state.layers.problem || "Reading the layers …");
    this.#problem.hidden = layers.length > 0;
    keyed(
      this.#rasters,
      layers,
      ({ id }) => id,
      (layer) => this.#row(layer.id, isOn(layer.id, this.#switches.isOnByDefault(layer.id)), layer.title),
      showLegend,
    );
  }

  #row(id: string, on: boolean, title: string): HTMLElement {
    const box = el("input", { type: "checkbox", id: `layer-${id}`, data: { testid: `layer-${id}` } });
    box.checked = on;
    box.addEventListener("change", () => {
      remember(`layer.${id}`, box.checked ? "on" : "off");
      this.#switches.changed(id, box.checked);
    });
    const label = el("label", {}, title);
    label.htmlFor = box.id;
    return el("div", { class: "layer" }, box, label, el("ul", { class: "legend" }));
  }
}

function showLegend(row: HTMLElement, layer: LayerInfo): void {
  const label = row.querySelector("label");
  const legend = row.querySelector<HTMLElement>(".legend");
  if (label === null || legend === null) return;
  setText(label, layer.title);
  row.dataset["revision"] = layer.revision;
  keyed(
    legend,
    layer.legend,
    ({ colour, label: words }) => `${colour} ${words}`,
    () => el("li", {}, el("span", { class: "swatch" }), el("span")),
    (item, entry) => {
      const [swatch, words] = item.children;
      if (swatch instanceof HTMLElement) {
        swatch.style.color = entry.colour;
        setData(swatch, "pattern", entry.pattern);
      }
      if (words !== undefined) setText(words, entry.label);
    },
  );
}
