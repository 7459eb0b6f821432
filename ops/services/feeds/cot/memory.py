"""What the Cursor-on-Target feed remembers over restarts: markers and chat lines of each server, answers of devices
whose outcome they have not got, and refused events.

``cot.db`` in the data folder. A loss of its last entries, as after a power failure, repeats what TAK recognises, and
costs the outcomes of the last answers. Refused events may hold positions and texts: they are overwritten after a week.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

from geo.errors import BadInput
from ops.field.refusals import KEPT_NS
from ops.runtime.files.transaction import BUSY_S

FILE: Final = "cot.db"
KEPT_LINES: Final = 20_000
KEPT_REFUSED: Final = 1_000
LONGEST_REFUSED: Final = 4_096
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS shown (
    server TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (server, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS said (
    n INTEGER PRIMARY KEY, server TEXT NOT NULL, line TEXT NOT NULL, UNIQUE (server, line)
);
CREATE TABLE IF NOT EXISTS answers (
    id TEXT PRIMARY KEY, sent_ns INTEGER NOT NULL, answer BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (
    n INTEGER PRIMARY KEY, server TEXT NOT NULL, device TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL,
    at_ns INTEGER NOT NULL, message BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS counts (
    server TEXT NOT NULL, code TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (server, code)
) WITHOUT ROWID
"""


class CotMemoryError(BadInput):
    """The file cannot be opened, read or written."""


class RefusedEvent(NamedTuple):
    """A dead letter: an event of a device that was refused, its first bytes, and the reason."""

    server: str
    device: str
    code: str
    reason: str
    at_ns: int
    message: bytes


class CotMemory:
    """The file, for any number of threads. CotMemoryError where it cannot be used."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        self._path = folder / FILE
        try:
            self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
            self._path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise self._error(error) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def revision(self, server: str, identity: str) -> int | None:
        """The revision of a record that a server shows; None if it shows none."""
        rows = self._run("SELECT revision FROM shown WHERE server = ? AND id = ?", server, identity)
        return int(rows[0][0]) if rows else None

    def shown(self, server: str) -> list[str]:
        """The records that a server shows."""
        return [identity for (identity,) in self._run("SELECT id FROM shown WHERE server = ? ORDER BY id", server)]

    def show(self, server: str, identity: str, revision: int) -> None:
        """Note that a server shows this revision."""
        self._run("INSERT OR REPLACE INTO shown VALUES (?, ?, ?)", server, identity, revision)

    def hide(self, server: str, identity: str) -> None:
        """Note that a server no longer shows a record."""
        self._run("DELETE FROM shown WHERE server = ? AND id = ?", server, identity)

    def was_said(self, server: str, line: str) -> bool:
        """Whether a server has this chat line."""
        return bool(self._run("SELECT 1 FROM said WHERE server = ? AND line = ?", server, line))

    def say(self, server: str, line: str) -> None:
        """Note that a server has this chat line."""
        self._run("INSERT OR IGNORE INTO said (server, line) VALUES (?, ?)", server, line)
        self._run("DELETE FROM said WHERE n <= (SELECT max(n) FROM said) - ?", KEPT_LINES)

    def expect(self, identity: str, sent_ns: int, answer: bytes) -> None:
        """Keep an answer, sent at a time of the wall clock, until its device has the outcome."""
        self._run("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", identity, sent_ns, answer)

    def settle(self, identity: str) -> None:
        """Forget an answer."""
        self._run("DELETE FROM answers WHERE id = ?", identity)

    def expected(self) -> list[tuple[str, int, bytes]]:
        """The answers that are kept, the oldest first: id, time and content."""
        return [(one, sent, answer) for one, sent, answer in self._run("SELECT * FROM answers ORDER BY sent_ns, id")]

    def refuse(self, refused: RefusedEvent) -> None:
        """Keep a dead letter, and count it; those of more than a week before go."""
        message = refused.message[:LONGEST_REFUSED]
        self._run(
            "INSERT INTO refused (server, device, code, reason, at_ns, message) VALUES (?, ?, ?, ?, ?, ?)",
            *refused._replace(message=message),
        )
        self._run("DELETE FROM refused WHERE n <= (SELECT max(n) FROM refused) - ?", KEPT_REFUSED)
        self._run(
            "INSERT INTO counts VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
            refused.server,
            refused.code,
        )
        self.forget_refused(refused.at_ns)

    def forget_refused(self, now_ns: int) -> None:
        """Overwrite the dead letters of more than a week ago, also in the log of the file."""
        if self._run("DELETE FROM refused WHERE at_ns < ? RETURNING n", now_ns - KEPT_NS):
            self._run("PRAGMA wal_checkpoint(TRUNCATE)")

    def refused(self) -> list[RefusedEvent]:
        """The newest dead letters, oldest first."""
        rows = self._run("SELECT server, device, code, reason, at_ns, message FROM refused ORDER BY n")
        return [RefusedEvent(*row) for row in rows]

    def counts(self, server: str) -> Counter[str]:
        """How many events of a server were refused, by code."""
        return Counter(dict(self._run("SELECT code, count FROM counts WHERE server = ?", server)))

    def _run(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        with self._lock:
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise self._error(error) from error

    def _error(self, error: Exception) -> CotMemoryError:
        return CotMemoryError(str(error), where=self._path.name, expected="a file on a working disk")
