"""The fusion store of a sector in PostgreSQL, as the part of ``sqlite3.Connection`` that the store uses.

The statements are those for SQLite. The writer holds an advisory lock in its session, and takes a number that each of
its transactions compares: a process that lost its session, or its lease, writes nothing more. The statements of a
transaction are sent together (libpq's pipeline mode); the server skips COMMIT when one of them fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from itertools import count
from math import isnan
from typing import Any, Final

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy.exc import DBAPIError

from ops.audit.day_keys import IsDue, day_at
from ops.postgres.address import PostgresError, StoreAddress
from ops.postgres.engine import DISK_FULL, LOCK_TIMEOUT, LOCK_WAIT_S, meaning_of
from ops.postgres.fence import FUSION_WRITER, raise_fence
from ops.postgres.note import StoreNote
from ops.postgres.session import connected, sector_number, translated
from ops.postgres.texts import stored_text
from ops.store.engines.errors import DatabaseError, WriterInUse, WriterLost
from ops.store.engines.sector_schema import (
    CONTENT,
    create_day,
    create_schema,
    day_of_table,
    missing_in,
    replace_day,
    schema_of,
    tables_in,
)

_FIND: Final = "SELECT sector FROM watchline.sectors WHERE name = $1"
_ADD_STORE: Final = "INSERT INTO watchline.fusion_stores (sector) VALUES ($1) ON CONFLICT DO NOTHING"
_TAKE: Final = """
UPDATE watchline.fusion_stores SET writer = writer + 1, fence = greatest(fence, $2) WHERE sector = $1
RETURNING writer, fence
"""
_STILL_WRITER: Final = """
WITH saved AS (UPDATE watchline.fusion_stores SET commits = commits + 1 WHERE sector = $1 AND writer = $2 RETURNING 1)
SELECT 1 / count(*) FROM saved
"""
"""Fails with _TAKEN_OVER if another process is the writer now; whatever follows in the group is then not done."""
_TAKEN_OVER: Final = "22012"
_LOST: Final = ("08", "57P")
"""Classes of errors after which the connection is gone."""
_CHANGES: Final = "SELECT commits FROM watchline.fusion_stores WHERE sector = $1"
_ROW: Final = re.compile(r"VALUES \(\?(?:, \?)*\)(?= ON CONFLICT|$)")
_ROWS_AT_ONCE: Final = 500
_ERASE_WAIT_S: Final = 2
"""Writers wait behind the wait for a part's readers."""
_FIRST_ROWS: Final = 50
_STREAMED: Final = 5_000
NOT_WRITTEN: Final = "fusion has not written this store yet"


