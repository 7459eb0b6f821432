"""The audit log names the sensors from which detections are collected, from when until when, and how many messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ops.audit.entry import EntryLine
from ops.audit.log import AuditLog
from ops.audit.search import EntryFilter, each_entry
from ops.audit.verify import verify
from ops.services.api.audit.collection import AGAIN_NS, EVERY_NS, MOST_NAMED, CollectionRecord
from ops.store.reader import Reader
from ops.store.writer import Store

START_NS = 1_772_402_400_000_000_000


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Any]:
    store, audit = Store(tmp_path / "store.db"), AuditLog(tmp_path / "audit")
    store.commit(1, stamp_ns=START_NS)
    reader = Reader(store.path)
    made = SimpleNamespace(store=store, now_ns=START_NS, folder=tmp_path / "audit", cursor=1)
    made.record = CollectionRecord(audit, reader, lambda: made.now_ns)
    yield made
    for part in (reader, audit, store):
        part.close()


def journal(room: Any, **counts: int) -> None:
    room.cursor += 1
    found = {name: {"received": count + 1, "journaled": count} for name, count in counts.items()}
    room.store.commit(room.cursor, stamp_ns=room.now_ns, counts=found)


def entries(room: Any) -> list[EntryLine]:
    return list(each_entry(room.folder, EntryFilter()))


def subjects(room: Any) -> list[str]:
    return [one.subject for one in entries(room)]


def test_beginning_every_hour_and_end_are_entries(room: Any) -> None:
    room.record.look()
    assert subjects(room) == [], "nothing is collected yet"
    journal(room, west=0, east=3)
    room.now_ns += AGAIN_NS
    room.record.look()
    assert subjects(room) == ["detections of east, west: collection begins, 3 messages before"]
    journal(room, west=40, east=3)
    room.now_ns += EVERY_NS - 1
    room.record.look()
    assert len(entries(room)) == 1, "not before the hour is over"
    room.now_ns += 1
    room.record.look()
    assert subjects(room)[1:] == ["detections of west: 40 messages"]
    room.now_ns += EVERY_NS
    room.record.look()
    assert len(entries(room)) == 2, "an hour without a message is none of collection"
    journal(room, west=41, east=5)
    room.record.look(ending=True)
    assert subjects(room)[2:] == ["detections of east, west: 3 messages"]
    assert {(one.operation, one.person, one.role, one.what) for one in entries(room)} == {
        ("collection", "watchline", "system", "journal")
    }
    assert all(one.purpose for one in entries(room))


def test_many_sensors_are_counted_and_the_log_is_verified(room: Any) -> None:
    journal(room, **{f"s{number:03d}": 1 for number in range(MOST_NAMED + 7)})
    room.record.look()
    assert subjects(room)[0].endswith(
        f"s{MOST_NAMED - 1:03d} and 7 more: collection begins, {MOST_NAMED + 7} messages before"
    )
    room.record.look(ending=True)
    assert verify(room.folder).ok


def test_a_store_that_cannot_be_read_stops_nothing_and_is_tried_again(tmp_path: Path, room: Any) -> None:
    reader = Reader(tmp_path / "later.db")
    record = CollectionRecord(AuditLog(tmp_path / "other"), reader, lambda: room.now_ns)
    record.look()
    store = Store(tmp_path / "later.db")
    store.commit(1, stamp_ns=START_NS, counts={"west": {"journaled": 1}})
    record.look()
    assert list(each_entry(tmp_path / "other", EntryFilter())) == [], "not at once"
    room.now_ns += AGAIN_NS
    record.look()
    assert [one.operation for one in each_entry(tmp_path / "other", EntryFilter())] == ["collection"]
    reader.close()
    store.close()
