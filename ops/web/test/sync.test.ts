// What a person has selected, when the stream of events starts over, and answers that come in another order.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { ServerClock } from "../src/model/clock.ts";
import { deadGroundFraction } from "../src/model/coverage.ts";
import { INITIAL, type Selection } from "../src/model/state.ts";
import { Store } from "../src/model/store.ts";
import { Trails } from "../src/model/trails.ts";
import { Sync } from "../src/net/sync.ts";

const TRACK = { track: "T0001", status: "confirmed", lon: -84.2, lat: 36.6, speed_mps: 1.4, course_deg: 180, existence: 0.9, label: "person", updated_at: "2026-11-28T10:00:00Z" };
const ALERT = { id: "A0001", rule: "approaching", priority: "high", status: "active", revision: 0, sentence: "", raised_at: "2026-11-28T10:00:00Z" };

/** A server without anything but its stream, into which `send` writes, and what `answer` gives; resolves once the page has taken the event. */
function follow(t: TestContext, answer: (path: string) => Promise<Response> | null = () => null): { store: Store; select: (selection: Selection) => void; send: (event: string, data: object, id?: number) => void; until: (true_: () => boolean) => Promise<void> } {
  const encoder = new TextEncoder();
  let out: ReadableStreamDefaultController<Uint8Array> | null = null;
  const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (out = controller) });
  const before = { fetch: globalThis.fetch, document: globalThis.document };
  globalThis.document = { hidden: true } as Document;
  globalThis.fetch = (async (path: string) => {
    if (path.startsWith("/api/stream")) return new Response(stream);
    if (path.startsWith("/api/alerts")) return Response.json({ alerts: [], last: 0, more: false });
    return answer(path) ?? Response.json({});
  }) as typeof fetch;
  const store = new Store(INITIAL, (run) => run());
  const sync = new Sync(store, new ServerClock(), new Trails(), () => "day");
  t.after(() => {
    sync.close();
    Object.assign(globalThis, before);
  });
  void sync.run();
  return {
    store,
    select: (selection) => store.update(() => ({ selection })),
    send: (event, data, id) => out?.enqueue(encoder.encode(`${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)),
    until: async (true_) => {
      while (!true_()) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

const picture = (...tracks: object[]): object => ({ stamp: "2026-11-28T10:00:01Z", tracks });

test("a selected track stays selected where the new picture has it, and only there", async (t) => {
  const { store, select, send, until } = follow(t);
  send("tracks", picture(TRACK));
  await until(() => store.state.tracks.size === 1);
  select({ kind: "track", id: "T0001" });
  send("reset", { last: 0 });
  await until(() => store.state.stampMs === null);
  assert.deepEqual(store.state.selection, { kind: "track", id: "T0001" });
  send("tracks", picture(TRACK));
  await until(() => store.state.tracks.size === 1);
  assert.deepEqual(store.state.selection, { kind: "track", id: "T0001" });
  send("reset", { last: 0 });
  send("tracks", picture({ ...TRACK, track: "T0002" }));
  await until(() => store.state.tracks.has("T0002"));
  assert.equal(store.state.selection, null);
});

test("a selected alert is kept until all alerts of the new store have come", async (t) => {
  const { store, select, send, until } = follow(t);
  send("alert", ALERT, 1);
  await until(() => store.state.alerts.size === 1);
  select({ kind: "alert", id: "A0001" });
  send("reset", { last: 2 });
  send("alert", { ...ALERT, id: "A0002" }, 1);
  await until(() => store.state.alerts.has("A0002"));
  assert.deepEqual(store.state.selection, { kind: "alert", id: "A0001" });
  send("alert", ALERT, 2);
  await until(() => store.state.alerts.size === 2);
  assert.deepEqual(store.state.selection, { kind: "alert", id: "A0001" });
  send("reset", { last: 1 });
  send("alert", { ...ALERT, id: "A0003" }, 1);
  await until(() => store.state.alerts.has("A0003"));
  await until(() => store.state.selection === null);
});

test("what the person selects meanwhile is not taken from them", async (t) => {
  const { store, select, send, until } = follow(t);
  send("tracks", picture(TRACK));
  await until(() => store.state.tracks.size === 1);
  select({ kind: "track", id: "T0001" });
  send("reset", { last: 0 });
  await until(() => store.state.stampMs === null);
  select({ kind: "segment", id: "28" });
  send("tracks", picture({ ...TRACK, track: "T0002" }));
  await until(() => store.state.tracks.has("T0002"));
  assert.deepEqual(store.state.selection, { kind: "segment", id: "28" });
});

test("an older answer about the ground does not replace a newer one", async (t) => {
  const asked: ((answer: Response) => void)[] = [];
  const { store, send, until } = follow(t, (path) =>
    path === "/api/segments" ? new Promise<Response>((answer) => void asked.push(answer)) : null,
  );
  const hidden = (fraction: number): Response =>
    Response.json({ type: "FeatureCollection", features: [{ type: "Feature", geometry: null, properties: { dead_ground_fraction: fraction } }] });
  const shown = (): number | null => deadGroundFraction(store.state.segments.value);
  await until(() => asked.length === 1);
  send("layers", {}); // a sensor was lost
  await until(() => asked.length === 2);
  asked[1]?.(hidden(0.6));
  await until(() => shown() === 0.6);
  asked[0]?.(hidden(0.2));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(shown(), 0.6);
  send("layers", {});
  await until(() => asked.length === 3);
  asked[2]?.(hidden(0.3));
  await until(() => shown() === 0.3);
});
