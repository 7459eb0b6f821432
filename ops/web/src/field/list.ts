// The incidents of the unit, in the order of the server: what it is, the margin, where it is from here, and the answers.

import { leg } from "../geo/geodesy.ts";
import { PRIORITIES } from "../model/records.ts";
import { el, keyed, part, setData, setText } from "../ui/dom.ts";
import { formats, say } from "../words/say.ts";
import { age, roughly } from "./map.ts";
import { latest, type Answer, type AnswerAction } from "./queue.ts";
import type { FieldIncident } from "./records.ts";
import type { Unit } from "./unit.ts";

/** One tap is the whole answer. */
const ONE_TAP = ["received", "en_route", "on_scene"] as const;
const HEADINGS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"] as const;

export interface ListActions {
  answer(incident: FieldIncident, action: (typeof ONE_TAP)[number]): void;
  /** Opens the form of an answer that needs more than a tap. */
  open(incident: FieldIncident, action: "close" | "note"): void;
  showOnMap(incident: FieldIncident): void;
}

export class IncidentList {
  readonly #unit: Unit;
  readonly #actions: ListActions;
  readonly #list = part("incidents");
  readonly #note = part("incidents-note");
  #open: string | null = null;
  #chosen = false;

  constructor(unit: Unit, actions: ListActions) {
    this.#unit = unit;
    this.#actions = actions;
  }

