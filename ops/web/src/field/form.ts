// Answers that need more than a tap: closing with a disposition, a note, and a reference to a photo. Not a dialog: the
// distress button below must stay within reach.

import { DISPOSITIONS } from "../model/records.ts";
import { el, part, setText } from "../ui/dom.ts";
import { say } from "../words/say.ts";
import type { ReplyBody } from "./queue.ts";
import type { FieldIncident } from "./records.ts";
import type { Unit } from "./unit.ts";

const LEAST_REASON = 3;

export class AnswerForm {
  readonly #unit: Unit;
  readonly #onDone: () => void;
  readonly #form = part<HTMLFormElement>("answer-form");
  readonly #choices = part("answer-dispositions");
  readonly #text = part<HTMLTextAreaElement>("answer-text");
  readonly #photo = part<HTMLInputElement>("answer-photo");
  readonly #problem = part("answer-problem");
  #incident: FieldIncident | null = null;
  #action: "close" | "note" = "note";
  /** Counts what was opened: the disk may take so long that the form is about another answer by then. */
  #openings = 0;

  constructor(unit: Unit, onDone: () => void) {
    this.#unit = unit;
    this.#onDone = onDone;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    part("answer-cancel").addEventListener("click", () => onDone());
    this.#form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") onDone();
    });
    for (const disposition of DISPOSITIONS) {
      const input = el("input", { type: "radio", data: { testid: `disposition-${disposition}` } });
      [input.name, input.value] = ["disposition", disposition];
      this.#choices.append(el("label", { class: "choice" }, input, el("span", {}, say("field-disposition", { disposition }))));
    }
  }

  open(incident: FieldIncident, action: "close" | "note"): void {
    this.#incident = incident;
    this.#action = action;
    this.#openings += 1;
    this.#form.reset();
    setText(this.#problem, "");
    setText(part("answer-title"), say("field-form-title", { action, name: incident.name }));
    setText(part("answer-text-label"), say("field-form-text", { action }));
    part("answer-choices").hidden = action !== "close";
    part("answer-photo-row").hidden = action === "close";
    part("answer-title").focus();
  }

  async #send(): Promise<void> {
    const incident = this.#incident;
    if (incident === null) return;
    const opening = this.#openings;
    const words = this.#text.value.trim().replace(/\s+/g, " ");
    if (this.#action === "close") {
      const disposition = new FormData(this.#form).get("disposition");
      if (typeof disposition !== "string") return this.#refuse("field-form-choose");
      if (disposition === "nuisance" && words.length < LEAST_REASON) return this.#refuse("field-form-reason");
      const more: Partial<ReplyBody> = { disposition, ...(words === "" ? {} : { reason: words }) };
      this.#incident = null; // a second press sends nothing
      await this.#unit.answer(incident, "close", more);
    } else {
      const photo = this.#photo.value.trim();
      if (words === "" && photo === "") return this.#refuse("field-form-empty");
      this.#incident = null;
      if (photo !== "") await this.#unit.answer(incident, "attach", { attachment: photo, ...(words === "" ? {} : { note: words }) });
      else await this.#unit.answer(incident, "note", { note: words });
    }
    if (opening === this.#openings) this.#onDone();
  }

  #refuse(message: string): void {
    setText(this.#problem, say(message));
  }
}
