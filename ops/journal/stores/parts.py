"""Partitions of a journal's bodies in PostgreSQL, one for each sector, kind of key and day; erased by dropping them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ops.audit.day_keys import KEY_KINDS, IsDue, KeyKind, day_at
from ops.journal.encryption import DEAD_LETTERS
from ops.journal.stores.postgres_reader import journal_error
from ops.postgres.address import StoreAddress
from ops.postgres.engine import engine_of
from ops.postgres.migration import check_store

_FIND: Final = "SELECT part, table_name, erased FROM parts WHERE sector = %s AND kind = %s AND day = %s"
_ADD: Final = "INSERT INTO parts (sector, kind, day, table_name) VALUES (%s, %s, %s, %s) RETURNING part"
_PARTS: Final = (
    "SELECT p.part, p.kind, p.day, p.table_name FROM parts AS p JOIN sectors AS s USING (sector)"
    " WHERE s.name = %s AND NOT p.erased ORDER BY p.part"
)
_COUNT: Final = "SELECT count(*) FROM bodies WHERE part = ANY(%s)"
_ERASE_LETTERS: Final = (
    "UPDATE dead_letters SET body = '', message = '', said = '', digest = sha256(uuid_send(gen_random_uuid()))"
    " WHERE id = ANY(%s) AND sector = (SELECT sector FROM sectors WHERE name = %s)"
)
_LONGEST_WAIT_S: Final = 2
"""Ingest waits behind this wait, and for longer than it."""
_LETTERS: Final = (
    "SELECT d.id, d.received_ns FROM dead_letters AS d JOIN sectors AS s USING (sector)"
    " WHERE s.name = %s AND length(d.body) > 0 ORDER BY d.id"
)


def open_part(connection: Connection, sector: int, kind: str, day: date) -> int:
    """Return the partition of a kind and day, or of the next day that is not erased; it is created if there is none.

    It is attached after it was created, which waits for no reader; created within its parent it would. Until the end of
    the transaction no other partition can be attached, so that only a short one may call this.
    """
    part, name, is_new = make_part(connection, sector, kind, day)
    if is_new:
        attach_part(connection, part, name)
    return part


def make_part(connection: Connection, sector: int, kind: str, day: date) -> tuple[int, str, bool]:
    """Return number and table as ``open_part`` does, and whether it is new: a table that is to be attached."""
    assert kind in KEY_KINDS
    while True:
        found = connection.exec_driver_sql(_FIND, (sector, kind, day)).one_or_none()
        if found is not None and not found.erased:
            return int(found.part), str(found.table_name), False
        if found is None:
            break
        day += timedelta(days=1)
    name = f"bodies_{sector}_{kind}_{day:%Y%m%d}"
    part = int(connection.exec_driver_sql(_ADD, (sector, kind, day, name)).scalar_one())
    connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE bodies INCLUDING ALL, CHECK (part = {part}))")
    return part, name, True


def attach_part(connection: Connection, part: int, name: str) -> None:
    """Make a new table a partition; its rows are not read again, because its check states their number."""
    connection.exec_driver_sql(f"ALTER TABLE bodies ATTACH PARTITION {name} FOR VALUES IN ({part})")


def parts_of(address: StoreAddress, sector: str) -> dict[KeyKind, list[date]]:
    """Return the days, by kind, whose bodies a store holds. Raises JournalError when it cannot be read."""
    days: dict[KeyKind, list[date]] = {}
    with _reading(address) as connection:
        for _, kind, day, _ in connection.exec_driver_sql(_PARTS, (sector,)):
            if kind in KEY_KINDS:
                days.setdefault(kind, []).append(day)
    return days


def count_due(address: StoreAddress, sector: str, is_due: IsDue) -> int:
    """Return how many bodies ``erase_parts`` would erase. Raises JournalError when the store cannot be read."""
    with _reading(address) as connection:
        due = [part for part, kind, day, _ in connection.exec_driver_sql(_PARTS, (sector,)) if is_due(kind, day)]
        letters = connection.exec_driver_sql(_LETTERS, (sector,))
        found = sum(is_due(DEAD_LETTERS, day_at(received_ns)) for _, received_ns in letters)
        return found + int(connection.exec_driver_sql(_COUNT, (due,)).scalar_one())


def erase_parts(address: StoreAddress, sector: str, is_due: IsDue) -> int:
    """Erase the bodies of a sector's rows and dead letters whose kind and day are due; return their number.

    Rows keep their number, kind, sensor or unit, and times, as in ``ops.journal.erasure``. Each partition is dropped in
    a transaction of its own. Raises JournalError when the store cannot be used, or a long read keeps a partition.
    """
    engine = engine_of(address)
    try:
        with engine.connect() as connection:
            check_store(connection, address)
            parts = connection.exec_driver_sql(_PARTS, (sector,)).all()
            letters = connection.exec_driver_sql(_LETTERS, (sector,)).all()
        count = 0
        for part, kind, day, table in parts:
            if kind in KEY_KINDS and is_due(kind, day):
                with engine.begin() as connection:
                    count += _drop(connection, part, table)
        due = [identity for identity, received_ns in letters if is_due(DEAD_LETTERS, day_at(received_ns))]
        with engine.begin() as connection:
            connection.exec_driver_sql(_ERASE_LETTERS, (due, sector))
        return count + len(due)
    except DBAPIError as error:
        raise journal_error(error, address) from error
    finally:
        engine.dispose()


@contextmanager
def _reading(address: StoreAddress) -> Iterator[Connection]:
    """Lend a connection to a store of this version. Raises JournalError."""
    engine = engine_of(address, autocommit=True)
    try:
        with engine.connect() as connection:
            check_store(connection, address)
            yield connection
    except DBAPIError as error:
        raise journal_error(error, address) from error
    finally:
        engine.dispose()


def _drop(connection: Connection, part: int, table: str) -> int:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LONGEST_WAIT_S}s'")
    count = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()  # noqa: S608
    connection.exec_driver_sql(f"DROP TABLE {table}")
    connection.exec_driver_sql("UPDATE parts SET erased = true WHERE part = %s", (part,))
    return int(count)
