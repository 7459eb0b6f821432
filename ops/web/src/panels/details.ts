// The details panel: the text of words/describe.ts for the selection, and the actions on it.

import { probability } from "../words/format.ts";
import { WITH_GOODS, type Alert, type Incident } from "../model/records.ts";
import type { Selection, State } from "../model/state.ts";
import { failure } from "../net/api.ts";
import { OutcomeUnknown } from "../net/incidents.ts";
import { headline, sentenceOf } from "../words/alert_words.ts";
import { bars, certaintyLine } from "../words/certainty.ts";
import { describe } from "../words/describe.ts";
import { el, keyed, part, setText, showFacts } from "../ui/dom.ts";
import { Press } from "../ui/press.ts";
import type { Details, Section } from "../words/facts.ts";
import { say } from "../words/say.ts";
import { nearestLine } from "../overview/help.ts";
import { OverviewPanel } from "../overview/panel.ts";
import { MoreMenu } from "./more_menu.ts";

export interface DetailActions {
  select(selection: Selection | null): void;
  fly(selection: Selection): void;
  /** Select it and move the map there. */
  goTo(selection: Selection): void;
  acknowledge(alert: Alert): Promise<void>;
  reject(alert: Alert): void;
  /** Act on an incident; actions that need more open a dialog. Returns why it was refused, or nothing. */
  act(incident: Incident, action: IncidentStep): Promise<string>;
  /** Show the devices of a unit. */
  devices(unit: string): void;
  /** The panel states why something was not done, and has to be seen. */
  refused(): void;
}

export type IncidentStep =
  | "acknowledge" | "assign" | "en_route" | "on_scene" | "close" | "note" | "attach" | "link" | "merge" | "hand_over" | "undo"
  | "reopen" | "mark" | "trace";

