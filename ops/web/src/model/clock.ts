// The server's clock, told from its stamps. The browser's own clock may be wrong, so it is only ever measured, never used.

const KEPT = 12;
const STEP_BACK_MS = 2000;

interface Sample {
  readonly serverMs: number;
  readonly monotonicMs: number;
}

/**
 * Server time from stamps. A stamp arrives late, never early, so each says only "at least so late"; of the newest ones
 * the latest counts, which was delayed least. `rate`: scenario seconds a wall second, 1 in real operation.
 */
export class ServerClock {
  #samples: Sample[] = [];
  #rate = 1;
  #aheadMs: readonly [least: number, most: number] | null = null;

  get known(): boolean {
    return this.#samples.length > 0;
  }

  get rate(): number {
    return this.#rate;
  }

  /** The server said how fast its clock runs. */
  setRate(rate: number | null): void {
    if (rate !== null && rate > 0) this.#rate = rate;
  }

  /** Forget everything: another server, perhaps, is talking. */
  reset(): void {
    this.#samples = [];
    this.#rate = 1;
    this.#aheadMs = null;
  }

  /** A stamp of the clock itself. Two in a row that lie well before what was thought turn the clock back. */
  add(serverMs: number, monotonicMs: number): void {
    if (this.known && serverMs < this.now(monotonicMs) - STEP_BACK_MS * this.#rate) {
      this.#samples = this.#samples.slice(-1).filter((sample) => agree(sample, serverMs, monotonicMs));
    }
    this.#samples.push({ serverMs, monotonicMs });
    if (this.#samples.length > KEPT) this.#samples.shift();
  }

  /** Something that the server says has happened already: it can only put the clock forward. */
  atLeast(serverMs: number, monotonicMs: number): void {
    if (!this.known || serverMs <= this.now(monotonicMs)) return;
    this.#samples.push({ serverMs, monotonicMs });
    if (this.#samples.length > KEPT) this.#samples.shift();
  }

  /** An answer to a question, sent and received at these browser times: bounds by how much the browser is ahead. */
  compare(serverMs: number, sentMs: number, receivedMs: number): void {
    this.#aheadMs = [sentMs - serverMs, receivedMs - serverMs];
  }

  /** Server time in UTC milliseconds; NaN before the first stamp. */
  now(monotonicMs: number): number {
    let latest = Number.NaN;
    for (const sample of this.#samples) {
      const now = sample.serverMs + (monotonicMs - sample.monotonicMs) * this.#rate;
      if (!(now <= latest)) latest = now;
    }
    return latest;
  }

  /** How far the browser's clock is ahead at least (negative: behind); 0 while it may be right, or time is a scenario's. */
  browserAheadMs(): number {
    if (this.#aheadMs === null || this.#rate !== 1) return 0;
    const [least, most] = this.#aheadMs;
    return least > 0 ? least : most < 0 ? most : 0;
  }
}

function agree(sample: Sample, serverMs: number, monotonicMs: number): boolean {
  return sample.serverMs - sample.monotonicMs <= serverMs - monotonicMs + STEP_BACK_MS;
}
