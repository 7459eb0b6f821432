// The access of a field unit's phone: codes, a login without one, an access that is withdrawn; and what becomes of a call for help.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { Keep } from "../src/field/keep.ts";
import { CarriedMap } from "../src/field/tiles.ts";
import { Unit } from "../src/field/unit.ts";
import { say } from "../src/words/say.ts";
import { AREA, offer, phone, serve, turns, until } from "./phone_for_node.ts";
import { speakIn } from "./words.ts";

test("where no answer to a code came, the phone does not state that the code is unused: the server may have taken it", async (context) => {
  offer(context, { document: new EventTarget(), addEventListener: () => undefined });
  serve(context, () => null);
  assert.equal(await new Unit(() => undefined).enrol("code", "phone"), null);
  for (const [language, advice] of [["en", /^No answer.*ask for a new one/], ["fr", /^Aucune réponse.*demandez-en un nouveau/]] as const) {
    speakIn(language);
    assert.match(say("field-enrol-no-link"), advice);
  }
  speakIn("en");
});

test("a phone whose browser lost its database enters without a code, if the server still knows it", async (context) => {
  let login: unknown = null;
  const unit = phone(context, (path) => {
    if (login === null) throw new TypeError("no link");
    return Response.json(path === "/v1/field/certificate" ? login : { unit: "p", at: "2026-11-30T10:00:00Z", incidents: [] });
  });
  await unit.open();
  assert.deepEqual([await unit.logIn(), unit.stage], [null, "unknown"], "without an answer it is to ask again");
  login = { unit: null, device: null, problem: null };
  assert.deepEqual([await unit.logIn(), unit.stage], ["", "unknown"]);
  login = { unit: "p", device: "d", problem: null };
  assert.deepEqual([await unit.logIn(), unit.stage, unit.enrolment], ["", "enrolled", { unit: "p", device: "d" }]);
});

interface Before {
  readonly unit: Unit;
  readonly jar: { cookie: string };
  readonly asked: string[];
}

/**
 * A phone that was enrolled as device d1 of unit p, at a server as the gate answers: a refusal removes the cookie, also the new
 * one. `waits`: turns until the answer to a code, and to all other requests or to each path; `cookie`: not `old`, its access is valid.
 */
function enrolledBefore(context: TestContext, waits: { readonly refusal: number | ((path: string) => number); readonly enrolment: number }, cookie = "old", next = "p"): Before {
  const [jar, asked] = [{ cookie }, [] as string[]];
  const unit = phone(context, () => Response.json({}));
  offer(context, {
    fetch: async (path: string, { signal }: { signal: AbortSignal }) => {
      signal.throwIfAborted();
      const { cookie } = jar;
      asked.push(path);
      const left = path === "/v1/field/enrol" ? waits.enrolment : typeof waits.refusal === "number" ? waits.refusal : waits.refusal(path);
      for (let turn = 0; turn < left; turn += 1) {
        await setImmediate();
        signal.throwIfAborted();
      }
      if (path === "/v1/field/enrol") {
        jar.cookie = "new";
        return Response.json({ unit: next, device: "d2" });
      }
      if (cookie === "old" || cookie === "") jar.cookie = "";
      if (cookie === "old" || cookie === "") return new Response("{}", { status: 401 });
      if (path === "/v1/field/map") return Response.json(AREA);
      return Response.json({ unit: cookie === "new" ? next : "p", at: new Date().toISOString(), incidents: [] }, { status: path === "/v1/field/positions" ? 202 : 200 });
    },
  });
  const facts = new Map<string, unknown>([["enrolment", { unit: "p", device: "d1" }]]);
  for (const name of ["open", "keepAnswers", "keepPositions"] as const) context.mock.method(unit.keep, name, () => Promise.resolve(true));
  for (const name of ["answers", "positions"] as const) context.mock.method(unit.keep, name, () => Promise.resolve([]));
  context.mock.method(unit.keep, "fact", (name: string) => Promise.resolve(facts.get(name) ?? null));
  context.mock.method(unit.keep, "keepFact", (name: string, value: unknown) => Promise.resolve(facts.set(name, value) !== undefined));
  context.mock.method(unit.keep, "erase", () => turns(30));
  return { unit, jar, asked };
}