export class DetailsPanel {
  readonly #actions: DetailActions;
  readonly #empty = el("p", { class: "empty", data: { testid: "details-empty" } }, say("page-details-empty"));
  readonly #body = el("div", { data: { testid: "details" } });
  readonly #title = el("h2", { data: { testid: "details-title" } });
  readonly #kind = el("span", { class: "kind" });
  readonly #close = el(
    "button",
    { type: "button", class: "icon-button", title: say("page-details-deselect"), aria: { label: say("page-details-deselect") }, data: { testid: "details-close" } },
    "✕",
  );
  readonly #lead = el("p", { class: "lead", data: { testid: "details-lead" } });
  readonly #help = el("p", { class: "incident-help", data: { testid: "details-help" } });
  readonly #certainty = el("div", { class: "certainty", data: { testid: "details-certainty" } });
  readonly #signs = el("ul", { class: "signs" });
  readonly #buttons = el("div", { class: "details-buttons" });
  readonly #more = new MoreMenu();
  readonly #related = el("p", { class: "related", data: { testid: "details-related" } });
  readonly #links = el("span", { class: "links" });
  readonly #overview: OverviewPanel;
  readonly #locked = el("p", { class: "hint", hidden: true, data: { testid: "details-locked" } }, say("replay-no-actions"));
  readonly #problem = el("p", { class: "problem", role: "alert" });
  readonly #late = el("p", { class: "problem", role: "alert", hidden: true, data: { testid: "details-late" } });
  readonly #sections = el("div");
  readonly #sharesTitle = el("h3", {}, say("page-details-classes"));
  readonly #shares = el("div", { class: "bars", data: { testid: "class-shares" } });
  #shown = "";
  /** What is selected, whatever its revision. */
  #of = "";
  #newest: readonly [State, number] | null = null;
  readonly #press = new Press(part("panel-details"), () => {
    if (this.#newest !== null) this.show(...this.#newest);
  });

  /** `parts`: pictures and cameras of the selected incident, which follow the selection by themselves. */
  constructor(actions: DetailActions, parts: readonly HTMLElement[]) {
    this.#actions = actions;
    this.#overview = new OverviewPanel((to) => this.#actions.goTo(to));
    this.#close.addEventListener("click", () => this.#actions.select(null));
    const head = el("div", { class: "details-title" }, el("span", { class: "names" }, this.#title, this.#kind), this.#close);
    const acts = el("div", { class: "details-acts" }, this.#buttons, this.#more.node);
    this.#related.append(el("span", { class: "kind" }, say("panels-related")), " ", this.#links);
    this.#certainty.append(el("p", {}, el("span", { class: "certainty-bars", aria: { hidden: "true" } }), " ", el("strong")), this.#signs);
    this.#body.append(head, this.#lead, this.#help, acts, this.#related, this.#certainty, this.#locked, this.#problem, ...parts, this.#sharesTitle, this.#shares, this.#sections);
    part("panel-details").append(this.#late, this.#overview.node, this.#empty, this.#body);
  }

  /**
   * When the button that has the focus goes away, the focus stays in the panel. While something here is pressed, it stays
   * as it is: a line more above the buttons would move them away from the pointer.
   */
  show(state: State, nowMs: number): void {
    this.#newest = [state, nowMs];
    if (this.#press.held && nameOf(state.selection) === this.#of) return;
    const held = this.#body.contains(document.activeElement);
    this.#draw(state, nowMs);
    if (held && (this.#body.hidden || !this.#body.contains(document.activeElement))) part("panel-details").focus();
  }

  #draw(state: State, nowMs: number): void {
    const { selection } = state;
    const details = selection === null ? null : describe(selection, state, nowMs);
    const of = nameOf(selection);
    if (of !== this.#of) this.after(() => this.#showLate(""));
    this.#of = of;
    this.#overview.node.hidden = selection !== null;
    if (selection === null) this.#overview.show(state, nowMs);
    this.#empty.hidden = details !== null;
    this.#body.hidden = details === null;
    setText(
      this.#empty,
      selection === null ? say("page-details-empty") : missing(selection.kind, state),
    );
    if (selection === null || details === null) return;
    const revision = details.alert?.revision ?? details.incident?.revision ?? "";
    const key = `${selection.kind} ${selection.id} ${revision}`; // a revision answers a problem
    if (key !== this.#shown) setText(this.#problem, "");
    this.#shown = key;
    setText(this.#title, details.title);
    setText(this.#kind, details.kind);
    setText(this.#lead, details.lead);
    setText(this.#help, details.incident === undefined ? "" : nearestLine(details.incident, state));
    this.#locked.hidden = state.replay === null || !state.rights.has("act") || (details.alert === null && details.incident === undefined);
    this.#showButtons(selection, details, nowMs, state);
    this.#showCertainty(details);
    this.#showShares(details);
    keyed(
      this.#sections,
      details.sections,
      ({ title }) => title,
      ({ title }) => el("section", {}, el("h3", {}, title), el("dl", { class: "facts" })),
      fillSection,
    );
  }

  #showButtons(selection: Selection, details: Details, nowMs: number, state: State): void {
    const operator = state.sector.value?.operator ?? "";
    const lookingBack = state.replay !== null;
    const { alert, incident } = details;
    const buttons: Button[] = [];
    const more: Button[] = [];
    if (details.place !== null)
      buttons.push({ id: "fly", label: say("page-details-show"), run: () => this.#actions.fly(selection) });
    if (selection.kind === "unit" && state.rights.has("units"))
      buttons.push({ id: `devices ${selection.id}`, label: say("forces-devices"), run: () => this.#actions.devices(selection.id), acts: true });
    const mayAct = state.rights.has("act");
    if (mayAct && alert?.status === "active")
      buttons.push({ id: `acknowledge ${alert.id}`, label: say("page-alert-acknowledge"), run: () => void this.#acknowledge(alert), acts: true });
    if (mayAct && (alert?.status === "active" || alert?.status === "acknowledged"))
      buttons.push({ id: `reject ${alert.id}`, label: say("page-alert-reject"), run: () => this.#actions.reject(alert), acts: true });
    if (mayAct && incident !== undefined)
      for (const step of [...steps(incident, nowMs, operator), ...(mayMark(state) ? (["mark"] as const) : [])])
        (FURTHER.has(step) ? more : buttons).push({
          id: buttonId(incident.id, step),
          label: say("page-incident-do", { action: step }),
          run: () => void this.#act(incident, step),
          acts: true,
        });
    this.#keep(this.#buttons, buttons, lookingBack);
    this.#keep(this.#more.items, more, lookingBack);
    this.#more.follow(`${selection.kind} ${selection.id}`, more.length);
    this.#related.hidden = details.links.length === 0;
    const links = details.links.map(({ label, to }) => ({ id: `${to.kind} ${to.id}`, label, run: () => this.#actions.select(to) }));
    this.#keep(this.#links, links, lookingBack);
  }

  #keep(parent: HTMLElement, buttons: readonly Button[], lookingBack: boolean): void {
    keyed(
      parent,
      buttons,
      ({ id }) => id,
      ({ id }) => el("button", { type: "button", data: { testid: `details-${id.split(" ")[0] ?? ""}` } }),
      (button, entry) => {
        setText(button, entry.label);
        button.onclick = entry.run;
        button.disabled = lookingBack && entry.acts === true;
      },
    );
  }

  #showCertainty({ certainty }: Details): void {
    this.#certainty.hidden = certainty == null;
    if (certainty == null) return;
    const [drawn, words] = this.#certainty.querySelectorAll(".certainty-bars, strong");
    if (drawn !== undefined) setText(drawn, bars(certainty));
    if (words !== undefined) setText(words, certaintyLine(certainty));
    keyed(
      this.#signs,
      certainty.signs.map((sign, index) => ({ ...sign, index })),
      ({ index }) => String(index),
      () => el("li", {}, el("span", { class: "hidden-text" }), el("span")),
      (item, { words: sign, met }) => {
        const [judged, words] = item.children;
        if (judged !== undefined) setText(judged, say("certainty-sign", { met: met === null ? "unknown" : met }));
        if (words !== undefined) setText(words, sign);
        item.dataset["met"] = met === null ? "unknown" : String(met);
      },
    );
  }

  /** As if the button of that action on that incident had been pressed, where there is one. */
  press({ id }: Incident, step: IncidentStep): void {
    this.#body.querySelector<HTMLButtonElement>(`[data-key="${CSS.escape(buttonId(id, step))}"]`)?.click();
  }

  /** A problem with something that is no longer selected, by its name; an empty one removes the one told `before`. */
  tellLate(name: string, problem: string, before: string): void {
    this.after(() => {
      if (problem !== "") this.#showLate(say("page-problem-of", { name, problem }));
      else if (this.#late.textContent === say("page-problem-of", { name, problem: before })) this.#showLate("");
    });
  }

  #showLate(line: string): void {
    setText(this.#late, line);
    this.#late.hidden = line === "";
  }

  /** Run what moves things in the panel, at once or once nothing in it is pressed any more. */
  after(run: () => void): void {
    this.#press.after(run);
  }

  async #acknowledge(alert: Alert): Promise<void> {
    await this.#answer(headline(alert), async () => {
      await this.#actions.acknowledge(alert);
      return "";
    });
  }

  async #act(incident: Incident, step: IncidentStep): Promise<void> {
    await this.#answer(incident.name, () => this.#actions.act(incident, step));
  }

  async #answer(name: string, act: () => Promise<string>): Promise<void> {
    const of = this.#of;
    setText(this.#problem, "");
    let late = "";
    const tell = (problem: string): void =>
      this.after(() => {
        if (problem !== "") this.#actions.refused();
        if (of === this.#of) setText(this.#problem, problem);
        else if (problem !== late) {
          this.tellLate(name, problem, late);
          late = problem;
        }
      });
    tell(
      await act().catch((error: unknown) => {
        if (error instanceof OutcomeUnknown)
          void error.later.then((refused) => tell(refused === null ? "" : sentenceOf(refused)), () => undefined);
        return say(failure(error));
      }),
    );
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

function nameOf(selection: Selection | null): string {
  return selection === null ? "" : `${selection.kind} ${selection.id}`;
}

function buttonId(incident: string, step: IncidentStep): string {
  return `incident-${step} ${incident}`;
}

interface Button {
  readonly id: string;
  readonly label: string;
  readonly run: () => void;
  /** Whether it changes something, which is not possible while looking back. */
  readonly acts?: true;
}

/** What is seldom done is in the menu. */
const FURTHER: ReadonlySet<IncidentStep> = new Set<IncidentStep>(["note", "attach", "link", "merge", "hand_over", "mark"]);

/** Whether the person may decide on markings, and the installation has some that this person may see. */
function mayMark({ markings }: State): boolean {
  return markings.change && markings.levels.length > 0;
}

/** What anyone may add at any time. */
const REMARKS: readonly IncidentStep[] = ["note", "attach", "link"];

/** Whether goods can be recorded: something was there, or has been recorded before. */
function mayTrace({ kind, disposition, tracing }: Incident): boolean {
  return (kind === "movement" || kind === "distress") && (WITH_GOODS.includes(disposition) || (tracing !== null && disposition !== "merged"));
}

/** What may be done next, the likeliest first; last what is possible for a while only: no button moves when it goes. */
function steps(incident: Incident, nowMs: number, operator: string): IncidentStep[] {
  const { state, undo } = incident;
  const mine = incident.owner === "" || incident.owner === operator;
  const undoable: IncidentStep[] = undo !== null && undo.by === operator && nowMs <= undo.untilMs ? ["undo"] : [];
  if (state === "closed") return [...(mayTrace(incident) ? (["trace"] as const) : []), ...REMARKS, "reopen", ...undoable];
  const claim: IncidentStep[] = incident.attention && mine ? ["acknowledge"] : [];
  if (state === "open") return [...claim, "close", ...REMARKS, "merge", ...undoable];
  const worked: IncidentStep[] = mine
    ? [
        "assign",
        ...(state === "assigned" ? (["en_route"] as const) : []),
        ...(state === "assigned" || state === "en_route" ? (["on_scene"] as const) : []),
        "close",
      ]
    : [];
  return [...claim, ...worked, ...REMARKS, ...(mine ? (["merge"] as const) : []), "hand_over", ...undoable];
}

function missing(kind: Selection["kind"], state: State): string {
  const known = {
    incident: state.incidentsKnown,
    track: state.stampMs !== null,
    bearing: state.stampMs !== null,
    alert: state.alertsKnown,
    sensor: state.sensors.size > 0,
    segment: true,
    unit: state.stampMs !== null,
    base: state.stampMs !== null,
    section: state.stampMs !== null && state.replay === null,
  };
  if (!known[kind] && state.replay !== null) return say("replay-unknown");
  return say(known[kind] ? "page-details-gone" : "page-details-unknown", { kind });
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
