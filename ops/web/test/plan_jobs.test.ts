// The planner's page over time: what its jobs come to, what it states, and what it keeps while it is loaded again.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { KeptPlan } from "../src/plan/kept.ts";
import { Problems } from "../src/plan/problems.ts";
import type { EditedLayout } from "../src/plan/server.ts";
import { forgetTab, keepInTab } from "../src/ui/preferences.ts";
import { heard, openPage, openTab, type Part } from "./page_for_node.ts";
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
  const { jobs, rows, kept } = listed(context, (path) => (path.endsWith("job-1-a") ? Response.json({ ...JOB, state }) : Response.json({}, { status: 404 })));
  await jobs.restore(["job-2-b", "job-1-a"]);
  assert.deepEqual(rows().map(({ dataset }) => dataset["job"]), ["job-1-a"]);
  assert.deepEqual(kept, ["job-1-a"]);
  state = "cancelled";
  context.mock.timers.tick(1_000);
  await heard();
  assert.equal(rows()[0]?.dataset["state"], "cancelled");
});

for (const status of [503, 429, 401])
  test(`a job of before is asked for again after an answer of ${status}, and one started meanwhile stays`, async (context) => {
    Object.assign(globalThis, { location: { pathname: "/plan", search: "", assign: () => undefined } });
    context.after(() => Reflect.deleteProperty(globalThis, "location"));
    let answers = false;
    const { jobs, rows, said, kept } = listed(context, (path, method) => {
      if (method === "POST") return Response.json({ ...JOB, id: "job-9-z" });
      return answers || path.endsWith("job-9-z") ? Response.json({ ...JOB, id: path.split("/").at(-1) }) : Response.json({ error: "Not now." }, { status });
    });
    const restored = jobs.restore(["job-2-b", "job-1-a"]);
    await heard();
    assert.match(said.at(-1) ?? "", /Not now/);
    await jobs.start({});
    assert.deepEqual(kept, ["job-9-z", "job-2-b", "job-1-a"]);
    answers = true;
    context.mock.timers.tick(2_000);
    await restored;
    assert.deepEqual(rows().map(({ dataset }) => dataset["job"]), ["job-9-z", "job-2-b", "job-1-a"]);
    assert.deepEqual([said.at(-1), kept], ["", ["job-9-z", "job-2-b", "job-1-a"]]);
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

test("a tab keeps the plan of its sector and person, from when that of before is shown until the person logs out", (context) => {
  openTab(context);
  const order = (sensor: string): EditedLayout => ({ layout: "basic", edits: { [sensor]: null } });
  const first = new KeptPlan("west", "ann");
  first.keepSide("a", order("default"));
  assert.deepEqual(first.begin(), {});
  first.keepSide("a", order("radar-west"));
  first.keepJobs(["job-1-a"]);
  const kept = { sides: { a: order("radar-west") }, jobs: ["job-1-a"] };
  assert.deepEqual(new KeptPlan("west", "ann").now, kept);
  assert.deepEqual(new KeptPlan("east", "ann").now, { sides: {}, jobs: [] });
  const again = new KeptPlan("west", "ann");
  again.keepSide("a", order("default")); // while the jobs of before are asked for
  assert.deepEqual(again.begin(), kept.sides);
  const other = new KeptPlan("west", "ben");
  assert.deepEqual(other.now, { sides: {}, jobs: [] }, "of another person");
  other.keepJobs([]);
  assert.deepEqual(new KeptPlan("west", "ann").now.sides, {});
  again.keepJobs([]);
  forgetTab();
  assert.deepEqual(new KeptPlan("west", "ann").now.sides, {});
  keepInTab("plan.west", "{");
  assert.deepEqual(new KeptPlan("west", "ann").now, { sides: {}, jobs: [] }, "which cannot be read");
});
