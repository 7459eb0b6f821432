"""The clock of a simulated world: it stands still unless the world moves it."""

from __future__ import annotations

from sensors.timestamps import SECOND_NS


class SimClock:
    """Stands for the module ``time`` in code under simulation: the same seconds for every reader."""

    def __init__(self, start_ns: int) -> None:
        self._start_ns, self._passed_ns = start_ns, 0

    def now_ns(self) -> int:
        """UTC, nanoseconds since 1970."""
        return self._start_ns + self._passed_ns

    time_ns = now_ns

    def monotonic(self) -> float:
        """Seconds since the world began."""
        return self._passed_ns / SECOND_NS

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._passed_ns += round(seconds * SECOND_NS)