  /** Open the card of an incident and bring it into view. */
  select(id: string): void {
    this.#open = id;
    this.#chosen = true;
    this.show();
    const card = [...this.#list.children].find((one) => (one as HTMLElement).dataset["key"] === id);
    card?.scrollIntoView({ block: "nearest" });
    card?.querySelector<HTMLElement>("button")?.focus({ preventScroll: true });
  }

  get selected(): string {
    return this.#open ?? "";
  }

  show(): void {
    const { state } = this.#unit;
    const incidents = state?.incidents ?? [];
    if (!this.#chosen || (this.#open !== null && !incidents.some(({ id }) => id === this.#open))) {
      this.#open = incidents[0]?.id ?? null;
      this.#chosen = false;
    }
    setText(this.#note, state === null ? say("field-list-loading") : incidents.length === 0 ? say("field-list-empty") : "");
    this.#note.hidden = this.#note.textContent === "";
    const places = new Map(incidents.map(({ id }, index) => [id, index + 1]));
    keyed(
      this.#list,
      incidents,
      ({ id }) => id,
      (incident) => this.#card(incident.id),
      (card, incident) => this.#update(card, incident, places.get(incident.id) ?? 0),
    );
  }

  #card(id: string): HTMLElement {
    const body = `incident-${crypto.randomUUID()}`;
    const head = el(
      "button",
      {
        class: "card-head", type: "button", aria: { controls: body }, data: { testid: "card-head" },
        on: { click: () => this.#toggle(id) },
      },
      el("span", { class: "mark", aria: { hidden: "true" } }),
      el("span", { class: "hidden-text priority-name" }),
      el("bdi", { class: "name", code: true }),
      el("span", { class: "margin", data: { testid: "margin" } }),
      el("span", { class: "where", data: { testid: "where" } }),
      el("span", { class: "sentence" }),
      el("span", { class: "given", data: { testid: "given" } }),
    );
    const answers = el("div", { class: "answers", role: "group" });
    for (const action of ONE_TAP) answers.append(this.#button(action, id, (incident) => this.#actions.answer(incident, action)));
    for (const action of ["close", "note"] as const)
      answers.append(this.#button(action, id, (incident) => this.#actions.open(incident, action)));
    answers.append(this.#button("map", id, (incident) => this.#actions.showOnMap(incident)));
    return el(
      "li",
      { class: "card", data: { testid: "incident" } },
      head,
      el("div", { class: "card-body", id: body }, answers, el("p", { class: "refusal", role: "status" }), el("ul", { class: "facts", data: { testid: "facts" } })),
    );
  }

  #button(action: AnswerAction | "map", id: string, run: (incident: FieldIncident) => void): HTMLButtonElement {
    const press = (): void => {
      const incident = this.#unit.state?.incidents.find((one) => one.id === id);
      if (incident !== undefined) run(incident);
    };
    return el(
      "button",
      { class: "answer", type: "button", data: { testid: `answer-${action}`, action }, on: { click: press } },
      say("field-action", { action }),
    );
  }

  #toggle(id: string): void {
    this.#open = this.#open === id ? null : id;
    this.#chosen = this.#open !== null;
    if (this.#open === null) this.#chosen = true;
    this.show();
  }

  #update(card: HTMLElement, incident: FieldIncident, rank: number): void {
    const { state, answers } = this.#unit;
    const isOpen = incident.id === this.#open;
    setData(card, "priority", incident.priority);
    setData(card, "incident", incident.id);
    const [head, body] = card.children as unknown as [HTMLElement, HTMLElement];
    head.setAttribute("aria-expanded", String(isOpen));
    body.hidden = !isOpen;
    const text = (name: string, value: string): void => {
      const node = card.querySelector<HTMLElement>(`.${name}`);
      if (node === null) return;
      setText(node, value);
      node.hidden = value === "";
    };
    const given = latest(answers, incident.id);
    text("mark", String(rank));
    text("priority-name", say("field-priority", { priority: incident.priority }));
    text("name", incident.name);
    text("margin", marginLine(incident));
    card.querySelector<HTMLElement>(".margin")?.setAttribute("data-late", String((incident.reach?.marginS ?? 1) < 0));
    text("where", this.#whereLine(incident));
    text("sentence", incident.sentence);
    text("given", [holderLine(incident, state?.unit ?? ""), given === null ? "" : givenLine(given, this.#unit)].filter((one) => one !== "").join(" · "));
    setData(card, "given", given?.state ?? "none");
    text("refusal", given?.state === "refused" ? say("field-refused", { action: say("field-action", { action: given.body.action }), sentence: given.sentence }) : "");
    for (const name of ["sentence", "facts"]) {
      const node = card.querySelector<HTMLElement>(`.${name}`);
      if (node !== null) [node.lang, node.dir] = [state?.language ?? "", "auto"];
    }
    if (isOpen) this.#updateBody(card, incident);
  }

  #updateBody(card: HTMLElement, incident: FieldIncident): void {
    card.querySelector(".answers")?.setAttribute("aria-label", say("field-answers-to", { name: incident.name }));
    for (const button of card.querySelectorAll<HTMLButtonElement>(".answer")) {
      const action = button.dataset["action"] as AnswerAction;
      const own = latest(this.#unit.answers, incident.id, action);
      const pressed = own !== null && own.state !== "refused" && action !== "note";
      if (ONE_TAP.includes(action as (typeof ONE_TAP)[number])) button.setAttribute("aria-pressed", String(pressed));
      setData(button, "state", own?.state ?? "none");
    }
    const facts = card.querySelector<HTMLElement>(".facts");
    const { reach } = incident;
    const lines = [
      ...(reach === null ? [say(incident.priority === "distress" && incident.place === null ? "field-no-place" : "field-no-reach")] : [reach.sentence, ...reach.between]),
      ...incident.details,
      ...(incident.marking === "" ? [] : [say("field-marking", { marking: incident.marking })]),
      say("field-ages", {
        raised: formats().duration(ageOf(incident.raisedMs, this.#unit)),
        observed: formats().duration(ageOf(incident.observedMs, this.#unit)),
      }),
    ].filter((one) => one !== "");
    if (facts !== null)
      keyed(facts, lines, (line) => line, () => el("li"), (node, line) => setText(node, line));
  }

  /** Direction and distance from where this phone is; from where the server knew it, if this phone does not say. */
  #whereLine(incident: FieldIncident): string {
    const from = this.#unit.fix ?? this.#unit.state?.position ?? null;
    const { reach, place } = incident;
    const own = from !== null && place !== null ? leg(from, place) : null;
    const distance = own?.distanceM ?? reach?.distanceM ?? null;
    const bearing = own?.azimuthDeg ?? reach?.bearingDeg ?? null;
    if (distance === null || bearing === null) return place === null ? say("field-no-place") : "";
    const heading = HEADINGS[Math.round(bearing / 45) % 8] as string;
    return say("field-where", { heading: say("compass", { heading }), bearing, distance: rounded(distance) });
  }
}

/** Two digits are enough to walk by. */
function rounded(metres: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, metres))) - 1);
  return Math.round(metres / step) * step;
}

function marginLine({ reach, priority }: FieldIncident): string {
  if (reach === null) return "";
  if (reach.marginS === null) return reach.travelS === null ? say(reach.travelKnown ? "field-not-reachable" : "field-reach-unknown") : say("field-eta", { time: minutes(reach.travelS) });
  if (priority === "distress" && reach.travelS !== null) return say("field-eta", { time: minutes(reach.travelS) });
  return say(reach.marginS < 0 ? "field-late" : "field-margin", { time: minutes(Math.abs(reach.marginS)) });
}

/** Whole minutes above three, else seconds too. */
function minutes(seconds: number): string {
  return formats().duration(seconds < 180 ? Math.round(seconds / 10) * 10 : Math.round(seconds / 60) * 60);
}

function holderLine(incident: FieldIncident, unit: string): string {
  if (incident.assigned || incident.assignedUnit === unit) return incident.assignedUnit === "" ? "" : say("field-yours");
  if (incident.assignedUnit !== "") return say("field-held", { unit: incident.assignedUnit });
  return incident.offered ? say("field-offered") : "";
}

function givenLine(answer: Answer, unit: Unit): string {
  const seconds = (Date.now() - Date.parse(answer.body.at)) / 1000;
  const waits = answer.state === "waiting" && unit.memoryOnly ? "unkept" : answer.state;
  return say("field-given", { action: say("field-action", { action: answer.body.action }), state: waits, age: formats().duration(roughly(seconds)) });
}

function ageOf(thenMs: number | null, unit: Unit): number | null {
  return thenMs === null ? null : roughly(age(unit.now(), thenMs));
}

/** Whether this unit is asked to go; one that goes by itself is on its way already when it is assigned. */
function isAsked({ offered, assigned, state }: FieldIncident): boolean {
  return offered || (assigned && state === "assigned");
}

/** What of an incident is news to a phone that did not show it: each priority up to its own, and that this unit is asked. */
export function marksOf(incident: FieldIncident): readonly string[] {
  const { id, priority } = incident;
  const marks = PRIORITIES.slice(PRIORITIES.indexOf(priority)).map((one) => `${id} ${one}`);
  return isAsked(incident) ? [...marks, `${id} asked`] : marks;
}

/** What a phone keeps of what it showed, as marks; earlier versions kept the ids alone. */
export function marksSeen(kept: readonly string[], incidents: readonly FieldIncident[]): ReadonlySet<string> {
  return new Set([...kept, ...incidents.filter(({ id }) => kept.includes(id)).flatMap(marksOf)]);
}

/** What is announced of an incident that is news. */
export function announcement(incident: FieldIncident, seen: ReadonlySet<string>): string {
  const { id, priority, sentence, offered } = incident;
  const why = offered ? "offered" : isAsked(incident) ? "assigned" : seen.has(`${id} low`) ? "risen" : "new";
  return say("field-announce", { priority, why, rank: say("field-priority", { priority }), sentence });
}

/** The most urgent incident of which this phone has not shown something before; null for none. */
export function news(incidents: readonly FieldIncident[], seen: ReadonlySet<string>): FieldIncident | null {
  const fresh = incidents.filter((one) => marksOf(one).some((mark) => !seen.has(mark)));
  return PRIORITIES.map((priority) => fresh.find((one) => one.priority === priority)).find((one) => one !== undefined) ?? null;
}
