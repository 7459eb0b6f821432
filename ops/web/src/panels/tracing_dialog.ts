// Goods found at a closed incident, and the request to trace them. The server checks the codes and says what is expected.

import type { GoodsCode } from "../model/goods_codes.ts";
import { GOODS, TRACE_STATES, type Incident } from "../model/records.ts";
import { dayOf, findCodes } from "../net/goods_codes.ts";
import type { ActionFields, Answer, StatedTracing } from "../net/incidents.ts";
import { el, part, setText } from "../ui/dom.ts";
import { Press } from "../ui/press.ts";
import { Sending, type TellLate } from "../ui/sending.ts";
import { sentenceOf } from "../words/alert_words.ts";
import { codeLine } from "../words/describe_incident.ts";
import { say } from "../words/say.ts";

type Send = (incident: Incident, action: "trace", fields: ActionFields) => Promise<Answer>;

const TEXTS = ["hs-code", "eccn", "eu-list", "item-marking", "authority", "sent-at", "reference"] as const;
const CODES = { "hs-code": "hs_code", eccn: "eccn", "eu-list": "eu_list" } as const;
const TO_MINUTES = 16;

export class TracingDialog {
  readonly #dialog = part<HTMLDialogElement>("tracing-dialog");
  readonly #goods = part<HTMLSelectElement>("tracing-goods");
  readonly #status = part<HTMLSelectElement>("tracing-status");
  readonly #released = part<HTMLInputElement>("tracing-released");
  readonly #problem = part("tracing-problem");
  readonly #send: Send;
  readonly #sending: Sending;
  #incident: Incident | null = null;
  /** Whether something was changed since it was sent. */
  #edited = false;
  readonly #press = new Press(this.#dialog);

  constructor(send: Send, tellLate: TellLate) {
    this.#send = send;
    const button = part<HTMLButtonElement>("tracing-send");
    this.#sending = new Sending(this.#problem, tellLate, (busy) => (button.disabled = busy));
    this.#dialog.addEventListener("close", () => this.#sending.begin());
    this.#goods.replaceChildren(...GOODS.map((goods) => option(goods, say("incident-goods", { goods }))));
    const states = ["", ...TRACE_STATES].map((status) => option(status, say("incident-trace-status", { status: status || "none" })));
    this.#status.replaceChildren(...states);
    for (const name of ["goods", "status", "released", ...TEXTS])
      setText(part(`tracing-${name}-label`), say("incident-tracing-field", { field: name.replaceAll("-", "_") }));
    for (const name of ["hs-code", "eccn", "eu-list"] as const) field(name).addEventListener("change", () => this.#press.after(() => this.#entered()));
    part("tracing-cancel").addEventListener("click", () => this.#dialog.close());
    const form = part<HTMLFormElement>("tracing-form");
    form.addEventListener("input", () => (this.#edited = true));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  open(incident: Incident): void {
    this.#incident = incident;
    const known = incident.tracing;
    setText(part("tracing-title"), say("page-incident-dialog", { action: "trace", name: incident.name }));
    this.#sending.begin();
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
    for (const name of ["hs-code", "eccn", "eu-list"] as const) setText(part(`tracing-${name}-found`), "");
    void this.#look();
    this.#dialog.showModal();
    this.#goods.focus();
  }

  /** Another code is written: what was wrong is of the one before. */
  #entered(): void {
    setText(this.#problem, "");
    void this.#look();
  }

  /** Show the titles of the codes that are written, or which code is nearest to one that does not exist. */
  async #look(): Promise<void> {
    const incident = this.#incident;
    const stated = { hs_code: written("hs-code"), eccn: written("eccn"), eu_list: written("eu-list") };
    if (incident === null) return;
    const asked = Object.values(stated).some((code) => code !== "");
    const codes = asked ? await findCodes(stated, incident.openedMs).catch(() => []) : [];
    this.#press.after(() => {
      if (this.#incident !== incident) return;
      for (const name of ["hs-code", "eccn", "eu-list"] as const) {
        if (written(name) !== stated[CODES[name]]) continue; // written since
        const known = codes.find((one) => one.field === CODES[name]);
        setText(part(`tracing-${name}-found`), known === undefined ? "" : foundLine(known, written(name), dayOf(incident.openedMs)));
      }
    });
  }

  async #submit(): Promise<void> {
    const incident = this.#incident;
    if (incident === null) return;
    const tracing = this.#stated();
    const send = async (): Promise<string> => {
      this.#edited = false;
      const refused = await this.#send(incident, "trace", { tracing });
      return refused === null ? "" : sentenceOf(refused);
    };
    await this.#sending.send(incident.name, send, (refused) => {
      if (refused !== "") return;
      if (this.#edited) setText(this.#problem, say("page-incident-edited"));
      else this.#dialog.close();
    });
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

/** What is known of a code; nothing of one of a wrong form, which the server refuses with what is expected. */
function foundLine(known: GoodsCode, given: string, day: string): string {
  const { fault, depth, nearest, field: name } = known;
  if (fault === "form") return "";
  if (fault === "") return depth === "none" ? "" : codeLine(known);
  return say("incident-refused-goods-code", { field: name, given, fault, day, nearest: nearest || "none", depth });
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
