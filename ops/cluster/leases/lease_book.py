"""Leases: which process holds each sector, under which number, and when it last said so.

SQLite in the folder of the cluster. A claim raises the sector's number, which journal and store compare in every
commit (``ops.runtime.files.fence``). A process that sleeps inside a transaction would hold the lock of that file, so
a claim also kills the processes of the holder before, as far as they run on this machine.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol, Self

import msgspec
import psutil

from geo.errors import WatchlineError
from ops.cluster.leases.ended_tasks import has_ended
from ops.runtime.files.transaction import transaction, use_write_ahead_log

FILE: Final = "leases.db"
CLUSTER_LOCK: Final = "cluster.lock"
"""File in the data folder of a cluster that its supervisor, or its worker on another machine, keeps locked."""
APPLICATION_ID: Final = 0x574C4C31  # "WLL1"
SCHEMA_VERSION: Final = 1
LOST_AFTER_S: Final = 4.0
"""A holder that gave no sign of life for so long is lost: it is killed, and its sectors start elsewhere."""
WAIT_S: Final = 30.0
"""Longest wait for another process that writes the file."""
KILL_WAIT_S: Final = 20.0
"""Longest wait for a killed process to be gone: one that waits for a disk ends only after that."""

_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

Wish = Literal["hold", "move", "stop"]

_TABLES: Final = """
CREATE TABLE leases (
    sector TEXT PRIMARY KEY,
    token INTEGER NOT NULL,
    holder TEXT NOT NULL,
    processes BLOB NOT NULL,
    claimed_ns INTEGER NOT NULL,
    live_ns INTEGER,
    beat INTEGER NOT NULL,
    wish TEXT NOT NULL CHECK (wish IN ('hold', 'move', 'stop'))
)
"""
_READ: Final = "SELECT sector, token, holder, processes, claimed_ns, live_ns, beat, wish FROM leases ORDER BY sector"
_CLAIM: Final = """
INSERT INTO leases VALUES (?, ?, ?, ?, ?, NULL, 0, 'hold') ON CONFLICT (sector) DO UPDATE SET
token = max(token + 1, excluded.token), holder = excluded.holder, processes = excluded.processes,
claimed_ns = excluded.claimed_ns, live_ns = NULL, beat = 0, wish = CASE wish WHEN 'move' THEN 'hold' ELSE wish END
WHERE token <= coalesce(?, token) RETURNING token
"""
_BEAT: Final = """
UPDATE leases SET beat = beat + 1, processes = ?1, live_ns = CASE WHEN ?2 IS NOT NULL THEN coalesce(live_ns, ?2) END
WHERE sector = ?3 AND token = ?4 RETURNING wish
"""
_WISH: Final = """
INSERT INTO leases VALUES (?, 0, '', '[]', 0, NULL, 0, ?) ON CONFLICT (sector) DO UPDATE SET wish = excluded.wish
"""
_GIVE_BACK: Final = """
UPDATE leases SET holder = '', processes = '[]', live_ns = NULL WHERE sector = ? AND token = ?
"""


class LeaseError(WatchlineError):
    """The leases cannot be read or written, or a holder cannot be ended."""


class Superseded(LeaseError):
    """A sector was given to another holder since: this one is not to take it."""


class Process(msgspec.Struct, frozen=True, order=True):
    """A process of this machine. Its start distinguishes it from a later one with its number.

    On Linux the start is the boot's identifier and the time since then: a clock that is set changes neither.
    """

    pid: int
    started: str
    cpu_s: float = 0.0
    """CPU time that it had used, if it works for one sector alone."""

    @classmethod
    def of(cls, process: psutil.Process) -> Self:
        """Return what identifies a running process."""
        return cls(process.pid, _started(process))

    @classmethod
    def with_use(cls, process: psutil.Process) -> Self:
        """Return the same and the CPU time that it has used."""
        times = process.cpu_times()
        return cls(process.pid, _started(process), round(times.user + times.system, 2))

    def running(self) -> psutil.Process | None:
        """Return the process while it runs, or sleeps."""
        with suppress(psutil.Error):
            found = psutil.Process(self.pid)
            if _started(found) == self.started and found.status() != psutil.STATUS_ZOMBIE:
                return found
        return None


def working(pids: Iterable[int]) -> list[Process]:
    """Return this process, and with their CPU time those of ``pids`` that run."""
    found = {Process.of(psutil.Process())}
    for pid in pids:
        with suppress(psutil.Error):
            found.add(Process.with_use(psutil.Process(pid)))
    return sorted(found)


def _started(process: psutil.Process) -> str:
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text(errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return f"{process.create_time():.2f}"
    return f"{boot} {stat.rpartition(')')[2].split()[19]}"  # field 22, see proc_pid_stat(5)


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease of a sector as it is in the file.

    ``holder`` is the address of the worker; empty when it was given back. ``live_ns`` is the UTC time since which the
    sector is live, None while it starts and while one of its processes does not run. ``beat`` counts the holder's signs
    of life. ``wish`` is what its holder is to do: hold it, give it back so that it moves, or stop it.
    """

    sector: str
    token: int
    holder: str
    processes: tuple[Process, ...]
    claimed_ns: int
    live_ns: int | None
    beat: int
    wish: Wish
    machine: str = ""
    """Of the holder; empty for a file, whose holders are on one machine."""
    silent_s: float = 0.0
    """Time since the last sign of life by the clock of the server that holds the lease; 0 for a file."""

    def running(self) -> bool:
        """Return whether a process of the holder runs on this machine."""
        return any(one.running() for one in self.processes)


