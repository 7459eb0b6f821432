import assert from "node:assert/strict";
import { test } from "node:test";
import { expectedMs, inOrder, lookingCameras, mostUrgent, NO_FILTER, passes, waitingIncidents, withIncident } from "../src/model/incidents.ts";
import { parseOptions } from "../src/model/forces.ts";
import { codesKey, parseGoodsCodes } from "../src/model/goods_codes.ts";
import { parseAlert, parseIncident, parseTrack } from "../src/model/parse.ts";
import type { Alert, Incident, Track } from "../src/model/records.ts";
import { INITIAL } from "../src/model/state.ts";
import { others } from "../src/words/incident_choices.ts";
import { workLine } from "../src/words/incident_words.ts";
import "./mgrs_for_node.ts";
import { speakIn } from "./words.ts";

const { describeIncident } = await import("../src/words/describe_incident.ts");

const AT = "2026-01-01T00:00:00Z";
const AT_MS = Date.parse(AT);

function incident(id: string, more: Record<string, unknown> = {}): Incident {
  const read = parseIncident({
    id, name: `Bravo ${id.slice(1)}`, kind: "movement", state: "open", priority: "low", revision: 0, sentence: "s",
    opened_at: AT, attention: true, lead: `A${id.slice(1)}`, transitions: [{ at: AT, state: "open", by: "system", action: "open" }],
    ...more,
  });
  assert.ok(read !== null);
  return read;
}

function alert(id: string, more: Record<string, unknown> = {}): Alert {
  const read = parseAlert({
    id, rule: "crossing", priority: "high", status: "active", revision: 0, sentence: "s", raised_at: AT, track: `T${id.slice(1)}`,
    observed_at: AT, ...more,
  });
  assert.ok(read !== null);
  return read;
}

function tracks(...ids: string[]): Map<string, Track> {
  return new Map(
    ids.map((id) => {
      const read = parseTrack({ track: id, lon: 1, lat: 42, status: "confirmed" });
      assert.ok(read !== null);
      return [id, read];
    }),
  );
}

const NONE = new Map<string, never>();

test("unacknowledged first, then priority, then the time that is left, closed ones last", () => {
  const alerts = new Map([alert("A1", { time_to_border_s: 600 }), alert("A2", { time_to_border_s: 60 })].map((a) => [a.id, a]));
  const all = [
    incident("I1", { priority: "high" }),
    incident("I2", { priority: "high" }),
    incident("I3", { priority: "distress", attention: false, state: "acknowledged", owner: "Ana" }),
    incident("I4"),
    incident("I5", { state: "closed", attention: false, disposition: "lost" }),
  ];
  const ids = inOrder(all, alerts, tracks("T1", "T2")).map(({ id }) => id);
  assert.deepEqual(ids, ["I2", "I1", "I4", "I3", "I5"]);
});

test("advice vanishes with its track and with its alert", () => {
  const one = incident("I1");
  const alerts = new Map([["A1", alert("A1", { time_to_border_s: 90 })]]);
  assert.equal(expectedMs(one, alerts, tracks("T1")), AT_MS + 90_000);
  assert.equal(expectedMs(one, alerts, NONE), null);
  const over = new Map([["A1", alert("A1", { time_to_border_s: 90, status: "cleared" })]]);
  assert.equal(expectedMs(one, over, tracks("T1")), null);
});

test("the time left is that until the target is out of reach, where the response is estimated", () => {
  const estimate = { base: "Fork", response_s: 100, margin_s: -40, interruption_probability: 0.3 };
  const alerts = new Map([["A1", alert("A1", { time_to_border_s: 5, response_estimate: estimate, updated_at: AT })]]);
  assert.equal(expectedMs(incident("I1"), alerts, tracks("T1")), AT_MS + 60_000);
  const acknowledged = alert("A1", { status: "acknowledged", response_estimate: estimate, updated_at: "2026-01-01T00:00:50Z" });
  assert.equal(expectedMs(incident("I1"), new Map([["A1", acknowledged]]), tracks("T1")), AT_MS + 60_000);
});

