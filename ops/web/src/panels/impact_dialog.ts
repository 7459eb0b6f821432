// The impact level of a border section: a person decides, with a reason.

import { IMPACT_LEVELS, type Forces, type ImpactLevel, type Posture } from "../model/forces.ts";
import { failure, RequestFailed } from "../net/api.ts";
import type { LevelOutcome } from "../net/forces.ts";
import { el, part, setText } from "../ui/dom.ts";
import { utcDateTime } from "../words/format.ts";
import { levelName } from "../words/forces_words.ts";
import { say } from "../words/say.ts";

const LEAST = 3;

export class ImpactDialog {
  readonly #dialog = part<HTMLDialogElement>("impact-dialog");
  readonly #level = part<HTMLSelectElement>("impact-level");
  readonly #reason = part<HTMLTextAreaElement>("impact-reason");
  readonly #problem = part("impact-problem");
  readonly #send: (section: Posture, level: ImpactLevel, reason: string) => Promise<LevelOutcome>;
  #section: Posture | null = null;
  #waiting = false;

  constructor(send: (section: Posture, level: ImpactLevel, reason: string) => Promise<LevelOutcome>) {
    this.#send = send;
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
    this.#level.value = section.level ?? "low";
    this.#reason.value = "";
    this.#waiting = false;
    setText(this.#problem, "");
    this.#dialog.showModal();
    this.#level.focus();
  }

  /** A decision that was stored closes the dialog once it applies. */
  follow({ sections }: Forces): void {
    const now = this.#section === null ? undefined : sections.get(this.#section.id);
    if (this.#waiting && now?.decided.at(-1)?.id !== this.#section?.decided.at(-1)?.id) this.#dialog.close();
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
    const button = part<HTMLButtonElement>("impact-send");
    button.disabled = true;
    try {
      const outcome = await this.#send(section, level, reason);
      if (outcome === "applied") this.#dialog.close();
      else {
        this.#waiting = true;
        setText(this.#problem, say(outcome === "asked" ? "forces-level-asked" : "forces-level-waiting"));
      }
    } catch (error) {
      this.#waiting = error instanceof RequestFailed && (error.status === 0 || error.status >= 500); // it may be stored
      setText(this.#problem, say(failure(error)));
    } finally {
      button.disabled = false;
    }
  }
}
