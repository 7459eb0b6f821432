"""Movers as polylines with times, so that their positions are known at any time, and a scenario of several movers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats
from geo.border import Border
from sensors.detection_model.weather import CLEAR_DAY, Conditions
from sensors.errors import ScenarioError
from sensors.scan import CLASSES

Intent = Literal["crossing", "turn_back", "local"]


@dataclass(frozen=True, slots=True, eq=False)
class Mover:
    """A person, group, vehicle or animal, moving in straight pieces between timed points of the frame.

    ``times_s`` (k,) counts from the scenario's start and increases strictly (it may begin before 0, for traffic already
    moving), ``easting`` and ``northing`` (k,) are in metres; k ≥ 2. Before its first and after its last point the mover
    is not present. A group is one mover of ``size`` people too close together to be resolved. Raises ScenarioError.
    """

    id: str
    target: str
    times_s: Floats
    easting: Floats
    northing: Floats
    intent: Intent = "local"
    size: int = 1

    def __post_init__(self) -> None:
        if self.target not in CLASSES:
            raise ScenarioError(f"class {self.target!r}", where=f"mover {self.id!r}", expected=", ".join(CLASSES))
        k = len(self.times_s)
        if k < 2 or len(self.easting) != k or len(self.northing) != k:
            raise ScenarioError("has no path", where=f"mover {self.id!r}", expected="two or more timed points")
        if not (np.all(np.diff(self.times_s) > 0) and np.isfinite(self.easting + self.northing + self.times_s).all()):
            raise ScenarioError("has times or points out of order", where=f"mover {self.id!r}", expected="rising times")

    @classmethod
    def straight(
        cls,
        id: str,
        position: tuple[float, float],
        velocity: tuple[float, float],
        duration_s: float,
        *,
        target: str = "person",
    ) -> Mover:
        """From ``position`` [m] at time 0 with constant ``velocity`` [m/s] for ``duration_s``."""
        start, rate, times = np.array(position), np.array(velocity), np.array([0.0, duration_s])
        ends = start + rate * times[:, None]
        return cls(id, target, times, ends[:, 0], ends[:, 1])

    def at(self, times_s: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Position [m] and velocity [m/s], each (time, 2), easting first; NaN if the mover is not present.

        At a turn the velocity is that of the piece that begins there, at the very end that of the last piece.
        """
        t = np.asarray(times_s, dtype=np.float64)
        points = np.stack([self.easting, self.northing], axis=1)
        rates = np.diff(points, axis=0) / np.diff(self.times_s)[:, None]
        piece = np.clip(np.searchsorted(self.times_s, t, side="right") - 1, 0, len(rates) - 1)
        velocity = rates[piece]
        position = points[piece] + velocity * (t - self.times_s[piece])[:, None]
        absent = (t < self.times_s[0]) | (t > self.times_s[-1])
        position[absent], velocity[absent] = np.nan, np.nan
        return position, velocity


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """Movers during ``duration_s`` from ``start`` (aware UTC), and the effects of the links on the reports.

    ``late_fraction`` of the scans arrive later than the sensor's latency, by an exponential time of mean
    ``late_mean_s``; ``duplicate_fraction`` of them arrive twice under the same key. ``border`` is used only to locate
    the truth relative to it. ``conditions`` are the light and weather of the whole scenario: detections become fewer,
    and wind keeps aircraft and aerostats with a lower limit on the ground. Raises ScenarioError for two movers with one
    id or an invalid fraction.
    """

    movers: tuple[Mover, ...]
    start: datetime
    duration_s: float
    late_fraction: float = 0.0
    late_mean_s: float = 5.0
    duplicate_fraction: float = 0.0
    border: Border | None = None
    conditions: Conditions = CLEAR_DAY

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ScenarioError("start has no time zone", where="scenario", expected="an aware UTC datetime")
        if not 0.0 < self.duration_s < float("inf"):
            raise ScenarioError(f"duration_s is {self.duration_s}", where="scenario", expected="seconds above 0")
        if not (0.0 <= self.late_fraction <= 1.0 and 0.0 <= self.duplicate_fraction <= 1.0 and self.late_mean_s >= 0.0):
            raise ScenarioError(
                "the late or duplicate fraction is invalid", where="scenario", expected="fractions from 0 to 1"
            )
        ids = [mover.id for mover in self.movers]
        if len(set(ids)) < len(ids):
            raise ScenarioError("two movers have one id", where="scenario", expected="unique ids")

    def present(self, first_s: float, last_s: float) -> tuple[Mover, ...]:
        """The movers that are present at some time from ``first_s`` to ``last_s``."""
        return tuple(m for m in self.movers if m.times_s[0] <= last_s and m.times_s[-1] >= first_s)

    def states(self, times_s: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Position [m] and velocity [m/s] of all movers, each (time, mover, 2); NaN if a mover is not present."""
        return states_of(self.movers, times_s)


def states_of(movers: Sequence[Mover], times_s: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Position [m] and velocity [m/s] of ``movers``, each (time, mover, 2); NaN if a mover is not present."""
    t = np.asarray(times_s, dtype=np.float64)
    position, velocity = np.full((2, len(t), len(movers), 2), np.nan)
    for i, mover in enumerate(movers):
        position[:, i], velocity[:, i] = mover.at(t)
    return position, velocity
