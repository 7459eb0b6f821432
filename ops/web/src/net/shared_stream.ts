// The event stream as a page follows it: through the shared worker, or by itself where there is none.

import { openLogin, RequestFailed } from "./api.ts";
import { pageName, readStream, WATCHDOG_MS, type StreamHandlers } from "./stream.ts";
import type { ToPage, ToWorker } from "./stream_share.ts";

/** Until a worker that has not answered within this does, a page reads the stream by itself. */
const ANSWERS_WITHIN_MS = 8_000;

const ownName = pageName();
let works = typeof SharedWorker !== "undefined";
/** How long to wait for the worker: not again, if it did not answer the last time. */
let patienceMs = ANSWERS_WITHIN_MS;

/** As readStream. A worker that cannot start makes this page read the stream by itself from then on. */
export async function followStream(after: number | null, handlers: StreamHandlers, signal: AbortSignal): Promise<void> {
  if (works) {
    const ended = await followWorker(after, handlers, signal);
    if (ended !== null) throw ended;
  }
  await readStream(after, handlers, signal, ownName);
}

/** Why the stream ended; null when the worker does not work. */
function followWorker(
  after: number | null,
  handlers: StreamHandlers,
  signal: AbortSignal,
): Promise<RequestFailed | null> {
  return new Promise((resolve) => {
    const worker = new SharedWorker(new URL("./stream_worker.ts", import.meta.url), {
      type: "module",
      name: "watchline-stream",
    });
    const { port } = worker;
    const send = (message: ToWorker): void => port.postMessage(message);
    const end = (why: RequestFailed | null): void => {
      clearTimeout(timer);
      removeEventListener("pagehide", leave);
      signal.removeEventListener("abort", leave);
      stopOwn();
      send({ kind: "leave" });
      port.close();
      resolve(why);
    };
    const leave = (): void => end(new RequestFailed("page-net-closed", 0));
    /** The page's own stream, until a late worker delivers: it takes one of the six connections to the server. */
    let own: AbortController | null = null;
    const readOwn = (): void => {
      patienceMs = 0;
      const reading = (own = new AbortController());
      readStream(after, handlers, reading.signal, ownName).catch((error: RequestFailed) => {
        if (own === reading) end(error);
      });
    };
    const stopOwn = (): void => {
      own?.abort();
      own = null;
    };
    let timer = setTimeout(readOwn, patienceMs);
    const alive = (): void => {
      patienceMs = ANSWERS_WITHIN_MS;
      if (own !== null) return; // it has a watchdog of its own
      clearTimeout(timer);
      timer = setTimeout(() => end(new RequestFailed("page-net-silent", 0)), WATCHDOG_MS);
    };
    worker.onerror = () => {
      works = false;
      if (own === null) end(null);
    };
    port.onmessage = ({ data }: MessageEvent<ToPage>) => {
      if (data.kind !== "here") stopOwn();
      alive();
      if (data.kind === "opened") handlers.opened();
      else if (data.kind === "lost") {
        if (data.status === 401) openLogin();
        end(new RequestFailed(data.problem, data.status));
      }
      else if (data.kind === "events") {
        handlers.heard();
        for (const { name, data: body, id } of data.events) handlers.event(name, body, id);
        send({ kind: "next" });
      }
    };
    addEventListener("pagehide", leave);
    signal.addEventListener("abort", leave);
    send({ kind: "follow", after });
  });
}
