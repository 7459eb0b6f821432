import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { parseTrack } from "../src/model/parse.ts";
import {
  asKnownThen, covers, differences, neighbour, parseExtent, parseMoment, playedTo, SPANS_MS, spanAround, within, type Moment, type Opened,
} from "../src/model/replay.ts";
import { INITIAL } from "../src/model/state.ts";
import { Store } from "../src/model/store.ts";
import { noteOf, parseTime } from "../src/replay/notes.ts";
import { Replay } from "../src/replay/replay.ts";
import { loadOpened } from "../src/replay/requests.ts";
import { ShownClock, ShownTrails } from "../src/replay/shown.ts";
import { ServerClock } from "../src/model/clock.ts";
import { Trails } from "../src/model/trails.ts";
import type { AlertActions } from "../src/panels/alert_list.ts";
import type { DetailActions } from "../src/panels/details.ts";
import type { ForcesActions } from "../src/panels/forces_panel.ts";
import "./mgrs_for_node.ts";
import { heard, openPage } from "./page_for_node.ts";
import { speakIn } from "./words.ts";

const { AlertList } = await import("../src/panels/alert_list.ts");
const { DetailsPanel } = await import("../src/panels/details.ts");
const { ForcesPanel } = await import("../src/panels/forces_panel.ts");
const { SensorsPanel } = await import("../src/panels/sensors_panel.ts");
const { TracksPanel } = await import("../src/panels/tracks_panel.ts");
const { IncidentQueue } = await import("../src/panels/incident_queue.ts");
const { glance } = await import("../src/overview/glance.ts");

const AT = Date.parse("2026-03-01T02:14:05Z");
const iso = (ms: number): string => new Date(ms).toISOString();
const EXTENT = { firstMs: AT - 10 * 86_400_000, lastMs: AT + 86_400_000, days: [] };

function track(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { track: name, lon: 1, lat: 42, status: "confirmed", existence: 0.9, updated_ns: AT * 1e6, ...more };
}

function incident(id: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { id, name: `Bravo ${id}`, state: "open", priority: "low", revision: 0, opened_at: iso(AT), disposition: "", ...more };
}

function moment(more: Record<string, unknown> = {}): Moment {
  const read = parseMoment({ at: iso(AT), next: iso(AT + 1000), tracks: [track("T1")], incidents: [incident("I1")], ...more }, new Map());
  assert.ok(read !== null);
  return read;
}

test("a moment is read, and what cannot be read is left out", () => {
  const read = moment({ tracks: [track("T1"), { track: 7 }, null], sensors: null, erased: [{ kind: "tracks", erased_at: iso(AT) }] });
  assert.deepEqual([...read.tracks.keys()], ["T1"]);
  assert.equal(read.sensors.size, 0);
  assert.deepEqual(read.erased, [{ kind: "tracks", atMs: AT }]);
  for (const raw of [null, 5, "x", [], {}, { at: "yesterday" }]) assert.equal(parseMoment(raw, new Map()), null);
  for (const raw of [null, {}, { first: null, last: null, days: [] }]) assert.equal(parseExtent(raw), null);
});

/** What is known once the last answer has come. */
async function lastOf(answers: AsyncIterable<Opened[]>): Promise<Opened[]> {
  let last: Opened[] = [];
  for await (const opened of answers) last = opened;
  return last;
}

test("every incident of the kept time is known, however many answers that takes, and old ones are asked for once", async (context) => {
  const [firstMs, everyMs] = [Date.parse("2026-01-01T00:00:00Z"), 2_400_000];
  const all = Array.from({ length: 12_000 }, (_, n) => incident(`I${n}`, { opened_at: iso(firstMs + n * everyMs) }));
  const asked: string[] = [];
  context.mock.method(globalThis, "fetch", (path: string) => {
    const { searchParams } = new URL(path, "http://server");
    const [from, until, limit] = ["from", "until", "limit"].map((name) => searchParams.get(name) ?? "");
    asked.push(from ?? "");
    const found = all.filter(({ opened_at }) => String(opened_at) >= (from ?? "") && String(opened_at) <= (until ?? ""));
    return Promise.resolve(Response.json({ more: found.length > Number(limit), incidents: found.slice(0, Number(limit)) }));
  });
  const extent = { firstMs, lastMs: firstMs + 12_000 * everyMs, days: [] };
  const opened = await lastOf(loadOpened(extent));
  assert.deepEqual(opened.map(({ id }) => id), all.map(({ id }) => id));
  assert.equal(neighbour(opened, firstMs + 11_997.5 * everyMs, 1)?.id, "I11998");
  assert.equal(asked.length, 3);
  all.push(incident("I12000", { opened_at: iso(extent.lastMs) }));
  const later = await lastOf(loadOpened(extent, opened));
  assert.deepEqual([later.length, later.at(-1)?.id, asked.length], [12_001, "I12000", 4]);
  const shorter = await lastOf(loadOpened({ ...extent, firstMs: firstMs + 100 * everyMs }, opened));
  assert.equal(shorter[0]?.id, "I100", "what is no longer kept is forgotten");
});

