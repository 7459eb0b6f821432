// While a pointer presses something, what is drawn around it stays: the release would otherwise fall on something else,
// and the click be lost or taken for another.

export class Press {
  #held = false;

  /** `released` hears that a press in `node` has ended, after its click. */
  constructor(node: HTMLElement, released: () => void) {
    node.addEventListener("pointerdown", () => (this.#held = true));
    // The click follows the release of the pointer in the same task.
    for (const end of ["pointerup", "pointercancel", "blur"])
      addEventListener(end, () =>
        setTimeout(() => {
          if (!this.#held) return;
          this.#held = false;
          released();
        }),
      );
  }

  /** Whether something in the node is pressed now. */
  get held(): boolean {
    return this.#held;
  }
}
