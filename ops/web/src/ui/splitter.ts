// Widths of the panels beside the map: dragged, or moved with the arrow keys, and remembered on this computer.

import { say } from "../words/say.ts";
import { part } from "./dom.ts";
import { remember, remembered } from "./preferences.ts";

const PANELS = {
  left: { usual: () => Math.min(360, Math.max(312, 0.24 * innerWidth)), least: 240 },
  right: { usual: () => 296, least: 240 },
} as const;
type Side = keyof typeof PANELS;

/** The map keeps this width. */
const LEAST_MAP_PX = 260;
const HANDLES_PX = 14;
const STEP_PX = 16;

export function followSplitters(): void {
  const splitters = (Object.keys(PANELS) as Side[]).map((side) => new Splitter(side));
  addEventListener("resize", () => splitters.forEach((one) => one.fit()));
}

class Splitter {
  readonly #side: Side;
  readonly #handle: HTMLElement;
  /** As the person chose it; null: as wide as is usual in a window of this width. */
  #width: number | null;

  constructor(side: Side) {
    this.#side = side;
    this.#handle = part(`resize-${side}`);
    for (const name of ["aria-label", "title"]) this.#handle.setAttribute(name, say(`panels-resize.${name}`, { panel: side }));
    const kept = Number.parseFloat(remembered(`width.${side}`) ?? "");
    this.#width = Number.isFinite(kept) ? kept : null;
    this.#handle.addEventListener("keydown", (event) => this.#key(event));
    this.#handle.addEventListener("dblclick", () => this.#forget());
    this.#handle.addEventListener("pointerdown", (event) => this.#drag(event));
    this.fit();
  }

  /** Within the window as it is now; what was chosen is kept for a wider one. */
  fit(): void {
    const { usual, least } = PANELS[this.#side];
    const other = part(this.#side === "left" ? "side" : "alerts").offsetWidth;
    const most = Math.max(least, part("main").clientWidth - other - LEAST_MAP_PX - HANDLES_PX);
    const width = Math.round(Math.min(most, Math.max(least, this.#width ?? usual())));
    part("main").style.setProperty(`--${this.#side}-panel`, `${width}px`);
    for (const [name, value] of [["valuemin", least], ["valuemax", most], ["valuenow", width]] as const)
      this.#handle.setAttribute(`aria-${name}`, String(value));
    this.#handle.setAttribute("aria-valuetext", say("panels-resize-value", { width }));
  }

  #set(width: number): void {
    this.#width = width;
    this.fit();
    this.#width = Number(this.#handle.getAttribute("aria-valuenow"));
    remember(`width.${this.#side}`, String(this.#width));
  }

  #forget(): void {
    this.#width = null;
    this.fit();
    remember(`width.${this.#side}`, "");
  }

  /** Towards which side of the screen the panel grows: right is 1. */
  get #grows(): 1 | -1 {
    return (this.#side === "left") === (document.documentElement.dir !== "rtl") ? 1 : -1;
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowRight: STEP_PX, ArrowLeft: -STEP_PX }[event.key];
    if (step !== undefined) this.#set(Number(this.#handle.getAttribute("aria-valuenow")) + step * this.#grows);
    else if (event.key === "Home") this.#set(PANELS[this.#side].least);
    else if (event.key === "End") this.#set(Number.MAX_SAFE_INTEGER);
    else return;
    event.preventDefault();
  }

  #drag(event: PointerEvent): void {
    const [from, width] = [event.clientX, Number(this.#handle.getAttribute("aria-valuenow"))];
    const move = ({ clientX }: PointerEvent): void => this.#set(width + (clientX - from) * this.#grows);
    this.#handle.setPointerCapture(event.pointerId);
    this.#handle.addEventListener("pointermove", move);
    for (const end of ["pointerup", "pointercancel"])
      this.#handle.addEventListener(end, () => this.#handle.removeEventListener("pointermove", move), { once: true });
  }
}
