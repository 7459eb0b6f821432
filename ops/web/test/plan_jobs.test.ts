// The planner's page over time: what its jobs come to, what it states, and what it keeps while it is loaded again.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { KeptPlan } from "../src/plan/kept.ts";
import { Problems } from "../src/plan/problems.ts";
import { forgetTab } from "../src/ui/preferences.ts";
import { heard, openPage, type Part } from "./page_for_node.ts";
import { speakIn } from "./words.ts";

const { JobList } = await import("../src/plan/jobs.ts");

const JOB = { id: "job-1-a", kind: "plan", state: "running", doing: "", done: 0, total: 0, problem: "", answer: null };

/** A list of jobs at a server that answers each question by `answer`, and what it states. */
function listed(context: TestContext, answer: (path: string, method: string | undefined) => Response): { jobs: InstanceType<typeof JobList>; rows: () => readonly Part[]; said: string[]; kept: string[] } {
  speakIn("en");
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { part } = openPage(context);
  context.mock.method(globalThis, "fetch", (path: string, { method }: RequestInit) => Promise.resolve(answer(path, method)));
  const [said, kept] = [[] as string[], [] as string[]];
  const events = { say: (problem: string) => void said.push(problem), planned: () => undefined, listed: (ids: readonly string[]) => void kept.splice(0, kept.length, ...ids), show: () => undefined };
  return { jobs: new JobList(events), rows: () => part("jobs").children, said, kept };
}

test("a job that the server no longer has is failed, with the server's sentence in its row", async (context) => {
  const gone = { error: "There is no job job-1-a." };
  const { jobs, rows, said, kept } = listed(context, (_, method) => (method === "POST" ? Response.json(JOB) : Response.json(gone, { status: 404 })));
  await jobs.start({});
  assert.equal(rows()[0]?.dataset["state"], "running");
  context.mock.timers.tick(1_000);
  await heard();
  const [row] = rows();
  assert.equal(row?.dataset["state"], "failed");
  assert.match(row?.querySelector(".answer")?.textContent ?? "", /There is no job/);
  assert.equal(row?.querySelector("progress")?.hidden, true);
  assert.deepEqual([said.at(-1), kept], ["", ["job-1-a"]]);
});

test("jobs of before are listed again, except those that the server no longer has, and followed", async (context) => {
  let state = "running";
  const { jobs, rows } = listed(context, (path) => (path.endsWith("job-1-a") ? Response.json({ ...JOB, state }) : Response.json({}, { status: 404 })));
  await jobs.restore(["job-2-b", "job-1-a"]);
  assert.deepEqual(rows().map(({ dataset }) => dataset["job"]), ["job-1-a"]);
  state = "cancelled";
  context.mock.timers.tick(1_000);
  await heard();
  assert.equal(rows()[0]?.dataset["state"], "cancelled");
});

test("an answer about one side leaves what is stated about the other", (context) => {
  const box = openPage(context).part("problem");
  const problems = new Problems(box as unknown as HTMLElement);
  const [left, right] = [problems.about("a"), problems.about("b")];
  left("Radar r lies on a void.");
  right("");
  assert.deepEqual([box.textContent, box.hidden], ["Radar r lies on a void.", false]);
  right("Camera c lies outside.");
  left("");
  assert.equal(box.textContent, "Camera c lies outside.");
  right("");
  assert.ok(box.hidden);
});

test("a tab keeps the plan of its sector until the person logs out", (context) => {
  const stored = new Map<string, string>();
  const sessionStorage = { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, value: string) => stored.set(key, value), clear: () => stored.clear() };
  const before = Object.getOwnPropertyDescriptor(globalThis, "sessionStorage");
  Object.defineProperty(globalThis, "sessionStorage", { value: sessionStorage, configurable: true });
  context.after(() => (before === undefined ? Reflect.deleteProperty(globalThis, "sessionStorage") : Object.defineProperty(globalThis, "sessionStorage", before)));
  const order = { layout: "basic", edits: { "radar-west": null } };
  new KeptPlan("west").keep({ sides: { a: order } });
  assert.deepEqual(new KeptPlan("west").now, { sides: { a: order }, jobs: [] });
  assert.deepEqual(new KeptPlan("east").now, { sides: {}, jobs: [] });
  forgetTab();
  assert.deepEqual(new KeptPlan("west").now.sides, {});
});