test("an older revision never replaces a newer one", () => {
  const newer = incident("I1", { revision: 3, owner: "Ana" });
  const known = withIncident(NONE, newer);
  assert.equal(withIncident(known, incident("I1", { revision: 2 })), known);
  assert.equal(withIncident(known, incident("I1", { revision: 4, owner: "Ben" })).get("I1")?.owner, "Ben");
});

test("filters by state, section, class, owner and text", () => {
  const one = incident("I1", { section: "West", class_label: "person", owner: "Ana", state: "acknowledged" });
  const through = (more: Partial<typeof NO_FILTER>): boolean => passes(one, { ...NO_FILTER, ...more }, "Ana", "Bravo 1 lights");
  assert.ok(through({}));
  assert.ok(through({ section: "West", target: "person", mine: true, state: "acknowledged", text: "LIGHTS" }));
  for (const other of [{ section: "East" }, { target: "animal" }, { state: "open" }, { state: "closed" }, { text: "deer" }])
    assert.ok(!through(other), JSON.stringify(other));
  assert.ok(!passes(one, { ...NO_FILTER, mine: true }, "Ben", ""));
});

test("what waits is counted, and the most urgent sounds", () => {
  const incidents = [incident("I1"), incident("I2", { priority: "high" }), incident("I3", { priority: "distress", attention: false })];
  const map = incidents.reduce(withIncident, NONE);
  assert.deepEqual(waitingIncidents(map), { distress: 0, high: 1, medium: 0, low: 1 });
  assert.equal(mostUrgent(map), "high");
  assert.equal(mostUrgent(NONE), null);
});

test("what the system closed is said to have been closed by the system, in both languages", () => {
  for (const [language, said] of [["en", "no operator action"], ["fr", "aucune action"]] as const) {
    speakIn(language);
    const closed = incident("I1", { state: "closed", closed_by: "system", disposition: "unresolved", attention: false });
    assert.match(workLine(closed), new RegExp(said));
  }
  speakIn("en");
});

test("an incident is linked to any other, and merged only into an open one that no one else owns", () => {
  speakIn("en");
  const one = incident("I1", { links: ["I5"] });
  const all = [
    one, incident("I2"), incident("I3", { state: "acknowledged", owner: "Ana", attention: false }),
    incident("I4", { state: "closed", disposition: "lost", attention: false }), incident("I5"),
  ];
  const state = { ...INITIAL, incidents: all.reduce(withIncident, NONE) };
  const values = (action: string): string[] => others(one, action, state).map(({ value }) => value);
  assert.deepEqual(values("link"), ["I2", "I3", "I4"]);
  assert.deepEqual(values("merge"), ["I2", "I5"]);
  assert.deepEqual(values("close"), []);
  assert.equal(others(one, "link", state)[1]?.label, "Bravo 3 · acknowledged · s");
});

test("hostile text is shown as text and a record without an id is none", () => {
  assert.equal(parseIncident({ name: "x" }), null);
  assert.equal(parseIncident(null), null);
  assert.equal(incident("I1", { owner: "A\u202eb" }).owner, "A\ufffdb");
});

test("an estimate that is out of date is not called unknown beside who could go as of now", () => {
  speakIn("en");
  const alerts = new Map([["A1", alert("A1", { time_to_border_s: 600, updated_at: AT, response_sentence: "24 min in hand" })]]);
  const known = { ...INITIAL, alerts, tracks: tracks("T1") };
  const options = parseOptions({ at: AT, target: "incident", candidates: [{ kind: "unit", name: "patrol-1", lon: 1, lat: 42, current: true, response_s: 300 }] });
  assert.ok(options !== null);
  const response = (state: typeof INITIAL, afterS: number): string | undefined =>
    describeIncident(incident("I1"), state, AT_MS + afterS * 1000).sections[0]?.facts.find(([name]) => name === "Response")?.[1];
  const answered = { ...known, options: new Map([["I1", options]]) };
  assert.match(response(known, 90) ?? "", /response unknown/);
  assert.equal(response(answered, 90), undefined);
  assert.equal(response(answered, 30), "24 min in hand", "an estimate that holds stays");
  assert.match(response({ ...answered, options: new Map([["I1", { ...options, options: [] }]]) }, 90) ?? "", /response unknown/);
});

