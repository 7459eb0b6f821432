// One event stream for all pages of a browser: what the shared worker does, without a worker. A browser opens six
// connections to a server at most, so a stream for each page would leave none for the seventh, nor for any action.
//
// As the server does for its clients, this keeps for each page only how far it has come: alerts by number, and of each
// picture the newest. A page that is busy, or frozen in the background, costs no queue.

import type { Message } from "../words/catalogue.ts";
import { failure, RequestFailed } from "./api.ts";
import type { StreamHandlers } from "./stream.ts";

export interface StreamEvent {
  readonly name: string;
  readonly data: string;
  readonly id: string | null;
}

/** A page says where it goes on, that it has taken the last events, or that it leaves. */
export type ToWorker =
  | { readonly kind: "follow"; readonly after: number | null }
  | { readonly kind: "next" }
  | { readonly kind: "leave" };

export type ToPage =
  | { readonly kind: "here" }
  | { readonly kind: "opened" }
  | { readonly kind: "events"; readonly events: readonly StreamEvent[] }
  | { readonly kind: "lost"; readonly problem: Message; readonly status: number };

export type Post = (message: ToPage) => void;
type Read = (after: number | null, handlers: StreamHandlers, signal: AbortSignal) => Promise<void>;

/** Alerts that are kept for pages that come or lag behind; who lags further makes the stream begin again. */
const KEPT = 2000;
const EVENTS_A_MESSAGE = 200;

interface Page {
  /** Number of the last alert that it has; null: all from the moment that it came. */
  after: number;
  ready: boolean;
  reset: StreamEvent | null;
  readonly seen: Map<string, number>;
}

export class StreamShare {
  readonly #read: Read;
  readonly #pages = new Map<Post, Page>();
  #alerts: { readonly number: number; readonly event: StreamEvent }[] = [];
  /** The alerts that are kept are all those after this number. */
  #floor = 0;
  #pictures = new Map<string, { readonly version: number; readonly event: StreamEvent }>();
  #stream: AbortController | null = null;
  #opened = false;

  constructor(read: Read) {
    this.#read = read;
  }

  get pages(): number {
    return this.#pages.size;
  }

  hear(post: Post, message: ToWorker): void {
    if (message.kind === "follow") this.#follow(post, message.after);
    else if (message.kind === "leave") this.#leave(post);
    else {
      const page = this.#pages.get(post);
      if (page === undefined) return;
      page.ready = true;
      this.#deliver(post, page);
    }
  }

  #follow(post: Post, after: number | null): void {
    post({ kind: "here" });
    const last = this.#alerts.at(-1)?.number ?? this.#floor;
    const page: Page = { after: after ?? last, ready: true, reset: null, seen: new Map() };
    this.#pages.set(post, page);
    if (this.#stream === null || page.after < this.#floor) return this.#begin(after);
    if (this.#opened) post({ kind: "opened" });
    this.#deliver(post, page);
  }

  #leave(post: Post): void {
    this.#pages.delete(post);
    if (this.#pages.size > 0) return;
    this.#stream?.abort();
    this.#stream = null;
  }

  /** Read the stream, from alert number `after` on; a stream that is open already ends. */
  #begin(after: number | null): void {
    this.#stream?.abort();
    const stream = (this.#stream = new AbortController());
    this.#opened = false;
    this.#alerts = [];
    this.#floor = after ?? 0;
    this.#pictures.clear();
    for (const page of this.#pages.values()) page.seen.clear();
    const current = (run: () => void) => (): void => {
      if (this.#stream === stream) run();
    };
    const handlers: StreamHandlers = {
      opened: current(() => {
        this.#opened = true;
        for (const post of this.#pages.keys()) post({ kind: "opened" });
      }),
      heard: () => undefined,
      event: (name, data, id) => current(() => this.#take({ name, data, id }))(),
    };
    this.#read(after, handlers, stream.signal).catch((error: unknown) => {
      current(() => this.#lost(error))();
    });
  }

  /** Every page is told, and comes again when it wants to. */
  #lost(error: unknown): void {
    const problem = failure(error);
    const status = error instanceof RequestFailed ? error.status : 0;
    this.#stream = null;
    const posts = [...this.#pages.keys()];
    this.#pages.clear();
    for (const post of posts) post({ kind: "lost", problem, status });
  }

  #take(event: StreamEvent): void {
    const number = event.id !== null && /^\d{1,15}$/.test(event.id) ? Number(event.id) : null;
    if (event.name === "reset") this.#reset(event);
    else if (number !== null) this.#keep(number, event);
    else {
      const version = (this.#pictures.get(event.name)?.version ?? 0) + 1;
      this.#pictures.set(event.name, { version, event });
    }
    for (const [post, page] of this.#pages) this.#deliver(post, page);
  }

  #keep(number: number, event: StreamEvent): void {
    this.#alerts.push({ number, event });
    if (this.#alerts.length <= KEPT) return;
    const dropped = this.#alerts.splice(0, this.#alerts.length - KEPT / 2);
    this.#floor = dropped.at(-1)?.number ?? this.#floor;
  }

  /** The server has another store: its numbers begin again, and nothing that was kept is true. */
  #reset(event: StreamEvent): void {
    this.#alerts = [];
    this.#floor = 0;
    this.#pictures.clear();
    for (const page of this.#pages.values()) {
      page.after = 0;
      page.reset = event;
      page.seen.clear();
    }
  }

  #deliver(post: Post, page: Page): void {
    if (!page.ready) return;
    if (page.after < this.#floor) {
      this.#pages.delete(post);
      post({ kind: "lost", problem: { id: "page-net-behind", parameters: {} }, status: 0 });
      return;
    }
    const events = page.reset === null ? [] : [page.reset];
    page.reset = null;
    const fresh = this.#alerts.filter(({ number }) => number > page.after).slice(0, EVENTS_A_MESSAGE);
    for (const { number, event } of fresh) {
      events.push(event);
      page.after = number;
    }
    for (const [name, { version, event }] of this.#pictures) {
      if (page.seen.get(name) === version) continue;
      page.seen.set(name, version);
      events.push(event);
    }
    if (events.length === 0) return;
    page.ready = false;
    post({ kind: "events", events });
  }
}
