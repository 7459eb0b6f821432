"""What a journal can do, in a file or in PostgreSQL: what ingest, fusion and the commands may rely on."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Protocol

from ingest.receiving.batch import Batch, DeadLetter
from ingest.security.authentication import SourceKey
from ops.journal.reader import Counts, JournalRow, Recount, RefusedOfUnit
from ops.journal.stores.commits import Refusals


class FollowedJournal(Protocol):
    """The part of a journal that fusion reads. Methods raise JournalError when the file or server cannot be read."""

    def read(self, after_id: int = 0, limit: int = 1000) -> list[JournalRow]:
        """Return up to ``limit`` rows with ids above ``after_id``, in order of arrival."""

    def last_id(self) -> int:
        """Return the newest row's id; 0 in an empty journal."""

    def counts(self, kind: str | None = "detections") -> dict[str, Counts]:
        """Return receipts per sensor, of one kind or of all."""

    def flagged(self) -> dict[str, dict[str, int]]:
        """Count the implausible scans of each sensor by flag."""

    def timings(self) -> dict[str, dict[str, int]]:
        """Count the scans of each sensor by their delay class."""


class ReadableJournal(FollowedJournal, Protocol):
    """A journal to read. Every method raises JournalError when the file or server cannot be read."""

    def foreign_status(self, newest: int) -> list[JournalRow]:
        """Return the non-JSON ``status`` rows among the ``newest`` rows, in order of arrival."""

    def changed(self) -> int:
        """Return a number that changes when another process commits."""

    def recount(self) -> dict[SourceKey, Recount]:
        """Count the rows themselves, as an audit of the counts."""

    def dead_letters(self, after_id: int = 0, limit: int = 1000) -> list[tuple[int, DeadLetter]]:
        """Return (id, dead letter) pairs with ids above ``after_id``, oldest first."""

    def refused_of_units(self, after_id: int, limit: int = 1000) -> list[RefusedOfUnit]:
        """Return the dead letters of units with ids above ``after_id``, oldest first."""

    def last_dead_letter(self) -> int:
        """Return the highest id of a dead letter; 0 before the first."""

    def replayed(self) -> dict[int, tuple[int, str]]:
        """Map the id of a dead letter to the time and outcome of its last resubmission."""

    def settled(self, sensor: str, kind: str, boot: int, seq: int) -> bool:
        """Return whether this message is in the journal or among the dead letters."""

    def holds(self, sensor: str, kind: str, boot: int, seq: int) -> bool:
        """Return whether this message is in the journal."""

    def marks(self) -> dict[tuple[str, int], int]:
        """Map (sensor, boot) to the seq up to which everything is settled."""

    def close(self) -> None:
        """Release what is open."""


class WritableJournal(ReadableJournal, Protocol):
    """A journal to write, by one writer. When a call returns, its rows are on disk; after an error, none is stored."""

    is_known: Callable[[str], bool]

    def commit(self, batch: Batch) -> None:
        """Make a batch durable. JournalFull and JournalBusy: the same batch may be tried again."""

    def tick(self, now_ns: int) -> None:
        """Append a clock tick."""

    def append(self, kind: str, subject: str, at_ns: int, body: bytes, *, content_type: str = ...) -> int:
        """Append a row without a sender's key; return its id."""

    def recall(self, sensor: str, boot: int) -> tuple[int, Set[int]]:
        """Return (mark, settled seqs above it) of a sender's boot."""

    def recall_boot(self, sensor: str, kind: str, key: str) -> int:
        """Return the highest boot that this key signed; −1 when none."""

    def highest_boot(self, sensor: str) -> tuple[int, int]:
        """Return a sensor's highest boot that was received, and its mark."""

    def last_of_kind(self, kind: str) -> dict[str, bytes]:
        """Map each subject to the body of its newest row of this kind."""

    def take_refused(self) -> dict[tuple[str, int], Refusals]:
        """Return the (sensor, boot) of messages refused for their numbers since the last call."""
