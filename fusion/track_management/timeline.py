"""Scans in order of observation: a late scan is inserted by going back to a stored bank and processing again.

Order is (observed_ns, sensor, boot, sequence), never arrival, so a late scan gives exactly the same result as in time.
Banks are stored more sparsely with age: one per octave of age while late scans are common, one per three octaves while
they are rare, and four per octave while scans wait. The result does not depend on the bank that processing starts from.

Going back runs every newer scan again. If each late scan did so at once, the cost of a scan would grow with the number
of sensors. Runs are therefore rationed, on average to ``runs_per_scan`` for each scan taken in: a late scan that the
ration does not cover waits, those that wait are run together as soon as it does, and at the latest when they are two
horizons old. Until then the newest bank lacks them; rows that became final never do.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from fusion.filter.track_bank import Rows, TrackBank, no_rows
from geo.arrays import Floats
from sensors.scan_columns import ARRAYS, ScanColumns

OFTEN_LATE = 0.02
"""Fraction of late scans above which their re-runs cost more than the stored banks that shorten them."""
LATENESS_SCANS = 64
"""The fraction is taken over about this number of the newest scans; so many runs are allowed at the start."""
FINER = 2
"""While runs are rationed, stored banks are this many octaves closer: a re-run starts at most a quarter too early."""

ScanKey = tuple[int, str, int, int]
Advance = Callable[[TrackBank, ScanColumns], tuple[TrackBank, Rows]]


@dataclass(slots=True)
class TimelineEntry:
    """One scan, its rows (none once they are taken), whether they were taken, the bank before it if stored, and
    whether it waits to be run for the first time."""

    scan: ScanColumns
    rows: Rows
    taken: bool
    before: TrackBank | None
    waits: bool = False


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


def _spacing(age: int, finer: int | None) -> int:
    """Spacing in scans of the banks that are ``age`` scans old: a power of two that never decreases with age."""
    octave = max(age.bit_length() - 1, 0)
    return 1 << (3 * (octave // 3) + 2 if finer is None else max(octave - finer, 0))


def without_states(rows: Rows) -> Rows:
    """``rows`` after all were taken, with the parts that events still need: their states are NaN."""
    nothing = np.float64(np.nan)
    return replace(
        rows,
        centre=np.broadcast_to(nothing, rows.centre.shape),
        spread=np.broadcast_to(nothing, rows.spread.shape),
        existence=np.broadcast_to(nothing, rows.existence.shape),
    )


class Timeline:
    """The scans within the horizon, and the bank after the newest. ``runs_per_scan`` is the ration of runs."""

    def __init__(self, bank: TrackBank, horizon_ns: int, runs_per_scan: float) -> None:
        self.bank = bank
        self.horizon_ns = horizon_ns
        self.runs_per_scan = runs_per_scan
        self.entries: list[TimelineEntry] = []
        self.order: list[ScanKey] = []  # of the entries
        self.banked: list[int] = []  # indices of the entries that keep their bank, ascending
        self.waiting: list[ScanKey] = []  # of the entries that wait, ascending
        self.keys: set[tuple[str, int, int]] = set()
        self.finished: list[Rows] = []
        self.newest_ns: int | None = None
        self.lateness = 0.0
        self.count = 0
        self.runs = 0
        self.ration = float(LATENESS_SCANS)  # runs allowed now; negative after runs that could not wait

    @property
    def edge_ns(self) -> int | None:
        """Time before which no scan is taken in any more."""
        return None if self.newest_ns is None else self.newest_ns - self.horizon_ns

    @property
    def final_ns(self) -> int | None:
        """Time before which nothing can change any more: no scan is taken in, and none waits."""
        if self.edge_ns is None or not self.waiting:
            return self.edge_ns
        return min(self.edge_ns, self.waiting[0][0])

    def put(self, scan: ScanColumns, advance: Advance) -> list[tuple[TimelineEntry, Rows | None]]:
        """Take in ``scan`` at its position in the order. Return the entries that were run, in that order, each with its
        earlier rows, if any; a late scan may be among those of a later call."""
        entry = TimelineEntry(scan, no_rows(scan.observed_ns), False, None)
        place = bisect_left(self.order, key_of(scan))
        late, finer = place < len(self.entries), self._finer()
        self.keys.add(scan.key)
        self.count += 1
        self.lateness += (float(late) - self.lateness) / LATENESS_SCANS
        self.ration = min(self.ration + self.runs_per_scan, float(len(self.entries) + LATENESS_SCANS))
        self.newest_ns = scan.observed_ns if self.newest_ns is None else max(self.newest_ns, scan.observed_ns)
        if late:
            self._insert(place, entry)
        again = bool(self.waiting) and self._affordable(0 if late else 1)
        if not late:
            self._append(entry, None if again else advance)
        ran: list[tuple[TimelineEntry, Rows | None]] = [] if late else [(entry, None)]
        if again:
            ran = self._run_again(advance)
        self._forget(everywhere=late or again or finer != self._finer())
        return ran

    def run_waiting(self, advance: Advance) -> list[tuple[TimelineEntry, Rows | None]]:
        """Run all that wait, whatever the ration. Return what ``put`` does."""
        if not self.waiting:
            return []
        ran = self._run_again(advance)
        self._forget(everywhere=True)
        return ran

    def settled(self, advance: Advance) -> TrackBank:
        """The bank after the newest scan, with all that wait run. Changes nothing."""
        if not self.waiting:
            return self.bank
        kept = self._banked_until(self._oldest_waiting())
        bank = self._bank_before(kept)
        for entry in self.entries[kept:]:
            bank, _ = advance(bank, entry.scan)
        return bank

    def take(self, *, final: bool) -> list[Rows]:
        """Rows that can no longer change and that were not taken before; if ``final``, all the rest (none may wait)."""
        assert not (final and self.waiting)
        blocks, self.finished = self.finished, []
        for entry in self.entries if final else self.entries[: self._older_than(self.final_ns)]:
            if not entry.taken:
                entry.taken = True
                blocks.append(entry.rows)
                # no scan can come before a final one, so its rows give no further event
                entry.rows = without_states(entry.rows) if final else no_rows(entry.rows.time_ns)
        return blocks

    def begin_again(self, bank: TrackBank, last: Rows) -> None:
        """Continue with ``bank`` and without scans; all their rows are final, and ``last`` follow them."""
        assert not self.waiting
        self.finished += [*(entry.rows for entry in self.entries if not entry.taken), last]
        self.bank, self.newest_ns, self.count = bank, None, 0
        self.entries, self.order, self.banked, self.keys = [], [], [], set()

    def _append(self, entry: TimelineEntry, advance: Advance | None) -> None:
        """Append ``entry`` and run it; without ``advance`` it waits."""
        if advance is None:
            entry.before, entry.waits = None, True
            self.waiting.append(key_of(entry.scan))
        else:
            after, entry.rows = advance(self.bank, entry.scan)  # an error here leaves the timeline whole
            entry.before, entry.waits, self.bank = self.bank, False, after
            self.banked.append(len(self.entries))
            self.runs += 1
            self.ration -= 1.0
        self.entries.append(entry)
        self.order.append(key_of(entry.scan))

    def _insert(self, place: int, entry: TimelineEntry) -> None:
        """Insert a late entry, to wait."""
        entry.waits = True
        if place == 0:  # the oldest entry keeps its bank
            entry.before, self.entries[0].before = self.entries[0].before, None
            self.banked = [0, *(number + 1 for number in self.banked if number > 0)]
        else:
            self.banked = [number + (number >= place) for number in self.banked]
        self.entries.insert(place, entry)
        self.order.insert(place, key_of(entry.scan))
        insort(self.waiting, key_of(entry.scan))

    def _affordable(self, new: int) -> bool:
        """Whether all that wait may be run now, and ``new`` more entries with them; or have to, being too old."""
        assert self.newest_ns is not None
        cost = len(self.entries) + new - self._banked_until(self._oldest_waiting())
        return cost <= self.ration or self.waiting[0][0] < self.newest_ns - 2 * self.horizon_ns

    def _run_again(self, advance: Advance) -> list[tuple[TimelineEntry, Rows | None]]:
        """Run the entries from the oldest that waits on, and before it as far back as a bank is stored. Return those
        that changed, each with its earlier rows, if any."""
        changed = self._oldest_waiting()
        kept = self._banked_until(changed)
        self.bank, again = self._bank_before(kept), self.entries[kept:]
        del self.entries[kept:], self.order[kept:], self.waiting[:]
        del self.banked[bisect_left(self.banked, kept) :]
        ran = []
        newest, first = kept + len(again) - 1, self.count - kept - len(again)
        for number, entry in enumerate(again, kept):
            earlier = None if entry.waits else entry.rows
            self._append(entry, advance)
            if entry.taken:
                entry.rows = no_rows(entry.rows.time_ns)
            # of many sensors all these banks at once would take gigabytes; ``_forget`` chooses among the rest
            if number > kept and (first + number) % _spacing(newest - number, FINER):
                entry.before = None
                self.banked.pop()
            if number >= changed:
                ran.append((entry, earlier))
        return ran

    def _forget(self, *, everywhere: bool) -> None:
        """Drop scans that are final, and banks that are closer together than their age requires: of all banks, or only
        of those whose age has just reached an octave."""
        older = self._older_than(self.final_ns)
        oldest = self._banked_until(older)
        if oldest:
            for entry in self.entries[:oldest]:
                self.keys.discard(entry.scan.key)
                if not entry.taken:
                    self.finished.append(entry.rows)
            del self.entries[:oldest], self.order[:oldest]
            self.banked = [number - oldest for number in self.banked if number >= oldest]
        # everything that late scans can change is processed from the last stored bank before the final time
        base, newest, first = (
            self._banked_until(older - oldest - 1),
            len(self.entries) - 1,
            self.count - len(self.entries),
        )
        needed = {base}
        if self.waiting:
            needed.add(self._banked_until(self._oldest_waiting()))
        finer = self._finer()
        if everywhere:
            aged = self.banked.copy()
        else:
            aged = [newest, *[newest - (1 << octave) for octave in range(newest.bit_length())]]
            aged.extend(self.banked[: bisect_left(self.banked, base)])
        for number in aged:
            if self.entries[number].before is None or number in needed:
                continue
            if number < base or (first + number) % _spacing(newest - number, finer):
                self.entries[number].before = None
                del self.banked[bisect_left(self.banked, number)]

    def _finer(self) -> int | None:
        """Number of times that the spacing of the stored banks is halved; None while late scans are rare."""
        if self.waiting or self.ration < LATENESS_SCANS / 2:
            return FINER
        return 0 if self.lateness > OFTEN_LATE else None

    def _bank_before(self, number: int) -> TrackBank:
        bank = self.entries[number].before
        assert bank is not None  # only banked entries are asked for; the oldest entry always keeps its bank
        return bank

    def _oldest_waiting(self) -> int:
        return bisect_left(self.order, self.waiting[0])

    def _older_than(self, edge: int | None) -> int:
        """Number of entries that were observed before ``edge``; they come first."""
        return 0 if edge is None else bisect_left(self.order, (edge,))

    def _banked_until(self, number: int) -> int:
        """The last entry up to ``number`` that keeps its bank; the oldest entry if none does."""
        place = bisect_right(self.banked, number) - 1
        return self.banked[place] if place >= 0 else 0
