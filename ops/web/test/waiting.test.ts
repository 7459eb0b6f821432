// What waits for an acknowledgement: the title of the page and the list count the same, and say what.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerClock } from "../src/model/clock.ts";
import { withIncident } from "../src/model/incidents.ts";
import { parseAlert, parseIncident } from "../src/model/parse.ts";
import type { Alert, Incident } from "../src/model/records.ts";
import { INITIAL, type State } from "../src/model/state.ts";
import type { AlertActions } from "../src/panels/alert_list.ts";
import "./mgrs_for_node.ts";
import { openPage } from "./page_for_node.ts";
import { speakIn } from "./words.ts";

const { AlertList } = await import("../src/panels/alert_list.ts");
const { StatusBar } = await import("../src/panels/status_bar.ts");

const AT = "2026-01-01T00:00:00Z";

function alert(id: string): Alert {
  return parseAlert({ id, rule: "crossing", priority: "high", status: "active", revision: 0, sentence: "s", raised_at: AT }) ?? assert.fail();
}

const alerts = new Map(["A1", "A2", "A3"].map((id) => [id, alert(id)]));
const incident: Incident =
  parseIncident({ id: "I1", name: "Bravo 1", state: "open", priority: "high", opened_at: AT, attention: true, alerts: [...alerts.keys()] }) ?? assert.fail();

for (const [language, what, first] of [
  ["en", "incidents", "High: 1 unacknowledged incident"],
  ["en", "alerts", "High: 3 unacknowledged alerts"],
  ["fr", "incidents", "Haute priorité\u00a0: 1 incident non pris en charge"],
] as const)
  test(`the title and the list count the same ${what}: ${language}`, (context) => {
    speakIn(language);
    context.after(() => speakIn("en"));
    const { part } = openPage(context);
    const state: State = { ...INITIAL, alertsKnown: true, alerts, incidents: what === "alerts" ? new Map() : withIncident(new Map(), incident) };
    new StatusBar(new ServerClock(), () => false).show(state);
    new AlertList({} as AlertActions).show(state, Date.parse(AT));
    const shown = part("waiting").children.find(({ dataset }) => dataset["priority"] === "high");
    assert.equal(shown?.dataset["count"], what === "alerts" ? "3" : "1");
    assert.equal(Reflect.get(shown ?? {}, "title"), first);
    assert.ok(document.title.startsWith(`(${what === "alerts" ? 3 : 1}) `), document.title);
  });
