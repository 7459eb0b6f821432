"""Refused messages of units: of each reason the newest and a count, and what the unit and the audit log have of it.

The feeds process and the API process write it, in short transactions. A message that is refused again and again is one
entry with a count, so a flood fills neither the file nor anyone's list. The refused messages themselves are kept where
they were refused: as dead letters of the journal, in ``cot.db``, or as outcomes of actions.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from geo.message import Message
from ingest.errors import printable
from ops.field.refusal_file import ENTRY, DamagedEntry, RefusalBookError, RefusalFile
from sensors.timestamps import SECOND_NS

KEPT_NS: Final = 7 * 86_400 * SECOND_NS
MOST_OF_UNIT: Final = 50
"""Entries of one unit; the oldest make room."""
MOST_UNITS: Final = 500
"""Other names than those of units, with entries: names that anyone can make up must not fill the file."""
MOST_WAITING: Final = 1_000
"""Messages that are kept in memory while the file cannot be written; the oldest make room."""
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
    """The file of a folder, for any number of threads and processes. RefusalBookError while it cannot be used.

    A file that cannot be used stops nothing: it is tried again with every call, what was noted meanwhile is written as
    soon as it can be, and ``problem`` states the reason. A damaged file is set aside, and a new one begun. ``units``:
    names of the settings, which are counted however many other names there are.
    """

    def __init__(self, folder: Path, units: Collection[str] = ()) -> None:
        self._file, self._units = RefusalFile(folder), frozenset(units)
        self._lock = threading.Lock()
        self._waiting: deque[RefusedMessage] = deque(maxlen=MOST_WAITING)

    @property
    def problem(self) -> str | None:
        """The reason why refused messages are not counted; None while they are."""
        return self._file.problem

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def note(self, *refused: RefusedMessage, source: str = "", taken: int = 0) -> None:
        """Count refused messages; ``taken``: the number up to which those of ``source`` are then counted."""
        with self._lock:
            try:
                with self._file.changing() as db:
                    for one in (*self._waiting, *refused):
                        self._count(db, one)
                    if source:
                        db.execute("INSERT OR REPLACE INTO taken VALUES (?, ?)", (source, taken))
            except RefusalBookError:
                if not source:  # else they are read again
                    self._waiting.extend(refused)
                raise
            self._waiting.clear()

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
        with self._file.changing() as db:
            db.execute("DELETE FROM refusals WHERE last_ns < ?", (now_ns - KEPT_NS,))

    def taken(self, source: str) -> int | None:
        """The number up to which the messages of a source are counted; None before the first."""
        with self._file.reading() as db:
            row = db.execute("SELECT n FROM taken WHERE source = ?", (source,)).fetchone()
        return None if row is None else int(row[0])

    def entries(self, unit: str | None = None) -> list[RefusalEntry]:
        """The entries of a unit, or of all, the newest first."""
        sql = f"SELECT {ENTRY} FROM refusals WHERE ?1 IS NULL OR unit = ?1 ORDER BY last_ns DESC, unit, code"  # noqa: S608
        with self._file.reading() as db:
            return [_entry(row) for row in db.execute(sql, (unit,))]

    def outstanding(self, reader: RefusalReader) -> list[tuple[RefusalEntry, int]]:
        """The entries that have grown since a reader was informed, with by how much; answers first, then the newest."""
        if self._waiting:
            self.note()
        sql = (
            f"SELECT {ENTRY}, count - {reader}_count FROM refusals WHERE count > {reader}_count"  # noqa: S608
            " ORDER BY reference = '', last_ns DESC, unit, code"
        )
        with self._file.reading() as db:
            return [(_entry(row[:-1]), int(row[-1])) for row in db.execute(sql)]

    def confirm(self, reader: RefusalReader, entries: Iterable[RefusalEntry]) -> None:
        """Note that a reader was informed of entries as they were read."""
        with self._file.changing() as db:
            db.executemany(
                f"UPDATE refusals SET {reader}_count = ? WHERE (unit, way, channel, code, reference) = (?, ?, ?, ?, ?)",  # noqa: S608
                [(one.count, *one.key) for one in entries],
            )


def _entry(row: tuple[Any, ...]) -> RefusalEntry:
    unit, way, channel, code, reference, count, first_ns, last_ns, message = row
    try:
        reason = Message.from_dict(msgspec.json.decode(message))
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise DamagedEntry(f"the reason of an entry cannot be read: {error}") from error
    return RefusalEntry(unit, way, channel, code, reference, count, first_ns, last_ns, reason)
