"""The journal: the authoritative record of what ingest received, in order of arrival, written before acknowledgement.

SQLite in WAL mode with synchronous=FULL; one writer, any number of readers in other processes. A batch is one
transaction: rows, dead letters, counts and marks are stored together or not at all. When the disk is full, nothing is
written and the batch may be retried. After any other disk error the journal refuses further writes, because the disk
contents after a failed fsync are undefined (PostgreSQL follows the same rule); the process ends and recovers by
restarting.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import msgspec

from ingest.errors import UNPROVEN
from ingest.receiving.batch import KEPT_BYTES, Batch, DeadLetter, Row, digest
from ingest.receiving.high_water_marks import MAX_AHEAD
from ingest.security.authentication import SourceKey
from ingest.topics import SENSOR_CHANNELS
from ingest.unit_messages import read_help_call
from ingest.wire import JSON
from ops.audit.day_keys import DayKeys, KeysFull
from ops.journal.encryption import DEAD_LETTERS, KEY_OF_KIND, about, opened
from ops.journal.events import REFUSAL, REFUSAL_EVERY_NS, REFUSED_CALL, Refusal, RefusedCall
from ops.journal.reader import ANY, APPLICATION_ID, SCHEMA_VERSION, JournalError, JournalFull, JournalReader
from ops.journal.tables import (
    BOOT,
    CLOSE_BATCH,
    COUNT,
    FLAG,
    FROM_1,
    INSERT,
    INSERT_DEAD,
    INSERT_NEW,
    MARK,
    TABLES,
    TABLES_2,
    TABLES_3,
    TIMING,
)
from ops.runtime.file_lock import lock_file

_NO_IDENTITY: Final = -1


@dataclass(frozen=True, slots=True)
class DeadLetterLimits:
    """Bytes of dead letters kept: of one source, of all sources that are not known, and in all. Beyond them only the
    first ``cut_bytes`` of each are kept, so such a dead letter cannot be resubmitted."""

    source_bytes: int = 64_000_000
    stranger_bytes: int = 16_000_000
    all_bytes: int = 512_000_000
    cut_bytes: int = 256


class Journal(JournalReader):
    """The only writer. JournalError when another writer holds the file, or when it is newer, foreign or unwritable."""

    def __init__(self, path: str | Path, *, encrypted: bool = False) -> None:
        """Open for writing, or create. ``encrypted``: bodies with personal data are, see ``ops.audit.day_keys``."""
        self._path = Path(path)
        self.keys, self._encrypted = DayKeys.beside(self._path), encrypted
        self._broken: JournalError | None = None
        self.limits = DeadLetterLimits()
        self.is_known: Callable[[str], bool] = lambda _: True
        self._kept_bytes: dict[str, int] | None = None
        self._refusals: dict[tuple[str, Literal["conflict", "rollback"]], int] = {}
        self._refused: dict[tuple[str, int], Literal["conflict", "rollback"]] = {}
        self._repeated_conflicts: list[Row] = []
        try:
            lock = lock_file(Path(f"{self._path}-lock"))
        except OSError as error:
            raise JournalError(
                error.strerror or str(error), where=self._path.name, expected="a folder to write in"
            ) from None
        if lock is None:
            raise JournalError("in use by another ingest", where=self._path.name, expected="one ingest per journal")
        self._lock = lock
        try:
            self._db = sqlite3.connect(self._path, isolation_level=None, timeout=5.0, check_same_thread=False)
        except sqlite3.Error as error:
            os.close(self._lock)
            raise self._error(error) from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self.close()
            raise self._error(error) from error
        except JournalError:
            self.close()
            raise

    def _prepare(self) -> None:
        db = self._db
        self._check_schema()  # before the first change: another program's file is left unchanged
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA journal_size_limit=67108864")
        db.execute("BEGIN IMMEDIATE")
        version = self._check_schema()
        if version < SCHEMA_VERSION:
            steps = [TABLES + TABLES_2, FROM_1 + TABLES_2, ""][version] + ";" + TABLES_3
            for statement in steps.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id={APPLICATION_ID}")
            db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        db.execute("COMMIT")
        self._version = SCHEMA_VERSION

    def commit(self, batch: Batch) -> None:
        """Make a batch durable: it is on disk when this returns. Otherwise raises JournalError and stores nothing.

        A message whose key is already journaled or dead-lettered is a duplicate if its bytes are equal, and a dead
        letter ``conflict`` if they differ. A key is therefore journaled or dead-lettered, never both.
        """
        if not batch.messages and not batch.shed:
            return
        with _Transaction(self):
            self._repeated_conflicts.clear()
            outcomes = self._store(batch)
            refused = _refused(batch, outcomes)
            reported = self._report_refusals(refused)
            called = self._keep_refused_calls(batch, outcomes)
            if reported or called or "journaled" in outcomes:
                self._db.execute(CLOSE_BATCH)
            self._count(batch, outcomes)
            self._db.executemany(MARK, [(mark.sensor, mark.boot, mark.seq) for mark in batch.marks])
            self._db.executemany(BOOT, [(boot.sensor, boot.kind, boot.key, boot.boot) for boot in batch.boots])
        for name, code, at_ns in reported:
            self._refusals.pop((name, code), None)
            self._refusals[name, code] = at_ns
        while len(self._refusals) > _MOST_REFUSALS:
            del self._refusals[next(iter(self._refusals))]
        self._refused.update({(message.sensor, message.boot or 0): code for message, code in refused})
        self._refused.update({(row.sensor, row.boot): "conflict" for row in self._repeated_conflicts})

    def tick(self, now_ns: int) -> None:
        """Append a clock tick. Ticks are the only time reference for readers of the journal."""
        self.append("tick", "", now_ns, b"", content_type="")

    def append(
        self, kind: str, subject: str, at_ns: int, body: bytes, *, content_type: str = "application/json"
    ) -> int:
        """Append a row without a sender's key (a tick, a unit's position, an operator's action); return its id."""
        with _Transaction(self):
            stored = self._stored(kind, subject, None, None, at_ns, body)
            row = (kind, subject, None, None, at_ns, at_ns, None, content_type, stored, "", "")
            identity = int(self._db.execute(INSERT, row).lastrowid or 0)
            self._db.execute(CLOSE_BATCH)
            return identity

    def recall(self, sensor: str, boot: int) -> tuple[int, Set[int]]:
        """Return (mark, settled seqs above it) of a sender's boot; (0, {}) when unknown.

        For ingest.receiving.high_water_marks.
        """
        mark = self._db.execute("SELECT seq FROM marks WHERE sensor = ? AND boot = ?", (sensor, boot)).fetchone()
        stored = 0 if mark is None else int(mark[0])
        key = {"sensor": sensor, "boot": boot, "mark": stored, "most": MAX_AHEAD}
        ahead = self._db.execute(
            "SELECT seq FROM journal WHERE sensor = :sensor AND kind = 'detections' AND boot = :boot AND seq > :mark"
            " UNION SELECT seq FROM dead_letters"
            " WHERE sensor = :sensor AND kind = 'detections' AND boot = :boot AND seq > :mark ORDER BY 1 LIMIT :most",
            key,
        )
        return stored, {seq for (seq,) in ahead}

    def recall_boot(self, sensor: str, kind: str, key: str) -> int:
        """Return the highest boot that this key signed for this sensor or unit; −1 when none.

        For ingest.security.authentication.
        """
        row = self._db.execute(
            "SELECT boot FROM boots WHERE sensor = ? AND kind = ? AND key = ?", (sensor, kind, key)
        ).fetchone()
        return -1 if row is None else int(row[0])

    def take_refused(self) -> dict[tuple[str, int], Literal["conflict", "rollback"]]:
        """Return the (sensor, boot) of messages refused for their numbers since the last call, with the reason.

        The boot of a ``rollback`` is the one that was too low.
        """
        refused, self._refused = self._refused, {}
        return refused

    def highest_boot(self, sensor: str) -> tuple[int, int]:
        """Return a sensor's highest boot that was received, and its mark; (0, 0) without one."""
        row = self._db.execute(
            "SELECT boot, max(seq) FROM (SELECT boot, seq FROM marks WHERE sensor = ?1 UNION ALL"
            " SELECT boot, 0 FROM boots WHERE sensor = ?1) GROUP BY boot ORDER BY boot DESC LIMIT 1",
            (sensor,),
        ).fetchone()
        return (0, 0) if row is None else (int(row[0]), int(row[1]))

    def last_of_kind(self, kind: str) -> dict[str, bytes]:
        """Map each subject to the body of its newest row of this kind; only rows that no sender numbered."""
        return dict(
            self._db.execute(
                "SELECT sensor, body FROM journal WHERE id IN"
                " (SELECT max(id) FROM journal WHERE kind = ? AND boot IS NULL GROUP BY sensor)",
                (kind,),
            )
        )

    def close(self) -> None:
        """Close the file and release the writer's lock."""
        super().close()
        os.close(self._lock)

    def _store(self, batch: Batch) -> list[str]:
        """Insert every message and return its outcome: journaled, duplicate or dead_lettered."""
        rows = batch.rows
        if len(rows) == len(batch.messages):  # the usual case, in one statement: only valid messages, all of them new
            self._db.execute("SAVEPOINT usual")
            inserted = self._db.executemany(INSERT_NEW, [self._values(row) for row in rows]).rowcount
            if inserted == len(rows):
                self._db.execute("RELEASE usual")
                return ["journaled"] * len(rows)
            self._db.execute("ROLLBACK TO usual")
            self._db.execute("RELEASE usual")
        return [
            self._store_row(message) if isinstance(message, Row) else self._store_dead(message)
            for message in batch.messages
        ]

    def _store_row(self, row: Row) -> str:
        known = self._known(row.sensor, row.kind, row.boot, row.seq, digest(row.body), row.replay_of)
        if known in ("same", "same conflict"):
            if known == "same conflict" and row.kind in SENSOR_CHANNELS:
                self._repeated_conflicts.append(row)
            return "duplicate"
        if known == "other":
            return self._store_dead(_conflict(row))
        self._db.execute(INSERT, self._values(row))
        return "journaled"

    def _store_dead(self, dead: DeadLetter) -> str:
        if dead.boot is not None and dead.seq is not None:
            known = self._known(dead.sensor, dead.kind, dead.boot, dead.seq, dead.digest)
            if known in ("same", "same conflict"):
                return "duplicate"
            if dead.code in UNPROVEN:  # an unauthenticated sender must not take a key from the true sender
                dead = replace(dead, boot=None, seq=None)
            elif known == "other" and dead.code != "conflict":
                dead = replace(dead, code="conflict", field="boot, seq", message=f"{_TAKEN} {dead.message}")
        room, pool = self._room(dead.sensor)
        body = dead.body if len(dead.body) <= room else dead.body[: self.limits.cut_bytes]
        values = (
            dead.code,
            dead.field,
            self._stored_letter(dead, "message", dead.message.encode()) if self._encrypted else dead.message,
            dead.kind,
            dead.sensor,
            _NO_IDENTITY if dead.boot is None else dead.boot,
            _NO_IDENTITY if dead.seq is None else dead.seq,
            dead.topic,
            dead.content_type,
            self._stored_letter(dead, dead.kind, body),
            dead.size,
            dead.digest,
            dead.received_ns,
            dead.sender,
            dead.user_properties,
        )
        if not self._db.execute(INSERT_DEAD, values).rowcount:
            return "duplicate"
        assert self._kept_bytes is not None
        self._kept_bytes[pool] = self._kept_bytes.get(pool, 0) + len(body)
        return "dead_lettered"

    def _values(self, row: Row) -> tuple[object, ...]:
        return (
            row.kind,
            row.sensor,
            row.boot,
            row.seq,
            row.observed_ns,
            row.received_ns,
            row.sent_ns,
            row.content_type,
            self._stored(row.kind, row.sensor, row.boot, row.seq, row.received_ns, row.body),
            row.signer,
            row.flags,
        )

    def _stored(self, kind: str, sensor: str, boot: int | None, seq: int | None, at_ns: int, body: bytes) -> bytes:
        """Return a row's body as it is stored."""
        key = KEY_OF_KIND.get(kind) if self._encrypted else None
        return body if key is None else self.keys.seal_anyway(key, at_ns, body, about(kind, sensor, boot, seq))

    def _stored_letter(self, dead: DeadLetter, kind: str, content: bytes) -> bytes:
        """Return a part of a dead letter as it is stored: its body, under its kind, or its ``message``."""
        if not self._encrypted:
            return content
        named = about(kind, dead.sensor, dead.boot, dead.seq)
        return self.keys.seal_anyway(DEAD_LETTERS, dead.received_ns, content, named)

    def _room(self, sensor: str) -> tuple[int, str]:
        """(bytes that dead letters of this source may still take, the source; "" for all that are unknown)."""
        if self._kept_bytes is None:
            self._kept_bytes = {}
            for name, size in self._db.execute("SELECT sensor, total(length(body)) FROM dead_letters GROUP BY sensor"):
                pool = name if self.is_known(name) else ""
                self._kept_bytes[pool] = self._kept_bytes.get(pool, 0) + int(size)
        pool = sensor if self.is_known(sensor) else ""
        most = self.limits.source_bytes if pool else self.limits.stranger_bytes
        free = most - self._kept_bytes.get(pool, 0)
        return min(free, self.limits.all_bytes - sum(self._kept_bytes.values())), pool

    def _known(
        self, sensor: str, kind: str, boot: int, seq: int, payload_digest: bytes, resubmitted: int | None = None
    ) -> str:
        """Compare with what the journal holds under this key: the "same" payload, as a "same conflict" among the dead
        letters, an "other" one, or "nothing".

        ``resubmitted`` is the id of the dead letter being resubmitted, which is ignored.
        """
        key = (sensor, kind, boot, seq)
        row = self._db.execute(
            "SELECT body FROM journal WHERE sensor = ? AND kind = ? AND boot = ? AND seq = ?", key
        ).fetchone()
        if row is not None:
            body = opened(self.keys, row[0], kind, sensor, boot, seq)
            if not body or digest(body) == payload_digest:  # what is erased cannot be compared
                return "same"
        dead = dict(
            self._db.execute(
                "SELECT digest, code FROM dead_letters"
                " WHERE sensor = ? AND kind = ? AND boot = ? AND seq = ? AND id IS NOT ?",
                (*key, resubmitted),
            ).fetchall()
        )
        if payload_digest in dead:
            return "same conflict" if dead[payload_digest] == "conflict" else "same"
        return "other" if row is not None or dead else "nothing"

    def _report_refusals(
        self, refused: list[tuple[Row | DeadLetter, Literal["conflict", "rollback"]]]
    ) -> list[tuple[str, Literal["conflict", "rollback"], int]]:
        """Append a row for each sensor and reason that is not reported yet; return (sensor, reason, time) of each."""
        due: dict[tuple[str, Literal["conflict", "rollback"]], int] = {}
        for message, code in refused:
            last_ns = self._refusals.get((message.sensor, code))
            if last_ns is None or not 0 <= message.received_ns - last_ns < REFUSAL_EVERY_NS:
                due.setdefault((message.sensor, code), message.received_ns)
        for (name, code), at_ns in due.items():
            body = msgspec.json.encode(Refusal(code))
            self._db.execute(INSERT, (REFUSAL, name, None, None, at_ns, at_ns, None, "application/json", body, "", ""))
        return [(*key, at_ns) for key, at_ns in due.items()]

    def _keep_refused_calls(self, batch: Batch, outcomes: list[str]) -> int:
        """Append a row for each authentic distress call that became a dead letter; return their number."""
        found = 0
        for message, outcome in zip(batch.messages, outcomes, strict=True):
            if outcome != "dead_lettered" or message.kind != "position" or message.replay_of is not None:
                continue
            code = "conflict" if isinstance(message, Row) else message.code
            call = None if code in _NOT_AUTHENTIC else read_help_call(message.body, message.content_type)
            if call is not None:
                body, at_ns = msgspec.json.encode(RefusedCall(code, call)), message.received_ns
                stored = self._stored(REFUSED_CALL, message.sensor, None, None, at_ns, body)
                row = (REFUSED_CALL, message.sensor, None, None, at_ns, at_ns, None, JSON, stored, "", "")
                self._db.execute(INSERT, row)
                found += 1
        return found

    def _count(self, batch: Batch, outcomes: list[str]) -> None:
        totals: dict[SourceKey, Counter[str]] = {}
        for message, outcome in zip(batch.messages, outcomes, strict=True):
            totals.setdefault((message.sensor, message.kind), Counter())[outcome] += 1
        for source, shed in batch.shed.items():
            totals.setdefault(source, Counter())["shed"] += shed
        flagged = Counter(
            (message.sensor, reason)
            for message, outcome in zip(batch.messages, outcomes, strict=True)
            if outcome == "journaled" and isinstance(message, Row) and message.flags
            for reason in (ANY, *message.flags.split(","))
        )
        self._db.executemany(FLAG, [(*key, count) for key, count in flagged.items()])
        timed = Counter(
            (message.sensor, message.timing if isinstance(message, Row) else message.code)
            for message, outcome in zip(batch.messages, outcomes, strict=True)
            if message.kind == "detections" and outcome != "duplicate"
            if isinstance(message, Row) == (outcome == "journaled")  # skip rows that became a conflict
            if isinstance(message, Row) or message.code in ("future", "expired")
        )
        self._db.executemany(TIMING, [(*key, count) for key, count in timed.items()])
        self._db.executemany(
            "INSERT OR REPLACE INTO replays VALUES (?, ?, ?)",
            [
                (message.replay_of, message.received_ns, _outcome_shown(message, outcome))
                for message, outcome in zip(batch.messages, outcomes, strict=True)
                if message.replay_of is not None
            ],
        )
        names = ("journaled", "duplicate", "dead_lettered", "shed")
        self._db.executemany(
            COUNT, [(*source, total.total(), *(total[name] for name in names)) for source, total in totals.items()]
        )


