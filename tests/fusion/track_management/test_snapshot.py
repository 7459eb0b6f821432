"""A snapshot in parts is of the moment at which it was asked for, whatever the tracker does while they are made."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest
import xarray as xr

from fusion.track_management import snapshot
from fusion.tracker import Tracker
from geo.errors import BadInput
from tests.fusion.track_management.test_timeline import LAYOUT, NIGHT, with_late

ORDER = with_late(every=7, by=30, since=20)


def after(count: int) -> Tracker:
    tracker = Tracker(LAYOUT)
    advance(tracker, ORDER[:count])
    return tracker


def advance(tracker: Tracker, numbers: Iterable[int]) -> None:
    for number in numbers:
        tracker.advance(NIGHT[number])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "PART_BYTES", 3_000)


@pytest.mark.parametrize("stop", [1, 30, 60, 110])
def test_parts_taken_while_the_tracker_continues_are_of_the_moment_of_asking(small: None, stop: int) -> None:
    """A scan, with those that it makes run again, and a taking of history between each two parts."""
    tracker, expected = after(stop), after(stop).snapshot()
    parts, taken = tracker.snapshot_parts(), list[bytes]()
    for number in ORDER[stop:]:
        taken.append(next(parts, b""))
        advance(tracker, [number])
        tracker.take_history()
    assert len([part for part in taken if part]) > 1
    assert b"".join([*taken, *parts]) == expected


def test_a_snapshot_of_many_parts_restores_the_same_tracker(small: None) -> None:
    whole = after(70)
    whole.take_history()
    saved = whole.snapshot()
    assert len(msgspec.msgpack.decode(saved, type=list[bytes])) > 5
    again = Tracker.restore(LAYOUT, None, saved)
    assert again.snapshot() == saved
    for number in ORDER[70:]:
        assert whole.advance(NIGHT[number]) == again.advance(NIGHT[number])
    xr.testing.assert_identical(whole.take_history(final=True), again.take_history(final=True))


def test_rows_that_were_taken_take_no_space(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can change or repeat them: no scan before them is taken in any more."""
    tracker = after(150)
    tracker.take_history()
    taken = [entry for entry in tracker.timeline.entries if entry.taken]
    assert taken
    assert [len(entry.rows) for entry in taken] == [0] * len(taken)


@pytest.mark.parametrize("damage", ["cut", "without its head", "of a byte", "of the version before"])
def test_a_damaged_snapshot_is_refused(damage: str) -> None:
    saved = after(40).snapshot()
    parts = msgspec.msgpack.decode(saved, type=list[bytes])
    damaged = {
        "cut": saved[:-1],
        "without its head": msgspec.msgpack.encode(parts[1:]),
        "of a byte": msgspec.msgpack.encode([*parts[:-1], parts[-1][:400] + b"?" + parts[-1][401:]]),
        "of the version before": parts[1],  # was one npz file
    }[damage]
    with pytest.raises(BadInput, match="snapshot"):
        Tracker.restore(LAYOUT, None, damaged)


def test_the_snapshot_of_an_older_store_is_refused_with_what_to_do() -> None:
    """Up to version 11 it was one npz file, and the checkpoint held it as one value."""
    npz = msgspec.msgpack.decode(after(40).snapshot(), type=list[bytes])[1]
    with pytest.raises(BadInput, match="another version; expected version 13; for an older store, replay its journal"):
        Tracker.restore(LAYOUT, None, msgspec.msgpack.encode(npz))
