// The picture of a comparison at equal cost: each measure as a bar of the left and a bar of the right layout.

import { el } from "../../ui/dom.ts";
import { say } from "../../words/say.ts";
import { SIDE_NAMES } from "../figures.ts";

/** Probabilities and fractions, all on one scale from 0 to 1. */
const COMPARED = ["mean_detection", "least_detection", "mean_interruption", "least_interruption"] as const;

export interface ComparedRow {
  readonly measure: (typeof COMPARED)[number];
  /** Of the left and the right layout; null where it is not known. */
  readonly values: readonly [number | null, number | null];
}

/** What a job's answer states of a comparison: its layouts, the left one first, and their measures by name. */
export interface Comparison {
  readonly layouts?: unknown;
  readonly measures?: unknown;
}

/** One row for each known measure of a layout; none for an answer that is not a comparison. */
export function comparedRows({ layouts, measures }: Comparison): { names: readonly string[]; rows: readonly ComparedRow[] } {
  const names = Array.isArray(layouts) ? layouts.filter((name) => typeof name === "string") : [];
  const [left, right] = names;
  if (left === undefined || right === undefined) return { names: [], rows: [] };
  const rows = COMPARED.map((measure): ComparedRow => ({
    measure,
    values: [fraction(valueOf(measures, left), measure), fraction(valueOf(measures, right), measure)],
  }));
  return { names: [left, right], rows: rows.filter(({ values }) => values.some((value) => value !== null)) };
}

/** A table whose cells are bars, so that it can be read as well as seen; null where there is nothing to compare. */
export function comparedTable(answer: Comparison): HTMLTableElement | null {
  const { names, rows } = comparedRows(answer);
  if (rows.length === 0) return null;
  const heads = names.map((name, side) => heading("col", name, SIDE_NAMES[side]));
  return el(
    "table",
    { class: "compared", data: { testid: "compared" } },
    el("caption", { class: "unseen" }, say("planner-compared")),
    el("thead", {}, el("tr", {}, el("td", {}), ...heads)),
    el("tbody", {}, ...rows.map(({ measure, values }) => el("tr", {}, heading("row", say("compare-measure", { measure, currency: "" })), ...values.map(cell)))),
  );
}

function heading(scope: "row" | "col", words: string, side = ""): HTMLTableCellElement {
  const head = el("th", { data: { side } }, words);
  head.scope = scope;
  return head;
}

function cell(value: number | null, side: number): HTMLTableCellElement {
  const bar = el("i", { class: "value" });
  bar.style.inlineSize = `${(value ?? 0) * 100}%`;
  return el("td", { data: { side: SIDE_NAMES[side] ?? "" } }, el("span", {}, say("planner-cell-percent", { value })), el("span", { class: "bar", aria: { hidden: "true" } }, bar));
}

function valueOf(values: unknown, name: string): unknown {
  return typeof values === "object" && values !== null && Object.hasOwn(values, name) ? (values as Record<string, unknown>)[name] : null;
}

function fraction(values: unknown, measure: string): number | null {
  const value = valueOf(values, measure);
  return typeof value === "number" && value >= 0 && value <= 1 ? value : null;
}
