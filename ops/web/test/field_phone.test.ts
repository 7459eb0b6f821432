// The phone of a field unit over time: its map stays current, a banner ends with its cause, and an update is used.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { install } from "../src/field/device.ts";
import type { Keep, KeptArea, PositionBody } from "../src/field/keep.ts";
import { textOf } from "../src/field/queue.ts";
import { parseArea, parseState } from "../src/field/records.ts";
import { addresses, CarriedMap, type Link } from "../src/field/tiles.ts";
import { Unit } from "../src/field/unit.ts";
import { say } from "../src/words/say.ts";
import { AREA, HOUR_MS, offer, phone, serve, until } from "./phone_for_node.ts";
import { speakIn } from "./words.ts";

function danger(name: string): object {
  const ring = [[8, 47], [8.1, 47], [8.1, 47.1], [8, 47]];
  return { type: "Feature", properties: { id: name, name, kind: "danger" }, geometry: { type: "Polygon", coordinates: [ring] } };
}

interface Carrying {
  readonly map: CarriedMap;
  readonly asked: string[];
  readonly named: () => readonly string[];
  /** Remove the map, as a full storage does. */
  readonly removed: () => void;
  /** Erase all, as a phone does whose access was withdrawn. */
  readonly erase: () => void;
  /** How often the whole map was kept, and how many tiles are. */
  readonly kept: () => readonly number[];
}

/** A phone that carries the whole map, as loaded at second 0. */
function carrying(context: TestContext, names: () => readonly string[]): Carrying {
  context.mock.timers.enable({ apis: ["Date", "setInterval", "setTimeout"], now: HOUR_MS });
  const facts = new Map<string, unknown>();
  const tiles = new Set<string>();
  let keptTimes = 0;
  const keep = {
    fact: (name: string) => Promise.resolve(facts.get(name) ?? null),
    keepFact: (name: string, value: KeptArea) => Promise.resolve(facts.set(name, value) !== undefined),
    tile: () => Promise.resolve(null),
    tileKeys: () => Promise.resolve(tiles),
    keepTile: (key: string) => Promise.resolve(tiles.add(key) !== undefined),
    dropTiles: (keys: readonly string[]) => Promise.resolve(keys.forEach((key) => tiles.delete(key))),
    mapKept: () => (keptTimes += 1),
    onMapRemoved: () => undefined,
  };
  const moved = { ...AREA, bounds: [8.1, 47, 8.3, 47.1] };
  let loaded = false;
  const asked = serve(context, (path) => {
    if (path !== "/v1/field/map") return {};
    const features = names().map(danger);
    return { ...(loaded ? moved : AREA), areas: { type: "FeatureCollection", features } }; // the unit moves, and its map with it
  });
  const map = new CarriedMap(keep as unknown as Keep, () => {
    loaded ||= map.progress.state === "complete";
  });
  const removed = (): void => {
    tiles.clear();
    keep.onMapRemoved();
  };
  const erase = (): void => {
    facts.clear();
    tiles.clear();
  };
  return { map, asked, named: () => (map.area?.areas ?? []).map(({ name }) => name), removed, erase, kept: () => [keptTimes, tiles.size] };
}

test("a phone whose map is complete takes new danger areas at its start and once a day, and no tile again", async (context) => {
  let names = ["quarry"];
  const { map, asked, named } = carrying(context, () => names);
  await map.update("good");
  assert.deepEqual([map.progress.state, named()], ["complete", ["quarry"]]);
  const { bounds } = map.area ?? assert.fail();
  names = ["quarry", "mines"];
  asked.length = 0;
  let link: Link = "good";
  await map.keepCurrent(() => link);
  assert.deepEqual([asked, named(), map.progress.state, map.area?.bounds], [["/v1/field/map"], ["quarry", "mines"], "complete", bounds]);
  names = ["mines"];
  context.mock.timers.tick(23 * HOUR_MS);
  assert.equal(asked.length, 1);
  link = "slow";
  context.mock.timers.tick(HOUR_MS);
  await until(() => named().length === 1);
  assert.deepEqual([asked.length, named()], [2, ["mines"]]);
  link = "none";
  context.mock.timers.tick(48 * HOUR_MS);
  assert.equal(asked.length, 2, "a phone without access asks for nothing");
});

