"""Candidate tours: patrols and flights from a base to the border's line, along some of it, and back.

A patrol searches at its own speed, or slower where the ground does not allow it, and watches along the line only. Its
tours of one shift take at most the fraction of the shift in which it can be on the move; it repeats them as often as
that allows. A flight must end within the endurance less a reserve, with the wind on each leg, and is repeated after the
batteries are charged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from geo.arrays import Floats
from sensors.errors import TimetableError
from sensors.mobile.flight import FLIGHT_RESERVE
from sensors.planning.mobile.line_times import LineTimes
from sensors.search_theory.timetable import Timetable

STARTS: Final = 8
"""Segments, evenly along the border, at which candidate tours start (assumption)."""
TOURS_PER_SHIFT: Final = (1, 3)
"""Least number of tours of a patrol in one shift for which candidates are made: the longest, and shorter ones
(assumption)."""
FASTEST_MPS: Final = 40.0
"""Highest speed on the way to the border and back, where a base is in the cell of a midpoint."""


@dataclass(frozen=True, slots=True, eq=False)
class CandidateTour:
    """One candidate tour: the number of its base, its first and last segment in the order of travel, the timetable of
    one period, and the time [s] on the move in it."""

    base: int
    first: int
    last: int
    timetable: Timetable
    moving_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Wind:
    """Wind by its components [m/s] in the frame, towards east and north."""

    east_mps: float = 0.0
    north_mps: float = 0.0

    @classmethod
    def blowing_from(cls, speed_mps: float, from_deg: float) -> Wind:
        """Return the wind of a speed from a direction, clockwise from north."""
        angle = math.radians(from_deg)
        return cls(-speed_mps * math.sin(angle), -speed_mps * math.cos(angle))


def ground_speed(air_mps: float, leg: Floats, wind: Wind) -> float:
    """Compute the speed over ground of a flight that keeps to its track, by the wind triangle.

    Parameters
    ----------
    air_mps : float, m/s
        Speed through the air.
    leg : ndarray, shape (2,), m
        From the start of the leg to its end.
    wind : Wind
        The wind.

    Returns
    -------
    float, m/s
        ``√(v² − w_⊥²) + w_∥``; 0 where the track cannot be kept.

    Examples
    --------
    >>> import numpy as np
    >>> from sensors.planning.mobile.tours import Wind, ground_speed
    >>> ground_speed(10.0, np.array([0.0, 500.0]), Wind(north_mps=-4.0))
    6.0
    """
    length = math.hypot(*leg)
    if length == 0.0:
        return air_mps
    along = float(wind.east_mps * leg[0] + wind.north_mps * leg[1]) / length
    across = float(wind.east_mps * leg[1] - wind.north_mps * leg[0]) / length
    if abs(across) >= air_mps:
        return 0.0
    return max(math.sqrt(air_mps**2 - across**2) + along, 0.0)


def patrol_tours(times: LineTimes, *, speed_mps: float, shift_s: float, duty: float) -> list[CandidateTour]:
    """Make the candidate tours of a patrol.

    Parameters
    ----------
    times : LineTimes
        Its times over the ground.
    speed_mps : float, m/s
        Highest speed at which it searches.
    shift_s : float, s
        Length of a shift.
    duty : float
        Fraction [1] of the shift in which it is on the move.

    Returns
    -------
    list of CandidateTour
        The tours; empty where none fits.
    """
    apart = np.hypot(*np.diff(times.places, axis=0).T) / speed_mps
    forth, back = np.maximum(times.forth_s, apart), np.maximum(times.back_s, apart)
    direct = np.hypot(*(times.bases[:, None] - times.places[None]).transpose(2, 0, 1)) / FASTEST_MPS
    out, home = np.maximum(times.out_s, direct), np.maximum(times.home_s, direct)

    def legs(base: int, first: int, last: int) -> Floats:
        along = forth[first:last] if first <= last else back[last:first][::-1]
        return np.concatenate([[out[base, first]], along, [home[base, last]]])

    def period_s(moving_s: float) -> float:
        return shift_s / max(math.floor(duty * shift_s / moving_s), 1)

    found = [tour for count in TOURS_PER_SHIFT for tour in _longest(times, legs, duty * shift_s / count, period_s)]
    return list({(tour.base, tour.first, tour.last): tour for tour in found}.values())


def flight_tours(
    times: LineTimes, *, air_mps: float, endurance_s: float, duty: float, wind: Wind | None = None
) -> list[CandidateTour]:
    """Make the candidate tours of a drone.

    Parameters
    ----------
    times : LineTimes
        Only its places and bases, the launch sites, count.
    air_mps : float, m/s
        Speed through the air.
    endurance_s : float, s
        Longest flight; FLIGHT_RESERVE of it is kept.
    duty : float
        Fraction [1] of the time in which it flies; between flights its batteries are charged.
    wind : Wind, optional
        The wind.

    Returns
    -------
    list of CandidateTour
        The tours; empty where none fits, such as in a wind that is too strong.
    """
    blowing, places, bases = wind or Wind(), times.places, times.bases

    def legs(base: int, first: int, last: int) -> Floats:
        step = 1 if first <= last else -1
        between = places[np.arange(first, last + step, step)]
        moves = np.diff(np.vstack([bases[base], between, bases[base]]), axis=0)
        speed = np.array([ground_speed(air_mps, move, blowing) for move in moves])
        with np.errstate(divide="ignore"):
            return np.where(speed > 0.0, np.hypot(*moves.T) / np.where(speed > 0.0, speed, 1.0), np.inf)

    found: list[CandidateTour] = []
    for part in (1.0, 0.5):
        found += _longest(times, legs, part * (1.0 - FLIGHT_RESERVE) * endurance_s, lambda moving: moving / duty)
    return found


def _longest(
    times: LineTimes, legs: Callable[[int, int, int], Floats], limit_s: float, period_s: Callable[[float], float]
) -> list[CandidateTour]:
    """The longest tour within the limit from each start, by the base and direction that take the least time; none
    within another."""
    count = len(times.places)
    starts = sorted({round(n) for n in np.linspace(0, count - 2, STARTS).tolist()}) if count > 1 else []
    best: list[tuple[float, int, int, int]] = []
    for first in starts:
        longest = None
        for last in range(first + 1, count):
            ways = [
                (float(legs(base, *ends).sum()), base, *ends)
                for base in range(len(times.bases))
                for ends in ((first, last), (last, first))
            ]
            if min(ways)[0] > limit_s:
                break
            longest = min(ways)
        if longest is not None:
            best.append(longest)
    spans = [(min(a, b), max(a, b)) for _, _, a, b in best]
    kept = [
        one
        for n, one in enumerate(best)
        if not any(a <= spans[n][0] and b >= spans[n][1] and (a, b) != spans[n] for a, b in spans)
    ]
    return [
        CandidateTour(
            base, first, last, _timetable(times, base, [first, last], legs(base, first, last), period_s(moving)), moving
        )
        for moving, base, first, last in kept
    ]


def _timetable(times: LineTimes, base: int, ends: Iterable[int], legs: Floats, period_s: float) -> Timetable:
    """The timetable of one tour; it watches along the line only."""
    first, last = ends
    step = 1 if first <= last else -1
    between = times.places[np.arange(first, last + step, step)]
    places = np.vstack([times.bases[base], between, times.bases[base]])
    watching = np.ones(len(legs), np.bool_)
    watching[[0, -1]] = False
    moments = np.append(0.0, np.cumsum(legs))
    if not math.isfinite(moments[-1]):
        raise TimetableError("no path", where="tour", expected="ground on which it can move")
    return Timetable(moments, places, max(period_s, float(moments[-1])), watching)


def roster_plans(
    times: LineTimes, rounds: Iterable[tuple[tuple[int, ...], ...]], *, stay_s: float, shift_s: float
) -> list[tuple[Timetable, ...]]:
    """Make the timetables of the rounds of a security game: for each round one for each patrol, all of one period.

    Parameters
    ----------
    times : LineTimes
        The times with which the game was solved.
    rounds : iterable of rounds
        For each patrol its segments in the order of travel (``sensors.patrols``); it watches where it stays.
    stay_s : float, s
        Time that a patrol stays in each segment.
    shift_s : float, s
        Length of a shift; the period, or longer where a round takes longer.

    Returns
    -------
    list of tuple of Timetable
        One plan for each round that has a patrol.
    """
    made = [[_stays(times, tour, stay_s) for tour in patrols if tour] for patrols in rounds]
    period = max([shift_s, *(float(moments[-1]) for plan in made for moments, _, _ in plan)])
    return [tuple(Timetable(m, p, period, w) for m, p, w in plan) for plan in made]


def _stays(times: LineTimes, tour: tuple[int, ...], stay_s: float) -> tuple[Floats, Floats, np.ndarray]:
    """Moments, places and watching of one patrol that stays in segments, from the base that takes the least time."""
    base = int(np.argmin(times.out_s[:, tour[0]] + times.home_s[:, tour[-1]]))
    moments, places, watching = [0.0], [times.bases[base]], []

    def go(place: Floats, seconds: float, *, watches: bool) -> None:
        least = math.hypot(*(place - places[-1])) / FASTEST_MPS
        moments.append(moments[-1] + max(seconds, least))
        places.append(place)
        watching.append(watches)

    go(times.places[tour[0]], float(times.out_s[base, tour[0]]), watches=False)
    for here, following in zip(tour, (*tour[1:], None), strict=True):
        go(times.places[here], stay_s, watches=True)
        if following is None:
            break
        step = 1 if following > here else -1
        hops = [float(times.forth_s[n] if step > 0 else times.back_s[n - 1]) for n in range(here, following, step)]
        by_base = float(times.home_s[base, here]), float(times.out_s[base, following])
        if sum(by_base) < sum(hops):
            go(times.bases[base], by_base[0], watches=False)
            go(times.places[following], by_base[1], watches=False)
            continue
        for n, seconds in zip(range(here, following, step), hops, strict=True):
            go(times.places[n + step], seconds, watches=False)
    go(times.bases[base], float(times.home_s[base, tour[-1]]), watches=False)
    return np.array(moments), np.array(places), np.array(watching, np.bool_)
