import assert from "node:assert/strict";
import { test } from "node:test";
import { OutcomeUnknown, type Answer } from "../src/net/incidents.ts";
import { Sending } from "../src/ui/sending.ts";
import { speakIn } from "./words.ts";

/** A dialog whose answers the test gives when it wants to. */
function dialog() {
  const node = { textContent: "" } as Element;
  const found = { node, late: [] as string[], busy: false, answered: [] as string[] };
  const sending = new Sending(node, (name, problem, before) => found.late.push(problem === "" ? `not ${name}: ${before}` : `${name}: ${problem}`), (busy) => (found.busy = busy));
  const send = (name: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const sent = sending.send(name, () => promise, (problem) => found.answered.push(`${name}: ${problem}`));
    return { answer: (problem: string) => (resolve(problem), sent), fail: (error: Error) => (reject(error), sent) };
  };
  return { found, sending, send };
}

test("an answer is heard where the same thing is still shown", async () => {
  const { found, send } = dialog();
  const refused = send("Alpha 1");
  assert.equal(found.busy, true);
  await refused.answer("Already claimed by Ben.");
  assert.equal(found.node.textContent, "Already claimed by Ben.");
  await send("Alpha 1").answer("");
  assert.equal(found.node.textContent, "");
  assert.deepEqual([found.busy, found.answered, found.late], [false, ["Alpha 1: Already claimed by Ben.", "Alpha 1: "], []]);
});

test("an answer about what is no longer shown changes nothing there, and a refusal is told with its name", async () => {
  const { found, sending, send } = dialog();
  const [first, second] = [send("Alpha 1"), (sending.begin(), send("Bravo 2"))];
  await first.answer("");
  assert.deepEqual([found.busy, found.answered, found.late], [true, [], []]);
  sending.begin();
  assert.equal(found.busy, false);
  await second.answer("Already claimed by Ben.");
  assert.equal(found.node.textContent, "");
  assert.deepEqual(found.late, ["Bravo 2: Already claimed by Ben."]);
});

test("nothing is sent twice while an answer is awaited, and a failure is a problem", async () => {
  speakIn("en");
  const { found, send } = dialog();
  const first = send("Alpha 1");
  await send("Alpha 1").answer("");
  assert.deepEqual(found.answered, []);
  await first.fail(new Error("no way"));
  assert.match(String(found.node.textContent), /no way/);
  assert.equal(found.busy, false);
});

test("an outcome that is not known for long is a problem until it is", async () => {
  speakIn("en");
  const { found, send } = dialog();
  for (const [outcome, shown] of [[null, ""], [{ message: null, sentence: "Already claimed by Ben." }, "Already claimed by Ben."]] as const) {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const sent = send("Alpha 1").fail(new OutcomeUnknown(promise));
    await new Promise(setImmediate);
    assert.match(String(found.node.textContent), /outcome is not known yet/);
    assert.equal(found.busy, true);
    resolve(outcome);
    await sent;
    assert.equal(found.node.textContent, shown);
    assert.equal(found.busy, false);
    assert.equal(found.answered.pop(), `Alpha 1: ${shown}`);
  }
});

test("an outcome that was not known when another thing was shown is taken back once it is", async () => {
  speakIn("en");
  const { found, sending, send } = dialog();
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const first = send("Alpha 1");
  sending.begin();
  const sent = first.fail(new OutcomeUnknown(promise));
  await new Promise(setImmediate);
  assert.match(found.late.join("|"), /^Alpha 1: [^|]*outcome is not known yet[^|]*$/);
  resolve(null);
  await sent;
  assert.deepEqual(found.late.slice(1), [`not ${found.late[0]}`]);
});
