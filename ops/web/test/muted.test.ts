// A muted sensor: its state in words, its details, and that a damaged or hostile mute is none.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSensor } from "../src/model/parse.ts";
import { INITIAL, type State } from "../src/model/state.ts";
import { Store } from "../src/model/store.ts";
import { followMuteNames } from "../src/net/mute_names.ts";
import { coverageLine, stateOf } from "../src/words/coverage_words.ts";
import "./mgrs_for_node.ts";
import { speakIn } from "./words.ts";

const { describeSensor } = await import("../src/words/describe_ground.ts");

speakIn("en");

const NS = 1e6;
const MUTE = {
  since_ns: Date.UTC(2026, 2, 1, 23, 30) * NS,
  until_ns: Date.UTC(2026, 2, 2, 0, 30) * NS,
  ended_ns: null,
  reason: "mast",
  asked_role: "supervisor",
  decided_role: "supervisor",
  emergency: false,
  request: "0f",
};

function sensor(state: string, more: object = {}): State["sensors"] {
  const found = parseSensor({ sensor: "r", kind: "radar", lon: 1, lat: 2, state, since_ns: 0, mute: MUTE, ...more });
  assert.ok(found !== null);
  return new Map([["r", found]]);
}

function lead(sensors: State["sensors"]): string {
  return describeSensor("r", { ...INITIAL, sensors }, 65_000)?.lead ?? "";
}

test("a mute is stated until its end, then that it ended, and a sensor that reports has none", () => {
  assert.equal(lead(sensor("muted")), "Muted until 00:30 UTC. No coverage from this sensor.");
  const ended = { mute: { ...MUTE, ended_ns: MUTE.until_ns } };
  assert.equal(lead(sensor("muted", ended)), "Mute ended 00:30 UTC, no data since. No coverage from this sensor.");
  assert.equal(lead(sensor("offline", ended)), "Mute ended 00:30 UTC, no data since. No coverage from this sensor.");
  assert.equal(lead(sensor("offline", { mute: undefined })), "Offline for 1 min 5 s. No coverage from this sensor.");
});

test("faults of a muted sensor do not hide that it is muted", () => {
  const faults = { low_power: { id: "sensor-low-power", parameters: {}, sentence: "Low power" } };
  const [found] = sensor("muted", { faults }).values();
  assert.ok(found !== undefined);
  assert.equal(stateOf(found, 65_000), "muted until 00:30 UTC");
});

test("its details state who decided by their roles, and an emergency as one", () => {
  const facts = (more: object): string => JSON.stringify(describeSensor("r", { ...INITIAL, sensors: sensor("muted", { mute: { ...MUTE, ...more } }) }, 0)?.sections);
  assert.match(facts({}), /supervisor \(request\), supervisor \(confirmation\)/);
  assert.match(facts({}), /mast/);
  assert.match(facts({ emergency: true }), /supervisor alone, as an emergency/);
});

test("the coverage line says muted where it is that alone, and all words where it is mixed", () => {
  const line = (...states: [string, string][]): string => {
    const found = states.map(([id, state]) => [id, parseSensor({ sensor: id, kind: "radar", lon: 1, lat: 2, state, since_ns: 0 })]);
    return coverageLine({ ...INITIAL, sensors: new Map(found as never) }, 65_000).sensors;
  };
  assert.match(line(["a", "muted"], ["b", "ok"]), /^1 of 2 sensors muted \(hatched\): a muted/);
  assert.match(line(["a", "muted"], ["b", "offline"]), /^2 of 2 sensors offline, muted or degraded \(hatched\)/);
  assert.match(line(["a", "degraded"], ["b", "offline"]), /^2 of 2 sensors offline or degraded \(hatched\)/);
});

test("a mute that cannot be read is none, and its texts are cut and made harmless", () => {
  for (const mute of [null, 5, "x", {}, { ...MUTE, until_ns: "soon" }]) {
    const [found] = sensor("muted", { mute }).values();
    assert.equal(found?.mute, null);
    assert.match(lead(sensor("muted", { mute })), /^Muted/);
  }
  const [found] = sensor("muted", { mute: { ...MUTE, reason: `a\u202e${"x".repeat(900)}` } }).values();
  assert.ok((found?.mute?.reason.length ?? 0) <= 501);
  assert.ok(!found?.mute?.reason.includes("\u202e"));
});

test("names are asked for once, by those who may read requests, and only for the sensor that is open", async (context) => {
  const asked: string[] = [];
  let answers = true;
  context.mock.method(globalThis, "fetch", async (path: string) => {
    asked.push(path);
    if (!answers) return new Response("{}", { status: 503 });
    const approvals = [{ id: "1e", asked_by: "X", decided_by: "Y" }, { id: "0f", asked_by: "A. Adler", decided_by: "B. Berg" }];
    return new Response(JSON.stringify({ approvals }), { headers: { "content-type": "application/json" } });
  });
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const store = new Store({ ...INITIAL, sensors: sensor("muted") }, (run) => run());
  let login = false;
  followMuteNames(store, () => login);
  store.update(() => ({ selection: { kind: "sensor", id: "r" } }));
  store.update(() => ({ rights: new Set(["approve"]) }));
  assert.deepEqual(asked, [], "without accounts there are no requests");
  login = true;
  store.update(() => ({ rights: new Set(["picture"]) }));
  assert.deepEqual(asked, [], "roles are all that others see");
  answers = false;
  store.update(() => ({ rights: new Set(["approve"]) }));
  await settled();
  store.update(() => ({ sensors: sensor("muted") }));
  assert.deepEqual(asked, ["/v1/approvals"], "a server that does not answer is not asked twice a second");
  answers = true;
  store.update(() => ({ selection: null }));
  store.update(() => ({ selection: { kind: "sensor", id: "r" } }));
  await settled();
  store.update(() => ({ sensors: sensor("muted"), selection: null }));
  store.update(() => ({ selection: { kind: "sensor", id: "r" } }));
  assert.equal(asked.length, 2, "an answer is kept");
  const facts = JSON.stringify(describeSensor("r", store.state, 0)?.sections);
  assert.match(facts, /A\. Adler, supervisor \(request\), B\. Berg, supervisor \(confirmation\)/);
});
