"""The value of unpredictability: what a crosser achieves who knows the timetable, and one who knows only the routes.

``known``: path, departure and waiting are chosen against the timetable (``time_expanded``). ``unknown``: the crosser
knows routes and speeds, but the phase is uniform over the period. The mean over phases of ``1 − exp(−H)`` is concave in
the hazards, so that each search with the weights ``exp(−H)`` of the path before finds one that is not worse (majorise
and minimise); the last is an upper bound. A crosser who learnt the phase could only do better: the mean
over departures of the best each time is a lower bound. The value of unpredictability is between the two differences.
Beside fixed sensors that search, whose limit counts on the crossings found only, both bounds are of these crossings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from geo.arrays import Floats
from sensors.detection_model.hazard import probability_of
from sensors.errors import TimetableError
from sensors.search_theory.met_in_time import Meeting, meeting
from sensors.search_theory.moving_sensor import MovingSensor, RatesInTime
from sensors.search_theory.time_expanded import CrossingsInTime, MovesInTime, PathInTime, search_in_time

MOST_ROUNDS: Final = 8
ENOUGH: Final = 1e-6
"""Gain of probability below which the search for the path of an unknown phase ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Unpredictability:
    """Detection probabilities of the best crossings against a timetable.

    ``crossings`` are those against the known timetable, ``departures_s`` (phase,) the departures of one period, and
    ``by_departure`` (phase,) the least probability at each. ``path`` is the crossing against an unknown phase, with its
    probability at every phase in ``met``.
    """

    crossings: CrossingsInTime
    departures_s: Floats
    by_departure: Floats
    path: PathInTime
    met: Meeting

    @property
    def known(self) -> float:
        """Least probability of detection of a crosser who knows the timetable."""
        return float(self.by_departure.min())

    @property
    def unknown(self) -> tuple[float, float]:
        """Lower and upper bound of the least probability for an unknown phase."""
        high = self.met.unknown_phase
        return min(float(self.by_departure.mean()), high), high

    @property
    def value(self) -> tuple[float, float]:
        """Lower and upper bound of what it is worth that the crosser does not know the phase."""
        low, high = self.unknown
        return max(low - self.known, 0.0), max(high - self.known, 0.0)


def unpredictability(
    moves: MovesInTime, sensors: Sequence[MovingSensor], *, longest_s: float = 6 * 3600.0
) -> Unpredictability:
    """Compute what a crosser achieves with and without knowledge of the timetable.

    Parameters
    ----------
    moves : MovesInTime
        The moves of the crosser, with the fixed sensors.
    sensors : sequence of MovingSensor
        Moving sensors of one common period, of at most ``longest_s``.
    longest_s : float, s
        Longest crossing, waiting included. One search gives all departures of a period, so that the crosser who knows
        the timetable may take up to a period more: ``known`` and the lower bound may be too low by that.

    Returns
    -------
    Unpredictability
        The crossings and their probabilities. The moving sensors' hazard adds up over passes; a fixed sensor that
        searches is limited to its P∞ on each crossing that was found.

    Raises
    ------
    TimetableError
        For sensors of different periods, none at all, and belts without a crossing in that time.
    """
    periods = {round(sensor.posts.period_s, 6) for sensor in sensors}
    if len(periods) != 1:
        raise TimetableError(
            f"{len(periods)} different periods", where="unpredictability", expected="sensors of one common period"
        )
    dt, period = moves.step_s, periods.pop()
    within = max(int(np.ceil(period / dt - 1e-9)), 1)
    ahead = int(np.ceil(longest_s / dt))
    rates = RatesInTime(sensors, len(moves.goal), within + ahead, dt)
    crossings = search_in_time(moves, rates, within + ahead)
    if not np.isfinite(crossings.hazard[:within]).all():
        raise TimetableError(
            f"no crossing within {longest_s / 3600.0:g} h", where="unpredictability", expected="a longer time"
        )
    departures = np.arange(within, dtype=np.float64) * dt
    path, met = _of_unknown_phase(moves, sensors, departures, ahead)
    return Unpredictability(crossings, departures, probability_of(crossings.limited_hazard(within)), path, met)


def _of_unknown_phase(
    moves: MovesInTime, sensors: Sequence[MovingSensor], departures: Floats, ahead: int
) -> tuple[PathInTime, Meeting]:
    weights = np.full(len(departures), 1.0 / len(departures))
    best: tuple[PathInTime, Meeting] | None = None
    for _ in range(MOST_ROUNDS):
        # departure at time 0; the sensors are at all phases at once, each with its weight
        rate = _Weighted(sensors, len(moves.goal), ahead, moves.step_s, departures, weights)
        path = search_in_time(moves, rate, ahead).path(0)
        met = meeting(path, moves, sensors, departures, limited=False)
        if best is not None and met.unknown_phase > best[1].unknown_phase - ENOUGH:
            break
        best = path, met
        left = np.exp(-(met.hazard.sum(axis=0) + met.fixed_hazard))
        if not left.sum() > 0.0:
            break
        weights = left / left.sum()
    assert best is not None
    return best


class _Weighted:
    """Rates (cell,) in the steps after a departure, averaged over phases with weights."""

    def __init__(
        self,
        sensors: Sequence[MovingSensor],
        cells: int,
        steps: int,
        step_s: float,
        departures: Floats,
        weights: Floats,
    ) -> None:
        self._cells = cells
        self._parts = []
        for sensor in sensors:
            # of a whole period and the steps after it: row j + k is step j after departure k
            whole = sensor.posts.occupancy(len(departures) + steps, step_s, start_s=sensor.phase_s).toarray()
            mixed = np.stack([weights @ whole[j : j + len(departures)] for j in range(steps)])
            self._parts.append((mixed, sensor.rates))

    def __call__(self, step: int) -> Floats:
        total = np.zeros(self._cells)
        for mixed, rates in self._parts:
            total += rates.T @ mixed[step]
        return total
