// Reports, a link to what is shown, and the export as a file, in one dialog; each part for those who may use it.

import { failure } from "../net/api.ts";
import { el, part, setText } from "../ui/dom.ts";
import { say } from "../words/say.ts";
import { exportFile, FORMATS, LAYERS, type ExportedFile, type ExportWish } from "./export.ts";
import { linkTo, type Linked } from "./link.ts";

/** What the page shows now. `bounds` of the map; null without a map. */
export interface Shown {
  readonly linked: Linked;
  readonly bounds: readonly [number, number, number, number] | null;
  /** The time that is shown. */
  readonly untilMs: number;
}

const HOUR_MS = 3_600_000;
const PURPOSE = /^[ -~]{3,200}$/;

export class ShareDialog {
  readonly #shown: () => Shown;
  readonly #dialog = el("dialog", { id: "share", data: { testid: "share" }, aria: { labelledby: "share-title" } });
  readonly #note = el("p", { class: "note", role: "status", data: { testid: "share-note" } });
  readonly #link = el("input", { type: "text", id: "share-link", data: { testid: "share-link" } });
  readonly #reports: HTMLElement;
  readonly #form: HTMLFormElement;
  readonly #format = select("format", FORMATS, (format) => say("share-format-of", { format }));
  readonly #boxes = LAYERS.map((layer) => checkbox(`share-${layer}`, say("share-layer", { layer }), layer !== "positions"));
  readonly #area = checkbox("share-area", say("share-area"), true);
  readonly #from = utcInput("from");
  readonly #until = utcInput("until");
  readonly #purpose = el("input", { type: "text", id: "share-purpose", data: { testid: "share-purpose" } });
  readonly #problem = el("p", { class: "problem", role: "alert", data: { testid: "share-problem" } });
  readonly #scorecard = anchor("/scorecard", say("share-scorecard"), "share-scorecard");
  readonly #partners = anchor("/partners", say("share-partners"), "share-partners");
  readonly #eurosur = anchor("/eurosur", say("share-eurosur"), "share-eurosur");
  readonly #drill = anchor("/drill", say("share-drill"), "share-drill");
  readonly #send = el("button", { type: "submit", data: { testid: "share-export" } }, say("share-export"));

