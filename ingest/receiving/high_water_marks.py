"""High-water marks: the seq up to which all messages of a (sensor, boot) are settled, so that the sender may delete
them."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field
from typing import Final

MAX_AHEAD: Final = 10_000
"""Maximum number of settled seqs kept above a gap; further ones are dropped, and the sender sends them again."""
MAX_PREFIXES: Final = 4096
"""Maximum number of (sensor, boot) kept in memory; the least recent is dropped, and restored when it sends again."""

Recall = Callable[[str, int], tuple[int, Set[int]]]
"""(sensor, boot) → (the stored mark, the settled seqs above it), from the journal."""


@dataclass(frozen=True, slots=True)
class HighWaterMark:
    """All messages of this sensor and boot up to ``seq`` are in the journal or the dead letters.

    ``newest``: seq of the message that led to it.
    """

    sensor: str
    boot: int
    seq: int
    newest: int = field(default=0, compare=False)


@dataclass(slots=True)
class _Prefix:
    mark: int
    ahead: set[int] = field(default_factory=set)


class HighWaterMarks:
    """The contiguous settled prefix of every (sensor, boot); it only grows."""

    def __init__(self, recall: Recall) -> None:
        self._recall = recall
        self._prefixes: dict[tuple[str, int], _Prefix] = {}  # least recent first

    def settled(self, sensor: str, boot: int, seq: int) -> bool:
        """Whether this message was already settled, as far as this is in memory."""
        prefix = self._prefixes.get((sensor, boot))
        return prefix is not None and (seq <= prefix.mark or seq in prefix.ahead)

    def settle(self, sensor: str, boot: int, seq: int, low: int | None = None) -> HighWaterMark:
        """Count one message as settled and return the mark of its (sensor, boot).

        ``low``: the sender states that it holds nothing below, so those seqs count as settled. A low above the message
        itself is contradictory and is ignored. Seqs start at 1.
        """
        prefix = self._prefixes.pop((sensor, boot), None)
        if prefix is None:
            mark, ahead = self._recall(sensor, boot)
            prefix = _Prefix(mark, set(ahead))
            if len(self._prefixes) >= MAX_PREFIXES:
                del self._prefixes[next(iter(self._prefixes))]
        self._prefixes[sensor, boot] = prefix
        if low is not None and prefix.mark < low - 1 < seq:
            prefix.mark = low - 1
            prefix.ahead = {number for number in prefix.ahead if number >= low}
        if seq > prefix.mark and (len(prefix.ahead) < MAX_AHEAD or seq == prefix.mark + 1):
            prefix.ahead.add(seq)
        while prefix.mark + 1 in prefix.ahead:
            prefix.mark += 1
            prefix.ahead.remove(prefix.mark)
        return HighWaterMark(sensor, boot, prefix.mark, seq)
