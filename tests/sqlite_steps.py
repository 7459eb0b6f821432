"""How much SQLite reads, counted and not timed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable


def steps(connection: sqlite3.Connection, read: Callable[[], object]) -> int:
    """Return the number of steps of SQLite's machine for a reading; each row at which it looks takes some."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    connection.set_progress_handler(count, 1)
    try:
        read()
    finally:
        connection.set_progress_handler(None, 0)
    return counted
