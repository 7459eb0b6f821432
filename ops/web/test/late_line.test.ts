// The line in the details about an incident that is no longer selected.

import assert from "node:assert/strict";
import { test } from "node:test";
import { withIncident } from "../src/model/incidents.ts";
import { parseIncident } from "../src/model/parse.ts";
import type { Incident } from "../src/model/records.ts";
import { INITIAL } from "../src/model/state.ts";
import { OutcomeUnknown, type Answer } from "../src/net/incidents.ts";
import type { DetailActions } from "../src/panels/details.ts";
import "./mgrs_for_node.ts";
import { heard, openPage, Part } from "./page_for_node.ts";
import { speakIn } from "./words.ts";

const { DetailsPanel } = await import("../src/panels/details.ts");

const AT = "2026-01-01T00:00:00Z";

function incident(id: string, name: string): Incident {
  const read = parseIncident({ id, name, kind: "movement", state: "open", priority: "low", revision: 1, sentence: "s", opened_at: AT, attention: true });
  assert.ok(read !== null);
  return read;
}

for (const [outcome, problem] of [["done", ""], ["refused", "Already claimed by Ben."]] as const)
  test(`an outcome that comes to be known after another incident was selected: ${outcome}`, async (context) => {
    speakIn("en");
    const { part } = openPage(context);
    const incidents = [incident("I1", "Bravo 1"), incident("I2", "Bravo 2")].reduce(withIncident, new Map());
    const later = Promise.withResolvers<Answer>();
    const answer = Promise.withResolvers<string>();
    const panel = new DetailsPanel({ act: () => answer.promise, refused: () => undefined } as unknown as DetailActions, []);
    const select = (id: string): void => {
      const state = { ...INITIAL, incidents, alertsKnown: true, rights: new Set(["act"]) as typeof INITIAL.rights, selection: { kind: "incident", id } as const };
      panel.show(state, Date.parse(AT));
    };
    const shown = (testid: string): Part => [...part("panel-details").all()].find(({ dataset }) => dataset["testid"] === testid) ?? assert.fail(testid);
    select("I1");
    shown("details-incident-acknowledge").click();
    select("I2");
    answer.reject(new OutcomeUnknown(later.promise));
    await heard();
    assert.match(shown("details-late").textContent, /Bravo 1.*outcome is not known yet/);
    panel.tellLate("Bravo 1", "", "What another action was refused for.");
    assert.equal(shown("details-late").hidden, false, "another problem with it is not taken back");
    later.resolve(problem === "" ? null : { message: null, sentence: problem });
    await heard();
    assert.equal(shown("details-late").hidden, problem === "");
    assert.match(shown("details-late").textContent, problem === "" ? /^$/ : /Bravo 1.*Already claimed by Ben/);
  });
