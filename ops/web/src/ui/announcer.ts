// New alerts, for ears: a sound, and words for screen readers. What was there when the page opened is not news.

import { newlyActive } from "../model/alerts.ts";
import type { Alert } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { part } from "./dom.ts";
import type { Sound } from "./sound.ts";
import { PRIORITY_LABEL } from "../words/labels.ts";

/** A distress that nobody has acknowledged is heard again after so long. */
const REPEAT_MS = 15_000;

export class Announcer {
  readonly #sound: Sound;
  #distress = false;

  constructor(sound: Sound) {
    this.#sound = sound;
    setInterval(() => {
      if (this.#distress) this.#sound.alarm("distress");
    }, REPEAT_MS);
  }

  hear(state: State, before: State): void {
    if (state.alerts === before.alerts) return;
    this.#distress = [...state.alerts.values()].some(
      ({ priority, status }) => priority === "distress" && status === "active",
    );
    if (!before.alertsKnown) return;
    const fresh = newlyActive(before.alerts, state.alerts);
    const first = fresh[0];
    if (first === undefined) return;
    this.#sound.alarm(first.priority);
    const distress = fresh.filter(({ priority }) => priority === "distress");
    const others = fresh.filter(({ priority }) => priority !== "distress");
    if (distress.length > 0) say("announce-now", distress);
    if (others.length > 0) say("announce-polite", others);
  }
}

function say(id: string, alerts: readonly Alert[]): void {
  const words = alerts.slice(0, 3).map(({ priority, sentence }) => `${PRIORITY_LABEL[priority]} alert: ${sentence}`);
  if (alerts.length > 3) words.push(`And ${alerts.length - 3} more.`);
  part(id).textContent = words.join(" ");
}
