// The workload of the operator: alerts raised in the latest ten minutes, judged by EEMUA 191.

import type { Alerts } from "./alerts.ts";

export type Verdict = "acceptable" | "manageable" | "over-demanding" | "unmanageable";

export interface Workload {
  readonly raised: number;
  readonly verdict: Verdict;
}

const PERIOD_MS = 600_000;
/** Most alerts in ten minutes for each verdict; more are unmanageable. */
const MOST: readonly (readonly [number, Verdict])[] = [[1, "acceptable"], [2, "manageable"], [5, "over-demanding"]];

/** Alerts raised in the ten minutes before `nowMs`, open or not. Null while the time or the alerts are not known. */
export function workload(alerts: Alerts, nowMs: number, known: boolean): Workload | null {
  if (!known || !Number.isFinite(nowMs)) return null;
  let raised = 0;
  for (const { raisedMs } of alerts.values()) if (raisedMs > nowMs - PERIOD_MS && raisedMs <= nowMs) raised += 1;
  return { raised, verdict: MOST.find(([most]) => raised <= most)?.[1] ?? "unmanageable" };
}
