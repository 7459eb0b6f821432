// The dialogs of an incident: what the person sees is what is sent, and what is typed is not lost.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { parseOptions, type Options } from "../src/model/forces.ts";
import type { Candidate, Incident } from "../src/model/records.ts";
import type { Answer } from "../src/net/incidents.ts";
import { IncidentDialog } from "../src/panels/incident_dialog.ts";
import "./mgrs_for_node.ts";
import { heard, openPage } from "./page_for_node.ts";
import { speakIn } from "./words.ts";

const { TracingDialog } = await import("../src/panels/tracing_dialog.ts");

const INCIDENT = { id: "I1", name: "Bravo 17", owner: "Ana", openedMs: 0, tracing: null, marking: "" } as unknown as Incident;
const FIRST: Candidate[] = ["Alpha base", "Fork base"].map((base) => ({ base, responseS: 300, probability: 0.5 }) as unknown as Candidate);
const LATE_MS = 2_000;

function times(...names: string[]): Options {
  const candidates = names.map((name) => ({ kind: "base", name, lon: 1, lat: 42, response_s: 300 }));
  return parseOptions({ at: "2026-01-01T00:00:00Z", target: "incident", candidates }) ?? assert.fail();
}

function page(context: TestContext) {
  speakIn("en");
  const { part } = openPage(context);
  const sent: unknown[] = [];
  const answers: ((answer: Answer) => void)[] = [];
  const send = (_: Incident, __: string, fields: unknown): Promise<Answer> => {
    sent.push(fields);
    return new Promise((answer) => void answers.push(answer));
  };
  const submit = (form: string): boolean => part(form).dispatchEvent(new Event("submit"));
  return { part, send, sent, answers, submit, write: (form: string) => part(form).dispatchEvent(new Event("input")) };
}

for (const [which, busy, unit] of [["late leave the proposed base", true, "Alpha base"], ["at once replace it", false, "Fork base"]] as const)
  test(`times over ground that come ${which}`, async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { part, send, sent, submit } = page(context);
    const answers = busy ? [null, times("Fork base", "Alpha base")] : [times("Fork base", "Alpha base")];
    new IncidentDialog(send, () => undefined).open(INCIDENT, "assign", FIRST, [], "Ana", () => Promise.resolve(answers.shift() ?? null));
    await heard();
    if (busy) {
      assert.match(part("incident-choice-note").textContent, /not available/);
      context.mock.timers.tick(LATE_MS);
      await heard();
    }
    assert.doesNotMatch(part("incident-choice-note").textContent, /not available/);
    assert.deepEqual(part("incident-choice").options.map(({ value }) => value), ["Fork base", "Alpha base", ""]);
    submit("incident-form");
    assert.deepEqual(sent, [{ unit }]);
  });

for (const dialog of ["incident", "tracing"] as const)
  test(`the ${dialog} dialog stays open with what was written after it was sent`, async (context) => {
    const { part, send, answers, submit, write } = page(context);
    const shown = part(`${dialog}-dialog`);
    const form = `${dialog}-form`;
    const open = (): void => {
      if (dialog === "incident") new IncidentDialog(send, () => undefined).open(INCIDENT, "note", [], [], "Ana");
      else new TracingDialog(send, () => undefined).open(INCIDENT);
    };
    open();
    part("incident-text").value = part("tracing-item-marking").value = "Two people";
    write(form);
    submit(form);
    part("incident-text").value = part("tracing-item-marking").value = "Two people with bags";
    write(form);
    submit(form); // nothing is sent while the answer is awaited, as when Enter is pressed
    answers[0]?.(null);
    await heard();
    assert.equal(shown.open, true);
    assert.match(part(`${dialog}-problem`).textContent, /later changes have not been sent/);
    submit(form);
    answers[1]?.(null);
    await heard();
    assert.equal(shown.open, false);
    assert.equal(answers.length, 2);
  });
