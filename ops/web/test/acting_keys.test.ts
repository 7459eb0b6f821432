// Keys that act: one press acts once, on what the person has seen.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAlert, parseIncident } from "../src/model/parse.ts";
import { INITIAL, type State } from "../src/model/state.ts";
import { listenForKeys } from "../src/ui/keys.ts";
import "./mgrs_for_node.ts";
import { heard, key, openPage, type Part } from "./page_for_node.ts";
import { speakIn } from "./words.ts";

const { AlertList } = await import("../src/panels/alert_list.ts");
const { IncidentQueue } = await import("../src/panels/incident_queue.ts");
const { LooksPanel } = await import("../src/panels/looks.ts");
const { PicturesPanel } = await import("../src/panels/pictures.ts");

const AT = "2026-01-01T00:00:00Z";
const NOW_MS = Date.parse(AT);
const IDS = ["1", "2"] as const;

function stateOf(...ids: string[]): State {
  const alerts = ids.map((id) => parseAlert({ id, rule: "crossing", priority: "high", status: "active", revision: 0, sentence: "s", raised_at: AT }) ?? assert.fail());
  const incidents = ids.map((id) => parseIncident({ id, name: `Bravo ${id}`, state: "open", priority: "high", opened_at: AT, attention: true, alerts: [id] }) ?? assert.fail());
  const byId = <T extends { readonly id: string }>(found: T[]): Map<string, T> => new Map(found.map((one) => [one.id, one]));
  return { ...INITIAL, alertsKnown: true, incidentsKnown: true, rights: new Set(["act"]) as State["rights"], alerts: byId(alerts), incidents: byId(incidents) };
}

for (const which of ["incident", "alert"] as const)
  test(`a key acts on no ${which} to which the focus has just gone by itself, and not again while it is held`, (context) => {
    speakIn("en");
    const { part } = openPage(context);
    let nowMs = 0;
    context.mock.method(performance, "now", () => nowMs);
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const acted: string[] = [];
    const act = ({ id }: { readonly id: string }): Promise<void> => (acted.push(id), Promise.resolve());
    const list =
      which === "incident"
        ? new IncidentQueue({ select: () => undefined, act: (incident) => void act(incident) })
        : new AlertList({ select: () => undefined, acknowledge: act, reject: () => undefined });
    const row = (id: string): Part => part(`${which}-list`).children.find(({ dataset }) => dataset[which] === id) ?? assert.fail();
    const open = (id: string): Part => row(id).querySelector(`.${which}-open`) ?? assert.fail();
    const press = (more: object = {}): void => {
      const target = document.activeElement as unknown as Part;
      part(`${which}-list`).dispatchEvent(key("a", target, more));
    };
    list.show(stateOf(...IDS), NOW_MS);
    open("1").focus();
    press({ repeat: true });
    assert.deepEqual(acted, [], "the key was held before");
    press();
    list.show(stateOf("2"), NOW_MS); // no longer in the list, as where the filter is "open"
    assert.equal(document.activeElement, open("2"));
    press();
    press({ repeat: true });
    assert.deepEqual(acted, ["1"]);
    nowMs += 1_000;
    press({ repeat: true });
    press();
    assert.deepEqual(acted, ["1", "2"]);
    list.show(stateOf("3"), NOW_MS);
    press();
    assert.deepEqual(acted, ["1", "2"]);
    open("3").click(); // by mouse or Enter: the person has seen it
    press();
    assert.deepEqual(acted, ["1", "2", "3"]);
  });

test("a single key of the page acts once, however long it is held", (context) => {
  const { part } = openPage(context);
  const pressed: string[] = [];
  listenForKeys({ "1": () => pressed.push("1") }, () => pressed.push("Escape"));
  for (const name of ["1", "Escape"])
    for (const repeat of [false, true, true]) document.dispatchEvent(key(name, part("map"), { repeat }));
  assert.deepEqual(pressed, ["1", "Escape"]);
});

test("keys state what a picture shows and turn a camera only where these are shown; a list that failed is stated until one comes", async (context) => {
  speakIn("en");
  const { part } = openPage(context);
  const picture = { id: 1, sensor: "cam-1", observed_at: AT, picture: "a".repeat(64), state: "stored", problem: "", shown: "", reported: "person", sharp: true, type: "image/jpeg" };
  const answer = { pictures: [picture], options: [{ camera: "cam-1", slew_s: 2, in_view: true }] };
  let fails = false;
  context.mock.method(globalThis, "fetch", (path: string) => (fails && path.endsWith("pictures") ? Promise.reject(new TypeError("no link")) : Promise.resolve(Response.json(answer))));
  const sent: string[] = [];
  const send = (_: unknown, action: string): Promise<null> => (sent.push(action), Promise.resolve(null));
  const pictures = new PicturesPanel(send, () => undefined, (run) => run());
  const looks = new LooksPanel(send, () => undefined, (run) => run());
  const panel = part("panel-details");
  panel.append(pictures.node as unknown as Part, looks.node as unknown as Part);
  const follow = async (revision: number): Promise<void> => {
    const { incidents, ...state } = stateOf("1");
    const incident = incidents.get("1") ?? assert.fail();
    const shown: State = { ...state, incidents: new Map([["1", { ...incident, revision }]]), selection: { kind: "incident", id: "1" } };
    for (const one of [pictures, looks]) one.follow(shown);
    await heard();
  };
  const press = async (): Promise<void> => {
    pictures.press(0);
    looks.press();
    await heard();
  };
  const problems = (): string => (pictures.node as unknown as Part).querySelectorAll(".problem").map(({ textContent }) => textContent).join("");
  fails = true;
  await follow(0);
  assert.deepEqual([pictures.node.hidden, problems()], [false, "The server cannot be reached."], "of the first list");
  assert.deepEqual((pictures.node as unknown as Part).children.filter(({ hidden }) => !hidden).map(({ tag }) => tag), ["h3", "p", "p"]);
  fails = false;
  await follow(1);
  panel.hidden = true;
  await press();
  assert.deepEqual(sent, []);
  panel.hidden = false;
  await press();
  assert.deepEqual(sent, ["assess", "look"]);
  fails = true;
  await follow(2);
  assert.equal(problems(), "The server cannot be reached.");
  fails = false;
  await follow(3);
  assert.equal(problems(), "");
  let failLate: (problem: Error) => void = () => undefined;
  context.mock.method(globalThis, "fetch", (path: string) => (path.endsWith("pictures") ? new Promise((_, fail) => (failLate = fail)) : Promise.resolve(Response.json(answer))));
  await follow(4);
  const failOld = failLate;
  context.mock.method(globalThis, "fetch", () => Promise.resolve(Response.json(answer)));
  await follow(5);
  failOld(new TypeError("no link"));
  await heard();
  assert.equal(problems(), "", "a newer list is there");
});
