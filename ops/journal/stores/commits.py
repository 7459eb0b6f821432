"""What a commit does, whatever database holds the journal: duplicates, conflicts, dead letters, counts and marks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import msgspec

from ingest.distress_calls import read_call
from ingest.errors import UNPROVEN
from ingest.help_call import HelpCall
from ingest.receiving.batch import KEPT_BYTES, Batch, DeadLetter, Row, digest
from ingest.security.authentication import SourceKey
from ingest.topics import SENSOR_CHANNELS
from ingest.wire import JSON
from ops.audit.day_keys import DayKeys
from ops.journal.encryption import DEAD_LETTERS, about, key_of, opened
from ops.journal.events import REFUSAL, REFUSAL_EVERY_NS, REFUSED_CALL, Refusal, RefusedCall
from ops.journal.reader import ANY
from sensors.timestamps import utc_datetime

_NO_IDENTITY: Final = -1
Refusals = Literal["conflict", "rollback", "future"]
JournalKey = tuple[str, str, int, int]
"""Sensor, kind, boot and seq of a message."""
JournalValues = tuple[str, str, int | None, int | None, int, int, int | None, str, bytes, str, str]
"""Kind, sensor, boot, seq, observed, received and sent [ns], content type, stored body, signer and flags of a row."""
Tally = Literal["counts", "marks", "boots", "flagged", "timings", "replays"]
"""A table to which a commit adds; its rows hold their key first."""


@dataclass(frozen=True, slots=True)
class DeadLetterLimits:
    """Bytes of dead letters kept: of one source, of all sources that are not known, and in all. Beyond them only the
    first ``cut_bytes`` of each are kept, so such a dead letter cannot be resubmitted."""

    source_bytes: int = 64_000_000
    stranger_bytes: int = 16_000_000
    all_bytes: int = 512_000_000
    cut_bytes: int = 256


class CommitRules(ABC):
    """The rules of a journal's only writer. A database adds the transaction and the statements within it."""

    def __init__(self, keys: DayKeys, *, encrypted: bool) -> None:
        """Set up the rules. ``encrypted``: bodies with personal data are, see ``ops.audit.day_keys``."""
        self.keys, self._encrypted = keys, encrypted
        self.limits = DeadLetterLimits()
        self.is_known: Callable[[str], bool] = lambda _: True
        self._kept_bytes: dict[str, int] | None = None
        self._refusals: dict[tuple[str, Refusals], int] = {}
        self._refused: dict[tuple[str, int], Refusals] = {}
        self._repeated_conflicts: list[Row] = []

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[None]:
        """Commit what is done within, or nothing of it after an exception. Raises JournalError."""

    @abstractmethod
    def _insert_all(self, rows: Sequence[JournalValues]) -> bool:
        """Insert rows that are all new; return False, and insert none, if the journal holds the key of any.

        This is called first in a transaction, or not at all.
        """

    @abstractmethod
    def _insert(self, row: JournalValues) -> int:
        """Insert one row; return its id."""

    @abstractmethod
    def _insert_dead(self, values: tuple[Any, ...]) -> bool:
        """Insert a dead letter; return False if there is an equal one."""

    @abstractmethod
    def _close_batch(self) -> None:
        """Mark the newest row as the last of its commit."""

    @abstractmethod
    def _journaled_body(self, key: JournalKey) -> bytes | None:
        """Return the body of the row with this key as it is stored, empty if it is erased; None without a row."""

    @abstractmethod
    def _dead_codes(self, key: JournalKey, ignored: int | None) -> dict[bytes, str]:
        """Map the digest of each dead letter with this key to its code, without the one with the id ``ignored``."""

    @abstractmethod
    def _dead_sizes(self) -> Iterable[tuple[str, int]]:
        """Return the bytes of dead letters' bodies by sensor."""

    @abstractmethod
    def _tally(self, table: Tally, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add ``rows`` to a table: counts are summed, marks and boots never fall, a replay replaces the one before."""

    def commit(self, batch: Batch) -> None:
        """Make a batch durable: it is on disk when this returns. Otherwise raises JournalError and stores nothing.

        A message whose key is already journaled or dead-lettered is a duplicate if its bytes are equal, and a dead
        letter ``conflict`` if they differ. A key is therefore journaled or dead-lettered, never both.
        """
        if not batch.messages and not batch.shed:
            return
        with self._transaction():
            self._repeated_conflicts.clear()
            outcomes = self._store(batch)
            refused = _refused(batch, outcomes)
            reported = self._report_refusals(refused)
            called = self._keep_refused_calls(batch, outcomes)
            if reported or called or "journaled" in outcomes:
                self._close_batch()
            self._count(batch, outcomes)
            self._tally("marks", [(mark.sensor, mark.boot, mark.seq) for mark in batch.marks])
            self._tally("boots", [(boot.sensor, boot.kind, boot.key, boot.boot) for boot in batch.boots])
        for name, code, at_ns in reported:
            self._refusals.pop((name, code), None)
            self._refusals[name, code] = at_ns
        while len(self._refusals) > _MOST_REFUSALS:
            del self._refusals[next(iter(self._refusals))]
        numbered = {(message.sensor, message.boot or 0): code for message, code in refused if code != "future"}
        self._refused.update(numbered)
        self._refused.update({(row.sensor, row.boot): "conflict" for row in self._repeated_conflicts})

    def tick(self, now_ns: int) -> None:
        """Append a clock tick. Ticks are the only time reference for readers of the journal."""
        self.append("tick", "", now_ns, b"", content_type="")

    def append(
        self, kind: str, subject: str, at_ns: int, body: bytes, *, content_type: str = "application/json"
    ) -> int:
        """Append a row without a sender's key (a tick, a unit's position, an operator's action); return its id."""
        with self._transaction():
            stored = self._stored(kind, subject, None, None, at_ns, body)
            row: JournalValues = (kind, subject, None, None, at_ns, at_ns, None, content_type, stored, "", "")
            identity = self._insert(row)
            self._close_batch()
            return identity

    def take_refused(self) -> dict[tuple[str, int], Refusals]:
        """Return the (sensor, boot) of messages refused for their numbers since the last call, with the reason.

        The boot of a ``rollback`` is the one that was too low.
        """
        refused, self._refused = self._refused, {}
        return refused

    def _store(self, batch: Batch) -> list[str]:
        """Insert every message and return its outcome: journaled, duplicate or dead_lettered."""
        rows = batch.rows
        # The usual case first: only valid messages, all of them new.
        if len(rows) == len(batch.messages) and self._insert_all([self._values(row) for row in rows]):
            return ["journaled"] * len(rows)
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
        self._insert(self._values(row))
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
        if not self._insert_dead(values):
            return "duplicate"
        assert self._kept_bytes is not None
        self._kept_bytes[pool] = self._kept_bytes.get(pool, 0) + len(body)
        return "dead_lettered"

    def _values(self, row: Row) -> JournalValues:
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
        key = key_of(kind, body) if self._encrypted else None
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
            for name, size in self._dead_sizes():
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
        stored = self._journaled_body(key)
        if stored is not None:
            body = opened(self.keys, stored, kind, sensor, boot, seq)
            if not body or digest(body) == payload_digest:  # what is erased cannot be compared
                return "same"
        dead = self._dead_codes(key, resubmitted)
        if payload_digest in dead:
            return "same conflict" if dead[payload_digest] == "conflict" else "same"
        return "other" if stored is not None or dead else "nothing"

    def _report_refusals(self, refused: list[tuple[Row | DeadLetter, Refusals]]) -> list[tuple[str, Refusals, int]]:
        """Append a row for each sensor and reason that is not reported yet; return (sensor, reason, time) of each."""
        due: dict[tuple[str, Refusals], Row | DeadLetter] = {}
        for message, code in refused:
            last_ns = self._refusals.get((message.sensor, code))
            if last_ns is None or not 0 <= message.received_ns - last_ns < REFUSAL_EVERY_NS:
                due.setdefault((message.sensor, code), message)
        for (name, code), message in due.items():
            ahead_s = message.ahead_s if isinstance(message, DeadLetter) and code == "future" else None
            body, at_ns = msgspec.json.encode(Refusal(code, ahead_s)), message.received_ns
            self._insert((REFUSAL, name, None, None, at_ns, at_ns, None, JSON, body, "", ""))
        return [(*key, message.received_ns) for key, message in due.items()]

    def _keep_refused_calls(self, batch: Batch, outcomes: list[str]) -> int:
        """Append a row for each authentic distress call that became a dead letter; return their number.

        A distress device sends the same bytes again as long as it is active, so that of these duplicates count as well.
        """
        found = 0
        for message, outcome in zip(batch.messages, outcomes, strict=True):
            code, call = _refused_call(message, outcome)
            if call is not None:
                body, at_ns = msgspec.json.encode(RefusedCall(code, call)), message.received_ns
                stored = self._stored(REFUSED_CALL, message.sensor, None, None, at_ns, body)
                self._insert((REFUSED_CALL, message.sensor, None, None, at_ns, at_ns, None, JSON, stored, "", ""))
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
        self._tally("flagged", [(*key, count) for key, count in flagged.items()])
        timed = Counter(
            (message.sensor, message.timing if isinstance(message, Row) else message.code)
            for message, outcome in zip(batch.messages, outcomes, strict=True)
            if message.kind == "detections" and outcome != "duplicate"
            if isinstance(message, Row) == (outcome == "journaled")  # skip rows that became a conflict
            if isinstance(message, Row) or message.code in ("future", "expired")
        )
        self._tally("timings", [(*key, count) for key, count in timed.items()])
        self._tally(
            "replays",
            [
                (message.replay_of, message.received_ns, _outcome_shown(message, outcome))
                for message, outcome in zip(batch.messages, outcomes, strict=True)
                if message.replay_of is not None
            ],
        )
        names = ("journaled", "duplicate", "dead_lettered", "shed")
        self._tally(
            "counts", [(*source, total.total(), *(total[name] for name in names)) for source, total in totals.items()]
        )


def _refused_call(message: Row | DeadLetter, outcome: str) -> tuple[str, HelpCall | None]:
    """(code, the distress call) of a message that is refused; the call is None if there is none, or it is not new."""
    if message.replay_of is not None:
        return "", None
    if isinstance(message, Row):
        if outcome != "dead_lettered":
            return "", None
        at = utc_datetime(message.received_ns)
        return "conflict", read_call(message.body, message.kind, message.content_type, at)
    repeated = outcome != "dead_lettered" and not (message.call is not None and message.call.device)
    return message.code, None if repeated else message.call


def _outcome_shown(message: Row | DeadLetter, outcome: str) -> str:
    """Return the outcome of a resubmitted message, as shown to the operator who requested it."""
    if isinstance(message, DeadLetter):
        return f"refused: {message.code}"
    return "refused: conflict" if outcome == "dead_lettered" else outcome


def _refused(batch: Batch, outcomes: list[str]) -> list[tuple[Row | DeadLetter, Refusals]]:
    """Return a sensor's own messages that were refused for their numbers or a time that is ahead, not those that a
    person resubmits."""
    found: list[tuple[Row | DeadLetter, Refusals]] = []
    for message, outcome in zip(batch.messages, outcomes, strict=True):
        if outcome != "dead_lettered" or message.replay_of is not None or message.kind not in SENSOR_CHANNELS:
            continue
        if isinstance(message, Row):
            found.append((message, "conflict"))
        elif message.code == "rollback":
            found.append((message, "rollback"))
        elif message.ahead_s is not None:
            found.append((message, "future"))
    return found


_MOST_REFUSALS: Final = 10_000
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
