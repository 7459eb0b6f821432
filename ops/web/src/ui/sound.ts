// A sound for new alerts, made by the browser itself. It can be silenced, and says so when the browser keeps it silent.

import type { Priority } from "../model/records.ts";
import { say } from "../words/say.ts";
import { part } from "./dom.ts";
import { remember, remembered } from "./preferences.ts";

/** Pitches in hertz, one after the other: the more urgent, the more and the higher. */
const TONES: Readonly<Record<Priority, readonly number[]>> = {
  distress: [880, 660, 880, 660, 880],
  high: [740, 880, 740],
  medium: [590, 590],
  low: [440],
};
const TONE_S = 0.16;
const PAUSE_S = 0.07;
const VOLUME = 0.25;

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
    TONES[priority].forEach((pitch, index) => tone(context, pitch, context.currentTime + index * (TONE_S + PAUSE_S)));
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

function tone(context: AudioContext, pitch: number, startS: number): void {
  const oscillator = context.createOscillator();
  const volume = context.createGain();
  oscillator.frequency.value = pitch;
  volume.gain.setValueAtTime(0, startS);
  volume.gain.linearRampToValueAtTime(VOLUME, startS + 0.01);
  volume.gain.setValueAtTime(VOLUME, startS + TONE_S - 0.03);
  volume.gain.linearRampToValueAtTime(0, startS + TONE_S);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(startS);
  oscillator.stop(startS + TONE_S);
}
