"""The receiver's law with a journal made of lists: durable before acknowledged, in order, and nothing uncounted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import encode, encode_status
from ingest.envelope import Delivery
from ingest.receiving.batch import KEPT_BYTES, Batch
from ingest.receiving.high_water_marks import HighWaterMark
from ingest.receiving.receiver import Receiver, ReceiverSettings
from ingest.wire import MAX_PAYLOAD_BYTES, Status
from sensors.scan import Plot, Scan

NOW = datetime(2026, 3, 14, 21, 0, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * 10**9
SECTOR = "watchline/1/cumberland"


class Log:
    """What happened, in order: commits and acknowledgements."""

    def __init__(self) -> None:
        self.events: list[tuple[str, object]] = []
        self.batches: list[Batch] = []
        self.failing = False

    def commit(self, batch: Batch) -> None:
        if self.failing:
            raise OSError("disk full")
        self.events.append(("commit", len(batch.messages)))
        self.batches.append(batch)

    def acknowledge(self, delivery: Delivery) -> bool:
        self.events.append(("ack", delivery.mid))
        return True

    def receiver(self, settings: ReceiverSettings | None = None) -> Receiver:
        return Receiver(
            "cumberland",
            commit=self.commit,
            acknowledge=self.acknowledge,
            recall=lambda _sensor, _boot: (0, set()),
            settings=settings,
        )


def scan(seq: int, *, sensor: str = "r1", boot: int = 1, age_s: float = 0.0) -> bytes:
    at = NOW - timedelta(seconds=age_s)
    return encode(Scan(sensor, boot, seq, seq, at, at, "radar", (Plot(azimuth_deg=1.0),)))


def delivery(payload: bytes, *said: tuple[str, str], sensor: str = "r1", channel: str = "detections", mid: int = 0,
             content_type: str | None = "application/json") -> Delivery:  # fmt: skip
    return Delivery(f"{SECTOR}/sensor/{sensor}/{channel}", payload, content_type, said, NOW_NS, mid=mid)


def only(log: Log) -> Batch:
    assert len(log.batches) == 1
    return log.batches[0]


def test_acknowledged_after_the_commit_and_in_order_of_arrival() -> None:
    log = Log()
    log.receiver().handle([delivery(scan(seq), mid=10 - seq) for seq in range(1, 6)])
    assert log.events == [("commit", 5), *[("ack", mid) for mid in (9, 8, 7, 6, 5)]]


def test_nothing_is_acknowledged_and_no_mark_published_when_the_commit_fails() -> None:
    log = Log()
    log.failing = True
    receiver = log.receiver()
    with pytest.raises(OSError, match="disk full"):
        receiver.handle([delivery(scan(1))])
    assert log.events == []
    assert receiver.take_marks() == ()


def test_a_row_keeps_the_bytes_and_the_times() -> None:
    log, payload = Log(), scan(3, age_s=2.5)
    log.receiver().handle(
        [delivery(payload, ("boot", "1"), ("seq", "3"), ("sent", "1773522000123456789"), ("low", "3"))]
    )
    (row,) = only(log).rows
    assert (row.kind, row.sensor, row.boot, row.seq, row.body) == ("detections", "r1", 1, 3, payload)
    assert (row.observed_ns, row.received_ns) == (NOW_NS - 2_500_000_000, NOW_NS)
    assert row.sent_ns == 1773522000123456789
    assert only(log).marks == (HighWaterMark("r1", 1, 3),)


def test_no_records_of_plots_are_made_to_journal_a_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would take most of the time of a scan of fifty plots; fusion makes them from the journaled bytes."""
    log, payload = Log(), scan(1)
    monkeypatch.delattr("ingest.decode._plot")
    log.receiver().handle([delivery(payload)])
    assert [row.body for row in only(log).rows] == [payload]


def test_a_missing_content_type_is_json_because_mqtt_3_cannot_say() -> None:
    log = Log()
    log.receiver().handle([delivery(scan(1), content_type=None)])
    assert len(only(log).rows) == 1


