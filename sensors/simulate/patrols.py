"""Simulated patrols: units that move over the ground between their bases and the border, and report where they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr

from geo.arrays import Floats
from geo.border import Border
from sensors.simulate.routes import GAITS, Gait, route, timed

POSITION_SD_M: Final = 8.0
"""Error of a handheld satellite receiver [m], one standard deviation (assumption)."""
STAY_S: Final = (240.0, 600.0)
"""Shortest and longest stay at a stop [s] (assumption)."""
BEHIND_M: Final = (150.0, 900.0)
"""Distance of stops from the border on the own side [m] (assumption)."""
TRIES: Final = 12
"""Stops that are drawn before a patrol stays where it is: not every position can be reached."""


@dataclass(frozen=True, slots=True)
class SimulatedPatrol:
    """One patrol: its unit's name, base, whether it walks, and the interval of its reports [s].

    ``leaves_s``: when it leaves its base, where it is on call before.
    """

    unit: str
    base: str
    walks: bool
    report_s: float
    leaves_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class PatrolReports:
    """Reports of one patrol: seconds from the start (report,), position as reported (report, 2) [m], and whether it was
    on patrol (else at its base)."""

    plan: SimulatedPatrol
    time_s: Floats
    place: Floats
    on_patrol: np.ndarray


def plans_for(bases: Mapping[str, tuple[float, float]], units: tuple[str, str, str]) -> tuple[SimulatedPatrol, ...]:
    """Three patrols named ``units``: by vehicle; on foot with a poor radio (a report every 3 min); on call at first."""
    names = list(bases)
    if not names:
        return ()
    first, second = names[0], names[-1]
    return (
        SimulatedPatrol(units[0], first, walks=False, report_s=20.0),
        SimulatedPatrol(units[1], second, walks=True, report_s=180.0),
        SimulatedPatrol(units[2], second, walks=False, report_s=30.0, leaves_s=900.0),
    )


def simulate_patrols(
    terrain: xr.Dataset,
    border: Border,
    bases: Mapping[str, tuple[float, float]],
    *,
    units: tuple[str, str, str],
    seed: int,
    duration_s: float,
) -> list[PatrolReports]:
    """Reports of the patrols of ``plans_for``; ``bases`` are positions [m] by name.

    Each patrol goes to a stop behind the border by the walker's least-time path, stays, and goes on to the next. The
    same arguments give the same reports. The simulated sensors do not detect patrols.
    """
    reports = []
    for number, plan in enumerate(plans_for(bases, units)):
        chance = np.random.default_rng([seed, 1933, number])
        times, places = _movement(terrain, border, np.array(bases[plan.base]), plan, duration_s, chance)
        at = np.arange(chance.uniform(0.0, min(plan.report_s, 10.0)), duration_s, plan.report_s)
        exact = np.stack([np.interp(at, times, places[:, axis]) for axis in (0, 1)], axis=1)
        reported = exact + chance.normal(0.0, POSITION_SD_M, exact.shape)
        reports.append(PatrolReports(plan, at, reported, at >= plan.leaves_s))
    return reports


def _movement(
    terrain: xr.Dataset,
    border: Border,
    base: Floats,
    plan: SimulatedPatrol,
    duration_s: float,
    chance: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Times [s] and positions (time, 2) [m] from the base until the end."""
    gait = GAITS["person" if plan.walks else "vehicle"]
    times, places = [0.0, plan.leaves_s], [base, base]
    centre = border.locate(*base)[1]
    while times[-1] < duration_s:
        leg = _leg(terrain, border, places[-1], float(centre), gait, chance)
        if leg is None:
            break
        seconds, along = leg
        times += (times[-1] + seconds[1:]).tolist()
        places += list(along[1:])
        times.append(times[-1] + float(chance.uniform(*STAY_S)))
        places.append(places[-1])
    return np.array(times), np.array(places)


def _leg(
    terrain: xr.Dataset, border: Border, here: Floats, centre_m: float, gait: Gait, chance: np.random.Generator
) -> tuple[Floats, Floats] | None:
    """Times and positions of the way to the next stop; None where none of TRIES stops can be reached."""
    first, last = float(border.segment_spans_m[0, 0]), float(border.segment_spans_m[-1, 1])
    for _ in range(TRIES):
        chainage = float(np.clip(chance.normal(centre_m, 1_500.0), first, last))
        stop = _behind(border, chainage, float(chance.uniform(*BEHIND_M)))
        points = route(terrain, here, stop)
        walk = None if points is None or len(points) < 2 else timed(terrain, points, gait, 0.9)
        if walk is not None:
            return walk
    return None


def _behind(border: Border, chainage_m: float, distance_m: float) -> Floats:
    """A position [m] on the own side, at a distance from the border."""
    near = np.array(border.point_at(np.array([chainage_m - 25.0, chainage_m + 25.0])))
    along = near[:, 1] - near[:, 0]
    across = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
    foot = near.mean(axis=1)
    stop: Floats = foot + across * distance_m
    if border.locate(*stop)[2] < 0.0:
        stop = foot - across * distance_m
    return stop
