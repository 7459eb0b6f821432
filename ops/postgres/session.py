"""Connections by the client library alone: statements are sent as they are (``$1``), each in its own transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, Final, cast

import psycopg
from sqlalchemy.exc import DBAPIError

from geo.errors import WatchlineError
from ops.postgres.address import PostgresError, StoreAddress
from ops.postgres.engine import engine_of, meaning_of
from ops.postgres.migration import SETTINGS, check_store, refuse_settings
from ops.postgres.texts import original_text

_SECTOR: Final = "SELECT sector FROM watchline.sectors WHERE name = $1"
_ADD_SECTOR: Final = "INSERT INTO watchline.sectors (name) VALUES ($1) ON CONFLICT DO NOTHING"


class _OriginalText(psycopg.adapt.Loader):
    def load(self, data: Any) -> str:
        return original_text(bytes(data).decode())


def connected(address: StoreAddress) -> psycopg.Connection[Any]:
    """Connect to a store of this version. PostgresError for one that cannot be used, psycopg.Error without a server.

    Texts are returned as they were before ``stored_text``.
    """
    engine = engine_of(address, autocommit=True)
    try:
        with engine.connect() as connection:
            check_store(connection, address)
    except DBAPIError as error:
        raise cast(psycopg.Error, error.orig) from error
    finally:
        engine.dispose()
    driver = psycopg.connect(**address.arguments(), autocommit=True)
    try:
        found: Any = driver.execute(SETTINGS.encode()).fetchone()
        refuse_settings(found, address)  # a pool may lend another session than before
    except BaseException:
        driver.close()
        raise
    driver.cursor_factory = psycopg.RawCursor
    for name in ("text", "varchar", "name"):
        for form in (psycopg.pq.Format.TEXT, psycopg.pq.Format.BINARY):
            driver.adapters.register_loader(name, type("OriginalText", (_OriginalText,), {"format": form}))
    return driver


class KeptConnection:
    """A connection that is replaced when it was lost; ``prepare`` is called with each. Raises as ``connected`` does."""

    def __init__(self, address: StoreAddress, prepare: Callable[[psycopg.Connection[Any]], None]) -> None:
        self._address, self._prepare = address, prepare
        self.driver: psycopg.Connection[Any]
        self._connect()

    def _connect(self) -> None:
        driver = connected(self._address)
        try:
            self._prepare(driver)
        except BaseException:
            driver.close()
            raise
        self.driver = driver

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, in order or failed."""
        return not self.driver.closed and self.driver.info.transaction_status != psycopg.pq.TransactionStatus.IDLE

    def first(self, statement: str, values: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
        """Execute a statement outside of a transaction, such as BEGIN or a query; again if the connection was lost."""
        try:
            return self.driver.execute(statement, values)
        except psycopg.Error:
            self.roll_back()
            if not self.driver.broken and not self.driver.closed:
                raise
        self.driver.close()
        self._connect()
        return self.driver.execute(statement, values)

    def roll_back(self) -> None:
        """End a transaction, if there is one, without what was done in it."""
        with suppress(psycopg.Error):
            if self.in_transaction:
                self.driver.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        with suppress(psycopg.Error):
            self.driver.close()


def known_sector(driver: psycopg.Connection[Any], name: str) -> int | None:
    """Return the number of a sector; None if the store does not know it."""
    found = driver.execute(_SECTOR, (name,)).fetchone()
    return None if found is None else int(found[0])


def sector_number(driver: psycopg.Connection[Any], name: str) -> int:
    """Return the number of a sector, which is added if the store does not know it."""
    number = known_sector(driver, name)
    if number is None:  # an insertion in vain would use up a number
        driver.execute(_ADD_SECTOR, (name,))
        number = known_sector(driver, name)
    assert number is not None
    return number


@contextmanager
def driver_errors(address: StoreAddress, named: str, raised: type[WatchlineError]) -> Iterator[None]:
    """Turn errors of a connection into ``raised``, whose sentence says of what is ``named`` that it cannot be used."""
    try:
        yield
    except PostgresError as error:
        raise raised(str(error)) from error
    except psycopg.Error as error:
        what, expected = meaning_of(DBAPIError(None, None, error))
        raise raised(f"{address.shown}: {named} cannot be used ({what}; expected {expected}).") from error


@lru_cache(maxsize=512)
def translated(statement: str) -> str:
    """Return a statement for SQLite with PostgreSQL's parameters ($1) and type of binary values."""
    if "?" in statement:
        numbers = iter(range(1, 1 + statement.count("?")))
        statement = re.sub(r"\?(\d*)", lambda found: f"${found[1] or next(numbers)}", statement)
    return statement.replace(" AS BLOB)", " AS bytea)")
