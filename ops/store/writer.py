"""The store of the fusion process: alerts, outbox, picture, track history and checkpoint, one transaction per step.

One process writes (``Store``), any number read (``Reader``). The results of one step of the journal are stored
completely or not at all. After a crash the store returns to its last checkpoint. History written since then is removed
and will be written again. Alerts stay, because (alert id, revision) is unique: re-running the journal from the
checkpoint publishes nothing twice and loses nothing.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from geo.errors import BadInput
from ops.audit.day_keys import DayKeyError, ErasedDay, KeyKind, KeysFull
from ops.runtime.fence import LOST, is_fenced_by, raise_fence
from ops.runtime.file_lock import lock_file
from ops.store import incidents
from ops.store.checkpoints import parts as checkpoints
from ops.store.connections import APPLICATION_ID, SCHEMA_VERSION, StoreError, StoreLost, check_version
from ops.store.encryption import about, sealed_estimate
from ops.store.markings import TABLES as MARKING_TABLES
from ops.store.markings import write_markings
from ops.store.moments import TABLES as MOMENTS
from ops.store.moments import MomentWriter, write_moment
from ops.store.reader import Reader, StoreFull
from ops.store.rows import OPEN, alert_row, checked_counts, checked_json, history_rows, to_json

_TABLES = """
CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    cursor INTEGER NOT NULL,
    checkpoint_cursor INTEGER NOT NULL,
    checkpoint_history INTEGER NOT NULL,
    diverged INTEGER NOT NULL
);
INSERT INTO meta VALUES (1, 0, 0, 0, 0);
CREATE TABLE checkpoint (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    body BLOB
);
INSERT INTO checkpoint VALUES (1, NULL);
CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'acknowledged', 'cleared', 'rejected')),
    priority NOT NULL,
    raised_ns INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX alerts_by_time ON alerts (raised_ns, id);
