"""Histograms of the time from the receipt of a message until it is in the live picture, or has raised an alert.

They are stored with each live picture and checkpoint and continue after a restart, so that they never decrease and each
message counts once.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

if TYPE_CHECKING:
    from fusion.alerts import Alert
    from ops.journal.reader import JournalRow
    from ops.services.fusion.tracing import AlertTraces

BOUNDS_S: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the classes [s]; the last class has none. Alerts are required within 2 s."""
AWAITED: Final = 10_000
"""Most alerts whose publication is awaited; of more, the oldest are not counted."""
LatencyStep = Literal["picture", "raised", "published"]
STEPS: Final[tuple[LatencyStep, ...]] = ("picture", "raised", "published")


class Histogram(msgspec.Struct):
    """Durations by class, one for each of BOUNDS_S and one beyond, and their sum [s]."""

    counts: list[int] = msgspec.field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    sum_s: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration; one below 0, after a step of the clock, counts as 0."""
        seconds = max(seconds, 0.0)
        self.counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.sum_s += seconds


class MessageTimes(msgspec.Struct):
    """The histograms as stored. ``cursor``: the last journal row that fusion has taken. ``waiting_ns``: receipt of the
    messages up to there that are not yet counted in ``picture``."""

    cursor: int = 0
    waiting_ns: list[int] = []
    bounds_s: tuple[float, ...] = BOUNDS_S
    picture: Histogram = msgspec.field(default_factory=Histogram)
    raised: Histogram = msgspec.field(default_factory=Histogram)
    published: Histogram = msgspec.field(default_factory=Histogram)


@dataclass(slots=True)
class Latency:
    """Follows messages through fusion. ``wall_s`` converts seconds of the scenario clock to wall seconds.

    ``decided``: the journal row that fusion had reached before a restart; alerts up to there were raised then, at a
    time that is not known any more, and are not counted. ``traces`` records each new alert, if it is asked for.
    """

    now_ns: Callable[[], int]
    wall_s: Callable[[float], float]
    times: MessageTimes = field(default_factory=MessageTimes)
    decided: int = 0
    traces: AlertTraces | None = None
    _oldest: JournalRow | None = None
    _read_ns: int = 0
    _raised_ns: list[int] = field(default_factory=list)
    _awaited: dict[str, int] = field(default_factory=dict)
    _delivered_s: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def restored(
        cls, stored: bytes | None, now_ns: Callable[[], int], wall_s: Callable[[float], float], *, decided: int
    ) -> Latency:
        """Continue from the stored histograms; from empty ones where there are none with these classes."""
        times = None if stored is None else msgspec.json.decode(stored, type=MessageTimes)
        known = times if times is not None and times.bounds_s == BOUNDS_S else MessageTimes()
        return cls(now_ns, wall_s, known, decided)

    def take(self, row: JournalRow, alerts: Sequence[Alert], *, skipped: bool = False) -> None:
        """Note that fusion has taken a row, which raised or revised ``alerts``.

        An alert is raised at the end of a batch of ingest: its time runs from the oldest message of that batch.
        """
        if row.kind == "detections":
            if not skipped and row.id > self.times.cursor:
                self.times.waiting_ns.append(row.received_ns)
            if self._oldest is None or row.received_ns < self._oldest.received_ns:
                self._oldest = row
                self._note_read()
        elif self._oldest is None:
            self._note_read()
        oldest = self._oldest or row
        raised = [alert for alert in alerts if alert.revision == 0] if row.id > self.decided else []
        if raised:
            self._raised_ns += [oldest.received_ns] * len(raised)
            self._await([alert.id for alert in raised], oldest.received_ns)
            if self.traces is not None:
                self.traces.raised(raised, oldest, self._read_ns)
        if row.closes_batch:
            self._oldest = None
        self.times.cursor = max(row.id, self.times.cursor)

    def committed(self, *, picture: bool) -> None:
        """Note that the store has everything that was taken, and with ``picture`` a new live picture."""
        now_ns = self.now_ns()
        for began_ns in self._raised_ns:
            self.times.raised.add(self._since(began_ns, now_ns))
        self._raised_ns = []
        if self.traces is not None:
            self.traces.committed(now_ns)
        if picture:
            for received_ns in self.times.waiting_ns:
                self.times.picture.add(self._since(received_ns, now_ns))
            self.times.waiting_ns = []

    def delivered(self, alert: str, revision: int, at_ns: int) -> None:
        """Note that every unit has had this revision of an alert since ``at_ns``. Thread-safe and quick."""
        if self.traces is not None and revision == 0:
            self.traces.delivered(alert, at_ns)
        with self._lock:
            began_ns = self._awaited.pop(alert, None) if revision == 0 else None
            if began_ns is not None:
                self._delivered_s.append(self._since(began_ns, at_ns))

    def stored(self) -> Mapping[str, Any]:
        """The histograms as plain values, for the store."""
        with self._lock:
            delivered, self._delivered_s = self._delivered_s, []
        for seconds in delivered:
            self.times.published.add(seconds)
        plain: dict[str, Any] = msgspec.to_builtins(self.times)
        return plain

    def _note_read(self) -> None:
        if self.traces is not None:
            self._read_ns = self.now_ns()

    def _await(self, raised: Sequence[str], began_ns: int) -> None:
        with self._lock:
            self._awaited |= dict.fromkeys(raised, began_ns)
            for identity in list(self._awaited)[: max(0, len(self._awaited) - AWAITED)]:
                del self._awaited[identity]

    def _since(self, began_ns: int, now_ns: int) -> float:
        return self.wall_s((now_ns - began_ns) / 1e9)
