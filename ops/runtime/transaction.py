"""A transaction on an SQLite connection that is in autocommit mode."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


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
