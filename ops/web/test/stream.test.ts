import assert from "node:assert/strict";
import { test } from "node:test";
import { STALE_AFTER_S, streamState, type Connection } from "../src/model/state.ts";
import { Store } from "../src/model/store.ts";
import { INITIAL } from "../src/model/state.ts";
import { LatestPicture, pictureIntervalMs } from "../src/net/latest_picture.ts";

const open: Connection = { phase: "open", problem: null, sinceMs: 0, heardMs: 100_000, retryMs: null };

test("live, stale and lost are three different things", () => {
  assert.equal(streamState(open, 0.5, 100_000), "live");
  assert.equal(streamState(open, STALE_AFTER_S + 0.1, 100_000), "stale");
  assert.equal(streamState(open, STALE_AFTER_S + 0.1, 100_000, true, true), "starting", "the cause is known");
  assert.equal(streamState(open, 0.5, 100_000, true, false), "down");
  assert.equal(streamState(open, null, 100_000), "connecting");
  assert.equal(streamState(open, 0.5, 100_000 + 20_000), "lost"); // open, but nothing is heard
  assert.equal(streamState({ ...open, phase: "lost", sinceMs: 90_000 }, 10, 100_000), "lost");
});

test("a picture is not called live while a part of the server does not work", () => {
  assert.equal(streamState(open, 0.5, 100_000, true), "down");
  assert.equal(streamState(open, null, 100_000, true), "down");
  assert.equal(streamState(open, STALE_AFTER_S + 0.1, 100_000, true), "stale");
  assert.equal(streamState(open, 0.5, 100_000 + 20_000, true), "lost");
});

test("a connection that is back at once raises no banner, one that stays away does", () => {
  const lost = { ...open, phase: "lost", sinceMs: 100_000 } as const;
  assert.equal(streamState(lost, 0.5, 100_500), "live");
  assert.equal(streamState(lost, 0.5, 101_500), "lost");
  assert.equal(streamState(lost, null, 100_500), "lost");
});

test("the more tracks, the less often a picture is read, but at 1 Hz every one", () => {
  for (const tracks of [0, 300, 301, 1500, 1501, 5000, 50_000]) assert.ok(pictureIntervalMs(tracks) < 1000);
});

test("of pictures that come too fast only the newest is read", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const seen: string[] = [];
  const hourMs = 3_600_000; // no pause of the machine is as long
  const pictures = new LatestPicture(
    (data) => seen.push(data),
    () => hourMs,
  );
  for (const data of ["1", "2", "3"]) pictures.offer(data);
  assert.deepEqual(seen, ["1"]);
  context.mock.timers.tick(hourMs);
  assert.deepEqual(seen, ["1", "3"]);
});

test("listeners hear many changes as one, with what they heard last, and one that fails stops no other", () => {
  const runs: (() => void)[] = [];
  const store = new Store(INITIAL, (run) => runs.push(run));
  const heard: [number, number][] = [];
  let armed = false;
  store.subscribe(() => {
    if (armed) throw new Error("on purpose");
  });
  store.subscribe((state, before) => heard.push([state.unreadable, before.unreadable]));
  armed = true;
  const error = console.error;
  console.error = () => undefined;
  store.update(() => ({ unreadable: 1 }));
  store.update(() => ({ unreadable: 2 }));
  assert.equal(runs.length, 1);
  runs[0]?.();
  console.error = error;
  assert.deepEqual(heard, [
    [0, 0],
    [2, 0],
  ]);
});
