// The map by keyboard: a cross in the middle while the map has the focus, and Enter acts where it is.

import { part } from "../ui/dom.ts";
import type { BaseMap } from "./base_map.ts";

export function followKeyboard(baseMap: BaseMap, act: (point: { x: number; y: number }) => void): void {
  const canvas = baseMap.map.getCanvas();
  const area = part("map-area");
  canvas.setAttribute("data-testid", "map-canvas");
  canvas.addEventListener("focus", () => {
    if (canvas.matches(":focus-visible")) area.dataset["keyboard"] = "true";
  });
  canvas.addEventListener("blur", () => delete area.dataset["keyboard"]);
  canvas.addEventListener("pointerdown", () => delete area.dataset["keyboard"]);
  canvas.addEventListener("keydown", (event) => {
    area.dataset["keyboard"] = "true";
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    act({ x: canvas.clientWidth / 2, y: canvas.clientHeight / 2 });
  });
}
