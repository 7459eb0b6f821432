// The field page's own logic: answers on their way, what is read of the server, and which tiles a phone carries.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { MOST_AT_ONCE, MOST_SETTLED, isSettled, latest, toSend, trimmed, unsent, withOutcomes, withResults, type Answer } from "../src/field/queue.ts";
import { versionOf, wholeState } from "../src/field/changes.ts";
import { ask } from "../src/field/link.ts";
import { announcement, marksOf, marksSeen, news } from "../src/field/list.ts";
import { parseArea, parseState } from "../src/field/records.ts";
import { acrossOf, addresses, downOf } from "../src/field/tiles.ts";
import { speakIn } from "./words.ts";

function answer(order: number, more: Partial<Answer> = {}): Answer {
  const body = { action_id: `a${order}`, action: "received", incident: "I1", alert: "A1", by: "p", at: "2026-11-28T00:00:00Z" } as const;
  return { order, unit: "p", body, name: "Kilo 3", state: "waiting", sentence: "", ...more };
}

const THREE = [1, 2, 3].map((order) => answer(order));

test("answers are sent in the order of the taps, a few at a time, and those of another unit never", () => {
  const many = Array.from({ length: 50 }, (_, order) => answer(order, order % 2 === 0 ? {} : { unit: "q" }));
  const sent = toSend(many, "p");
  assert.equal(sent.length, MOST_AT_ONCE);
  assert.ok(sent.every(({ unit }) => unit === "p"));
  assert.deepEqual(sent.map(({ order }) => order), [...sent.map(({ order }) => order)].sort((a, b) => a - b));
});

test("an answer that the server does not name is sent again; one that it refuses is not", () => {
  const after = withResults(THREE, { results: [{ action_id: "a1", accepted: true }, { action_id: "a2", accepted: false, problem: "Closed." }] });
  assert.deepEqual(after.map(({ state }) => state), ["taken", "refused", "waiting"]);
  assert.equal(after[1]?.sentence, "Closed.");
  assert.deepEqual(toSend(after, "p").map(({ order }) => order), [3]);
});

test("results and outcomes that are no such thing change nothing", () => {
  for (const raw of [null, 3, "x", {}, { results: 7 }, { results: [null, 1, { action_id: 5 }] }]) assert.deepEqual(withResults(THREE, raw), THREE);
  assert.deepEqual(withOutcomes(THREE, [{ actionId: "of another phone", outcome: "done", sentence: "" }]), THREE);
});

test("an outcome settles an answer even if its receipt was lost", () => {
  const after = withOutcomes(THREE, [
    { actionId: "a1", outcome: "done", sentence: "" },
    { actionId: "a2", outcome: "refused", sentence: "Another unit holds it." },
    { actionId: "a3", outcome: "waiting", sentence: "" },
  ]);
  assert.deepEqual(after.map(({ state }) => state), ["done", "refused", "taken"]);
  assert.deepEqual(toSend(after, "p"), []);
});

test("what is not settled is never given up, however much is settled", () => {
  const many = [...THREE, ...Array.from({ length: 200 }, (_, n) => answer(10 + n, { state: "done" }))];
  const kept = trimmed(many);
  assert.equal(kept.filter(isSettled).length, MOST_SETTLED);
  assert.deepEqual(unsent(kept), THREE);
  assert.equal(latest(kept, "I1")?.order, 209);
  assert.equal(latest(kept, "I1", "close"), null);
});

test("a state without unit or time is none; incidents keep the server's order and hide hidden characters", () => {
  for (const raw of [null, [], {}, { unit: "p" }, { unit: "p", at: "yesterday" }]) assert.equal(parseState(raw), null);
  const state = parseState({
    unit: "p", at: "2026-11-28T00:00:00Z",
    incidents: [{ id: "I2", name: "a\u202eb", priority: "distress", lon: 500, lat: 3 }, { id: "" }, null, { id: "I1", priority: "unheard of", lon: 8, lat: 47 }],
  });
  assert.deepEqual(state?.incidents.map(({ id, priority }) => [id, priority]), [["I2", "distress"], ["I1", "low"]]);
  assert.equal(state?.incidents[0]?.name, "a\ufffdb");
  assert.equal(state?.incidents[0]?.place, null);
  assert.deepEqual(state?.incidents[1]?.place, { lon: 8, lat: 47 });
});

