"""Scans in order of observation: a late scan is inserted by going back to a stored bank and processing again.

Order is (observed_ns, sensor, boot, sequence), never arrival, so a late scan gives exactly the same result as in time.
Banks are stored more sparsely with age: one per octave of age while late scans are common, one per three octaves while
they are rare. The result does not depend on the bank from which processing starts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from fusion.filter.track_bank import Rows, TrackBank
from geo.arrays import Floats
from sensors.scan_columns import ARRAYS, ScanColumns

OFTEN_LATE = 0.02
"""Fraction of late scans above which their re-runs cost more than the stored banks that shorten them."""
LATENESS_SCANS = 64
"""The fraction is taken over about this number of the newest scans."""

ScanKey = tuple[int, str, int, int]
Advance = Callable[[TrackBank, ScanColumns], tuple[TrackBank, Rows]]


@dataclass(slots=True)
class TimelineEntry:
    """One scan, its rows (without states once taken), whether they were taken, and the bank before it if stored."""

    scan: ScanColumns
    rows: Rows
    taken: bool
    before: TrackBank | None


def key_of(scan: ScanColumns) -> ScanKey:
    """A scan's place in the order of observation; ties are broken by sensor, boot and sequence."""
    return scan.observed_ns, scan.sensor, scan.boot, scan.sequence


def compact(scan: ScanColumns) -> ScanColumns:
    """``scan`` with every constant column held as one row of stride 0, exactly: a radar leaves most columns empty and
    its standard deviations constant, and one minute of scans is kept. Such columns are read-only."""
    if len(scan) < 2:
        return scan
    columns = [_held_once(getattr(scan, name)) for name in ARRAYS]
    about = (scan.sensor, scan.kind, scan.boot, scan.sequence, scan.observed_ns, scan.received_ns)
    return ScanColumns(*about, *columns)


def _held_once(values: Floats) -> Floats:
    one = values[:1].tobytes()
    if values[-1:].tobytes() != one or values.tobytes() != one * len(values):
        return values
    first = values[:1].copy()
    held = np.ndarray(values.shape, values.dtype, first, strides=(0, *first.strides[1:]))
    held.flags.writeable = False
    return held


def without_states(rows: Rows) -> Rows:
    """``rows`` after they were taken, with the parts that events still need: their states are NaN."""
    nothing = np.float64(np.nan)
    return replace(
        rows,
        centre=np.broadcast_to(nothing, rows.centre.shape),
        spread=np.broadcast_to(nothing, rows.spread.shape),
        existence=np.broadcast_to(nothing, rows.existence.shape),
    )


class Timeline:
    """The scans within the horizon, and the bank after the newest."""

    def __init__(self, bank: TrackBank, horizon_ns: int) -> None:
        self.bank = bank
        self.horizon_ns = horizon_ns
        self.entries: list[TimelineEntry] = []
        self.banked: list[int] = []  # indices of the entries that keep their bank, ascending
        self.keys: set[tuple[str, int, int]] = set()
        self.finished: list[Rows] = []
        self.newest_ns: int | None = None
        self.lateness = 0.0
        self.count = 0

    @property
    def edge_ns(self) -> int | None:
        """Time before which no scan can change any more."""
        return None if self.newest_ns is None else self.newest_ns - self.horizon_ns

    def put(self, scan: ScanColumns, advance: Advance) -> list[tuple[TimelineEntry, Rows | None]]:
        """Run ``scan`` at its position in the order. Return the entries that were run, each with its earlier rows, if
        any."""
        place = bisect_left(self.entries, key_of(scan), key=lambda entry: key_of(entry.scan))
        self.keys.add(scan.key)
        self.count += 1
        self.lateness += (float(place < len(self.entries)) - self.lateness) / LATENESS_SCANS
        if place == len(self.entries):
            ran: list[tuple[TimelineEntry, Rows | None]] = [(self._append(scan, advance), None)]
        else:
            ran = self._insert(place, scan, advance)
        self.newest_ns = scan.observed_ns if self.newest_ns is None else max(self.newest_ns, scan.observed_ns)
        self._forget()
        return ran

    def take(self, *, final: bool) -> list[Rows]:
        """Rows that can no longer change and that were not taken before; all remaining rows if ``final``."""
        blocks, self.finished = self.finished, []
        for entry in self.entries:
            old = self.edge_ns is not None and entry.scan.observed_ns < self.edge_ns
            if not entry.taken and (final or old):
                entry.taken = True
                blocks.append(entry.rows)
                entry.rows = without_states(entry.rows)
        return blocks

    def _append(self, scan: ScanColumns, advance: Advance) -> TimelineEntry:
        before = self.bank
        self.bank, rows = advance(before, scan)
        entry = TimelineEntry(scan, rows, False, before)
        self.banked.append(len(self.entries))
        self.entries.append(entry)
        return entry

    def _insert(self, place: int, scan: ScanColumns, advance: Advance) -> list[tuple[TimelineEntry, Rows | None]]:
        kept = self.banked[bisect_right(self.banked, place) - 1]
        bank = self.entries[kept].before
        assert bank is not None  # the oldest entry always keeps its bank
        affected = self.entries[kept:place]
        later = self.entries[place:]
        del self.entries[kept:]
        del self.banked[bisect_left(self.banked, kept) :]
        self.bank = bank
        for entry in affected:
            self._append(entry.scan, advance).taken = entry.taken
        ran: list[tuple[TimelineEntry, Rows | None]] = [(self._append(scan, advance), None)]
        for entry in later:
            again = self._append(entry.scan, advance)
            again.taken = entry.taken
            ran.append((again, entry.rows))
        return ran

    def _forget(self) -> None:
        """Drop scans beyond the horizon, and banks that are closer together than their age requires."""
        edge = self.edge_ns
        first = self.count - len(self.entries)
        oldest = self._banked_until(self._older_than(edge))
        for entry in self.entries[:oldest]:
            self.keys.discard(entry.scan.key)
            if not entry.taken:
                self.finished.append(entry.rows)
        del self.entries[:oldest]
        self.banked = [number - oldest for number in self.banked if number >= oldest]
        first += oldest
        newest = len(self.entries) - 1
        base = self._base()
        kept = []
        for number in self.banked:
            if number < base or (number > base and (first + number) % self._spacing(newest - number)):
                self.entries[number].before = None
            else:
                kept.append(number)
        self.banked = kept

    def _spacing(self, age: int) -> int:
        """Spacing in scans of the banks that are ``age`` scans old: a power of two that never decreases with age."""
        octave = max(age.bit_length() - 1, 0)
        return 1 << (octave if self.lateness > OFTEN_LATE else 3 * (octave // 3) + 2)

    def _base(self) -> int:
        """The entry from whose bank everything that late scans can change is processed again: the last stored one
        before the edge. Earlier entries keep no bank."""
        return self._banked_until(self._older_than(self.edge_ns) - 1)

    def _older_than(self, edge: int | None) -> int:
        """Number of entries that were observed before ``edge``; they come first."""
        return 0 if edge is None else bisect_left(self.entries, edge, key=lambda entry: entry.scan.observed_ns)

    def _banked_until(self, number: int) -> int:
        """The last entry up to ``number`` that keeps its bank; the oldest entry if none does."""
        place = bisect_right(self.banked, number) - 1
        return self.banked[place] if place >= 0 else 0
