"""The ledger of deliveries: which number each receiver's rows have, and which of them are delivered.

``feeds.db`` beside the store, with one writer, the feeds process. A row has its number on disk before it is sent, so
that it keeps it over a kill at any point.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from ops.runtime.files.transaction import BUSY_S, transaction
from ops.services.feeds.feed import rank_of
from ops.store.connections import StoreError, store_exists
from ops.store.reader import OutboxRow, Reader
from ops.store.writer import mark_rows

FILE: Final = "feeds.db"
WAITING, DELIVERED, SUPERSEDED, DEAD, HELD = range(5)
"""States of a delivery. SUPERSEDED: left out, because the receiver gets a later revision, the record is erased, or a
digest named it. HELD: waits for a digest."""
KEPT: Final = 20_000
"""Numbers of each receiver that the ledger keeps after they are settled."""
PRUNE_EVERY: Final = 5_000
_ALERTS_A_QUERY: Final = 500

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS taken (
    one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL, alert TEXT NOT NULL, revision INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS receivers (receiver TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS absent (receiver TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (
    receiver TEXT NOT NULL, number INTEGER NOT NULL, n INTEGER NOT NULL,
    alert TEXT NOT NULL, revision INTEGER NOT NULL, rank INTEGER NOT NULL,
    state INTEGER NOT NULL, at_ns INTEGER, problem TEXT,
    PRIMARY KEY (receiver, number)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS deliveries_by_row ON deliveries (receiver, n);
CREATE INDEX IF NOT EXISTS deliveries_by_alert ON deliveries (receiver, alert);
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (n) WHERE state = 0;
CREATE TABLE IF NOT EXISTS settled (
    id INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER NOT NULL UNIQUE,
    alert TEXT NOT NULL, revision INTEGER NOT NULL, at_ns INTEGER NOT NULL, published INTEGER NOT NULL
);
"""


