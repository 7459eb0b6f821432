// Goods found at a closed incident, and the request to trace them. The server checks the codes and says what is expected.

import { GOODS, TRACE_STATES, type Incident } from "../model/records.ts";
import { failure } from "../net/api.ts";
import type { ActionFields, Answer, StatedTracing } from "../net/incidents.ts";
import { el, part, setText } from "../ui/dom.ts";
import { sentenceOf } from "../words/alert_words.ts";
import { say } from "../words/say.ts";

type Send = (incident: Incident, action: "trace", fields: ActionFields) => Promise<Answer>;

const TEXTS = ["hs-code", "eccn", "eu-list", "item-marking", "authority", "sent-at", "reference"] as const;
const TO_MINUTES = 16;

export class TracingDialog {
  readonly #dialog = part<HTMLDialogElement>("tracing-dialog");
  readonly #goods = part<HTMLSelectElement>("tracing-goods");
  readonly #status = part<HTMLSelectElement>("tracing-status");
  readonly #released = part<HTMLInputElement>("tracing-released");
  readonly #problem = part("tracing-problem");
  readonly #send: Send;
  #incident: Incident | null = null;

  constructor(send: Send) {
    this.#send = send;
    this.#goods.replaceChildren(...GOODS.map((goods) => option(goods, say("incident-goods", { goods }))));
    const states = ["", ...TRACE_STATES].map((status) => option(status, say("incident-trace-status", { status: status || "none" })));
    this.#status.replaceChildren(...states);
    for (const name of ["goods", "status", "released", ...TEXTS])
      setText(part(`tracing-${name}-label`), say("incident-tracing-field", { field: name.replaceAll("-", "_") }));
    part("tracing-cancel").addEventListener("click", () => this.#dialog.close());
    part<HTMLFormElement>("tracing-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  open(incident: Incident): void {
    this.#incident = incident;
    const known = incident.tracing;
    setText(part("tracing-title"), say("page-incident-dialog", { action: "trace", name: incident.name }));
    setText(this.#problem, "");
    this.#goods.value = known?.goods ?? GOODS[0];
    this.#status.value = known?.status ?? "";
    this.#released.checked = known?.released ?? false;
    field("hs-code").value = known?.hsCode ?? "";
    field("eccn").value = known?.eccn ?? "";
    field("eu-list").value = known?.euList ?? "";
    field("item-marking").value = known?.itemMarking ?? "";
    field("authority").value = known?.authority ?? "";
    field("reference").value = known?.reference ?? "";
    const sentMs = known?.sentMs ?? null;
    field("sent-at").value = sentMs === null ? "" : new Date(sentMs).toISOString().slice(0, TO_MINUTES);
    this.#dialog.showModal();
    this.#goods.focus();
  }

  async #submit(): Promise<void> {
    const incident = this.#incident;
    const button = part<HTMLButtonElement>("tracing-send");
    if (incident === null || button.disabled) return;
    button.disabled = true;
    try {
      const refused = await this.#send(incident, "trace", { tracing: this.#stated() });
      if (refused === null) this.#dialog.close();
      else setText(this.#problem, sentenceOf(refused));
    } catch (error) {
      setText(this.#problem, say(failure(error)));
    } finally {
      button.disabled = false;
    }
  }

  #stated(): StatedTracing {
    const sent = field("sent-at").value;
    return {
      goods: this.#goods.value,
      hs_code: written("hs-code"),
      eccn: written("eccn"),
      eu_list: written("eu-list"),
      item_marking: written("item-marking"),
      authority: written("authority"),
      sent_at: sent === "" ? null : `${sent.slice(0, TO_MINUTES)}:00Z`,
      reference: written("reference"),
      status: this.#status.value,
      released: this.#released.checked,
    };
  }
}

function field(name: (typeof TEXTS)[number]): HTMLInputElement {
  return part<HTMLInputElement>(`tracing-${name}`);
}

function written(name: (typeof TEXTS)[number]): string {
  return field(name).value.replaceAll(/\s+/g, " ").trim();
}

function option(value: string, label: string): HTMLOptionElement {
  const made = el("option", {}, label);
  made.value = value;
  return made;
}
