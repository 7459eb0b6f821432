"""A clock that does not follow jumps of the host clock until it has determined whether they are correct.

Time runs on the monotonic clock, starting from the host clock. If the host clock steps, the send times of the senders
serve as references: if they agree better with the new time than with the old time, the step is accepted, otherwise it
is held off. If no sender supplies a send time, the host clock is used after a while.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ops.journal.events import ClockJump

WITNESSES: Final = 1000
READINGS: Final = 10
"""Number of times that both clocks are read before a long time between the readings is accepted."""


@dataclass(frozen=True, slots=True)
class SteadySettings:
    """A deviation above ``step_s`` is a jump; a smaller one is followed. A reference is valid for ``witness_s``. A
    decision needs ``quorum`` references, or as many as there were before the jump if that is fewer; after
    ``witness_s`` any number suffices."""

    step_s: float = 0.5
    witness_s: float = 30.0
    quorum: int = 3


@dataclass(slots=True)
class SteadyClock:
    """``source_ns`` is the host (or scenario) clock, which runs ``rate`` times as fast as ``monotonic_ns``.

    ``stamp_ns`` never jumps: adding ``moved_ns``, the sum of the accepted jumps, corrects a stamp afterwards.
    ``jump_ns``: deviation of the host clock that is held off at present. ``stamp_ns`` and ``now_ns`` are thread-safe;
    call the other methods from one thread.
    """

    source_ns: Callable[[], int]
    rate: float = 1.0
    monotonic_ns: Callable[[], int] = time.monotonic_ns
    settings: SteadySettings = field(default_factory=SteadySettings)
    jump_ns: int = 0
    moved_ns: int = 0
    _offset_ns: int = 0
    _asked: int = 1
    _stepped_ns: int = 0
    _witnesses: dict[str, tuple[int, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        source_ns, passed_ns = self._read()
        self._offset_ns = source_ns - passed_ns

    def _passed(self) -> int:
        ticks = self.monotonic_ns()
        return ticks if self.rate == 1 else round(ticks * self.rate)

    def _read(self) -> tuple[int, int]:
        """Read both clocks at one moment; again if the process stood still in between, which would look like a jump."""
        for _ in range(READINGS):
            before_ns, source_ns, after_ns = self._passed(), self.source_ns(), self._passed()
            if after_ns - before_ns <= 0.1e9 * self.settings.step_s * self.rate:
                break
        return source_ns, after_ns

    def stamp_ns(self) -> int:
        """Present time without accepted jumps [ns]."""
        with self._lock:
            return self._passed() + self._offset_ns

    def now_ns(self) -> int:
        """Present time in nanoseconds since 1970 UTC; includes accepted jumps only."""
        return self.stamp_ns() + self.moved_ns

    def witness(self, sender: str, sent_ns: int, received_ns: int) -> None:
        """Record a sender's send time and the time of receipt by this clock [ns]."""
        self._witnesses.pop(sender, None)
        self._witnesses[sender] = (sent_ns - received_ns, received_ns)
        if len(self._witnesses) > WITNESSES:
            del self._witnesses[next(iter(self._witnesses))]

    def check(self) -> ClockJump | None:
        """Compare with the host clock; return a ClockJump for each step and when a step is accepted, else None."""
        source_ns, passed_ns = self._read()
        away_ns = source_ns - (passed_ns + self._offset_ns + self.moved_ns)
        step_ns = self.settings.step_s * 1e9 * self.rate
        stepped_ns = away_ns - self.jump_ns
        if abs(stepped_ns) > step_ns:
            self._asked = max(1, min(self.settings.quorum, len(self._witnesses)))
            self._stepped_ns = self.monotonic_ns()
            self._witnesses.clear()  # earlier references do not apply to the step
            self.jump_ns = away_ns if abs(away_ns) > step_ns else 0
            return ClockJump(stepped_ns / 1e9, False)
        if not self.jump_ns:
            self._move(away_ns)  # an ordinary correction
        elif self._agree_with(away_ns):
            self.moved_ns += away_ns
            self.jump_ns = 0
            self._witnesses.clear()
            return ClockJump(away_ns / 1e9, True)
        return None

    def _agree_with(self, away_ns: int) -> bool:
        now_ns, kept_ns = self.now_ns(), self.settings.witness_s * 1e9 * self.rate
        offsets_ns = [off_ns for off_ns, at_ns in self._witnesses.values() if now_ns - at_ns <= kept_ns]
        waited = self.monotonic_ns() - self._stepped_ns > self.settings.witness_s * 1e9
        if not offsets_ns:
            return waited
        return (waited or len(offsets_ns) >= self._asked) and abs(statistics.median(offsets_ns) - away_ns) < abs(
            statistics.median(offsets_ns)
        )

    def _move(self, by_ns: int) -> None:
        with self._lock:
            self._offset_ns += by_ns
