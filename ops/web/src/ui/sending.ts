// What a dialog or a panel sends is answered seconds later, and may by then be about another thing: an answer belongs to
// what was asked for. It closes and fills nothing else, and holds up nothing else.

import { failure } from "../net/api.ts";
import { OutcomeUnknown } from "../net/incidents.ts";
import { sentenceOf } from "../words/alert_words.ts";
import { say } from "../words/say.ts";
import { setText } from "./dom.ts";
import type { After } from "./press.ts";

/** Tells a problem with `name`, which is no longer what is shown; an empty one removes `before`, which was told. */
export type TellLate = (name: string, problem: string, before: string) => void;

export class Sending {
  readonly #problem: Element;
  readonly #tellLate: TellLate;
  readonly #busy: (busy: boolean) => void;
  readonly #after: After;
  #shown = 0;
  #sends = false;

  /** `problem` shows why something was not done; `busy` hears whether an answer is awaited; `after` when to show it. */
  constructor(problem: Element, tellLate: TellLate, busy: (busy: boolean) => void, after: After = (run) => run()) {
    this.#problem = problem;
    this.#tellLate = tellLate;
    this.#busy = busy;
    this.#after = after;
  }

  /** Another thing is shown: what is still on its way was about the one before. */
  begin(): void {
    this.#shown += 1;
    this.#set(false);
    setText(this.#problem, "");
  }

  /**
   * Send something about `name`, unless an answer is awaited. `send` returns why it was not done, or throws why; an
   * empty text means that it was. `answered` hears the problem, too, where the same thing is still shown. An outcome that
   * is not known is a problem until it is.
   */
  async send(name: string, send: () => Promise<string>, answered: (problem: string) => void): Promise<void> {
    if (this.#sends) return;
    const shown = this.#shown;
    let late = "";
    const tell = (problem: string, told: () => void = () => undefined): void =>
      this.#after(() => {
        if (shown === this.#shown) {
          setText(this.#problem, problem);
          told();
        } else if (problem !== late) {
          this.#tellLate(name, problem, late);
          late = problem;
        }
      });
    this.#set(true);
    const problem = await send().catch((error: unknown) => {
      if (!(error instanceof OutcomeUnknown)) return say(failure(error));
      tell(say(failure(error)));
      return error.later.then((refused) => (refused === null ? "" : sentenceOf(refused)), (why: unknown) => say(failure(why)));
    });
    tell(problem, () => {
      this.#set(false);
      answered(problem);
    });
  }

  #set(sends: boolean): void {
    this.#sends = sends;
    this.#busy(sends);
  }
}
