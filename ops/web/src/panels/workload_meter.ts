// One line above the queue: how many alerts the operator got in the latest ten minutes, and how EEMUA 191 rates it.

import type { State } from "../model/state.ts";
import { workload } from "../model/workload.ts";
import { part, setData, setText } from "../ui/dom.ts";
import { say } from "../words/say.ts";

export function showWorkload(state: State, nowMs: number): void {
  const line = part("workload");
  const found = workload(state.alerts, nowMs, state.alertsKnown);
  setText(line, found === null ? say("page-workload-unknown") : say("page-workload", { ...found }));
  setData(line, "verdict", found?.verdict ?? "");
}
