"""``watchline store copy --fusion`` and ``verify --fusion``: a fusion store, copied whole or not at all, and compared.

A copy holds what is stored, so that ids, numbers and checkpoints are the same; encrypted records stay encrypted, and
their keys stay where they are. The source is read as it was at one moment and may be in use.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console

from geo.errors import BadInput
from ops.audit.day_keys import is_sealed
from ops.postgres.address import is_postgres, postgres_packages, shown_place
from ops.postgres.keeping import stated_note
from ops.runtime.output import show
from ops.store.connections import StoreError, connected_by, has_table, opened_for_reading, store_exists, streamed
from ops.store.engines.errors import DatabaseError
from ops.store.engines.file import FileEngine, lock_store, unlock_store

FILE: Final = "store.db"
_ROWS: Final = 2_000
_BODY: Final = "CAST(body AS BLOB)"
_TABLES: Final[Mapping[str, tuple[str, str]]] = {
    "meta": ("one, cursor, checkpoint_cursor, checkpoint_history, diverged", "one"),
    "checkpoint": ("one, body", "one"),
    "checkpoint_half": ("one, half, count", "one"),
    "checkpoint_parts": ("half, n, body", "half, n"),
    "alerts": ("id, revision, status, priority, raised_ns, body", "id"),
    "outbox": ("n, kind, alert, revision, priority, body, delivered_ns", "n"),
    "incidents": ("id, revision, state, opened_ns, body", "id"),
    "outcomes": ("rowid, id, incident, body", "rowid"),
    "history": (
        "id, track, time_ns, easting, northing, easting_rate, northing_rate, cov, existence, status, segment, offset_m",
        "id",
    ),
    "live": ("part, cursor, stamp_ns, body", "part"),
    "moments": ("stamp_ns, base_ns, cursor, outbox, body, units", "stamp_ns"),
    "markings": ("n, kind, id, marking, published", "n"),
    "skips": ("id", "id"),
    "decided": ("one, cursor", "one"),
}
"""Columns and order of each table, of what a store is."""
_ALWAYS: Final = ("meta", "checkpoint")
"""Tables with a row from the beginning, which that of the source replaces."""
_TIMES: Final[Mapping[str, int]] = {"history": 2, "moments": 0}
_IS_NEW: Final = (
    "SELECT (SELECT max(cursor) FROM meta) = 0 AND NOT EXISTS (SELECT 1 FROM outbox)"
    " AND NOT EXISTS (SELECT 1 FROM live) AND NOT EXISTS (SELECT 1 FROM history)"
)


def copy_fusion(source: str, target: str, sector: str | None, screen: Console) -> dict[str, Any]:
    """Copy a fusion store; return the number of rows by table. Raises BadInput or StoreError.

    The target is then as it was: without a store, or with an empty one.
    """
    rows, sealed = dict[str, int](), 0
    with _errors(target), ExitStack() as stack:
        connection = stack.enter_context(_opened(source, sector))
        engine = stack.enter_context(_new(target, sector))
        if not engine.execute(_IS_NEW).fetchone()[0]:
            raise BadInput("has a fusion store", where=shown_place(target), expected="a sector or folder without one")
        engine.begin()
        try:
            for table in _TABLES:
                rows[table], encrypted = _copy_table(connection, engine, table)
                sealed += encrypted
            engine.commit()
        except BaseException:
            engine.rollback()
            raise
    show(
        screen, "console-store-fusion-copied",
        alerts=rows["alerts"], incidents=rows["incidents"], estimates=rows["history"], target=shown_place(target),
    )  # fmt: skip
    return {"target": shown_place(target), "rows": rows, "encrypted": sealed}


def verify_fusion(first: str, second: str, sector: str | None, screen: Console) -> dict[str, Any]:
    """Compare two fusion stores; return the rows and SHA-256 of each table. BadInput names the first difference."""
    figures: dict[str, Any] = {}
    with _errors(second), ExitStack() as stack:
        sides = [stack.enter_context(_opened(text, sector)) for text in (first, second)]
        for table in _TABLES:
            digest, count = hashlib.sha256(), 0
            for one, other in zip_longest(*(_rows(side, table) for side in sides)):
                count += 1
                if one != other:
                    raise BadInput(
                        f"differs from {shown_place(first)} in the table {table}, number {count}",
                        where=shown_place(second),
                        expected="the same content",
                    )
                digest.update(msgspec.json.encode(one) + b"\n")
            figures[table] = {"rows": count, "sha256": digest.hexdigest()}
    show(
        screen, "console-store-fusion-equal",
        alerts=figures["alerts"]["rows"], incidents=figures["incidents"]["rows"], estimates=figures["history"]["rows"],
    )  # fmt: skip
    return {"equal": True, "tables": figures}


def _copy_table(connection: Any, engine: Any, table: str) -> tuple[int, int]:
    """Copy a table within the transaction of the target; return its rows, and how many are encrypted."""
    columns = _TABLES[table][0]
    marks = ", ".join("?" * (columns.count(",") + 1))
    if table in _ALWAYS:
        engine.execute(f"DELETE FROM {table}")  # noqa: S608
    names, count, sealed = columns.split(", "), 0, 0
    priority = names.index("priority") if "priority" in names else None
    every = _rows(connection, table)
    while some := [row for row, _ in zip(every, range(_ROWS), strict=False)]:
        if table in _TIMES:
            engine.prepare_days(table, [row[_TIMES[table]] for row in some])
        sealed += sum(any(isinstance(value, bytes) and is_sealed(value) for value in row) for row in some)
        if priority is not None:
            some = [(*row[:priority], engine.any_value(row[priority]), *row[priority + 1 :]) for row in some]
        engine.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", some)  # noqa: S608
        count += len(some)
    return count, sealed


def _rows(connection: Any, table: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table in order; a file of an older version may lack one."""
    if not has_table(connection, table):
        return
    columns, order = _TABLES[table]
    selected = ", ".join(_BODY if name == "body" else name for name in columns.split(", "))
    with closing(streamed(connection, f"SELECT {selected} FROM {table} ORDER BY {order}")) as found:  # noqa: S608
        yield from (tuple(row) for row in found)


