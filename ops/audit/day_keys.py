"""Keys for each day and kind of record: what they encrypt is erased, wherever it was copied to, once they are erased.

A record's bytes are encrypted with AES-256-GCM under the key of its day (UTC) and kind, and bound to the record by
``about``. The keys are in the folder ``keys`` beside the database, or in PostgreSQL (``ops.audit.key_places``). What
remains of an erased one is a mark, so that no new key of that day is ever made.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ops.audit.key_places.files import FileKeys
from ops.audit.key_places.place import open_key_place
from ops.audit.key_places.protocol import (
    KEY_BYTES,
    KEY_KINDS,
    ChangedRecord,
    DayKeyError,
    ErasedDay,
    KeyKind,
    KeyPlace,
    KeysFull,
)

__all__ = [
    "KEY_BYTES", "KEY_KINDS", "ChangedRecord", "DayKeyError", "DayKeys", "ErasedDay", "IsDue", "KeyKind", "KeysFull",
    "day_at", "day_of", "is_sealed", "kind_of",
]  # fmt: skip

IsDue = Callable[[KeyKind, date], bool]
"""Whether records of a kind and day are to be erased."""
FOLDER: Final = "keys"
MAGIC: Final = b"\x00WLk"
HEAD_BYTES: Final = len(MAGIC) + 3
NONCE_BYTES: Final = 12
LOOK_AGAIN_S: Final = 30.0
"""Longest time for which a process keeps a key in memory after it was erased."""
_EPOCH: Final = date(1970, 1, 1)
_DAY_NS: Final = 86_400 * 10**9


_Writing = tuple[float, Callable[[bytes, bytes, bytes], bytes], bytes, Iterator[int], bytes]
"""Until when a key is used without looking at its file, its function, the head of its records, and their nonces: a
random prefix, renewed each time, and a counter."""


class DayKeys:
    """The keys in one folder, for any number of threads and processes. DayKeyError where the folder cannot be used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._place: KeyPlace | None = None
        self._lock = threading.Lock()
        self._known: dict[tuple[KeyKind, int], tuple[float, AESGCM | None]] = {}
        self._writing: dict[tuple[KeyKind, int], _Writing] = {}
        self._next_kept: dict[tuple[KeyKind, int], int] = {}

    @classmethod
    def beside(cls, database: Path) -> DayKeys:
        """Return the keys of the records in a database file."""
        return cls(database.absolute().parent / FOLDER)

    @property
    def place(self) -> KeyPlace:
        """Where the keys are. A cluster on several machines may move them into a store while this process runs."""
        if self._place is None or isinstance(self._place, FileKeys):
            self._place = open_key_place(self.folder)
        return self._place

    def seal(self, kind: KeyKind, at_ns: int, record: bytes, about: bytes = b"") -> bytes:
        """Encrypt a record of the day of ``at_ns``, with a new key if the day has none; ErasedDay if it is erased."""
        day = at_ns // _DAY_NS
        known = self._writing.get((kind, day))
        if known is None or known[0] < time.monotonic():
            key = self._key(kind, day, make=True)
            assert key is not None
            head = MAGIC + bytes([KEY_KINDS.index(kind)]) + day.to_bytes(2, "big")
            known = time.monotonic() + LOOK_AGAIN_S, key.encrypt, head, count(), os.urandom(NONCE_BYTES - 4)
            self._writing = {**dict(list(self._writing.items())[-8:]), (kind, day): known}
        _, encrypt, head, numbers, prefix = known
        nonce = prefix + next(numbers).to_bytes(4, "big")
        return head + nonce + encrypt(nonce, record, head + about)

    def seal_anyway(self, kind: KeyKind, at_ns: int, record: bytes, about: bytes = b"") -> bytes:
        """Encrypt a record that must not be lost; if its day is erased, under the key of the next day that is not.

        Such records come from a clock that was set back, or from a journal that is computed again.
        """
        while True:
            day = at_ns // _DAY_NS
            kept = self._next_kept.get((kind, day), day)
            try:
                return self.seal(kind, kept * _DAY_NS, record, about)
            except ErasedDay:
                self._next_kept[kind, day] = kept + 1

    def open(self, sealed: bytes, about: bytes = b"") -> bytes | None:
        """Decrypt a record; None if its key is erased. A record that is not encrypted is returned unchanged.

        Raises ChangedRecord for a record that was changed, or is not the one that ``about`` names.
        """
        if not is_sealed(sealed):
            return sealed
        head, nonce = sealed[:HEAD_BYTES], sealed[HEAD_BYTES : HEAD_BYTES + NONCE_BYTES]
        key = self._key(kind_of(sealed), int.from_bytes(head[-2:], "big"), make=False)
        if key is None:
            return None
        try:
            return key.decrypt(nonce, sealed[HEAD_BYTES + NONCE_BYTES :], head + about)
        except (InvalidTag, ValueError):
            raise ChangedRecord(f"{self.folder}: a record of {day_of(sealed)} was changed or moved.") from None

    def days(self, kind: KeyKind) -> list[date]:
        """Return the days that have a key, oldest first."""
        return self.place.days(kind)

    def erased_at(self, kind: KeyKind, day: date) -> datetime | None:
        """Return when the key of a day was erased; None if it was not."""
        return self.place.erased_at(kind, day)

    def erase(self, kind: KeyKind, day: date) -> bool:
        """Overwrite and remove a day's key; return whether it existed. DayKeyError if it cannot be overwritten."""
        existed = self.place.erase(kind, day)
        if existed:
            with self._lock:
                self._known.pop((kind, (day - _EPOCH).days), None)
                self._writing = {}
        return existed

    def _key(self, kind: KeyKind, day: int, *, make: bool) -> AESGCM | None:
        now = time.monotonic()
        known = self._known.get((kind, day))
        if known is not None and known[0] > now and (known[1] is not None or not make):
            return known[1]
        with self._lock:
            key = self._read(kind, day, make=make)
            while len(self._known) >= 64:
                del self._known[next(iter(self._known))]
            self._known[kind, day] = now + LOOK_AGAIN_S, key
        return key

    def _read(self, kind: KeyKind, day: int, *, make: bool) -> AESGCM | None:
        on = _EPOCH + timedelta(days=day)
        raw = self.place.read(kind, on, make=make)
        if raw:
            return AESGCM(raw)
        if make:
            named = self.place.named(kind, on)
            raise ErasedDay(f"{named}: the key of this day is erased; no new record of that day can be stored.")
        return None


def is_sealed(record: bytes) -> bool:
    """Return whether a record is encrypted."""
    return record[: len(MAGIC)] == MAGIC and len(record) >= HEAD_BYTES + NONCE_BYTES + 16


def kind_of(sealed: bytes) -> KeyKind:
    """Return the kind of an encrypted record."""
    return KEY_KINDS[sealed[len(MAGIC)] % len(KEY_KINDS)]


def day_of(sealed: bytes) -> date:
    """Return the day of an encrypted record."""
    return _EPOCH + timedelta(days=int.from_bytes(sealed[HEAD_BYTES - 2 : HEAD_BYTES], "big"))


def day_at(at_ns: int) -> date:
    """Return the day of a time in UTC nanoseconds since 1970."""
    return datetime.fromtimestamp(at_ns // 10**9, UTC).date()
