// The queue of incidents: two lines each, and of the most urgent who is there first; unacknowledged first; Enter shows the details, A acknowledges.

import { firstOf, inOrder, NO_FILTER, passes, type Filter } from "../model/incidents.ts";
import { CLASSES, INCIDENT_STATES, type Incident } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { el, keyed, part, setData, setText } from "../ui/dom.ts";
import { ActingKeys } from "../ui/acting_keys.ts";
import { Press } from "../ui/press.ts";
import { bars, certaintyLine, certaintyOfIncident, type Certainty } from "../words/certainty.ts";
import { nearestLine } from "../overview/help.ts";
import { helpLine } from "../words/forces_words.ts";
import { incidentHeadline, rowState, searchText, stateChoice, timeLine, trackLine, whatLine, whereLine, workLine } from "../words/incident_words.ts";
import { className, PRIORITY_MARK, priorityName } from "../words/labels.ts";
import { say } from "../words/say.ts";

export interface QueueActions {
  select(incident: Incident): void;
  act(incident: Incident, action: "acknowledge" | "assign" | "close" | "mark"): void;
}

/** At most so many rows; a note gives the number of all incidents. */
const ROWS = 200;

export class IncidentQueue {
  readonly #actions: QueueActions;
  readonly #list = part<HTMLOListElement>("incident-list");
  readonly #search = part<HTMLInputElement>("incident-search");
  readonly #section = part<HTMLSelectElement>("incident-section");
  readonly #class = part<HTMLSelectElement>("incident-class");
  readonly #stateOf = part<HTMLSelectElement>("incident-state");
  readonly #mine = part<HTMLInputElement>("incident-mine");
  readonly #keys = new ActingKeys();
  #filter: Filter = NO_FILTER;
  #state: State | null = null;
  #nowMs = Number.NaN;
  readonly #press = new Press(this.#list, () => {
    if (this.#state !== null) this.show(this.#state, this.#nowMs);
  });
  /** Incidents whose row says who is there first: the most urgent and the selected one. */
  #helped: ReadonlySet<string> = new Set();

  constructor(actions: QueueActions) {
    this.#actions = actions;
    options(this.#class, CLASSES.map((name) => [name, className(name)]), say("page-incident-any-class"));
    options(this.#stateOf, INCIDENT_STATES.map((name) => [name, stateChoice(name)]), say("page-incident-not-closed"));
    options(this.#section, [], say("page-incident-any-section"));
    for (const control of [this.#search, this.#section, this.#class, this.#stateOf, this.#mine])
      control.addEventListener("input", () => this.#filtered());
    this.#list.addEventListener("keydown", (event) => this.#key(event));
  }

  /** What must be said of the list besides its rows. An empty list is called so only where the server has given it. */
  #note({ incidentsKnown, replay, connection: { problem } }: State, all: number): string {
    if (!incidentsKnown && replay !== null) return say("replay-unknown");
    if (!incidentsKnown) return problem === null ? say("page-incidents-loading") : say("page-incidents-unreadable", { why: problem });
    if (all === 0) return say(this.#filter === NO_FILTER ? "page-incidents-none" : "page-incidents-none-found");
    return all > ROWS ? say("page-alerts-first", { shown: ROWS, all }) : "";
  }

  show(state: State, nowMs: number): void {
    this.#state = state;
    this.#nowMs = nowMs;
    if (this.#press.held) return;
    this.#sections(state);
    const operator = state.sector.value?.operator ?? "";
    const all = inOrder(state.incidents.values(), state.alerts, state.tracks).filter((incident) =>
      passes(incident, this.#filter, operator, searchText(incident, state)),
    );
    const rows = all.slice(0, ROWS);
    this.#helped = new Set([firstOf(state)?.id ?? "", state.selection?.kind === "incident" ? state.selection.id : ""]);
    const note = part("incidents-note");
    const words = this.#note(state, all.length);
    note.hidden = words === "";
    setText(note, words);
    const focusable = this.#focusable(rows);
    const held = this.#focusedPlace();
    keyed(
      this.#list,
      rows,
      ({ id }) => id,
      (incident) => this.#create(incident.id),
      (row, incident) => this.#update(row, incident, state, incident.id === focusable),
    );
    if (held === -1 || this.#focusedPlace() !== -1) return;
    const next = this.#rows[Math.min(held, rows.length - 1)];
    this.#keys.moved(next);
    this.#focus(next);
  }

  focusFirst(): void {
    this.#list.querySelector<HTMLElement>(".incident-open[tabindex='0']")?.focus();
  }

  get #rows(): HTMLElement[] {
    return [...this.#list.children] as HTMLElement[];
  }

  #filtered(): void {
    const filter: Filter = {
      text: this.#search.value.trim(),
      section: this.#section.value,
      target: this.#class.value,
      state: this.#stateOf.value,
      mine: this.#mine.checked,
    };
    this.#filter = JSON.stringify(filter) === JSON.stringify(NO_FILTER) ? NO_FILTER : filter;
    if (this.#state !== null) this.show(this.#state, this.#nowMs);
  }

  /** The chosen section stays in the list while none of the incidents is in it, as when looking back, because it is still in force. */
  #sections(state: State): void {
    const chosen = this.#section.value;
    const known = [...state.incidents.values()].map(({ section }) => section);
    const names = [...new Set([...known, chosen])].filter((name) => name !== "").sort();
    if (names.join("\n") === this.#section.dataset["names"]) return;
    options(this.#section, names.map((name) => [name, name]), say("page-incident-any-section"));
    this.#section.value = chosen;
    this.#section.dataset["names"] = names.join("\n");
    this.#section.hidden = names.length === 0;
  }

  #focusable(rows: readonly Incident[]): string | undefined {
    const focused = (document.activeElement?.closest(".incident") as HTMLElement | null)?.dataset["key"];
    const wanted = focused ?? (this.#state?.selection?.kind === "incident" ? this.#state.selection.id : undefined);
    return rows.some(({ id }) => id === wanted) ? wanted : rows[0]?.id;
  }

  #focusedPlace(): number {
    return this.#rows.findIndex((row) => row.contains(document.activeElement));
  }

  #create(id: string): HTMLLIElement {
    const select = (): void => {
      this.#keys.chosen();
      const incident = this.#state?.incidents.get(id);
      if (incident !== undefined) this.#actions.select(incident);
    };
    const open = el(
      "button",
      { class: "incident-open", type: "button", data: { testid: "incident-open" }, on: { click: select } },
      el(
        "span",
        { class: "incident-top" },
        el("span", { class: "incident-priority" }, el("span", { class: "incident-mark" }), el("span", { class: "incident-word" })),
        el("strong", { class: "incident-name", code: true }),
        el("span", { class: "incident-status" }),
        el("span", { class: "incident-left" }),
      ),
      el(
        "span",
        { class: "incident-second" },
        el("span", { class: "incident-sentence" }),
        el("span", { class: "certainty-bars", role: "img", data: { testid: "incident-certainty" } }),
        el("span", { class: "incident-where" }),
      ),
      el("span", { class: "incident-help", data: { testid: "incident-help" } }),
    );
    return el("li", { class: "incident", data: { testid: "incident", incident: id } }, open);
  }

  #update(row: HTMLElement, incident: Incident, state: State, focusable: boolean): void {
    setData(row, "priority", incident.priority);
    setData(row, "state", incident.state);
    setData(row, "attention", String(incident.attention));
    setData(row, "revision", String(incident.revision));
    setData(row, "selected", String(state.selection?.kind === "incident" && state.selection.id === incident.id));
    const write = (name: string, text: string): void => {
      const node = row.querySelector(name);
      if (node !== null) setText(node, text);
    };
    write(".incident-mark", PRIORITY_MARK[incident.priority]);
    write(".incident-word", ` ${priorityName(incident.priority)}`);
    write(".incident-name", incident.name);
    write(".incident-status", rowState(incident));
    write(".incident-left", timeLine(incident, state, this.#nowMs));
    write(".incident-sentence", whatLine(incident, state));
    showCertainty(row.querySelector<HTMLElement>(".certainty-bars"), certaintyOfIncident(incident, state, this.#nowMs));
    const open = row.querySelector<HTMLElement>(".incident-open");
    if (open !== null) open.title = incidentHeadline(incident, state);
    const where = [helpLine(incident, state), trackLine(incident, state), whereLine(incident), workLine(incident)];
    write(".incident-where", where.filter((text) => text !== "").join(" · "));
    write(".incident-help", this.#helped.has(incident.id) ? nearestLine(incident, state) : "");
    row.querySelector(".incident-open")?.setAttribute("tabindex", focusable ? "0" : "-1");
  }

  #key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const row = (event.target as Element).closest<HTMLElement>(".incident");
    const rows = this.#rows;
    const index = row === null ? -1 : rows.indexOf(row);
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1 }[event.key];
    const action = ({ a: "acknowledge", u: "assign", c: "close", x: "mark" } as const)[event.key.toLowerCase() as "a" | "u" | "c" | "x"];
    const incident = this.#state?.incidents.get(row?.dataset["key"] ?? "");
    if (to !== undefined) this.#focus(rows[Math.max(0, Math.min(rows.length - 1, to))]);
    else if (action === undefined || incident === undefined) return;
    else if (this.#keys.act(event, row)) this.#actions.act(incident, action);
    event.preventDefault();
  }

  #focus(row: HTMLElement | undefined): void {
    if (row === undefined) return;
    row.querySelector<HTMLElement>(".incident-open")?.focus();
    if (this.#state !== null) this.show(this.#state, this.#nowMs);
    row.scrollIntoView({ block: "nearest" });
  }
}

/** Bars, and their meaning in words for screen readers and under the pointer. */
function showCertainty(node: HTMLElement | null, certainty: Certainty | null): void {
  if (node === null) return;
  node.hidden = certainty === null;
  setText(node, certainty === null ? "" : bars(certainty));
  if (certainty === null) return;
  node.title = certaintyLine(certainty);
  node.setAttribute("aria-label", certaintyLine(certainty));
}

function options(select: HTMLSelectElement, choices: readonly (readonly [string, string])[], any: string): void {
  select.replaceChildren(
    ...[["", any] as const, ...choices].map(([value, label]) => {
      const option = el("option", {}, label);
      option.value = value;
      return option;
    }),
  );
}
