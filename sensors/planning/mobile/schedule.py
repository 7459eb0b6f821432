"""Schedules of mobile items: the tours of one shift, randomised where there are several."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from geo.arrays import Floats
from sensors.crossing.watched_belt import feels_steps
from sensors.errors import TimetableError
from sensors.layout import AnySensor
from sensors.search_theory.timetable import Timetable

POST_M: Final = 200.0
"""Distance between the posts at which viewsheds of a tour are computed [m] (assumption)."""


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """The movement of a mobile item, whose phase no crosser knows.

    Parameters
    ----------
    sensor : sensor
        What each of its units carries; its position does not count.
    plans : tuple of tuple of Timetable
        Plans of which one is drawn: for each unit that moves at the same time its timetable, all of one period.
    probability : ndarray, shape (plan,)
        Probability [1] of each plan; for the rest to 1 no unit moves.
    on_duty : float
        Fraction [1] of the time in which the weather allows it to move. It lasts for a whole crossing.
    post_m : float, m
        Distance between the posts at which its viewsheds are computed.

    Raises
    ------
    TimetableError
        Without a plan, for different periods, probabilities that sum to more than 1, and a sensor that feels steps.
    """

    sensor: AnySensor
    plans: tuple[tuple[Timetable, ...], ...]
    probability: Floats
    on_duty: float = 1.0
    post_m: float = POST_M

    def __post_init__(self) -> None:
        chance = np.asarray(self.probability, np.float64)
        periods = {round(table.period_s, 6) for plan in self.plans for table in plan}
        if len(periods) != 1:
            raise _wrong(f"{len(periods)} different periods", "tours of one common period")
        if chance.shape != (len(self.plans),) or not (chance >= 0.0).all() or not chance.sum() <= 1.0 + 1e-6:
            raise _wrong(
                f"probabilities of {len(self.plans)} plans sum to {chance.sum():g}", "one for each, sum at most 1"
            )
        if not 0.0 <= self.on_duty <= 1.0:
            raise _wrong(f"on duty for {self.on_duty:g} of the time", "0 to 1")
        if not (math.isfinite(self.post_m) and self.post_m > 0.0):
            raise _wrong(f"posts {self.post_m:g} m apart", "above 0 m")
        if feels_steps(self.sensor.kind):
            raise _wrong(f"a {self.sensor.kind} that moves", "a sensor that looks")
        object.__setattr__(self, "probability", chance)

    @classmethod
    def of(cls, sensor: AnySensor, *units: Timetable, on_duty: float = 1.0, post_m: float = POST_M) -> Schedule:
        """Return the schedule of units that always move by the same timetables."""
        return cls(sensor, (units,), np.ones(1), on_duty, post_m)

    @property
    def period_s(self) -> float:
        """The common period [s]."""
        return next(table.period_s for plan in self.plans for table in plan)

    @property
    def units(self) -> int:
        """The largest number of units that move at the same time."""
        return max(len(plan) for plan in self.plans)


def _wrong(what: str, expected: str) -> TimetableError:
    return TimetableError(what, where="schedule", expected=expected)
