// The key to the symbols.

import { borderSymbol } from "../border/symbol.ts";
import { BORDER_STATES } from "../border/states.ts";
import { el } from "../ui/dom.ts";
import { kindName } from "../words/labels.ts";
import { say } from "../words/say.ts";
import { areaSymbol } from "./area_layers.ts";
import { clusterSymbol } from "./clusters.ts";
import { baseSymbol, unitSymbol } from "./forces_layers.ts";
import type { Colours } from "./palette.ts";
import { bearingSymbol, sensorSymbol, trackSymbol } from "./symbols.ts";

export function symbolKey(colours: Colours): HTMLElement {
  const rows: readonly (readonly [HTMLCanvasElement, string])[] = [
    [trackSymbol("person", "confirmed", false, colours), symbolName("person")],
    [trackSymbol("group", "confirmed", false, colours), symbolName("group")],
    [trackSymbol("vehicle", "confirmed", false, colours), symbolName("vehicle")],
    [trackSymbol("animal", "confirmed", false, colours), symbolName("animal")],
    [trackSymbol("other", "confirmed", false, colours), symbolName("other")],
    [trackSymbol("unknown", "confirmed", false, colours), symbolName("unknown")],
    [trackSymbol("person", "confirmed", true, colours), symbolName("alerted")],
    [trackSymbol("person", "tentative", false, colours), symbolName("tentative")],
    [trackSymbol("person", "coasting", false, colours), symbolName("coasting")],
    [trackSymbol("person", "stale", false, colours), symbolName("stale")],
    [clusterSymbol("track", colours), symbolName("cluster")],
    ...["radar", "camera", "ground_sensor"].map(
      (kind) => [sensorSymbol(kind, "ok", colours), kindName(kind)] as const,
    ),
    [sensorSymbol("radar", "lost", colours), symbolName("lost")],
    [sensorSymbol("radar", "muted", colours), symbolName("muted")],
    [clusterSymbol("sensor", colours), symbolName("sensor-cluster")],
    [bearingSymbol(colours), symbolName("bearing")],
    [unitSymbol("vehicle", false, colours), say("forces-symbol", { symbol: "vehicle" })],
    [unitSymbol("foot", false, colours), say("forces-symbol", { symbol: "foot" })],
    [unitSymbol("vehicle", true, colours), say("forces-symbol", { symbol: "old" })],
    [clusterSymbol("unit", colours), symbolName("unit-cluster")],
    [baseSymbol(colours), say("forces-symbol", { symbol: "base" })],
    ...BORDER_STATES.map((state) => [borderSymbol(state, colours), say("page-border-state", { state })] as const),
    [areaSymbol(true, colours), symbolName("danger-area")],
    [areaSymbol(false, colours), symbolName("named-area")],
  ];
  return el("div", { class: "symbol-key" }, ...rows.flatMap(([canvas, words]) => [canvas, el("span", {}, words)]));
}

function symbolName(symbol: string): string {
  return say("page-symbol", { symbol });
}
