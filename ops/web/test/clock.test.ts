import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerClock } from "../src/model/clock.ts";

const NOON = Date.UTC(2026, 0, 1, 12);

test("stamps arrive late, so the one that was delayed least counts", () => {
  const clock = new ServerClock();
  assert.ok(Number.isNaN(clock.now(0)));
  clock.add(NOON, 900); // 900 ms on the way
  clock.add(NOON + 5000, 5100); // 100 ms
  clock.add(NOON + 10_000, 10_700); // 700 ms
  assert.equal(clock.now(11_100), NOON + 11_000);
});

test("a scenario's clock runs at its rate", () => {
  const clock = new ServerClock();
  clock.setRate(10);
  clock.add(NOON, 0);
  assert.equal(clock.now(2000), NOON + 20_000);
});

test("one late stamp turns nothing back, a clock that was set back is followed", () => {
  const clock = new ServerClock();
  clock.add(NOON, 0);
  clock.add(NOON - 3_595_000, 5000); // an hour back
  clock.add(NOON - 3_590_000, 10_000);
  assert.equal(clock.now(10_000), NOON - 3_590_000);
  const late = new ServerClock();
  late.add(NOON, 0);
  late.add(NOON + 1000, 5000); // 4 s late
  late.add(NOON + 10_000, 10_000);
  assert.equal(late.now(10_000), NOON + 10_000);
});

test("what has happened already puts the clock forward, never back", () => {
  const clock = new ServerClock();
  clock.add(NOON, 1000);
  clock.atLeast(NOON - 500, 1000);
  assert.equal(clock.now(1000), NOON);
  clock.atLeast(NOON + 500, 1000);
  assert.equal(clock.now(1000), NOON + 500);
});

test("the browser is called wrong only by as much as is certain", () => {
  const clock = new ServerClock();
  clock.compare(NOON, NOON - 200, NOON + 300); // sent before, received after: it may be right
  assert.equal(clock.browserAheadMs(), 0);
  clock.compare(NOON, NOON + 60_000, NOON + 61_000);
  assert.equal(clock.browserAheadMs(), 60_000);
  clock.compare(NOON, NOON - 61_000, NOON - 60_000);
  assert.equal(clock.browserAheadMs(), -60_000);
});