test("the shown state has the picture of the moment, and the live rest", () => {
  const live = { ...INITIAL, alertsKnown: false, diskFull: true, options: new Map([["I1", { atMs: AT }]]) as never, counts: new Map([["radar-1", {}]]) as never, tracks: new Map([["T9", parseTrack(track("T9"))!]]) };
  const shown = asKnownThen(live, null, AT + 500, moment());
  assert.deepEqual([...shown.tracks.keys()], ["T1"]);
  assert.deepEqual([shown.replay, shown.stampMs, shown.diskFull], [{ atMs: AT + 500 }, AT, true]);
  assert.deepEqual([shown.options.size, shown.counts.size], [0, 0], "neither is known of the past");
  assert.deepEqual([shown.alertsKnown, shown.incidentsKnown], [true, true]);
  assert.equal(asKnownThen(live, null, AT, null).tracks.size, 0);
});

test("what there is no picture of, or is erased, is unknown: nothing states that there was none", (context) => {
  speakIn("en");
  const { part } = openPage(context);
  const queue = new IncidentQueue({ select: () => undefined, act: () => undefined });
  const list = new AlertList({} as AlertActions);
  const live = { ...INITIAL, alertsKnown: true, incidentsKnown: true };
  const erased = (kind: string): Moment => moment({ tracks: null, incidents: [], erased: [{ kind, erased_at: null }] });
  const unknown = (at: Moment | null): unknown[] => {
    const shown = asKnownThen(live, null, AT, at);
    queue.show(shown, AT);
    list.show(shown, AT);
    const rows = glance(shown, AT).flatMap((group) => group.rows.map((row) => [row.id, row.tone] as const));
    return [part("incidents-note").textContent, part("alerts-note").textContent, rows.filter(([, tone]) => tone !== "unknown").map(([id]) => id)];
  };
  const words = "Not known for the time shown.";
  assert.deepEqual(unknown(null), [words, words, []]);
  const panels = { forces: new ForcesPanel({} as ForcesActions), tracks: new TracksPanel(() => undefined), sensors: new SensorsPanel(() => undefined) };
  const notes = Object.entries(panels).map(([name, panel]) => {
    panel.show(asKnownThen(live, null, AT, null), AT);
    const panelNotes = [...part(`panel-${name}`).querySelectorAll(".note"), ...part(`panel-${name}`).querySelectorAll(".hint")];
    return panelNotes.map(({ textContent }) => textContent).filter((text) => text !== "");
  });
  assert.deepEqual(notes.map(([first]) => first), [words, words, words]);
  assert.equal(notes[0]?.at(-1), words, "of border sections, too");
  const details = new DetailsPanel({} as DetailActions, []);
  for (const kind of ["incident", "alert", "track", "section"] as const) {
    details.show(asKnownThen(live, { kind, id: "X1" }, AT, kind === "section" ? moment() : null), AT);
    assert.equal(part("panel-details").all().find(({ textContent }) => textContent === words)?.hidden, false, kind);
  }
  assert.deepEqual(unknown(erased("alerts")), [words, words, ["tracks"]]);
  const [none, noAlerts, rows] = unknown(erased("tracks"));
  assert.deepEqual([none, noAlerts].map((note) => /^No open/.test(String(note))), [true, true]);
  assert.deepEqual(rows, ["incident", "lost", "workload"]);
});

test("a moment is the picture from its time until the next one", () => {
  assert.deepEqual([-1, 0, 999, 1000].map((ms) => covers(moment(), AT + ms)), [false, true, true, false]);
  assert.ok(covers(moment({ next: null }), AT + 1e9));
});

test("the slider holds the time, and stays where it is while it does", () => {
  for (const spanMs of SPANS_MS) {
    for (const at of [EXTENT.firstMs, AT, EXTENT.lastMs]) {
      const [start, end] = spanAround(at, spanMs, AT - 5000, EXTENT);
      assert.ok(start <= at && at <= end, `${spanMs} ${at - AT}`);
      assert.equal(end - start, spanMs);
      assert.ok(end <= EXTENT.lastMs);
    }
  }
  assert.deepEqual(spanAround(AT, 3_600_000, AT - 1000, EXTENT), [AT - 1000, AT + 3_599_000]);
  assert.equal(within(AT + 9e9, EXTENT), EXTENT.lastMs);
});

