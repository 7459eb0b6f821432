// The one place where the page's state changes, and how the parts hear of it: once a frame, however often it changed.

import type { State } from "./state.ts";

type Listener = (state: State, before: State) => void;

export class Store {
  #state: State;
  #shown: State;
  #scheduled = false;
  readonly #listeners: Listener[] = [];
  readonly #schedule: (run: () => void) => void;

  constructor(initial: State, schedule: (run: () => void) => void) {
    this.#state = this.#shown = initial;
    this.#schedule = schedule;
  }

  get state(): State {
    return this.#state;
  }

  update(change: (state: State) => Partial<State>): void {
    this.#state = { ...this.#state, ...change(this.#state) };
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(() => this.#tell());
  }

  /** `listener` hears every change, with what it was told last; a problem in one does not silence the others. */
  subscribe(listener: Listener): void {
    this.#listeners.push(listener);
    listener(this.#state, this.#state);
  }

  #tell(): void {
    this.#scheduled = false;
    const before = this.#shown;
    const state = (this.#shown = this.#state);
    for (const listener of this.#listeners) {
      try {
        listener(state, before);
      } catch (error) {
        console.error("A part of the page could not show a change.", error);
      }
    }
  }
}