test("goods found are read and described, and what is not stated is left out", () => {
  speakIn("en");
  const found = parseIncident({ id: "I9", name: "Bravo 17", kind: "movement", state: "closed", opened_at: "2026-11-27T21:00:00Z", revision: 3,
    priority: "high", disposition: "apprehended", tracing: { goods: "arms", hs_code: "930190", status: "requested", released: false, by: "Ana",
      authority: "iTrace", sent_at: "2026-11-27T22:00:00Z" } });
  assert.ok(found !== null);
  assert.equal(found.tracing?.hsCode, "930190");
  const facts = describeIncident(found, INITIAL, Date.parse("2026-11-28T00:00:00Z")).sections.find(({ title }) => title === "Goods found")?.facts;
  assert.deepEqual(facts?.map(([name, value]) => [name, value]), [
    ["Goods found", "arms or ammunition"], ["HS code", "930190"], ["Authority asked", "iTrace"], ["Request sent at (UTC)", "2026-11-27 22:00:00 UTC"],
    ["Trace request", "requested"], ["Released (field units, TAK, web hooks, exports and reports)", "no"], ["Handled by", "Ana"],
  ]);
});

test("a code of goods is shown with its title and against what it was checked, once the server has stated them", () => {
  const tracing = { goods: "arms", hs_code: "930190", eccn: "EAR99", eu_list: "", item_marking: "", authority: "", reference: "", status: "" };
  const one = incident("I1", { state: "closed", disposition: "apprehended", tracing });
  assert.ok(one.tracing !== null);
  const facts = (state: typeof INITIAL): readonly string[] =>
    describeIncident(one, state, AT_MS).sections.flatMap((part) => part.facts.map(([, value]) => value));
  assert.ok(facts(INITIAL).includes("930190"), "a server without titles leaves the code as it is");
  const codes = parseGoodsCodes({
    codes: [
      { field: "hs_code", code: "930190", fault: "", depth: "chapter", nearest: "", title: "Other <b>" },
      { field: "eccn", code: "EAR99", fault: "", depth: "none", nearest: "", title: "" },
      "rubbish",
    ],
  });
  const known = facts({ ...INITIAL, goodsCodes: new Map([[codesKey(one.tracing, one.openedMs), codes]]) });
  assert.ok(known.includes("930190: Other <b> (only the chapter was checked)"), known.join("|"));
  assert.ok(known.includes("EAR99"));
});

test("the cameras of an incident look at it while they turn, and for a minute after", () => {
  const look = (id: string, camera: string, state: string, seconds: number): Record<string, unknown> => ({
    id, camera, state, azimuth_deg: 12, elevation_deg: -3, by: "automatic", code: "", changed_at: new Date(AT_MS + 1000 * seconds).toISOString(),
  });
  const looks = [
    look("1", "a", "failed", 0), look("2", "b", "done", 0), look("3", "c", "accepted", -900), look("4", "d", "done", 5), look("5", "d", "failed", 9),
    look("6", "e", "failed", 1), look("7", "e", "requested", 2),
  ];
  const one = incident("I1", { looks });
  assert.deepEqual([...lookingCameras(one, AT_MS + 60_000)].sort(), ["b", "c", "e"]);
  assert.deepEqual([...lookingCameras(one, AT_MS + 60_001)].sort(), ["c", "e"]);
  assert.equal(lookingCameras(undefined, AT_MS).size, 0);
  assert.equal(one.looks[0]?.elevationDeg, -3);
});
