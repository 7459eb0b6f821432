// The details panel: draws what describe.ts says about the selection, and what may be done with it.

import { probability } from "../words/format.ts";
import type { Alert } from "../model/records.ts";
import type { Selection, State } from "../model/state.ts";
import { describe } from "../words/describe.ts";
import { el, keyed, part, setText, showFacts } from "../ui/dom.ts";
import type { Details, Section } from "../words/facts.ts";

export interface DetailActions {
  select(selection: Selection | null): void;
  fly(selection: Selection): void;
  acknowledge(alert: Alert): Promise<void>;
  reject(alert: Alert): void;
}

const NOTHING =
  "Nothing is selected. Choose an alert, a track, a sensor or a piece of the border, on the map or in a list, to see what it is, where, and how sure that is.";

export class DetailsPanel {
  readonly #actions: DetailActions;
  readonly #empty = el("p", { class: "empty", data: { testid: "details-empty" } }, NOTHING);
  readonly #body = el("div", { data: { testid: "details" } });
  readonly #title = el("h2", { data: { testid: "details-title" } });
  readonly #kind = el("span", { class: "kind" });
  readonly #lead = el("p", { class: "lead", data: { testid: "details-lead" } });
  readonly #buttons = el("div", { class: "details-buttons" });
  readonly #problem = el("p", { class: "problem", role: "alert" });
  readonly #sections = el("div");
  readonly #sharesTitle = el("h3", {}, "Probability of each class");
  readonly #shares = el("div", { class: "bars", data: { testid: "class-shares" } });
  #shown = "";

  constructor(actions: DetailActions) {
    this.#actions = actions;
    const head = el("div", { class: "details-title" }, this.#title, this.#kind);
    this.#body.append(head, this.#lead, this.#buttons, this.#problem, this.#sharesTitle, this.#shares, this.#sections);
    part("panel-details").append(this.#empty, this.#body);
  }

  /** When the button that has the focus goes away, the focus stays in the panel. */
  show(state: State, nowMs: number): void {
    const held = this.#body.contains(document.activeElement);
    this.#draw(state, nowMs);
    if (held && (this.#body.hidden || !this.#body.contains(document.activeElement))) part("panel-details").focus();
  }

  #draw(state: State, nowMs: number): void {
    const { selection } = state;
    const details = selection === null ? null : describe(selection, state, nowMs);
    this.#empty.hidden = details !== null;
    this.#body.hidden = details === null;
    setText(
      this.#empty,
      selection === null ? NOTHING : missing(selection.kind, state),
    );
    if (selection === null || details === null) return;
    const key = `${selection.kind} ${selection.id} ${details.alert?.revision ?? ""}`; // a revision answers a problem
    if (key !== this.#shown) setText(this.#problem, "");
    this.#shown = key;
    setText(this.#title, details.title);
    setText(this.#kind, details.kind);
    setText(this.#lead, details.lead);
    this.#showButtons(selection, details);
    this.#showShares(details);
    keyed(
      this.#sections,
      details.sections,
      ({ title }) => title,
      ({ title }) => el("section", {}, el("h3", {}, title), el("dl", { class: "facts" })),
      fillSection,
    );
  }

  #showButtons(selection: Selection, details: Details): void {
    const { alert } = details;
    const buttons: { id: string; label: string; run: () => void }[] = [];
    if (details.place !== null)
      buttons.push({ id: "fly", label: "Show on the map", run: () => this.#actions.fly(selection) });
    if (alert?.status === "active")
      buttons.push({ id: `acknowledge ${alert.id}`, label: "Acknowledge", run: () => void this.#acknowledge(alert) });
    if (alert?.status === "active" || alert?.status === "acknowledged")
      buttons.push({ id: `reject ${alert.id}`, label: "Reject …", run: () => this.#actions.reject(alert) });
    for (const { label, to } of details.links)
      buttons.push({ id: `${to.kind} ${to.id}`, label, run: () => this.#actions.select(to) });
    buttons.push({ id: "close", label: "Deselect", run: () => this.#actions.select(null) });
    keyed(
      this.#buttons,
      buttons,
      ({ id }) => id,
      ({ id }) => el("button", { type: "button", data: { testid: `details-${id.split(" ")[0] ?? ""}` } }),
      (button, entry) => {
        setText(button, entry.label);
        button.onclick = entry.run;
      },
    );
  }

  async #acknowledge(alert: Alert): Promise<void> {
    try {
      setText(this.#problem, "");
      await this.#actions.acknowledge(alert);
    } catch (error) {
      setText(this.#problem, error instanceof Error ? error.message : String(error));
    }
  }

  #showShares({ shares }: Details): void {
    this.#sharesTitle.hidden = this.#shares.hidden = shares.length === 0;
    keyed(
      this.#shares,
      shares.flatMap(
        ([label, share]) =>
          [
            [label, "label", share],
            [label, "bar", share],
            [label, "value", share],
          ] as const,
      ),
      ([label, what]) => `${label} ${what}`,
      ([label, what]) => (what === "bar" ? bar(label) : el("span", { class: what })),
      (node, [label, what, share]) => {
        if (node instanceof HTMLProgressElement) node.value = share;
        else setText(node, what === "label" ? label : probability(share));
      },
    );
  }
}

function missing(kind: Selection["kind"], state: State): string {
  const known = { track: state.stampMs !== null, alert: state.alertsKnown, sensor: state.sensors.size > 0, segment: true };
  return known[kind]
    ? `This ${kind} is no longer in the picture: it has ended.`
    : `Whether this ${kind} is in the picture is not known yet.`;
}

function bar(label: string): HTMLElement {
  const progress = el("progress", { class: "bar", aria: { label } });
  progress.max = 1;
  return progress;
}

function fillSection(node: HTMLElement, section: Section): void {
  const list = node.querySelector("dl");
  if (list !== null) showFacts(list, section.facts);
}
