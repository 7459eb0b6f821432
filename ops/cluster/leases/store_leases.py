"""Leases in PostgreSQL, for workers on several machines: the clock that decides is that of the server.

As in ``ops.cluster.leases.lease_book``, a claim raises the sector's number. Processes of a holder before are killed if
they run on this machine; those of another one are kept from writing by the number alone (``ops.postgres.fence``).
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import msgspec
import psutil
import psycopg
from sqlalchemy.exc import DBAPIError

from geo.errors import WatchlineError
from ops.cluster.leases.ended_tasks import has_ended
from ops.cluster.leases.lease_book import Lease, LeaseError, Process, Wish, claimed, kill_all, refuse_newer, working
from ops.postgres.address import StoreAddress
from ops.postgres.engine import store_error
from ops.postgres.session import KeptConnection
from ops.runtime.files.lock import lock_file
from ops.runtime.output import write_private

MACHINE: Final = "machine"
"""File in the data folder with the name of this machine in leases."""
_ANSWER_S: Final = 3
"""Longest wait for an answer of the server, or for another transaction."""
_READ: Final = """
SELECT sector, token, holder, processes, (extract(epoch FROM claimed_at) * 1e9)::bigint,
(extract(epoch FROM live_at) * 1e9)::bigint, beat, wish, machine,
extract(epoch FROM clock_timestamp() - beat_at)::float8, extract(epoch FROM clock_timestamp())::float8
FROM watchline.leases ORDER BY sector
"""
_CLAIM: Final = """
INSERT INTO watchline.leases AS l VALUES ($1, $2, $3, $4, $5, clock_timestamp(), NULL, 0, clock_timestamp(), 'hold', '')
ON CONFLICT (sector) DO UPDATE SET token = greatest(l.token + 1, excluded.token), holder = excluded.holder,
machine = excluded.machine, processes = excluded.processes, claimed_at = excluded.claimed_at, live_at = NULL, beat = 0,
beat_at = excluded.beat_at, wish = CASE l.wish WHEN 'move' THEN 'hold' ELSE l.wish END
WHERE l.token <= coalesce($6, l.token) RETURNING token
"""
_BEAT: Final = """
UPDATE watchline.leases SET beat = beat + 1, beat_at = clock_timestamp(), processes = $1,
live_at = CASE WHEN $2 THEN coalesce(live_at, clock_timestamp()) END WHERE sector = $3 AND token = $4
RETURNING wish
"""
_WISH: Final = """
INSERT INTO watchline.leases VALUES ($1, 0, '', '', '[]', clock_timestamp(), NULL, 0, clock_timestamp(), $2, '')
ON CONFLICT (sector) DO UPDATE SET wish = excluded.wish
"""
_TOUCH: Final = "UPDATE watchline.cluster_store SET id = id"
_PROGRAMS: Final = "UPDATE watchline.leases SET programs = $2 WHERE sector = $1"
_PROGRAMS_OF: Final = "SELECT DISTINCT programs FROM watchline.leases WHERE sector = ANY($1) AND programs <> ''"
_GIVE_BACK: Final = """
UPDATE watchline.leases SET holder = '', processes = '[]', live_at = NULL
WHERE sector = $1 AND token = $2
"""
_Found = TypeVar("_Found")


def name_of_machine(folder: Path) -> str:
    """Return the name of this machine in leases: its host name, and a number that the data folder keeps.

    A folder that was copied from a machine with another host name gets a number of its own.
    """
    path, host = folder / MACHINE, f"{socket.gethostname()[:40]}-"
    if (name := _name_in(path)).startswith(host):
        return name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = lock_file(path.with_suffix(".lock"), wait=True)  # two workers at once would make two names
    assert lock is not None
    try:
        if not _name_in(path).startswith(host):
            write_private(path, f"{host}{secrets.token_hex(4)}\n".encode())
        return _name_in(path)
    finally:
        os.close(lock)


def _name_in(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


class StoreLeases:
    """The leases of a store as this machine sees them. One object per thread; LeaseError without the server."""

    def __init__(self, address: StoreAddress, folder: Path) -> None:
        self._address, self._folder = address, folder
        self.read_at_s: float | None = None
        """The server's time at the last ``leases`` [s]."""
        self._kept: KeptConnection | None = None

    @cached_property
    def machine(self) -> str:
        """Name of this machine. Made only when a sector is held: who reads leases changes no file."""
        return name_of_machine(self._folder)

    def claim(self, sector: str, holder: str, *, above: int = 0, newest: int | None = None) -> int:
        """Take the lease of a sector from any other holder; return its new number (``ops.cluster.leases.lease_book``).

        Processes of the holder before that run on this machine are killed; LeaseError for one that does not end.
        Superseded for a sector with a newer lease than ``newest``.
        """
        before = self.lease(sector)
        refuse_newer(before, newest)
        is_here = before is not None and before.holder and before.machine == self.machine
        if before is not None and is_here and not has_ended(self._folder, sector, before.token):
            kill_all(before.processes, of=sector)
        own = (Process.of(psutil.Process()),)
        row = self._first(_CLAIM, (sector, above + 1, holder, self.machine, msgspec.json.encode(own), newest))
        if row is None:  # a connection that was lost after the claim, before its answer: it was then sent twice
            now = self.lease(sector)
            if now is not None and (now.holder, now.machine, now.processes, now.beat) == (holder, self.machine, own, 0):
                return now.token
        return claimed(sector, row)

    def beat(self, sector: str, token: int, *, live: bool, pids: Iterable[int] = ()) -> Wish | None:
        """Give a sign of life; return what the holder is to do, None when the sector has another holder."""
        row = self._first(_BEAT, (msgspec.json.encode(working(pids)), live, sector, token))
        wish: Wish | None = None if row is None else row[0]
        return wish

    def give_back(self, sector: str, token: int) -> None:
        """End a lease in order: nothing of its holder runs or writes any more."""
        self._done(_GIVE_BACK, (sector, token))

    def wish(self, sector: str, wish: Wish) -> None:
        """Set what the holder of a sector, present or next, is to do; also before the first claim."""
        self._done(_WISH, (sector, wish))

    def note_programs(self, sectors: Iterable[str], programs: str) -> None:
        """Note the versions of the cluster that runs these sectors."""
        for sector in sectors:
            if self.lease(sector) is None:
                self.wish(sector, "hold")
            self._done(_PROGRAMS, (sector, programs))

    def programs_of(self, sectors: Sequence[str]) -> list[str]:
        """Return the versions of the clusters that run these sectors; none before the first."""
        return [row[0] for row in self._asked(lambda kept: kept.first(_PROGRAMS_OF, (list(sectors),)).fetchall())]

    def takes_writes(self) -> bool:
        """Return whether a holder could write its sign of life; not, for example, on a full disk of the server."""
        try:
            self._done(_TOUCH, ())
        except LeaseError:
            return False
        return True

    def is_locked(self) -> bool:
        """Return False: each lease is a row of its own, which only its holder changes."""
        return False

    def lease(self, sector: str) -> Lease | None:
        """Return the lease of one sector; None before its first claim."""
        return next((lease for lease in self.leases() if lease.sector == sector), None)

    def leases(self) -> list[Lease]:
        """Return all leases, by sector."""
        rows = self._asked(lambda kept: kept.first(_READ).fetchall())
        if rows:
            self.read_at_s = float(rows[0][-1])
        return [_lease(row) for row in rows]

    def is_here(self, lease: Lease) -> bool:
        """Return whether the holder of a lease, or the last one, is on this machine."""
        return lease.machine == self.machine

    def close(self) -> None:
        """Close the connection."""
        if self._kept is not None:
            self._kept.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _first(self, statement: str, values: Sequence[Any]) -> Any:
        return self._asked(lambda kept: kept.first(statement, values).fetchone())

    def _done(self, statement: str, values: Sequence[Any]) -> None:
        self._asked(lambda kept: kept.first(statement, values))

    def _asked(self, ask: Callable[[KeptConnection], _Found]) -> _Found:
        try:
            if self._kept is None:
                self._kept = KeptConnection(self._address, _limit)
            return ask(self._kept)
        except psycopg.Error as error:
            raise LeaseError(str(store_error(DBAPIError(None, None, error), self._address))) from error
        except LeaseError:
            raise
        except WatchlineError as error:
            raise LeaseError(str(error)) from error


def _limit(driver: psycopg.Connection[Any]) -> None:
    for name in ("lock_timeout", "statement_timeout"):
        driver.execute(f"SET {name} = '{_ANSWER_S}s'")


def _lease(row: Sequence[Any]) -> Lease:
    sector, token, holder, processes, claimed_ns, live_ns, beat, wish, machine, silent_s, _ = row
    known = msgspec.json.decode(processes, type=tuple[Process, ...])
    return Lease(sector, token, holder, known, claimed_ns, live_ns, beat, wish, machine, silent_s)
