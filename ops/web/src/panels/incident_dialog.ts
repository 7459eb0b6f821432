// Actions on an incident that need more than a press: a disposition, a unit, a person, a note or a reason.

import type { Options } from "../model/forces.ts";
import { DISPOSITIONS, type Candidate, type Incident } from "../model/records.ts";
import { GrowingPause } from "../net/growing_pause.ts";
import type { ActionFields, Answer } from "../net/incidents.ts";
import { el, part, setText } from "../ui/dom.ts";
import { Sending, type TellLate } from "../ui/sending.ts";
import { optionLine } from "../words/forces_words.ts";
import { sentenceOf } from "../words/alert_words.ts";
import { duration, probability } from "../words/format.ts";
import type { Choice } from "../words/incident_choices.ts";
import { dispositionName } from "../words/incident_words.ts";
import { say } from "../words/say.ts";

export type Asked = "assign" | "close" | "note" | "attach" | "link" | "merge" | "hand_over" | "reopen" | "mark";
type Send = (incident: Incident, action: Asked, fields: ActionFields) => Promise<Answer>;

const LEAST = 3;
const OPTIONS_NOTE = {
  interception: "forces-options-interception", incident: "forces-options-incident", none: "forces-options-noplace",
} as const;

export class IncidentDialog {
  readonly #dialog = part<HTMLDialogElement>("incident-dialog");
  readonly #choice = part<HTMLSelectElement>("incident-choice");
  readonly #name = part<HTMLInputElement>("incident-name-input");
  readonly #text = part<HTMLTextAreaElement>("incident-text");
  readonly #problem = part("incident-problem");
  readonly #send: Send;
  readonly #sending: Sending;
  #incident: Incident | null = null;
  #action: Asked = "note";
  #takesOver = false;
  #opened = 0;
  /** Whether something was changed since it was sent. */
  #edited = false;

