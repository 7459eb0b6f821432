// The sensors: which are online, and whether every message of each is accounted for.

import { sentenceOf } from "../words/alert_words.ts";
import { stateName, stateOf } from "../words/coverage_words.ts";
import { count } from "../words/format.ts";
import { readable } from "../model/parse.ts";
import type { Counts, Sensor } from "../model/records.ts";
import { lostSensors } from "../model/coverage.ts";
import type { State } from "../model/state.ts";
import { el, keyed, part, setData, setText } from "../ui/dom.ts";
import { moveFocus } from "./tracks_panel.ts";
import { formats, say } from "../words/say.ts";

const COLUMNS = ["sensor", "received", "journaled", "duplicate", "dead", "shed"] as const;

/** `radar-9` before `radar-10`. */
const BY_NUMBER = new Intl.Collator("en", { numeric: true });

export class SensorsPanel {
  readonly #note = el("p", { class: "note", data: { testid: "sensors-note" } });
  readonly #list = el("div", { class: "rows", data: { testid: "sensor-list" } });
  readonly #verdict = el("p", { class: "hint", data: { testid: "counts-verdict" } });
  readonly #body = el("tbody");
  readonly #select: (id: string) => void;

  constructor(select: (id: string) => void) {
    this.#select = select;
    const head = el("tr", {}, ...COLUMNS.map((name) => el("th", {}, say(`page-counts-${name}`))));
    for (const cell of head.children) cell.setAttribute("scope", "col");
    const table = el(
      "table",
      { class: "counts", data: { testid: "counts" } },
      el("caption", { class: "hidden-text" }, say("page-counts-caption")),
      el("thead", {}, head),
      this.#body,
    );
    part("panel-sensors").append(
      el("h2", { class: "hidden-text" }, say("page-tab-sensors")),
      this.#note,
      this.#list,
      el("h3", {}, say("page-counts-caption")),
      table,
      this.#verdict,
    );
    this.#list.addEventListener("keydown", moveFocus);
  }

  show(state: State, nowMs: number): void {
    const sensors = [...state.sensors.values()].sort(
      (a, b) => Number(a.state === "ok") - Number(b.state === "ok") || BY_NUMBER.compare(a.id, b.id),
    );
    const [all, lost] = [sensors.length, lostSensors(state.sensors).length];
    const none = state.replay === null ? "page-sensors-none" : "replay-unknown";
    const note = all === 0 ? none : lost === 0 ? "page-sensors-online" : "page-sensors-lost";
    setText(this.#note, say(note, { count: all, lost }));
    keyed(
      this.#list,
      sensors,
      ({ id }) => id,
      ({ id }) => this.#create(id),
      (row, sensor) => update(row, sensor, state, nowMs),
    );
    const rows = [...state.counts].sort(([a], [b]) => BY_NUMBER.compare(a, b));
    keyed(
      this.#body,
      rows,
      ([id]) => id,
      () => el("tr"),
      showCounts,
    );
    const bad = rows.filter(([, counts]) => !balanced(counts)).map(([id]) => nameOf(id));
    setText(
      this.#verdict,
      rows.length === 0
        ? say("page-counts-none", { past: state.replay !== null })
        : bad.length === 0
          ? say("page-counts-balanced")
          : say("page-counts-unbalanced", { sensors: formats().names(bad) }),
    );
  }

  #create(id: string): HTMLButtonElement {
    return el(
      "button",
      {
        class: "row",
        type: "button",
        data: { testid: "sensor-row", sensor: id },
        on: { click: () => this.#select(id) },
      },
      el("span", { class: "name", code: true }),
      el("span", { class: "state" }),
      el("span", { class: "small" }),
    );
  }
}

function update(row: HTMLElement, sensor: Sensor, state: State, nowMs: number): void {
  setData(row, "lost", String(sensor.state !== "ok"));
  setData(row, "state", sensor.state);
  const [name, word, small] = row.children;
  if (name !== undefined) setText(name, readable(sensor.id));
  if (word !== undefined)
    setText(word, sensor.state === "ok" ? stateName("ok") : `${sensor.state === "muted" ? "‖" : "✕"} ${stateOf({ ...sensor, faults: [] }, nowMs)}`);
  if (small !== undefined)
    setText(small, kindLine(sensor));
  row.setAttribute("aria-current", String(state.selection?.kind === "sensor" && state.selection.id === sensor.id));
}

function kindLine({ kind, state, faults }: Sensor): string {
  if (state === "ok") return say("page-sensor-kind", { kind });
  const consequence =
    state === "degraded"
      ? faults.map(([, finding]) => sentenceOf(finding)).join("; ")
      : say("page-sensor-coverage-lost");
  return say("page-sensor-kind-consequence", { kind, consequence });
}

function nameOf(id: string): string {
  return readable(id) || say("page-counts-no-sensor");
}

function showCounts(row: HTMLElement, [id, counts]: readonly [string, Counts]): void {
  const cells = [counts.received, counts.journaled, counts.duplicate, counts.deadLettered, counts.shed].map(count);
  setData(row, "unbalanced", String(!balanced(counts)));
  if (row.children.length === 0) row.append(el("th", { code: true }), ...cells.map(() => el("td")));
  row.firstElementChild?.setAttribute("scope", "row");
  [nameOf(id), ...cells].forEach((words, index) => {
    const cell = row.children[index];
    if (cell !== undefined) setText(cell, words);
  });
}

function balanced(counts: Counts): boolean {
  return counts.received === counts.journaled + counts.duplicate + counts.deadLettered + counts.shed;
}
