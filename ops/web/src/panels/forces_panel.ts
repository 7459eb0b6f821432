// Own forces: units with the age of their positions, bases, and the posture of each border section.

import { assignedTo, inDistress, positionAge, type Base, type Posture, type Unit } from "../model/forces.ts";
import { readable } from "../model/parse.ts";
import type { Selection, State } from "../model/state.ts";
import { el, keyed, part, setData, setText } from "../ui/dom.ts";
import { sentenceOf } from "../words/alert_words.ts";
import { ageLine, dutyName, levelName, loadLine, metLine, postureLine, unitStatus } from "../words/forces_words.ts";
import { formats, say } from "../words/say.ts";
import { moveFocus } from "./tracks_panel.ts";

export interface ForcesActions {
  select(selection: Selection): void;
  setLevel(section: Posture): void;
}

export class ForcesPanel {
  readonly #actions: ForcesActions;
  readonly #note = el("p", { class: "note", data: { testid: "units-note" } });
  readonly #refused = el("p", { class: "note", data: { testid: "units-refused" } });
  readonly #units = el("div", { class: "rows", data: { testid: "unit-list" } });
  readonly #basesTitle = el("h3", {}, say("forces-bases"));
  readonly #bases = el("div", { class: "rows", data: { testid: "base-list" } });
  readonly #sectionsNote = el("p", { class: "hint" });
  readonly #sections = el("div", { class: "rows", data: { testid: "section-list" } });

  constructor(actions: ForcesActions) {
    this.#actions = actions;
    part("panel-forces").append(
      el("h2", { class: "hidden-text" }, say("forces-tab")),
      this.#note,
      this.#refused,
      this.#units,
      this.#basesTitle,
      this.#bases,
      el("h3", {}, say("forces-sections")),
      this.#sectionsNote,
      this.#sections,
    );
    for (const rows of [this.#units, this.#bases]) rows.addEventListener("keydown", moveFocus);
  }

  show(state: State, nowMs: number): void {
    const units = [...state.forces.units.values()].sort((a, b) => rank(a, state) - rank(b, state) || (a.id < b.id ? -1 : 1));
    const orUnknown = (none: string): string => say(state.replay === null ? none : "replay-unknown");
    setText(this.#note, units.length === 0 ? orUnknown("forces-no-units-yet") : loadLine(state));
    const silent = state.replay === null ? [...state.refused.keys()].filter((unit) => !state.forces.units.has(unit)) : [];
    this.#refused.hidden = silent.length === 0;
    const newest = silent.flatMap((unit) => state.refused.get(unit)?.[0] ?? [])[0];
    if (newest !== undefined)
      setText(this.#refused, say("forces-refused-only", { units: formats().names(silent.slice(0, 5).map((unit) => readable(unit))), reason: sentenceOf(newest.reason) }));
    keyed(
      this.#units,
      units,
      ({ id }) => id,
      ({ id }) => this.#row({ kind: "unit", id }),
      (row, unit) => showUnit(row, unit, state, nowMs),
    );
    const bases = [...state.forces.bases.values()];
    this.#basesTitle.hidden = bases.length === 0;
    keyed(
      this.#bases,
      bases,
      ({ id }) => id,
      ({ id }) => this.#row({ kind: "base", id }),
      (row, base) => showBase(row, base, state),
    );
    const sections = [...state.forces.sections.values()];
    setText(this.#sectionsNote, sections.length === 0 ? orUnknown("forces-no-sections") : say("forces-sections-note"));
    keyed(
      this.#sections,
      sections,
      ({ id }) => id,
      ({ id }) => this.#section(id),
      (row, posture) => this.#showSection(row, posture, state),
    );
  }

  #row(selection: Selection): HTMLButtonElement {
    return el(
      "button",
      {
        class: "row",
        type: "button",
        data: { testid: `${selection.kind}-row`, [selection.kind]: selection.id },
        on: { click: () => this.#actions.select(selection) },
      },
      el("span", { class: "name", code: true }),
      el("span", { class: "state" }),
      el("span", { class: "small" }),
    );
  }

  #section(id: string): HTMLElement {
    const set = el("button", { type: "button", class: "set-level", data: { testid: "set-level" } }, say("forces-set-level"));
    return el("div", { class: "section-row", data: { testid: "section" } }, this.#row({ kind: "section", id }), set);
  }

  #showSection(node: HTMLElement, posture: Posture, state: State): void {
    const [row, set] = node.children;
    if (!(row instanceof HTMLElement) || !(set instanceof HTMLButtonElement)) return;
    setData(row, "lost", String(posture.met === false));
    setData(node, "level", posture.level ?? "none");
    const [name, word, small] = row.children;
    if (name !== undefined) setText(name, readable(posture.id));
    if (word !== undefined) setText(word, levelName(posture.level));
    if (small !== undefined)
      setText(small, posture.met === null ? postureLine(posture) : metLine(posture));
    row.setAttribute("aria-current", String(state.selection?.kind === "section" && state.selection.id === posture.id));
    set.hidden = !state.rights.has("levels") || state.replay !== null;
    set.setAttribute("aria-label", say("forces-set-level-of", { section: readable(posture.id) }));
    set.onclick = () => this.#actions.setLevel(posture);
  }
}

/** Distress first, then those on duty with a current assignment, then the others on duty. */
function rank(unit: Unit, state: State): number {
  if (inDistress(unit, state.incidents)) return 0;
  if (assignedTo(unit.id, state.incidents).length > 0) return 1;
  return unit.duty === "off_duty" ? 3 : 2;
}

function showUnit(row: HTMLElement, unit: Unit, state: State, nowMs: number): void {
  const age = positionAge(unit, state.forces, nowMs);
  const distress = inDistress(unit, state.incidents);
  setData(row, "age", age);
  setData(row, "distress", String(distress));
  setData(row, "lost", String(age === "old"));
  const [name, word, small] = row.children;
  if (name !== undefined) setText(name, distress ? `◆ ${readable(unit.id)}` : readable(unit.id));
  if (word !== undefined) setText(word, unitStatus(unit, state));
  const base = unit.base === "" ? "" : ` · ${readable(unit.base)}`;
  const duty = assignedTo(unit.id, state.incidents).length === 0 ? "" : ` · ${dutyName(unit.duty)}`;
  if (small !== undefined) setText(small, `${ageLine(unit, state.forces, nowMs)}${base}${duty}`);
  row.setAttribute("aria-current", String(state.selection?.kind === "unit" && state.selection.id === unit.id));
}

function showBase(row: HTMLElement, base: Base, state: State): void {
  const [name, word, small] = row.children;
  const units = [...state.forces.units.values()].filter((unit) => unit.base === base.id).map(({ id }) => readable(id));
  const incidents = assignedTo(base.id, state.incidents).map((incident) => incident.name);
  if (name !== undefined) setText(name, readable(base.id));
  if (word !== undefined)
    setText(word, incidents.length === 0 ? "" : say("forces-assigned", { incidents: formats().names(incidents) }));
  if (small !== undefined) setText(small, units.length === 0 ? say("forces-no-units") : formats().names(units));
  row.setAttribute("aria-current", String(state.selection?.kind === "base" && state.selection.id === base.id));
}
