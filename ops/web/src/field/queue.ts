// Answers of the unit on their way: what is sent next, what became of each, and what the list shows meanwhile. Pure.

import { object, list, text } from "../model/parse.ts";
import type { Outcome } from "./records.ts";

/** What the server takes as an answer (`POST /v1/field/replies`). */
export interface ReplyBody {
  readonly action_id: string;
  readonly action: AnswerAction;
  readonly incident: string;
  readonly alert: string;
  readonly by: string;
  /** The phone's time of the tap. */
  readonly at: string;
  readonly expected_revision?: number;
  readonly disposition?: string;
  readonly note?: string;
  readonly reason?: string;
  readonly attachment?: string;
}

export type AnswerAction = "received" | "en_route" | "on_scene" | "close" | "note" | "attach";

/**
 * `waiting`: on this phone; `taken`: at the server, which has not said yet what came of it; `done` and `refused`: as the
 * server said, with its sentence.
 */
export type AnswerState = "waiting" | "taken" | "done" | "refused";

export interface Answer {
  /** Rises with every tap of this phone. */
  readonly order: number;
  readonly unit: string;
  readonly body: ReplyBody;
  /** Name of the incident, for what is said about the answer after the incident has gone from the list. */
  readonly name: string;
  readonly state: AnswerState;
  readonly sentence: string;
}

/** Answers sent in one request. */
export const MOST_AT_ONCE = 20;
/** Answers whose outcome is known that are kept, the newest ones. */
export const MOST_SETTLED = 60;

/** The answers to send now, in the order of the taps. */
export function toSend(answers: readonly Answer[], unit: string, atMost = MOST_AT_ONCE): readonly Answer[] {
  return answers.filter((one) => one.state === "waiting" && one.unit === unit).slice(0, atMost);
}

/** The answers after the server took (or refused) some of them. An answer that it does not name is sent again. */
export function withResults(answers: readonly Answer[], raw: unknown): readonly Answer[] {
  const results = new Map(list(object(raw)?.["results"]).map((one) => [text(object(one)?.["action_id"], 64), object(one)]));
  return answers.map((answer) => {
    const result = results.get(answer.body.action_id);
    if (answer.state !== "waiting" || result == null) return answer;
    if (result["accepted"] === true) return { ...answer, state: "taken" };
    return { ...answer, state: "refused", sentence: text(result["problem"], 500) };
  });
}

/** The answers after the server said what came of them. */
export function withOutcomes(answers: readonly Answer[], outcomes: readonly Outcome[]): readonly Answer[] {
  const known = new Map(outcomes.map((one) => [one.actionId, one]));
  return answers.map((answer) => {
    const found = known.get(answer.body.action_id);
    if (found === undefined || answer.state === "refused") return answer;
    const state = found.outcome === "waiting" ? "taken" : found.outcome === "done" ? "done" : "refused";
    return state === answer.state && found.sentence === answer.sentence ? answer : { ...answer, state, sentence: found.sentence };
  });
}

/** Without the oldest answers whose outcome is known. */
export function trimmed(answers: readonly Answer[]): readonly Answer[] {
  const settled = answers.filter(isSettled);
  const gone = new Set(settled.slice(0, Math.max(0, settled.length - MOST_SETTLED)));
  return answers.filter((one) => !gone.has(one));
}

export function isSettled(answer: Answer): boolean {
  return answer.state === "done" || answer.state === "refused";
}

/** Answers that the server does not have. */
export function unsent(answers: readonly Answer[]): readonly Answer[] {
  return answers.filter((one) => one.state === "waiting");
}

/** What the person wrote; where it is not accepted, it is to be reported by radio. */
export function textOf({ note, reason, attachment }: ReplyBody): string {
  return [note, reason, attachment].filter((one) => one !== undefined).join("; ");
}

/** The newest answer with one of these actions to an incident. */
export function latest(answers: readonly Answer[], incident: string, ...actions: AnswerAction[]): Answer | null {
  return (
    answers.findLast(({ body }) => body.incident === incident && (actions.length === 0 || actions.includes(body.action))) ?? null
  );
}