test("playing goes as fast as its speed, over gaps, to the end and no further", () => {
  assert.equal(playedTo(AT, 10, 200, moment(), EXTENT), AT + 2000);
  const before = moment({ next: iso(AT + 600_000) });
  assert.equal(playedTo(AT + 59_000, 10, 200, before, EXTENT), AT + 600_000);
  assert.equal(playedTo(AT + 10_000, 10, 200, before, EXTENT), AT + 12_000);
  assert.equal(playedTo(EXTENT.lastMs, 60, 200, moment(), EXTENT), EXTENT.lastMs);
});

test("the incidents before and after a time", () => {
  const opened = [0, 10, 20].map((s) => ({ id: `I${s}`, name: "", priority: "low" as const, state: "open" as const, openedMs: AT + s }));
  assert.deepEqual([neighbour(opened, AT + 10, -1)?.id, neighbour(opened, AT + 10, 1)?.id], ["I0", "I20"]);
  assert.deepEqual([neighbour(opened, AT, -1), neighbour(opened, AT + 20, 1)], [null, null]);
});

test("what is known now differs in outcomes, later incidents, and tracks", () => {
  const now = (name: string, lon = 1): Record<string, unknown> => ({ track: name, at: iso(AT), lon, lat: 42 });
  const read = moment({
    tracks: [track("T1"), track("T2"), track("T3"), track("T4", { status: "tentative" }), track("T5", { updated_ns: (AT - 20_000) * 1e6 })],
    now: {
      tracks: [now("T1"), now("T2", 1.001), now("T7")],
      incidents: [incident("I1", { state: "closed", disposition: "rescue", revision: 4 })],
      opened_later: [incident("I2", { priority: "high" })],
    },
  });
  assert.deepEqual(
    differences(read).map((one) => one.kind),
    ["opened-later", "outcome", "moved", "not-now", "not-then"], // the more urgent incident first
  );
  assert.deepEqual(differences(moment()), []);
  const unsettled = moment({ now: { tracks: null, incidents: [incident("I1")], opened_later: [] } });
  assert.deepEqual(differences(unsettled), []);
});

test("an erased day and a gap are said", () => {
  speakIn("en");
  const erased = moment({ erased: [{ kind: "tracks", erased_at: "2026-04-01T00:00:00Z" }] });
  assert.match(noteOf({ moment: erased, atMs: AT }), /of 2026-03-01 were erased on 2026-04-01/);
  assert.match(noteOf({ moment: moment({ erased: [{ kind: "alerts", erased_at: null }] }), atMs: AT }), /were erased\.$/);
  assert.match(noteOf({ moment: moment({ next: iso(AT + 3.6e6) }), atMs: AT + 120_000 }), /No picture was recorded from .*02:14:05.* to .*03:14:05/);
  assert.equal(noteOf({ moment: moment(), atMs: AT }), "");
  assert.notEqual(noteOf({ moment: null, atMs: AT }), "");
});

test("clock and trails are those of the moment only while looking back", () => {
  const live = new ServerClock();
  live.add(AT, 0);
  const clock = new ShownClock(live);
  assert.equal(clock.now(1000), AT + 1000);
  clock.atMs = AT - 5000;
  assert.equal(clock.now(1000), AT - 5000);
  const trails = new Trails();
  const shown = new ShownTrails(trails);
  const at = (lon: number): Map<string, NonNullable<ReturnType<typeof parseTrack>>> => new Map([["T1", parseTrack(track("T1", { lon }))!]]);
  trails.take(at(5), AT);
  const one = at(2).get("T1")!;
  assert.equal(shown.of(one).length, 2);
  shown.show(at(1), AT);
  shown.show(at(2), AT + 12_000);
  assert.deepEqual(shown.of(one).map(([lon]) => lon), [1, 2, 2]);
  shown.show(at(3), AT - 4000); // back in time: a new trail
  assert.deepEqual(shown.of(one).map(([lon]) => lon), [3, 2]);
  shown.end();
  assert.deepEqual(shown.of(one).map(([lon]) => lon), [5, 2]);
});

test("a time is typed in UTC", () => {
  assert.equal(parseTime(" 2026-03-01 02:14:05 "), AT);
  assert.equal(parseTime("2026-03-01T02:14:05Z"), AT);
  assert.equal(parseTime("2026-03-01 02:14"), AT - 5000);
  for (const text of ["", "02:14:05", "2026-13-01 02:14:05", "2026-03-01 25:00:00", "1.3.2026 02:14", "2026-03-01 02:14:05+01:00"])
    assert.equal(parseTime(text), null, text);
});