class NumberedRow(NamedTuple):
    """A row of the outbox under its number for a receiver; ``rank`` is that of its priority, 0 the most urgent."""

    number: int
    n: int
    alert: str
    revision: int
    rank: int
    state: int = WAITING


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a delivery: its state from then on, and for a dead letter the reason."""

    receiver: str
    number: int
    state: int
    at_ns: int
    problem: str = ""


class SettledRow(NamedTuple):
    """A row of the outbox that no receiver waits for any more. ``published``: at least one receiver has it."""

    id: int
    n: int
    alert: str
    revision: int
    at_ns: int
    published: bool


class DeliveryLedger:
    """The writer's interface. Any thread may call it. StoreError for a file that cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._since_pruned, self._version = 0, 0
        with _as_store_error(path):
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
            run = self._connection.execute
            run("PRAGMA journal_mode = WAL")
            run("PRAGMA synchronous = FULL")
            run("PRAGMA journal_size_limit = 16777216")
            with transaction(self._connection):
                for statement in _TABLES.split(";"):
                    run(statement)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @property
    def is_new(self) -> bool:
        """Whether no row was ever taken."""
        return not self._rows("SELECT 1 FROM taken")

    def last_taken(self) -> tuple[int, str, int]:
        """Return (n, alert, revision) of the last outbox row that was taken; (0, "", 0) before the first."""
        rows = self._rows("SELECT n, alert, revision FROM taken")
        return rows[0] if rows else (0, "", 0)

    def begin_at(self, n: int, event: tuple[str, int] | None) -> None:
        """Take the rows after ``n``, which is this ``event``, from now on, of a store whose earlier rows have no
        deliveries in this ledger.

        The numbers of the receivers continue, and they are absent until ``admit``.
        """
        with self._lock, _as_store_error(self.path), transaction(self._connection):
            self._connection.execute("DELETE FROM deliveries")
            self._connection.execute("DELETE FROM settled")
            self._connection.execute("INSERT OR IGNORE INTO absent SELECT receiver FROM receivers")
            self._connection.execute("INSERT OR REPLACE INTO taken VALUES (1, ?, ?, ?)", (n, *(event or ("", 0))))

    def take(
        self,
        rows: Sequence[OutboxRow],
        wanted: Mapping[str, Sequence[OutboxRow]],
        *,
        at_ns: int,
        held: Collection[tuple[str, int]] = (),
    ) -> dict[str, list[NumberedRow]]:
        """Number the rows of each receiver, in order, and note that all ``rows`` are taken; return the new numbers.

        A row that a receiver has already keeps its number and is not returned. A row that no receiver waits for is
        settled. ``held``: (receiver, n) of rows that wait for a digest.
        """
        numbered: dict[str, list[NumberedRow]] = {}
        with self._lock, _as_store_error(self.path), transaction(self._connection):
            for receiver, its_rows in wanted.items():
                numbered[receiver] = self._number(receiver, its_rows, held, at_ns)
            for row in rows:
                self._settle(row.n, row.alert, row.revision, at_ns)
            if rows:
                last = rows[-1]
                self._connection.execute(
                    "INSERT OR REPLACE INTO taken VALUES (1, ?, ?, ?)", (last.n, last.alert, last.revision)
                )
        return numbered

    def finish(self, results: Sequence[Finished]) -> None:
        """Note how deliveries ended; a row that no receiver waits for any more is settled."""
        run = self._connection.execute
        with self._lock, _as_store_error(self.path), transaction(self._connection):
            touched: dict[int, tuple[str, int, int]] = {}
            for one in results:
                changed = run(
                    "UPDATE deliveries SET state = ?, at_ns = ?, problem = ? WHERE receiver = ? AND number = ?"
                    " AND state <> ? RETURNING n, alert, revision",
                    (one.state, one.at_ns, one.problem or None, one.receiver, one.number, DELIVERED),
                ).fetchone()
                if changed is not None:
                    touched[changed[0]] = changed[1], changed[2], one.at_ns
            for n, (alert, revision, at_ns) in touched.items():
                self._settle(n, alert, revision, at_ns)
            self._since_pruned += len(results)
            if self._since_pruned >= PRUNE_EVERY:
                self._since_pruned = 0
                self._prune()

    def keep_only(self, receivers: Collection[str], *, at_ns: int) -> None:
        """Let no row wait for any other receiver: those that the settings no longer name. They are then absent."""
        for (gone,) in self._rows("SELECT receiver FROM receivers"):
            if gone in receivers:
                continue
            left = [*self.waiting(gone), *self.held(gone)]
            self.finish([Finished(gone, one.number, SUPERSEDED, at_ns) for one in left])
            with self._lock, _as_store_error(self.path), transaction(self._connection):
                self._connection.executemany(  # so that it can be given them if it comes back
                    "DELETE FROM deliveries WHERE receiver = ? AND number = ?", [(gone, one.number) for one in left]
                )
                self._connection.execute("INSERT OR IGNORE INTO absent VALUES (?)", (gone,))

    def newcomers(self, receivers: Iterable[str]) -> list[str]:
        """Return which of these receivers were never present, or were absent since."""
        present = {name for (name,) in self._rows("SELECT receiver FROM receivers EXCEPT SELECT receiver FROM absent")}
        return [one for one in receivers if one not in present]

    def admit(self, receivers: Collection[str]) -> None:
        """Note that receivers are present; their numbers continue."""
        with self._lock, _as_store_error(self.path), transaction(self._connection):
            for one in receivers:
                self._connection.execute("INSERT OR IGNORE INTO receivers VALUES (?, 0)", (one,))
                self._connection.execute("DELETE FROM absent WHERE receiver = ?", (one,))

    def waiting(self, receiver: str) -> list[NumberedRow]:
        """Return the rows that a receiver waits for, by number."""
        return self._numbered("receiver = ? AND state = ?", receiver, WAITING)

    def held(self, receiver: str) -> list[NumberedRow]:
        """Return the rows that wait for a receiver's next digest, by number."""
        return self._numbered("receiver = ? AND state = ?", receiver, HELD)

    def after(self, receiver: str, number: int) -> list[NumberedRow]:
        """Return all rows above a number that a receiver has, waits for, or did not get; by number."""
        return self._numbered("receiver = ? AND number > ?", receiver, number)

    def number_of(self, receiver: str) -> int:
        """Return the last number of a receiver; 0 before the first."""
        rows = self._rows("SELECT number FROM receivers WHERE receiver = ?", receiver)
        return int(rows[0][0]) if rows else 0

    def knows(self, receiver: str, alert: str) -> bool:
        """Return whether a receiver was given, or waits for, any revision of an alert or incident."""
        return self.best_rank(receiver, [alert]) is not None

    def best_rank(self, receiver: str, alerts: Sequence[str]) -> int | None:
        """Return the rank of the most urgent of these alerts that a receiver was given or waits for; None for none."""
        ranks = []
        for begin in range(0, len(alerts), _ALERTS_A_QUERY):
            some = alerts[begin : begin + _ALERTS_A_QUERY]
            sql = (
                "SELECT min(rank) FROM deliveries WHERE receiver = ? AND state IN (?, ?)"  # noqa: S608
                f" AND alert IN ({', '.join('?' * len(some))})"
            )
            ranks.append(self._rows(sql, receiver, WAITING, DELIVERED, *some)[0][0])
        return min((rank for rank in ranks if rank is not None), default=None)

    def changed_elsewhere(self) -> bool:
        """Return whether another process, such as a command, has written to the file since the last call."""
        version = int(self._rows("PRAGMA data_version")[0][0])
        changed, self._version = version != self._version, version
        return changed

    def dead_letters(self, receiver: str | None = None) -> list[tuple[str, int, str, int, str]]:
        """Return (receiver, number, alert, revision, reason) of the dead letters, of one receiver or of all."""
        return self._rows(
            "SELECT receiver, number, alert, revision, coalesce(problem, '') FROM deliveries"
            " WHERE state = ?1 AND (?2 IS NULL OR receiver = ?2) ORDER BY receiver, number",
            DEAD,
            receiver,
        )

    def overdue(self, receiver: str, before_ns: int) -> list[int]:
        """Return the numbers of the rows that a receiver has been waiting for since before a time."""
        sql = "SELECT number FROM deliveries WHERE receiver = ? AND state = ? AND at_ns < ?"
        return [number for (number,) in self._rows(sql, receiver, WAITING, before_ns)]

    def begin_to_wait(self, at_ns: int) -> None:
        """Let the rows that were put back, by a command or an earlier version, have been waiting since ``at_ns``."""
        with self._lock, _as_store_error(self.path), transaction(self._connection):
            self._connection.execute(
                "UPDATE deliveries SET at_ns = ? WHERE state = ? AND at_ns IS NULL", (at_ns, WAITING)
            )

    def replay(self, receiver: str) -> int:
        """Send the dead letters of a receiver again, under their numbers; return how many there are."""
        with self._lock, _as_store_error(self.path), transaction(self._connection):
            return self._connection.execute(
                "UPDATE deliveries SET state = ?, at_ns = NULL, problem = NULL WHERE receiver = ? AND state = ?",
                (WAITING, receiver, DEAD),
            ).rowcount

    def _number(
        self, receiver: str, rows: Iterable[OutboxRow], held: Collection[tuple[str, int]], at_ns: int
    ) -> list[NumberedRow]:
        run = self._connection.execute
        found = run("SELECT number FROM receivers WHERE receiver = ?", (receiver,)).fetchone()
        last, made = found[0] if found else 0, []
        for row in rows:
            state = HELD if (receiver, row.n) in held else WAITING
            one = NumberedRow(last + 1, row.n, row.alert, row.revision, rank_of(row.priority), state)
            added = run(
                "INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", (receiver, *one, at_ns)
            ).rowcount
            if added:
                made.append(one)
                last = one.number
        run("INSERT OR REPLACE INTO receivers VALUES (?, ?)", (receiver, last))
        return made

    def _settle(self, n: int, alert: str, revision: int, at_ns: int) -> None:
        self._connection.execute(
            "INSERT OR IGNORE INTO settled (n, alert, revision, at_ns, published) SELECT ?1, ?2, ?3, ?4,"
            " EXISTS (SELECT 1 FROM deliveries WHERE n = ?1) WHERE NOT EXISTS"
            " (SELECT 1 FROM deliveries WHERE n = ?1 AND state = 0)",
            (n, alert, revision, at_ns),
        )

    def _prune(self) -> None:
        run = self._connection.execute
        for receiver, number in run("SELECT receiver, number FROM receivers").fetchall():
            run(
                "DELETE FROM deliveries WHERE receiver = ? AND number <= ? AND state IN (?, ?)",
                (receiver, number - KEPT, DELIVERED, SUPERSEDED),
            )
        run("DELETE FROM settled WHERE id <= (SELECT max(id) FROM settled) - ?", (KEPT,))

    def _numbered(self, where: str, *values: Any) -> list[NumberedRow]:
        sql = f"SELECT number, n, alert, revision, rank, state FROM deliveries WHERE {where} ORDER BY number"  # noqa: S608
        return [NumberedRow(*row) for row in self._rows(sql, *values)]

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with self._lock, _as_store_error(self.path):
            return self._connection.execute(sql, values).fetchall()


