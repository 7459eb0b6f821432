"""Erases records of the store: overwrites what their erased keys, or no key, protected, or drops it by days."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from ops.audit.day_keys import IsDue, KeyKind, day_at, day_of, is_sealed
from ops.postgres.address import postgres_packages
from ops.runtime.files.transaction import BUSY_S
from ops.store.connections import ReadConnections, StoreError, has_table, store_exists, store_note
from ops.store.engines.errors import DatabaseError
from ops.store.engines.file import lock_store, unlock_store
from ops.store.engines.place import StoreEngine, open_engine
from ops.store.rows import OPEN

ROWS: Final = 5_000
MOMENT_KINDS: Final[Mapping[str, KeyKind]] = {"body": "tracks", "units": "unit_positions"}
"""The kind of record that each column of a moment holds."""
_ESTIMATE: Final = (
    "UPDATE history SET cov = ?, easting = NULL, northing = NULL, easting_rate = NULL, northing_rate = NULL,"
    " existence = NULL, offset_m = NULL, segment = 0 WHERE id = ?"
)
_PLACES: Final = ("UPDATE alerts SET geom = NULL WHERE id = ?",)


def days_of_open_alerts(path: Path) -> set[date]:
    """Return the days of alerts and incidents that are still open: they are in use, whatever their retention."""
    marks = ", ".join("?" for _ in OPEN)
    sql = (
        f"SELECT raised_ns, CAST(body AS BLOB) FROM alerts WHERE status IN ({marks})"  # noqa: S608
        " UNION ALL SELECT opened_ns, CAST(body AS BLOB) FROM incidents WHERE state <> 'closed'"
    )
    rows = _read(path, sql, OPEN)
    return {day_at(at_ns) for at_ns, _ in rows} | {day_of(body) for _, body in rows if is_sealed(body)}


def days_of_rows(path: Path, numbers: Iterable[int], after: int) -> set[date]:
    """Return the days of the alerts and incidents of these outbox rows, and of all rows after number ``after``."""
    wanted, days = sorted(numbers), set[date]()
    for begin in range(0, max(len(wanted), 1), ROWS):
        some = wanted[begin : begin + ROWS]
        named = f" OR n IN ({', '.join('?' * len(some))})" if some else ""
        sql = (
            "SELECT coalesce(alerts.raised_ns, incidents.opened_ns), CAST(outbox.body AS BLOB) FROM outbox"  # noqa: S608
            " LEFT JOIN alerts ON alerts.id = outbox.alert LEFT JOIN incidents ON incidents.id = outbox.alert"
            f" WHERE n > ?{named}"
        )
        for at_ns, body in _read(path, sql, (after, *some)):
            days |= {day_at(at_ns)} if at_ns is not None else set()
            days |= {day_of(body)} if is_sealed(body) else set()
    return days


def days_of_picture(path: Path) -> set[date]:
    """Return the days of the keys that the newest picture, the checkpoint and one that is being written need."""
    sql = "SELECT CAST(body AS BLOB) FROM live UNION ALL SELECT body FROM checkpoint WHERE body IS NOT NULL"
    if store_note(path) is not None or _read(path, "SELECT 1 FROM sqlite_master WHERE name = 'checkpoint_parts'", ()):
        sql += " UNION ALL SELECT body FROM checkpoint_parts"  # also those that will be valid with the last
    return {day_of(body) for (body,) in _read(path, sql, ()) if is_sealed(body)}


def erase_records(path: Path, is_due: IsDue) -> int:
    """Overwrite alerts and estimates of tracks whose day is due; return their number.

    Alerts keep id, status, priority and time, estimates track, status and time. Raises StoreError while another
    process writes the store.
    """
    lock = lock_store(path)
    engine: StoreEngine | None = None
    try:
        engine, in_store = open_engine(path, None), store_note(path) is not None
        if not in_store:
            engine.execute("PRAGMA secure_delete = ON")
        count = _erase_estimates(engine, is_due) + _erase_alerts(engine, is_due)
        count += _erase_moments(engine, is_due)
        if count or in_store:  # in PostgreSQL it may have failed after the records were overwritten
            engine.compact()
        if not in_store:
            engine.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return count
    except (sqlite3.Error, DatabaseError) as error:
        raise StoreError(f"{path}: could not be written ({error}).") from error
    finally:
        if engine is not None:
            engine.close()
        unlock_store(lock)


def count_records(path: Path, is_due: IsDue) -> int:
    """Return how many records ``erase_records`` would overwrite."""
    connections = ReadConnections(path)
    try:
        with connections.reading() as database:
            moments = sum(len(due) for column in MOMENT_KINDS for due in _due_moments(database, column, is_due))
            return moments + sum(map(len, _due_estimates(database, is_due))) + len(_due_alerts(database, is_due))
    finally:
        connections.close()


def count_points(path: Path, is_due: IsDue) -> int:
    """Return how many due records have points in layers for maps, which no key protects. Raises StoreError."""
    note = store_note(path)
    return 0 if note is None else int(_plain_points().count_points(note, is_due))


def erase_points(path: Path, is_due: IsDue) -> None:
    """Erase the points of due records from layers for maps, also while fusion runs. Raises StoreError."""
    note = store_note(path)
    if note is not None:
        _plain_points().erase_points(note, is_due)


def _plain_points() -> ModuleType:
    """Return the module that needs the packages of PostgreSQL. PostgresError without them."""
    with postgres_packages():
        from ops.store.engines import plain_points
    return plain_points


def _erase_estimates(engine: StoreEngine, is_due: IsDue) -> int:
    dropped = engine.emptied_days("history", is_due)
    if dropped is not None:
        return dropped
    count = 0
    for due in _due_estimates(engine, is_due):
        engine.begin()
        engine.executemany(_ESTIMATE, [(b"", *row) for row in due])
        engine.commit()
        count += len(due)
    return count


def _erase_alerts(engine: StoreEngine, is_due: IsDue) -> int:
    due = _due_alerts(engine, is_due)
    emptied = [(b"", *row) for row in due]
    engine.begin()
    engine.executemany("UPDATE alerts SET body = ? WHERE id = ?", emptied)
    engine.executemany("UPDATE incidents SET body = ? WHERE id = ?", emptied)
    engine.executemany("UPDATE outcomes SET body = ? WHERE incident = ?", emptied)
    engine.executemany("UPDATE outbox SET body = ? WHERE alert = ?", emptied)
    if engine.layers:
        for statement in _PLACES:
            engine.executemany(statement, due)
    engine.commit()
    return len(due)


def _erase_moments(engine: StoreEngine, is_due: IsDue) -> int:
    dropped = engine.emptied_days("moments", is_due)
    if dropped is not None:
        return dropped
    count = 0
    for column in MOMENT_KINDS:
        for due in _due_moments(engine, column, is_due):
            engine.begin()
            engine.executemany(f"UPDATE moments SET {column} = ? WHERE stamp_ns = ?", [(b"", *row) for row in due])  # noqa: S608
            engine.commit()
            count += len(due)
    return count


def _due_moments(database: Any, column: str, is_due: IsDue) -> Iterator[list[tuple[int]]]:
    """Yield the times of due moments that have content; a store of the version before has no moments."""
    if not has_table(database, "moments"):
        return
    last = 0
    select = f"SELECT stamp_ns, length({column}) FROM moments WHERE stamp_ns > ? ORDER BY stamp_ns LIMIT ?"  # noqa: S608
    while rows := database.execute(select, (last, ROWS)).fetchall():
        last = rows[-1][0]
        due = [(at_ns,) for at_ns, size in rows if size and is_due(MOMENT_KINDS[column], day_at(at_ns))]
        if due:
            yield due


def _due_estimates(database: Any, is_due: IsDue) -> Iterator[list[tuple[int]]]:
    last = 0
    select = "SELECT id, time_ns, length(cov) FROM history WHERE id > ? ORDER BY id LIMIT ?"
    while rows := database.execute(select, (last, ROWS)).fetchall():
        last = rows[-1][0]
        due = [(identity,) for identity, at_ns, size in rows if size and is_due("tracks", day_at(at_ns))]
        if due:
            yield due


def _due_alerts(database: Any, is_due: IsDue) -> list[tuple[str]]:
    """Return the ids of due alerts and incidents that have a body; no alert has the id of an incident."""
    rows = database.execute(
        "SELECT id, raised_ns FROM alerts WHERE length(body) > 0"
        " UNION ALL SELECT id, opened_ns FROM incidents WHERE length(body) > 0"
    ).fetchall()
    return [(identity,) for identity, raised_ns in rows if is_due("alerts", day_at(raised_ns))]


def _read(path: Path, sql: str, values: tuple[str | int, ...]) -> list[Any]:
    if not store_exists(path):
        return []
    if store_note(path) is not None:
        connections = ReadConnections(path)
        try:
            with connections.reading() as connection:
                found: list[Any] = connection.execute(sql, values).fetchall()
                return found
        finally:
            connections.close()
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as database:
            return database.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be read ({error}).") from error
