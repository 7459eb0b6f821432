"""Reads the journal from any process: rows after an id, counts, dead letters, and the audit that recounts them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from geo.errors import BadInput
from ingest.receiving.batch import DeadLetter
from ingest.security.authentication import SourceKey
from ops.audit.day_keys import ChangedRecord, DayKeys
from ops.journal.encryption import ERASED, may_be_erased, opened
from ops.runtime.files.transaction import BUSY_S

SCHEMA_VERSION: Final = 3
APPLICATION_ID: Final = 0x574C4A31  # "WLJ1"


ANY: Final = "any"
_LARGEST: Final = 2**63 - 1
"""The largest integer in SQLite."""
_ROWS: Final = """
SELECT id, kind, sensor, boot, seq, observed_ns, received_ns, sent_ns, content_type, body, closes_batch, signer, flags
FROM journal WHERE id > ? ORDER BY id LIMIT ?
"""
_DEAD_LETTERS: Final = """
SELECT id, code, field, message, kind, sensor, nullif(boot, -1), nullif(seq, -1), topic, content_type, body, size,
digest, received_ns, sender, said
FROM dead_letters WHERE id > ? ORDER BY id LIMIT ?
"""


_REFUSED_OF_UNITS: Final = """
SELECT id, kind, code, field, sensor, received_ns FROM dead_letters
WHERE id > ? AND kind IN ('position', 'action') ORDER BY id LIMIT ?
"""


class RefusedOfUnit(NamedTuple):
    """A dead letter of a unit, without its content: ``kind`` is ``position`` or ``action``."""

    id: int
    kind: str
    code: str
    field: str
    unit: str
    received_ns: int


class JournalError(BadInput):
    """A journal that cannot be opened, read or written. No uncommitted message has been acknowledged."""


class JournalFull(JournalError):
    """The disk is full: nothing of this transaction was written, and the same transaction may be retried."""


class JournalBusy(JournalError):
    """Another transaction holds a lock: nothing of this one was written, and the same transaction may be retried."""


class JournalLost(JournalError):
    """Another process writes the journal, under a later lease: nothing was written, and this process must end."""


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One row of the journal.

    ``sensor`` is the unit or operator in rows of those kinds. ``boot`` and ``seq`` are None in rows that no sender
    numbered (ticks, positions, actions). Times are nanoseconds since 1970, UTC. ``closes_batch`` marks the last row of
    a commit: the whole picture is evaluated there, and at the same row in every replay. A row whose body is erased has
    the kind ``erased`` and replays to nothing. ``signer`` is the id of the key
    that signed the message; ``flags`` lists its implausible properties. Both are empty when there is none.
    """

    id: int
    kind: str
    sensor: str
    boot: int | None
    seq: int | None
    observed_ns: int
    received_ns: int
    sent_ns: int | None
    content_type: str
    body: bytes
    closes_batch: bool
    signer: str = ""
    flags: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """Receipts of one sensor. Invariant: received = journaled + duplicate + dead_lettered + shed."""

    received: int = 0
    journaled: int = 0
    duplicate: int = 0
    dead_lettered: int = 0
    shed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.received + other.received,
            self.journaled + other.journaled,
            self.duplicate + other.duplicate,
            self.dead_lettered + other.dead_lettered,
            self.shed + other.shed,
        )

    @property
    def balanced(self) -> bool:
        return self.received == self.journaled + self.duplicate + self.dead_lettered + self.shed


@dataclass(frozen=True, slots=True)
class Recount:
    """Recount of the rows: journal rows, dead letters, and distinct keys that occur only as dead letters."""

    journaled: int = 0
    dead_lettered: int = 0
    dead_keys: int = 0


def opened_row(keys: DayKeys, row: Sequence[Any]) -> JournalRow:
    """Return a row with its body as it was received, or of the kind ``erased`` and without a body."""
    if not may_be_erased(row[1], row[9]):
        return JournalRow(*row)
    try:
        body = opened(keys, row[9], row[1], row[2], row[3], row[4]) if row[9] else None
    except ChangedRecord:  # as unreadable as any other damaged body
        body = b""
    values = list(row)
    values[1], values[9] = (row[1], body) if body is not None else (ERASED, b"")
    return JournalRow(*values)


