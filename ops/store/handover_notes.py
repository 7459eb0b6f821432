"""Notes for the next shift: written once, signed with a person's name and account, and never changed.

They are statements about a shift, not events of the picture, so they are in a file of their own (``handover.db``) and a
replay of the journal does not need them. Each is encrypted under the key of its day, with that of alerts and incidents.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from geo.errors import BadInput
from ops.audit.day_keys import DayKeyError, DayKeys
from ops.runtime.files.transaction import BUSY_S
from ops.store.connections import StoreError
from ops.store.encryption import about
from ops.store.markings import ReceivedRecords
from sensors.timestamps import nanoseconds

FILE: Final = "handover.db"
MOST_TEXT: Final = 4_000
"""Characters of a note."""
MOST_NOTES: Final = 200
"""Notes of one shift."""
APPLICATION_ID: Final = 0x57544848  # "WTHH"
VERSION: Final = 1
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL,"
    " body BLOB NOT NULL)"
)


@dataclass(frozen=True, slots=True)
class HandoverNote:
    """A note on the shift from ``start`` to ``end``, signed at ``at`` by the account ``account`` of ``name``.

    Datetimes are aware UTC. ``marking``: its releasability, empty for none; None for a note from before notes had any,
    which is for people from whom nothing is hidden.
    """

    start: datetime
    end: datetime
    at: datetime
    name: str
    account: str
    role: str
    text: str
    marking: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the note, as in the audit log; a note without a marking has the hash that it always had."""
        plain = msgspec.to_builtins(self)
        if not self.marking:
            del plain["marking"]
        return sha256(msgspec.json.encode(plain)).hexdigest()

    def is_for(self, received: ReceivedRecords) -> bool:
        """Whether a receiver may have it."""
        if self.marking is None:
            return received.everything
        return received.markings.may_see(received.limit, self.marking)


class HandoverNotes:
    """The notes in a data folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._keys = DayKeys.beside(self.path)

    def add(self, note: HandoverNote) -> None:
        """Store a note; it is on disk when this returns.

        Raises
        ------
        BadInput
            For an empty or too long text, or a shift with too many notes.
        StoreError
            If it cannot be stored.
        """
        self.check(note)
        start, end = nanoseconds(note.start), nanoseconds(note.end)
        with self._database() as database:
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN IMMEDIATE")
            taken = database.execute("SELECT coalesce(max(id), 0), sum(start_ns = ?) FROM notes", (start,)).fetchone()
            if (taken[1] or 0) >= MOST_NOTES:
                raise BadInput(f"The shift has {MOST_NOTES} notes", where="note", expected="no more than that")
            identity = taken[0] + 1
            sealed = self._keys.seal_anyway("alerts", nanoseconds(note.at), msgspec.json.encode(note), _about(identity))
            database.execute("INSERT INTO notes VALUES (?, ?, ?, ?)", (identity, start, end, sealed))
            database.execute("COMMIT")

    def check(self, note: HandoverNote) -> None:
        """Raise BadInput for an empty or too long text."""
        if not note.text.strip() or len(note.text) > MOST_TEXT:
            raise BadInput("The note is empty or too long", where="note", expected=f"1 to {MOST_TEXT:,} characters")

    def of(self, start: datetime, end: datetime) -> list[HandoverNote]:
        """Return the notes on shifts that overlap the period, oldest first; erased ones are left out."""
        if not self.path.exists():
            return []
        sql = "SELECT id, body FROM notes WHERE start_ns < ? AND end_ns > ? ORDER BY id"
        with self._database() as database:
            rows = database.execute(sql, (nanoseconds(end), nanoseconds(start))).fetchall()
            opened = [self._keys.open(body, _about(identity)) for identity, body in rows]
        return [msgspec.json.decode(body, type=HandoverNote) for body in opened if body is not None]

    @contextmanager
    def _database(self) -> Iterator[Any]:
        try:
            with closing(sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_S)) as database:
                self._prepare(database)
                yield database
        except (sqlite3.Error, DayKeyError, msgspec.MsgspecError) as error:
            raise StoreError(f"{self.path}: the notes cannot be read or written ({error}).") from error

    def _prepare(self, database: Any) -> None:
        application, version = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in _PRAGMAS)
        if (application, version) == (APPLICATION_ID, VERSION):
            return
        if database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise StoreError(f"{self.path}: is not a file of notes of this version.")
        database.execute(_TABLE)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {VERSION}")


_PRAGMAS: Final = ("application_id", "user_version")


def _about(identity: int) -> bytes:
    return about("alerts", "handover note", identity)
