// What a dialog or a panel sends is answered seconds later, and may by then be about another thing: an answer belongs to
// what was asked for. It closes and fills nothing else, and holds up nothing else.

import { failure } from "../net/api.ts";
import { say } from "../words/say.ts";
import { setText } from "./dom.ts";

/** Tells a problem with `name`, which is no longer what is shown. */
export type TellLate = (name: string, problem: string) => void;

export class Sending {
  readonly #problem: Element;
  readonly #tellLate: TellLate;
  readonly #busy: (busy: boolean) => void;
  #shown = 0;
  #sends = false;

  /** `problem` shows why something was not done; `busy` hears whether an answer is awaited. */
  constructor(problem: Element, tellLate: TellLate, busy: (busy: boolean) => void = () => undefined) {
    this.#problem = problem;
    this.#tellLate = tellLate;
    this.#busy = busy;
  }

  /** Another thing is shown: what is still on its way was about the one before. */
  begin(): void {
    this.#shown += 1;
    this.#set(false);
    setText(this.#problem, "");
  }

  /**
   * Send something about `name`, unless an answer is awaited. `send` returns why it was not done, or throws why; an
   * empty text means that it was. `answered` hears the problem, too, where the same thing is still shown.
   */
  async send(name: string, send: () => Promise<string>, answered: (problem: string) => void): Promise<void> {
    if (this.#sends) return;
    const shown = this.#shown;
    this.#set(true);
    const problem = await send().catch((error: unknown) => say(failure(error)));
    if (shown === this.#shown) {
      this.#set(false);
      setText(this.#problem, problem);
      answered(problem);
    } else if (problem !== "") this.#tellLate(name, problem);
  }

  #set(sends: boolean): void {
    this.#sends = sends;
    this.#busy(sends);
  }
}
