// What the phone itself does for the page: palette, a screen that stays on, vibration and sound by rank, and updates.

import type { Priority } from "../model/records.ts";
import { TONES, playTones } from "../ui/tones.ts";
import { remember, remembered } from "../ui/preferences.ts";

const VIBRATIONS: Readonly<Record<Priority, readonly number[]>> = {
  distress: [700, 150, 700, 150, 700],
  high: [350, 120, 350],
  medium: [220],
  low: [90],
};

export type Palette = "day" | "field-night";

export function palette(): Palette {
  const chosen = remembered("field-palette");
  if (chosen === "day" || chosen === "field-night") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "field-night" : "day";
}

export function applyPalette(chosen: Palette): void {
  document.documentElement.dataset["palette"] = chosen;
}

export function choosePalette(chosen: Palette): void {
  remember("field-palette", chosen);
  applyPalette(chosen);
}

/** Browsers let no page vibrate that a person has not touched. */
export function vibrate(pattern: readonly number[]): void {
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([...pattern]);
}

/** Vibrates, and sounds where the person wants it. */
export class Signals {
  #context: AudioContext | null = null;
  wanted = remembered("field-sound") === "on";

  toggleSound(): void {
    this.wanted = !this.wanted;
    remember("field-sound", this.wanted ? "on" : "off");
    if (this.wanted) this.#open();
  }

  signal(priority: Priority): void {
    vibrate(VIBRATIONS[priority]);
    if (!this.wanted) return;
    this.#open();
    if (this.#context?.state === "running") playTones(this.#context, TONES[priority]);
  }

  #open(): void {
    if (typeof AudioContext === "undefined") return;
    this.#context ??= new AudioContext();
    void this.#context.resume().catch(() => undefined);
  }
}

/** Keeps the screen on while the page is visible. */
export class AwakeScreen {
  readonly #changed: () => void;
  #lock: WakeLockSentinel | null = null;
  state: "on" | "off" | "unavailable" = "off";

  constructor(changed: () => void) {
    this.#changed = changed;
    document.addEventListener("visibilitychange", () => void this.hold());
  }

  async hold(): Promise<void> {
    if (document.hidden || this.#lock?.released === false) return;
    try {
      this.#lock = await navigator.wakeLock.request("screen");
      this.#lock.addEventListener("release", () => this.#set("off"));
      this.#set("on");
    } catch {
      this.#set("unavailable");
    }
  }

  #set(state: AwakeScreen["state"]): void {
    this.state = state;
    this.#changed();
  }
}

const LOOK_MS = 1_800_000;

/** The page without a network, and its updates. `onUpdate`: a new version is on the phone; call `use` to change to it. */
export async function install(onKept: () => void, onUpdate: (use: () => void) => void): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const { serviceWorker } = navigator;
  let controlled = serviceWorker.controller !== null;
  const registration = await serviceWorker.register("/field/sw.js", { scope: "/field", updateViaCache: "none" });
  const offer = (): void => {
    const { waiting } = registration;
    if (waiting !== null && serviceWorker.controller !== null) onUpdate(() => waiting.postMessage("use"));
  };
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer));
  let reloaded = false;
  serviceWorker.addEventListener("controllerchange", () => {
    if (!controlled) { // the first version takes over the page that installed it
      controlled = true;
      onKept();
    } else if (!reloaded) {
      reloaded = true;
      location.reload();
    }
  });
  offer();
  void serviceWorker.ready.then(onKept);
  const look = (): void => void registration.update().catch(() => undefined);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) look();
  });
  setInterval(look, LOOK_MS);
}
