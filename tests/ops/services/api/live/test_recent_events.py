"""What is in memory is what the store would answer, whatever was forgotten; the store itself is the oracle."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ops.services.api.live.recent_events import RecentEvents
from ops.store.reader import OutboxRow, Reader
from ops.store.writer import Store
from tests.ops.services.api.test_event_stream import alert

ROWS = 40


def encode(row: OutboxRow) -> bytes:
    return b"%d: " % row.n + row.body


@pytest.mark.parametrize("most_bytes", [0, 1_000, 1_000_000])
def test_rows_after_any_number_are_those_of_the_store(tmp_path: Path, most_bytes: int) -> None:
    store = Store(tmp_path / "store.db")
    reader = Reader(store.path)
    store.commit(1, stamp_ns=1, alerts=[alert(number) for number in range(5)])  # before the start
    recent, pages = RecentEvents(reader, encode, most_bytes), []
    asyncio.run(recent.take(lambda: pages.append(recent.last)))
    assert (recent.last, recent.published_bytes, pages) == (reader.last_event(), 0, [])
    published = 0
    for cursor in range(2, 2 + ROWS):
        store.commit(cursor, stamp_ns=cursor, alerts=[alert(100 + cursor)])
        asyncio.run(recent.take(lambda: pages.append(recent.last)))
        published += len(encode(reader.outbox_after(recent.last - 1, limit=1)[0]))
        assert recent.bytes_in_memory <= most_bytes
    assert (recent.last, recent.published_bytes) == (reader.last_event(), published)
    assert pages == sorted(set(pages)), "who waits is woken once for each page"
    assert recent.bytes_in_memory == published or most_bytes < published
    for number in range(recent.last + 1):
        rows, events = asyncio.run(recent.after(number))
        assert rows == reader.outbox_after(number, limit=1_000, kind=None)
        assert events == [encode(row) for row in rows]
    reader.close()
    store.close()
