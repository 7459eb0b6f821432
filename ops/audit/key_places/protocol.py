"""A place for day keys, and the errors of keys."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal, Protocol

from geo.errors import WatchlineError

KeyKind = Literal["detections", "tracks", "alerts", "unit_positions", "live", "media"]
KEY_KINDS: Final[tuple[KeyKind, ...]] = ("detections", "tracks", "alerts", "unit_positions", "live", "media")
"""Kinds of encrypted records; ``live`` is the newest picture and the checkpoint, which replace their predecessors."""
KEY_BYTES: Final = 32


class DayKeyError(WatchlineError):
    """A key that cannot be read, written or made."""


class ErasedDay(DayKeyError):
    """A new record of a day whose key is erased."""


class KeysFull(DayKeyError):
    """The disk is full: the key of a new day cannot be stored."""


class ChangedRecord(DayKeyError):
    """An encrypted record that is not as it was written, or not where it was written."""


class KeyPlace(Protocol):
    """Raw keys by kind and day, for any number of threads and processes. DayKeyError where it cannot be used."""

    def read(self, kind: KeyKind, day: date, *, make: bool) -> bytes | None:
        """Return a key, empty if it is erased; without one a new one with ``make``, otherwise None."""

    def days(self, kind: KeyKind) -> list[date]:
        """Return the days that have a key, oldest first."""

    def erased_at(self, kind: KeyKind, day: date) -> datetime | None:
        """Return when the key of a day was erased; None if it was not."""

    def erase(self, kind: KeyKind, day: date) -> bool:
        """Erase a day's key for good; return whether it existed."""

    def named(self, kind: KeyKind, day: date) -> str:
        """Return how messages name a key."""
