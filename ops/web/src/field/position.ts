// Where this phone is, while the person shares it: a switch that shows what is shared and how old it is.

import { remember, remembered } from "../ui/preferences.ts";
import { leg } from "../geo/geodesy.ts";
import type { Fix } from "./unit.ts";

export type SharingState = "off" | "waiting" | "on" | "refused" | "unavailable";

/** A position is sent after so many metres or, if it stays, so many seconds. */
const MOVED_M = 25;
const STAYED_MS = 60_000;

export class Sharing {
  readonly #onFix: (fix: Fix, isNews: boolean) => void;
  readonly #onState: () => void;
  #watch: number | null = null;
  #sent: Fix | null = null;
  state: SharingState = "off";

  constructor(onFix: (fix: Fix, isNews: boolean) => void, onState: () => void) {
    this.#onFix = onFix;
    this.#onState = onState;
  }

  /** As the person left it. */
  resume(): void {
    if (remembered("field-sharing") === "on") this.#start();
  }

  toggle(): void {
    const on = this.state === "off" || this.state === "refused" || this.state === "unavailable";
    remember("field-sharing", on ? "on" : "off");
    if (on) this.#start();
    else this.stop();
  }

  stop(): void {
    if (this.#watch !== null) navigator.geolocation.clearWatch(this.#watch);
    this.#watch = null;
    this.#set("off");
  }

  #start(): void {
    if (!("geolocation" in navigator)) {
      this.#set("unavailable");
      return;
    }
    if (this.#watch !== null) navigator.geolocation.clearWatch(this.#watch);
    this.#set("waiting");
    this.#watch = navigator.geolocation.watchPosition(
      ({ coords, timestamp }) => this.#take({ lon: coords.longitude, lat: coords.latitude, sdM: coords.accuracy / 2, atMs: timestamp }),
      ({ code, PERMISSION_DENIED }) => this.#set(code === PERMISSION_DENIED ? "refused" : this.state === "on" ? "on" : "unavailable"),
      { enableHighAccuracy: true, maximumAge: 5_000 },
    );
  }

  /** The accuracy of a browser is a radius of 95 %, two standard deviations. */
  #take(fix: Fix): void {
    const last = this.#sent;
    const isNews = last === null || fix.atMs - last.atMs >= STAYED_MS || leg(last, fix).distanceM >= MOVED_M;
    if (isNews) this.#sent = fix;
    this.#set("on");
    this.#onFix(fix, isNews);
  }

  #set(state: SharingState): void {
    this.state = state;
    this.#onState();
  }
}
