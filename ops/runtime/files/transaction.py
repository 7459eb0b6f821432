"""A transaction on an SQLite connection that is in autocommit mode."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

BUSY_S: Final = 30.0
"""How long a process waits for another to end its change of the same file [s]: on a busy or slow machine a change that
takes milliseconds may take seconds, which is no error. Beyond that, the other is taken to be stuck."""


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Commit what is done within, or nothing of it where an exception ends it; another writer is waited for first."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield database
    except BaseException:
        if database.in_transaction:  # an error of the disk ends it by itself
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def use_write_ahead_log(database: sqlite3.Connection) -> None:
    """Turn a file to a write-ahead log; another process that does so with the new file at the same time is waited for.

    SQLite itself refuses one of the two at once, however long its connection may wait otherwise.
    """
    deadline_s = time.monotonic() + BUSY_S
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            is_busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline_s:
                raise
        time.sleep(0.01)


def change_unless_busy(database: sqlite3.Connection, statement: str, values: Sequence[Any]) -> bool:
    """Execute one statement, without waiting for another process that changes the file; return whether it was done.

    For what is written again soon in any case, and for which no request must wait. Other changes on the connection wait
    ``BUSY_S``.
    """
    database.execute("PRAGMA busy_timeout = 0")
    try:
        database.execute(statement, values)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    finally:
        database.execute(f"PRAGMA busy_timeout = {round(BUSY_S * 1000)}")
    return True