test("over a slow link nothing of the map is loaded that is not a day old", async (context) => {
  const { map, asked } = carrying(context, () => ["quarry"]);
  await map.update("slow");
  assert.equal(asked.length, 0);
  await map.update("good");
  asked.length = 0;
  await map.update("slow");
  assert.equal(asked.length, 0);
});

test("a map that was removed to make room is stated as removed, and loaded again", async (context) => {
  const { map, asked, removed, kept } = carrying(context, () => []);
  await map.update("good");
  removed();
  await until(() => map.progress.state === "none");
  await map.update("good");
  assert.deepEqual([map.progress.state, kept()], ["complete", [2, map.progress.total]]);
  removed();
  await until(() => map.progress.state === "none");
  const whole = globalThis.fetch;
  asked.length = 0;
  offer(context, {
    fetch: (path: string) => {
      if (asked.length === 3) removed();
      return whole(path);
    },
  });
  await map.load();
  assert.deepEqual([map.progress.state, map.progress.done, kept()], ["partly", 1, [2, 1]], "what was removed meanwhile is not counted");
});

test("a phone that is used in another area keeps the tiles of that one, and counts no others", async (context) => {
  const { map, kept } = carrying(context, () => []);
  await map.update("good");
  const here = map.progress.total;
  await map.load();
  const there = addresses(map.area ?? assert.fail());
  assert.notEqual(there.length, here);
  assert.deepEqual([map.progress.done, kept()[1]], [there.length, there.length]);
  await map.open();
  assert.deepEqual([map.progress.done, map.progress.total], [there.length, there.length]);
});

test("after its access was withdrawn a phone carries no map, states so, and loads it with the next access", async (context) => {
  const { map, erase, kept } = carrying(context, () => []);
  await map.update("good");
  assert.equal(map.progress.state, "complete");
  erase();
  await map.open();
  assert.deepEqual([map.progress, map.area, map.keptMs], [{ done: 0, total: 0, bytes: 0, state: "none" }, null, null]);
  await map.update("good");
  assert.deepEqual([map.progress.state, kept()[1]], ["complete", map.progress.total]);
});

test("the map is at most 20 MB, however often its rest is loaded", async (context) => {
  context.mock.timers.enable({ apis: ["Date", "setTimeout"] });
  const tiles = new Map<string, ArrayBuffer>();
  const keep = {
    fact: () => Promise.resolve(null),
    keepFact: () => Promise.resolve(true),
    tile: (key: string) => Promise.resolve(tiles.get(key) ?? null),
    tileKeys: () => Promise.resolve(new Set(tiles.keys())),
    keepTile: (key: string, body: ArrayBuffer) => Promise.resolve(tiles.set(key, body).size > 0),
    dropTiles: () => Promise.resolve(),
  };
  const large = new Blob([new Uint8Array(6_000_000)]);
  offer(context, { fetch: (path: string) => Promise.resolve(path === "/v1/field/map" ? Response.json(AREA) : new Response(large)) });
  const map = new CarriedMap(keep as unknown as Keep, () => undefined);
  for (const _ of ["first", "again"]) {
    await map.load();
    assert.deepEqual([tiles.size, map.progress.state, map.progress.bytes > 20_000_000], [3, "partly", true]);
  }
});

