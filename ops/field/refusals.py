"""Refused messages of units: of each reason the newest and a count, and what the unit and the audit log have of it.

The feeds process and the API process write it, in short transactions. A message that is refused again and again is one
entry with a count, so a flood fills neither the file nor anyone's list. The refused messages themselves are kept where
they were refused: as dead letters of the journal, in ``cot.db``, or as outcomes of actions.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from geo.errors import WatchlineError
from geo.message import Message
from ingest.errors import printable
from ops.runtime.file_lock import lock_file
from ops.runtime.transaction import transaction
from sensors.timestamps import SECOND_NS

log = logging.getLogger(__name__)

FILE: Final = "refusals.db"
DAMAGED: Final = FILE + ".damaged"
"""A file that could not be read, set aside; the last one."""
LOCK: Final = "refusals.lock"
SCHEMA: Final = 1
KEPT_NS: Final = 7 * 86_400 * SECOND_NS
MOST_OF_UNIT: Final = 50
"""Entries of one unit; the oldest make room."""
MOST_UNITS: Final = 500
"""Other names than those of units, with entries: names that anyone can make up must not fill the file."""
LONGEST_FIELD: Final = 60

RefusalChannel = Literal["position", "reply", "resend"]
RefusalWay = Literal["mqtt", "tak", "page"]
RefusalReader = Literal["unit", "audit"]
"""Who is informed: the unit, by a notice of the feeds process, and the audit log, by the API process."""

FAMILIES: Final = {
    "unsigned": "signature",
    "unknown_key": "signature",
    "wrong_key": "signature",
    "bad_signature": "signature",
    "key_revoked": "revoked",
    "key_expired": "revoked",
    "identity_mismatch": "conflict",
} | {
    code: code
    for code in (
        "future", "expired", "rollback", "conflict", "unit_mismatch", "out_of_range", "incomplete", "too_large",
    )
}  # fmt: skip
"""Code of a dead letter → the choice of its sentence; any other is ``other``."""
_TABLES: Final = """
CREATE TABLE refusals (
    unit TEXT NOT NULL, way TEXT NOT NULL, channel TEXT NOT NULL, code TEXT NOT NULL, reference TEXT NOT NULL,
    count INTEGER NOT NULL, first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, message BLOB NOT NULL,
    unit_count INTEGER NOT NULL, audit_count INTEGER NOT NULL,
    PRIMARY KEY (unit, way, channel, code, reference)
) WITHOUT ROWID;
CREATE TABLE taken (source TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID
"""
_ENTRY: Final = "unit, way, channel, code, reference, count, first_ns, last_ns, message"


class RefusalBookError(WatchlineError):
    """The file cannot be read or written; messages are refused all the same."""


class _Damaged(sqlite3.DatabaseError):
    """The check of the file found damage."""


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """One message of ``unit`` that was refused at ``at_ns`` [UTC ns] for a reason that people read.

    ``code`` names the reason; ``reference`` is the id of a refused answer. ``notified``: the unit knows it already.
    """

    unit: str
    way: RefusalWay
    channel: RefusalChannel
    code: str
    message: Message
    at_ns: int
    reference: str = ""
    notified: bool = False


@dataclass(frozen=True, slots=True)
class RefusalEntry:
    """What was refused of a unit for one reason: how often, when first and last [UTC ns], and the newest reason."""

    unit: str
    way: str
    channel: str
    code: str
    reference: str
    count: int
    first_ns: int
    last_ns: int
    message: Message

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """Identity of the entry."""
        return self.unit, self.way, self.channel, self.code, self.reference


def reason_of(code: str, field: str) -> Message:
    """The reason for refusing a message, by the code of its dead letter and the name of its field."""
    return Message(
        "unit-refused", {"reason": FAMILIES.get(code, "other"), "field": printable(field, LONGEST_FIELD) or "-"}
    )


class RefusalBook:
    """The file, for any number of threads and processes. RefusalBookError where it cannot be used.

    A damaged file is set aside when it is opened, and a new one begun. ``units``: names of the settings, which are
    counted however many other names there are.
    """

    def __init__(self, folder: Path, units: Collection[str] = ()) -> None:
        self.path, self._units = folder / FILE, frozenset(units)
        self._lock = threading.Lock()
        with self._checked():
            folder.mkdir(parents=True, exist_ok=True)
            self._db = self._open_sound()

    def _open_sound(self) -> sqlite3.Connection:
        """Open the file; one process at a time sets a damaged one aside, and the others then find the new one."""
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
        lock = lock_file(self.path.with_name(LOCK), wait=True)
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            for suffix in ("-wal", "-shm"):  # first: a new file must not find the old write-ahead log
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            os.replace(self.path, self.path.with_name(DAMAGED))
            log.warning("%s is damaged (%s): it was set aside as %s, and a new one begun.", self.path, error, DAMAGED)
            return self._open()
        finally:
            if lock is not None:
                os.close(lock)

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        opened = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=5.0)
        try:
            opened.execute("PRAGMA journal_mode = WAL")
            opened.execute("PRAGMA synchronous = NORMAL")
            with transaction(opened) as db:
                (version,) = db.execute("PRAGMA user_version").fetchone()
                if version == 0:
                    for statement in _TABLES.split(";"):
                        db.execute(statement)
                    db.execute(f"PRAGMA user_version = {SCHEMA}")
                elif version != SCHEMA:
                    raise RefusalBookError(f"{self.path}: version {version}; expected version {SCHEMA}.")
            (state,) = opened.execute("PRAGMA quick_check(1)").fetchone()
            if state != "ok":
                raise _Damaged(state)
        except BaseException:
            opened.close()
            raise
        return opened

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def note(self, *refused: RefusedMessage, source: str = "", taken: int = 0) -> None:
        """Count refused messages; ``taken``: the number up to which those of ``source`` are then counted."""
        with self._lock, self._checked(), transaction(self._db) as db:
            for one in refused:
                self._count(db, one)
            if source:
                db.execute("INSERT OR REPLACE INTO taken VALUES (?, ?)", (source, taken))

    def _count(self, db: sqlite3.Connection, one: RefusedMessage) -> None:
        known = "SELECT 1 FROM refusals WHERE (unit, way, channel, reference) = (?, ?, ?, ?)"
        if one.reference and db.execute(known, (one.unit, one.way, one.channel, one.reference)).fetchone():
            return  # an answer is refused once; a store that is computed again repeats its outcome
        key = one.unit, one.way, one.channel, one.code, one.reference
        message = msgspec.json.encode(one.message.as_dict())
        changed = db.execute(
            "UPDATE refusals SET count = count + 1, last_ns = max(last_ns, ?), message = ?,"
            " unit_count = unit_count + ? WHERE (unit, way, channel, code, reference) = (?, ?, ?, ?, ?)",
            (one.at_ns, message, int(one.notified), *key),
        ).rowcount
        if changed:
            return
        if one.unit not in self._units and self._strangers(db, one.unit) >= MOST_UNITS:
            return
        db.execute(
            "INSERT INTO refusals VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, 0)",
            (*key, one.at_ns, one.at_ns, message, int(one.notified)),
        )
        db.execute(
            "DELETE FROM refusals WHERE unit = ?1 AND last_ns < (SELECT min(last_ns) FROM"
            " (SELECT last_ns FROM refusals WHERE unit = ?1 ORDER BY last_ns DESC LIMIT ?2))",
            (one.unit, MOST_OF_UNIT),
        )

    def _strangers(self, db: sqlite3.Connection, beside: str) -> int:
        """Number of names with entries that the settings do not list as units."""
        names = [name for (name,) in db.execute("SELECT DISTINCT unit FROM refusals WHERE unit <> ?", (beside,))]
        return len(set(names) - self._units)

    def forget(self, now_ns: int) -> None:
        """Drop the entries of which nothing came for a week."""
        with self._lock, self._checked(), transaction(self._db) as db:
            db.execute("DELETE FROM refusals WHERE last_ns < ?", (now_ns - KEPT_NS,))

    def taken(self, source: str) -> int | None:
        """The number up to which the messages of a source are counted; None before the first."""
        rows = self._rows("SELECT n FROM taken WHERE source = ?", source)
        return int(rows[0][0]) if rows else None

    def entries(self, unit: str | None = None) -> list[RefusalEntry]:
        """The entries of a unit, or of all, the newest first."""
        sql = f"SELECT {_ENTRY} FROM refusals WHERE ?1 IS NULL OR unit = ?1 ORDER BY last_ns DESC, unit, code"  # noqa: S608
        return [_entry(row) for row in self._rows(sql, unit)]

    def outstanding(self, reader: RefusalReader) -> list[tuple[RefusalEntry, int]]:
        """The entries that have grown since a reader was informed, with by how much; answers first, then the newest."""
        sql = (
            f"SELECT {_ENTRY}, count - {reader}_count FROM refusals WHERE count > {reader}_count"  # noqa: S608
            " ORDER BY reference = '', last_ns DESC, unit, code"
        )
        return [(_entry(row[:-1]), int(row[-1])) for row in self._rows(sql)]

    def confirm(self, reader: RefusalReader, entries: Iterable[RefusalEntry]) -> None:
        """Note that a reader was informed of entries as they were read."""
        with self._lock, self._checked(), transaction(self._db) as db:
            db.executemany(
                f"UPDATE refusals SET {reader}_count = ? WHERE (unit, way, channel, code, reference) = (?, ?, ?, ?, ?)",  # noqa: S608
                [(one.count, *one.key) for one in entries],
            )

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, self._checked():
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def _checked(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise RefusalBookError(f"{self.path}: refused messages cannot be counted ({error}).") from error


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    name = getattr(error, "sqlite_errorname", "")
    return isinstance(error, _Damaged) or name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT"))


def _entry(row: tuple[Any, ...]) -> RefusalEntry:
    unit, way, channel, code, reference, count, first_ns, last_ns, message = row
    reason = Message.from_dict(msgspec.json.decode(message))
    return RefusalEntry(unit, way, channel, code, reference, count, first_ns, last_ns, reason)