@pytest.mark.parametrize(
    ("payload", "said", "code", "field", "identity"),
    [
        (b"{}", (("boot", "1"), ("seq", "7")), "missing_field", "sensor", (1, 7)),
        (b"{}", (), "missing_field", "sensor", (None, None)),
        (b"{}", (("boot", "1"), ("seq", "-7")), "missing_field", "sensor", (None, None)),
        (b"{}", (("boot", "1"), ("seq", "7" * 30)), "missing_field", "sensor", (None, None)),
        (b"{}", (("boot", "\u0661"), ("seq", "7")), "missing_field", "sensor", (None, None)),
        (scan(1), (("boot", "1"), ("seq", "2")), "identity_mismatch", "boot, seq", (None, None)),
        (scan(1, sensor="r2"), (("boot", "1"), ("seq", "1")), "sensor_mismatch", "sensor", (1, 1)),
        (scan(1, age_s=-0.6), (), "future", "observed_at", (1, 1)),
        (scan(1, age_s=86_401), (("boot", "1"), ("seq", "1")), "expired", "observed_at", (1, 1)),
        (b"x" * (MAX_PAYLOAD_BYTES + 1), (), "too_large", "payload", (None, None)),
    ],
)
def test_a_bad_message_becomes_a_dead_letter(
    payload: bytes, said: tuple[tuple[str, str], ...], code: str, field: str, identity: tuple[int | None, int | None]
) -> None:
    log = Log()
    receiver = log.receiver()
    receiver.handle([delivery(payload, *said, mid=5)])
    (dead,) = only(log).dead_letters
    assert (dead.code, dead.field, (dead.boot, dead.seq)) == (code, field, identity)
    assert (dead.sensor, dead.topic, dead.received_ns) == ("r1", f"{SECTOR}/sensor/r1/detections", NOW_NS)
    assert dead.body == payload[:KEPT_BYTES]
    assert dead.size == len(payload)
    assert dead.ahead_s == (0.6 if code == "future" else None), "how far the sender's clock is ahead"
    assert ("ack", 5) in log.events, "a dead letter is settled: the broker must not send it again"
    assert bool(receiver.take_marks()) == (identity[0] is not None)


def test_just_inside_the_window_of_time_is_a_row() -> None:
    log = Log()
    log.receiver().handle([delivery(scan(1, age_s=-0.5)), delivery(scan(2, age_s=86_400)), delivery(scan(3, age_s=61))])
    assert len(only(log).rows) == 3, "late up to a day is journaled as backfill"
    narrow = Log()
    narrow.receiver(ReceiverSettings(future_s=0.0, backfill_s=60.0)).handle(
        [delivery(scan(1, age_s=-0.5)), delivery(scan(3, age_s=61))]
    )
    assert [dead.code for dead in only(narrow).dead_letters] == ["future", "expired"]


@pytest.mark.parametrize(
    ("topic", "code"),
    [
        ("watchline/1/elsewhere/sensor/r1/detections", "wrong_sector"),
        (f"{SECTOR}/sensor/r1/ack", "wrong_channel"),
        (f"{SECTOR}/unit/u1/alerts", "wrong_channel"),
        ("\ufffd", "bad_topic"),
    ],
)
def test_a_topic_that_ingest_does_not_take_is_counted_under_no_sensor(topic: str, code: str) -> None:
    log = Log()
    log.receiver().handle([Delivery(topic, scan(1), "application/json", (("boot", "1"), ("seq", "1")), NOW_NS)])
    assert [dead.code for dead in only(log).dead_letters] == [code]
    assert only(log).received == {("", "unknown"): 1}
    assert only(log).marks == ()


def test_a_unit_that_speaks_for_another_is_a_dead_letter_of_its_own() -> None:
    log = Log()
    payload = b'{"unit":"u2","boot":1,"seq":1,"observed_at":"2026-03-14T21:00:00Z","lon":8.0,"lat":47.0}'
    topic = f"{SECTOR}/unit/u1/position"
    log.receiver().handle([Delivery(topic, payload, None, (), NOW_NS), Delivery(topic, payload[:-1], None, (), NOW_NS)])
    assert [(dead.code, dead.sensor, dead.kind) for dead in only(log).dead_letters] == [
        ("unit_mismatch", "u1", "position"),
        ("not_json", "u1", "position"),
    ]
    assert only(log).marks == ()


@pytest.mark.parametrize("said", [(), (("boot", "1"), ("seq", "3"))], ids=["body alone", "properties too"])
@pytest.mark.parametrize(
    "payload",
    [
        scan(3, age_s=3600.0 * 24 * 40),
        scan(3, age_s=-3600.0),
        scan(3).replace(b"1.0", b"360.0"),
        scan(3).replace(b'"kind"', b'"site": "north", "kind"'),
        scan(3).replace(b'"r1"', b'"r2"'),
    ],
    ids=["expired", "future", "out of range", "unknown field", "another sensor"],
)
def test_a_refused_scan_settles_its_number_so_that_its_sender_stops_sending_it(
    payload: bytes, said: tuple[tuple[str, str], ...]
) -> None:
    log = Log()
    log.receiver().handle([delivery(scan(1)), delivery(scan(2)), delivery(payload, *said), delivery(scan(4))])
    (letter,) = only(log).dead_letters
    assert (letter.boot, letter.seq) == (1, 3)
    assert only(log).marks == (HighWaterMark("r1", 1, 4),)


