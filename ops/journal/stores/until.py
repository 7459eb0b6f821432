"""A journal as it was at an earlier time: the rows of a copy that ends there, for a restore to a point in time.

It ends with the last commit all of whose rows had been received by then, so fusion computes from it what it had
computed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, Protocol

from ingest.receiving.receiver import ReceiverSettings
from ops.journal.reader import ANY

_ID, _KIND, _SENSOR, _BOOT, _SEQ, _OBSERVED, _RECEIVED = range(7)
_CLOSES, _FLAGS = 10, 12
_LETTER_CODE, _LETTER_KIND, _LETTER_SENSOR, _LETTER_BOOT, _LETTER_SEQ, _LETTER_RECEIVED = 1, 4, 5, 6, 7, 13
_TIMED_LETTERS: Final = ("future", "expired")


class Tables(Protocol):
    """The tables of a journal."""

    def rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table in order."""


class TablesUntil:
    """The tables of ``source`` up to a time of receipt, ``until_ns`` [UTC ns].

    Counts, flags and delays are those of the rows that remain; duplicates and dropped messages are not known for an
    earlier time and count as 0. A mark stays below every message that is left out, so its sender may send it again; a
    conflict with such a message is left out with it, because it would refuse the message.
    The highest boots of the keys stay, because they refuse old messages, and so do the last ids, so that none is
    used again.
    """

    def __init__(self, source: Tables, until_ns: int) -> None:
        self._source, self._until_ns = source, until_ns
        self.last_id = self._last_commit()
        self._counts: Counter[tuple[str, str, bool]] = Counter()
        self._flagged: Counter[tuple[str, str]] = Counter()
        self._timings: Counter[tuple[str, str]] = Counter()
        self._left_out: dict[tuple[str, int], int] = {}
        self._conflicts = {
            _key_of(letter): False
            for letter in source.rows("dead_letters")
            if letter[_LETTER_CODE] == "conflict" and letter[_LETTER_RECEIVED] <= until_ns
        }
        """By the key of each conflict until then, whether the message with which it conflicts is left out."""
        for row in source.rows("journal"):
            self._note_row(row)
        for letter in source.rows("dead_letters"):
            self._note_letter(letter)

    def rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table in order."""
        match table:
            case "journal":
                yield from (row for row in self._source.rows(table) if row[_ID] <= self.last_id)
            case "dead_letters":
                yield from (letter for letter in self._source.rows(table) if self._keeps(letter))
            case "counts":
                yield from self._count_rows()
            case "flagged":
                yield from ((*key, count) for key, count in sorted(self._flagged.items()))
            case "timings":
                yield from ((*key, count) for key, count in sorted(self._timings.items()))
            case "marks":
                for sensor, boot, seq in self._source.rows(table):
                    yield sensor, boot, min(seq, self._left_out.get((sensor, boot), seq + 1) - 1)
            case "replays":
                yield from (row for row in self._source.rows(table) if row[1] <= self._until_ns)
            case _:
                yield from self._source.rows(table)

    def _last_commit(self) -> int:
        """Return the id of the last row of the last commit before the first row that was received later."""
        last = 0
        for row in self._source.rows("journal"):
            if row[_RECEIVED] > self._until_ns:
                break
            if row[_CLOSES]:
                last = row[_ID]
        return last

    def _note_row(self, row: tuple[Any, ...]) -> None:
        kind, sensor, boot, seq = row[_KIND], row[_SENSOR], row[_BOOT], row[_SEQ]
        if boot is None:
            return
        if row[_ID] > self.last_id:
            self._leave_out(kind, sensor, boot, seq)
            if (key := (kind, sensor, boot, seq)) in self._conflicts:
                self._conflicts[key] = True
            return
        self._counts[sensor, kind, True] += 1
        if row[_FLAGS]:
            self._flagged.update((sensor, reason) for reason in (ANY, *row[_FLAGS].split(",")))
        if kind == "detections":
            self._timings[sensor, _timing(row[_RECEIVED] - row[_OBSERVED])] += 1

    def _note_letter(self, letter: tuple[Any, ...]) -> None:
        kind, sensor = letter[_LETTER_KIND], letter[_LETTER_SENSOR]
        if not self._keeps(letter):
            self._leave_out(kind, sensor, letter[_LETTER_BOOT], letter[_LETTER_SEQ])
            return
        self._counts[sensor, kind, False] += 1
        if kind == "detections" and letter[_LETTER_CODE] in _TIMED_LETTERS:
            self._timings[sensor, letter[_LETTER_CODE]] += 1

    def _keeps(self, letter: tuple[Any, ...]) -> bool:
        conflicts = letter[_LETTER_CODE] == "conflict" and self._conflicts.get(_key_of(letter), False)
        return bool(letter[_LETTER_RECEIVED] <= self._until_ns) and not conflicts

    def _leave_out(self, kind: str, sensor: str, boot: int, seq: int) -> None:
        if kind == "detections" and boot >= 0:
            self._left_out[sensor, boot] = min(seq, self._left_out.get((sensor, boot), seq))

    def _count_rows(self) -> Iterator[tuple[Any, ...]]:
        for sensor, kind in sorted({key[:2] for key in self._counts}):
            journaled, letters = (self._counts[sensor, kind, of_rows] for of_rows in (True, False))
            yield sensor, kind, journaled + letters, journaled, 0, letters, 0


def _key_of(letter: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return kind, source, boot and seq of a dead letter."""
    return letter[_LETTER_KIND], letter[_LETTER_SENSOR], letter[_LETTER_BOOT], letter[_LETTER_SEQ]


def _timing(age_ns: int) -> str:
    """Return the class of a delay, by the limits that ingest has unless it is given others."""
    limits = ReceiverSettings()
    if age_ns <= limits.live_s * 1e9:
        return "live"
    return "late" if age_ns <= limits.late_s * 1e9 else "backfill"