@contextmanager
def _opened(text: str, sector: str | None) -> Iterator[Any]:
    """Lend a connection that sees the store as it is at one moment."""
    if is_postgres(text):
        connection = connected_by(stated_note(text, sector, "fusion"))
    else:
        connection = opened_for_reading(_path(text))
    with closing(connection):
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")


@contextmanager
def _new(text: str, sector: str | None) -> Iterator[Any]:
    """Lend the engine of a store that is to be written. A file is there when it is complete."""
    if is_postgres(text):
        note = stated_note(text, sector, "fusion")
        with postgres_packages():
            from ops.store.engines.postgres import PostgresEngine
        with closing(PostgresEngine(note)) as engine:
            yield engine
        return
    path = _path(text)
    if store_exists(path):
        raise BadInput("has a fusion store", where=str(path), expected="a new file, or a folder without one")
    partial, lock = path.with_name(path.name + ".copying"), lock_store(path)
    try:
        for name in (partial.name, f"{partial.name}-wal", f"{partial.name}-shm"):  # of a copy that was interrupted
            path.with_name(name).unlink(missing_ok=True)
        with closing(FileEngine(partial, None)) as file:
            yield file
        for end in ("-wal", "-shm"):  # of a store that was moved away without them: SQLite would apply them to this one
            path.with_name(path.name + end).unlink(missing_ok=True)
        os.replace(partial, path)
    finally:
        unlock_store(lock)


def _path(text: str) -> Path:
    path = Path(text)
    return path / FILE if path.is_dir() else path


@contextmanager
def _errors(target: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, DatabaseError) as error:
        raise StoreError(f"{shown_place(target)}: the fusion store cannot be copied or compared ({error}).") from error
