"""The clock of all processes: wall time, or scenario time from an origin at a rate."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScenarioClock:
    """Scenario time = origin + (wall − wall0) · rate, in nanoseconds since 1970 UTC.

    Processes that share wall0, origin and rate share the time. ``live()`` is the wall clock itself. A step of the wall
    clock also steps scenario time, multiplied by the rate; intervals that must not jump use the monotonic clock
    instead.
    """

    wall0_ns: int = 0
    origin_ns: int = 0
    rate: float = 1.0
    read_wall_ns: Callable[[], int] = time.time_ns

    @classmethod
    def live(cls) -> ScenarioClock:
        """Return the wall clock."""
        return cls()

    def now_ns(self) -> int:
        """Return the current time, nanoseconds since 1970 UTC."""
        passed = self.read_wall_ns() - self.wall0_ns
        return self.origin_ns + (passed if self.rate == 1 else round(passed * self.rate))

    def wall_s(self, scenario_s: float) -> float:
        """Convert scenario seconds to wall seconds."""
        return scenario_s / self.rate

    def arguments(self) -> list[str]:
        """Return the command-line arguments that give another process this clock."""
        return [
            f"--clock-wall0-ns={self.wall0_ns}",
            f"--clock-origin-ns={self.origin_ns}",
            f"--clock-rate={self.rate!r}",
        ]

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Add the options that ``arguments`` writes to a parser. Without them the clock is live."""
        group = parser.add_argument_group("clock", "scenario time = origin + (wall - wall0) * rate; default: wall time")
        group.add_argument("--clock-wall0-ns", type=int, default=0, metavar="NS", help="wall time at the origin")
        group.add_argument("--clock-origin-ns", type=int, default=0, metavar="NS", help="scenario time at the origin")
        group.add_argument("--clock-rate", type=_rate, default=1.0, metavar="X", help="speed-up factor (1 = real time)")

    @classmethod
    def from_arguments(cls, arguments: argparse.Namespace) -> ScenarioClock:
        """Return the clock that the parsed arguments describe."""
        return cls(arguments.clock_wall0_ns, arguments.clock_origin_ns, arguments.clock_rate)


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate < 1e6:
        raise argparse.ArgumentTypeError("expected a rate above 0")
    return rate
