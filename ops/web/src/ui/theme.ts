// Day and night palettes: as the system says until a person chooses.

import { part, setText } from "./dom.ts";
import { remember, remembered } from "./preferences.ts";

type Palette = "day" | "night";

export class Theme {
  readonly #system = matchMedia("(prefers-color-scheme: dark)");
  readonly #listeners: (() => void)[] = [];
  #chosen: Palette | null;

  constructor() {
    const kept = remembered("palette");
    this.#chosen = kept === "day" || kept === "night" ? kept : null;
    this.#system.addEventListener("change", () => this.#apply());
    part("palette").addEventListener("click", () => {
      this.#chosen = this.palette === "night" ? "day" : "night";
      remember("palette", this.#chosen);
      this.#apply();
    });
    this.#apply();
  }

  get palette(): Palette {
    return this.#chosen ?? (this.#system.matches ? "night" : "day");
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #apply(): void {
    document.documentElement.dataset["palette"] = this.palette;
    const button = part("palette");
    setText(button, this.palette === "night" ? "Day" : "Night");
    button.setAttribute("aria-label", this.palette === "night" ? "Use the day palette" : "Use the night palette");
    for (const listener of this.#listeners) listener();
  }
}
