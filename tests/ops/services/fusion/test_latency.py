"""Times of messages: hand-worked durations, and counters that neither decrease nor count twice after a restart."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.journal.reader import JournalReader, JournalRow
from ops.runtime.clock import ScenarioClock
from ops.sector.settings import Settings
from ops.services.fusion.latency import AWAITED, BOUNDS_S, Histogram, Latency, MessageTimes
from ops.services.fusion.process import Fusion
from ops.store.writer import Store

S = 1_000_000_000


def row(number: int, received_s: float, *, kind: str = "detections", closes: bool = False) -> JournalRow:
    received_ns = int(received_s * S)
    return JournalRow(number, kind, "r1", 1, number, received_ns, received_ns, received_ns, "", b"", closes)


def raised(*identities: str, revision: int = 0) -> list[Any]:
    return [SimpleNamespace(id=identity, revision=revision) for identity in identities]


class Clock:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> int:
        return int(self.s * S)


def followed(clock: Clock, *, rate: float = 1.0, **more: Any) -> Latency:
    return Latency(clock, lambda seconds: seconds / rate, **more)


def counted(histogram: Histogram) -> int:
    return sum(histogram.counts)


@given(st.lists(st.floats(-5, 200), max_size=50))
def test_a_histogram_counts_each_duration_in_the_first_class_that_holds_it(durations: list[float]) -> None:
    histogram = Histogram()
    for seconds in durations:
        histogram.add(seconds)
    for number, bound in enumerate(BOUNDS_S):
        assert sum(histogram.counts[: number + 1]) == sum(max(seconds, 0) <= bound for seconds in durations)
    assert counted(histogram) == len(durations)
    assert histogram.sum_s == pytest.approx(sum(max(seconds, 0) for seconds in durations))


def test_a_message_counts_when_a_picture_with_it_is_stored_and_an_alert_from_the_oldest_message_of_its_batch() -> None:
    clock = Clock()
    latency = followed(clock)
    latency.take(row(1, 10.0), [])
    latency.take(row(2, 10.5, closes=True), raised("A1"))
    clock.s = 11.0
    latency.committed(picture=False)
    assert (counted(latency.times.picture), latency.times.raised.sum_s) == (0, 1.0)  # 11.0 - 10.0
    clock.s = 12.0
    latency.committed(picture=True)
    assert (counted(latency.times.picture), latency.times.picture.sum_s) == (2, 3.5)  # 2.0 + 1.5
    clock.s = 13.0
    latency.delivered("A1", 0, clock())
    latency.delivered("A1", 1, clock())
    latency.delivered("A1", 0, clock())  # sent again
    assert latency.stored()["published"]["sum_s"] == 3.0  # 13.0 - 10.0, once
    latency.take(row(3, 13.0, kind="tick", closes=True), raised("A2"))
    clock.s = 13.25
    latency.committed(picture=True)
    assert latency.times.raised.sum_s == 1.25  # of a tick, which began no batch of messages: 13.25 - 13.0
    assert counted(latency.times.picture) == 2


def test_durations_are_wall_seconds_and_skipped_messages_are_in_no_picture() -> None:
    clock = Clock()
    latency = followed(clock, rate=10.0)
    latency.take(row(1, 0.0), [])
    latency.take(row(2, 0.0), [], skipped=True)
    clock.s = 5.0
    latency.committed(picture=True)
    assert (counted(latency.times.picture), latency.times.picture.sum_s) == (1, 0.5)


def test_after_a_restart_rows_that_were_counted_are_not_counted_again() -> None:
    clock = Clock()
    before = followed(clock)
    for number in (1, 2):
        before.take(row(number, 0.0, closes=True), raised(f"A{number}"))
        before.committed(picture=True)
    stored = msgspec.json.encode(before.stored())
    after = Latency.restored(stored, clock, lambda seconds: seconds, decided=2)
    for number in (1, 2, 3):
        after.take(row(number, 0.0, closes=True), raised(f"A{number}"))
    after.committed(picture=True)
    assert (counted(after.times.picture), counted(after.times.raised)) == (3, 3)
    assert set(after._awaited) == {"A3"}


def test_histograms_with_other_classes_begin_at_zero() -> None:
    stored = msgspec.json.encode(MessageTimes(cursor=5, bounds_s=(1.0,)))
    assert Latency.restored(stored, Clock(), float, decided=0).times == MessageTimes()


def test_alerts_that_never_reach_a_unit_are_not_kept_for_ever() -> None:
    latency = followed(Clock())
    for number in range(AWAITED + 5):
        latency.take(row(number + 1, 0.0, closes=True), raised(f"A{number}"))
    assert len(latency._awaited) == AWAITED
    assert "A4" not in latency._awaited


def test_fusion_counts_each_message_of_its_journal_once_also_after_a_kill(
    hill_journal: Path, hill_ground: Any, tmp_path: Path
) -> None:
    """Killed after 100 rows, the last of which may be in no picture yet, and then run to the end."""
    path, done = tmp_path / "s.db", 0
    with JournalReader(hill_journal) as journal:
        messages = sum(one.kind == "detections" for one in journal.read(0, 10_000))
        for killed_at in (100, None):
            store = Store(path)
            fusion = Fusion(journal, store, hill_ground, Settings(checkpoint_s=5.0), ScenarioClock.live())
            while (killed_at is None or fusion.cursor < killed_at) and fusion.step(20):
                pass
            if killed_at is None:
                fusion.finish()
            live = store.live("latency")
            assert live is not None
            before, done = done, counted(msgspec.json.decode(live.body, type=MessageTimes).picture)
            assert done >= before
            store.close()
    assert done == messages > 20
