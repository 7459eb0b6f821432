"""The accounts in a file, which several processes write in short transactions of SQLite (WAL, IMMEDIATE)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ops.accounts.sealed import SecretKey
from ops.accounts.stores.database import AccountDatabase, AccountStoreError, Statements, Taken, upgrade
from ops.runtime.account import give_to_owner
from ops.runtime.files.transaction import BUSY_S, change_unless_busy, transaction, use_write_ahead_log

SCHEMA: Final = 3
APPLICATION_ID: Final = 0x574C4143  # "WLAC"
_OVERWRITE: Final = "PRAGMA wal_checkpoint(TRUNCATE)"
TABLES: Final = """
CREATE TABLE people (
    id TEXT PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    password TEXT,
    secret TEXT,
    secret_ends_s REAL,
    must_set_password INTEGER NOT NULL DEFAULT 0,
    totp TEXT,
    totp_step INTEGER NOT NULL DEFAULT 0,
    issuer TEXT,
    subject TEXT,
    locked INTEGER NOT NULL DEFAULT 0,
    created_s REAL NOT NULL,
    releasability TEXT NOT NULL DEFAULT '',
    UNIQUE (issuer, subject)
);
CREATE TABLE roles (
    person TEXT NOT NULL REFERENCES people ON DELETE CASCADE,
    sector TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (person, sector)
) WITHOUT ROWID;
CREATE TABLE sessions (
    key TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES people ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('browser', 'code', 'program')),
    began_s REAL NOT NULL,
    ends_s REAL NOT NULL,
    seen_s REAL NOT NULL,
    address TEXT NOT NULL,
    label TEXT NOT NULL,
    purpose TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX sessions_of ON sessions (person);
CREATE TABLE devices (
    key TEXT NOT NULL,
    person TEXT NOT NULL REFERENCES people ON DELETE CASCADE,
    ends_s REAL NOT NULL,
    PRIMARY KEY (key, person)
) WITHOUT ROWID;
CREATE TABLE attempts (
    key TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    failures INTEGER NOT NULL,
    next_s REAL NOT NULL,
    last_s REAL NOT NULL
) WITHOUT ROWID;
"""


class _FileStatements:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        try:
            return self.connection.execute(statement, values)
        except sqlite3.IntegrityError as error:
            raise Taken from error

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self.connection.executemany(statement, rows)


class FileDatabase(AccountDatabase):
    """The file ``accounts.db``, created if there is none. Raises AccountStoreError where it is unusable."""

    _reader: sqlite3.Connection
    _writer: sqlite3.Connection

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        with self._checked():
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            give_to_owner(path)
            os.chmod(path, 0o600)
            self._writer = self._connect()
            self._prepare()
            self._writer.execute(_OVERWRITE)  # secrets of an earlier version
            self._reader = self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
        use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    def _prepare(self) -> None:
        with transaction(self._writer) as db:
            self.key = SecretKey(self._path.parent)  # created by one process: the others wait for this transaction
            (version,) = db.execute("PRAGMA user_version").fetchone()
            (kind,) = db.execute("PRAGMA application_id").fetchone()
            if version == 0 and kind == 0 and not db.execute("SELECT 1 FROM sqlite_schema").fetchone():
                for statement in TABLES.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {SCHEMA}")
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                return
            if kind == APPLICATION_ID and 0 < version < SCHEMA:
                upgrade(_FileStatements(db), version, self.key)
                version = SCHEMA
                db.execute(f"PRAGMA user_version = {SCHEMA}")
            if kind != APPLICATION_ID or version != SCHEMA:
                raise AccountStoreError(
                    f"{self._path}: version {version} of something else; expected accounts of version {SCHEMA}."
                    if kind != APPLICATION_ID
                    else f"{self._path}: accounts of version {version}; expected version {SCHEMA} of this Watchline."
                )

    @contextmanager
    def change(self) -> Iterator[Statements]:
        """Begin a transaction, which is committed at the end of the block."""
        with self._writing, self._checked(), transaction(self._writer):
            yield _FileStatements(self._writer)

    def change_if_free(self, statement: str, values: Sequence[Any]) -> None:
        """Make a change that is made again soon, or none while another thread or process changes the file."""
        if not self._writing.acquire(blocking=False):
            return
        try:
            with self._checked():
                change_unless_busy(self._writer, statement, values)
        finally:
            self._writing.release()

    def overwrite(self) -> None:
        """Bring the changes into the file, which removes them from the write-ahead log; readers are waited for."""
        with self._writing, self._checked():
            self._writer.execute(_OVERWRITE)

    def _statements(self) -> Statements:
        return _FileStatements(self._reader)

    def version(self, reading: Statements) -> int:
        """Return SQLite's ``data_version``."""
        return int(reading.execute("PRAGMA data_version").fetchone()[0])

    @contextmanager
    def _checked(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise AccountStoreError(f"{self._path}: the accounts cannot be used ({error}).") from error
