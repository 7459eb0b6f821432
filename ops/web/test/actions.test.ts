import assert from "node:assert/strict";
import { test } from "node:test";
import type { Incident } from "../src/model/records.ts";
import { actOn } from "../src/net/incidents.ts";

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
