// The dialogs of an incident: what the person sees is what is sent, and what is typed is not lost.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { parseOptions, type Decision, type Forces, type Options, type Posture } from "../src/model/forces.ts";
import { RequestFailed } from "../src/net/api.ts";
import type { Candidate, Incident } from "../src/model/records.ts";
import type { Answer } from "../src/net/incidents.ts";
import { ImpactDialog } from "../src/panels/impact_dialog.ts";
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

const WHY = "Smugglers expected";
const UNANSWERED = new RequestFailed("page-net-unreachable", 0);
const CONFLICT = new RequestFailed({ id: "page-net-refused", parameters: { sentence: "Ben set section 'north'." } }, 409);

for (const [outcome, answer] of [["stored", "stored"], ["asked", "asked"], ["no answer", UNANSWERED], ["a conflict", CONFLICT]] as const)
  test(`an impact level closes its dialog only by its own decision: ${outcome}`, async (context) => {
    const { part, submit } = page(context);
    const afters: (string | undefined)[] = [];
    const dialog = new ImpactDialog(async (section, _, __, sent) => {
      afters.push(section.decided.at(-1)?.id);
      sent(`mine-${afters.length}`);
      if (answer instanceof RequestFailed) throw answer;
      return answer;
    }, () => undefined);
    const shown = part("impact-dialog");
    const decided: Decision[] = [];
    const decide = (id: string, by: string): void => {
      decided.push({ id, level: "medium", by, atMs: 0, reason: "Quiet now" });
      dialog.follow({ sections: new Map([["north", north()]]) } as unknown as Forces);
    };
    const north = (): Posture => ({ id: "north", level: "low", decided: [...decided], proposed: null }) as unknown as Posture;
    const send = async (): Promise<void> => {
      part("impact-level").value = "critical";
      part("impact-reason").value = WHY;
      submit("impact-form");
      await heard();
    };
    dialog.open(north());
    await send();
    decide("of-ben", "Ben");
    assert.equal(shown.open, true);
    assert.match(part("impact-problem").textContent, /does not apply/);
    assert.match(part("impact-now").textContent, /Medium, set by Ben/);
    assert.deepEqual([part("impact-reason").value, part("impact-level").value], [WHY, "critical"]);
    await send();
    assert.deepEqual(afters, [undefined, "of-ben"], "the second decision follows the one that was seen");
    decided.push({ id: "mine-2", level: "critical", by: "Ana", atMs: 0, reason: WHY });
    decide("of-ben-again", "Ben");
    assert.equal(shown.open, false);
  });
