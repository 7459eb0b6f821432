"""The newest rows of the outbox in memory, as events, so that a client that keeps up costs no read of the store."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable
from typing import Final

from ops.store.reader import OutboxRow, Reader

_PAGE: Final = 500
"""Rows read from the store at a time."""
_MOST_ROWS: Final = 2_000
"""Newest rows kept in memory."""


class RecentEvents:
    """Alerts and incidents in the order of their outbox numbers; older rows are read from the store on request.

    Parameters
    ----------
    reader : Reader
        The fusion store.
    encode : callable
        The event of a row.
    most_bytes : int
        Length of all events in memory.
    """

    def __init__(self, reader: Reader, encode: Callable[[OutboxRow], bytes], most_bytes: int) -> None:
        self._reader, self._encode, self._most_bytes = reader, encode, most_bytes
        self._head: int | None = None  # newest number taken from the store
        self._floor = 0  # the rows in memory are all those with floor < n <= head
        self._numbers: list[int] = []
        self._events: list[bytes] = []
        self._rows: list[OutboxRow] = []
        self.published_bytes = 0
        """Length of all events since the start."""

    @property
    def last(self) -> int:
        """Newest number that was taken from the store; 0 before the first."""
        return self._head or 0

    @property
    def bytes_in_memory(self) -> int:
        """Length of the events in memory."""
        return sum(map(len, self._events))

    async def take(self, taken: Callable[[], None]) -> None:
        """Take new rows from the store; ``taken`` is called after each page of them. Raises StoreError."""
        if self._head is None:
            self._head = self._floor = await asyncio.to_thread(self._reader.last_event)
        while rows := await self._read(self._head):
            events = [self._encode(row) for row in rows]
            self._rows += rows
            self._numbers += [row.n for row in rows]
            self._events += events
            self.published_bytes += sum(map(len, events))
            self._head = rows[-1].n
            self._forget_oldest()
            taken()

    async def after(self, number: int) -> tuple[list[OutboxRow], list[bytes]]:
        """Return rows after a number with their events, at least one unless there is none. Raises StoreError."""
        if number >= self._floor:
            start = bisect_right(self._numbers, number)
            return self._rows[start:], self._events[start:]
        rows = await self._read(number)
        return rows, [self._encode(row) for row in rows]

    async def _read(self, after: int) -> list[OutboxRow]:
        return await asyncio.to_thread(self._reader.outbox_after, after, limit=_PAGE, kind=None)

    def _forget_oldest(self) -> None:
        kept = total = 0
        for event in reversed(self._events):
            total += len(event)
            if total > self._most_bytes or kept == _MOST_ROWS:
                break
            kept += 1
        drop = len(self._events) - kept
        if drop:
            self._floor = self._numbers[drop - 1]
            del self._numbers[:drop], self._events[:drop], self._rows[:drop]