class Leases(Protocol):
    """The leases of a cluster's sectors, in a file or in PostgreSQL. One object per thread; LeaseError."""

    @property
    def read_at_s(self) -> float | None:
        """Time of the last ``leases`` by the clock that decides [s]; None: that of the supervisor."""

    def claim(self, sector: str, holder: str, *, above: int = 0, newest: int | None = None) -> int: ...
    def beat(self, sector: str, token: int, *, live: bool, pids: Iterable[int] = ()) -> Wish | None: ...
    def give_back(self, sector: str, token: int) -> None: ...
    def wish(self, sector: str, wish: Wish) -> None: ...
    def takes_writes(self) -> bool: ...
    def is_locked(self) -> bool: ...
    def is_here(self, lease: Lease) -> bool: ...
    def lease(self, sector: str) -> Lease | None: ...
    def leases(self) -> list[Lease]: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


def refuse_newer(lease: Lease | None, newest: int | None) -> None:
    """Raise Superseded for a lease with a higher number than ``newest``; None: any may be."""
    if lease is not None and newest is not None and lease.token > newest:
        raise Superseded(f"{lease.sector}: was given to another holder since lease {newest}; it has {lease.token}.")


def claimed(sector: str, row: Sequence[Any] | None) -> int:
    """Return the number in the row of a claim. Superseded if there is none: another one was first."""
    if row is None:
        raise Superseded(f"{sector}: was given to another holder meanwhile.")
    return int(row[0])