def opened_letter(keys: DayKeys, row: Sequence[Any]) -> DeadLetter:
    """Return a dead letter, without the id that comes first, as it was received; what is erased of it is empty."""
    try:
        body = opened(keys, row[10], row[4], row[5], row[6], row[7])
        message = row[3]
        if isinstance(message, bytes):
            message = (opened(keys, message, "message", row[5], row[6], row[7]) or b"").decode()
    except ChangedRecord:
        body, message = b"", ""
    values = [*row[1:3], message, *row[4:10], body or b"", *row[11:]]
    return DeadLetter(*values)


class JournalReader:
    """Read-only access, cheap to poll. Raises JournalError without a journal, or for an unsupported one."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self.keys = DayKeys.beside(self._path)
        if not self._path.is_file():
            raise JournalError("no such file", where=self._path.name, expected="a journal that ingest has created")
        try:
            self._db = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=ro",
                uri=True,
                isolation_level=None,
                timeout=BUSY_S,
                check_same_thread=False,
            )
        except sqlite3.Error as error:
            raise self._error(error) from error
        try:
            self._version = self._check_schema()
            if self._version == 0:
                raise JournalError("empty", where=self._path.name, expected="a journal that ingest has created")
        except sqlite3.Error as error:
            self._db.close()
            raise self._error(error) from error
        except JournalError:
            self._db.close()
            raise

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self._path

    def read(self, after_id: int = 0, limit: int = 1000) -> list[JournalRow]:
        """Return up to ``limit`` rows with ids above ``after_id``, in order of arrival. Ids increase, with gaps."""
        rows = self._db.execute(
            _ROWS if self._version >= 2 else _ROWS.replace(", signer, flags", ""),
            (after_id, limit),
        )
        return [opened_row(self.keys, row) for row in rows]

    def foreign_status(self, newest: int) -> list[JournalRow]:
        """Return the non-JSON ``status`` rows among the ``newest`` rows, in order of arrival."""
        columns = "WHERE kind = 'status' AND content_type <> 'application/json' AND id >"
        sql = (_ROWS if self._version >= 2 else _ROWS.replace(", signer, flags", "")).replace("WHERE id >", columns)
        return [JournalRow(*row) for row in self._db.execute(sql, (max(self.last_id() - newest, 0), newest))]

    def changed(self) -> int:
        """Return a number that changes when another process commits. A call takes microseconds."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def last_id(self) -> int:
        """Return the newest row's id; 0 in an empty journal."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM journal").fetchone()[0])

    def counts(self, kind: str | None = "detections") -> dict[str, Counts]:
        """Return receipts per sensor, of one kind ("detections", "status", "unknown") or of all kinds (None).

        Messages on a topic that names no sensor of this sector are counted under sensor "" and kind "unknown".
        """
        counts: dict[str, Counts] = {}
        for sensor, of_kind, *numbers in self._db.execute("SELECT * FROM counts ORDER BY sensor, kind"):
            if kind is None or kind == of_kind:
                counts[sensor] = counts.get(sensor, Counts()) + Counts(*numbers)
        return counts

    def recount(self) -> dict[SourceKey, Recount]:
        """Count the rows themselves by (sensor, kind), independently of ``counts``, as an audit."""
        journaled = self._group("SELECT sensor, kind, count(*) FROM journal WHERE boot IS NOT NULL GROUP BY 1, 2")
        dead = self._group("SELECT sensor, kind, count(*) FROM dead_letters GROUP BY 1, 2")
        keys = self._group(
            "SELECT sensor, kind, count(*) FROM (SELECT DISTINCT sensor, kind, boot, seq FROM dead_letters AS d"
            " WHERE boot >= 0 AND NOT EXISTS (SELECT 1 FROM journal AS j WHERE"
            " j.sensor = d.sensor AND j.kind = d.kind AND j.boot = d.boot AND j.seq = d.seq)) GROUP BY 1, 2"
        )
        return {
            source: Recount(journaled.get(source, 0), dead.get(source, 0), keys.get(source, 0))
            for source in sorted(journaled.keys() | dead.keys())
        }

    def flagged(self) -> dict[str, dict[str, int]]:
        """Count the implausible journaled scans of each sensor by flag; ``any`` counts each such scan once."""
        flagged: dict[str, dict[str, int]] = {}
        if self._version >= 2:
            for sensor, reason, count in self._db.execute("SELECT * FROM flagged ORDER BY sensor, reason"):
                flagged.setdefault(sensor, {})[reason] = count
        return flagged

    def timings(self) -> dict[str, dict[str, int]]:
        """Count per sensor: ``live``, ``late``, ``backfill`` (journaled scans), ``future``, ``expired`` (rejected)."""
        timings: dict[str, dict[str, int]] = {}
        if self._version >= 3:
            for sensor, timing, count in self._db.execute("SELECT * FROM timings ORDER BY sensor, timing"):
                timings.setdefault(sensor, {})[timing] = count
        return timings

    def dead_letters(self, after_id: int = 0, limit: int = 1000) -> list[tuple[int, DeadLetter]]:
        """Return (id, dead letter) pairs with ids above ``after_id``, oldest first; ``replay_of`` is always None."""
        if after_id >= _LARGEST:  # a caller may ask for an id beyond the range of SQLite
            return []
        query = _DEAD_LETTERS if self._version >= 2 else _DEAD_LETTERS.replace(", sender, said", "")
        rows = self._db.execute(query, (max(after_id, 0), limit))
        return [(row[0], opened_letter(self.keys, row)) for row in rows]

    def refused_of_units(self, after_id: int, limit: int = 1000) -> list[RefusedOfUnit]:
        """Return the dead letters of units with ids above ``after_id``, oldest first."""
        return [RefusedOfUnit(*row) for row in self._db.execute(_REFUSED_OF_UNITS, (after_id, limit))]

    def last_dead_letter(self) -> int:
        """Return the highest id of a dead letter; 0 before the first."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM dead_letters").fetchone()[0])

    def replayed(self) -> dict[int, tuple[int, str]]:
        """Map the id of a dead letter to the time and outcome of its last resubmission."""
        if self._version < 2:
            return {}
        return {row[0]: (row[1], row[2]) for row in self._db.execute("SELECT id, at_ns, outcome FROM replays")}

    def settled(self, sensor: str, kind: str, boot: int, seq: int) -> bool:
        """Return whether this message is in the journal or among the dead letters."""
        key = (sensor, kind, boot, seq)
        rows = self._db.execute(
            "SELECT EXISTS (SELECT 1 FROM journal WHERE sensor = ?1 AND kind = ?2 AND boot = ?3 AND seq = ?4)"
            " OR EXISTS (SELECT 1 FROM dead_letters WHERE sensor = ?1 AND kind = ?2 AND boot = ?3 AND seq = ?4)",
            key,
        )
        return bool(rows.fetchone()[0])

    def holds(self, sensor: str, kind: str, boot: int, seq: int) -> bool:
        """Return whether this message is in the journal; False for one among the dead letters."""
        rows = self._db.execute(
            "SELECT EXISTS (SELECT 1 FROM journal WHERE sensor = ? AND kind = ? AND boot = ? AND seq = ?)",
            (sensor, kind, boot, seq),
        )
        return bool(rows.fetchone()[0])

    def marks(self) -> dict[tuple[str, int], int]:
        """Map (sensor, boot) to the seq up to which everything is settled."""
        return {(sensor, boot): seq for sensor, boot, seq in self._db.execute("SELECT * FROM marks")}

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _group(self, sql: str) -> dict[SourceKey, int]:
        return {(sensor, kind): count for sensor, kind, count in self._db.execute(sql)}

    def _check_schema(self) -> int:
        """Return the file's schema version; 0 for a new file. JournalError for a newer version or a foreign file."""
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        application = int(self._db.execute("PRAGMA application_id").fetchone()[0])
        tables = int(self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
        if application != APPLICATION_ID and (version or tables):
            raise JournalError("another program's file", where=self._path.name, expected="a Watchline journal")
        if version > SCHEMA_VERSION:
            raise JournalError(
                f"written by a newer Watchline (schema {version})",
                where=self._path.name,
                expected=f"a schema of at most {SCHEMA_VERSION}",
            )
        return version

    def _error(self, error: sqlite3.Error) -> JournalError:
        name = getattr(error, "sqlite_errorname", "")
        where = self._path.name
        if name in ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"):
            return JournalFull(
                "the disk is full", where=where, expected="free space; senders keep unacknowledged messages"
            )
        if name.startswith("SQLITE_IOERR"):
            return JournalError(f"the disk failed ({name})", where=where, expected="a working disk; then restart")
        if name.startswith("SQLITE_NOTADB"):
            return JournalError("not an SQLite file", where=where, expected="a Watchline journal")
        return JournalError(str(error), where=where, expected="a journal that can be read and written")
