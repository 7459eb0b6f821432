// One connection to the event stream. Reconnecting is sync.ts's business; this reads until it ends.

import { createParser } from "eventsource-parser";
import { openLogin, problemOf, RequestFailed } from "./api.ts";

export interface StreamHandlers {
  /** The server has answered. */
  opened(): void;
  /** Some bytes came, whatever they were. */
  heard(): void;
  event(name: string, data: string, id: string | null): void;
}

/** The server says something every 5 s; a connection that is silent for longer than this is given up. */
export const WATCHDOG_MS = 15_000;

/** A random name, by which the server knows the streams of one page. */
export function pageName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Reads /api/stream, going on after alert number `after`, until it ends, fails or `signal` says stop.
 * Rejects with RequestFailed, which carries the message to show. Unlike EventSource it goes on after an answer such as
 * 503, notices a connection that is dead but not closed, and may say where it wants to resume from the start.
 */
export async function readStream(
  after: number | null,
  handlers: StreamHandlers,
  signal: AbortSignal,
  page: string,
): Promise<void> {
  await readEvents(`/api/stream?page=${page}`, after, handlers, signal);
}

/** Reads a stream of events as `readStream` does. */
export async function readEvents(
  path: string,
  after: number | null,
  handlers: StreamHandlers,
  signal: AbortSignal,
): Promise<void> {
  const watchdog = new AbortController();
  let timer = setTimeout(() => watchdog.abort(), WATCHDOG_MS);
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => watchdog.abort(), WATCHDOG_MS);
  };
  try {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (after !== null) headers["Last-Event-ID"] = String(after);
    const both = AbortSignal.any([signal, watchdog.signal]);
    const response = await fetch(path, { headers, cache: "no-store", signal: both });
    if (response.status === 401) openLogin();
    if (!response.ok || response.body === null) throw new RequestFailed(await problemOf(response), response.status);
    handlers.opened();
    await pump(response.body, handlers, alive);
    throw new RequestFailed("page-net-ended", response.status);
  } catch (error) {
    if (error instanceof RequestFailed) throw error;
    throw new RequestFailed(watchdog.signal.aborted ? "page-net-silent" : "page-net-unreachable", 0);
  } finally {
    clearTimeout(timer);
  }
}

async function pump(body: ReadableStream<Uint8Array>, handlers: StreamHandlers, alive: () => void): Promise<void> {
  const parser = createParser({
    onEvent: (message) => handlers.event(message.event ?? "message", message.data, message.id ?? null),
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      handlers.heard();
      parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}
