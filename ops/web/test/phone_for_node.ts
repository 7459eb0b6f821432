// A phone for the tests, without a browser: what it offers to the field page, and the answers of a server.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Unit } from "../src/field/unit.ts";
import { speakIn } from "./words.ts";

export const HOUR_MS = 3_600_000;

/** Replace what the browser offers; all is as before after the test. */
export function offer(context: TestContext, offered: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(offered)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    context.after(() => (before === undefined ? Reflect.deleteProperty(globalThis, name) : Object.defineProperty(globalThis, name, before)));
  }
}

/** Answers of the server by path; every request is in the list that this returns. */
export function serve(context: TestContext, answer: (path: string) => unknown): string[] {
  const asked: string[] = [];
  offer(context, {
    fetch: (path: string) => {
      asked.push(path);
      const body = answer(path);
      return body === null ? Promise.reject(new TypeError("no link")) : Promise.resolve(Response.json(body));
    },
  });
  return asked;
}

export async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !isSo(); turn += 1) await setImmediate();
  assert.ok(isSo());
}

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
}

export const AREA = { bounds: [8, 47, 8.2, 47.1], minzoom: 8, maxzoom: 10, tiles: ["/v1/field/tiles/a/{z}/{x}/{y}.png"] };

/** A browser with a clock that the test turns, for a unit at the server of the test. */
export function phone(context: TestContext, answer: (path: string, body: string, tag: string | undefined) => Response): Unit {
  speakIn("en");
  context.mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.parse("2026-11-30T10:00:00Z") });
  offer(context, {
    document: new EventTarget(), addEventListener: () => undefined,
    EventSource: class extends EventTarget { readonly readyState = 1; close(): void {} },
    fetch: (path: string, { body, headers }: { body?: string; headers: Record<string, string> }) =>
      Promise.resolve().then(() => (path === "/v1/field/enrol" ? Response.json({ unit: "p", device: "d" }) : answer(path, body ?? "", headers["If-None-Match"]))),
  });
  return new Unit(() => undefined);
}
