// Rejecting an alert takes a reason; the server's refusal, if any, stays in the dialog until it is dealt with.

import type { Alert } from "../model/records.ts";
import { failure } from "../net/api.ts";
import { part, setText } from "../ui/dom.ts";
import { headline } from "../words/alert_words.ts";
import { say } from "../words/say.ts";

const LEAST = 3;

export class RejectDialog {
  readonly #dialog = part<HTMLDialogElement>("reject-dialog");
  readonly #reason = part<HTMLTextAreaElement>("reject-reason");
  readonly #problem = part("reject-problem");
  readonly #send: (alert: Alert, reason: string) => Promise<void>;
  #alert: Alert | null = null;

  constructor(send: (alert: Alert, reason: string) => Promise<void>) {
    this.#send = send;
    part("reject-cancel").addEventListener("click", () => this.#dialog.close());
    part("reject-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  open(alert: Alert): void {
    this.#alert = alert;
    this.#reason.value = "";
    setText(this.#problem, "");
    setText(part("reject-sentence"), headline(alert));
    this.#dialog.showModal();
    this.#reason.focus();
  }

  async #submit(): Promise<void> {
    const reason = this.#reason.value.replaceAll(/\s+/g, " ").trim();
    if (this.#alert === null) return;
    if (reason.length < LEAST) {
      setText(this.#problem, say("page-reject-short"));
      this.#reason.focus();
      return;
    }
    const button = part<HTMLButtonElement>("reject-send");
    button.disabled = true;
    try {
      await this.#send(this.#alert, reason);
      this.#dialog.close();
    } catch (error) {
      setText(this.#problem, say(failure(error)));
    } finally {
      button.disabled = false;
    }
  }
}
