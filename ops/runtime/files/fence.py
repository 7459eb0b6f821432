"""A fence in an SQLite file: of several writers that hold a number, only the one with the highest still writes.

A lock ends with its process; a fence also stops a process that slept through the loss of its lock. The number is raised
when a writer opens the file and compared within each of its transactions (Kleppmann, "How to do distributed locking",
2016, calls it a fencing token).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from ops.runtime.files.transaction import BUSY_S

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS fence (one INTEGER PRIMARY KEY CHECK (one = 1), token INTEGER NOT NULL)
"""
_RAISE: Final = """
INSERT INTO fence VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET token = max(token, excluded.token)
"""
LOST: Final = "this sector was given to another process"


def raise_fence(connection: Any, token: int) -> bool:
    """Store ``token`` in the file, if it is the highest so far; return whether it is."""
    connection.execute(_TABLE)
    connection.execute(_RAISE, (token,))
    return is_fenced_by(connection, token)


def is_fenced_by(connection: Any, token: int) -> bool:
    """Return whether ``token`` is still the highest; within the transaction that it is to protect."""
    return bool(connection.execute("SELECT token FROM fence").fetchone()[0] == token)


def stored_fence(path: Path) -> int:
    """Return the number in a file; 0 for one that has none or cannot be read."""
    with suppress(sqlite3.Error):
        if path.is_file():
            address = f"{path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True, timeout=BUSY_S)) as connection:
                return int(connection.execute("SELECT token FROM fence").fetchone()[0])
    return 0