for (const [refusal, enrolment] of [[20, 35], [40, 20], [5, 200]] as const)
  for (const isOpen of [false, true])
    test(`a new code is not raced by the access that was withdrawn (${refusal}, ${enrolment}, ${isOpen ? "open page" : "new page"})`, async (context) => {
      const { unit, jar, asked } = enrolledBefore(context, { refusal, enrolment });
      await unit.open();
      if (isOpen) unit.resume();
      assert.equal(await unit.enrol("code", "phone"), "");
      await until(() => unit.link === "live");
      assert.deepEqual([unit.stage, unit.enrolment?.device, jar.cookie], ["enrolled", "d2", "new"]);
      await unit.callForHelp();
      await until(() => asked.includes("/v1/field/positions"));
      await turns(500); // until the last exchange has ended
    });

test("a call for help while a code is exchanged waits for the new access, and one without an access is stated as not confirmed", async (context) => {
  const { unit, jar, asked } = enrolledBefore(context, { refusal: 5, enrolment: 50 });
  await unit.open();
  const enrolled = unit.enrol("code", "phone");
  await unit.callForHelp();
  assert.deepEqual(asked.filter((path) => path !== "/v1/field/enrol"), []);
  await enrolled;
  await until(() => unit.call?.taken === true);
  jar.cookie = "";
  unit.wake();
  await until(() => {
    context.mock.timers.tick(1_000);
    return unit.stage === "revoked";
  });
  unit.lostCall = false;
  await unit.callForHelp();
  assert.ok(unit.lostCall);
  await turns(500);
});

for (const [next, made] of [["p", "meanwhile"], ["q", "meanwhile"], ["p", "before"], ["q", "before"]] as const)
  for (const refusal of [5, 40, 400])
    test(`a call for help that is not confirmed before a code is exchanged, or made meanwhile, is sent with the new access (${next}, ${made}, ${refusal})`, async (context) => {
      const { unit } = enrolledBefore(context, { refusal, enrolment: 20 }, "old", next);
      await unit.open();
      await unit.callForHelp(); // and again, so that it is not the first
      unit.resume();
      await turns(refusal === 5 ? 7 : 5);
      const enrolled = unit.enrol("code", "phone");
      await turns(5);
      if (made === "meanwhile") await unit.callForHelp();
      await enrolled;
      await until(() => unit.call?.taken === true);
      assert.deepEqual([unit.stage, unit.enrolment, unit.call?.unit], ["enrolled", { unit: next, device: "d2" }, next]);
      await turns(500);
    });

test("a call for help of a phone whose access was withdrawn is made with the next one, if it was pressed in the last ten minutes", async (context) => {
  for (const [minutes, isMade] of [[1, true], [11, false]] as const) {
    const { unit, asked } = enrolledBefore(context, { refusal: 5, enrolment: 20 }, "old", "q");
    await unit.open();
    await unit.callForHelp();
    context.mock.timers.tick(570_000);
    await unit.callForHelp(); // again, for a call that is then older
    unit.resume();
    await until(() => unit.stage === "revoked");
    await turns(200); // until everything is erased
    assert.deepEqual([unit.call, unit.lostCall], [null, true]);
    context.mock.timers.tick(minutes * 60_000);
    const before = asked.length;
    assert.equal(await unit.enrol("code", "phone"), "");
    if (isMade) await until(() => unit.call?.taken === true);
    await turns(500);
    assert.equal(asked.slice(before).includes("/v1/field/positions"), isMade);
    context.mock.timers.reset();
  }
});

test("a link that is opened again while its code is exchanged delays no call for help by another exchange", async (context) => {
  const { unit, asked } = enrolledBefore(context, { refusal: 5, enrolment: 20 });
  await unit.open();
  const exchanges = [unit.enrol("code", "phone"), unit.enrol("code", "phone"), unit.enrol("code", "phone")];
  assert.deepEqual(await Promise.all(exchanges), ["", "", ""]);
  assert.equal(asked.filter((path) => path === "/v1/field/enrol").length, 1);
  await turns(500);
});

