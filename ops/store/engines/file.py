"""The fusion store in an SQLite file: its tables, and what a writer does with the file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ops.audit.day_keys import IsDue
from ops.runtime.files.fence import LOST, is_fenced_by, raise_fence
from ops.runtime.files.lock import lock_file
from ops.runtime.files.transaction import BUSY_S
from ops.store.checkpoints import parts as checkpoints
from ops.store.connections import APPLICATION_ID, SCHEMA_VERSION, StoreError, check_version
from ops.store.engines.errors import WriterLost
from ops.store.incidents import TABLES as INCIDENTS
from ops.store.markings import TABLES as MARKINGS
from ops.store.moments import TABLES as MOMENTS

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


class FileEngine:
    """The only writer of a file. ``fence``: number of the lease under which it writes (``ops.runtime.files.fence``)."""

    layers = False

    def __init__(self, path: Path, fence: int | None) -> None:
        self._fence, self._claimed = fence, False
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
        try:
            self._prepare(path)
        except BaseException:
            self._db.close()
            raise

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Execute a statement."""
        return self._db.execute(statement, values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute a statement with each row of values."""
        self._db.executemany(statement, rows)

    def begin(self) -> None:
        """Begin a transaction. WriterLost if a later lease has written the file."""
        self._db.execute("BEGIN IMMEDIATE")
        if self._claimed:
            self._check_fence()

    def claim(self) -> None:
        """Write the number of the lease, in the first transaction. WriterLost if a later lease has written the file."""
        if self._fence is not None:
            raise_fence(self._db, self._fence)
            self._check_fence()
            self._claimed = True

    def _check_fence(self) -> None:
        if self._fence is not None and not is_fenced_by(self._db, self._fence):
            raise WriterLost(LOST)

    def commit(self) -> None:
        """Commit; the transaction is on disk when this returns."""
        self._db.execute("COMMIT")

    def rollback(self) -> None:
        """Take the transaction back, also after an error."""
        with suppress(sqlite3.Error):  # SQLite may already have rolled back on a full disk
            self._db.execute("ROLLBACK")

    def prepare_days(self, table: str, times_ns: Iterable[int]) -> None:
        """Do nothing: a file has no parts for days."""

    def body_value(self, body: str) -> str | bytes:
        """Return a JSON text as it is stored without encryption."""
        return body

    def any_value(self, value: Any) -> Any:
        """Return a value of any plain type as it is passed to a statement."""
        return value

    def has_table(self, name: str) -> bool:
        """Return whether the store has a table."""
        return self._db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone() is not None

    def emptied_days(self, table: str, is_due: IsDue) -> None:
        """Return None: a file has no parts, so its rows are overwritten."""

    def compact(self) -> None:
        """Write the whole file again, without what was overwritten."""
        self._db.execute("VACUUM")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _prepare(self, path: Path) -> None:
        run = self._db.execute
        empty = not run("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not empty:
            check_version(self._db, path)  # before the first change: the file may belong to another program
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA journal_size_limit = 16777216")
        if empty:
            # executescript would commit first; one transaction here, so that a crash leaves all tables or none.
            run("BEGIN IMMEDIATE")
            for statement in (*(_TABLES + INCIDENTS).split(";"), _LIVE, *MOMENTS.split(";")):
                run(statement)
            run(f"PRAGMA user_version = {SCHEMA_VERSION}")
            run(f"PRAGMA application_id = {APPLICATION_ID}")
            run("COMMIT")
        for statement in ";".join((_SKIPS, MARKINGS, checkpoints.TABLES)).split(";"):
            run(statement)
        if run("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
            self._take_moments()
        if "'forces'" not in run("SELECT sql FROM sqlite_master WHERE name = 'live'").fetchone()[0]:
            self._take_new_parts()

    def _take_new_parts(self) -> None:
        """Let the live picture of an older store hold bearing contacts, latencies and own forces."""
        run = self._db.execute
        run("BEGIN IMMEDIATE")
        run("ALTER TABLE live RENAME TO live_before")
        run(_LIVE)
        run("INSERT INTO live SELECT part, cursor, stamp_ns, body FROM live_before")
        run("DROP TABLE live_before")
        run("COMMIT")

    def _take_moments(self) -> None:
        """Let a store of the version before hold moments; from now on they are kept."""
        run = self._db.execute
        run("BEGIN IMMEDIATE")
        for statement in MOMENTS.split(";"):
            run(statement)
        run(f"PRAGMA user_version = {SCHEMA_VERSION}")
        run("COMMIT")


def lock_store(path: Path) -> int:
    """Hold ``path``.lock for the lifetime of the process: two writers would publish each other's alerts twice."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = lock_file(path.with_name(path.name + ".lock"))
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}).") from error
    if lock is None:
        raise StoreError(f"{path}: another process is writing this store; stop it first.")
    return lock


def unlock_store(lock: int) -> None:
    """Release the lock."""
    os.close(lock)
