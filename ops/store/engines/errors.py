"""Errors of an engine; the store's interfaces name the store and raise them as ``StoreError``."""

from __future__ import annotations


class DatabaseError(Exception):
    """PostgreSQL refused a statement or cannot be reached.

    ``full``: its disk is full, and a retry may succeed.
    ``lost``: the connection is lost, and it is not known whether the
    last commit was done.
    """

    def __init__(self, text: str, *, full: bool = False, lost: bool = False) -> None:
        super().__init__(text)
        self.full, self.lost = full, lost


class WriterInUse(DatabaseError):
    """Another process writes the store."""


class WriterLost(DatabaseError):
    """Another process has taken the store over; nothing was written."""
