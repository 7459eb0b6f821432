import assert from "node:assert/strict";
import { test } from "node:test";
import type { Incident } from "../src/model/records.ts";
import { actOn, OutcomeUnknown } from "../src/net/incidents.ts";

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
