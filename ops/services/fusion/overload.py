"""Load shedding in fusion: choice of the scans that are skipped in overload, so that alerts and the picture stay
current.

All rows remain in the journal, and a replay processes all of them. Messages of units, status messages, ticks, events
of ingest and calls of AIS distress devices are never skipped. Every sensor keeps an equal number of scans, so that a
sensor with an excessive message rate does not displace the others, and the newest scan of each sensor is always kept.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ingest.distress_calls import read_call
from ops.journal.reader import JournalRow
from sensors.timestamps import utc_datetime

BUSY_KEPT_S: Final = 2.0
LEAST_BUSY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class OverloadSettings:
    """Overload: a backlog of more than ``least_rows`` rows that would take longer than ``drain_s`` at the present rate.

    If the backlog takes n times ``drain_s``, one scan in n (rounded up) is kept, at least one in ``thinnest``.
    """

    drain_s: float = 3.0
    least_rows: int = 500
    thinnest: int = 16


@dataclass(slots=True)
class Pace:
    """Recent processing rate of fusion, in rows per second of busy time; skipped rows do not count."""

    rows: float = 0.0
    busy_s: float = 0.0

    def note(self, rows: int, seconds: float) -> None:
        """Record that ``rows`` rows took ``seconds``."""
        if self.busy_s > BUSY_KEPT_S:
            self.rows, self.busy_s = self.rows / 2, self.busy_s / 2
        self.rows += rows
        self.busy_s += seconds

    def share(self, backlog: int, settings: OverloadSettings) -> float:
        """The fraction of scans to keep; 1 without overload."""
        if backlog <= settings.least_rows or self.busy_s < LEAST_BUSY_S:
            return 1.0
        times = backlog * self.busy_s / max(self.rows, 1.0) / max(settings.drain_s, 0.001)
        return 1.0 if times <= 1 else 1 / min(math.ceil(times), settings.thinnest)


def passed_over(rows: Sequence[JournalRow], share: float) -> set[int]:
    """The ids of the scans to skip among these rows, so that about the fraction ``share`` of all scans is kept.

    Every sensor keeps at most c scans, evenly spaced and including its newest; c ≥ 1 is the largest number that does
    not exceed the fraction. With ``share`` 1 no scan is skipped.
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
            if count > most and n * most // count == (n - 1) * most // count and not _is_call(row):
                skipped.add(row.id)
    return skipped


def _is_call(row: JournalRow) -> bool:
    return read_call(row.body, row.kind, row.content_type, utc_datetime(row.received_ns)) is not None


def _equal_share(counts: list[int], total: int) -> int:
    """The largest c ≥ 1 with Σ min(count, c) ≤ total, or 1 if there is none; ``counts`` ascending."""
    left = total
    for index, count in enumerate(counts):
        share = left // (len(counts) - index)
        if count >= share:
            return max(share, 1)
        left -= count
    return max(counts, default=1)
