// The impact level of a border section: a person decides, with a reason.

import { IMPACT_LEVELS, type Forces, type Posture } from "../model/forces.ts";
import { RequestFailed } from "../net/api.ts";
import type { setLevel } from "../net/forces.ts";
import { el, part, setText } from "../ui/dom.ts";
import { Sending, type TellLate } from "../ui/sending.ts";
import { utcDateTime } from "../words/format.ts";
import { levelName } from "../words/forces_words.ts";
import { say } from "../words/say.ts";

const LEAST = 3;

export class ImpactDialog {
  readonly #dialog = part<HTMLDialogElement>("impact-dialog");
  readonly #level = part<HTMLSelectElement>("impact-level");
  readonly #reason = part<HTMLTextAreaElement>("impact-reason");
  readonly #problem = part("impact-problem");
  readonly #send: typeof setLevel;
  readonly #sending: Sending;
  #section: Posture | null = null;
  /** The decision that was sent and was not seen to apply; empty where none was. */
  #sent = "";

  constructor(send: typeof setLevel, tellLate: TellLate) {
    this.#send = send;
    const button = part<HTMLButtonElement>("impact-send");
    this.#sending = new Sending(this.#problem, tellLate, (busy) => (button.disabled = busy));
    this.#dialog.addEventListener("close", () => this.#sending.begin());
    this.#level.replaceChildren(
      ...IMPACT_LEVELS.map((level) => {
        const option = el("option", {}, levelName(level));
        option.value = level;
        return option;
      }),
    );
    part("impact-cancel").addEventListener("click", () => this.#dialog.close());
    part<HTMLFormElement>("impact-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  open(section: Posture): void {
    this.#show(section);
    this.#level.value = section.level ?? "low";
    this.#reason.value = "";
    this.#sent = "";
    this.#sending.begin();
    this.#dialog.showModal();
    this.#level.focus();
  }

  /** A decision that was stored closes the dialog once it applies; it never does once another applies in its place. */
  follow({ sections }: Forces): void {
    const now = this.#section === null ? undefined : sections.get(this.#section.id);
    if (this.#sent === "" || now === undefined) return;
    if (now.decided.some(({ id }) => id === this.#sent)) this.#dialog.close();
    else if (now.decided.at(-1)?.id !== this.#section?.decided.at(-1)?.id) {
      this.#show(now);
      this.#sent = "";
      setText(this.#problem, say("forces-level-passed"));
    }
  }

  /** The section as a person decides on it. */
  #show(section: Posture): void {
    this.#section = section;
    const last = section.decided.at(-1);
    setText(part("impact-title"), say("forces-dialog", { section: section.id }));
    setText(
      part("impact-now"),
      last === undefined
        ? say(section.level === null ? "forces-level-unset" : "forces-level-now-file", { level: levelName(section.level) })
        : say("forces-level-now", { level: levelName(last.level), by: last.by, at: utcDateTime(last.atMs), reason: last.reason }),
    );
    const { proposed } = section;
    part("impact-proposed").hidden = proposed === null;
    if (proposed !== null) setText(part("impact-proposed"), say("forces-level-proposed", { level: levelName(proposed.level), on: proposed.on }));
  }

  async #submit(): Promise<void> {
    const section = this.#section;
    const level = IMPACT_LEVELS.find((one) => one === this.#level.value);
    const reason = this.#reason.value.replaceAll(/\s+/g, " ").trim();
    if (section === null || level === undefined) return;
    if (reason.length < LEAST) {
      setText(this.#problem, say("incident-refused-no-reason"));
      this.#reason.focus();
      return;
    }
    let sent = "";
    const send = async (): Promise<string> => {
      try {
        const outcome = await this.#send(section, level, reason, (id) => (sent = id));
        return outcome === "applied" ? "" : say(outcome === "asked" ? "forces-level-asked" : "forces-level-waiting");
      } catch (error) {
        // without an answer it may be stored; a conflict is another decision
        if (!(error instanceof RequestFailed) || (error.status !== 0 && error.status !== 409 && error.status < 500)) sent = "";
        throw error;
      }
    };
    await this.#sending.send(section.id, send, (problem) => {
      this.#sent = sent;
      if (problem === "") this.#dialog.close();
    });
  }
}