test("a call for help and a tile that are on their way with the old access do not cost the new one", async (context) => {
  const { unit, jar, asked } = enrolledBefore(context, { refusal: (path) => (path === "/v1/field/state" ? 300 : 120), enrolment: 20 });
  const tiles = { fact: () => Promise.resolve(null), keepFact: () => Promise.resolve(true), tileKeys: () => Promise.resolve(new Set()), dropTiles: () => Promise.resolve() };
  const map = new CarriedMap(tiles as unknown as Keep, () => undefined);
  await unit.open();
  await unit.callForHelp();
  unit.resume();
  const loaded = map.load();
  await turns(5);
  const enrolled = unit.enrol("code", "phone");
  await turns(5);
  const before = asked.length;
  await map.load();
  assert.equal(asked.length, before, "nothing is asked while a code is exchanged");
  assert.equal(await enrolled, "");
  await loaded;
  await until(() => unit.call?.taken === true && unit.link === "live");
  await turns(500);
  assert.deepEqual([unit.stage, unit.enrolment?.device, jar.cookie], ["enrolled", "d2", "new"]);
});

test("a code does not wait for an exchange that hangs, and with it a call for help does not", async (context) => {
  let hangs = true;
  const { unit, asked } = enrolledBefore(context, { refusal: (path) => (hangs && path === "/v1/field/state" ? 3_000 : 5), enrolment: 20 }, "valid");
  await unit.open();
  unit.resume();
  await until(() => asked.includes("/v1/field/state"));
  const enrolled = unit.enrol("code", "phone");
  await unit.callForHelp();
  await until(() => asked.includes("/v1/field/enrol"));
  hangs = false;
  await enrolled;
  await until(() => unit.call?.taken === true);
  await turns(500);
});

test("a call for help that waited for a code that is refused is sent with the access that the phone has", async (context) => {
  const { unit, asked } = enrolledBefore(context, { refusal: 5, enrolment: 20 }, "valid");
  const answers = globalThis.fetch;
  offer(context, { fetch: (path: string, options: RequestInit) => (path === "/v1/field/enrol" ? turns(20).then(() => Response.json({ error: "The code is wrong." }, { status: 403 })) : answers(path, options)) });
  await unit.open();
  unit.resume();
  const enrolled = unit.enrol("code", "phone");
  await unit.callForHelp();
  await turns(5);
  assert.deepEqual(asked.filter((path) => path === "/v1/field/positions"), []);
  assert.equal(await enrolled, "The code is wrong.");
  await until(() => unit.call?.taken === true);
  await turns(500);
});

test("a second code that comes while the first is exchanged is exchanged after it", async (context) => {
  const { unit, jar, asked } = enrolledBefore(context, { refusal: 5, enrolment: 20 });
  await unit.open();
  const exchanges = (): number => asked.filter((path) => path === "/v1/field/enrol").length;
  const [first, second] = [unit.enrol("first", "phone"), unit.enrol("second", "phone")];
  assert.deepEqual([await first, exchanges(), await second, exchanges()], ["", 1, "", 2]);
  await until(() => unit.link === "live");
  assert.equal(jar.cookie, "new");
  await turns(500);
});

test("a phone whose storage cannot be deleted takes a new code, and states that it keeps nothing", async (context) => {
  for (const deleteDatabase of [() => assert.fail("no storage"), () => {
    const request = Object.assign(new EventTarget(), { error: new DOMException("no", "UnknownError") });
    queueMicrotask(() => request.dispatchEvent(new Event("error")));
    return request;
  }]) {
    const { unit } = enrolledBefore(context, { refusal: 5, enrolment: 20 });
    (unit.keep.erase as unknown as { mock: { restore(): void } }).mock.restore();
    offer(context, { indexedDB: { deleteDatabase }, IDBRequest: EventTarget });
    await unit.open();
    unit.resume();
    await until(() => unit.stage === "revoked" && unit.enrolment === null);
    assert.equal(unit.trouble, "unusable");
    assert.equal(await unit.enrol("code", "phone"), "");
    await until(() => unit.link === "live");
    assert.deepEqual(unit.enrolment, { unit: "p", device: "d2" });
    await turns(500);
    context.mock.timers.reset();
  }
});
