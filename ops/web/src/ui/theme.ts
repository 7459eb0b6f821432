// Day and night palettes: the system’s until a person chooses.

import { say } from "../words/say.ts";
import { part } from "./dom.ts";
import { remember, remembered } from "./preferences.ts";

type Palette = "day" | "night";

const DARK = matchMedia("(prefers-color-scheme: dark)");

function kept(): Palette | null {
  const chosen = remembered("palette");
  return chosen === "day" || chosen === "night" ? chosen : null;
}

export class Theme {
  readonly #listeners: (() => void)[] = [];
  #chosen: Palette | null;

  constructor() {
    this.#chosen = kept();
    DARK.addEventListener("change", () => this.#apply());
    part("palette").addEventListener("click", () => {
      this.#chosen = this.palette === "night" ? "day" : "night";
      remember("palette", this.#chosen);
      this.#apply();
    });
    this.#apply();
  }

  get palette(): Palette {
    return this.#chosen ?? (DARK.matches ? "night" : "day");
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #apply(): void {
    document.documentElement.dataset["palette"] = this.palette;
    const button = part("palette");
    const other = this.palette === "night" ? "day" : "night";
    for (const name of ["aria-label", "title"]) button.setAttribute(name, say(`page-palette.${name}`, { palette: other }));
    for (const listener of this.#listeners) listener();
  }
}
