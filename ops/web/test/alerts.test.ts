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
import { workload } from "../src/model/workload.ts";

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

test("the workload counts what was raised in the latest ten minutes, open or not, by the figures of EEMUA 191", () => {
  const now = Date.parse("2026-01-01T00:20:00Z");
  const at = (n: number, second: number, status = "active"): Alert =>
    alert(`A${n}`, { raised_at: new Date(now - second * 1000).toISOString(), status });
  const rated = (...alerts: Alert[]): unknown => workload(of(...alerts), now, true);
  assert.deepEqual(rated(), { raised: 0, verdict: "acceptable" });
  assert.deepEqual(rated(at(1, 599), at(2, 600), at(3, -1)), { raised: 1, verdict: "acceptable" });
  assert.deepEqual(rated(at(1, 1), at(2, 2, "rejected")), { raised: 2, verdict: "manageable" });
  assert.deepEqual(rated(...[1, 2, 3].map((n) => at(n, n))), { raised: 3, verdict: "over-demanding" });
  assert.deepEqual(rated(...[1, 2, 3, 4, 5].map((n) => at(n, n))), { raised: 5, verdict: "over-demanding" });
  assert.deepEqual(rated(...[1, 2, 3, 4, 5, 6].map((n) => at(n, n))), { raised: 6, verdict: "unmanageable" });
  assert.equal(workload(new Map(), Number.NaN, true), null);
  assert.equal(workload(new Map(), now, false), null);
});
