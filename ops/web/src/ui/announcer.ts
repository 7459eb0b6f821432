// New alerts, for ears: a sound, and words for screen readers. What was there when the page opened is not news.

import { newlyActive } from "../model/alerts.ts";
import { mostUrgent } from "../model/incidents.ts";
import { PRIORITIES, type Alert, type Priority } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { part, setText } from "./dom.ts";
import type { Sound } from "./sound.ts";
import { headline } from "../words/alert_words.ts";
import { say } from "../words/say.ts";

/** The alarm of what waits for an acknowledgement repeats at these intervals. */
const REPEAT_MS: Readonly<Record<Priority, number>> = { distress: 10_000, high: 20_000, medium: 60_000, low: 300_000 };
/** A snooze silences repetitions for so long and no longer; anything new or more urgent ends it. */
const SNOOZE_MS: Readonly<Record<Priority, number>> = { distress: 30_000, high: 60_000, medium: 120_000, low: 120_000 };

export class Announcer {
  readonly #sound: Sound;
  readonly #snooze = part<HTMLButtonElement>("snooze");
  #urgent: Priority | null = null;
  #nextMs = 0;
  #snoozedMs = 0;

  constructor(sound: Sound) {
    this.#sound = sound;
    this.#snooze.addEventListener("click", () => {
      if (this.#urgent !== null) this.#snoozedMs = performance.now() + SNOOZE_MS[this.#urgent];
      this.#showSnooze();
    });
    this.#showSnooze();
  }

  /** Once a second: repeat the alarm of what waits, unless it was snoozed. */
  tick(state: State): void {
    const now = performance.now();
    const urgent = mostUrgent(state.incidents) ?? distressOf(state);
    if (urgent !== this.#urgent) {
      this.#nextMs = urgent === null ? 0 : now + REPEAT_MS[urgent];
      if (urgent !== null && this.#urgent !== null && isHigher(urgent, this.#urgent)) this.#snoozedMs = 0;
      this.#urgent = urgent;
    }
    this.#showSnooze();
    if (urgent === null || now < this.#nextMs) return;
    this.#nextMs = now + REPEAT_MS[urgent];
    if (now >= this.#snoozedMs) this.#sound.alarm(urgent);
  }

  #showSnooze(): void {
    const leftS = Math.ceil((this.#snoozedMs - performance.now()) / 1000);
    const snoozed = leftS > 0;
    this.#snooze.disabled = this.#urgent === null; // always in place: what is beside it must not move under a pointer
    this.#snooze.setAttribute("aria-pressed", String(snoozed));
    setText(this.#snooze, snoozed ? say("page-snoozed", { time: leftS }) : say("page-snooze"));
  }

  hear(state: State, before: State): void {
    if (state.alerts === before.alerts) return;
    if (!before.alertsKnown) return;
    const fresh = newlyActive(before.alerts, state.alerts);
    const first = fresh[0];
    if (first === undefined) return;
    this.#snoozedMs = 0;
    this.#sound.alarm(first.priority);
    const distress = fresh.filter(({ priority }) => priority === "distress");
    const others = fresh.filter(({ priority }) => priority !== "distress");
    if (distress.length > 0) announce("announce-now", distress);
    if (others.length > 0) announce("announce-polite", others);
  }
}

/** A distress call of a server that gathers no incidents. */
function distressOf(state: State): Priority | null {
  const waits = [...state.alerts.values()].some(({ priority, status }) => priority === "distress" && status === "active");
  return state.incidents.size === 0 && waits ? "distress" : null;
}

function isHigher(one: Priority, other: Priority): boolean {
  return PRIORITIES.indexOf(one) < PRIORITIES.indexOf(other);
}

function announce(id: string, alerts: readonly Alert[]): void {
  const sentences = alerts
    .slice(0, 3)
    .map((alert) => say("page-announce", { priority: alert.priority, alert: headline(alert) }));
  if (alerts.length > 3) sentences.push(say("page-announce-more", { count: alerts.length - 3 }));
  part(id).textContent = sentences.join(" ");
}
