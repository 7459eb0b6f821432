// Gain and loss on the planner's page, over a server that cannot always answer.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import "./mgrs_for_node.ts";
import { heard, openPage } from "./page_for_node.ts";
import { speakIn } from "./words.ts";

const { Results } = await import("../src/plan/results/results.ts");

const FOUND = { picture: null, gained_km2: 1, lost_km2: 0 };
const FIRST_PAUSE_MS = 2_000;

/** The answers are given by the test, in the order of the questions; an answer of null is that of a busy server. */
function results(context: TestContext) {
  speakIn("en");
  const { part } = openPage(context);
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const asked: ((answer: Response) => void)[] = [];
  context.mock.method(globalThis, "fetch", () => new Promise<Response>((answer) => void asked.push(answer)));
  const before = globalThis.ResizeObserver;
  globalThis.ResizeObserver = class { observe(): void {} } as unknown as typeof ResizeObserver;
  context.after(() => void (globalThis.ResizeObserver = before));
  part("change-on").checked = true;
  part("change-of").value = "sides";
  const side = (name: string) => ({ name, layout: { name }, edits: 0, order: { layout: name, edits: {} }, found: null, layoutMap: { change: () => undefined, highlight: () => undefined } });
  const page = { problem: "" };
  const made = new Results({
    setup: { layouts: [], segments: [], currency: "EUR" }, sides: [side("a"), side("b")], unedited: new Map(),
    of: () => ({ target: "person", conditions: "day" }), palette: () => "day", tell: (problem: string) => (page.problem = problem),
  } as unknown as ConstructorParameters<typeof Results>[0]);
  const answer = async (found: object | null): Promise<void> => {
    asked.at(-1)?.(found === null ? Response.json({ error: "The planner is busy." }, { status: 429 }) : Response.json(found));
    await heard();
  };
  const changed = (): void => made.changed();
  const wait = async (ms: number): Promise<void> => {
    context.mock.timers.tick(ms);
    await heard();
  };
  return { page, asked, answer, changed, wait, state: () => part("change").dataset["state"] };
}

test("a problem ends with the next answer, also where the question in between was old when it failed", async (context) => {
  const { page, asked, answer, changed, state } = results(context);
  changed();
  await answer(null);
  assert.match(page.problem, /busy/);
  changed();
  changed();
  await answer(null);
  assert.equal(asked.length, 3);
  await answer(FOUND);
  assert.equal(state(), "shown");
  assert.equal(page.problem, "");
});

test("what fails after several changes is asked for again once after each pause", async (context) => {
  const { asked, answer, changed, wait, state } = results(context);
  for (let change = 1; change <= 3; change += 1) {
    changed();
    await answer(null);
  }
  await wait(FIRST_PAUSE_MS);
  assert.equal(asked.length, 4);
  await answer(null);
  await wait(2 * FIRST_PAUSE_MS - 1);
  assert.equal(asked.length, 4);
  await wait(1);
  assert.equal(asked.length, 5);
  await answer(FOUND);
  assert.equal(state(), "shown");
  await wait(60 * FIRST_PAUSE_MS);
  assert.equal(asked.length, 5);
});
