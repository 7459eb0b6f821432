// The sensors: which watch and which do not, and whether every message of each is accounted for.

import { count, duration } from "../words/format.ts";
import { readable } from "../model/parse.ts";
import type { Counts, Sensor } from "../model/records.ts";
import type { State } from "../model/state.ts";
import { stateLabel } from "../model/blind_spots.ts";
import { el, keyed, part, setData, setText } from "../ui/dom.ts";
import { moveFocus } from "./tracks_panel.ts";
import { kindLabel } from "../words/labels.ts";

const COLUMNS = ["Sensor", "received", "journaled", "duplicate", "dead letters", "shed"] as const;

export class SensorsPanel {
  readonly #note = el("p", { class: "note", data: { testid: "sensors-note" } });
  readonly #list = el("div", { class: "rows", data: { testid: "sensor-list" } });
  readonly #verdict = el("p", { class: "hint", data: { testid: "counts-verdict" } });
  readonly #body = el("tbody");
  readonly #select: (id: string) => void;

  constructor(select: (id: string) => void) {
    this.#select = select;
    const head = el("tr", {}, ...COLUMNS.map((name) => el("th", {}, name)));
    for (const cell of head.children) cell.setAttribute("scope", "col");
    const table = el(
      "table",
      { class: "counts", data: { testid: "counts" } },
      el("caption", { class: "hidden-text" }, "Messages by sensor"),
      el("thead", {}, head),
      this.#body,
    );
    part("panel-sensors").append(
      el("h2", { class: "hidden-text" }, "Sensors"),
      this.#note,
      this.#list,
      el("h3", {}, "Messages, by sensor"),
      table,
      this.#verdict,
    );
    this.#list.addEventListener("keydown", moveFocus);
  }

  show(state: State, nowMs: number): void {
    const sensors = [...state.sensors.values()].sort(
      (a, b) => Number(a.state === "ok") - Number(b.state === "ok") || (a.id < b.id ? -1 : 1),
    );
    const silent = sensors.filter(({ state }) => state !== "ok").length;
    setText(
      this.#note,
      sensors.length === 0
        ? "No sensor has been heard of yet."
        : `${sensors.length} sensors; ${silent === 0 ? "all of them report" : `not watching, or badly: ${silent}`}.`,
    );
    keyed(
      this.#list,
      sensors,
      ({ id }) => id,
      ({ id }) => this.#create(id),
      (row, sensor) => update(row, sensor, state, nowMs),
    );
    const rows = [...state.counts].sort(([a], [b]) => (a < b ? -1 : 1));
    keyed(
      this.#body,
      rows,
      ([id]) => id,
      () => el("tr"),
      showCounts,
    );
    const bad = rows.filter(([, counts]) => !balanced(counts)).map(([id]) => readable(id) || "(no sensor)");
    setText(
      this.#verdict,
      rows.length === 0
        ? "No counts yet."
        : bad.length === 0
          ? "Every message is accounted for: received = journaled + duplicate + dead letters + shed, for each sensor."
          : `THE COUNTS DO NOT BALANCE for ${bad.join(", ")}.`,
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
      el("span", { class: "name" }),
      el("span", { class: "state" }),
      el("span", { class: "small" }),
    );
  }
}

function update(row: HTMLElement, sensor: Sensor, state: State, nowMs: number): void {
  setData(row, "lost", String(sensor.state !== "ok"));
  setData(row, "state", sensor.state);
  const [name, word, small] = row.children;
  const since =
    sensor.sinceMs === null || sensor.state === "ok" || !Number.isFinite(nowMs)
      ? ""
      : ` for ${duration((nowMs - sensor.sinceMs) / 1000)}`;
  if (name !== undefined) setText(name, readable(sensor.id));
  if (word !== undefined)
    setText(
      word,
      `${sensor.state === "ok" ? "" : "✕ "}${stateLabel(sensor.state)}${sensor.state === "degraded" ? "" : since}`,
    );
  if (small !== undefined)
    setText(small, `${kindLabel(sensor.kind)}${sensor.state === "ok" ? "" : `: ${consequence(sensor)}`}`);
  row.setAttribute("aria-current", String(state.selection?.kind === "sensor" && state.selection.id === sensor.id));
}

function consequence({ state, faults }: Sensor): string {
  if (state === "degraded") return faults.map(([, finding]) => finding).join("; ");
  return "what it watched is not watched by it";
}

function showCounts(row: HTMLElement, [id, counts]: readonly [string, Counts]): void {
  const cells = [counts.received, counts.journaled, counts.duplicate, counts.deadLettered, counts.shed].map(count);
  setData(row, "unbalanced", String(!balanced(counts)));
  if (row.children.length === 0) row.append(el("th"), ...cells.map(() => el("td")));
  row.firstElementChild?.setAttribute("scope", "row");
  [readable(id) || "(no sensor)", ...cells].forEach((words, index) => {
    const cell = row.children[index];
    if (cell !== undefined) setText(cell, words);
  });
}

function balanced(counts: Counts): boolean {
  return counts.received === counts.journaled + counts.duplicate + counts.deadLettered + counts.shed;
}
