"""Day keys in PostgreSQL, each wrapped by the key that the machines of a cluster have (``MachineKey``).

The database alone opens no record. To erase a day, its wrapped key is removed there, which takes effect on every
machine at once, and each machine erases the wrapping key, so that a wrapped key in an old copy of the database opens
nothing.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Final

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.exc import DBAPIError

from geo.errors import WatchlineError
from ops.audit.key_places.machine_key import MachineKey
from ops.audit.key_places.protocol import KEY_BYTES, KEY_KINDS, DayKeyError, KeyKind, KeysFull
from ops.postgres.address import StoreAddress
from ops.postgres.engine import DISK_FULL, store_error
from ops.postgres.session import connected, known_sector, sector_number

_NONCE_BYTES: Final = 12
_SEEN_S: Final = 1.0
"""How long the keys that were read together are used without another question to the server."""
_ALL: Final = "SELECT kind, day, wrapped, erased_at FROM watchline.day_keys WHERE sector = $1"
_ADD: Final = "INSERT INTO watchline.day_keys VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
_ERASE: Final = """
UPDATE watchline.day_keys SET wrapped = NULL, erased_at = clock_timestamp()
WHERE sector = $1 AND kind = $2 AND day = $3 AND wrapped IS NOT NULL
"""
_ERASED: Final = """
SELECT s.name, k.kind, k.day FROM watchline.day_keys AS k JOIN watchline.sectors AS s USING (sector)
WHERE k.wrapped IS NULL
"""
_NAME: Final = "UPDATE watchline.cluster_store SET machine_key = $1 WHERE machine_key IS NULL"
_NAMED: Final = "SELECT machine_key FROM watchline.cluster_store"
_Row = tuple[bytes | None, datetime | None]


class StoreKeys:
    """The keys of a sector in a store."""

    def __init__(self, address: StoreAddress, sector: str, machine: MachineKey) -> None:
        self._address, self._sector, self._machine = address, sector, machine
        self._lock = threading.Lock()
        self._seen: tuple[float, dict[tuple[str, date], _Row]] = (0.0, {})

    def read(self, kind: KeyKind, day: date, *, make: bool) -> bytes | None:
        """Return a key, empty if it is erased; without one a new one with ``make``, otherwise None."""
        found = self._rows(kind, day).get((kind, day))
        if found is None and make:
            if self._machine.wrapping(self._sector, kind, day) is None:  # the store is an older copy, without the mark
                return b""
            self._add(kind, day, AESGCM.generate_key(8 * KEY_BYTES))
            found = self._rows(kind, day, fresh=True).get((kind, day))
        if found is None:
            return None
        wrapped = found[0]
        if wrapped is None:
            self._machine.erase([(self._sector, kind, day)])
            return b""
        return self._opened(kind, day, wrapped)

    def days(self, kind: KeyKind) -> list[date]:
        """Return the days that have a key, oldest first."""
        return sorted(day for (name, day), (wrapped, _) in self._rows(fresh=True).items() if name == kind and wrapped)

    def erased_at(self, kind: KeyKind, day: date) -> datetime | None:
        """Return when the key of a day was erased, by the server's clock; None if it was not."""
        found: _Row = self._rows(fresh=True).get((kind, day), (None, None))
        return found[1]

    def erase(self, kind: KeyKind, day: date) -> bool:
        """Erase a day's key in the store, and its wrapping key on this machine; return whether it existed."""
        with self._connected() as driver:
            number = known_sector(driver, self._sector)
            existed = number is not None and bool(driver.execute(_ERASE, (number, kind, day)).rowcount)
        self._machine.erase([(self._sector, kind, day)])
        self._seen = (0.0, {})
        return existed

    def named(self, kind: KeyKind, day: date) -> str:
        """Return how messages name a key."""
        return f"{self._address.shown}, {self._sector}, {kind} of {day.isoformat()}"

    def differing(self, keys: Iterable[tuple[KeyKind, date, bytes]]) -> list[tuple[KeyKind, date]]:
        """Return the days of which the store has another key than these, where one that is erased is empty.

        A day that is erased in the store is never among them: its key is to be removed elsewhere too.
        """
        rows, found = self._rows(fresh=True), []
        for kind, day, raw in keys:
            wrapped = rows.get((kind, day), (None, None))[0]
            if wrapped and self._opened(kind, day, wrapped) not in (raw, b""):
                found.append((kind, day))
        return found

    def take_over(self, kind: KeyKind, day: date, raw: bytes) -> None:
        """Put a key that was elsewhere in the store, empty for one that is erased there."""
        if raw:
            if self._machine.wrapping(self._sector, kind, day) is not None:  # otherwise the day is erased already
                self._add(kind, day, raw)
            return
        with self._connected() as driver:
            driver.execute(
                "INSERT INTO watchline.day_keys VALUES ($1, $2, $3, NULL, clock_timestamp()) ON CONFLICT DO NOTHING",
                (sector_number(driver, self._sector), kind, day),
            )
        self.erase(kind, day)

    def _add(self, kind: KeyKind, day: date, raw: bytes) -> None:
        key = self._machine.wrapping(self._sector, kind, day)
        if key is None:
            raise DayKeyError(f"{self.named(kind, day)}: erased on this machine; expected the same in the store.")
        nonce = os.urandom(_NONCE_BYTES)
        wrapped = nonce + AESGCM(key).encrypt(nonce, raw, self._about(kind, day))
        with self._connected() as driver:
            driver.execute(_ADD, (sector_number(driver, self._sector), kind, day, wrapped))

    def _opened(self, kind: KeyKind, day: date, wrapped: bytes) -> bytes:
        key = self._machine.wrapping(self._sector, kind, day)
        if key is None:  # the store is an older copy: on this machine the day is erased for good
            return b""
        try:
            return AESGCM(key).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], self._about(kind, day))
        except (InvalidTag, ValueError):
            raise DayKeyError(f"{self.named(kind, day)}: not wrapped by {self._machine.path}.") from None

    def _about(self, kind: KeyKind, day: date) -> bytes:
        return f"{self._sector}|{kind}|{day.isoformat()}".encode("utf-8", "surrogatepass")

    def _rows(self, kind: KeyKind | None = None, day: date | None = None, *, fresh: bool = False) -> Any:
        """Return all keys of the sector as they are stored, which are few, as they were within ``_SEEN_S``."""
        with self._lock:
            until_s, rows = self._seen
            if fresh or until_s < time.monotonic() or (kind, day) not in rows:
                with self._connected() as driver:
                    number = known_sector(driver, self._sector)
                    found = [] if number is None else driver.execute(_ALL, (number,)).fetchall()
                rows = {(row[0], row[1]): (row[2], row[3]) for row in found}
                self._seen = time.monotonic() + _SEEN_S, rows
            return rows

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        with _connection(self._address) as driver:
            yield driver


