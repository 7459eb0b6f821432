"""Detection of crossings through each segment, by fixed and moving sensors, at unknown and at best times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from geo.arrays import Floats
from geo.paths.crossings import INWARD, Crossings, crossings
from sensors.crossing.segments import over_segments
from sensors.crossing.watched_belt import WatchedBelt
from sensors.detection_model.hazard import probability_of
from sensors.errors import TimetableError
from sensors.search_theory.met_in_time import meeting
from sensors.search_theory.moving_sensor import MovingSensor
from sensors.search_theory.time_expanded import MovesInTime, PathInTime

PHASES: Final = 96
"""Departures, evenly over the period, at which a crossing is evaluated."""


@dataclass(frozen=True, slots=True, eq=False)
class SegmentsInTime:
    """Probabilities of detection (segment,); NaN where no crossing is known, or each has a move over ground that is
    almost impassable.

    ``fixed``: the least by the fixed sensors alone, of the paths found here. ``unknown_phase`` and ``best_departure``:
    with the moving sensors, on the path of the least mean hazard, for a departure at a random time and at the best of
    PHASES. Where that path has a move of more than LONGEST_MOVE_STEPS, it is the fastest path instead. A crosser who
    adapts the path to the time may be detected with less: both are upper bounds of the least.
    """

    fixed: Floats
    unknown_phase: Floats
    best_departure: Floats


def segments_in_time(
    watched: WatchedBelt, moves: MovesInTime, sensors: Sequence[MovingSensor], *, direction: str = INWARD
) -> SegmentsInTime:
    """Compute the detection of crossings through each segment.

    Parameters
    ----------
    watched : WatchedBelt
        The belt with the fixed sensors.
    moves : MovesInTime
        The moves over it, by 16 neighbours.
    sensors : sequence of MovingSensor
        Moving sensors of one common period.
    direction : {"inward", "outward"}
        Direction of the crossings.

    Returns
    -------
    SegmentsInTime
        The probabilities.

    Raises
    ------
    TimetableError
        For sensors of different periods, and none at all.
    """
    periods = {round(sensor.posts.period_s, 6) for sensor in sensors}
    if len(periods) != 1:
        raise TimetableError(f"{len(periods)} different periods", where="segments", expected="one common period")
    period, dt = periods.pop(), moves.step_s
    alone = crossings(watched.belt, watched.mobility, weight=watched.per_s, toll=watched.per_m, direction=direction)
    mean = watched.per_s + np.sum([sensor.mean_rate for sensor in sensors], axis=0).reshape(watched.per_s.shape)
    paths = crossings(watched.belt, watched.mobility, weight=mean, toll=watched.per_m, direction=direction)
    fastest: Crossings | None = None
    departures = np.round(np.arange(PHASES) / PHASES * period / dt) * dt
    fixed = over_segments(watched, alone)["detection_probability"].to_numpy().copy()
    unknown, best = np.full(len(paths.cost), np.nan), np.full(len(paths.cost), np.nan)
    for segment in np.flatnonzero(np.isfinite(paths.cost)):
        path = _possible(moves, paths, int(segment))
        if path is None:
            fastest = fastest or crossings(watched.belt, watched.mobility, direction=direction)
            path = _possible(moves, fastest, int(segment))
        if path is None:
            continue
        chance = meeting(path, moves, sensors, departures, limited=False).probability
        unknown[segment], best[segment] = chance.mean(), chance.min()
        fixed[segment] = min(fixed[segment], float(probability_of(path.fixed_hazard)))
    return SegmentsInTime(fixed, unknown, best)


def _possible(moves: MovesInTime, paths: Crossings, segment: int) -> PathInTime | None:
    """The crossing of a segment in time; None where it has a move that the search in time does not."""
    try:
        return moves.along(*paths.cells(segment))
    except TimetableError:
        return None