CREATE TABLE outbox (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('alert', 'incident')),
    alert TEXT NOT NULL,
    revision INTEGER NOT NULL,
    priority NOT NULL,
    body TEXT NOT NULL,
    delivered_ns INTEGER,
    UNIQUE (alert, revision)
);
CREATE INDEX outbox_waiting ON outbox (n) WHERE delivered_ns IS NULL;
CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    track TEXT NOT NULL,
    time_ns INTEGER NOT NULL,
    easting REAL, northing REAL, easting_rate REAL, northing_rate REAL,
    cov BLOB NOT NULL,
    existence REAL,
    status TEXT NOT NULL,
    segment INTEGER NOT NULL,
    offset_m REAL
);
"""


_LIVE = """
CREATE TABLE live (
    part TEXT PRIMARY KEY CHECK (part IN ('tracks', 'bearings', 'sensors', 'counts', 'latency', 'forces')),
    cursor INTEGER NOT NULL,
    stamp_ns INTEGER NOT NULL,
    body TEXT NOT NULL
)
"""
_SKIPS = """
CREATE TABLE IF NOT EXISTS skips (id INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS decided (one INTEGER PRIMARY KEY CHECK (one = 1), cursor INTEGER NOT NULL)
"""
"""Journal rows that fusion skipped since the checkpoint, and the row up to which the decision is final."""


_MARK = "UPDATE outbox SET delivered_ns = ? WHERE n = ? AND delivered_ns IS NULL"


class Store(Reader):
    """The writer's interface. Opening takes the file's lock, creates the tables and returns to the last checkpoint.

    The store is complete up to journal row ``cursor``, from which fusion continues. ``decided`` is the row that it had
    reached before the restart; up to that row it skips the rows in ``skips`` again and no others. ``checkpoint`` is
    fusion's snapshot at ``cursor`` on opening, until a newer one is written; None if none was taken (then ``cursor`` is
    0: run the journal from its start).
    ``encrypted``: personal data are encrypted under the key of their day (``ops.audit.day_keys``). ``fence``: number
    of the lease under which this process writes (``ops.runtime.fence``).
    Raises StoreError when another process writes the same file, or the file is not a store of this version;
    StoreLost when a later lease has written.
    """

    def __init__(self, path: Path, *, encrypted: bool = False, fence: int | None = None) -> None:
        super().__init__(path)
        self._fence = fence
        self._encrypted, self._moments = encrypted, MomentWriter()
        self._delivered: deque[tuple[int, int]] = deque()
        self._lock = threading.Lock()
        self._connection: Any = None
        self._checkpoint: checkpoints.CheckpointBegun | None = None
        self._lock_file: int | None = _lock(path)
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._prepare()
            self.cursor, self.checkpoint = self._rewind()
        except BaseException as error:
            self.close()
            if isinstance(error, sqlite3.Error):
                raise StoreError(f"{path}: cannot be opened as a store ({error}).") from error
            raise

    def commit(
        self,
        cursor: int,
        *,
        stamp_ns: int,
        alerts: Iterable[Mapping[str, Any]] = (),
        tracks_live: Sequence[Mapping[str, Any]] | bytes | None = None,
        history: Any = None,
        checkpoint: bytes | None = None,
        bearings: Sequence[Mapping[str, Any]] | bytes | None = None,
        sensors: Sequence[Mapping[str, Any]] | bytes | None = None,
        counts: Mapping[str, Mapping[str, int]] | None = None,
        forces: Mapping[str, Any] | None = None,
        latency: Mapping[str, Any] | None = None,
        skipped: Iterable[int] = (),
        incident_revisions: Iterable[Mapping[str, Any]] = (),
        outcomes: Iterable[Mapping[str, Any]] = (),
        markings: Iterable[tuple[str, str, str]] = (),
    ) -> int:
        """Write fusion's results up to journal row ``cursor``; return the number of new alert revisions.

        ``stamp_ns`` is the journal's time there, UTC nanoseconds since 1970. ``alerts`` are plain dicts with id,
        revision, status, priority, raised_at (aware datetime or RFC 3339 text) and any further fields of an alert.
        ``history`` is a dataset or mapping of columns along ``estimate``; non-standard columns are not stored.
        ``checkpoint`` is the snapshot of fusion after ``cursor``. ``skipped`` lists the journal rows that fusion
        skipped. ``incident_revisions`` and ``outcomes`` (of actions, by id) are plain dicts. ``markings``: those
        that changed, as (kind of record, id, marking). None leaves a part unchanged; NaN becomes null. Raises BadInput
        for values that cannot be stored, StoreFull when the disk is full, StoreError otherwise; in these cases nothing
        of this call was written and the same call may be repeated.
        """
        if cursor < self.cursor:
            raise BadInput(f"cursor {cursor} lies before {self.cursor}", where="commit", expected="a cursor that rises")
        alert_rows = [alert_row(alert) for alert in alerts]
        incident_rows = [incidents.incident_row(one) for one in incident_revisions]
        outcome_rows = [incidents.outcome_row(one) for one in outcomes]
        rows = [] if history is None else history_rows(history)
        parts = {
            name: checked_json(body, where=name) if isinstance(body, bytes) else to_json(body, where=name)
            for name, body in (
                ("tracks", tracks_live),
                ("bearings", bearings),
                ("sensors", sensors),
                ("counts", checked_counts(counts)),
                ("forces", forces),
                ("latency", latency),
            )
            if body is not None
        }
        units = {} if forces is None else {"units": to_json(forces["units"], where="units")}
        moment, size = self._moments.next(cursor, stamp_ns, parts | units), 0
        delivered = [self._delivered.popleft() for _ in range(len(self._delivered))]
        try:
            with self._transaction() as run:
                write_markings(run, markings)
                new = self._write_alerts(alert_rows)
                incidents.write_incidents(run, self, incident_rows, stamp_ns)
                incidents.write_outcomes(run, self, outcome_rows, stamp_ns)
                self._write_live(cursor, stamp_ns, parts)
                if moment is not None:
                    size = write_moment(run, self, moment, cursor)
                self._write_history(rows)
                self._write_delivered(delivered)
                self._write_skips(skipped)
                run("UPDATE meta SET cursor = ?", (cursor,))
                if checkpoint is not None:
                    checkpoints.write_whole(run, self._checkpoint_record(checkpoint, stamp_ns), cursor)
        except BaseException:
            self._delivered.extendleft(reversed(delivered))
            raise
        self.cursor = cursor
        if moment is not None:
            self._moments.accept(moment, cursor, size)
        if checkpoint is not None:
            self.checkpoint = self._checkpoint = None
        return new

    def begin_checkpoint(self) -> None:
        """Begin a checkpoint in parts, of the state of fusion after ``cursor``; one that is not ended is given up.

        The parts are added between other commits. Until ``end_checkpoint`` the checkpoint before it remains the one to
        which the store returns after a crash.
        """
        with self._transaction() as run:
            self._checkpoint = checkpoints.begin(run, self.cursor)

    def add_to_checkpoint(self, part: bytes, *, stamp_ns: int) -> None:
        """Write the next part of the checkpoint that was begun. Raises as ``commit`` does, and may be repeated then."""
        assert self._checkpoint is not None
        record = self._checkpoint_record(part, stamp_ns, self._checkpoint.count + 1)
        with self._transaction() as run:
            checkpoints.write_part(run, self._checkpoint, record)
        self._checkpoint.count += 1

    def end_checkpoint(self) -> None:
        """Make the checkpoint that was begun the one to return to. Raises as ``commit`` does."""
        assert self._checkpoint is not None
        with self._transaction() as run:
            checkpoints.validate(run, self._checkpoint)
        self.checkpoint = self._checkpoint = None

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """Lend the connection's ``execute`` for one transaction; StoreFull or StoreError for what cannot be written."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                self._check_fence()
                yield self._connection.execute
                self._connection.execute("COMMIT")
            except BaseException as error:
                with suppress(sqlite3.Error):  # SQLite may already have rolled back on a full disk
                    self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error | UnicodeError | OverflowError | DayKeyError):
                    raise _store_error(self.path, error) from error
                raise

    def _check_fence(self) -> None:
        """Raise StoreLost in a transaction if a later lease has written the file."""
        if self._fence is not None and not is_fenced_by(self._connection, self._fence):
            raise StoreLost(f"{self.path}: {LOST}; nothing was written.")

    def _checkpoint_record(self, checkpoint: bytes, stamp_ns: int, n: int = 0) -> bytes:
        """A checkpoint, or its ``n``-th part, as it is stored."""
        if not self._encrypted:
            return checkpoint
        return self.keys.seal_anyway("live", stamp_ns, checkpoint, about("live", "checkpoint", n))

    def mark_delivered(self, numbers: Iterable[int], *, at_ns: int) -> None:
        """Mark outbox rows that every addressee acknowledged; stored with the next commit. Thread-safe, no disk access.

        A crash before that commit sends the rows again, under the same ids and revisions.
        """
        self._delivered.extend((at_ns, number) for number in numbers)

    def close(self) -> None:
        """Write pending deliveries, close the file and release its lock. Further calls have no effect."""
        delivered = [self._delivered.popleft() for _ in range(len(self._delivered))]
        if delivered and self._connection is not None:
            with self._lock, suppress(sqlite3.Error):  # unmarked rows are only sent again
                self._connection.execute("BEGIN IMMEDIATE")
                if self._fence is None or is_fenced_by(self._connection, self._fence):
                    self._write_delivered(delivered)
                self._connection.execute("COMMIT")
        super().close()
        with self._lock:  # last, so that SQLite removes the write-ahead log
            if self._connection is not None:
                self._connection.close()
                self._connection = None
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def _prepare(self) -> None:
        run = self._connection.execute
        empty = not run("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not empty:
            check_version(
                self._connection, self.path
            )  # before the first change: the file may belong to another program
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA journal_size_limit = 16777216")
        if empty:
            # executescript would commit first; one transaction here, so that a crash leaves all tables or none.
            run("BEGIN IMMEDIATE")
            for statement in (*(_TABLES + incidents.TABLES).split(";"), _LIVE, *MOMENTS.split(";")):
                run(statement)
            run(f"PRAGMA user_version = {SCHEMA_VERSION}")
            run(f"PRAGMA application_id = {APPLICATION_ID}")
            run("COMMIT")
        for statement in ";".join((_SKIPS, MARKING_TABLES, checkpoints.TABLES)).split(";"):
            run(statement)
        if run("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
            self._take_moments()
        self._moments.resume(run)
        if "'forces'" not in run("SELECT sql FROM sqlite_master WHERE name = 'live'").fetchone()[0]:
            self._take_new_parts()

    def _take_new_parts(self) -> None:
        """Let the live picture of an older store hold bearing contacts, latencies and own forces."""
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        run("ALTER TABLE live RENAME TO live_before")
        run(_LIVE)
        run("INSERT INTO live SELECT part, cursor, stamp_ns, body FROM live_before")
        run("DROP TABLE live_before")
        run("COMMIT")

    def _take_moments(self) -> None:
        """Let a store of the version before hold moments; from now on they are kept."""
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        for statement in MOMENTS.split(";"):
            run(statement)
        run(f"PRAGMA user_version = {SCHEMA_VERSION}")
        run("COMMIT")

    def _rewind(self) -> tuple[int, bytes | None]:
        """Remove the history written since the last checkpoint; fusion writes it again, whatever the boundaries."""
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        if self._fence is not None:
            raise_fence(self._connection, self._fence)
            self._check_fence()
        run("DELETE FROM history WHERE id > (SELECT checkpoint_history FROM meta)")
        run("INSERT INTO decided SELECT 1, cursor FROM meta WHERE true"
            " ON CONFLICT (one) DO UPDATE SET cursor = max(cursor, excluded.cursor)")  # fmt: skip
        self.decided = run("SELECT cursor FROM decided").fetchone()[0]
        self.skips = {identity for (identity,) in run("SELECT id FROM skips")}
        run("UPDATE meta SET cursor = checkpoint_cursor")
        (cursor,) = run("SELECT cursor FROM meta").fetchone()
        checkpoint, problem = checkpoints.read(run, self._opened)
        run("COMMIT")
        if problem is not None:
            raise StoreError(f"{self.path}: {problem}; remove the store to rebuild it.")
        return cursor, checkpoint

    def _write_alerts(self, rows: list[tuple[Any, ...]]) -> int:
        """Replace older revisions by newer ones; an (id, revision) that already exists is never published again."""
        run = self._connection.execute
        new = 0
        for identity, revision, status, priority, raised_ns, body in rows:
            stored = self.stored("alerts", raised_ns, body, identity, revision, in_use=status in OPEN)
            there = run(
                "SELECT CAST(body AS BLOB) FROM outbox WHERE alert = ? AND revision = ?", (identity, revision)
            ).fetchone()
            if there is None:
                run(
                    "INSERT INTO outbox (kind, alert, revision, priority, body) VALUES ('alert', ?, ?, ?, ?)",
                    (identity, revision, priority, stored),
                )
                new += 1
            elif self.differs(there[0], identity, revision, body):
                run("UPDATE meta SET diverged = diverged + 1")
            run(
                "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                " revision = excluded.revision, status = excluded.status, priority = excluded.priority,"
                " raised_ns = excluded.raised_ns, body = excluded.body WHERE excluded.revision > alerts.revision",
                (identity, revision, status, priority, raised_ns, stored),
            )
        return new

    def differs(self, stored: bytes, identity: str, revision: int, body: str) -> bool:
        """Return whether a stored revision is another one; one that is erased cannot be compared."""
        known = self._body_of(stored, identity, revision)
        return known is not None and known != body.encode()

    def stored(
        self, kind: KeyKind, at_ns: int, body: str, identity: str, number: int = 0, *, in_use: bool = False
    ) -> str | bytes:
        """Return a text as it is stored: empty if its day is erased, unless it is in use."""
        if not self._encrypted:
            return body
        return self._sealed(kind, at_ns, body.encode(), about(kind, identity, number), in_use=in_use)

    def sealed(self, kind: KeyKind, at_ns: int, record: bytes, of: bytes) -> bytes:
        """Return a record as it is stored: empty if its day is erased. ``of`` binds it to its row."""
        return self._sealed(kind, at_ns, record, of) if self._encrypted else record

    def _sealed(self, kind: KeyKind, at_ns: int, record: bytes, of: bytes, *, in_use: bool = False) -> bytes:
        seal = self.keys.seal_anyway if in_use else self.keys.seal
        try:
            return seal(kind, at_ns, record, of)
        except ErasedDay:
            return b""

    def _write_live(self, cursor: int, stamp_ns: int, parts: Mapping[str, bytes]) -> None:
        """Write the live picture. It never goes back in time: during a re-run the newer one from before is kept."""
        self._connection.executemany(
            "INSERT INTO live VALUES (?, ?, ?, ?) ON CONFLICT (part) DO UPDATE SET cursor = excluded.cursor,"
            " stamp_ns = excluded.stamp_ns, body = excluded.body WHERE excluded.cursor >= live.cursor",
            [
                (name, cursor, stamp_ns, self.stored("live", stamp_ns, body.decode(), name, in_use=True))
                for name, body in parts.items()
            ],
        )

    def _write_history(self, rows: list[tuple[Any, ...]]) -> None:
        self._connection.executemany(
            "INSERT INTO history (track, time_ns, easting, northing, easting_rate, northing_rate, cov, existence,"
            " status, segment, offset_m) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [sealed_estimate(self.keys, row) for row in rows] if self._encrypted else rows,
        )

    def _write_delivered(self, delivered: list[tuple[int, int]]) -> None:
        self._connection.executemany(_MARK, delivered)

    def _write_skips(self, skipped: Iterable[int]) -> None:
        self._connection.executemany("INSERT OR IGNORE INTO skips VALUES (?)", [(identity,) for identity in skipped])


def mark_rows(path: Path, delivered: Iterable[tuple[int, int]]) -> None:
    """Mark outbox rows of a store that no process writes as delivered, as (time in UTC ns, number).

    Raises StoreError while another process writes the store.
    """
    lock = _lock(path)
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as connection:
            check_version(connection, path)
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_MARK, delivered)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise _store_error(path, error) from error
    finally:
        os.close(lock)


def _lock(path: Path) -> int:
    """Hold ``path``.lock for the lifetime of the process: two writers would publish each other's alerts twice."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = lock_file(path.with_name(path.name + ".lock"))
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}).") from error
    if lock is None:
        raise StoreError(f"{path}: another process is writing this store; stop it first.")
    return lock


def _store_error(path: Path, error: Exception) -> StoreError:
    if isinstance(error, KeysFull) or getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
        return StoreFull(f"{path}: the disk is full; nothing of this block was written.")
    return StoreError(f"{path}: could not be written ({error}); nothing of this block was written.")