  constructor(send: Send, tellLate: TellLate) {
    this.#send = send;
    const button = part<HTMLButtonElement>("incident-send");
    this.#sending = new Sending(this.#problem, tellLate, (busy) => (button.disabled = busy));
    this.#dialog.addEventListener("close", () => this.#sending.begin());
    part("incident-cancel").addEventListener("click", () => this.#dialog.close());
    const form = part<HTMLFormElement>("incident-form");
    this.#choice.addEventListener("input", () => {
      this.#choice.dataset["touched"] = "true";
      this.#chosen();
    });
    this.#choice.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return; // which would open the list; the arrow keys choose
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener("input", () => (this.#edited = true));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  /** `ask` for units and bases with their times over the ground, which replace `candidates` once they are known. */
  open(
    incident: Incident,
    action: Asked,
    candidates: readonly Candidate[],
    others: readonly Choice[],
    operator: string,
    ask: (() => Promise<Options | null>) | null = null,
  ): void {
    this.#incident = incident;
    this.#action = action;
    this.#opened += 1;
    // Whoever does not own the incident can only take it over, with a reason.
    this.#takesOver = action === "hand_over" && incident.owner !== operator;
    this.#sending.begin();
    setText(part("incident-title"), say("page-incident-dialog", { action, name: incident.name }));
    setText(part("incident-send"), say("page-incident-do", { action }));
    const withOther = action === "link" || action === "merge";
    const choices = withOther ? incidents(others) : CHOICES[action]?.(incident, candidates, others) ?? [];
    this.#choice.replaceChildren(...choices);
    if (action === "mark") this.#choice.value = incident.marking;
    show("incident-choice", choices.length > 0, say("page-incident-choice", { action }));
    show("incident-name-input", action === "assign" || action === "hand_over", say("page-incident-name-of", { action }));
    show("incident-text", action !== "assign" && !withOther, say("page-incident-text-of", { action }));
    this.#choice.dataset["touched"] = "false";
    this.#name.value = this.#takesOver ? operator : "";
    this.#text.value = "";
    this.#chosen();
    this.#dialog.showModal();
    const named = action === "assign" || (action === "hand_over" && !this.#takesOver);
    const first = choices.length > 0 ? this.#choice : named ? this.#name : this.#text;
    first.focus();
    setText(part("incident-choice-note"), ask === null ? "" : say("forces-options-loading"));
    if (ask !== null) void this.#await(ask);
  }

  /** Asks again while there is no answer, as while the server's map is busy, until the dialog closes. */
  async #await(ask: () => Promise<Options | null>): Promise<void> {
    const opened = this.#opened;
    const isShown = (): boolean => opened === this.#opened && this.#dialog.open;
    const pause = new GrowingPause();
    for (let late = false; isShown(); late = true) {
      const found = await ask();
      if (!isShown()) return;
      setText(part("incident-choice-note"), say(found === null ? "forces-options-none" : OPTIONS_NOTE[found.target]));
      if (found !== null) return this.#offer(found, late);
      await pause.next();
    }
  }

  /** A choice that was made meanwhile stays, and so does what is proposed once the page has said that there are no times: `late`. */
  #offer(found: Options, late: boolean): void {
    if (found.options.length === 0) return;
    const kept = this.#choice.dataset["touched"] === "true" || (late && this.#choice.options.length > 0);
    const chosen = kept ? this.#choice.value : null;
    const focused = document.activeElement === this.#name && this.#choice.options.length === 0;
    this.#choice.replaceChildren(
      ...found.options.map((one) => option(one.name, optionLine(one))),
      option("", say("page-incident-other-unit")),
    );
    // A name that was typed meanwhile stays, too: it is sent, not the first of the options.
    this.#choice.value = chosen ?? (this.#name.value.trim() === "" ? this.#choice.value : "");
    show("incident-choice", true, say("page-incident-choice", { action: "assign" }));
    this.#chosen();
    if (focused && this.#name.value === "") this.#choice.focus();
  }

  /** A base that was chosen needs no name typed. */
  #chosen(): void {
    if (this.#action === "assign") part("incident-name-row").hidden = this.#choice.options.length > 0 && this.#choice.value !== "";
  }

  async #submit(): Promise<void> {
    const incident = this.#incident;
    if (incident === null) return;
    const text = this.#text.value.replaceAll(/\s+/g, " ").trim();
    const name = this.#name.value.trim();
    const choice = this.#choice.value;
    const problem = this.#missing(choice, name, text);
    if (problem !== "") {
      setText(this.#problem, say(problem));
      return;
    }
    const fields: ActionFields = {
      assign: { unit: choice || name },
      close: { disposition: choice, reason: text },
      note: { note: text },
      attach: { attachment: text },
      link: { other: choice },
      merge: { other: choice },
      hand_over: { to: name, reason: text },
      reopen: { reason: text },
      mark: { marking: choice, reason: text },
    }[this.#action];
    const action = this.#action;
    const send = async (): Promise<string> => {
      this.#edited = false;
      const refused = await this.#send(incident, action, fields);
      return refused === null ? "" : sentenceOf(refused);
    };
    await this.#sending.send(incident.name, send, (refused) => {
      if (refused !== "") return;
      if (this.#edited) setText(this.#problem, say("page-incident-edited"));
      else this.#dialog.close();
    });
  }

  #missing(choice: string, name: string, text: string): string {
    switch (this.#action) {
      case "assign":
        return choice === "" && name === "" ? "incident-refused-no-unit" : "";
      case "close":
        if (choice === "") return "incident-refused-no-disposition";
        return choice === "nuisance" && text.length < LEAST ? "incident-refused-no-reason" : "";
      case "link":
      case "merge":
        return choice === "" ? "page-incident-no-other" : "";
      case "attach":
        return text === "" ? "page-incident-no-file" : "";
      case "note":
        return text === "" ? "incident-refused-empty" : "";
      case "hand_over":
        if (name === "") return "incident-refused-no-person";
        return this.#takesOver && text.length < LEAST ? "incident-refused-no-reason" : "";
      case "reopen":
      case "mark":
        return text.length < LEAST ? "incident-refused-no-reason" : "";
    }
  }
}

const CHOICES: Partial<
  Record<Asked, (incident: Incident, candidates: readonly Candidate[], others: readonly Choice[]) => HTMLOptionElement[]>
> = {
  close: (incident) => dispositions(incident),
  assign: (_, candidates) => units(candidates),
  mark: (_, __, levels) => levels.map(({ value, label }) => option(value, label)),
};

function dispositions(incident: Incident): HTMLOptionElement[] {
  const restorable = incident.kind === "equipment" || incident.kind === "activity";
  const fit = DISPOSITIONS.filter((name) => name !== "restored" || restorable);
  return [option("", say("page-incident-choose")), ...fit.map((name) => option(name, dispositionName(name)))];
}

function incidents(others: readonly Choice[]): HTMLOptionElement[] {
  return [option("", say("page-incident-choose")), ...others.map(({ value, label }) => option(value, label))];
}

function units(candidates: readonly Candidate[]): HTMLOptionElement[] {
  if (candidates.length === 0) return [];
  const known = candidates.map((one) => {
    const figures = say("page-incident-candidate", { time: duration(one.responseS), chance: probability(one.probability) });
    return option(one.base, say("forces-option", { name: one.base, figures }));
  });
  return [...known, option("", say("page-incident-other-unit"))];
}

function option(value: string, label: string): HTMLOptionElement {
  const made = el("option", {}, label);
  made.value = value;
  return made;
}

function show(id: string, wanted: boolean, label: string): void {
  part(`${id.replace("-input", "")}-row`).hidden = !wanted;
  setText(part(`${id.replace("-input", "")}-label`), label);
}
