// The legend of the pictures on the maps: coverage, and its gain and loss.

import { el } from "../../ui/dom.ts";
import { say } from "../../words/say.ts";
import type { LegendRow } from "../server.ts";

/** A class of probabilities; or of ground where it is unknown. */
export function coverageRow(row: LegendRow): HTMLLIElement {
  return legendRow(row, (low, high) => say("planner-legend-probability", { low, high }));
}

/** A class of changes of the probability, in percentage points. */
export function changeRow(row: LegendRow): HTMLLIElement {
  return legendRow(row, (low, high) => say("planner-legend-change", { low: low * 100, high: high * 100 }));
}

function legendRow({ colour, label, pattern, low, high }: LegendRow, range: (low: number, high: number) => string): HTMLLIElement {
  const patch = el("i", pattern === "hatch" ? { class: "hatch" } : {});
  if (pattern !== "hatch") patch.style.background = colour;
  const said = low === undefined || high === undefined ? label : range(Number(low), Number(high));
  return el("li", {}, patch, el("span", {}, pattern === "hatch" ? say("planner-legend-unknown") : said));
}