def settled_after(path: Path, identity: int, *, from_row: int = 0, limit: int = 5_000) -> list[SettledRow]:
    """Return the next settled rows of a ledger, for fusion to mark in the store; none while there is no ledger.

    ``from_row``: leave out outbox rows before it.
    """
    if not path.exists():
        return []
    with (
        _as_store_error(path),
        closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=1)) as connection,
    ):
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'settled'").fetchone():
            return []
        rows = connection.execute(
            "SELECT id, n, alert, revision, at_ns, published FROM settled WHERE id > ? AND n >= ? ORDER BY id LIMIT ?",
            (identity, from_row, limit),
        ).fetchall()
    return [SettledRow(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows]


def undelivered_rows(path: Path) -> tuple[list[int], int] | None:
    """Return the outbox numbers that a receiver waits for, a digest included, and the last one that was taken.

    None where there is no ledger: then no receiver waits.
    """
    if not path.exists():
        return None
    with (
        _as_store_error(path),
        closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=1)) as connection,
    ):
        taken = connection.execute("SELECT n FROM taken").fetchone()
        rows = connection.execute("SELECT DISTINCT n FROM deliveries WHERE state IN (?, ?)", (WAITING, HELD))
        return None if taken is None else ([n for (n,) in rows], taken[0])


def mark_deliveries(store: Path, *, fence: int | None = None) -> None:
    """Mark in a store what the ledger beside it has as delivered; nothing if another process writes the store.

    Nor if one has written it under a later lease than ``fence``, as when this process was frozen meanwhile.
    """
    ledger = store.with_name(FILE)
    if not store_exists(store) or not ledger.exists():
        return
    with suppress(StoreError):
        with closing(Reader(store)) as reader:
            first = reader.first_undelivered()
        if first is not None:
            settled = settled_after(ledger, 0, from_row=first, limit=1_000_000)
            mark_rows(store, [(row.at_ns, row.n) for row in settled], fence=fence)


@contextmanager
def _as_store_error(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{path}: the ledger of deliveries cannot be used ({error}).") from error
