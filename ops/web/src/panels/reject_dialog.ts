// Rejecting an alert takes a reason; the server's refusal, if any, stays in the dialog until it is dealt with.

import type { Alert } from "../model/records.ts";
import { part, setText } from "../ui/dom.ts";
import { Sending, type TellLate } from "../ui/sending.ts";
import { headline } from "../words/alert_words.ts";
import { say } from "../words/say.ts";

const LEAST = 3;

export class RejectDialog {
  readonly #dialog = part<HTMLDialogElement>("reject-dialog");
  readonly #reason = part<HTMLTextAreaElement>("reject-reason");
  readonly #problem = part("reject-problem");
  readonly #send: (alert: Alert, reason: string) => Promise<void>;
  readonly #sending: Sending;
  #alert: Alert | null = null;

  constructor(send: (alert: Alert, reason: string) => Promise<void>, tellLate: TellLate) {
    this.#send = send;
    const button = part<HTMLButtonElement>("reject-send");
    this.#sending = new Sending(this.#problem, tellLate, (busy) => (button.disabled = busy));
    this.#dialog.addEventListener("close", () => this.#sending.begin());
    part("reject-cancel").addEventListener("click", () => this.#dialog.close());
    part("reject-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  open(alert: Alert): void {
    this.#alert = alert;
    this.#reason.value = "";
    this.#sending.begin();
    setText(part("reject-sentence"), headline(alert));
    this.#dialog.showModal();
    this.#reason.focus();
  }

  async #submit(): Promise<void> {
    const reason = this.#reason.value.replaceAll(/\s+/g, " ").trim();
    const alert = this.#alert;
    if (alert === null) return;
    if (reason.length < LEAST) {
      setText(this.#problem, say("page-reject-short"));
      this.#reason.focus();
      return;
    }
    const send = async (): Promise<string> => {
      await this.#send(alert, reason);
      return "";
    };
    await this.#sending.send(headline(alert), send, (problem) => {
      if (problem === "") this.#dialog.close();
    });
  }
}
