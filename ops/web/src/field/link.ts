// Requests of a field unit to its server, and the rhythm in which they are made: at once when there is something to send
// or the server says that something changed, again and again while the link is down.

import { list, object, text } from "../model/parse.ts";
import type { PositionBody } from "./keep.ts";
import type { ReplyBody } from "./queue.ts";

/** How long nothing may come of an answer before it is given up. */
const SILENT_MS = 60_000;
/** What a radio of 1.2 kbit/s carries at least while a fifth of the segments is lost and another request is on its way. */
const LEAST_BYTES_PER_S = 40;
/** The stream says when something changed; this finds out whether the server is still there. */
const EVERY_MS = 20_000;
const FIRST_AGAIN_MS = 2_000;
const LAST_AGAIN_MS = 30_000;

/** What came of a request: the server's answer, or that none came. */
export interface Answered {
  /** 0: no answer came. */
  readonly status: number;
  readonly body: unknown;
  readonly etag: string;
}

/** Requests that are under way; while a code is exchanged, all others are given up. */
const underWay = new Set<Patience>();
let exchanging = false;

/**
 * Exchange a code for another access. Requests with the earlier one are given up, because their refusal would remove the new
 * cookie, and a call for help does not wait for them. `ended`: until nothing works with their answers any more.
 */
export async function exchange(code: string, device: string, ended: Promise<void>): Promise<Answered> {
  for (const one of underWay) one.giveUp();
  exchanging = true;
  try {
    await ended;
    return await ask("/v1/field/enrol", { code, device }, {}, true);
  } finally {
    exchanging = false;
  }
}

export async function ask(path: string, post?: unknown, headers: Readonly<Record<string, string>> = {}, exchanges = false): Promise<Answered> {
  const text = post === undefined ? "" : JSON.stringify(post);
  const sent = post === undefined ? {} : { method: "POST", body: text, priority: "high" as const };
  const patience = new Patience(SILENT_MS + (new TextEncoder().encode(text).length / LEAST_BYTES_PER_S) * 1000, exchanges);
  try {
    const response = await fetch(path, {
      cache: "no-store",
      credentials: "same-origin",
      ...sent,
      headers: { "X-Watchline": "1", ...(post === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
      signal: patience.signal,
    });
    const body = response.status === 304 ? null : await jsonOf(response, patience);
    return { status: response.status, body, etag: response.headers.get("ETag") ?? "" };
  } catch {
    return { status: 0, body: null, etag: "" };
  } finally {
    patience.end();
  }
}

/** Gives a request up when nothing has come for a while: on a slow link, a long answer that keeps coming takes minutes. */
export class Patience {
  readonly #silentMs: number;
  readonly #end = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(silentMs: number, exchanges = false) {
    this.#silentMs = silentMs;
    underWay.add(this);
    if (exchanging && !exchanges) this.giveUp();
    else this.renew();
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  renew(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.giveUp(), this.#silentMs);
  }

  giveUp(): void {
    this.#end.abort();
  }

  end(): void {
    clearTimeout(this.#timer);
    underWay.delete(this);
  }
}

/** The JSON of a response; null for what is none. It throws if the response ends early. */
async function jsonOf(response: Response, patience: Patience): Promise<unknown> {
  const decoder = new TextDecoder();
  let read = "";
  for (const reader = response.body?.getReader(); reader !== undefined; ) {
    const { done, value } = await reader.read();
    if (done) break;
    patience.renew();
    read += decoder.decode(value, { stream: true });
  }
  try {
    return JSON.parse(read) as unknown;
  } catch {
    return null;
  }
}

/** The sentence of a refusal; empty where the server gave none. */
export function sentenceOf(answered: Answered): string {
  const body = object(answered.body);
  return text(body?.["error"] ?? body?.["detail"] ?? body?.["title"], 500);
}

export function sendReplies(replies: readonly ReplyBody[]): Promise<Answered> {
  return ask("/v1/field/replies", { replies, sent_at: new Date().toISOString() });
}

export function sendPositions(positions: readonly PositionBody[]): Promise<Answered> {
  return ask("/v1/field/positions", { positions, sent_at: new Date().toISOString() });
}

/** The state, or what has changed in it since the version `since`; empty: the whole. */
export function fetchState(etag: string, since: string): Promise<Answered> {
  const path = since === "" ? "/v1/field/state" : `/v1/field/state?since=${encodeURIComponent(since)}`;
  return ask(path, undefined, etag === "" ? {} : { "If-None-Match": etag });
}

/** Whether the server is there but does not want this now: it is asked again later. */
export function isLater({ status }: Answered): boolean {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}

/** The server's results of several answers as if each had been refused with one sentence. */
export function allRefused(replies: readonly ReplyBody[], problem: string): unknown {
  return { results: replies.map(({ action_id }) => ({ action_id, accepted: false, problem })) };
}

/** The reason for the first of several positions that was not taken; empty if all were. */
export function problemIn(answered: Answered): string {
  const refused = list(object(answered.body)?.["results"]).map(object).find((one) => one?.["accepted"] === false);
  return refused === undefined ? "" : text(refused?.["problem"], 500);
}

/** Whether a result names every one of the answers. */
export function namesAll(raw: unknown, replies: readonly ReplyBody[]): boolean {
  const named = new Set(list(object(raw)?.["results"]).map((one) => object(one)?.["action_id"]));
  return replies.every(({ action_id }) => named.has(action_id));
}

/** Calls `sync` one at a time, soon after `wake`, and regularly; `sync` returns whether the server answered. */
export class Rhythm {
  readonly #sync: () => Promise<boolean>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = true;
  #failures = 0;
  #stream: EventSource | null = null;

  constructor(sync: () => Promise<boolean>) {
    this.#sync = sync;
    for (const event of ["online", "offline", "pageshow"]) addEventListener(event, () => this.wake());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.wake();
    });
  }

  start(): void {
    this.#stopped = false;
    this.wake();
  }

  /** Resolves once nothing is under way any more. */
  stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#stream?.close();
    this.#stream = null;
    return this.#running ?? Promise.resolve();
  }

  /** There is something to send or to fetch: do it now. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#running !== null) this.#again = true;
    else this.#begin();
  }

  #begin(): void {
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer);
    this.#again = false;
    const reached = await this.#sync().catch((error: unknown) => {
      console.warn("sync", error);
      return false;
    });
    this.#running = null;
    if (this.#stopped) return;
    this.#failures = reached ? 0 : this.#failures + 1;
    if (reached) this.#listen();
    const again = Math.min(FIRST_AGAIN_MS * 2 ** Math.min(this.#failures - 1, 6), LAST_AGAIN_MS);
    const wait = reached ? EVERY_MS : again * (0.7 + 0.6 * Math.random());
    this.#timer = setTimeout(() => this.#begin(), this.#again ? (reached ? 0 : FIRST_AGAIN_MS / 2) : wait);
  }

  #listen(): void {
    if (this.#stream !== null && this.#stream.readyState !== EventSource.CLOSED) return;
    this.#stream = new EventSource("/v1/field/stream");
    this.#stream.addEventListener("change", () => this.wake());
    this.#stream.addEventListener("error", () => { // the link may be gone, or the access of this phone
      if (this.#failures === 0) this.wake();
    });
  }
}