  constructor(shown: () => Shown) {
    this.#shown = shown;
    this.#link.readOnly = true;
    this.#purpose.required = true;
    this.#purpose.maxLength = 200;
    this.#reports = el(
      "section",
      { hidden: true },
      el("h3", {}, say("share-reports")),
      el("p", { class: "share-links" }, anchor("/handover", say("share-handover"), "share-handover"), anchor("/after-action", say("share-after-action"), "share-after-action"), this.#scorecard, this.#drill, this.#partners, this.#eurosur),
    );
    this.#form = el(
      "form",
      { hidden: true, data: { testid: "share-form" }, on: { submit: (event) => { event.preventDefault(); void this.#export(); } } },
      el("h3", {}, say("share-export-title")),
      labelled(say("share-format"), this.#format),
      el("fieldset", { class: "share-layers" }, el("legend", {}, say("share-layers")), ...this.#boxes.map(({ row }) => row)),
      this.#area.row,
      labelled(say("share-from"), this.#from),
      labelled(say("share-until"), this.#until),
      labelled(say("share-purpose"), this.#purpose),
      el("p", { class: "note" }, say("share-purpose-note")),
      this.#problem,
      el("div", { class: "dialog-buttons" }, this.#send),
    );
    this.#form.noValidate = true; // the dialog says in the page's language what is missing
    const copy = el("button", { type: "button", data: { testid: "share-copy" }, on: { click: () => void this.#copy() } }, say("share-copy"));
    const close = el("button", { type: "button", data: { testid: "share-close" }, on: { click: () => this.#dialog.close() } }, say("page-close"));
    this.#dialog.append(
      el("h2", { id: "share-title" }, say("share-title")),
      this.#reports,
      el("section", {}, el("h3", {}, say("share-link-title")), labelled(say("share-link"), this.#link), el("p", { class: "note" }, say("share-link-note")), el("div", { class: "dialog-buttons" }, copy), this.#note),
      this.#form,
      el("div", { class: "dialog-buttons" }, close),
    );
    document.body.append(this.#dialog);
    part("share-open").addEventListener("click", () => this.open());
  }

  /** Show the parts that the person may use. */
  allow(rights: ReadonlySet<string>): void {
    this.#reports.hidden = !rights.has("handover");
    this.#scorecard.hidden = !rights.has("score");
    this.#partners.hidden = !rights.has("partners");
    this.#eurosur.hidden = !rights.has("eurosur");
    this.#drill.hidden = !rights.has("score");
    this.#form.hidden = !rights.has("export");
  }

  open(): void {
    const { linked, untilMs, bounds } = this.#shown();
    this.#link.value = `${location.origin}/${linkTo(linked)}`;
    this.#from.value = utcText(untilMs - HOUR_MS);
    this.#until.value = utcText(untilMs);
    this.#area.box.disabled = bounds === null;
    setText(this.#problem, "");
    setText(this.#note, "");
    this.#dialog.showModal();
  }

  async #copy(): Promise<void> {
    this.#link.select();
    try {
      await navigator.clipboard.writeText(this.#link.value);
      setText(this.#note, say("share-copied"));
    } catch {
      setText(this.#note, say("share-not-copied")); // the link is selected
    }
  }

  async #export(): Promise<void> {
    const wish = this.#wish();
    if (wish === null) return;
    this.#send.disabled = true;
    setText(this.#problem, "");
    setText(this.#send, say("share-exporting"));
    try {
      save(await exportFile(wish));
      this.#dialog.close();
    } catch (error) {
      setText(this.#problem, say(failure(error)));
    } finally {
      this.#send.disabled = false;
      setText(this.#send, say("share-export"));
    }
  }

  #wish(): ExportWish | null {
    const layers = LAYERS.filter((_, number) => this.#boxes[number]?.box.checked === true);
    const [fromMs, untilMs] = [Date.parse(`${this.#from.value}Z`), Date.parse(`${this.#until.value}Z`)];
    const purpose = this.#purpose.value.trim();
    const wrong =
      layers.length === 0 ? "share-no-layer" : !(fromMs < untilMs) ? "share-no-period" : !PURPOSE.test(purpose) ? "share-no-purpose" : null;
    if (wrong !== null) {
      setText(this.#problem, say(wrong));
      return null;
    }
    const bounds = this.#area.box.checked ? this.#shown().bounds : null;
    return { format: this.#format.value, layers, bounds, fromMs, untilMs, purpose };
  }
}

function save({ name, content }: ExportedFile): void {
  const link = el("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function utcText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

function utcInput(name: string): HTMLInputElement {
  const input = el("input", { type: "datetime-local", data: { testid: `share-${name}` } });
  input.step = "1";
  return input;
}

function select(name: string, values: readonly string[], title: (value: string) => string): HTMLSelectElement {
  const list = el("select", { data: { testid: `share-${name}` } });
  for (const value of values) {
    const option = el("option", {}, title(value));
    option.value = value;
    list.append(option);
  }
  return list;
}

function checkbox(id: string, title: string, checked: boolean): { row: HTMLElement; box: HTMLInputElement } {
  const box = el("input", { type: "checkbox", data: { testid: id } });
  box.checked = checked;
  return { row: el("label", { class: "share-check" }, box, title), box };
}

function labelled(title: string, field: HTMLElement): HTMLElement {
  return el("label", { class: "share-field" }, title, field);
}

function anchor(address: string, title: string, testid: string): HTMLElement {
  const link = el("a", { data: { testid } }, title);
  link.href = address;
  return link;
}
