"""The tables of a journal in a file, row by row as they are stored, and a new file made of such rows."""

from __future__ import annotations

import glob
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Self

from geo.unfinished import register_unfinished, remove_unfinished
from ops.audit.day_keys import is_sealed
from ops.journal.reader import APPLICATION_ID, SCHEMA_VERSION, JournalError, JournalFull
from ops.journal.tables import TABLES, TABLES_2, TABLES_3
from ops.runtime.files.transaction import BUSY_S

COLUMNS: Final = {
    "journal": "id, kind, sensor, boot, seq, observed_ns, received_ns, sent_ns, content_type, body, closes_batch,"
    " signer, flags",
    "dead_letters": "id, code, field, message, kind, sensor, boot, seq, topic, content_type, body, size, digest,"
    " received_ns, sender, said",
    "counts": "sensor, kind, received, journaled, duplicate, dead_lettered, shed",
    "marks": "sensor, boot, seq",
    "boots": "sensor, kind, key, boot",
    "flagged": "sensor, reason, count",
    "timings": "sensor, timing, count",
    "replays": "id, at_ns, outcome",
}
KEYS: Final = {
    "journal": 1, "dead_letters": 1, "counts": 2, "marks": 2, "boots": 3, "flagged": 2, "timings": 2, "replays": 1
}  # fmt: skip
"""How many of its first columns order a table."""
MESSAGE: Final = 3
"""The column of a dead letter's message, which is text, or bytes when it is encrypted."""
_LAST_IDS: Final = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?), 0)"


class FileTables:
    """The tables as they are at one moment. JournalError for a file that is none, or of an older version."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            raise JournalError("no such file", where=path.name, expected="a journal that ingest has created")
        address = f"{path.absolute().as_uri()}?mode=ro"
        self._db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_S)
        try:
            self._db.execute("BEGIN")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            application = self._db.execute("PRAGMA application_id").fetchone()[0]
        except sqlite3.Error as error:
            self._db.close()
            raise JournalError(str(error), where=path.name, expected="a Watchline journal") from error
        if application != APPLICATION_ID or version != SCHEMA_VERSION:
            self._db.close()
            what = "another program's file" if application != APPLICATION_ID else f"has the schema {version}"
            raise JournalError(what, where=path.name, expected=f"a Watchline journal of the schema {SCHEMA_VERSION}")

    def rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table in order; of ``ids`` the last ids that were used."""
        if table == "ids":
            yield tuple(self._db.execute(_LAST_IDS, (name,)).fetchone()[0] for name in ("journal", "dead_letters"))
            return
        order = ", ".join(str(number) for number in range(1, KEYS[table] + 1))
        try:
            for row in self._db.execute(f"SELECT {COLUMNS[table]} FROM {table} ORDER BY {order}"):  # noqa: S608
                if table == "dead_letters" and isinstance(row[MESSAGE], str):
                    yield (*row[:MESSAGE], row[MESSAGE].encode(), *row[MESSAGE + 1 :])
                else:
                    yield row
        except sqlite3.Error as error:
            raise JournalError(str(error), where=self._path.name, expected="a journal that can be read") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()


class NewFile:
    """A file that gets its name when it is complete. JournalError if there is a file of that name."""

    def __init__(self, path: Path) -> None:
        if path.exists():
            raise JournalError("exists already", where=path.name, expected="the name of a new file")
        self._path = path
        self._partial = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.partial")
        self._registration = register_unfinished(self._partial)
        try:
            _remove_partials(path)
            self._registration.__enter__()
            self._db = sqlite3.connect(self._partial, isolation_level=None)
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute(f"PRAGMA application_id={APPLICATION_ID}")
            self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
            self._db.execute("BEGIN")
            for statement in (TABLES + TABLES_2 + ";" + TABLES_3).split(";"):
                self._db.execute(statement)
        except (sqlite3.Error, OSError) as error:
            raise self._error(error) from error

    def load(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write all rows of a table."""
        try:
            if table == "ids":
                for last, name in zip(next(iter(rows)), ("journal", "dead_letters"), strict=True):
                    self._db.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
                    self._db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, last))
                return
            marks = ", ".join("?" * (COLUMNS[table].count(",") + 1))
            insert = f"INSERT INTO {table} ({COLUMNS[table]}) VALUES ({marks})"  # noqa: S608
            self._db.executemany(insert, (_with_text(row) for row in rows) if table == "dead_letters" else rows)
        except sqlite3.Error as error:
            raise self._error(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._db.execute("COMMIT")
                self._db.close()
                os.link(self._partial, self._path)  # unlike a renaming, this never replaces a file
                folder = os.open(self._path.parent, os.O_RDONLY)
                os.fsync(folder)
                os.close(folder)
        except FileExistsError:
            raise JournalError("exists already", where=self._path.name, expected="the name of a new file") from None
        except (sqlite3.Error, OSError) as error:
            raise self._error(error) from error
        finally:
            self._db.close()
            remove_unfinished(self._partial)
            self._registration.__exit__(None, None, None)

    def _error(self, error: sqlite3.Error | OSError) -> JournalError:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL":
            return JournalFull("the disk is full", where=self._path.name, expected="free space for the copy")
        return JournalError(str(error), where=self._path.name, expected="a folder to write in")


def _remove_partials(path: Path) -> None:
    """Remove what copies to this name left that were killed; in a container, process numbers repeat."""
    for partial in path.parent.glob(f".{glob.escape(path.name)}.*.partial*"):
        number = partial.name.removeprefix(f".{path.name}.").partition(".")[0]
        try:
            if int(number) != os.getpid():
                os.kill(int(number), 0)
                continue
            partial.unlink(missing_ok=True)
        except (ProcessLookupError, ValueError):
            partial.unlink(missing_ok=True)
        except PermissionError:  # a process of another user
            continue


def _with_text(row: tuple[Any, ...]) -> tuple[Any, ...]:
    message = row[MESSAGE]
    return (*row[:MESSAGE], message if is_sealed(message) else message.decode(), *row[MESSAGE + 1 :])
