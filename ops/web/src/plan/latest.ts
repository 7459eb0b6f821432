// Questions of which only the newest counts: one is asked at a time, and what changes meanwhile is asked afterwards.

export class Latest {
  readonly #ask: () => Promise<void>;
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
}
