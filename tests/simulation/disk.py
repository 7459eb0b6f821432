"""The disk of a simulated world: real SQLite files, whose commits can fail, tear or be the last act of a process.

Every connection that the code under simulation opens is one of these, because ``sqlite3.connect`` is replaced while the
world runs. A fault is armed for a file and happens at the next COMMIT there. After a kill, the files are what the
process left: the bytes are taken before SQLite may tidy up, and put back once every connection is closed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, Final, Literal, Protocol
from unittest.mock import patch

from ops.runtime.files.lock import lock_file

Fault = Literal["killed before", "killed after", "torn", "failed before", "failed after", "full"]
FAULTS: Final[tuple[Fault, ...]] = ("killed before", "killed after", "torn", "failed before", "failed after", "full")
BLOCK: Final = 512
"""Bytes that a disk writes whole (the sector of most disks)."""
_SUFFIXES: Final = ("", "-wal")
_OPEN: Final = sqlite3.connect
_LOCK: Final = lock_file


class Killed(BaseException):
    """The process that is running has ended here; no line of it may run after this one."""


class Owner(Protocol):
    """A simulated process: ``machine`` names its computer, ``token`` is its lease."""

    machine: str
    token: int


class Connection(sqlite3.Connection):
    """A connection whose COMMIT asks the disk first."""

    disk: Disk
    path: Path
    reads_only: bool
    owner: Owner | None

    def close(self) -> None:
        """Close it; the disk knows it no longer."""
        self.disk.forget(self)
        super().close()

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        """Run a statement as SQLite does, but for a COMMIT, and for one before which the process is killed."""
        self.disk.count(self)
        if sql != "COMMIT":
            return super().execute(sql, *parameters)
        return self.disk.commit(self, lambda: sqlite3.Connection.execute(self, sql))


class Disk:
    """Files of all machines. ``running`` is the process that now runs; ``violations`` what no process may do."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._checkpoint_pages = chance.choice((4, 40, 1000))
        self._armed: dict[Path, Fault] = {}
        self._connections: list[Connection] = []
        self._locks: list[tuple[Owner, int, int]] = []
        self._left: dict[Path, dict[str, bytes]] = {}
        self.running: Owner | None = None
        self.kill_before: int | None = None
        """Number of statements after which a process is killed, before its next one."""
        self.happened: dict[str, int] = {}
        self.violations: list[str] = []
        self.power_fails: Callable[[Path], None] = lambda _: None
        """Ends the other processes that have a file open, as far as they end with its machine."""

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Let all code that opens SQLite files, or locks them, use this disk."""
        with (
            patch("sqlite3.connect", self._connect),
            patch("ops.journal.writer.lock_file", self._lock_file),
            patch("ops.store.engines.file.lock_file", self._lock_file),
        ):
            yield

    @contextmanager
    def run_by(self, owner: Owner) -> Iterator[None]:
        """Count what is opened, locked and committed as done by a process."""
        before, self.running = self.running, owner
        try:
            yield
        finally:
            self.running = before

    def arm(self, path: Path, fault: Fault) -> None:
        """Let the next COMMIT to a file end like this."""
        self._armed[path] = fault

    def disarm(self) -> None:
        """Let every further COMMIT succeed."""
        self._armed.clear()

    def fill(self, path: Path, *, full: bool) -> None:
        """Let no connection to a file make it grow, or let them again."""
        for connection in self._connections:
            if connection.path == path:
                pages = sqlite3.Connection.execute(connection, "PRAGMA page_count").fetchone()[0]
                most = pages if full else 1_000_000
                sqlite3.Connection.execute(connection, f"PRAGMA max_page_count = {most}")

    def users(self, path: Path) -> set[int]:
        """Identities of the processes that have a file open."""
        return {id(one.owner) for one in self._connections if one.path == path and one.owner is not None}

    def end(self, owner: Owner, paths: tuple[Path, ...]) -> None:
        """End a process as ``kill -9`` does: ``paths``, its files, stay as it left them.

        A file that another process has open stays as it is without our doing, since only the last connection tidies up.
        """
        left = {}
        for path in paths:
            at_kill = self._left.pop(path, None)
            if self.users(path) <= {id(owner)}:
                left[path] = at_kill or _read(path)
        for connection in [one for one in self._connections if one.owner is owner]:
            connection.close()
        for lock in [lock for lock in self._locks if lock[0] is owner]:
            with suppress(OSError):  # the process closed it itself; the number may be another file's now
                if os.fstat(lock[1]).st_ino == lock[2]:
                    os.close(lock[1])
            self._locks.remove(lock)
        for path, contents in left.items():
            _put_back(path, contents)

    def count(self, connection: Connection) -> None:
        """Kill the process before this statement, if it is the one."""
        if connection.owner is None or self.kill_before is None:
            return
        if self.kill_before == 0:
            self._left[connection.path] = _read(connection.path)
            raise Killed
        self.kill_before -= 1

    def forget(self, connection: Connection) -> None:
        """Note that a connection is closed."""
        with suppress(ValueError):
            self._connections.remove(connection)

    def commit(self, connection: Connection, commit: Any) -> sqlite3.Cursor:
        """Commit, or let the armed fault happen. The end of a read writes nothing."""
        if connection.reads_only:
            return commit()  # type: ignore[no-any-return]
        self._check_fence(connection)
        fault = self._armed.pop(connection.path, None) if connection.owner is not None else None
        if fault == "torn":
            self.power_fails(connection.path)
        if fault == "torn" and self.users(connection.path) != {id(connection.owner)}:
            fault = "killed after"  # what others have mapped cannot be torn behind their back
        if fault is not None:
            self.happened[fault] = self.happened.get(fault, 0) + 1
        match fault:
            case "killed before":
                self._left[connection.path] = _read(connection.path)
                raise Killed
            case "failed before":
                sqlite3.Connection.execute(connection, "ROLLBACK")  # as SQLite does
                raise _error("disk I/O error", sqlite3.SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC")
            case "full":
                sqlite3.Connection.execute(connection, "ROLLBACK")
                raise _error("database or disk is full", sqlite3.SQLITE_FULL, "SQLITE_FULL")
        before = _read(connection.path) if fault == "torn" else {}
        done: sqlite3.Cursor = commit()
        match fault:
            case "killed after":
                self._left[connection.path] = _read(connection.path)
                raise Killed
            case "failed after":
                raise _error("disk I/O error", sqlite3.SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC")
            case "torn":
                self._left[connection.path] = self._tear(before, _read(connection.path))
                raise Killed
        return done

    def _tear(self, before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, bytes]:
        """Return files of which a power failure let only some blocks reach the disk.

        The log is written and synced before the file (SQLite, "Write-Ahead Logging", PRAGMA synchronous = FULL), so
        either some blocks of the log are missing, or some of the file with a whole log.
        """
        if self._chance.random() < 0.7:
            return {"": before[""], "-wal": self._mixed(before["-wal"], after["-wal"])}
        return {"": self._mixed(before[""], after[""]), "-wal": after["-wal"]}

    def _mixed(self, before: bytes, after: bytes) -> bytes:
        begin = next(
            (at for at, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), len(before)
        )
        first = begin // BLOCK
        mixed = bytearray(after)
        kept = before.ljust(len(after), b"\0")
        in_order = self._chance.random() < 0.5
        last = self._chance.randrange(first, len(after) // BLOCK + 1) if len(after) // BLOCK >= first else first
        for block in range(first, -(-len(after) // BLOCK)):
            lost = block >= last if in_order else self._chance.random() < 0.5
            if lost:
                mixed[block * BLOCK : (block + 1) * BLOCK] = kept[block * BLOCK : min((block + 1) * BLOCK, len(after))]
        return bytes(mixed)

    def _check_fence(self, connection: Connection) -> None:
        """Note a commit by a process whose lease is not the one that the file states."""
        token = 0 if connection.owner is None else connection.owner.token
        if not token or not connection.in_transaction:
            return
        with suppress(sqlite3.Error):  # a file without a fence
            stated = sqlite3.Connection.execute(connection, "SELECT token FROM fence").fetchone()
            if stated is not None and stated[0] != token:
                self.violations.append(f"{connection.path.name}: written under lease {token} after {stated[0]}")

    def _connect(self, database: Any, *arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: Connection = _OPEN(database, *arguments, factory=Connection, **options)
        text = str(database)
        connection.disk, connection.owner, connection.reads_only = self, self.running, "mode=ro" in text
        connection.path = Path(text.removeprefix("file://").removeprefix("file:").partition("?")[0])
        self._connections.append(connection)
        if self.running is not None:  # checkpoints of the log happen now and then, not only after 1,000 pages
            sqlite3.Connection.execute(connection, f"PRAGMA wal_autocheckpoint = {self._checkpoint_pages}")
        return connection

    def _lock_file(self, path: Path, **options: bool) -> int | None:
        """Lock as a file system of this machine does: other machines do not see its locks."""
        assert self.running is not None
        descriptor = _LOCK(path.with_name(f"{path.name}.{self.running.machine}"), **options)
        if descriptor is not None:
            self._locks.append((self.running, descriptor, os.fstat(descriptor).st_ino))
        return descriptor


def _read(path: Path) -> dict[str, bytes]:
    files = {suffix: Path(f"{path}{suffix}") for suffix in _SUFFIXES}
    return {suffix: file.read_bytes() if file.exists() else b"" for suffix, file in files.items()}


def _put_back(path: Path, contents: dict[str, bytes]) -> None:
    Path(f"{path}-shm").unlink(missing_ok=True)
    for suffix, content in contents.items():
        file = Path(f"{path}{suffix}")
        if content or file.exists():
            file.write_bytes(content)


def _error(text: str, code: int, name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode, error.sqlite_errorname = code, name
    return error
