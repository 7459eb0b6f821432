"""Read-only connections to a store: a few, each used by one thread at a time, however many threads read."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from geo.errors import WatchlineError
from ops.audit.day_keys import DayKeyError, DayKeys
from ops.postgres.address import PostgresError, missing_packages
from ops.postgres.note import StoreNote, note_path, read_note
from ops.runtime.files.transaction import BUSY_S
from ops.store.engines.errors import DatabaseError

SCHEMA_VERSION: Final = 4
OLDEST_VERSION: Final = 3
"""Oldest version that is read; ``Store`` brings it up to date. It holds no moments (``ops.store.moments``)."""
APPLICATION_ID: Final = 0x57544C4E  # "WTLN"
WAIT_S: Final = 30.0
"""Longest time that a read waits for a connection."""


class StoreError(WatchlineError):
    """The store cannot be opened, read or written."""


class StoreLost(StoreError):
    """Another process writes the store, under a later lease: nothing was written, and this process must end."""


class ReadConnections:
    """At most ``most`` connections to the store at ``path``, opened when they are first needed.

    Within one thread, a read inside of another uses the same connection, and so the same snapshot. ``keys`` are those
    of the store's encrypted records. Every reader of a process may share one object of this class.
    """

    def __init__(self, path: Path, most: int = 1) -> None:
        self.path, self.most = Path(path), most
        self.keys = DayKeys.beside(self.path)
        self._of_thread = threading.local()
        self._free: queue.LifoQueue[tuple[int, Any]] = queue.LifoQueue()  # so that few are opened where few are used
        self._round = 0
        for _ in range(most):
            self._free.put((0, None))

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Lend a connection to the calling thread.

        Raises
        ------
        StoreError
            While there is no readable store, for what SQLite cannot read, and if no connection is free in time.
        """
        lent = getattr(self._of_thread, "lent", ())
        try:
            if lent:
                yield lent[0]
                return
            with self._taken() as connection:
                yield connection
        except (sqlite3.Error, DatabaseError) as error:
            raise StoreError(f"{self.path}: cannot be read ({error}).") from error
        except DayKeyError as error:
            raise StoreError(str(error)) from error

    @contextmanager
    def snapshot(self) -> Iterator[Any]:
        """Lend a connection on which all reads see the store at the same moment: that of the first of them."""
        with self.reading() as connection:
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    def close(self) -> None:
        """Close the connections, those in use as soon as they are free; a later read opens them again."""
        self._round += 1
        free = []
        with suppress(queue.Empty):
            while True:
                free.append(self._free.get_nowait())
        for _, connection in free:
            if connection is not None:
                connection.close()
            self._free.put((self._round, None))

    @contextmanager
    def _taken(self) -> Iterator[Any]:
        try:
            opened_in, connection = self._free.get(timeout=WAIT_S)
        except queue.Empty:
            raise StoreError(f"{self.path}: too many reads at once; try again.") from None
        lent: list[Any] = []  # emptied when it is given back, even if another thread ends an iteration of this one
        try:
            if connection is None:
                opened_in, connection = self._round, self._opened()
            lent.append(connection)
            self._of_thread.lent = lent
            yield connection
        finally:
            lent.clear()
            if connection is not None and (opened_in != self._round or getattr(connection, "spent", False)):
                connection.close()
                connection = None
            self._free.put((opened_in, connection))

    def _opened(self) -> Any:
        return opened_for_reading(self.path)


def store_note(path: Path) -> StoreNote | None:
    """Return where in PostgreSQL the store of ``path`` is; None for a file. StoreError for an unreadable note."""
    try:
        note = read_note(path)
    except PostgresError as error:
        raise StoreError(str(error)) from error
    return note if note is not None and note.holds == "fusion" else None


def store_exists(path: Path) -> bool:
    """Return whether there is a store; one in PostgreSQL exists once a note names it."""
    return path.exists() or note_path(path).exists()


def changes(connection: Any) -> int:
    """Return a number that changes when another process commits."""
    if isinstance(connection, sqlite3.Connection):
        return int(connection.execute("PRAGMA data_version").fetchone()[0])
    return int(connection.changes())


def has_table(connection: Any, name: str) -> bool:
    """Return whether the store has a table; one of an older version may lack it."""
    if isinstance(connection, sqlite3.Connection):
        return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone() is not None
    return bool(connection.has_table(name))


def streamed(connection: Any, statement: str, values: Sequence[Any] = ()) -> Any:
    """Execute a statement whose rows are fetched little by little; what it returns is to be closed."""
    if isinstance(connection, sqlite3.Connection):
        return connection.execute(statement, values)
    return connection.stream(statement, values)


def opened_for_reading(path: Path) -> Any:
    """Open a connection to a store, wherever it is. StoreError or DatabaseError if it cannot be read."""
    note = store_note(path)
    if note is not None:
        return connected_by(note)
    if not path.exists():
        raise StoreError(f"{path}: fusion has not written this store yet.")
    address = f"file:{quote(str(path))}?mode=ro"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
    try:
        check_version(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def connected_by(note: StoreNote) -> Any:
    """Open a connection to a store in PostgreSQL. StoreError or DatabaseError if it cannot be read."""
    try:
        from ops.store.engines.postgres import PostgresConnection
    except ImportError:
        raise StoreError(str(missing_packages())) from None
    return PostgresConnection(note)


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError unless a connection is to a store of a version that is read."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise StoreError(f"{path}: fusion has not written this store yet.")
    if application != APPLICATION_ID or not OLDEST_VERSION <= version <= SCHEMA_VERSION:
        raise StoreError(
            f"{path}: is not a store of this version (application {application:#x}, version {version};"
            f" expected {APPLICATION_ID:#x}, version {SCHEMA_VERSION})."
        )
