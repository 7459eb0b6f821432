// Pauses between attempts, each twice as long as the one before: what fails for long is not asked all the time.

const FIRST_MS = 2_000;
const LONGEST_MS = 60_000;

export class GrowingPause {
  #nextMs = FIRST_MS;

  /** Wait for the next pause. */
  next(): Promise<void> {
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(2 * waitMs, LONGEST_MS);
    return new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  /** An attempt succeeded. */
  reset(): void {
    this.#nextMs = FIRST_MS;
  }
}