test("an incident is news when it comes, returns, rises, and when this unit is asked to go, and not otherwise", () => {
  speakIn("en");
  const raw = { id: "I1", priority: "medium", state: "open", sentence: "Person on foot." };
  let seen: ReadonlySet<string> = new Set();
  const said = (...incidents: object[]): string | null => {
    const found = parseState({ unit: "p", at: "2026-11-28T00:00:00Z", incidents })?.incidents ?? [];
    const [fresh, before] = [news(found, seen), seen];
    seen = new Set(found.flatMap(marksOf));
    return fresh === null ? null : announcement(fresh, before);
  };
  const own = { ...raw, assigned_unit: "p", assigned: true };
  assert.equal(said(raw), "New: Person on foot.");
  assert.equal(said(raw), null);
  assert.equal(said({ ...raw, priority: "high" }), "High priority. Person on foot.");
  assert.equal(said({ ...raw, priority: "low" }), null, "less urgent");
  assert.equal(said({ ...raw, priority: "low", offered: true }), "Please answer: Person on foot.");
  assert.equal(said({ ...own, priority: "low", state: "assigned" }), null, "it answered the offer");
  assert.equal(said({ ...raw, priority: "low" }), null);
  assert.equal(said({ ...own, priority: "low", state: "en_route" }), null, "it went by itself");
  assert.equal(said({ ...own, priority: "low", state: "assigned" }), "Assigned to you: Person on foot.");
  assert.equal(said(), null);
  assert.equal(said(raw, { ...raw, id: "I2", priority: "distress" }), "Distress call. Person on foot.", "the most urgent first");
});

test("what an earlier version of the page showed is no news", () => {
  const found = parseState({ unit: "p", at: "2026-11-28T00:00:00Z", incidents: [{ id: "I1", priority: "high", state: "open", sentence: "Person." }] })?.incidents ?? [];
  assert.equal(news(found, marksSeen(["I1"], found)), null);
  assert.notEqual(news(found, marksSeen(["I10"], found)), null);
});

const AREA = { bounds: [8, 47, 8.2, 47.1], minzoom: 8, maxzoom: 11, tiles: ["/v1/field/tiles/a/{z}/{x}/{y}.png", "https:" + "//elsewhere.example/{z}"] };

test("tiles are this server's alone, each once, the coarse ones first, and cover the area at every zoom", () => {
  const area = parseArea(AREA);
  assert.ok(area !== null);
  const found = addresses(area);
  assert.equal(new Set(found).size, found.length);
  assert.ok(found.every((one) => one.startsWith("/v1/field/tiles/a/")));
  const zooms = found.map((one) => Number(one.split("/")[5]));
  assert.deepEqual(zooms, [...zooms].sort((a, b) => a - b));
  for (const z of [8, 9, 10, 11])
    for (const [lon, lat] of [[8, 47], [8.2, 47], [8.2, 47.1], [8.1, 47.05]] as const)
      assert.ok(found.includes(`/v1/field/tiles/a/${z}/${Math.floor(acrossOf(lon) * 2 ** z)}/${Math.floor(downOf(lat) * 2 ** z)}.png`));
});

test("bounds that are none give no area; the border is read from any GeoJSON", () => {
  for (const bounds of [[], [1, 2, 3], [8, 47, 7, 48], [8, "x", 9, 48]]) assert.equal(parseArea({ ...AREA, bounds }), null);
  const line = [[8, 47], [8.1, 47.05], [8.2, 47]];
  const lines = (border: unknown): number | undefined => parseArea({ ...AREA, border })?.border.length;
  assert.equal(lines({ type: "LineString", coordinates: line }), 1);
  assert.equal(lines({ type: "MultiLineString", coordinates: [line, line] }), 2);
  assert.equal(lines({ type: "FeatureCollection", features: [{ geometry: { coordinates: line } }, { geometry: null }] }), 1);
  assert.equal(lines({ type: "Polygon", coordinates: [[...line, line[0]]] }), 1);
  assert.equal(lines(null), 0);
});

