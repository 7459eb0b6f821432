import assert from "node:assert/strict";
import { test } from "node:test";
import { getJson, isPassing, openLogin, RequestFailed } from "../src/net/api.ts";
import { logOut } from "../src/net/login.ts";
import { keepInTab, keptInTab } from "../src/ui/preferences.ts";
import { openTab } from "./page_for_node.ts";

test("A request that gets no answer in time is given up, says so, and may be made again", async (context) => {
  context.mock.method(globalThis, "fetch", (_: string, { signal }: RequestInit) =>
    new Promise((_answered, fail) => signal?.addEventListener("abort", () => fail(signal.reason))),
  );
  await assert.rejects(getJson("/api/alerts", undefined, 5), (error: unknown) => {
    assert.ok(error instanceof RequestFailed);
    assert.deepEqual([error.problem.id, error.status, isPassing(error)], ["page-net-timeout", 0, true]);
    return true;
  });
});

test("A request that the page itself takes back is not called one without an answer", async (context) => {
  context.mock.method(globalThis, "fetch", (_: string, { signal }: RequestInit) =>
    new Promise((_answered, fail) => signal?.addEventListener("abort", () => fail(signal.reason))),
  );
  const taken = new AbortController();
  const asked = getJson("/api/alerts", taken.signal);
  taken.abort();
  await assert.rejects(asked, { message: "page-net-unreachable" });
});

const ANN = { name: "Ann", account: "ann", role: "operator", login: true, formToken: "t", rights: new Set<string>() };

test("After a person has logged out, the login page leads the next one nowhere", async (context) => {
  const opened: string[] = [];
  const location = { pathname: "/", search: "?at=I7", assign: (to: string) => void opened.push(to) };
  Object.assign(globalThis, { document: {}, location });
  context.after(() => {
    for (const name of ["document", "location"]) Reflect.deleteProperty(globalThis, name);
  });
  openLogin();
  context.mock.method(globalThis, "fetch", async () => {
    openLogin(); // as of a stream whose login has ended
    return new Response(null);
  });
  openTab(context);
  keepInTab("plan.west", "edits");
  await logOut(ANN);
  openLogin();
  assert.equal(keptInTab("plan.west"), null, "what the tab kept of the person ends with the login");
  assert.deepEqual(opened, ["/login?next=%2F%3Fat%3DI7", "/login"]);
});

test("A log-out that does not reach the server leaves what the tab keeps", async (context) => {
  openTab(context);
  keepInTab("plan.west", "edits");
  context.mock.method(globalThis, "fetch", () => Promise.reject(new TypeError("no link")));
  await assert.rejects(logOut(ANN));
  assert.equal(keptInTab("plan.west"), "edits");
});