class _Transaction:
    """BEGIN IMMEDIATE … COMMIT; a disk error makes the journal permanently unusable."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __enter__(self) -> None:
        if self._journal._broken is not None:
            raise self._journal._broken
        try:
            self._journal._db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._break(error) from error

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        db = self._journal._db
        try:
            if error is None:
                db.execute("COMMIT")
                return
        except sqlite3.Error as failed:
            error = failed
        try:
            if db.in_transaction:
                db.execute("ROLLBACK")
        except sqlite3.Error as failed:
            raise self._break(failed, for_good=True) from failed
        if isinstance(error, sqlite3.Error):
            raise self._break(error) from error
        if isinstance(error, KeysFull):
            raise JournalFull(
                "the disk is full", where=self._journal._path.name, expected="free space for the key of a new day"
            ) from error

    def _break(self, error: sqlite3.Error, *, for_good: bool = False) -> JournalError:
        failure = self._journal._error(error)
        if for_good or not isinstance(failure, JournalFull):
            self._journal._broken = failure
        return failure


def _outcome_shown(message: Row | DeadLetter, outcome: str) -> str:
    """Return the outcome of a resubmitted message, as shown to the operator who requested it."""
    if isinstance(message, DeadLetter):
        return f"refused: {message.code}"
    return "refused: conflict" if outcome == "dead_lettered" else outcome


def _refused(batch: Batch, outcomes: list[str]) -> list[tuple[Row | DeadLetter, Literal["conflict", "rollback"]]]:
    """Return a sensor's own messages that were refused for their numbers, not those that a person resubmits."""
    found: list[tuple[Row | DeadLetter, Literal["conflict", "rollback"]]] = []
    for message, outcome in zip(batch.messages, outcomes, strict=True):
        if outcome != "dead_lettered" or message.replay_of is not None or message.kind not in SENSOR_CHANNELS:
            continue
        if isinstance(message, Row):
            found.append((message, "conflict"))
        elif message.code == "rollback":
            found.append((message, "rollback"))
    return found


_MOST_REFUSALS: Final = 10_000
_NOT_AUTHENTIC: Final = (UNPROVEN - {"rollback"}) | {"too_large"}
"""Codes of messages whose sender is not known: a rollback is signed with a valid key, a large one may be unverified."""
_TAKEN: Final = "another message has this key already;"


def _conflict(row: Row) -> DeadLetter:
    return DeadLetter(
        code="conflict",
        field="boot, seq",
        message=f"{_TAKEN} expected a key that is used only once.",
        kind=row.kind,
        sensor=row.sensor,
        boot=row.boot,
        seq=row.seq,
        topic=row.topic,
        content_type=row.content_type,
        body=row.body[:KEPT_BYTES],
        size=len(row.body),
        digest=digest(row.body),
        received_ns=row.received_ns,
        sender=f"key {row.signer}" if row.signer else "unsigned",
    )
