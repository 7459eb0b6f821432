"""The accounts of a sector's room in PostgreSQL, in a schema that only the owner of the store can read.

Every transaction begins by counting itself in the row ``state``, so that one is made at a time, as in a file, and every
process sees by that number whether anything has changed. Secrets of second factors are encrypted under a key in the
data folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

from ops.accounts.sealed import SecretKey
from ops.accounts.stores.database import AccountDatabase, AccountStoreError, Statements, Taken, upgrade
from ops.accounts.stores.file import SCHEMA, TABLES
from ops.postgres.engine import LOCK_WAIT_S
from ops.postgres.note import StoreNote
from ops.postgres.session import KeptConnection, driver_errors, known_sector, sector_number, translated
from ops.postgres.texts import stored_text

_TYPES: Final = {
    " TEXT": ' text COLLATE "C"',
    " REAL": " double precision",
    " INTEGER": " bigint",
    " WITHOUT ROWID": "",
}
_STATE: Final = (
    "CREATE TABLE state (one integer PRIMARY KEY CHECK (one = 1), form integer NOT NULL, changes bigint NOT NULL)"
)
_FOUND: Final = "SELECT to_regclass($1 || '.state') IS NOT NULL"
_CHANGE: Final = "UPDATE state SET changes = changes + 1"
_ONE_AT_A_TIME: Final = 0x574C5334
"""First key of the advisory lock of who creates the tables of a sector."""


class _StoreStatements:
    """Statements that ``run`` executes."""

    def __init__(self, run: Callable[[str, Sequence[Any]], psycopg.Cursor[Any]]) -> None:
        self._run = run

    def execute(self, statement: str, values: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
        try:
            return self._run(translated(statement), [_value(value) for value in values])
        except psycopg.errors.UniqueViolation as error:
            raise Taken from error

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            self.execute(statement, row)


class StoreDatabase(AccountDatabase):
    """The accounts in a store, created if there are none, and upgraded if they have an earlier form.

    Raises AccountStoreError where they are unusable; if ``create`` is false, which writes nothing, also for none and
    for those of an earlier form.
    """

    _reader: KeptConnection
    _writer: KeptConnection

    def __init__(self, note: StoreNote, folder: Path, *, create: bool = True) -> None:
        super().__init__()
        self._note, self._address, self._folder, self._may_create = note, note.address(), folder, create
        with self._checked():
            self._writer = KeptConnection(self._address, self._prepare)
            self._reader = KeptConnection(self._address, self._prepare)

    def _prepare(self, driver: psycopg.Connection[Any]) -> None:
        driver.execute("SELECT set_config('lock_timeout', $1, false)", (f"{round(LOCK_WAIT_S * 1000)}ms",))
        with driver.transaction():
            find = sector_number if self._may_create else known_sector
            number = find(driver, self._note.sector) or 0  # no sector has this number
            schema = f"watchline_accounts_{number}"
            driver.execute("SELECT pg_advisory_xact_lock($1, $2)", (_ONE_AT_A_TIME, number))
            self.key = SecretKey(self._folder)  # created by one process: the others wait for this transaction
            if not driver.execute(_FOUND, (schema,)).fetchone()[0]:  # type: ignore[index]
                if not self._may_create:
                    raise AccountStoreError(f"{self._address.shown}: has no accounts of sector {self._note.sector}.")
                self._create(driver, schema)
            driver.execute(f"SET LOCAL search_path TO {schema}")
            (form,) = driver.execute("SELECT form FROM state").fetchone()  # type: ignore[misc]
            if self._may_create and 0 < form < SCHEMA:
                upgrade(_StoreStatements(lambda text, values: driver.execute(_typed(text), values)), form, self.key)
                driver.execute("UPDATE state SET form = $1, changes = changes + 1", (SCHEMA,))
                form = SCHEMA
            if form != SCHEMA:
                raise AccountStoreError(
                    f"{self._address.shown}: accounts of version {form}; expected version {SCHEMA} of this Watchline."
                )
        driver.execute(f"SET search_path TO {schema}")

    @staticmethod
    def _create(driver: psycopg.Connection[Any], schema: str) -> None:
        driver.execute(f"CREATE SCHEMA {schema}")
        driver.execute(f"SET LOCAL search_path TO {schema}")
        for statement in (*filter(str.strip, _typed(TABLES).split(";")), _STATE):
            driver.execute(statement.encode())
        driver.execute("INSERT INTO state VALUES (1, $1, 0)", (SCHEMA,))

    @contextmanager
    def change(self) -> Iterator[Statements]:
        """Begin a transaction, which is committed at the end of the block."""
        with self._writing, self._checked():
            try:
                self._writer.first("BEGIN")
                self._writer.driver.execute(_CHANGE)
                yield _StoreStatements(self._writer.driver.execute)  # a lost transaction is not continued
                self._writer.driver.execute("COMMIT")
            finally:
                self._writer.roll_back()

    def _statements(self) -> Statements:
        return _StoreStatements(self._reader.first)

    def overwrite(self) -> None:
        """Nothing: the server removes it in its own time."""

    def version(self, reading: Statements) -> int:
        """Return the number of transactions so far."""
        return int(reading.execute("SELECT changes FROM state").fetchone()[0])

    @contextmanager
    def _checked(self) -> Iterator[None]:
        try:
            with driver_errors(self._address, "the accounts", AccountStoreError):
                yield
        except OSError as error:
            raise AccountStoreError(f"{self._folder}: the accounts cannot be used ({error}).") from error


def _typed(text: str) -> str:
    """Return statements for SQLite that create columns with the types of PostgreSQL."""
    for file, store in _TYPES.items():
        text = text.replace(file, store)
    return text


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return stored_text(value) if isinstance(value, str) else value
