// A page and the shared worker: one that starts late, one that cannot start, and what the page reads meanwhile.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { ToPage, ToWorker } from "../src/net/stream_share.ts";

const IN_VAIN_MS = 8_000;

/** The worker as a page sees it. */
class FakeWorker {
  onerror: () => void = () => undefined;
  readonly heard: ToWorker["kind"][] = [];
  readonly port = {
    onmessage: (_: { readonly data: ToPage }): void => undefined,
    postMessage: ({ kind }: ToWorker): void => void this.heard.push(kind),
    close: (): void => undefined,
  };

  say(data: ToPage): void {
    this.port.onmessage({ data });
  }
}

/** A page that follows the stream: what it makes of the workers, and the streams that it reads by itself. */
async function page(context: TestContext) {
  const before = { fetch: globalThis.fetch, document: globalThis.document };
  const workers: FakeWorker[] = [];
  const own: { readonly signal: AbortSignal; end(): void }[] = [];
  context.mock.timers.enable({ apis: ["setTimeout"] });
  Object.assign(globalThis, {
    SharedWorker: class extends FakeWorker {
      constructor() {
        super();
        workers.push(this);
      }
    },
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    fetch: async (_: string, { signal }: { readonly signal: AbortSignal }) => {
      const body = new ReadableStream({
        start(stream) {
          own.push({ signal, end: () => stream.close() });
          signal.addEventListener("abort", () => stream.error(signal.reason));
        },
      });
      return new Response(body);
    },
  });
  context.after(() => {
    for (const name of ["SharedWorker", "addEventListener", "removeEventListener"]) Reflect.deleteProperty(globalThis, name);
    Object.assign(globalThis, before);
  });
  const { followStream } = await import(`../src/net/shared_stream.ts?${encodeURIComponent(context.name)}`);
  const events: string[] = [];
  let opened = 0;
  const handlers = { opened: () => (opened += 1), heard: () => undefined, event: (name: string) => events.push(name) };
  const follow = (): Promise<string> =>
    followStream(7, handlers, new AbortController().signal).catch((error: Error) => error.message);
  return { follow, workers, own, events, opened: () => opened };
}

/** Until the page has heard everything that was said to it. */
async function heard(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
}

test("a worker that starts late replaces the page's own stream, once it delivers", async (context) => {
  const { follow, workers, own, events, opened } = await page(context);
  void follow();
  assert.deepEqual([workers.length, workers[0]?.heard, own.length], [1, ["follow"], 0]);
  context.mock.timers.tick(IN_VAIN_MS);
  await heard();
  assert.deepEqual([own.length, opened()], [1, 1]);
  workers[0]?.say({ kind: "here" });
  assert.equal(own[0]?.signal.aborted, false, "the worker has no stream yet");
  workers[0]?.say({ kind: "opened" });
  workers[0]?.say({ kind: "events", events: [{ name: "alert", data: "{}", id: "8" }] });
  await heard();
  assert.equal(own[0]?.signal.aborted, true);
  assert.deepEqual([events, opened(), workers[0]?.heard], [["alert"], 2, ["follow", "next"]]);
});

test("after a worker that did not answer, the next connection goes to it again, and is not held up by it", async (context) => {
  const { follow, workers, own } = await page(context);
  const first = follow();
  context.mock.timers.tick(IN_VAIN_MS);
  await heard();
  own[0]?.end();
  assert.equal(await first, "page-net-ended");
  assert.deepEqual(workers[0]?.heard, ["follow", "leave"]);
  void follow();
  context.mock.timers.tick(0);
  await heard();
  assert.deepEqual([workers.length, own.length], [2, 2]);
  workers[1]?.say({ kind: "here" });
  workers[1]?.say({ kind: "opened" });
  assert.equal(own[1]?.signal.aborted, true);
  workers[1]?.say({ kind: "lost", problem: { id: "page-net-ended", parameters: {} }, status: 200 });
  void follow();
  context.mock.timers.tick(0);
  await heard();
  assert.deepEqual([workers.length, own.length], [3, 2], "it is waited for again");
});

test("a worker that cannot start is not asked again", async (context) => {
  const { follow, workers, own } = await page(context);
  const first = follow();
  workers[0]?.onerror();
  await heard();
  assert.deepEqual([own.length, workers[0]?.heard], [1, ["follow", "leave"]]);
  own[0]?.end();
  assert.equal(await first, "page-net-ended");
  void follow();
  await heard();
  assert.deepEqual([workers.length, own.length], [1, 2]);
});
