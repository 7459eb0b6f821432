// Questions of which only the newest counts: one is asked at a time, and what changes meanwhile is asked afterwards.

import { GrowingPause } from "../net/growing_pause.ts";

export class Latest {
  readonly #ask: () => Promise<void>;
  readonly #pause = new GrowingPause();
  #waits = false;
  #asking = false;
  #again = false;

  /** `ask` states its own problems. */
  constructor(ask: () => Promise<void>) {
    this.#ask = ask;
  }

  /** Whether a newer question waits, so that the answer to this one is old. */
  get isOld(): boolean {
    return this.#again;
  }

  async soon(): Promise<void> {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    do {
      this.#again = false;
      await this.#ask();
    } while (this.#again);
    this.#asking = false;
  }

  /** An answer came: the pauses begin again with the shortest. */
  answered(): void {
    this.#pause.reset();
  }

  /** Ask again after a pause, once however often this is called meanwhile, unless it is no longer `wanted`. */
  async later(wanted: () => boolean): Promise<void> {
    if (this.#waits) return;
    this.#waits = true;
    await this.#pause.next();
    this.#waits = false;
    if (wanted()) await this.soon();
  }
}
