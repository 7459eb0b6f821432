// Keys that act on the row of a list that has the focus: one press acts once, and on a row that the person has seen.

/** For so long after the focus went to another row by itself, a key may have been meant for the row before. */
const MEANT_MS = 1_000;

export class ActingKeys {
  #row: Element | null = null;
  #movedMs = Number.NaN;

  /** The focus went to this row by itself. */
  moved(row: Element | undefined): void {
    this.#row = row ?? null;
    this.#movedMs = performance.now();
  }

  /** The person selected a row. */
  chosen(): void {
    this.#row = null;
  }

  /** Whether a key acts on a row: not one that repeats while it is held. */
  act({ repeat }: KeyboardEvent, row: Element | null): boolean {
    return !repeat && !(row === this.#row && performance.now() - this.#movedMs < MEANT_MS);
  }
}
