"""Erases the points of due records from the layers for maps, also while fusion writes the store.

A key opens and erases all else that is stored of an encrypted record; its point is in plain form.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from typing import Any, Final

from ops.audit.day_keys import IsDue, day_at
from ops.postgres.note import StoreNote
from ops.postgres.session import connected, driver_errors, known_sector
from ops.store.connections import StoreError
from ops.store.engines.sector_schema import CONTENT, day_of_table, day_table, replace_day, schema_of, tables_in

_HAS_POINTS: Final = (
    "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('history') AND attname = 'geom')"
)
"""Also true for a sector that is kept without layers now, and had them before."""
_ANY_OF_DAY: Final = "SELECT EXISTS (SELECT FROM {table} WHERE geom IS NOT NULL)"
_OF_DAY: Final = "SELECT count(geom) FROM {table}"
_BY_INDEX: Final = "SET LOCAL enable_seqscan TO off"
"""Days that were erased before have rows, and no points: the index shows it without a read of all rows."""
_OF_ALERTS: Final = "SELECT id, raised_ns FROM alerts WHERE geom IS NOT NULL"
_CLEAR: Final = "UPDATE alerts SET geom = NULL WHERE id = ANY($1)"
_WAIT_S: Final = 2
"""Fusion waits behind the wait for a part's readers."""


def count_points(note: StoreNote, is_due: IsDue) -> int:
    """Return how many points ``erase_points`` would erase. Raises StoreError."""
    with _schema(note) as (driver, sector):
        if not driver.execute(_HAS_POINTS).fetchone()[0]:
            return 0
        return sum(_due_days(driver, sector, is_due).values()) + len(_due_alerts(driver, is_due))


def erase_points(note: StoreNote, is_due: IsDue) -> None:
    """Drop the parts of due days of tracks, each in place of one without points, and clear those of due alerts.

    For a sector in which ``count_points`` finds some. Each day is a transaction of its own. Raises StoreError, also
    where a long read keeps a part.
    """
    [content] = CONTENT["history"]
    with _schema(note) as (driver, sector):
        for day in _due_days(driver, sector, is_due):
            with driver.transaction():
                driver.execute(f"SET LOCAL lock_timeout = '{_WAIT_S}s'")
                replace_day(driver, "history", day, content)
        if alerts := _due_alerts(driver, is_due):
            driver.execute(_CLEAR, (alerts,))
            driver.execute("VACUUM alerts")  # the row before is in the table until then


@contextmanager
def _schema(note: StoreNote) -> Iterator[tuple[Any, int]]:
    """Lend a connection whose search path is the schema of the sector, and the sector's number."""
    address = note.address()
    with (
        driver_errors(address, f"the layers of sector {note.sector}", StoreError),
        closing(connected(address)) as driver,
    ):
        sector = known_sector(driver, note.sector)
        driver.execute(f"SET search_path TO {schema_of(sector or 0)}")  # no sector has this number
        yield driver, sector or 0


def _due_days(driver: Any, sector: int, is_due: IsDue) -> dict[date, int]:
    """Return the number of points on each due day that has any."""
    parts = [day_of_table(name) for name in tables_in(driver, sector)]
    due = sorted(part[1] for part in parts if part is not None and part[0] == "history" and is_due("tracks", part[1]))
    tables = {day: day_table("history", day) for day in due}
    with driver.transaction():
        driver.execute(_BY_INDEX)
        found = [day for day in due if driver.execute(_ANY_OF_DAY.format(table=tables[day])).fetchone()[0]]
    return {day: int(driver.execute(_OF_DAY.format(table=tables[day])).fetchone()[0]) for day in found}


def _due_alerts(driver: Any, is_due: IsDue) -> list[str]:
    return [identity for identity, raised_ns in driver.execute(_OF_ALERTS) if is_due("alerts", day_at(raised_ns))]
