"""Erases records of the store: overwrites what their erased keys, or no key, protected."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any, Final

from ops.audit.day_keys import IsDue, KeyKind, day_at, day_of, is_sealed
from ops.runtime.file_lock import lock_file
from ops.store.connections import StoreError
from ops.store.rows import OPEN

ROWS: Final = 5_000
MOMENT_KINDS: Final[Mapping[str, KeyKind]] = {"body": "tracks", "units": "unit_positions"}
"""The kind of record that each column of a moment holds."""
_ESTIMATE: Final = (
    "UPDATE history SET cov = x'', easting = NULL, northing = NULL, easting_rate = NULL, northing_rate = NULL,"
    " existence = NULL, offset_m = NULL, segment = 0 WHERE id = ?"
)


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
        sql = (
            "SELECT coalesce(alerts.raised_ns, incidents.opened_ns), CAST(outbox.body AS BLOB) FROM outbox"  # noqa: S608
            " LEFT JOIN alerts ON alerts.id = outbox.alert LEFT JOIN incidents ON incidents.id = outbox.alert"
            f" WHERE n > ? OR n IN ({', '.join('?' * len(some))})"
        )
        for at_ns, body in _read(path, sql, (after, *some)):
            days |= {day_at(at_ns)} if at_ns is not None else set()
            days |= {day_of(body)} if is_sealed(body) else set()
    return days


def days_of_picture(path: Path) -> set[date]:
    """Return the days of the keys that the newest picture, the checkpoint and one that is being written need."""
    sql = "SELECT CAST(body AS BLOB) FROM live UNION ALL SELECT body FROM checkpoint WHERE body IS NOT NULL"
    if _read(path, "SELECT 1 FROM sqlite_master WHERE name = 'checkpoint_parts'", ()):
        sql += " UNION ALL SELECT body FROM checkpoint_parts"  # also those that will be valid with the last
    return {day_of(body) for (body,) in _read(path, sql, ()) if is_sealed(body)}


def erase_records(path: Path, is_due: IsDue) -> int:
    """Overwrite alerts and estimates of tracks whose day is due; return their number.

    Alerts keep id, status, priority and time, estimates track, status and time. Raises StoreError while another
    process writes the store.
    """
    lock = lock_file(path.with_name(path.name + ".lock"))
    if lock is None:
        raise StoreError(f"{path}: another process is writing this store; stop it first.")
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("PRAGMA secure_delete = ON")
            count = _erase_estimates(database, is_due) + _erase_alerts(database, is_due)
            count += _erase_moments(database, is_due)
            if count:
                database.execute("VACUUM")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return count
    except sqlite3.Error as error:
        raise StoreError(f"{path}: could not be written ({error}).") from error
    finally:
        os.close(lock)


def count_records(path: Path, is_due: IsDue) -> int:
    """Return how many records ``erase_records`` would overwrite."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            moments = sum(len(due) for column in MOMENT_KINDS for due in _due_moments(database, column, is_due))
            return moments + sum(map(len, _due_estimates(database, is_due))) + len(_due_alerts(database, is_due))
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be read ({error}).") from error


def _erase_estimates(database: sqlite3.Connection, is_due: IsDue) -> int:
    count = 0
    for due in _due_estimates(database, is_due):
        database.execute("BEGIN IMMEDIATE")
        database.executemany(_ESTIMATE, due)
        database.execute("COMMIT")
        count += len(due)
    return count


def _erase_alerts(database: sqlite3.Connection, is_due: IsDue) -> int:
    due = _due_alerts(database, is_due)
    database.execute("BEGIN IMMEDIATE")
    database.executemany("UPDATE alerts SET body = x'' WHERE id = ?", due)
    database.executemany("UPDATE incidents SET body = x'' WHERE id = ?", due)
    database.executemany("UPDATE outcomes SET body = x'' WHERE incident = ?", due)
    database.executemany("UPDATE outbox SET body = x'' WHERE alert = ?", due)
    database.execute("COMMIT")
    return len(due)


def _erase_moments(database: sqlite3.Connection, is_due: IsDue) -> int:
    count = 0
    for column in MOMENT_KINDS:
        for due in _due_moments(database, column, is_due):
            database.execute("BEGIN IMMEDIATE")
            database.executemany(f"UPDATE moments SET {column} = x'' WHERE stamp_ns = ?", due)  # noqa: S608
            database.execute("COMMIT")
            count += len(due)
    return count


def _due_moments(database: sqlite3.Connection, column: str, is_due: IsDue) -> Iterator[list[tuple[int]]]:
    """Yield the times of due moments that have content; a store of the version before has no moments."""
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'moments'").fetchone():
        return
    last = 0
    select = f"SELECT stamp_ns, length({column}) FROM moments WHERE stamp_ns > ? ORDER BY stamp_ns LIMIT ?"  # noqa: S608
    while rows := database.execute(select, (last, ROWS)).fetchall():
        last = rows[-1][0]
        due = [(at_ns,) for at_ns, size in rows if size and is_due(MOMENT_KINDS[column], day_at(at_ns))]
        if due:
            yield due


def _due_estimates(database: sqlite3.Connection, is_due: IsDue) -> Iterator[list[tuple[int]]]:
    last = 0
    select = "SELECT id, time_ns, length(cov) FROM history WHERE id > ? ORDER BY id LIMIT ?"
    while rows := database.execute(select, (last, ROWS)).fetchall():
        last = rows[-1][0]
        due = [(identity,) for identity, at_ns, size in rows if size and is_due("tracks", day_at(at_ns))]
        if due:
            yield due


def _due_alerts(database: sqlite3.Connection, is_due: IsDue) -> list[tuple[str]]:
    """Return the ids of due alerts and incidents that have a body; no alert has the id of an incident."""
    rows = database.execute(
        "SELECT id, raised_ns FROM alerts WHERE length(body) > 0"
        " UNION ALL SELECT id, opened_ns FROM incidents WHERE length(body) > 0"
    ).fetchall()
    return [(identity,) for identity, raised_ns in rows if is_due("alerts", day_at(raised_ns))]


def _read(path: Path, sql: str, values: tuple[str | int, ...]) -> list[Any]:
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as database:
            return database.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be read ({error}).") from error
