"""Erases bodies of the journal: overwrites what their erased keys, or no key, protected."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from ops.audit.day_keys import IsDue, day_at
from ops.journal.encryption import DEAD_LETTERS, STATUS, key_of
from ops.journal.reader import JournalError
from ops.runtime.files.lock import lock_file
from ops.runtime.files.transaction import BUSY_S

ROWS: Final = 5_000
_ERASE_LETTER: Final = (
    "UPDATE dead_letters SET body = x'', message = '', said = '', digest = randomblob(32) WHERE id = ?"
)


def erase_bodies(path: Path, is_due: IsDue) -> int:
    """Overwrite the bodies of all rows and dead letters whose kind and day are due; return their number.

    Rows keep their number, kind, sensor or unit, and times, so that ids and counts stay. Raises JournalError while
    another process writes the journal.
    """
    lock = lock_file(Path(f"{path}-lock"))
    if lock is None:
        raise JournalError("in use by ingest", where=path.name, expected="a room that is stopped")
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)) as database:
            database.execute("PRAGMA secure_delete = ON")
            count = _erase(database, "journal", "UPDATE journal SET body = x'' WHERE id = ?", is_due)
            count += _erase(database, "dead_letters", _ERASE_LETTER, is_due)
            if count:
                database.execute("VACUUM")  # without the remains of earlier content
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return count
    except sqlite3.Error as error:
        raise JournalError(str(error), where=path.name, expected="a journal that can be written") from error
    finally:
        os.close(lock)


def count_bodies(path: Path, is_due: IsDue) -> int:
    """Return how many bodies ``erase_bodies`` would overwrite."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as database:
            return sum(len(due) for table in ("journal", "dead_letters") for due in _due(database, table, is_due))
    except sqlite3.Error as error:
        raise JournalError(str(error), where=path.name, expected="a journal that can be read") from error


def _erase(database: sqlite3.Connection, table: str, statement: str, is_due: IsDue) -> int:
    count = 0
    for due in _due(database, table, is_due):
        database.execute("BEGIN IMMEDIATE")
        database.executemany(statement, due)
        database.execute("COMMIT")
        count += len(due)
    return count


def _due(database: sqlite3.Connection, table: str, is_due: IsDue) -> Iterator[list[tuple[int]]]:
    """Yield the ids of due rows that have a body, a few thousand rows at a time."""
    last = 0
    columns = "id, kind, received_ns, length(body), CASE kind WHEN ? THEN body ELSE x'' END"
    select = f"SELECT {columns} FROM {table} WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608
    while rows := database.execute(select, (STATUS, last, ROWS)).fetchall():
        last = rows[-1][0]
        due = []
        for identity, kind, received_ns, size, body in rows:
            key = DEAD_LETTERS if table == "dead_letters" else key_of(kind, body)
            if key is not None and size and is_due(key, day_at(received_ns)):
                due.append((identity,))
        if due:
            yield due
