"""Builder of scenarios: traffic at an actual border."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import numpy as np
import xarray as xr

from geo.arrays import Floats
from geo.border import Border
from geo.terrain import sample
from sensors.errors import ScenarioError
from sensors.simulate.movers import Intent, Mover, Scenario
from sensors.simulate.routes import GAITS, route, timed, with_stops

TRIES = 60
"""Number of positions tried for one mover before the scenario is refused."""
COVERED_PD = 0.5
"""Single-look Pd of a person above which a position counts as covered."""
BORDER_SAMPLES = 500
NOT_COVERED, OFF_TERRAIN, NO_ROUTE, NO_CROSSING = "not covered", "off terrain", "no route", "no crossing"
"""Why a try failed."""


@dataclass(frozen=True, slots=True)
class NightSettings:
    """Amount, location and times of traffic, all assumptions; ``outward_share`` is a fraction of crossings.

    ``crossing_times_s`` are the crossings of the first minutes: (class, time at which it reaches the border). After the
    last of them, crossings occur at ``crossings_per_hour``. ``local_movers`` are innocent traffic, present all the
    time. Routes begin and end ``depth_m`` from the border; movers do not rest within ``no_rest_m`` of it.
    """

    crossing_times_s: tuple[tuple[str, float], ...] = (
        ("vehicle", 12.0),
        ("vehicle", 17.0),
        ("person", 16.0),
        ("group", 24.0),
        ("person", 45.0),
        ("vehicle", 60.0),
        ("group", 80.0),
        ("person", 105.0),
    )
    crossings_per_hour: float = 30.0
    turn_backs: int = 4
    local_movers: int = 14
    outward_share: float = 0.25
    depth_m: tuple[float, float] = (700.0, 1_800.0)
    local_offset_m: tuple[float, float] = (250.0, 1_200.0)
    local_length_m: tuple[float, float] = (1_500.0, 4_000.0)
    no_rest_m: float = 250.0
    late_fraction: float = 0.02
    late_mean_s: float = 5.0
    duplicate_fraction: float = 0.01


def border_night(
    terrain: xr.Dataset,
    border: Border,
    *,
    seed: int,
    duration_s: float,
    start: datetime,
    coverage: xr.Dataset | None = None,
    settings: NightSettings | None = None,
) -> Scenario:
    """Build a scenario that is already in progress at ``start``: crossings, people who turn back, innocent traffic.

    Parameters
    ----------
    terrain : xarray.Dataset, dims (northing, easting)
        The terrain. All movers take the least-time path over it for their class, with rests.
    border : Border
        The border.
    seed : int
        Random seed; the same seed gives the same scenario.
    duration_s : float, s
        Duration.
    start : datetime
        Start, with time zone.
    coverage : xarray.Dataset, optional
        Result of ``sensors.coverage.look_probability``. With it the crossings of ``settings.crossing_times_s`` reach
        the border where a person is detected with a single-look Pd above 0.5, so that a short demonstration shows
        detections; all others reach it anywhere.
    settings : NightSettings, optional
        Amount, location and times of traffic.

    Returns
    -------
    Scenario
        The movers.

    Raises
    ------
    ScenarioError
        If a mover finds no crossing or approach within 60 tries. The error names the causes, most frequent first: the
        border is not covered, the terrain is too small or void, or no route leads across.
    """
    settings = settings or NightSettings()
    night = _Night(terrain, border, coverage, settings, np.random.default_rng(seed))
    movers = list(_traffic(night, duration_s))
    return Scenario(
        tuple(mover for mover in movers if mover.times_s[-1] > 0.0 and mover.times_s[0] < duration_s),
        start,
        duration_s,
        settings.late_fraction,
        settings.late_mean_s,
        settings.duplicate_fraction,
        border,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Night:
    terrain: xr.Dataset
    border: Border
    coverage: xr.Dataset | None
    settings: NightSettings
    chance: np.random.Generator

    def beside(self, chainage_m: float, offset_m: float) -> Floats:
        """The point ``offset_m`` on the own side of the border at ``chainage_m`` (2,); NaN if there is none."""
        here = np.array(self.border.point_at(chainage_m))
        reach = np.array([chainage_m - 150.0, chainage_m + 150.0]).clip(0.0, self.border.length_m)
        easting, northing = self.border.point_at(reach)
        along = np.array([easting[1] - easting[0], northing[1] - northing[0]])
        length = float(np.hypot(*along))
        if not length > 0.0:
            return np.full(2, np.nan)
        left = np.array([-along[1], along[0]]) / length
        return here + (offset_m if self.border.home_side == "left" else -offset_m) * left

    def between(self, span: tuple[float, float]) -> float:
        return float(self.chance.uniform(*span))

    def anywhere(self) -> float:
        return float(self.chance.uniform(0.0, self.border.length_m))

    def pick(self, classes: tuple[str, ...], shares: tuple[float, ...]) -> str:
        return str(self.chance.choice(classes, p=shares))


def _traffic(night: _Night, duration_s: float) -> Iterator[Mover]:
    settings = night.settings
    for i, (target, time_s) in enumerate(settings.crossing_times_s):
        yield _crossing(night, f"early-{i:02d}", target, time_s, watched=night.coverage is not None)
    settled = max((time for _, time in settings.crossing_times_s), default=0.0)
    rest_s = max(0.0, duration_s - settled)
    for i in range(int(night.chance.poisson(settings.crossings_per_hour * rest_s / 3_600.0))):
        target = night.pick(("person", "group", "vehicle"), (0.5, 0.35, 0.15))
        yield _crossing(night, f"crossing-{i:03d}", target, settled + night.between((0.0, rest_s)), watched=False)
    for i in range(settings.turn_backs):
        yield _turn_back(
            night, f"turn-{i:02d}", night.pick(("person", "group"), (0.6, 0.4)), night.between((0.0, duration_s))
        )
    for i in range(settings.local_movers):
        target = night.pick(("person", "vehicle", "animal"), (0.35, 0.2, 0.45))
        yield from _local(night, f"local-{i:02d}", target, duration_s)


def _crossing(night: _Night, name: str, target: str, time_s: float, *, watched: bool) -> Mover:
    """A mover that reaches the border at ``time_s``; in covered ground, if ``watched``."""
    side = 1.0 if night.chance.random() < night.settings.outward_share else -1.0
    failed: Counter[str] = Counter()
    for _ in range(TRIES):
        chainage = night.anywhere()
        if watched and not _is_covered(night, np.array(night.border.point_at(chainage))):
            failed[NOT_COVERED] += 1
            continue
        ends = [
            night.beside(chainage + night.between((-400.0, 400.0)), sign * side * night.between(night.settings.depth_m))
            for sign in (1.0, -1.0)
        ]
        path = _path(night, ends, target)
        if isinstance(path, str):
            failed[path] += 1
            continue
        met = _meeting(night.border, *path)
        if met is None or (watched and not _is_covered(night, met[1])):
            failed[NO_CROSSING if met is None else NOT_COVERED] += 1
            continue
        times, places = path
        return _mover(night, name, target, times - met[0] + time_s, places, "crossing")
    raise _no_route_error(night, f"no crossing for {name!r}", failed)


def _no_route_error(night: _Night, what: str, failed: Counter[str]) -> ScenarioError:
    """The error for a mover whose tries all failed: causes with their counts, most frequent first, and the remedy."""
    depth_m = max(night.settings.depth_m)
    causes = {
        NOT_COVERED: (
            "the border position is not covered",
            "a layout that covers part of the border, for example with higher antennas (mast_height_m) or longer range",
        ),
        OFF_TERRAIN: (
            "an end of the route is off the terrain or on a void",
            f"terrain with known elevation up to {depth_m:g} m from the border on both sides",
        ),
        NO_ROUTE: ("no passable route leads there", "passable terrain on both sides of the border"),
        NO_CROSSING: ("the route does not lead as intended", "passable terrain on both sides of the border"),
    }
    ordered = [cause for cause, _ in failed.most_common()]
    found = ", ".join(f"{causes[cause][0]} in {failed[cause]}" for cause in ordered)
    if NOT_COVERED in failed:
        chainage = np.linspace(0.0, night.border.length_m, BORDER_SAMPLES)
        places = np.column_stack(night.border.point_at(chainage))
        covered = np.mean([_is_covered(night, place) for place in places])
        found += f"; the single-look Pd of a person exceeds {COVERED_PD:g} on {covered:.0%} of the border"
    return ScenarioError(f"{what} in {TRIES} tries: {found}", where="scenario", expected=causes[ordered[0]][1])


def _turn_back(night: _Night, name: str, target: str, time_s: float) -> Mover:
    """A mover that approaches the border, turns at ``time_s`` 20 to 120 m short of it, and returns by another path."""
    failed: Counter[str] = Counter()
    for _ in range(TRIES):
        chainage = night.anywhere()
        turn = night.beside(chainage, -night.between((20.0, 120.0)))
        homes = [
            night.beside(chainage + night.between((-500.0, 500.0)), -night.between(night.settings.depth_m))
            for _ in range(2)
        ]
        out, back = _path(night, [homes[0], turn], target), _path(night, [turn, homes[1]], target)
        if isinstance(out, str) or isinstance(back, str):
            failed[out if isinstance(out, str) else str(back)] += 1
            continue
        times = np.concatenate([out[0], out[0][-1] + 15.0 + back[0]])
        places = np.vstack([out[1], back[1]])
        if _meeting(night.border, times, places) is None:
            return _mover(night, name, target, times - out[0][-1] + time_s, places, "turn_back")
        failed[NO_CROSSING] += 1
    raise _no_route_error(night, f"no approach to the border for {name!r}", failed)


def _local(night: _Night, name: str, target: str, duration_s: float) -> Iterator[Mover]:
    """Innocent traffic along the border on one side, one mover after another so that one is always present."""
    now = -1.0
    for number in range(1_000):
        path = None
        for _ in range(TRIES):
            side = 1.0 if night.chance.random() < 0.6 else -1.0
            chainage, length = night.anywhere(), night.between(night.settings.local_length_m)
            ends = [
                night.beside(c, side * night.between(night.settings.local_offset_m))
                for c in (chainage, chainage + length)
            ]
            tried = _path(night, ends[:: int(night.chance.choice([-1, 1]))], target)
            if not isinstance(tried, str) and _meeting(night.border, *tried) is None:
                path = tried
                break
        if path is None:
            return  # the border is too short or too rough for local traffic
        times, places = path
        begin = -night.between((0.1, 0.7)) * times[-1] if now < 0.0 else now
        mover = _mover(night, f"{name}-{number}", target, times + begin, places, "local")
        yield mover
        now = float(mover.times_s[-1]) + 60.0
        if now >= duration_s:
            return


def _path(night: _Night, ends: list[Floats], target: str) -> tuple[Floats, Floats] | str:
    """Times from 0 and positions of the least-time path between two points, or why there is none."""
    start, goal = ends
    if np.isnan(sample(night.terrain, *np.stack(ends, axis=1))).any():
        return OFF_TERRAIN
    points = None if np.hypot(*(goal - start)) < 10.0 else route(night.terrain, start, goal)
    if points is None:
        return NO_ROUTE
    path = timed(night.terrain, points, GAITS[target], float(night.chance.uniform(0.85, 1.15)))
    return NO_ROUTE if path is None else path


def _meeting(border: Border, times: Floats, places: Floats) -> tuple[float, Floats] | None:
    """Time and position (2,) at which a path first reaches the border; None if it does not."""
    fine = np.arange(times[0], times[-1], 1.0)
    easting, northing = np.interp(fine, times, places[:, 0]), np.interp(fine, times, places[:, 1])
    segment, _, offset = border.locate(easting, northing)
    changes = np.flatnonzero((np.sign(offset[1:]) != np.sign(offset[:-1])) & (segment[1:] >= 0))
    if not len(changes):
        return None
    i = int(changes[0])
    part = float(offset[i] / (offset[i] - offset[i + 1]))
    return float(fine[i] + part), np.array([easting[i] + part * (easting[i + 1] - easting[i]), northing[i]])


def _is_covered(night: _Night, place: Floats) -> bool:
    """Whether the single-look Pd of some sensor for a person at ``place`` exceeds COVERED_PD."""
    if night.coverage is None:
        return True
    cell = night.coverage["probability"].sel(easting=place[0], northing=place[1], method="nearest")
    return bool((cell > COVERED_PD).any())


def _mover(night: _Night, name: str, target: str, times: Floats, places: Floats, intent: str) -> Mover:
    """The mover of a path, with rests where it is far enough from the border (none after the start of the scenario)."""
    _, _, offset = night.border.locate(places[:, 0], places[:, 1])
    may_stop = (np.abs(offset) > night.settings.no_rest_m) & (times > 0.0)
    times, places = with_stops(times, places, GAITS[target], may_stop, night.chance)
    size = int(night.chance.integers(2, 7)) if target == "group" else 1
    return Mover(name, target, times, places[:, 0], places[:, 1], cast(Intent, intent), size)
