// Two incidents that were joined across sectors are separated, or joined again, after a question.

import { post } from "../net/api.ts";
import { el, setText } from "../ui/dom.ts";
import { Sending, type TellLate } from "../ui/sending.ts";
import { say } from "../words/say.ts";
import { pairOf } from "./events.ts";
import type { EventJoin } from "./picture.ts";

type JoinAction = "separate" | "rejoin";

export class JoinDialog {
  readonly #title = el("h2", { id: "join-title" });
  readonly #which = el("select", { data: { testid: "join-which" } });
  readonly #one = el("p", { class: "pair", code: true });
  readonly #hint = el("p", { class: "hint" });
  readonly #problem = el("p", { class: "refusal", role: "alert", data: { testid: "join-problem" } });
  readonly #button = el("button", { type: "button", data: { testid: "join-send" }, on: { click: () => void this.#send() } });
  readonly #choice = el("label", { class: "setting" }, say("nation-page-join-which"), this.#which);
  readonly #dialog = el("dialog", { id: "join-dialog", data: { testid: "join-dialog" }, aria: { labelledby: "join-title" } });
  readonly #sending: Sending;
  readonly #titleOf: (sector: string) => string;
  #action: JoinAction = "separate";
  #joins: readonly EventJoin[] = [];

  constructor(titleOf: (sector: string) => string, tellLate: TellLate) {
    this.#titleOf = titleOf;
    this.#sending = new Sending(this.#problem, tellLate, (busy) => (this.#button.disabled = busy));
    this.#dialog.addEventListener("close", () => this.#sending.begin());
    const cancel = el("button", { type: "button", data: { testid: "join-cancel" }, on: { click: () => this.#dialog.close() } }, say("page-cancel"));
    this.#dialog.append(this.#title, this.#one, this.#choice, this.#hint, this.#problem, el("div", { class: "dialog-buttons" }, cancel, this.#button));
    document.body.append(this.#dialog);
  }

  open(action: JoinAction, joins: readonly EventJoin[]): void {
    const [first] = joins;
    if (first === undefined) return;
    this.#action = action;
    this.#joins = joins;
    setText(this.#title, say("nation-page-join-title", { action }));
    setText(this.#one, pairOf(first, this.#titleOf));
    this.#one.hidden = joins.length > 1;
    this.#choice.hidden = joins.length === 1;
    this.#which.replaceChildren(
      ...joins.map((join) => {
        const option = el("option", { code: true }, pairOf(join, this.#titleOf));
        option.value = join.key;
        return option;
      }),
    );
    this.#which.value = first.key;
    setText(this.#hint, say("nation-page-join-hint", { action }));
    setText(this.#button, say("nation-page-join-send", { action }));
    this.#sending.begin();
    this.#dialog.showModal();
    this.#button.focus();
  }

  async #send(): Promise<void> {
    const join = this.#joins.find(({ key }) => key === this.#which.value);
    if (join === undefined) return;
    const { sector, incident } = join;
    const send = async (): Promise<string> => {
      await post("/v1/nation/actions", { action: this.#action, sector, incident });
      return "";
    };
    await this.#sending.send(pairOf(join, this.#titleOf), send, (problem) => {
      if (problem === "") this.#dialog.close();
    });
  }
}
