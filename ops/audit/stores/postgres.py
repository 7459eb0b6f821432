"""An audit log in PostgreSQL: the lines of a sector in order, which any number of processes write.

A writer locks the row of the log, reads what others have added, and commits its lines only if the log still has the
lines that it has read: the number of lines is the fence. A process that was frozen for longer than the server lets a
transaction wait has lost its lock, and writes nothing with what it knew. After an error whose outcome is not known, the
next attempt reads what is there. Entries are in one partition for each day, which its erasure drops.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import psycopg

from ops.audit.entry import AuditError
from ops.audit.stores.protocol import LogDay, LogMoved
from ops.postgres.address import StoreAddress
from ops.postgres.engine import LOCK_WAIT_S
from ops.postgres.note import StoreNote
from ops.postgres.session import KeptConnection, connected, driver_errors, sector_number

_HEAD: Final = b'{"head":'
_BATCH: Final = 2_000
_WRITES: Final = 0x574C5333
"""First key of the advisory lock that writers share, by which readers know that there is one."""
_ERASE_WAIT_S: Final = 2
_SECTOR: Final = "SELECT sector FROM watchline.sectors WHERE name = $1"
ADD_LOG: Final = "INSERT INTO watchline.audit_logs (sector) VALUES ($1) ON CONFLICT DO NOTHING"
LOCK: Final = "SELECT lines, erasures FROM watchline.audit_logs WHERE sector = $1 FOR UPDATE"
TAKE: Final = """
UPDATE watchline.audit_logs SET lines = lines + $4 WHERE sector = $1 AND lines = $2 AND erasures = $3
"""
_DAYS: Final = "SELECT page, day FROM watchline.audit_days WHERE sector = $1 AND page >= $2 ORDER BY page"
ADD_DAY: Final = "INSERT INTO watchline.audit_days (sector, page, day) VALUES ($1, $2, $3)"
_ADD_LINES: Final = """
INSERT INTO watchline.{table} (sector, page, n, line)
SELECT $1, $2, added.n, added.line FROM unnest($3::bigint[], $4::bytea[]) AS added (n, line)
"""
_SOME: Final = """
(SELECT n, line FROM watchline.audit_entries WHERE sector = $1 AND page = $2 AND n >= $3 AND n < $4
 ORDER BY n {order} LIMIT $5)
UNION ALL
(SELECT n, line FROM watchline.audit_heads WHERE sector = $1 AND page = $2 AND n >= $3 AND n < $4
 ORDER BY n {order} LIMIT $5)
ORDER BY n {order} LIMIT $5
"""
_ENDS: Final = """
SELECT d.page, d.day, 1 + greatest(
    (SELECT max(n) FROM watchline.audit_entries e WHERE e.sector = d.sector AND e.page = d.page),
    (SELECT max(n) FROM watchline.audit_heads h WHERE h.sector = d.sector AND h.page = d.page))
FROM watchline.audit_days AS d WHERE d.sector = $1 ORDER BY d.page
"""
_LAST_HEAD: Final = """
SELECT coalesce(1 + max(n), 0) FROM watchline.audit_heads WHERE sector = $1 AND page = $2 AND n < $3
"""
_LAST_ENTRY: Final = "SELECT coalesce(1 + max(n), 0) FROM watchline.audit_entries WHERE sector = $1 AND page = $2"
_ERASED: Final = "UPDATE watchline.audit_days SET erased = true WHERE sector = $1 AND page = $2"
_COUNT_ERASURE: Final = "UPDATE watchline.audit_logs SET erasures = erasures + 1 WHERE sector = $1"
_WRITERS: Final = """
SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objid = $2 AND objsubid = 2
AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_MOST: Final = 2**62