class LeaseBook:
    """The leases of a cluster's sectors. One object per thread; LeaseError for a file that cannot be used."""

    read_at_s: float | None = None

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._open()

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, isolation_level=None, timeout=WAIT_S, check_same_thread=False)
            self._prepare()
            self._file = self.path.stat()
        except (sqlite3.Error, OSError) as error:
            raise self._error(error) from error

    def _reopen_if_removed(self) -> None:
        """Use a new file where the one that is open was removed: what is written to that would be read by no one."""
        try:
            if os.path.samestat(self._file, self.path.stat()):
                return
        except FileNotFoundError:
            pass
        self._db.close()
        self._open()

    def _prepare(self) -> None:
        run = self._db.execute
        use_write_ahead_log(self._db)
        run("PRAGMA synchronous = NORMAL")
        with transaction(self._db):
            version, application = (run(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id"))
            tables = run("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if not tables:
                run(_TABLES)
                run(f"PRAGMA user_version = {SCHEMA_VERSION}")
                run(f"PRAGMA application_id = {APPLICATION_ID}")
            elif (application, version) != (APPLICATION_ID, SCHEMA_VERSION):
                raise LeaseError(
                    f"{self.path}: not leases of this version (application {application:#x}, version {version};"
                    f" expected {APPLICATION_ID:#x}, version {SCHEMA_VERSION})."
                )

    def claim(self, sector: str, holder: str, *, above: int = 0, newest: int | None = None) -> int:
        """Take the lease of a sector from any other holder; return its new number. The holder before is killed.

        ``above`` is the number in the sector's files, for leases that were removed; ``newest`` that of the lease known
        to who gave the sector to ``holder``, None for any. The claim is on disk. Raises Superseded for a sector with a
        newer lease than ``newest``, whose holder stays; LeaseError if a process of the holder before does not end.
        """
        before = self.lease(sector)
        refuse_newer(before, newest)
        if before is not None and before.holder and not has_ended(self.path.parent, sector, before.token):
            kill_all(before.processes, of=sector)
        own = msgspec.json.encode([Process.of(psutil.Process())])
        self._db.execute("PRAGMA synchronous = FULL")
        with self._changing():
            row = self._db.execute(_CLAIM, (sector, above + 1, holder, own, time.time_ns(), newest)).fetchone()
        self._db.execute("PRAGMA synchronous = NORMAL")
        return claimed(sector, row)

    def beat(self, sector: str, token: int, *, live: bool, pids: Iterable[int] = ()) -> Wish | None:
        """Give a sign of life; return what the holder is to do, None when the sector has another holder.

        ``pids`` are the processes that work under the lease besides this one. Not on disk at once: after a power
        failure no holder is alive.
        """
        values = (msgspec.json.encode(working(pids)), time.time_ns() if live else None, sector, token)
        with self._changing():
            row = self._db.execute(_BEAT, values).fetchone()
        return None if row is None else row[0]

    def give_back(self, sector: str, token: int) -> None:
        """End a lease in order: nothing of its holder runs or writes any more."""
        with self._changing():
            self._db.execute(_GIVE_BACK, (sector, token))

    def wish(self, sector: str, wish: Wish) -> None:
        """Set what the holder of a sector, present or next, is to do; also before the first claim."""
        with self._changing():
            self._db.execute(_WISH, (sector, wish))

    def takes_writes(self) -> bool:
        """Return whether a holder could write its sign of life; not, for example, on a full disk.

        A file that another process has locked is one that can be written.
        """
        return self._write_problem() in (None, *_BUSY)

    def is_locked(self) -> bool:
        """Return whether another process has the file locked now, so that no holder can write its sign of life."""
        return self._write_problem() in _BUSY

    def _write_problem(self) -> int | None:
        """Return SQLite's code of why the file cannot be written at once; None if it can."""
        try:
            self._db.execute("PRAGMA busy_timeout = 0")
            with transaction(self._db):
                # the same number, but written: SQLite does not write a row that stays as it is
                self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except sqlite3.Error as error:
            return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
        finally:
            self._db.execute(f"PRAGMA busy_timeout = {round(WAIT_S * 1000)}")
        return None

    def is_here(self, lease: Lease) -> bool:
        """Return whether the holder of a lease is on this machine, as all are."""
        return bool(lease.holder)

    def lease(self, sector: str) -> Lease | None:
        """Return the lease of one sector; None before its first claim."""
        return next((lease for lease in self.leases() if lease.sector == sector), None)

    def leases(self) -> list[Lease]:
        """Return all leases, by sector."""
        self._reopen_if_removed()
        try:
            rows = self._db.execute(_READ).fetchall()
        except sqlite3.Error as error:
            raise self._error(error) from error
        return [_lease(*row) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _changing(self) -> _Changing:
        self._reopen_if_removed()
        return _Changing(self)

    def _error(self, error: Exception) -> LeaseError:
        return LeaseError(f"{self.path}: cannot be used ({error}).")


class _Changing:
    """A transaction whose errors are LeaseErrors."""

    def __init__(self, book: LeaseBook) -> None:
        self._book, self._transaction = book, transaction(book._db)

    def __enter__(self) -> None:
        try:
            self._transaction.__enter__()
        except sqlite3.Error as error:
            raise self._book._error(error) from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        try:
            self._transaction.__exit__(kind, error, None)
        except sqlite3.Error as failed:
            raise self._book._error(failed) from failed


def _lease(sector: str, token: int, holder: str, processes: bytes, *rest: Any) -> Lease:
    return Lease(sector, token, holder, msgspec.json.decode(processes, type=tuple[Process, ...]), *rest)


def kill_all(processes: Iterable[Process], *, of: str) -> None:
    """Kill these processes, except this one, and wait until they are gone. LeaseError for one that stays."""
    own = Process.of(psutil.Process())
    left = [one for one in processes if one.pid != own.pid]
    for one in left:
        with suppress(psutil.Error):
            if (found := one.running()) is not None:
                found.kill()
    deadline = (
        time.monotonic() + KILL_WAIT_S
    )  # not psutil.wait_procs: it waits for a parent that collects the exit code
    while left := [one for one in left if one.running() is not None]:
        if time.monotonic() > deadline:
            pids = ", ".join(str(one.pid) for one in left)
            raise LeaseError(f"{of}: process {pids} of the holder before does not end; expected that it does.")
        time.sleep(0.02)
