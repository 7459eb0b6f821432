import assert from "node:assert/strict";
import { test } from "node:test";
import type { Incident } from "../src/model/records.ts";
import { actOn, once, OutcomeUnknown, type Answer } from "../src/net/incidents.ts";

test("an outcome that the server could not give at once is asked for again", async (t) => {
  const answers = [[202, {}], [404, { error: "Not known." }], [503, { error: "Busy." }], [200, { result: "done" }]] as const;
  const asked: string[] = [];
  t.mock.method(globalThis, "fetch", async (_: unknown, options: RequestInit) => {
    const [status, body] = answers[asked.length] ?? [500, { error: "Too many." }];
    asked.push(options.method ?? "");
    return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
  });
  assert.equal(await actOn({ id: "I-1", revision: 3 } as Incident, "claim"), null);
  assert.deepEqual(asked, ["POST", "GET", "GET", "GET"]);
});

test("an outcome that is not known for long is asked for until it is, and the same wish is then a new one", async (t) => {
  let unknown = 60;
  const ids: string[] = [];
  t.mock.method(globalThis, "setTimeout", (run: () => void) => setImmediate(run));
  t.mock.method(globalThis, "fetch", async (_: unknown, { method, body }: RequestInit) => {
    if (method === "POST") ids.push(JSON.parse(String(body)).id);
    else if (unknown > 0) return Response.json({ error: "Not known." }, { status: (unknown -= 1) === 5 ? 503 : 404 });
    return Response.json(method === "POST" ? {} : { result: "done" });
  });
  const wish = (): Promise<unknown> => actOn({ id: "I-2", revision: 3 } as Incident, "claim");
  const waited: unknown = await wish().catch((error: unknown) => error);
  assert.ok(waited instanceof OutcomeUnknown);
  assert.equal(await waited.later, null);
  assert.equal(unknown, 0);
  assert.equal(await wish(), null);
  assert.equal(new Set(ids).size, 2);
});

test("an outcome is asked for until it is known, too, where the link drops once the action is stored", async (t) => {
  let refused = 9;
  t.mock.method(globalThis, "setTimeout", (run: () => void) => setImmediate(run));
  t.mock.method(globalThis, "fetch", async (_: unknown, { method }: RequestInit) => {
    if (method === "POST") return Response.json({});
    refused -= 1;
    if (refused >= 5) throw new TypeError("refused");
    return refused >= 0 ? Response.json({ error: "It starts." }, { status: 503 }) : Response.json({ result: "done" });
  });
  const waited: unknown = await actOn({ id: "I-3", revision: 3 } as Incident, "claim").catch((error: unknown) => error);
  assert.ok(waited instanceof OutcomeUnknown);
  assert.equal(await waited.later, null);
  assert.equal(refused, -1);
});

test("what settles an old wish settles no newer one", async () => {
  const ids: string[] = [];
  const first = Promise.withResolvers<Answer>();
  const wish = (send: () => Promise<Answer>): Promise<unknown> => once("look", (id) => (ids.push(id), send())).catch(() => undefined);
  const unknown = (later: Promise<Answer>) => () => Promise.reject(new OutcomeUnknown(later));
  await wish(unknown(first.promise));
  await wish(() => Promise.resolve(null)); // the same wish, of which the outcome is known now
  await wish(unknown(new Promise(() => undefined)));
  first.resolve(null);
  await new Promise(setImmediate);
  await wish(() => Promise.resolve(null));
  assert.deepEqual(ids.map((id) => ids.indexOf(id)), [0, 0, 2, 2]);
});
