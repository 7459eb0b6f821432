// What the symbols mean, with the symbols themselves.

import { el } from "../ui/dom.ts";
import { kindLabel } from "../words/labels.ts";
import type { Colours } from "./palette.ts";
import { sensorSymbol, trackSymbol } from "./symbols.ts";

export function symbolKey(colours: Colours): HTMLElement {
  const rows: readonly (readonly [HTMLCanvasElement, string])[] = [
    [trackSymbol("person", "confirmed", false, colours), "Person, confirmed"],
    [trackSymbol("group", "confirmed", false, colours), "Group"],
    [trackSymbol("vehicle", "confirmed", false, colours), "Vehicle"],
    [trackSymbol("animal", "confirmed", false, colours), "Animal"],
    [trackSymbol("other", "confirmed", false, colours), "Something else"],
    [trackSymbol("unknown", "confirmed", false, colours), "Unclassified"],
    [trackSymbol("person", "confirmed", true, colours), "With an open alert"],
    [trackSymbol("person", "tentative", false, colours), "Tentative"],
    [trackSymbol("person", "coasting", false, colours), "Coasting: not seen now, place predicted"],
    [trackSymbol("person", "stale", false, colours), "Stale: not seen for long"],
    ...["radar", "camera", "ground_sensor"].map(
      (kind) => [sensorSymbol(kind, false, colours), kindLabel(kind)] as const,
    ),
    [sensorSymbol("radar", true, colours), "Sensor that does not report"],
  ];
  return el("div", { class: "symbol-key" }, ...rows.flatMap(([canvas, words]) => [canvas, el("span", {}, words)]));
}
