// Undo and redo over values that do not change under anybody.

/** Steps that are kept; older ones are forgotten. */
const MOST_STEPS = 200;

export class History<T> {
  #past: readonly T[] = [];
  #now: T;
  #future: readonly T[] = [];

  constructor(now: T) {
    this.#now = now;
  }

  get now(): T {
    return this.#now;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** A new step; what was undone before it cannot be done again. */
  push(next: T): void {
    this.#past = [...this.#past, this.#now].slice(-MOST_STEPS);
    this.#now = next;
    this.#future = [];
  }

  /** False if there is no step to undo. */
  undo(): boolean {
    const before = this.#past.at(-1);
    if (before === undefined) return false;
    this.#past = this.#past.slice(0, -1);
    this.#future = [this.#now, ...this.#future];
    this.#now = before;
    return true;
  }

  /** False if there is no step to do again. */
  redo(): boolean {
    const [next, ...rest] = this.#future;
    if (next === undefined) return false;
    this.#past = [...this.#past, this.#now];
    this.#future = rest;
    this.#now = next;
    return true;
  }
}
