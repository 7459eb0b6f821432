// Rows of the sector at a glance.

import type { Selection } from "../model/state.ts";
import { say } from "../words/say.ts";

export interface Row {
  readonly id: string;
  readonly name: string;
  /** Whether the name is one of this sector, the same in every language. */
  readonly code: boolean;
  readonly value: string;
  /** Where the row leads; null where it has no place. */
  readonly to: Selection | null;
  readonly tone: "plain" | "urgent" | "unknown";
}

/** A row with a name of the page; without a value it is unknown. */
export function fact(name: string, value: string | null, to: Selection | null = null): Row {
  const said = { id: name, name: say("overview-row", { row: name }), code: false, to };
  return value === null ? { ...said, value: say("overview-unknown"), tone: "unknown" } : { ...said, value, tone: "plain" };
}

/** A row of a thing of this sector, which leads to it. */
export function thing(to: Selection, name: string, value: string, urgent = false): Row {
  return { id: `${to.kind} ${to.id}`, name, code: true, value, to, tone: urgent ? "urgent" : "plain" };
}
