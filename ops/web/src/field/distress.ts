// The distress button: held for two seconds by finger or key; with a screen reader, pressed and then confirmed.

import { part, setText } from "../ui/dom.ts";
import { say } from "../words/say.ts";

const HOLD_MS = 2_000;
/** A click within this time is that of the pointer. */
const CLICK_MS = 1_000;

/** Calls `send` once the button was held long enough. Letting go, leaving it or Escape cancels. */
export class DistressButton {
  readonly #send: () => void;
  readonly #button = part<HTMLButtonElement>("distress");
  readonly #bar = part("distress-bar");
  readonly #spoken = part("distress-spoken");
  readonly #confirm = part("distress-confirm");
  #startMs: number | null = null;
  #frame = 0;
  /** When a pointer last pressed it or let it go. */
  #pointerMs = Number.NEGATIVE_INFINITY;

  constructor(send: () => void) {
    this.#send = send;
    const button = this.#button;
    button.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.#start();
    });
    for (const name of ["pointerdown", "pointerup"]) button.addEventListener(name, () => (this.#pointerMs = performance.now()));
    for (const name of ["pointerup", "pointercancel", "pointerleave", "blur"]) button.addEventListener(name, () => this.#cancel());
    button.addEventListener("contextmenu", (event) => event.preventDefault());
    button.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#cancel();
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      if (!event.repeat) this.#start();
    });
    button.addEventListener("keyup", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      this.#cancel();
    });
    // A screen reader presses without holding: it sends a click with neither pointer nor key before it.
    button.addEventListener("click", () => {
      if (performance.now() - this.#pointerMs > CLICK_MS) this.#ask();
    });
    part("distress-confirm-send").addEventListener("click", () => {
      this.#confirm.hidden = true;
      this.#button.focus();
      this.#send();
    });
    part("distress-confirm-cancel").addEventListener("click", () => {
      this.#confirm.hidden = true;
      this.#button.focus();
      setText(this.#spoken, say("field-distress-cancelled"));
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#cancel();
    });
  }

  #start(): void {
    if (this.#startMs !== null) return;
    this.#startMs = performance.now();
    this.#button.dataset["holding"] = "true";
    setText(this.#spoken, say("field-distress-holding"));
    this.#step();
  }

  #step(): void {
    if (this.#startMs === null) return;
    const done = Math.min(1, (performance.now() - this.#startMs) / HOLD_MS);
    this.#bar.style.transform = `scaleX(${done})`;
    if (done < 1) {
      this.#frame = requestAnimationFrame(() => this.#step());
      return;
    }
    this.#end();
    setText(this.#spoken, "");
    this.#send();
  }

  #cancel(): void {
    if (this.#startMs === null) return;
    this.#end();
    setText(this.#spoken, say("field-distress-cancelled"));
  }

  #end(): void {
    cancelAnimationFrame(this.#frame);
    this.#startMs = null;
    this.#button.dataset["holding"] = "false";
    this.#bar.style.transform = "scaleX(0)";
  }

  #ask(): void {
    this.#confirm.hidden = false;
    part("distress-confirm-send").focus();
  }
}
