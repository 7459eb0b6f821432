// What an operator does about an incident: an action with an id, so that repeating it after a failure does no harm.

import { object, parseMarkings, readSaid } from "../model/parse.ts";
import type { Incident, Markings, Said } from "../model/records.ts";
import { getJson, isPassing, postJson, RequestFailed } from "./api.ts";
import { GrowingPause } from "./growing_pause.ts";

export interface ActionFields {
  readonly unit?: string;
  readonly to?: string;
  readonly disposition?: string;
  readonly reason?: string;
  readonly note?: string;
  readonly other?: string;
  readonly attachment?: string;
  readonly marking?: string;
  readonly tracing?: StatedTracing;
  readonly look?: { readonly camera: string };
  readonly assessment?: { readonly picture: string; readonly shown: string };
}

/** As the server takes it. */
export interface StatedTracing {
  readonly goods: string;
  readonly hs_code: string;
  readonly eccn: string;
  readonly eu_list: string;
  readonly item_marking: string;
  readonly authority: string;
  readonly sent_at: string | null;
  readonly reference: string;
  readonly status: string;
  readonly released: boolean;
}

/** Null where the server does not state them. */
export async function loadMarkings(): Promise<Markings | null> {
  return parseMarkings(await getJson("/v1/markings"));
}

/** Null: done. Otherwise why it was refused, such as who has the incident. */
export type Answer = Said | null;

/** The action is stored, and what became of it is not known after a while; `later` answers once it is. */
export class OutcomeUnknown extends RequestFailed {
  readonly later: Promise<Answer>;

  constructor(later: Promise<Answer>) {
    super("page-incident-unknown", 0);
    this.later = later;
    later.catch(() => undefined); // whoever waits for it hears of it
  }
}

const TRIES = 3;
const OUTCOME_TRIES = 40;
const AGAIN_MS = 500;

export async function actOn(incident: Incident, action: string, fields: ActionFields = {}): Promise<Answer> {
  return once([incident.id, action, fields], (id) => carryOut(id, incident, action, fields));
}

/** Ids of what was asked for and is not settled. */
const unsettled = new Map<string, string>();

/**
 * The same wish again, while the outcome of the first is unknown, has the id of the first: nothing is done twice, and a
 * person's second press is not refused because of the first.
 */
export async function once<T>(wish: unknown, send: (id: string) => Promise<T>): Promise<T> {
  const key = JSON.stringify(wish);
  const id = unsettled.get(key) ?? newId();
  unsettled.set(key, id);
  const settle = (): void => {
    if (unsettled.get(key) === id) unsettled.delete(key);
  };
  try {
    const answer = await send(id);
    settle();
    return answer;
  } catch (error) {
    if (error instanceof RequestFailed && error.status >= 400 && error.status < 500) settle();
    if (error instanceof OutcomeUnknown) void error.later.then(settle, () => undefined);
    throw error;
  }
}

async function carryOut(id: string, incident: Incident, action: string, fields: ActionFields): Promise<Answer> {
  const base = `/v1/incidents/${encodeURIComponent(incident.id)}`;
  const path = `${base}/actions`;
  const answer = object(
    await repeated(() =>
      action === "mark" // decided on whatever the revision is
        ? postJson(`${base}/marking`, { id, ...fields })
        : postJson(path, { id, action, expected_revision: incident.revision, ...fields }),
    ),
  );
  let outcome = object(answer?.["outcome"]);
  for (let tries = 0; outcome === null && tries < OUTCOME_TRIES; tries += 1) {
    await pause(AGAIN_MS);
    try {
      outcome = object(await repeated(() => getJson(`${path}/${id}`)));
    } catch (error) {
      if (isPassing(error)) break; // asked for again below
      if (!(error instanceof RequestFailed) || error.status !== 404) throw error;
    }
  }
  if (outcome === null) throw new OutcomeUnknown(outcomeLater(`${path}/${id}`));
  return answerOf(outcome);
}

/** Asks until the outcome is known. */
async function outcomeLater(path: string): Promise<Answer> {
  const wait = new GrowingPause();
  for (;;) {
    await wait.next();
    try {
      const outcome = object(await getJson(path));
      if (outcome !== null) return answerOf(outcome);
    } catch (error) {
      if (!isPassing(error) && !(error instanceof RequestFailed && error.status === 404)) throw error;
    }
  }
}

function answerOf(outcome: Readonly<Record<string, unknown>>): Answer {
  return outcome["result"] === "done" ? null : readSaid(outcome["message"], outcome["sentence"]);
}

/** The same request again where no answer came; the server applies an action once. */
export async function repeated<T>(send: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await send();
    } catch (error) {
      if (tries === TRIES || !(error instanceof RequestFailed) || (error.status !== 0 && error.status < 500)) throw error;
      await pause(AGAIN_MS);
    }
  }
}

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

