// Track pictures may come ten times a second and hold thousands of tracks. Only the newest counts, so older ones that
// nobody has looked at yet are dropped unread.

type Parse = (data: string) => void;

/** Calls `parse` with the newest picture, at once when the last time is long enough ago, else when it will be. */
export class LatestPicture {
  readonly #parse: Parse;
  readonly #intervalMs: () => number;
  #pending: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #lastMs = -Infinity;

  constructor(parse: Parse, intervalMs: () => number) {
    this.#parse = parse;
    this.#intervalMs = intervalMs;
  }

  offer(data: string): void {
    this.#pending = data;
    if (this.#timer !== null) return;
    const waitMs = this.#lastMs + this.#intervalMs() - performance.now();
    if (waitMs <= 0) this.#show();
    else this.#timer = setTimeout(() => this.#show(), waitMs);
  }

  drop(): void {
    this.#pending = null;
  }

  #show(): void {
    this.#timer = null;
    const data = this.#pending;
    if (data === null) return;
    this.#pending = null;
    this.#lastMs = performance.now();
    this.#parse(data);
  }
}

/** How often a picture of so many tracks is shown at most. */
export function pictureIntervalMs(tracks: number): number {
  if (tracks <= 300) return 200;
  return tracks <= 1500 ? 400 : 900;
}
