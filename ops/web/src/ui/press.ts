// While a pointer presses something, what is drawn around it stays: the release would otherwise fall on something else,
// and the click be lost or taken for another.

/** Runs what moves things, at once or once nothing is pressed any more. */
export type After = (run: () => void) => void;

/** The click of a touch comes some time after its release, or not at all, as after a swipe. */
const CLICK_WITHIN_MS = 400;

export class Press {
  /** What is pressed now; each press is another one, also with the same pointer. */
  #pressed: { readonly pointerId: number } | null = null;
  readonly #released: () => void;
  #later: (() => void)[] = [];

  /** `released` hears that a press in `node` has ended, after its click. */
  constructor(node: HTMLElement, released: () => void = () => undefined) {
    this.#released = released;
    node.addEventListener("pointerdown", ({ button, pointerId }) => {
      if (button === 0) this.#pressed = { pointerId };
    });
    for (const end of ["pointerup", "pointercancel"] as const)
      addEventListener(end, ({ pointerId, pointerType }) => {
        // the click of a mouse follows its release in the same task
        if (pointerId === this.#pressed?.pointerId) this.#endAfter(pointerType === "touch" ? CLICK_WITHIN_MS : 0);
      });
    // A menu of the browser, and what else takes the pointer away, keeps the release to itself.
    for (const end of ["click", "contextmenu", "blur"]) addEventListener(end, () => this.#endAfter(0));
    addEventListener("pointermove", ({ pointerId, buttons }) => {
      if (pointerId === this.#pressed?.pointerId && buttons === 0) this.#end();
    });
  }

  /** Whether something in the node is pressed now. */
  get held(): boolean {
    return this.#pressed !== null;
  }

  /** Run now, or once what is pressed is released. */
  after(run: () => void): void {
    if (this.held) this.#later.push(run);
    else run();
  }

  /** Unless the next press has begun by then. */
  #endAfter(waitMs: number): void {
    const pressed = this.#pressed;
    setTimeout(() => {
      if (pressed === this.#pressed) this.#end();
    }, waitMs);
  }

  #end(): void {
    if (!this.held) return;
    this.#pressed = null;
    const later = this.#later;
    this.#later = [];
    for (const run of later) run();
    this.#released();
  }
}
