"""When fusion cannot keep up: which scans it passes over, so that alerts and the picture stay of this minute.

Everything is in the journal all the same, and a replay takes all of it. Units' messages, status, ticks and what ingest
says are never passed over. Of scans each sensor keeps an equal share, so that one that floods takes nothing from the
others, and always its newest.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ops.journal.reader import JournalRow

BUSY_KEPT_S: Final = 2.0
LEAST_BUSY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class OverloadSettings:
    """Overload: a backlog above ``least_rows`` rows that would take longer than ``drain_s`` at the present pace.

    Then one scan in so many is kept as the backlog is times ``drain_s`` long, at least one in ``thinnest``.
    """

    drain_s: float = 3.0
    least_rows: int = 500
    thinnest: int = 16


@dataclass(slots=True)
class Pace:
    """How many rows a second fusion takes when it has work, over its last seconds of it; what it passes over counts
    for nothing."""

    rows: float = 0.0
    busy_s: float = 0.0

    def note(self, rows: int, seconds: float) -> None:
        """So many rows took so long."""
        if self.busy_s > BUSY_KEPT_S:
            self.rows, self.busy_s = self.rows / 2, self.busy_s / 2
        self.rows += rows
        self.busy_s += seconds

    def share(self, backlog: int, settings: OverloadSettings) -> float:
        """The share of scans to keep: 1 when there is no overload."""
        if backlog <= settings.least_rows or self.busy_s < LEAST_BUSY_S:
            return 1.0
        times = backlog * self.busy_s / max(self.rows, 1.0) / max(settings.drain_s, 0.001)
        return 1.0 if times <= 1 else 1 / min(math.ceil(times), settings.thinnest)


def passed_over(rows: Sequence[JournalRow], share: float) -> set[int]:
    """The ids of the scans among these rows that are not taken, so that about ``share`` of all scans is.

    Every sensor keeps at most c of its scans, spread evenly and the newest among them; c ≥ 1 is the largest number with
    which the share is not exceeded. With share 1 nothing is passed over.
    """
    if share >= 1:
        return set()
    counts = Counter(row.sensor for row in rows if row.kind == "detections")
    most = _equal_share(sorted(counts.values()), int(share * counts.total()))
    skipped = set()
    seen: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        if row.kind == "detections":
            n = seen[row.sensor] = seen[row.sensor] + 1
            count = counts[row.sensor]
            if count > most and n * most // count == (n - 1) * most // count:
                skipped.add(row.id)
    return skipped


def _equal_share(counts: list[int], total: int) -> int:
    """The largest c ≥ 1 with Σ min(count, c) ≤ total; 1 where there is none. ``counts`` ascending."""
    left = total
    for place, count in enumerate(counts):
        share = left // (len(counts) - place)
        if count >= share:
            return max(share, 1)
        left -= count
    return max(counts, default=1)
