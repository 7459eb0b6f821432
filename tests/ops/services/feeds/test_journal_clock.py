"""The clock by which pictures are out of date: the journal's while ingest writes, otherwise the host's."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ops.journal.stores.place import STOPPED_S, JournalClock, JournalPlace
from ops.journal.writer import Journal
from ops.services.feeds.tracks import OUT_OF_DATE_S, TrackFeed
from tests.ops.services.feeds.test_tracks import Store, live, track

AT_NS = 1_773_522_000_500_000_000
SECOND_NS = 10**9


@pytest.fixture
def room(tmp_path: Path) -> Iterator[SimpleNamespace]:
    """A journal, a host whose clock is ahead by ``ahead_s``, and the clock of the feeds."""
    one = SimpleNamespace(now_s=0.0, ahead_s=0.0)
    with Journal(tmp_path / "journal.db") as journal:
        place = JournalPlace(tmp_path / "journal.db")

        def tick() -> None:
            one.now_s += 1.0
            journal.tick(AT_NS + round(one.now_s * 1e9))

        one.tick = tick
        one.clock = JournalClock(
            place, host_ns=lambda: AT_NS + round((one.now_s + one.ahead_s) * 1e9), monotonic_s=lambda: one.now_s
        )
        yield one
        place.close()


def age_s(room: Any) -> float:
    return (room.clock.now_ns() - AT_NS) / SECOND_NS - room.now_s  # type: ignore[no-any-return]


def test_it_is_the_journals_while_ingest_writes_and_the_hosts_before_and_after(room: SimpleNamespace) -> None:
    room.ahead_s = 30.0
    assert age_s(room) == 30.0, "an empty journal"
    room.tick()
    assert age_s(room) == 30.0, "one row may be old"
    room.tick()
    assert age_s(room) == 0.0
    room.now_s += STOPPED_S
    assert age_s(room) == -STOPPED_S, "not yet known to have stopped"
    room.now_s += 0.1
    assert age_s(room) == 30.0
    room.tick()
    assert age_s(room) == 0.0


def test_without_a_journal_it_is_the_hosts(tmp_path: Path) -> None:
    place = JournalPlace(tmp_path / "missing.db")
    assert JournalClock(place, host_ns=lambda: AT_NS, monotonic_s=lambda: 0.0).now_ns() == AT_NS


def test_units_get_the_picture_while_sensors_contradict_a_step_of_the_hosts_clock(room: SimpleNamespace) -> None:
    """Each picture is stamped with the journal's time, from which the host then differs by half a minute."""
    store, published = Store(None), 0

    def publish(*_: Any, **__: Any) -> Future[None]:
        nonlocal published
        published += 1
        done = Future[None]()
        done.set_result(None)
        return done

    feed = TrackFeed(
        store, publish, "hills", now_ns=room.clock.now_ns, monotonic_s=lambda: room.now_s, out_of_date_s=OUT_OF_DATE_S
    )
    for second in range(1, 61):
        room.ahead_s = 30.0 if second > 20 else 0.0
        room.tick()
        store.picture = live(track("a"), at_s=room.now_s)
        feed.pump()
    assert published >= 11, "one in five seconds"
