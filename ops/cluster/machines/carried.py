"""Small files of a sector that go along with it from one machine to another, through the store.

What a sector must not repeat or forget elsewhere besides its journal and tracks: which alerts were delivered, under
which number, which sensors are muted, who refused what, and the keys of its audit log and accounts.
A holder stores each file that has changed, encrypted under the machines' key, in a transaction that compares the number
of its lease. A worker that takes the sector on another machine puts them into its folder first.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.exc import DBAPIError

from geo.errors import WatchlineError
from ingest.security.key_bundle import SIGNING_KEY
from ops.accounts.sealed import KEY_FILE
from ops.audit.files import FOLDER as AUDIT
from ops.audit.key_places.machine_key import MachineKey
from ops.postgres.address import StoreAddress
from ops.postgres.engine import store_error
from ops.postgres.session import connected, sector_number
from ops.runtime.output import write_private

KEYS: Final = (f"{AUDIT}/{SIGNING_KEY}", str(KEY_FILE))
"""Of the audit log, and of the second factors of accounts: the first ones of a sector are those of every machine."""
DELIVERIES: Final = "feeds.db"
CARRIED: Final = (DELIVERIES, "refusals.db", "cot.db", "cot-spool.db", "muted.json")
HELD: Final = "carried.lease"
"""File with the number of the last lease under which the files of a folder were the newest."""
LARGEST_BYTES: Final = 64_000_000
SMALL_BYTES: Final = 1_000_000
LARGE_EVERY_S: Final = 10.0
"""A file that is not small is stored at most so often: the whole of it goes to the store."""
READ_S: Final = 1.0
"""Longest wait for a file that is in use: the sector's other work waits meanwhile."""
_NONCE_BYTES: Final = 12
_KEEP: Final = """
INSERT INTO watchline.carried_files AS c SELECT $1, $2, $3, $4
WHERE EXISTS (SELECT FROM watchline.leases WHERE sector = $5 AND token = $3 FOR SHARE)
ON CONFLICT (sector, name) DO UPDATE SET token = excluded.token, body = excluded.body
"""
_ADD: Final = "INSERT INTO watchline.carried_files VALUES ($1, $2, 0, $3) ON CONFLICT DO NOTHING"
_NEWEST: Final = "SELECT max(token) FROM watchline.carried_files WHERE sector = $1"
_FIND: Final = "SELECT name, body FROM watchline.carried_files WHERE sector = $1"


class CarriedError(WatchlineError):
    """A file that cannot go along with its sector."""


class CarriedFiles:
    """The files of one sector, in its data folder on this machine and in the store."""

    def __init__(self, address: StoreAddress, sector: str, data: Path, key: MachineKey) -> None:
        self._address, self._sector, self._data = address, sector, data
        self._cipher = AESGCM(key.of_files)
        self._kept: dict[str, tuple[tuple[int, int], ...]] = {}
        self._next_s: dict[str, float] = {}

    def keep(self, token: int, names: Collection[str] = CARRIED, *, at_end: bool = False) -> list[str]:
        """Store the files that have changed since this object last did so, under a lease; return their names.

        Nothing is stored under a lease that is another's. Large files wait, except ``at_end``. CarriedError for the
        first file that cannot go along, after the others have been stored.
        """
        changed = {name: version for name in names if (version := self._version(name)) != self._kept.get(name, ())}
        now_s = time.monotonic()
        due = [name for name in changed if at_end or now_s >= self._next_s.get(name, now_s)]
        if not due:
            return []
        stored, problems = [], []
        with self._connected() as driver:
            number = sector_number(driver, self._sector)
            for name in due:
                try:
                    content = self._content(name)
                except CarriedError as error:
                    problems.append(error)
                    self._next_s[name] = time.monotonic() + LARGE_EVERY_S
                    continue
                self._next_s[name] = time.monotonic() + (LARGE_EVERY_S if len(content) > SMALL_BYTES else 0.0)
                if not driver.execute(_KEEP, (number, name, token, self._sealed(name, content), self._sector)).rowcount:
                    return []
                self._kept[name] = changed[name]
                stored.append(name)
        if problems:
            raise problems[0]
        return stored

    def take_along(self, token: int) -> bool:
        """Put the files into the folder if another machine has stored newer ones; return whether it has.

        ``token``: number of the lease under which this machine now holds the sector.
        """
        path = self._data / HELD
        with self._connected() as driver:
            newest = driver.execute(_NEWEST, (sector_number(driver, self._sector),)).fetchone()
        known = int(path.read_text(encoding="ascii")) if path.exists() else 0
        stored = 0 if newest is None else int(newest[0] or 0)
        if stored > known:
            self.fetch()
        write_private(path, f"{token}\n".encode("ascii"))
        self.share_keys()
        return stored > known

    def share_keys(self) -> None:
        """Store each of the keys that the store does not have; one that it has takes the place of that here."""
        with self._connected() as driver:
            number = sector_number(driver, self._sector)
            for name in KEYS:
                if (self._data / name).exists():
                    driver.execute(_ADD, (number, name, self._sealed(name, self._content(name))))
        self.fetch(KEYS)

    def fetch(self, names: Collection[str] = (*CARRIED, *KEYS)) -> list[str]:
        """Put the files of the store into the folder, in the place of those there; return their names."""
        with self._connected() as driver:
            rows = driver.execute(_FIND, (sector_number(driver, self._sector),)).fetchall()
        found = {name: self._opened(name, body) for name, body in rows if name in names}
        for name, content in found.items():
            path = self._data / name
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            write_private(path, content)
            self._kept[name] = self._version(name)
        return sorted(found)

    def _version(self, name: str) -> tuple[tuple[int, int], ...]:
        """Return what changes with the content of a file; empty without one."""
        path, found = self._data / name, []
        for one in (path, path.with_name(f"{path.name}-wal")):
            try:
                status = one.stat()
            except FileNotFoundError:
                continue
            found.append((status.st_mtime_ns, status.st_size))
        return tuple(found) if path.exists() else ()

    def _content(self, name: str) -> bytes:
        path = self._data / name
        try:
            if not name.endswith(".db"):
                content = path.read_bytes()
            else:
                address = f"file:{quote(str(path))}?mode=ro"
                with closing(sqlite3.connect(address, uri=True, timeout=READ_S)) as database:
                    content = database.serialize()
        except (OSError, sqlite3.Error) as error:
            raise CarriedError(f"{path}: cannot be read to go along with its sector ({error}).") from error
        if len(content) > LARGEST_BYTES:
            size = f"{len(content) / 1e6:.0f} MB"
            raise CarriedError(f"{path}: has {size}; expected at most {LARGEST_BYTES / 1e6:.0f} MB to go along.")
        return content

    def _sealed(self, name: str, content: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, self._about(name))

    def _opened(self, name: str, body: bytes) -> bytes:
        try:
            return self._cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], self._about(name))
        except (InvalidTag, ValueError):
            what = f"{name} of {self._sector} in {self._address.shown}"
            raise CarriedError(f"{what}: was changed, or is of machines with another key.") from None

    def _about(self, name: str) -> bytes:
        return f"{self._sector}|{name}".encode("utf-8", "surrogatepass")

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            with connected(self._address) as driver:
                yield driver
        except psycopg.Error as error:
            raise CarriedError(str(store_error(DBAPIError(None, None, error), self._address))) from error