@dataclass(frozen=True, slots=True)
class StoreDay:
    """The lines of a day; its size is the number of the line after its last."""

    sector: int
    page: int
    date: date
    driver: psycopg.Connection[Any] = field(compare=False, repr=False)
    address: StoreAddress = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """Number and day, as the file of the day would be named."""
        return f"{self.page:06d}-{self.day}.log"

    @property
    def day(self) -> str:
        """The day (UTC)."""
        return self.date.isoformat()

    def lines(self, size: int | None = None) -> Iterator[bytes]:
        """Yield the lines with numbers below ``size``."""
        for _, line in self.numbered(0, _MOST if size is None else size):
            yield line + b"\n"

    def backwards(self) -> Iterator[bytes]:
        """Yield the lines, the last first."""
        for _, line in self._some(0, _MOST, "DESC"):
            yield line

    def numbered(self, first: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield the lines from number ``first`` until before ``end``, with their numbers."""
        return self._some(first, end, "ASC")

    def signed_size(self, size: int) -> int:
        """Return the number of the line after the last head below ``size``."""
        with audit_errors(self.address):
            return int(self.driver.execute(_LAST_HEAD, (self.sector, self.page, size)).fetchone()[0])  # type: ignore[index]

    def _some(self, first: int, end: int, order: str) -> Iterator[tuple[int, bytes]]:
        statement = _SOME.format(order=order)
        while True:
            with audit_errors(self.address):
                values = (self.sector, self.page, first, end, _BATCH)
                rows = self.driver.execute(statement, values, binary=True).fetchall()
            yield from rows
            if len(rows) < _BATCH:
                return
            first, end = (rows[-1][0] + 1, end) if order == "ASC" else (first, rows[-1][0])


class StoreReading:
    """The log of a sector, for reading and erasure. AuditError here and in each method that asks the server."""

    def __init__(self, note: StoreNote) -> None:
        self._address = note.address()
        with audit_errors(self._address):
            self._driver = connected(self._address)
            found = self._driver.execute(_SECTOR, (note.sector,)).fetchone()
        self._sector = 0 if found is None else int(found[0])

    def days(self) -> list[StoreDay]:
        """Return the days, oldest first."""
        with audit_errors(self._address):
            found = self._driver.execute(_DAYS, (self._sector, 0)).fetchall()
        return [self._day(page, day) for page, day in found]

    def sizes(self) -> list[tuple[LogDay, int]]:
        """Return the days with the number of the line after the last of each."""
        with audit_errors(self._address):
            found = self._driver.execute(_ENDS, (self._sector,)).fetchall()
        return [(self._day(page, day), end or 0) for page, day, end in found]

    def has_writer(self) -> bool:
        """Return whether a process has the log open for writing."""
        with audit_errors(self._address):
            return bool(self._driver.execute(_WRITERS, (_WRITES, self._sector)).fetchone()[0])  # type: ignore[index]

    def erase(self, day: LogDay) -> None:
        """Drop the partition of a day, whose last line is a head."""
        assert isinstance(day, StoreDay)
        day = self._day(day.page, day.date)  # it may have been found by a connection that is closed
        with audit_errors(self._address), self._driver.transaction():
            self._driver.execute(f"SET LOCAL lock_timeout = '{_ERASE_WAIT_S}s'")
            self._driver.execute(LOCK, (self._sector,))
            size = self._driver.execute(_LAST_ENTRY, (self._sector, day.page)).fetchone()[0]  # type: ignore[index]
            if size > day.signed_size(_MOST) or day == self.days()[-1]:
                raise AuditError(f"{self._address.shown}: the day {day.day} of the audit log is not complete.")
            self._driver.execute(f"DROP TABLE watchline.{_partition(self._sector, day.page)}")
            self._driver.execute(_ERASED, (self._sector, day.page))
            self._driver.execute(_COUNT_ERASURE, (self._sector,))

    def close(self) -> None:
        """Close the connection."""
        with suppress(psycopg.Error):
            self._driver.close()

    def _day(self, page: int, day: date) -> StoreDay:
        return StoreDay(self._sector, page, day, self._driver, self._address)


class StoreWriting:
    """The log of a sector, for one of its writers; it begins empty if there is none. A lost connection is replaced."""

    def __init__(self, note: StoreNote, *, lock_wait_s: float = LOCK_WAIT_S) -> None:
        self._note, self._address, self._lock_wait_s = note, note.address(), lock_wait_s
        self._lines = self._erasures = self._found = 0
        self._day: StoreDay | None = None
        self._next: StoreDay | None = None
        self._read_again = True
        with audit_errors(self._address):
            self._kept = KeptConnection(self._address, self._prepare)

    def _prepare(self, driver: psycopg.Connection[Any]) -> None:
        driver.execute("SELECT set_config('lock_timeout', $1, false)", (f"{round(self._lock_wait_s * 1000)}ms",))
        with driver.transaction():
            self._sector = sector_number(driver, self._note.sector)
            driver.execute(ADD_LOG, (self._sector,))
        driver.execute("SELECT pg_advisory_lock_shared($1, $2)", (_WRITES, self._sector))
        self._lines, self._day, self._read_again = 0, None, True  # while it was away, a backup may have been restored

    @property
    def _driver(self) -> psycopg.Connection[Any]:
        return self._kept.driver

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the row of the log until the first ``write``, which commits, or to the end of the block."""
        self._next = None
        try:
            with audit_errors(self._address):
                self._kept.first("BEGIN")
                lines, erasures = self._driver.execute(LOCK, (self._sector,)).fetchone()  # type: ignore[misc]
            if erasures != self._erasures:
                self._lines, self._erasures, self._day, self._read_again = 0, erasures, None, True
            self._found = lines
            yield
        finally:
            self._kept.roll_back()

    def unread(self) -> tuple[bool, Iterator[tuple[str, bytes]]]:
        """Return what others have added."""
        again, self._read_again = self._read_again, False
        return again, self._added()

    def _added(self) -> Iterator[tuple[str, bytes]]:
        if self._found == self._lines:
            return
        since = 0 if self._day is None else self._day.page
        with audit_errors(self._address):
            days = self._driver.execute(_DAYS, (self._sector, since)).fetchall()
        for page, day in days:
            self._day = StoreDay(self._sector, page, day, self._driver, self._address)
            for number, line in self._day.numbered(self._lines, _MOST):
                yield f"{self._address.shown}, {self._day.name}", line
                self._lines = number + 1
        self._lines = self._found  # also where the newest lines were erased

    def is_on(self, day: str) -> bool:
        """Return whether the newest day is this one."""
        return self._day is not None and self._day.day == day

    def turn_to(self, day: str) -> None:
        """Write to this day from now on; it begins with the next ``write``, unless it is the newest."""
        if not self.is_on(day):
            page = 1 if self._day is None else self._day.page + 1
            self._next = StoreDay(self._sector, page, date.fromisoformat(day), self._driver, self._address)

    def write(self, lines: Sequence[bytes]) -> None:
        """Commit lines, if the log has not changed since it was read; LogMoved if it has."""
        day = self._next or self._day
        assert day is not None
        try:
            with audit_errors(self._address):
                self._commit(day, lines)
        except BaseException:
            self._kept.roll_back()
            raise
        self._day, self._next, self._lines = day, None, self._lines + len(lines)

    def _commit(self, day: StoreDay, lines: Sequence[bytes]) -> None:
        driver, first = self._driver, self._lines
        if not self._kept.in_transaction:
            driver.execute("BEGIN")
        if not driver.execute(TAKE, (self._sector, first, self._erasures, len(lines))).rowcount:
            raise LogMoved(f"{self._address.shown}: the audit log was written by another process; try again.")
        if self._next is not None:
            driver.execute(ADD_DAY, (self._sector, day.page, day.date))
            make_partition(driver, self._sector, day.page)
            attach_partition(driver, self._sector, day.page)
        add_lines(driver, self._sector, day.page, first, lines)
        driver.execute("COMMIT")

    def close(self) -> None:
        """Close the connection."""
        self._kept.close()


def make_partition(driver: psycopg.Connection[Any], sector: int, page: int) -> None:
    """Make a table that can become the partition of a day's entries."""
    driver.execute(
        f"CREATE TABLE watchline.{_partition(sector, page)} (LIKE watchline.audit_entries INCLUDING ALL,"
        f" CHECK (sector = {sector} AND page = {page}))"
    )


def attach_partition(driver: psycopg.Connection[Any], sector: int, page: int) -> None:
    """Make a table a partition, which waits for no reader; its check states what it holds."""
    driver.execute(
        f"ALTER TABLE watchline.audit_entries ATTACH PARTITION watchline.{_partition(sector, page)}"
        f" FOR VALUES FROM ({sector}, {page}) TO ({sector}, {page + 1})"
    )


def add_lines(
    driver: psycopg.Connection[Any],
    sector: int,
    page: int,
    first: int,
    lines: Sequence[bytes],
    *,
    attached: bool = True,
) -> None:
    """Insert lines, numbered from ``first``: heads apart from entries, whose table may not be a partition yet."""
    numbered = list(enumerate(lines, first))
    entries = "audit_entries" if attached else _partition(sector, page)
    for table, is_head in ((entries, False), ("audit_heads", True)):
        some = [(number, line) for number, line in numbered if line.startswith(_HEAD) == is_head]
        if some:
            values = (sector, page, [number for number, _ in some], [line for _, line in some])
            driver.execute(_ADD_LINES.format(table=table), values)


def _partition(sector: int, page: int) -> str:
    return f"audit_entries_{sector}_{page}"


@contextmanager
def audit_errors(address: StoreAddress) -> Iterator[None]:
    """Turn errors of the database into AuditError."""
    with driver_errors(address, "the audit log", AuditError):
        yield