test("the banner of a full storage ends once the whole map is kept again, or an answer where no map was removed", async (context) => {
  const unit = phone(context, () => Response.json({}));
  [unit.trouble, unit.mapRemoved] = ["full", true];
  unit.keep.mapKept();
  assert.deepEqual([unit.trouble, unit.mapRemoved], ["", false]);
  context.mock.method(unit.keep, "keepAnswers", () => Promise.resolve(true));
  unit.enrolment = { unit: "p", device: "d" };
  const [incident] = parseState({ unit: "p", at: "2026-11-30T10:00:00Z", incidents: [{ id: "I1" }] })?.incidents ?? [];
  for (const [trouble, mapRemoved, left] of [["full", true, "full"], ["full", false, ""], ["unusable", false, ""]] as const) {
    [unit.trouble, unit.mapRemoved] = [trouble, mapRemoved];
    await unit.answer(incident ?? assert.fail(), "received");
    assert.equal(unit.trouble, left);
  }
});

test("what a phone has kept of its map is current after its page was closed", async (context) => {
  context.mock.timers.enable({ apis: ["Date", "setTimeout"], now: 2 * HOUR_MS });
  const kept: KeptArea[] = [{ raw: { ...AREA, areas: { features: [danger("quarry")] } }, keptMs: HOUR_MS, complete: true }];
  const keep = { fact: () => Promise.resolve(kept.at(-1)), keepFact: (_: string, value: KeptArea) => Promise.resolve(kept.push(value) > 0) };
  serve(context, () => ({ ...AREA, maxzoom: 14, areas: { features: [danger("mines")] } }));
  const tiles = new Set(addresses(parseArea(AREA) ?? assert.fail()));
  const open = (): CarriedMap => new CarriedMap({ ...keep, tileKeys: () => Promise.resolve(tiles) } as unknown as Keep, () => undefined);
  const map = open();
  await map.open();
  await map.update("good");
  const again = open();
  await again.open();
  assert.deepEqual(again.area?.areas.map(({ name }) => name), ["mines"]);
  assert.deepEqual([again.keptMs, again.area?.maxzoom, again.progress.state], [HOUR_MS, 10, "complete"]);
});

test("the banner of a refused position ends when a later one is taken, and another problem stays", async (context) => {
  speakIn("en");
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const heard = new EventTarget();
  offer(context, {
    document: new EventTarget(), addEventListener: heard.addEventListener.bind(heard),
    EventSource: class extends EventTarget { readonly readyState = 1; close(): void {} },
  });
  let refusal = "The clock of this phone is 3 min ahead.";
  const sent: string[] = serve(context, (path) => {
    if (path === "/v1/field/enrol") return { unit: "p", device: "d" };
    if (path.startsWith("/v1/field/state")) return { unit: "p", at: new Date().toISOString(), incidents: [] };
    return { results: refusal === "" ? [] : [{ accepted: false, problem: refusal }] };
  });
  const unit = new Unit(() => undefined);
  await unit.enrol("code", "phone");
  const share = async (): Promise<void> => {
    const before = sent.filter((path) => path === "/v1/field/positions").length;
    await unit.share({ lon: 8, lat: 47, sdM: 5, atMs: Date.now() });
    await until(() => unit.positions.length === 0 && sent.filter((path) => path === "/v1/field/positions").length > before && unit.link === "live");
  };
  await share();
  assert.equal(unit.problem, refusal);
  refusal = "";
  await share();
  assert.equal(unit.problem, "");
  unit.problem = "The distress call was refused.";
  await share();
  assert.equal(unit.problem, "The distress call was refused.");
});

