"""The interface of the accounts to their database, and the columns of their tables."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Protocol

from geo.errors import WatchlineError
from ops.accounts.sealed import SecretKey, is_sealed

FILE: Final = "accounts.db"
COLUMNS: Final = {
    "people": (
        "id, login, name, name_key, password, secret, secret_ends_s, must_set_password, totp, totp_step, issuer,"
        " subject, locked, created_s, releasability"
    ),
    "roles": "person, sector, role",
    "sessions": "key, kind, began_s, ends_s, address, label, seen_s, purpose, person",
    "devices": "key, person, ends_s",
    "attempts": "key, account, failures, next_s, last_s",
}
"""Tables with their columns, in the order in which they can be written."""


class AccountStoreError(WatchlineError):
    """The accounts cannot be read or written; no login is accepted meanwhile."""


class Taken(Exception):
    """A value that is to be unique is in the table already."""


class Statements(Protocol):
    """Statements of one transaction, or of reading. Parameters are ``?``; Taken where a unique value is repeated."""

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Execute a statement; return what has ``fetchone``, ``fetchall`` and ``rowcount``."""
        ...

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute a statement with each row of values."""
        ...


def upgrade(db: Statements, form: int, key: SecretKey) -> None:
    """Bring the tables of an earlier form up to date, in the transaction of ``db``."""
    if form < 2:
        db.execute("ALTER TABLE people ADD COLUMN releasability TEXT NOT NULL DEFAULT ''")
    if form < 3:
        db.execute("ALTER TABLE sessions ADD COLUMN purpose TEXT NOT NULL DEFAULT ''")
        for identity, secret in db.execute("SELECT id, totp FROM people WHERE totp IS NOT NULL").fetchall():
            if not is_sealed(secret):
                db.execute("UPDATE people SET totp = ? WHERE id = ?", (key.seal(secret, identity), identity))


class ClosableConnection(Protocol):
    """A connection of either database, as far as both are handled alike."""

    def close(self) -> object:
        """Close it."""
        ...


class AccountDatabase(ABC):
    """The database of the accounts. Thread-safe; AccountStoreError where it cannot be used.

    Reading and changing each have a connection, so that no reader waits for a change. ``key`` encrypts
    the secrets of second factors.
    """

    key: SecretKey
    _reader: ClosableConnection
    _writer: ClosableConnection

    def __init__(self) -> None:
        self._reading, self._writing = threading.Lock(), threading.Lock()

    @abstractmethod
    def change(self) -> AbstractContextManager[Statements]:
        """Begin a transaction, one at a time among all processes, which is committed at the end of the block."""

    def change_if_free(self, statement: str, values: Sequence[Any]) -> None:
        """Make a change that is made again soon: a database may leave it out while another one is made."""
        with self.change() as changing:
            changing.execute(statement, values)

    @abstractmethod
    def overwrite(self) -> None:
        """Overwrite what changes have removed, where the database keeps it for a time."""

    @contextmanager
    def read(self) -> Iterator[Statements]:
        """Lend the connection for reading."""
        with self._reading, self._checked():
            yield self._statements()

    @abstractmethod
    def version(self, reading: Statements) -> int:
        """Return a number that changes with each change by any process."""

    def close(self) -> None:
        """Close both connections, after what is being read or changed."""
        with self._reading, self._writing:
            self._reader.close()
            self._writer.close()

    @abstractmethod
    def _statements(self) -> Statements:
        """Return the statements of the connection for reading."""

    @abstractmethod
    def _checked(self) -> AbstractContextManager[None]:
        """Turn the errors of the place into AccountStoreError."""
