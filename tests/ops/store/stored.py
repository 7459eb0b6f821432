"""What a store holds, past its interfaces: in a file, or in its sector in PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from ops.store.connections import store_note


@contextmanager
def direct(path: Path) -> Iterator[Any]:
    """Lend a connection to what is stored; changes are committed at the end."""
    note = store_note(path)
    if note is None:
        with closing(sqlite3.connect(path)) as database, database:
            yield database
        return
    with psycopg.connect(note.address().text, options="-c timezone=UTC") as connection:
        found = connection.execute("SELECT sector FROM watchline.sectors WHERE name = %s", (note.sector,)).fetchone()
        assert found is not None
        connection.execute(f"SET search_path TO watchline_{found[0]}")  # type: ignore[arg-type]
        yield connection


def stored_bytes(path: Path, *tables: str) -> bytes:
    """Return the file, or all rows of the tables, as bytes."""
    if store_note(path) is None:
        return path.read_bytes()
    with direct(path) as database:
        rows = [row for table in tables for row in database.execute(f"SELECT * FROM {table}").fetchall()]
    return b"|".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)
