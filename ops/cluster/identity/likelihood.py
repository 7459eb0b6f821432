"""The odds that two tracks of neighbouring sectors are one target, against two targets.

Over their common time the test is the Mahalanobis distance of the difference of their states, with the covariances of
both (Bar-Shalom, Willett, Tian: Tracking and data fusion, 2011, section 9.2). The errors of both tracks hold the same
manoeuvres, so the covariance of the difference is less than the sum: the sum is cautious. Errors of successive
differences are not independent either; the mean of the squared distances counts as one observation. If one track ended
before the other began, its last state is extrapolated, with a covariance that grows with the time between.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from geo.arrays import Floats
from ops.cluster.identity.sighting import TrackSighting, metres_between

UNRELATED_PER_M2: Final = 1e-6
"""Density of other targets near an edge: one per km²."""
LEAST_SPEED_SPREAD: Final = 2.0
"""Standard deviation of each component of the velocity of other targets [m/s], or the speed if that is more."""
TOGETHER_S: Final = 6.0
"""Longest time between a sighting of one track and that of the other to which it is compared."""
COAST_S: Final = 120.0
"""Longest time between the end of a track and the beginning of the one that continues it."""
REGISTRATION_SD_M: Final = 5.0
"""Error of the position that all tracks of a sector share, such as the rest of its sensors' biases [m]."""
MANOEUVRE: Final = 0.1
"""Spectral density of the acceleration of a slow target [m²/s³]."""
MANOEUVRE_BY_SPEED: Final = 0.02
"""What is added to it for each (m/s)² of squared speed."""
LEAST_CLASS: Final = 0.05
"""No class is less probable than this, whatever a sector states: its evidence may be wrong."""
FAR_M: Final = 5_000.0
"""Tracks that are further apart than this are not compared."""
MOST_PAIRS: Final = 2
"""Pairs of sightings that are compared, the newest: each state holds what was known before."""
NEVER: Final = -1e3
_SHARED: Final = 2.0 * REGISTRATION_SD_M**2 * np.diag([1.0, 1.0, 0.0, 0.0])


@dataclass(frozen=True, slots=True)
class SameTarget:
    """``log_odds`` of one target against two, and the squared distance, after ``together`` pairs of sightings
    of both; 0 pairs for a continuation."""

    log_odds: float
    distance2: float
    together: int

    @property
    def is_continuation(self) -> bool:
        """Whether the older track ended before the younger one began."""
        return self.together == 0


def evidence_of(older: Sequence[TrackSighting], younger: Sequence[TrackSighting]) -> SameTarget | None:
    """Compare two tracks.

    Parameters
    ----------
    older, younger : sequence of TrackSighting
        Sightings of each, in order of time.

    Returns
    -------
    SameTarget or None
        None where they have no common time, and neither can be the continuation of the other.
    """
    if not older or not younger or math.hypot(*_apart_m(older[-1], younger[-1])) > FAR_M:
        return None
    pairs = _together(older, younger)
    newest = pairs[-MOST_PAIRS:] or [(older[-1], younger[0])]
    if not pairs and not 0 <= younger[0].time_ns - older[-1].time_ns <= COAST_S * 1e9:
        return None
    tests = [difference(one, other) for one, other in newest]
    distance2 = sum(float(apart @ np.linalg.solve(cov, apart)) for apart, cov in tests) / len(tests)
    spread = sum(_log_determinant(cov) for _, cov in tests) / len(tests)
    odds = -0.5 * (distance2 + spread) - _log_unrelated(newest[-1][1]) + _class_odds(*newest[-1])
    return SameTarget(max(odds, NEVER), distance2, len(pairs))


def _together(
    older: Sequence[TrackSighting], younger: Sequence[TrackSighting]
) -> list[tuple[TrackSighting, TrackSighting]]:
    """Return each sighting of the younger with the nearest in time of the older, if it is near; each is used once."""
    times = np.array([one.time_ns for one in older])
    found: list[tuple[int, TrackSighting]] = []
    for one in younger:
        nearest = int(np.argmin(np.abs(times - one.time_ns)))
        if abs(int(times[nearest]) - one.time_ns) <= TOGETHER_S * 1e9:
            found.append((nearest, one))
    kept = [pair for pair, following in pairwise(found) if pair[0] != following[0]] + found[-1:]
    return [(older[number], one) for number, one in kept]


def _apart_m(one: TrackSighting, other: TrackSighting) -> tuple[float, float]:
    return metres_between(one.lon, one.lat, other.lon, other.lat)


def difference(one: TrackSighting, other: TrackSighting) -> tuple[Floats, Floats]:
    """Return (4,) the difference of two states at the later of their times, and (4, 4) its covariance."""
    early, late = (one, other) if one.time_ns <= other.time_ns else (other, one)
    transition, noise = moved(early, (late.time_ns - early.time_ns) * 1e-9)
    here = np.concatenate([_apart_m(late, early), early.velocity])
    there = np.concatenate([np.zeros(2), late.velocity])
    return there - transition @ here, transition @ early.cov @ transition.T + noise + late.cov + _SHARED


def moved(one: TrackSighting, dt_s: float) -> tuple[Floats, Floats]:
    """Return the transition (4, 4) of a target's state over a time [s], and the covariance of its manoeuvres in it."""
    transition = np.eye(4)
    transition[0, 2] = transition[1, 3] = dt_s
    density = MANOEUVRE + MANOEUVRE_BY_SPEED * float(one.velocity @ one.velocity)
    span = abs(dt_s)
    noise = np.zeros((4, 4))
    noise[0, 0] = noise[1, 1] = density * (span**3 / 3.0)
    noise[0, 2] = noise[1, 3] = noise[2, 0] = noise[3, 1] = density * (dt_s * span / 2.0)
    noise[2, 2] = noise[3, 3] = density * span
    return transition, noise


def _log_determinant(cov: Floats) -> float:
    return float(np.linalg.slogdet(2.0 * math.pi * cov)[1])


def _log_unrelated(one: TrackSighting) -> float:
    """Return the log density, in position and velocity, of another target where this one is."""
    square = float(one.velocity @ one.velocity)
    variance = max(LEAST_SPEED_SPREAD**2, square)
    return math.log(UNRELATED_PER_M2) - 0.5 * square / variance - math.log(2.0 * math.pi * variance)


def _class_odds(one: TrackSighting, other: TrackSighting) -> float:
    """Return the log odds from what both sectors know of the class; 0 where one of them knows nothing."""
    first, second = _floored(one.classes), _floored(other.classes)
    if not first or set(first) != set(second):
        return 0.0
    return math.log(len(first) * sum(first[name] * second[name] for name in first))


def _floored(classes: Mapping[str, float]) -> dict[str, float]:
    floored = {name: max(chance, LEAST_CLASS) for name, chance in classes.items()}
    total = sum(floored.values())
    return {name: chance / total for name, chance in floored.items()}