class PostgresConnection:
    """A connection to the fusion store of a sector, for reading. Raises DatabaseError, here and for each statement."""

    def __init__(self, note: StoreNote) -> None:
        self._address, self._name = note.address(), note.sector
        self._driver = _connected(self._address)
        try:
            with self._errors():
                self._sector = self._opened()
                self._run(f"SET search_path TO {schema_of(self._sector)}")
        except BaseException:
            self._driver.close()
            raise

    def _opened(self) -> int:
        """Return the number of the sector, whose store is complete."""
        self._run("SET default_transaction_read_only TO on")
        found = self._driver.execute(_FIND, (self._name,)).fetchone()
        if found is None or not (tables := tables_in(self._driver, found[0])):
            raise DatabaseError(NOT_WRITTEN)
        self._check_tables(tables)
        return int(found[0])

    def _check_tables(self, tables: set[str]) -> None:
        if missing := missing_in(tables):
            raise DatabaseError(f"the store is incomplete: without {', '.join(missing)}; expected a whole store")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._driver.info.transaction_status != psycopg.pq.TransactionStatus.IDLE

    @property
    def spent(self) -> bool:
        """Whether the connection is closed or lost, or left within a transaction."""
        return self._driver.closed or self._driver.broken or self.in_transaction

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Execute a statement; return what was found."""
        if statement == "BEGIN":
            statement = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        with self._errors():
            return _Found(self._driver.execute(translated(statement), _values(values), binary=True), self)

    def stream(self, statement: str, values: Sequence[Any] = ()) -> _Stream:
        """Execute a statement whose rows are fetched a few thousand at a time."""
        return _Stream(self, self._driver, statement, values)

    def changes(self) -> int:
        """Return a number that changes with each commit of the writer."""
        with self._errors():
            found = self._driver.execute(_CHANGES, (self._sector,)).fetchone()
        return 0 if found is None else int(found[0])

    def has_table(self, _: str) -> bool:
        """Return whether the store has a table; it has all, because a store of an older version is not opened."""
        return True

    def close(self) -> None:
        """Close the connection."""
        with suppress(psycopg.Error):
            self._driver.close()

    def _run(self, statement: str) -> None:
        self._driver.execute(statement)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise _database_error(error, self._address) from error


class PostgresEngine(PostgresConnection):
    """The only writer of a sector's fusion store, which begins empty if there is none.

    ``fence``: number of the lease under which it writes; a writer under an earlier one loses its session. WriterInUse
    while another process writes, WriterLost when a later lease has written.
    """

    def __init__(self, note: StoreNote, *, fence: int | None = None, lock_wait_s: float = LOCK_WAIT_S) -> None:
        self._fence, self._lock_wait_s = fence, lock_wait_s
        self._days: set[tuple[str, date]] = set()
        self._new_days: set[tuple[str, date]] = set()
        self._pipeline: Any = None
        self._writer = 0
        self.layers = note.layers
        super().__init__(note)
        # prepared statements were lost within pipelines, probably where a partition was attached (decision 0092)
        self._driver.prepare_threshold = None

    def _opened(self) -> int:
        driver = self._driver
        with driver.transaction():
            sector = sector_number(driver, self._name)
            driver.execute(_ADD_STORE, (sector,))
        if self._fence is not None:
            try:
                raise_fence(self._address, self._name, self._fence)
            except PostgresError as error:
                raise DatabaseError(f"{error.where}: {error.what}; expected {error.expected}") from error
        driver.execute("SELECT set_config('lock_timeout', $1, false)", (f"{round(self._lock_wait_s * 1000)}ms",))
        try:
            driver.execute("SELECT pg_advisory_lock($1, $2)", (FUSION_WRITER, sector))
        except psycopg.errors.LockNotAvailable as error:
            raise WriterInUse("another process is writing this store; stop it first") from error
        with driver.transaction():
            tables = tables_in(driver, sector)
            if not tables:
                self._run(f"SET LOCAL search_path TO {schema_of(sector)}")
                create_schema(driver, sector)
            else:
                self._check_tables(tables)
            writer, fence = driver.execute(_TAKE, (sector, self._fence or 0)).fetchone()  # type: ignore[misc]
            if self._fence is not None and fence > self._fence:
                raise WriterLost("this sector was given to another process")
        self._writer = int(writer)
        self._days = {found for name in tables if (found := day_of_table(name)) is not None}
        return sector

    def begin(self) -> None:
        """Begin a transaction, whose statements are sent together with its end."""
        with self._errors():
            self._pipeline = self._driver.pipeline()
            self._pipeline.__enter__()
            self._driver.execute("BEGIN")
            self._driver.execute(_STILL_WRITER, (self._sector, self._writer))

    def claim(self) -> None:
        """Do nothing: the number was taken when the connection was opened."""

    def commit(self) -> None:
        """Commit; the transaction is on the server's disk when this returns."""
        with self._errors():
            self._driver.execute("COMMIT")
            pipeline, self._pipeline = self._pipeline, None
            pipeline.__exit__(None, None, None)
        if self.in_transaction:
            raise DatabaseError("the server did not commit")
        self._days |= self._new_days
        self._new_days.clear()

    def rollback(self) -> None:
        """Take the transaction back, also after an error."""
        self._new_days.clear()
        pipeline, self._pipeline = self._pipeline, None
        with suppress(psycopg.Error):
            if pipeline is not None:
                pipeline.__exit__(None, None, None)
        with suppress(psycopg.Error):
            self._driver.execute("ROLLBACK")

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute a statement with each row of values."""
        values = [_values(row) for row in rows]
        with self._errors():
            found = _ROW.search(statement)
            if found is None:
                for row in values:
                    self._driver.execute(translated(statement), row)
                return
            for begin in range(0, len(values), _ROWS_AT_ONCE):
                some, numbers = values[begin : begin + _ROWS_AT_ONCE], count(1)
                marks = ", ".join("(" + ", ".join(f"${next(numbers)}" for _ in row) + ")" for row in some)
                text = f"{statement[: found.start()]}VALUES {marks}{statement[found.end() :]}"
                self._driver.execute(text, [value for row in some for value in row])

    def prepare_days(self, table: str, times_ns: Iterable[int]) -> None:
        """Make the parts of a table for the days of rows that are to be written."""
        for day in {day_at(at_ns) for at_ns in times_ns}:
            if (table, day) not in self._days and (table, day) not in self._new_days:
                with self._errors():
                    create_day(self._driver, table, day)
                self._new_days.add((table, day))

    def body_value(self, body: str) -> str | bytes:
        """Return a JSON text as it is stored without encryption."""
        return body.encode()

    def any_value(self, value: Any) -> Any:
        """Return a value of any plain type as it is passed to a statement."""
        return Jsonb(value)

    def emptied_days(self, table: str, is_due: IsDue) -> int:
        """Drop the parts of a table for due days, each in place of one with what files keep; return the records.

        Each day is a transaction of its own. A long read of a part keeps it, and is an error.
        """
        count = 0
        for day in sorted(day for name, day in self._days if name == table):
            for content in CONTENT[table]:
                if is_due(content.kind, day):
                    with self._errors(), self._driver.transaction():
                        self._run(f"SET LOCAL lock_timeout = '{_ERASE_WAIT_S}s'")
                        self._driver.execute(_STILL_WRITER, (self._sector, self._writer))
                        count += replace_day(self._driver, table, day, content)
        return count

    def compact(self) -> None:
        """Write the tables of alerts and incidents into new files, so that overwritten content is in none of them."""
        with self._errors():
            for table in ("alerts", "outbox", "incidents", "outcomes"):
                self._run(f"VACUUM (FULL) {schema_of(self._sector)}.{table}")

    def close(self) -> None:
        """Give up the claim and close the connection."""
        if self._pipeline is not None:
            self.rollback()
        super().close()


class _Found:
    """The rows that a statement found."""

    def __init__(self, cursor: Any, connection: PostgresConnection) -> None:
        self._cursor, self._connection = cursor, connection

    def fetchone(self) -> Any:
        with self._connection._errors():
            return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        with self._connection._errors():
            return list(self._cursor.fetchall())

    def fetchmany(self, count: int) -> list[Any]:
        with self._connection._errors():
            return list(self._cursor.fetchmany(count))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())

    def close(self) -> None:
        self._cursor.close()


class _Stream:
    """Rows of a statement, fetched as they are asked for; within a transaction that ends with it, if there was none."""

    def __init__(
        self, connection: PostgresConnection, driver: psycopg.Connection[Any], statement: str, values: Sequence[Any]
    ) -> None:
        self._connection, self._own = connection, not connection.in_transaction
        if self._own:
            connection.execute("BEGIN")
        try:
            with connection._errors():
                self._cursor = psycopg.RawServerCursor(driver, "rows", scrollable=False)
                self._cursor.execute(translated(statement), _values(values), binary=True)
        except BaseException:
            if self._own:
                with suppress(DatabaseError):
                    connection.execute("ROLLBACK")
            raise

    def fetchone(self) -> Any:
        with self._connection._errors():
            return self._cursor.fetchone()

    def fetchmany(self, count: int) -> list[Any]:
        with self._connection._errors():
            return list(self._cursor.fetchmany(count))

    def __iter__(self) -> Iterator[Any]:
        count = _FIRST_ROWS  # often only the first is wanted
        while rows := self.fetchmany(count):
            yield from rows
            count = _STREAMED

    def close(self) -> None:
        with self._connection._errors():
            self._cursor.close()
        if self._own and self._connection.in_transaction:
            self._connection.execute("COMMIT")


def _connected(address: StoreAddress) -> psycopg.Connection[Any]:
    """Connect to a store of this version. DatabaseError for one that cannot be used."""
    try:
        return connected(address)
    except PostgresError as error:
        raise DatabaseError(f"{error.where}: {error.what}; expected {error.expected}") from error
    except psycopg.Error as error:
        raise _database_error(error, address) from error


def _database_error(error: psycopg.Error, address: StoreAddress) -> DatabaseError:
    if error.sqlstate == _TAKEN_OVER:
        return WriterLost("this sector was given to another process")
    if error.sqlstate == LOCK_TIMEOUT:
        return WriterInUse("another process holds a lock of this store")
    what, expected = meaning_of(DBAPIError(None, None, error))
    lost = not error.sqlstate or error.sqlstate.startswith(_LOST)
    return DatabaseError(f"{address.shown}: {what}; expected {expected}", full=error.sqlstate == DISK_FULL, lost=lost)


def _values(values: Sequence[Any]) -> list[Any]:
    """Return values as they are stored: SQLite has NULL for NaN and 0.0 for -0.0, and PostgreSQL no U+0000 in texts."""
    return [_value(value) for value in values]


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return stored_text(value)
    if isinstance(value, float):
        return None if isnan(value) else value + 0.0
    return value
