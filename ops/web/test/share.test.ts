import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestFailed } from "../src/net/api.ts";
import type { StreamHandlers } from "../src/net/stream.ts";
import { StreamShare, type Post, type StreamEvent, type ToPage } from "../src/net/stream_share.ts";

interface Opened {
  readonly after: number | null;
  readonly handlers: StreamHandlers;
  readonly signal: AbortSignal;
  readonly fail: (error: Error) => void;
}

class Server {
  readonly opened: Opened[] = [];
  readonly share = new StreamShare(
    (after, handlers, signal) =>
      new Promise((_, fail) => {
        this.opened.push({ after, handlers, signal, fail });
        handlers.opened();
      }),
  );

  get current(): Opened {
    const last = this.opened.at(-1);
    assert.ok(last !== undefined);
    return last;
  }

  alert(number: number): void {
    this.current.handlers.event("alert", `alert ${number}`, String(number));
  }

  picture(name: string, data: string): void {
    this.current.handlers.event(name, data, null);
  }
}

/** A page that answers at once unless it is busy. */
class Page {
  readonly got: ToPage[] = [];
  readonly events: StreamEvent[] = [];
  busy = false;
  readonly #server: Server;
  #owed = false;

  constructor(server: Server, after: number | null) {
    this.#server = server;
    server.share.hear(this.post, { kind: "follow", after });
  }

  readonly post: Post = (message) => {
    this.got.push(message);
    if (message.kind !== "events") return;
    this.events.push(...message.events);
    this.#owed = true;
    if (!this.busy) queueMicrotask(() => this.next());
  };

  next(): void {
    if (!this.#owed) return;
    this.#owed = false;
    this.#server.share.hear(this.post, { kind: "next" });
  }

  get alerts(): string[] {
    return this.events.filter(({ name }) => name === "alert").map(({ data }) => data);
  }

  pictures(name: string): string[] {
    return this.events.filter((event) => event.name === name).map(({ data }) => data);
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const upTo = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `alert ${first + index}`);

test("ten pages share one stream, and each is told that it is open", () => {
  const server = new Server();
  const pages = Array.from({ length: 10 }, () => new Page(server, 0));
  assert.equal(server.opened.length, 1);
  for (const page of pages) assert.deepEqual(page.got.map(({ kind }) => kind).sort(), ["here", "opened"]);
});

test("every page has every alert once and in order, however busy it is", async () => {
  const server = new Server();
  const pages = [new Page(server, 0), new Page(server, 0), new Page(server, 0)];
  let seed = 7;
  for (let number = 1; number <= 900; number += 1) {
    server.alert(number);
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    const page = pages[seed % 3];
    assert.ok(page !== undefined);
    page.busy = !page.busy;
    if (!page.busy) page.next();
    if (number % 50 === 0) await settled();
  }
  for (const page of pages) {
    page.busy = false;
    page.next();
  }
  await settled();
  for (const page of pages) assert.deepEqual(page.alerts, upTo(1, 900));
});

test("a busy page is sent the newest picture only, and no queue waits for it", async () => {
  const server = new Server();
  const page = new Page(server, 0);
  page.busy = true;
  for (let number = 0; number < 1000; number += 1) server.picture("tracks", `picture ${number}`);
  assert.equal(page.got.filter(({ kind }) => kind === "events").length, 1);
  page.busy = false;
  page.next();
  await settled();
  assert.deepEqual(page.pictures("tracks"), ["picture 0", "picture 999"]);
});

test("a page that comes later has the pictures at once, and the alerts after those that it has", async () => {
  const server = new Server();
  const first = new Page(server, 10);
  for (let number = 11; number <= 20; number += 1) server.alert(number);
  server.picture("tracks", "t");
  server.picture("sensors", "s");
  const later = new Page(server, 15);
  await settled();
  assert.equal(server.opened.length, 1);
  assert.deepEqual(first.alerts, upTo(11, 20));
  assert.deepEqual(later.alerts, upTo(16, 20));
  assert.deepEqual([later.pictures("tracks"), later.pictures("sensors")], [["t"], ["s"]]);
});

test("for a page that lags behind what is kept the stream begins again, and no other page has anything twice", async () => {
  const server = new Server();
  const first = new Page(server, 10);
  server.alert(11);
  await settled();
  const old = new Page(server, 3);
  assert.equal(server.opened.length, 2);
  assert.equal(server.current.after, 3);
  assert.ok(server.opened[0]?.signal.aborted);
  for (let number = 4; number <= 12; number += 1) server.alert(number);
  await settled();
  assert.deepEqual(first.alerts, upTo(11, 12));
  assert.deepEqual(old.alerts, upTo(4, 12));
});

test("a page that sleeps too long is told so, and misses nothing when it comes again", async () => {
  const server = new Server();
  const awake = new Page(server, 0);
  const asleep = new Page(server, 0);
  asleep.busy = true;
  for (let number = 1; number <= 5000; number += 1) {
    server.alert(number);
    if (number % 100 === 0) await settled();
  }
  asleep.next();
  assert.equal(asleep.got.at(-1)?.kind, "lost");
  await settled();
  assert.deepEqual(awake.alerts, upTo(1, 5000));
  new Page(server, 1);
  assert.equal(server.current.after, 1);
});

test("a lost stream is told to every page with its reason, and the first that comes again opens another", async () => {
  const server = new Server();
  const pages = [new Page(server, 0), new Page(server, 0)];
  server.alert(1);
  await settled();
  server.current.fail(new RequestFailed("page-net-timeout", 503));
  await settled();
  for (const page of pages)
    assert.deepEqual(page.got.at(-1), { kind: "lost", problem: { id: "page-net-timeout", parameters: {} }, status: 503 });
  const again = [new Page(server, 1), new Page(server, 1)];
  assert.equal(server.opened.length, 2);
  assert.equal(server.current.after, 1);
  server.alert(2);
  await settled();
  for (const page of again) assert.deepEqual(page.alerts, ["alert 2"]);
});

test("the stream ends with its last page", () => {
  const server = new Server();
  const [first, second] = [new Page(server, 0), new Page(server, 0)];
  server.share.hear(first.post, { kind: "leave" });
  assert.equal(server.current.signal.aborted, false);
  server.share.hear(second.post, { kind: "leave" });
  assert.equal(server.current.signal.aborted, true);
  assert.equal(server.share.pages, 0);
});

test("another store of the server is told before its alerts, and its numbers begin again", async () => {
  const server = new Server();
  const page = new Page(server, 50);
  server.picture("reset", "{}");
  server.alert(1);
  await settled();
  assert.deepEqual(
    page.events.map(({ name, data }) => [name, data]),
    [
      ["reset", "{}"],
      ["alert", "alert 1"],
    ],
  );
});
