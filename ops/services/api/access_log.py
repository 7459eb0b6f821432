"""Append-only access log: records each read and change with its user, time and purpose.

Not implemented yet: a proof that the file was not edited (a signed Merkle log), and a mandatory purpose for every read,
which Article 25 of the Law Enforcement Directive will require of a real installation.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

from geo.errors import WatchlineError

_TABLES = """
CREATE TABLE IF NOT EXISTS access (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ns INTEGER NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    purpose TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS access_stays BEFORE UPDATE ON access
BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS access_is_kept BEFORE DELETE ON access
BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS access_is_not_replaced BEFORE INSERT ON access
WHEN EXISTS (SELECT 1 FROM access WHERE n = NEW.n)  -- REPLACE fires no DELETE trigger
BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END;
"""


class AuditError(WatchlineError):
    """The access log cannot be written; the request that it would record must then not be served."""


@dataclass(frozen=True, slots=True)
class Access:
    """One access. ``at_ns``: UTC nanoseconds since 1970. ``what``: method and path, e.g. ``GET /api/tracks``."""

    at_ns: int
    who: str
    what: str
    purpose: str


class AccessLog:
    """The log in one SQLite file; each entry is on disk before ``add`` returns. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise AuditError(f"{path}: the access log cannot be opened ({error}).") from error

    def add(self, access: Access) -> None:
        """Write one access; raise AuditError if it cannot be stored."""
        row = (access.at_ns, access.who, access.what, access.purpose)
        try:
            with self._lock:
                self._connection.execute("INSERT INTO access (at_ns, who, what, purpose) VALUES (?, ?, ?, ?)", row)
        except (sqlite3.Error, UnicodeError) as error:
            raise AuditError(f"{self.path}: the access log cannot be written ({error}).") from error

    def entries(self) -> list[Access]:
        """Every access, oldest first."""
        with self._lock:
            rows = self._connection.execute("SELECT at_ns, who, what, purpose FROM access ORDER BY n").fetchall()
        return [Access(*row) for row in rows]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
