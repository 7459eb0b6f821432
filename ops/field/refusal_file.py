"""The file of refused messages: opened when it can be, set aside when it is damaged, and never a reason to stop."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from geo.errors import WatchlineError
from ops.runtime.files.lock import lock_file
from ops.runtime.files.transaction import BUSY_S, transaction

log = logging.getLogger(__name__)

FILE: Final = "refusals.db"
DAMAGED: Final = FILE + ".damaged"
"""A file that could not be read, set aside; the last one."""
LOCK: Final = "refusals.lock"
SCHEMA: Final = 1
_TABLES: Final = """
CREATE TABLE refusals (
    unit TEXT NOT NULL, way TEXT NOT NULL, channel TEXT NOT NULL, code TEXT NOT NULL, reference TEXT NOT NULL,
    count INTEGER NOT NULL, first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, message BLOB NOT NULL,
    unit_count INTEGER NOT NULL, audit_count INTEGER NOT NULL,
    PRIMARY KEY (unit, way, channel, code, reference)
) WITHOUT ROWID;
CREATE TABLE taken (source TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID
"""
ENTRY: Final = "unit, way, channel, code, reference, count, first_ns, last_ns, message"
_KNOWN: Final = (
    f"SELECT {ENTRY}, unit_count, audit_count FROM refusals LIMIT 0",  # noqa: S608
    "SELECT source, n FROM taken LIMIT 0",
)
_PASSING: Final = ("SQLITE_FULL", "SQLITE_BUSY", "SQLITE_LOCKED")
"""Errors after which the connection remains usable."""


class RefusalBookError(WatchlineError):
    """The file cannot be read or written; messages are refused all the same."""


class DamagedEntry(sqlite3.DatabaseError):
    """The content of the file is not what was written."""


class RefusalFile:
    """The file in a folder, for any number of threads, and for processes that each have an object of this class.

    Every use tries again what failed before. A damaged file is set aside, and a new one begun; one of another version
    is left as it is. ``problem`` is the reason why the last use failed, None if it succeeded.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.problem: str | None = None
        self._failed_writing = False
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        for _ in range(2):  # the first may set a damaged file aside
            with suppress(RefusalBookError), self.reading():
                break

    def close(self) -> None:
        """Close the file; a later use opens it again."""
        with self._lock:
            self._close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection. RefusalBookError where the file cannot be used."""
        with self._use(writing=False) as db:
            yield db

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for one transaction. RefusalBookError where nothing of it was written."""
        with self._use(writing=True) as db, transaction(db):
            yield db

    @contextmanager
    def _use(self, *, writing: bool) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with self._kept_in_place():
                    yield self._current()
            except (OSError, sqlite3.Error, RefusalBookError) as error:
                self._failed_writing |= writing
                self._fail(error)
                raise RefusalBookError(str(self.problem)) from error
            if self.problem is not None and (writing or not self._failed_writing):
                self.problem, self._failed_writing = None, False
                log.info("%s: refused messages are counted again.", self.path)

    def _fail(self, error: Exception) -> None:
        before, self.problem = self.problem, f"{self.path}: refused messages are not counted ({error})."
        if _is_damage(error):
            with suppress(OSError):  # else the next use finds the damage again
                self._set_aside(error)
                return
        elif _name_of(error) not in _PASSING:
            self._close()
        if self.problem != before:
            log.warning("%s", self.problem)

    def _current(self) -> sqlite3.Connection:
        if self._opened != _identity(self.path):
            self._close()
        if self._db is None:
            self._db = self._open()
        return self._db

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        self._opened = _identity(self.path)
        opened = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
        try:
            if (version := _version_of(opened)) not in (0, SCHEMA):
                raise RefusalBookError(f"version {version}; expected version {SCHEMA}")
            # With a write-ahead log, the end of an old connection deletes the log of a new file under the same name.
            opened.execute("PRAGMA journal_mode = DELETE")
            with transaction(opened) as db:
                if _version_of(db) == 0:
                    for statement in _TABLES.split(";"):
                        db.execute(statement)
                    db.execute(f"PRAGMA user_version = {SCHEMA}")
            _check(opened)
        except BaseException:
            opened.close()
            raise
        return opened

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
        self._db = None

    def _set_aside(self, why: Exception) -> None:
        """Rename the damaged file, unless another process has done so."""
        damaged = self._opened
        self._close()
        lock = lock_file(self.path.with_name(LOCK), wait=True)
        try:
            if _identity(self.path) != damaged:
                return
            for suffix in ("-journal", "-wal", "-shm"):  # first: a new file must not find those of the old one
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            os.replace(self.path, self.path.with_name(DAMAGED))
        finally:
            if lock is not None:
                os.close(lock)
        log.warning("%s is damaged (%s): it was set aside as %s, and a new one begun.", self.path, why, DAMAGED)

    @contextmanager
    def _kept_in_place(self) -> Iterator[None]:
        """No process sets the file aside within the block."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = lock_file(self.path.with_name(LOCK), wait=True, shared=True)
        try:
            yield
        finally:
            if lock is not None:
                os.close(lock)


def _version_of(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _check(db: sqlite3.Connection) -> None:
    """DamagedEntry if the pages or the tables of the file are not as they were written."""
    (state,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if state != "ok":
        raise DamagedEntry(state)
    try:
        for known in _KNOWN:
            db.execute(known)
    except sqlite3.OperationalError as error:
        raise DamagedEntry(str(error)) from error


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of a file; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _name_of(error: Exception) -> str:
    return getattr(error, "sqlite_errorname", "")


def _is_damage(error: Exception) -> bool:
    return isinstance(error, DamagedEntry) or _name_of(error).startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT"))
