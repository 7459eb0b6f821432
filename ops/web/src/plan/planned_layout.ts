// A layout that a plan chose: from a job's answer to something that can be picked and drawn.

import { say } from "../words/say.ts";
import type { Comparison } from "./results/compared.ts";
import type { Case, Job, PlanLayout, PlanSensor } from "./server.ts";

/** Begins the name of a layout that a plan chose; the name of its job follows. */
const PLANNED = "plan:";

/** A plan: what it buys, and what the whole layout costs and covers. */
interface FoundPlan {
  readonly bought?: readonly { readonly item: string | null; readonly id: string }[];
  readonly sensors?: readonly PlanSensor[];
  readonly life_cycle_cost?: number;
  readonly mean_probability?: number | null;
  readonly worst_segment?: number | null;
}

export interface PlanAnswer extends FoundPlan, Comparison {
  readonly headline?: string;
  readonly messages?: readonly unknown[];
  readonly details?: readonly string[];
  readonly objective?: string;
  readonly value?: number;
  readonly without?: number;
  readonly gap?: number;
  readonly cost?: number;
  readonly currency?: string;
  readonly target?: string;
  readonly conditions?: string;
  /** Cheaper plans, by rising cost. */
  readonly front?: readonly FoundPlan[];
}

/** A layout that a plan found, and the case that it was found for. */
export interface FoundLayout {
  readonly layout: PlanLayout;
  readonly cost: number;
  readonly mean: number | null;
  readonly worst: number | null;
  readonly of: Case;
}

/** The number of a job since the server started, which people see; its id also says which start. */
export function numberOf({ id }: Pick<Job, "id">): string {
  return id.replace(/^job-(\d+).*$/, "$1");
}

/** The layout of a job that planned one; null of any other, and while it is not done. */
export function plannedLayout(job: Job): PlanLayout | null {
  const answer = (job.answer ?? {}) as PlanAnswer;
  if (job.kind !== "plan" || job.state !== "done" || answer.sensors === undefined) return null;
  const number = numberOf(job);
  return { name: `${PLANNED}${job.id}`, short: say("planner-plan-short", { number }), title: say("planner-plan", { number, items: additions(answer) }), sensors: answer.sensors };
}

/** The layouts that a job found, the chosen one last: points of the front of cost against coverage. */
export function foundLayouts(job: Job): FoundLayout[] {
  const chosen = plannedLayout(job);
  if (chosen === null) return [];
  const answer = (job.answer ?? {}) as PlanAnswer;
  const of = { target: answer.target ?? "", conditions: answer.conditions ?? "" };
  const number = numberOf(job);
  const cheaper = (answer.front ?? []).map((plan, n): readonly [PlanLayout, FoundPlan] => {
    const short = say("planner-front-plan", { number, step: String(n + 1) });
    return [{ name: `${PLANNED}${job.id}.${n + 1}`, short, title: say("planner-front-plan-title", { plan: short, items: additions(plan) }), sensors: plan.sensors ?? [] }, plan];
  });
  return [...cheaper, [chosen, answer] as const].flatMap(([layout, { life_cycle_cost: cost, mean_probability: mean, worst_segment: worst }]) =>
    cost === undefined ? [] : [{ layout, cost, mean: mean ?? null, worst: worst ?? null, of }],
  );
}

/** The name of an item of the equipment catalogue; an own item is shown as its author named it. */
export function itemName(item: string): string {
  return say("equipment-item-name", { item, name: item.replaceAll("_", " ") });
}

/** What the plan adds, counted by item: 6 × trail camera. */
export function additions(answer: FoundPlan): string {
  const counts = new Map<string, number>();
  for (const { item, id } of answer.bought ?? []) counts.set(item ?? id, (counts.get(item ?? id) ?? 0) + 1);
  const items = [...counts].map(([item, count]) => say("planner-item", { count, item: itemName(item) }));
  return items.length === 0 ? say("planner-no-items") : items.join(", ");
}

/** A file name for a layout: letters, digits and hyphens. */
export function fileName(title: string): string {
  const plain = title.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
  return `${plain.slice(0, 60) || "layout"}.geojson`;
}
