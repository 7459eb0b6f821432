// Distances and bearings along the points that were clicked, on the ellipsoid.

import { gridName, utmConvergenceDeg } from "../geo/coordinates.ts";
import { leg } from "../geo/geodesy.ts";
import { degrees, exactDistance } from "../words/format.ts";
import { code, say } from "../words/say.ts";
import type { Place } from "../model/records.ts";
import { el, part } from "../ui/dom.ts";

export interface ToolCommands {
  undo(): void;
  clear(): void;
  close(): void;
}

export class MeasurePanel {
  readonly #commands: ToolCommands;

  constructor(commands: ToolCommands) {
    this.#commands = commands;
  }

  show(places: readonly Place[]): void {
    fillTool(toolHead(say("page-measure"), this.#commands), places.length < 2 ? hint(places.length) : table(places));
  }
}

/** Set the content of the tool's panel; a button or field that remains keeps the focus. */
export function fillTool(...content: Node[]): void {
  const panel = part("tool-panel");
  const held = panel.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset["testid"] : "";
  panel.replaceChildren(...content);
  if (held) panel.querySelector<HTMLElement>(`[data-testid="${held}"]`)?.focus();
}

export function toolHead(title: string, commands: ToolCommands): HTMLElement {
  const button = (label: string, run: () => void, testid: string): HTMLElement =>
    el("button", { type: "button", data: { testid }, on: { click: run } }, label);
  return el(
    "div",
    { class: "tool-head" },
    el("h2", {}, title),
    button(say("page-tool-undo"), commands.undo, "tool-undo"),
    button(say("page-tool-clear"), commands.clear, "tool-clear"),
    button(say("page-close"), commands.close, "tool-close"),
  );
}

function hint(places: number): HTMLElement {
  return el("p", { class: "hint" }, say("page-measure-hint", { points: places }));
}

function table(places: readonly Place[]): HTMLElement {
  const first = places[0] as Place;
  let totalM = 0;
  const rows = places.slice(1).map((to, index) => {
    const from = places[index] as Place;
    const { distanceM, azimuthDeg } = leg(from, to);
    totalM += distanceM;
    const cells = [
      say("page-measure-leg-of", { from: index + 1, to: index + 2 }),
      exactDistance(distanceM),
      degrees(azimuthDeg, 1),
      degrees(azimuthDeg - utmConvergenceDeg(from), 1),
      mils(azimuthDeg - utmConvergenceDeg(from)),
    ];
    return el("tr", { data: { testid: "leg" } }, ...cells.map((cell) => el("td", {}, code(cell))));
  });
  const heads = ["leg", "distance", "true", "grid", "mils"].map((name) =>
    say(`page-measure-${name}`, { grid: gridName(first) }),
  );
  return el(
    "div",
    {},
    el(
      "div",
      { class: "measure-legs" },
      el(
        "table",
        { data: { testid: "measure-table" } },
        el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", {}, head)))),
        el("tbody", {}, ...rows),
      ),
    ),
    el(
      "p",
      { class: "hint", data: { testid: "measure-total" } },
      say("page-measure-total", { distance: exactDistance(totalM) }),
    ),
  );
}

/** 6,400 mils to the circle, as on NATO compasses. */
function mils(azimuthDeg: number): string {
  const turned = ((azimuthDeg % 360) + 360) % 360;
  return String(Math.round((turned / 360) * 6400) % 6400).padStart(4, "0");
}