test("looking back that was ended before it began does not begin, and what was asked for last counts", async (t: TestContext) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const asked: ((answer: Response) => void)[] = [];
  t.mock.method(globalThis, "fetch", (path: string) =>
    path.endsWith("/v1/history") ? new Promise<Response>((answer) => void asked.push(answer)) : Promise.resolve(Response.json({})),
  );
  const replay = new Replay(new Store(INITIAL, (run) => run()), new ShownClock(new ServerClock()), new ShownTrails(new Trails()));
  const extent = (): Response => Response.json({ first: iso(EXTENT.firstMs), last: iso(EXTENT.lastMs), days: [] });
  const ended = replay.open();
  replay.close();
  asked[0]?.(extent());
  await ended;
  assert.equal(replay.view, null);
  const [first, second] = [replay.open(AT), replay.open(AT + 60_000)];
  asked[2]?.(extent());
  await second;
  asked[1]?.(extent());
  await first;
  assert.equal(replay.view?.atMs, AT + 60_000);
  replay.close();
});

test("incidents are loaded once at a time, are known after each answer, and stay known when a later one fails", async (t: TestContext) => {
  let nowMs = 0;
  t.mock.timers.enable({ apis: ["setInterval"] });
  t.mock.method(performance, "now", () => nowMs);
  const asked: ((answer: Response) => void)[] = [];
  const extent = { first: iso(EXTENT.firstMs), last: iso(EXTENT.lastMs), days: [] };
  t.mock.method(globalThis, "fetch", (path: string) => {
    if (path.includes("/incidents?")) return new Promise<Response>((answer) => void asked.push(answer));
    return Promise.resolve(path.endsWith("/v1/history") ? Response.json(extent) : Response.json({ error: "No picture." }, { status: 404 }));
  });
  const refresh = async (): Promise<void> => {
    nowMs += 31_000;
    t.mock.timers.tick(200);
    await heard();
  };
  const replay = new Replay(new Store(INITIAL, (run) => run()), new ShownClock(new ServerClock()), new ShownTrails(new Trails()));
  await replay.open(AT);
  await refresh();
  assert.equal(asked.length, 1);
  asked[0]?.(Response.json({ more: true, incidents: [incident("I1")] }));
  await refresh();
  assert.deepEqual([replay.view?.opened.map(({ id }) => id), asked.length], [["I1"], 2]);
  asked[1]?.(Response.json({ error: "Not now." }, { status: 503 }));
  await heard();
  assert.deepEqual(replay.view?.opened.map(({ id }) => id), ["I1"]);
  await refresh();
  assert.equal(asked.length, 3);
  replay.close();
  await replay.open(AT);
  assert.equal(asked.length, 4, "another looking back waits for none of before");
  asked[2]?.(Response.json({ more: true, incidents: [incident("I2")] }));
  await heard();
  assert.deepEqual([replay.view?.opened, asked.length], [[], 4]);
  replay.close();
});

test("an answer about what was followed before does not revive it", async (t: TestContext) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const paths: ((answer: Response) => void)[] = [];
  const extent = { first: iso(EXTENT.firstMs), last: iso(EXTENT.lastMs), days: [] };
  t.mock.method(globalThis, "fetch", (path: string) =>
    path.includes("/tracks/") ? new Promise<Response>((answer) => void paths.push(answer)) : Promise.resolve(Response.json(extent)),
  );
  const replay = new Replay(new Store(INITIAL, (run) => run()), new ShownClock(new ServerClock()), new ShownTrails(new Trails()));
  await replay.open(AT);
  const [stopped] = [replay.follow({ kind: "track", id: "T1" }), replay.follow(null)];
  paths[0]?.(Response.json({ then: [], now: [] }));
  await stopped;
  assert.equal(replay.view?.followed, null);
  const [first, second] = [replay.follow({ kind: "track", id: "T1" }), replay.follow({ kind: "track", id: "T2" })];
  paths[2]?.(Response.json({ then: [], now: [] }));
  await second;
  paths[1]?.(Response.json({}, { status: 500 }));
  await first;
  assert.equal(replay.view?.followed?.track, "T2");
  assert.equal(replay.view?.problem, null);
  const late = replay.follow({ kind: "track", id: "T3" });
  replay.close();
  await replay.open(AT);
  paths[3]?.(Response.json({ then: [], now: [] }));
  await late;
  assert.equal(replay.view?.followed, null);
  replay.close();
});
