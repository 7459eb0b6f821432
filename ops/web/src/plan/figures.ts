// What both layouts cover and cost, side by side, each with its change against the layout without edits.

import { el, part, setData, setText } from "../ui/dom.ts";
import { say } from "../words/say.ts";
import type { Covered, Setup } from "./server.ts";

export const SIDE_NAMES = ["a", "b"] as const;
export type SideName = (typeof SIDE_NAMES)[number];

/** Names of the rows that depend on the sector. */
export function nameRows({ currency, years }: Setup): void {
  setText(part("row-price"), say("planner-row-price", { currency }));
  setText(part("row-cycle"), say("planner-row-cycle", { currency, years }));
}

/** `before`: of the layout without edits, as far as it is known. */
export function showFigures(side: SideName, found: Covered, before: Covered | null): void {
  const { figures, cost, saved_cost: saved } = found;
  const was = before?.figures ?? null;
  cell(side, "sensors", say("planner-cell-sensors", { sensors: figures.sensors, relays: figures.relays }), null);
  cell(side, "mean", percent(figures.mean_probability), points(figures.mean_probability, was?.mean_probability ?? null));
  const segment = say("planner-cell-segment", { segment: String(figures.worst_segment_number) });
  const worse = points(figures.worst_segment, was?.worst_segment ?? null);
  cell(side, "worst", percent(figures.worst_segment), worse === null ? segment : `${segment}  ${worse}`);
  const parts = figures.sensors + figures.relays;
  cell(side, "price", total(cost.first_cost, cost.unlisted.length, parts), change(cost.first_cost - saved.first_cost));
  cell(side, "cycle", total(cost.life_cycle_cost, cost.unpriced.length, parts), change(cost.life_cycle_cost - saved.life_cycle_cost));
  const recruited = cost.crew - saved.crew;
  const people = cost.unlisted.length === 0 ? crew(cost.crew) : say("planner-at-least", { known: cost.unlisted.length < parts, value: crew(cost.crew) });
  cell(side, "crew", people, Math.abs(recruited) < 0.05 ? null : crew(recruited, "planner-crew-change"));
  const values = { price: cost.first_cost, cycle: cost.life_cycle_cost, crew: cost.crew };
  for (const [name, value] of Object.entries(values)) setData(part(`${name}-${side}`), "value", String(value));
  const notes = [];
  if (found.unlinked.length > 0) notes.push(say("planner-figures-unlinked", { count: found.unlinked.length }));
  if (cost.unlisted.length > 0) notes.push(say("planner-figures-unlisted", { count: cost.unlisted.length, unpriced: cost.unpriced.length }));
  const note = part(`note-${side}`);
  note.hidden = notes.length === 0;
  setText(note, say("planner-note", { side, note: notes.join(" ") }));
  setText(part(`said-${side}`), say("planner-said", { side, mean: figures.mean_probability, cost: cost.life_cycle_cost }));
}

function cell(side: SideName, name: string, value: string, difference: string | null): void {
  const box = part(`${name}-${side}`);
  if (box.childElementCount === 0) box.append(el("span"), el("small", { class: "change" }));
  const [shown, small] = box.children;
  if (shown !== undefined) setText(shown, value);
  if (small !== undefined) setText(small, difference ?? "");
}

const percent = (value: number | null): string => say("planner-cell-percent", { value });
const amount = (value: number): string => say("planner-cell-amount", { value: Math.round(value) });

/** A sum of prices, of which `unknown` are unknown among `parts`: then it is at least that, or unknown as well. */
function total(value: number, unknown: number, parts: number): string {
  return unknown === 0 ? amount(value) : say("planner-at-least", { known: unknown < parts, value: amount(value) });
}

/** People on duty, of whom some may serve a part of the time. */
export function crew(count: number, message = "planner-crew"): string {
  const tenths = Math.round(count * 10) / 10;
  return say(message, { crew: tenths, whole: Number.isInteger(tenths) });
}

function change(difference: number): string | null {
  const whole = Math.round(difference);
  return whole === 0 ? null : say("planner-change", { difference: whole });
}

function points(now: number | null, before: number | null): string | null {
  if (now === null || before === null || Math.abs(now - before) < 0.0005) return null;
  return say("planner-change-points", { points: (now - before) * 100 });
}
