// A sound for new alerts, made by the browser itself. It can be silenced, and says so when the browser keeps it silent.

import type { Priority } from "../model/records.ts";
import { say } from "../words/say.ts";
import { part } from "./dom.ts";
import { remember, remembered } from "./preferences.ts";
import { playTones, TONES } from "./tones.ts";

export class Sound {
  #wanted = remembered("sound") !== "off";
  #context: AudioContext | null = null;
  readonly #button = part<HTMLButtonElement>("sound");

  constructor() {
    this.#button.addEventListener("click", () => this.#toggle());
    // Browsers keep pages silent until a person has touched them; any touch will do.
    for (const gesture of ["pointerdown", "keydown"]) {
      document.addEventListener(gesture, () => void this.#unlock(), { once: true, capture: true });
    }
    this.#open();
    this.#show();
  }

  alarm(priority: Priority): void {
    const context = this.#context;
    if (!this.#wanted || context === null || context.state !== "running") return;
    playTones(context, TONES[priority]);
  }

  #toggle(): void {
    if (this.#wanted && this.#isBlocked) {
      void this.#unlock();
      return;
    }
    this.#wanted = !this.#wanted;
    remember("sound", this.#wanted ? "on" : "off");
    if (this.#wanted) void this.#unlock();
    this.#show();
  }

  #open(): void {
    if (!this.#wanted || this.#context !== null || typeof AudioContext === "undefined") return;
    this.#context = new AudioContext();
    this.#context.addEventListener("statechange", () => this.#show());
  }

  async #unlock(): Promise<void> {
    this.#open();
    try {
      if (this.#wanted) await this.#context?.resume();
    } catch {
      // stays blocked, and is shown so
    }
    this.#show();
  }

  get #isBlocked(): boolean {
    return this.#context === null || this.#context.state !== "running";
  }

  #show(): void {
    const blocked = this.#wanted && this.#isBlocked;
    const state = !this.#wanted ? "off" : blocked ? "blocked" : "on";
    this.#button.setAttribute("aria-label", say("page-sound.aria-label", { state }));
    this.#button.setAttribute("aria-pressed", String(this.#wanted && !blocked));
    this.#button.title = say("page-sound.title", { state });
    this.#button.dataset["state"] = state;
  }
}