@contextmanager
def _connection(address: StoreAddress) -> Iterator[psycopg.Connection[Any]]:
    """Lend a connection; DayKeyError when the server does not answer or refuses."""
    try:
        with connected(address) as driver:
            yield driver
    except psycopg.Error as error:
        sentence = str(store_error(DBAPIError(None, None, error), address))
        raise (KeysFull if error.sqlstate == DISK_FULL else DayKeyError)(sentence) from error
    except DayKeyError:
        raise
    except WatchlineError as error:
        raise DayKeyError(str(error)) from error


def use_machine_key(address: StoreAddress, key: MachineKey) -> None:
    """Note the key as that of the store's machines, or check that it is. DayKeyError for another one."""
    with _connection(address) as driver:
        driver.execute(_NAME, (key.name,))
        [(named,)] = driver.execute(_NAMED).fetchall()
    if named != key.name:
        raise DayKeyError(
            f"{key.path}: not the key of the machines that use {address.shown}; expected a copy of theirs."
        )


def erase_on_this_machine(address: StoreAddress, key: MachineKey) -> int:
    """Erase the wrapping keys of all days that are erased in the store, of any sector; return how many there were."""
    with _connection(address) as driver:
        erased = driver.execute(_ERASED).fetchall()
    return key.erase((sector, kind, day) for sector, kind, day in erased if kind in KEY_KINDS)
