"""The time of the journal, which differs from the host's while sensors contradict a step of the host's clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ops.journal.reader import JournalError
from ops.journal.stores.place import JournalPlace

STOPPED_S: Final = 15.0
"""Time without a new row after which ingest counts as stopped: it writes one each second."""


class JournalClock:
    """The receipt of the newest row while ingest writes, otherwise the host's time. For one thread."""

    def __init__(self, journal: JournalPlace, *, host_ns: Callable[[], int], monotonic_s: Callable[[], float]) -> None:
        self._journal, self._host_ns, self._monotonic_s = journal, host_ns, monotonic_s
        self._newest: tuple[int, int] | None = None
        """Id and receipt of the newest row; None before the first."""
        self._written_s: float | None = None
        """When a newer row was found; None before the second."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970; the host's where the journal cannot be read."""
        newest = self._read()
        if newest is not None and self._newest is not None and newest[0] > self._newest[0]:
            self._written_s = self._monotonic_s()
        self._newest = newest or self._newest
        written = self._written_s is not None and self._monotonic_s() - self._written_s <= STOPPED_S
        return newest[1] if newest is not None and written else self._host_ns()

    def _read(self) -> tuple[int, int] | None:
        try:
            with self._journal.reading() as reader:
                rows = reader.read(reader.last_id() - 1, 1)
        except (JournalError, OSError):
            return None
        return (rows[-1].id, rows[-1].received_ns) if rows else None