test("a state by changes is the whole state, and changes of another version are not used", () => {
  const before = { version: "v1", at: 1, duty: "patrol", units: [], outcomes: [{ action_id: "x", outcome: "waiting" }],
    incidents: [{ id: "I1", state: "open", reach: { margin_s: 9 } }, { id: "I2", state: "open", reach: null }, { id: "I3", state: "open", reach: null }] };
  const after = { version: "v2", at: 2, duty: "patrol", units: [{ unit: "b", lon: 1 }], outcomes: [{ action_id: "x", outcome: "done" }],
    incidents: [{ id: "I3", state: "open", reach: null }, { id: "I4", state: "open" }, { id: "I1", state: "open", reach: null }] };
  const changes = { since: "v1", version: "v2", at: 2, units: { new: [{ unit: "b", lon: 1 }], changed: [], keys: ["b"] },
    outcomes: { new: [], changed: [{ action_id: "x", outcome: "done" }] },
    incidents: { new: [{ id: "I4", state: "open" }], changed: [{ id: "I1", reach: null }], keys: ["I3", "I4", "I1"] } };
  assert.deepEqual(wholeState(before, changes), after);
  assert.equal(versionOf(wholeState(before, changes)), "v2");
  assert.deepEqual(wholeState(before, after), after, "a whole state replaces the other");
  assert.equal(wholeState({ ...before, version: "v0" }, changes), null);
  assert.equal(wholeState(null, changes), null);
  assert.equal(wholeState(before, { ...changes, incidents: { new: [], changed: [{ id: "I9", state: "open" }] } }), null);
  assert.equal(wholeState(before, { ...changes, incidents: { new: [], changed: [], keys: ["I1", "I9"] } }), null);
});

/** Answers whose body comes in pieces, one every `everyMs`. */
function inPieces(pieces: readonly string[], everyMs: number): typeof fetch {
  return (_path, options) => {
    const { signal } = options as { signal: AbortSignal };
    const body = new ReadableStream<Uint8Array>({
      start(stream) {
        signal.addEventListener("abort", () => stream.error(signal.reason));
        pieces.forEach((piece, at) => setTimeout(() => {
          if (signal.aborted) return;
          stream.enqueue(new TextEncoder().encode(piece));
          if (at === pieces.length - 1) stream.close();
        }, (at + 1) * everyMs));
      },
    });
    return Promise.resolve(new Response(body, { headers: { ETag: "t" } }));
  };
}

/** What a request gives while the clock goes on by ten seconds at a time, for at most ten minutes. */
async function asked(context: TestContext, server: typeof fetch, post?: unknown): Promise<Awaited<ReturnType<typeof ask>>> {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  context.mock.method(globalThis, "fetch", server);
  let found: Awaited<ReturnType<typeof ask>> | undefined;
  void ask("/v1/field/state", post).then((answered) => (found = answered));
  for (let step = 0; step < 60 && found === undefined; step += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    context.mock.timers.tick(10_000);
  }
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(found !== undefined, "a request ends");
  return found;
}

test("an answer that keeps coming is waited for, however long it takes", async (context) => {
  const answered = await asked(context, inPieces(['{"a":', "1,", '"b"', ":", "2", "}"], 50_000));
  assert.deepEqual([answered.status, answered.body, answered.etag], [200, { a: 1, b: 2 }, "t"]);
});

test("an answer that stops in the middle is none, and is not taken for an empty one", async (context) => {
  assert.deepEqual(await asked(context, inPieces(["{", '"a":1}'], 150_000)), { status: 0, body: null, etag: "" });
});

test("the more a request sends, the longer its answer is waited for", async (context) => {
  assert.equal((await asked(context, inPieces(["{}"], 100_000))).status, 0);
  context.mock.timers.reset();
  assert.equal((await asked(context, inPieces(["{}"], 100_000), { note: "x".repeat(4_000) })).status, 200);
  context.mock.timers.reset();
  assert.equal((await asked(context, inPieces(["{}"], 100_000), { note: "\u2014".repeat(1_000) })).status, 200, "bytes count, of which a dash has three");
});