@pytest.mark.parametrize(
    "payload", [b"{}", b"[]", b"\xff", b'{"boot": 1, "seq": -1}', b'{"boot": "1", "seq": 3}', b"{" * 99_999]
)
def test_a_refused_message_without_numbers_settles_nothing(payload: bytes) -> None:
    log = Log()
    log.receiver().handle([delivery(payload)])
    (letter,) = only(log).dead_letters
    assert (letter.boot, letter.seq) == (None, None)
    assert only(log).marks == ()


def test_status_is_a_row_of_its_own_kind_and_may_be_old_because_it_is_retained() -> None:
    log = Log()
    old = NOW - timedelta(days=3)
    payload = encode_status(Status(sensor="r1", boot=4, seq=9, observed_at=old, state="lost"))
    log.receiver().handle([delivery(payload, channel="status"), delivery(b"{}", channel="status")])
    (row,) = only(log).rows
    assert (row.kind, row.boot, row.seq) == ("status", 4, 9)
    assert only(log).marks == (), "status messages are not spooled, so none waits for a mark"
    assert only(log).received == {("r1", "status"): 2}


def test_marks_are_published_again_when_only_duplicates_came() -> None:
    receiver = Log().receiver()
    receiver.handle([delivery(scan(1)), delivery(scan(2))])
    assert receiver.take_marks() == (HighWaterMark("r1", 1, 2),)
    assert receiver.take_marks() == ()
    receiver.handle([delivery(scan(1))])
    assert receiver.take_marks() == (HighWaterMark("r1", 1, 2),), "the sender may have missed it"


def test_shed_messages_are_counted() -> None:
    log = Log()
    log.receiver().handle([delivery(scan(1))], shed={f"{SECTOR}/sensor/r1/detections": 3, "nonsense": 2})
    assert only(log).received == {("r1", "detections"): 4, ("", "unknown"): 2}
    assert only(log).shed == {("r1", "detections"): 3, ("", "unknown"): 2}


MESSAGES = st.one_of(
    st.builds(
        lambda seq, sensor: delivery(scan(seq, sensor=sensor), sensor=sensor), st.integers(1, 9), st.sampled_from("ab")
    ),
    st.builds(lambda seq: delivery(b"{", ("boot", "1"), ("seq", str(seq))), st.integers(1, 9)),
    st.builds(lambda body: delivery(body), st.binary(max_size=30)),
    st.builds(lambda topic: Delivery(topic, b"{}", None, (), NOW_NS), st.text(max_size=20)),
    st.builds(lambda value: delivery(json.dumps(value).encode()), st.integers() | st.text(max_size=5)),
)


@given(st.lists(st.lists(MESSAGES, max_size=6), max_size=6))
def test_every_delivery_is_committed_once_and_acknowledged_once(batches: list[list[Delivery]]) -> None:
    log = Log()
    receiver = log.receiver()
    for batch in batches:
        receiver.handle(batch)
    received = [message for batch in log.batches for message in batch.messages]
    assert len(received) == sum(map(len, batches))
    assert sum(event == "ack" for event, _ in log.events) == sum(map(len, batches))
    assert sum(batch.received.total() for batch in log.batches) == sum(map(len, batches))
    for batch in log.batches:
        assert len(batch.rows) + len(batch.dead_letters) == len(batch.messages)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=30), st.integers(1, 5))
def test_cutting_into_other_batches_gives_the_same_marks(seqs: list[int], size: int) -> None:
    one, many = Log().receiver(), Log().receiver()
    one.handle([delivery(scan(seq)) for seq in seqs])
    for i in range(0, len(seqs), size):
        many.handle([delivery(scan(seq)) for seq in seqs[i : i + size]])
    assert one.take_marks() == many.take_marks()


def test_what_we_removed_ourselves_is_no_message_of_the_sensors_and_a_strangers_removal_is() -> None:
    taken: list[Batch] = []
    acknowledged: list[Delivery] = []
    door = Receiver("x", commit=taken.append, acknowledge=acknowledged.append, recall=lambda *_: (0, set()))
    topic = "watchline/1/x/sensor/r1/status"
    door.removals[topic] += 2
    empty = Delivery(topic, b"", None, (), 10**18)
    for _ in range(3):
        door.handle([empty])
    assert [len(batch.messages) for batch in taken] == [0, 0, 1]
    assert len(acknowledged) == 3, "each is acknowledged, or it would come for ever"
