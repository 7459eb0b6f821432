"""The alert feed: every alert reaches every unit that wants it, in order, whatever the broker or the process does."""

from __future__ import annotations

import json
import threading
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import BadInput
from ops.services.feeds.dispatch import Dispatcher
from ops.services.feeds.feed import FeedReceiver as Unit
from ops.services.feeds.ledger import FILE, DeliveryLedger, mark_deliveries, settled_after
from ops.services.feeds.mqtt import MqttFeed
from ops.store.reader import OutboxRow, Reader
from ops.store.writer import Store
from tests.patience import PATIENT_S

RAISED = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)


def alert(number: int, revision: int = 0, priority: str = "high") -> dict:
    return {"id": f"A{number}", "revision": revision, "status": "active", "priority": priority, "raised_at": RAISED}


class Broker:
    """A broker client on strings: what was published waits here until the test answers it."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, int]] = []  # (unit, alert, revision)
        self.numbers: dict[tuple[str, str, int], set[int]] = {}
        self.open: list[tuple[tuple[str, str, int], Future]] = []
        self.refuses: Exception | None = None

    def __call__(self, topic: str, payload: bytes, *, content_type: str, signed: bool = True) -> Future:
        if self.refuses:
            raise self.refuses
        assert content_type == "application/json"
        parts, body, answer = topic.split("/"), json.loads(payload), Future()
        assert (parts[:4], parts[5:]) == (["watchline", "1", "cumberland", "unit"], ["alerts"])
        message = (parts[4], body["id"], body["revision"])
        self.sent.append(message)
        self.numbers.setdefault(message, set()).add(body["number"])
        self.open.append((message, answer))
        return answer

    def acknowledge_all(self) -> None:
        answers, self.open = self.open, []
        for _, answer in answers:
            answer.set_result(None)


class Clock:
    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns

    def pass_s(self, seconds: float) -> None:
        self.ns += int(seconds * 1e9)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "s.sqlite")


ONE_UNIT = (Unit("patrol-1"),)


class Unmarked:
    """Every receiver may have everything."""

    def may_receive(self, _unit: str, _row: OutboxRow) -> bool:
        return True

    def as_received(self, _unit: str, row: OutboxRow) -> OutboxRow:
        return row


def feed(store: Store, broker, clock: Clock, units=ONE_UNIT, *, release=None, attempted=None) -> Dispatcher:
    return Dispatcher(
        Reader(store.path),
        DeliveryLedger(store.path.with_name(FILE)),
        [MqttFeed("cumberland", units, broker)],
        now_ns=lambda: 1,
        monotonic_s=lambda: clock.ns / 1e9,
        release=release or Unmarked(),
        chance=lambda: 0.0,
        attempted=attempted,
    )


def unmarked(store: Store, dispatcher: Dispatcher) -> list[int]:
    """The rows that are not delivered, after fusion has taken the marks of the ledger."""
    dispatcher.pump()
    settled = settled_after(store.path.with_name(FILE), 0)
    store.mark_delivered([row.n for row in settled], at_ns=1)
    store.commit(store.cursor, stamp_ns=1)
    return [row.n for row in store.outbox_waiting(0, limit=99)]


def test_alerts_go_to_every_unit_in_order_and_are_marked_once_acknowledged(store):
    broker, clock = Broker(), Clock()
    publisher = feed(store, broker, clock, (Unit("patrol-1"), Unit("ops-centre")))
    store.commit(1, stamp_ns=1, alerts=[alert(1), alert(1, 1), alert(2)])
    assert publisher.pump() == 6
    assert [message[1:] for message in broker.sent if message[0] == "patrol-1"] == [("A1", 0), ("A1", 1), ("A2", 0)]
    assert publisher.pump() == 0
    for (unit, *_), answer in broker.open:
        if unit == "patrol-1":
            answer.set_result(None)
    assert len(unmarked(store, publisher)) == 3  # one unit has not answered yet
    for (unit, *_), answer in broker.open:
        if unit == "ops-centre":
            answer.set_result(None)
    assert unmarked(store, publisher) == []
    assert publisher.waiting == 0


def test_each_attempt_is_told_with_its_feed_its_row_and_its_answer(store):
    broker, clock, told = Broker(), Clock(), []
    publisher = feed(store, broker, clock, attempted=lambda name, row, answer: told.append((name, row.alert, answer)))
    store.commit(1, stamp_ns=1, alerts=[alert(1)])
    publisher.pump()
    broker.open[0][1].set_exception(OSError("gone"))
    publisher.pump()
    clock.pass_s(2.0)
    publisher.pump()
    assert [(name, row) for name, row, _ in told] == [("mqtt", "A1")] * 2
    assert [answer for *_, answer in told] == [answer for _, answer in broker.open]


def test_the_payload_is_the_alert_as_it_was_stored_with_its_number(store):
    seen = []

    def publish(topic, payload, *, content_type, signed=True):
        seen.append((topic, payload))
        answer = Future()
        answer.set_result(None)
        return answer

    store.commit(1, stamp_ns=1, alerts=[alert(1) | {"sentence": "<b>é\u2028"}])
    assert feed(store, publish, Clock()).pump() == 1
    assert seen == [("watchline/1/cumberland/unit/patrol-1/alerts", b'{"number":1,' + store.alert("A1")[2][1:])]


def test_a_new_process_sends_what_is_not_delivered_under_the_same_numbers(store):
    broker, clock = Broker(), Clock()
    publisher = feed(store, broker, clock)
    store.commit(1, stamp_ns=1, alerts=[alert(1), alert(2), alert(3)])
    publisher.pump()
    broker.open[0][1].set_result(None)
    publisher.pump()
    # the process dies here with two messages unanswered
    again = Broker()
    assert feed(store, again, clock).pump() == 2
    assert again.sent == [("patrol-1", "A2", 0), ("patrol-1", "A3", 0)]
    assert again.numbers == {("patrol-1", "A2", 0): {2}, ("patrol-1", "A3", 0): {3}}


def test_a_ledger_that_is_new_begins_at_the_oldest_row_that_the_store_has_not_marked(store):
    store.commit(1, stamp_ns=1, alerts=[alert(1), alert(2), alert(3)])
    store.mark_delivered([1], at_ns=1)
    store.commit(2, stamp_ns=2)
    broker = Broker()
    assert feed(store, broker, Clock()).pump() == 2
    assert broker.sent == [("patrol-1", "A2", 0), ("patrol-1", "A3", 0)]


def test_what_was_delivered_after_the_end_of_fusion_is_marked_in_the_store(store):
    broker = Broker()
    publisher = feed(store, broker, Clock())
    store.commit(1, stamp_ns=1, alerts=[alert(1), alert(2)])
    publisher.pump()
    broker.open[0][1].set_result(None)
    publisher.pump()
    mark_deliveries(store.path)
    assert store.progress().outbox_waiting == 2, "fusion writes the store: it takes the marks itself"
    store.close()
    mark_deliveries(store.path)
    assert [row.n for row in Reader(store.path).outbox_waiting(0, limit=9)] == [2]


def test_a_process_that_lost_its_lease_marks_nothing_as_delivered(store):
    """As one that was frozen while the next holder started: for a moment no process writes the store."""
    broker = Broker()
    publisher = feed(store, broker, Clock())
    store.commit(1, stamp_ns=1, alerts=[alert(1)])
    publisher.pump()
    broker.open[0][1].set_result(None)
    publisher.pump()
    store.close()
    Store(store.path, fence=8).close()
    waiting = []
    for fence in (7, 8):
        mark_deliveries(store.path, fence=fence)
        waiting.append([row.n for row in Reader(store.path).outbox_waiting(0, limit=9)])
    assert waiting == [[1], []]


def test_what_the_client_refuses_is_sent_again_before_anything_newer(store):
    broker, clock = Broker(), Clock()
    publisher = feed(store, broker, clock)
    store.commit(1, stamp_ns=1, alerts=[alert(1), alert(2)])
    broker.refuses = ConnectionError("no broker")
    assert publisher.pump() == 0
    broker.refuses = None
    store.commit(2, stamp_ns=2, alerts=[alert(3)])
    assert publisher.pump() == 0  # the pause after a failure
    clock.pass_s(1.5)
    assert publisher.pump() == 3
    assert [message[1] for message in broker.sent] == ["A1", "A2", "A3"]


def test_a_failed_future_is_tried_again_and_a_late_answer_counts(store):
    broker, clock = Broker(), Clock()
    publisher = feed(store, broker, clock)
    store.commit(1, stamp_ns=1, alerts=[alert(1)])
    publisher.pump()
    broker.open.pop()[1].set_exception(TimeoutError("connection lost"))
    clock.pass_s(1.5)
    assert publisher.pump() == 1
    clock.pass_s(11)
    assert publisher.pump() == 1  # no answer within ten seconds
    broker.open[0][1].set_result(None)  # the answer to the try before
    assert publisher.pump() == 0
    assert publisher.waiting == 0
    broker.open[1][1].set_result(None)
    assert unmarked(store, publisher) == []


def test_a_long_outage_does_not_fill_the_clients_queue(store):
    """A client without connection keeps each try: an hour of silence may cost a handful of copies, not hundreds."""
    broker, clock = Broker(), Clock()
    publisher = feed(store, broker, clock)
    store.commit(1, stamp_ns=1, alerts=[alert(1)])
    for _ in range(3600):
        publisher.pump()
        clock.pass_s(1)
    assert len(broker.sent) == 11  # at 0, then after 10, 20, 40, 80, 160, 320, 640, 640, 640, 640 seconds


def test_the_window_bounds_what_is_under_way(store):
    broker, clock = Broker(), Clock()
    publisher = feed(store, broker, clock, (Unit("patrol-1", window=5),))
    store.commit(1, stamp_ns=1, alerts=[alert(number) for number in range(12)])
    assert [publisher.pump(), publisher.pump()] == [5, 0]
    broker.acknowledge_all()
    assert publisher.pump() == 5
    broker.acknowledge_all()
    assert publisher.pump() == 2


def test_priorities_choose_the_units_and_distress_reaches_everybody(store):
    broker = Broker()
    publisher = feed(
        store, broker, Clock(), (Unit("patrol-1", priorities={"high"}), Unit("patrol-2", priorities={"medium"}))
    )
    store.commit(1, stamp_ns=1, alerts=[alert(1), alert(2, priority="low"), alert(3, priority="distress")])
    publisher.pump()
    assert set(broker.sent) == {("patrol-1", "A1", 0), ("patrol-1", "A3", 0), ("patrol-2", "A3", 0)}
    broker.acknowledge_all()
    assert unmarked(store, publisher) == []  # nobody asked for A2: it does not wait for ever


def test_a_receiver_learns_that_what_it_has_is_less_urgent_and_over_also_after_a_restart(store):
    broker, clock = Broker(), Clock()
    units = (Unit("patrol-1", priorities={"high"}),)
    publisher = feed(store, broker, clock, units)
    store.commit(1, stamp_ns=1, alerts=[alert(1), alert(1, 1, "low"), alert(2, priority="low")])
    publisher.pump()
    broker.acknowledge_all()
    publisher.pump()
    store.commit(2, stamp_ns=1, alerts=[alert(1, 2, "low") | {"status": "cleared"}, alert(2, 1, "low")])
    again = feed(store, broker, clock, units)
    again.pump()
    assert broker.sent == [("patrol-1", "A1", 0), ("patrol-1", "A1", 1), ("patrol-1", "A1", 2)], "A2 never was urgent"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["answer", "fail", "refuse", "commit", "crash", "wait"]), max_size=40))
def test_whatever_happens_every_alert_arrives(tmp_path_factory, events):
    store = Store(tmp_path_factory.mktemp("feed") / "s.sqlite")
    broker, clock = Broker(), Clock()
    publisher, count = feed(store, broker, clock, (Unit("patrol-1", window=3),)), 0
    for event in [*events, "commit", *["wait", "answer"] * 60]:
        if event == "commit":
            count += 1
            store.commit(count, stamp_ns=count, alerts=[alert(count)])
        elif event == "crash":
            broker.open = []
            publisher = feed(store, broker, clock, (Unit("patrol-1", window=3),))
        elif event == "answer":
            broker.acknowledge_all()
        elif event == "fail" and broker.open:
            broker.open.pop(0)[1].set_exception(ConnectionError("gone"))
        clock.pass_s(30 if event == "wait" else 0.1)
        broker.refuses = OSError("no route") if event == "refuse" else None
        publisher.pump()
    broker.acknowledge_all()
    assert {message[1] for message in broker.sent} == {f"A{number}" for number in range(1, count + 1)}
    assert broker.numbers == {("patrol-1", f"A{number}", 0): {number} for number in range(1, count + 1)}
    assert unmarked(store, publisher) == []
    store.close()


def test_the_thread_outlives_a_store_that_is_not_there_yet(tmp_path):
    path, got, stop = tmp_path / "s.sqlite", threading.Event(), threading.Event()

    def publish(topic, payload, *, content_type, signed=True):
        got.set()
        return Future()

    publisher = Dispatcher(
        Reader(path),
        DeliveryLedger(tmp_path / FILE),
        [MqttFeed("cumberland", [Unit("patrol-1")], publish)],
        now_ns=lambda: 0,
        monotonic_s=lambda: 0.0,
        release=Unmarked(),
    )
    thread = threading.Thread(target=publisher.run, args=(stop,), kwargs={"every_s": 0.01})
    thread.start()
    Store(path).commit(1, stamp_ns=1, alerts=[alert(1)])
    assert got.wait(PATIENT_S)
    stop.set()
    thread.join(PATIENT_S)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("sector", "units", "named"),
    [
        ("cumberland", [], "no units"),
        ("cumberland", [Unit("a/b")], "not a name"),
        ("cum+berland", [Unit("a")], "not a name"),
        ("cumberland", [Unit("a"), Unit("a", priorities={"high"})], "a unit is named twice"),
    ],
)
def test_names_that_no_topic_may_hold_are_refused(sector, units, named):
    with pytest.raises(BadInput, match=named):
        MqttFeed(sector, units, Broker())