test("no call for help makes an old position a present one, however often it is sent", async (context) => {
  let position = { lon: 8, lat: 47, observed_at: "2026-11-30T05:00:00Z", distress: false };
  let bodies: PositionBody[] = [];
  const unit = phone(context, (path, body) => {
    if (path !== "/v1/field/positions") return Response.json({ unit: "p", at: new Date().toISOString(), incidents: [], position });
    const { positions } = JSON.parse(body) as { positions: PositionBody[] };
    bodies.push(...positions);
    for (const { lon, lat, at, distress } of positions) { // as the book of own forces takes them
      if (lon !== undefined && lat !== undefined && at >= position.observed_at) position = { lon, lat, observed_at: at, distress: false };
      position = { ...position, distress: position.distress || distress === true };
    }
    return Response.json({ results: positions.map(() => ({ accepted: true })) }, { status: 202 });
  });
  await unit.enrol("code", "phone");
  await until(() => unit.state !== null);
  const call = async (afterMs: number): Promise<readonly PositionBody[]> => {
    bodies = [];
    context.mock.timers.tick(afterMs);
    await unit.callForHelp();
    await until(() => {
      context.mock.timers.tick(1); // the next exchange waits for its turn
      return typeof unit.call?.arrivedMs === "number" && unit.state?.position?.observedMs === Date.parse(position.observed_at);
    });
    assert.equal(unit.isPlaced, false);
    return bodies;
  };
  for (const afterMs of [0, 30_000, 300_000])
    assert.deepEqual((await call(afterMs)).map(({ distress, lon, note }) => [distress, lon, note?.slice(0, 19)]), [[true, undefined, "The position is 5 h"]]);
  assert.equal(position.observed_at, "2026-11-30T05:00:00Z");
  unit.fix = { lon: 9, lat: 47, sdM: 5, atMs: Date.now() - 1_200_000 };
  const [before, itself] = await call(0);
  assert.deepEqual([before?.lon, before?.distress, itself?.lon, itself?.note], [9, undefined, undefined, "The position is 20 min old."]);
  assert.equal(position.observed_at, new Date(unit.fix.atMs).toISOString());
  unit.fix = null; // the page was opened again
  assert.deepEqual((await call(300_000)).map(({ note }) => note), ["The position is 25 min old."]);
  assert.match(say("field-call", { state: "arrived", age: "10 s", position: "no" }), /state where you are by radio/);
});

test("a call with a current position has it and needs no more", async (context) => {
  const bodies: PositionBody[] = [];
  const unit = phone(context, (path, body) => {
    if (path === "/v1/field/positions") bodies.push(...(JSON.parse(body) as { positions: PositionBody[] }).positions);
    return Response.json({ unit: "p", at: new Date().toISOString(), incidents: [] }, { status: path === "/v1/field/positions" ? 202 : 200 });
  });
  await unit.enrol("code", "phone");
  unit.fix = { lon: 9, lat: 47, sdM: 5, atMs: Date.now() - 5_000 };
  await unit.callForHelp();
  await until(() => bodies.length > 0);
  assert.deepEqual([unit.isPlaced, bodies], [true, [{ at: new Date().toISOString(), lon: 9, lat: 47, position_sd_m: 5, distress: true }]]);
});

test("a phone whose access is withdrawn states that its call for help is not confirmed", async (context) => {
  let has = true;
  const unit = phone(context, () => (has ? Response.json({ unit: "p", at: new Date().toISOString(), incidents: [] }) : new Response("{}", { status: 401 })));
  context.mock.method(unit.keep, "erase", () => Promise.resolve());
  await unit.enrol("code", "phone");
  await until(() => unit.link === "live");
  has = false;
  await unit.callForHelp();
  await until(() => unit.stage === "revoked");
  for (const [language, advice] of [["en", /^Your DISTRESS CALL is not confirmed\. Call by radio\. The operations/], ["fr", /^Votre APPEL DE DÉTRESSE n’est pas confirmé\. Appelez par radio\. Le centre/]] as const) {
    speakIn(language);
    assert.match(say("field-revoked-text", { count: 0, call: unit.lostCall ? "lost" : "none" }), advice);
    assert.doesNotMatch(say("field-revoked-text", { count: 0, call: "none" }), /DISTRESS|DÉTRESSE/);
  }
  speakIn("en");
});

test("the line of an answer has what the person wrote, so that it can be reported by radio", () => {
  const body = { action_id: "a1", action: "attach", incident: "I1", alert: "A1", by: "p", at: "2026-11-30T10:00:00Z", note: "two more went north", attachment: "IMG_7" } as const;
  const line = { name: "Kilo 3", action: "Note", state: "refused", at: body.at, sentence: "Closed.", has: "yes" };
  for (const [language, quoted] of [["en", "Closed. “two more went north; IMG_7”"], ["fr", "Closed. «\u00a0two more went north; IMG_7\u00a0»"]] as const) {
    speakIn(language);
    assert.ok(say("field-answer-line", { ...line, text: textOf(body), own: "yes" }).endsWith(quoted));
    assert.ok(say("field-answer-line", { ...line, text: "", own: "no" }).endsWith("Closed."));
  }
  speakIn("en");
});

