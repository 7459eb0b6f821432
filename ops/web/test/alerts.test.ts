import assert from "node:assert/strict";
import { test } from "node:test";
import {
  byRank,
  closedAlerts,
  newlyActive,
  openAlerts,
  trackPriorities,
  withRevision,
  type Alerts,
} from "../src/model/alerts.ts";
import { parseAlert } from "../src/model/parse.ts";
import { PRIORITIES, type Alert } from "../src/model/records.ts";

function alert(id: string, more: Record<string, unknown> = {}): Alert {
  const body = {
    id,
    rule: "crossing",
    priority: "low",
    status: "active",
    revision: 0,
    sentence: "s",
    raised_at: "2026-01-01T00:00:00Z",
  };
  const read = parseAlert({ ...body, ...more });
  assert.ok(read !== null);
  return read;
}

const of = (...alerts: Alert[]): Alerts => alerts.reduce<Alerts>(withRevision, new Map());

test("distress is first, then priority, then the older one", () => {
  const old = { raised_at: "2025-12-31T00:00:00Z" };
  const shuffled = [
    alert("low old", old),
    alert("high", { priority: "high" }),
    alert("distress", { priority: "distress" }),
    alert("low"),
  ];
  assert.deepEqual(
    shuffled.sort(byRank).map(({ id }) => id),
    ["distress", "high", "low old", "low"],
  );
  assert.equal(PRIORITIES[0], "distress");
});

test("an older revision never replaces a newer one, in whatever order they come", () => {
  const taken = alert("A", { status: "acknowledged", revision: 1 });
  for (const order of [
    [alert("A"), taken],
    [taken, alert("A")],
  ])
    assert.equal(of(...order).get("A")?.status, "acknowledged");
});

test("cleared and rejected alerts are history, the latest change first", () => {
  const alerts = of(
    alert("open"),
    alert("first", { status: "cleared", updated_at: "2026-01-01T00:01:00Z" }),
    alert("last", { status: "rejected", updated_at: "2026-01-01T00:02:00Z" }),
  );
  assert.deepEqual(
    openAlerts(alerts).map(({ id }) => id),
    ["open"],
  );
  assert.deepEqual(
    closedAlerts(alerts).map(({ id }) => id),
    ["last", "first"],
  );
});

test("a track wears the most urgent of its open alerts", () => {
  const alerts = of(
    alert("1", { track: "T" }),
    alert("2", { track: "T", priority: "high" }),
    alert("3", { track: "T", priority: "distress", status: "cleared" }),
  );
  assert.equal(trackPriorities(alerts).get("T"), "high");
});

test("what is new, or has become more urgent, is announced; what is only restated is not", () => {
  const before = of(alert("A"), alert("B"));
  assert.deepEqual(
    newlyActive(before, withRevision(before, alert("C"))).map(({ id }) => id),
    ["C"],
  );
  assert.deepEqual(newlyActive(before, withRevision(before, alert("A", { revision: 1 }))), []);
  assert.deepEqual(
    newlyActive(before, withRevision(before, alert("A", { revision: 1, priority: "high" }))).map(({ id }) => id),
    ["A"],
  );
  assert.deepEqual(newlyActive(before, withRevision(before, alert("A", { revision: 1, status: "acknowledged" }))), []);
});

test("a priority that this page does not know is not shown as unimportant", () => {
  assert.equal(alert("A", { priority: "urgent" }).priority, "high");
});
