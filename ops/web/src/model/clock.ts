// The server's clock, told from its stamps. The browser's own clock may be wrong, so it is only ever measured, never used.

const KEPT = 12;
const STEP_BACK_MS = 2000;

interface Sample {
  readonly serverMs: number;
  readonly monotonicMs: number;
}

/**
 * Server time from samples of it. A stamp arrives late, never early, so of the newest samples the one that puts the
 * server furthest ahead was delayed least. `rate`: scenario seconds a wall second, 1 in real operation.
 */
export class ServerClock {
  #samples: Sample[] = [];
  #rate = 1;
  #rateIsGiven = false;

  get known(): boolean {
    return this.#samples.length > 0;
  }

  get rate(): number {
    return this.#rate;
  }

  /** The server said how fast its clock runs. */
  setRate(rate: number | null): void {
    if (rate === null || rate <= 0) return;
    this.#rate = rate;
    this.#rateIsGiven = true;
  }

  /** Forget everything: another server, perhaps, is talking. */
  reset(): void {
    this.#samples = [];
    this.#rateIsGiven = false;
    this.#rate = 1;
  }

  add(serverMs: number, monotonicMs: number): void {
    const expected = this.known ? this.now(monotonicMs) : serverMs;
    if (serverMs < expected - STEP_BACK_MS * this.#rate) this.#samples = this.#samples.slice(-1).filter(isBelow(serverMs, monotonicMs));
    this.#samples.push({ serverMs, monotonicMs });
    if (this.#samples.length > KEPT) this.#samples.shift();
    if (!this.#rateIsGiven) this.#rate = estimateRate(this.#samples);
  }

  /** Server time in UTC milliseconds; NaN before the first sample. */
  now(monotonicMs: number): number {
    let latest = Number.NaN;
    for (const sample of this.#samples) {
      const now = sample.serverMs + (monotonicMs - sample.monotonicMs) * this.#rate;
      if (!(now <= latest)) latest = now;
    }
    return latest;
  }

  /** How far the browser's clock is ahead; null when unknown or when the scenario's time is not the wall's. */
  browserAheadMs(browserMs: number, monotonicMs: number): number | null {
    return this.known && this.#rate === 1 ? browserMs - this.now(monotonicMs) : null;
  }
}

/** Keeps a sample only if it agrees with the new one, so two stamps in a row turn the clock back and one late stamp does not. */
function isBelow(serverMs: number, monotonicMs: number): (sample: Sample) => boolean {
  return (sample) => sample.serverMs - sample.monotonicMs <= serverMs - monotonicMs + STEP_BACK_MS;
}

/** 1 unless the samples surely say something else, since delays of a network disturb them. */
function estimateRate(samples: readonly Sample[]): number {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.monotonicMs - first.monotonicMs < 8000) return 1;
  const rate = (last.serverMs - first.serverMs) / (last.monotonicMs - first.monotonicMs);
  return Math.abs(rate - 1) < 0.2 ? 1 : Math.max(0.1, Math.round(rate * 20) / 20);
}