test("time that a list is on its way is not taken for a wrong clock, and a clock that is put right is found right", async (context) => {
  let [wayMs, wrongMs, list] = [180_000, 0, "first"];
  const unit = phone(context, (_path, _body, tag) => {
    if (tag === list) return new Response(null, { status: 304 });
    const now = Date.now() - wrongMs;
    const incidents = [{ id: "I1", name: "Kilo 3", observed_at: new Date(now - 10_000).toISOString() }];
    const answer = Response.json({ unit: "p", version: "v1", at: new Date(now).toISOString(), incidents }, { headers: { ETag: list } });
    context.mock.timers.setTime(Date.now() + wayMs);
    return answer;
  });
  const ageS = (): number => (unit.now() - (unit.state?.incidents[0]?.observedMs ?? Number.NaN)) / 1000;
  const fetched = async (isSo: () => boolean): Promise<void> => {
    unit.wake();
    await until(() => {
      context.mock.timers.tick(1);
      return isSo();
    });
  };
  await unit.enrol("code", "phone");
  await until(() => unit.state !== null);
  assert.deepEqual([unit.aheadMs, ageS()], [0, 190]);
  [wayMs, wrongMs, list] = [0, 600_000, "second"];
  await fetched(() => unit.aheadMs !== 0);
  assert.deepEqual([Math.round(unit.aheadMs / 1000), Math.round(ageS())], [-600, 10]);
  wrongMs = 0;
  await fetched(() => unit.aheadMs === 0);
});

test("a server that answers but gives no list makes the list no newer", async (context) => {
  let fails = false;
  const unit = phone(context, (path) => {
    if (fails && path.startsWith("/v1/field/state")) return Response.json({ error: "The store cannot be read." }, { status: 503 });
    return Response.json({ unit: "p", at: new Date().toISOString(), incidents: [] });
  });
  await unit.enrol("code", "phone");
  await until(() => unit.link === "live");
  const listMs = unit.contactMs;
  fails = true;
  context.mock.timers.setTime(Date.now() + HOUR_MS);
  await unit.share({ lon: 8, lat: 47, sdM: 5, atMs: Date.now() });
  await until(() => unit.positions.length === 0 && unit.link === "lost");
  assert.deepEqual([unit.contactMs, unit.problem], [listMs, "The store cannot be read."]);
});

test("an update is used in the session that installed the page", async (context) => {
  const registration = Object.assign(new EventTarget(), { waiting: null as { postMessage(word: string): void } | null, installing: new EventTarget(), update: () => Promise.resolve() });
  const serviceWorker = Object.assign(new EventTarget(), { controller: null as object | null, register: () => Promise.resolve(registration), ready: new Promise(() => undefined) });
  let [reloads, kept, use] = [0, 0, null as (() => void) | null];
  context.mock.timers.enable({ apis: ["setInterval"] });
  offer(context, { navigator: { serviceWorker }, document: new EventTarget(), location: { reload: () => (reloads += 1) } });
  await install(() => (kept += 1), (found) => (use = found));
  const changes = (): void => {
    serviceWorker.controller = {};
    serviceWorker.dispatchEvent(new Event("controllerchange"));
  };
  changes(); // the first version takes the page
  assert.deepEqual([kept, reloads, use], [1, 0, null]);
  registration.dispatchEvent(new Event("updatefound"));
  registration.waiting = { postMessage: changes };
  registration.installing.dispatchEvent(new Event("statechange"));
  (use as (() => void) | null)?.();
  assert.equal(reloads, 1);
  changes();
  assert.equal(reloads, 1, "once is enough");
});
