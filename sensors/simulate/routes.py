"""Least-time routes of people, vehicles and animals over terrain, with times."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from geo.arrays import Bools, Floats
from geo.errors import TerrainError
from geo.mobility import tobler_speed
from geo.paths.least_time import least_time_path
from geo.terrain import cell_size, sample

VEHICLE_FLAT_MPS = 9.0
"""Off-road speed on flat ground (assumption)."""
VEHICLE_STEEPNESS = 4.0
"""Decrease of the speed with the gradient, exp(−4 |gradient|) (assumption)."""
STEP_M = 40.0
"""Step length along a route [m] over which the speed follows the slope."""
SLOWEST_MPS = 0.15
"""Minimum speed while moving (assumption: scrambling)."""
LARGEST_GRAPH = 6_000
"""Maximum number of cells of one route's search; larger windows are searched on every second, third, … cell."""


@dataclass(frozen=True, slots=True)
class Gait:
    """Movement of one class: ``speed`` [m/s] for a gradient along travel, and frequency and duration of stops."""

    speed: Callable[[Floats], Floats]
    stops_per_km: float
    stop_s: tuple[float, float] = (20.0, 120.0)


def _walk(factor: float) -> Callable[[Floats], Floats]:
    return lambda gradient: np.maximum(factor * tobler_speed(gradient, off_path=True), SLOWEST_MPS)


def _drive(gradient: Floats) -> Floats:
    return np.maximum(VEHICLE_FLAT_MPS * np.exp(-VEHICLE_STEEPNESS * np.abs(gradient)), SLOWEST_MPS)


GAITS: Mapping[str, Gait] = {
    "person": Gait(_walk(1.1), 0.4),
    "group": Gait(_walk(0.95), 0.8),
    "vehicle": Gait(_drive, 0.1),
    "animal": Gait(_walk(0.8), 3.0, (10.0, 60.0)),
    "other": Gait(_walk(0.8), 0.5),
}
"""Factors on Tobler's off-path speed and stops are assumptions: groups are slower, animals graze."""


def route(terrain: xr.Dataset, start: Floats, goal: Floats) -> Floats | None:
    """A walker's least-time path from ``start`` to ``goal`` (2,) [m]: points (k, 2); None if there is none.

    Searched by ``geo.paths`` in a window around both, then its corners are cut. It is also used for vehicles and
    animals, because it keeps to easy ground.
    """
    margin = 0.35 * float(np.hypot(*(goal - start))) + 8.0 * cell_size(terrain)
    (west, south), (east, north) = np.minimum(start, goal) - margin, np.maximum(start, goal) + margin
    window = terrain.sel(easting=slice(west, east), northing=slice(north, south))
    try:
        points = least_time_path(_thinned(window), start, goal)
    except TerrainError:
        return None
    return _corners_cut(points)


def timed(terrain: xr.Dataset, points: Floats, gait: Gait, pace: float) -> tuple[Floats, Floats] | None:
    """Times [s] from 0 and positions (k, 2) along ``points``, at most STEP_M apart, at the gait's speed times ``pace``.

    None if the ground on the path is unknown.
    """
    lengths = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    marks = np.linspace(0.0, along[-1], max(2, math.ceil(along[-1] / STEP_M) + 1))
    places = np.stack([np.interp(marks, along, points[:, i]) for i in (0, 1)], axis=1)
    steps = np.hypot(*np.diff(places, axis=0).T)
    kept = np.concatenate([[True], steps > 0.5])
    places = places[kept]
    steps = np.hypot(*np.diff(places, axis=0).T)
    heights = sample(terrain, places[:, 0], places[:, 1])
    if len(places) < 2 or np.isnan(heights).any() or not (steps > 0.0).all():
        return None
    seconds = steps / (pace * gait.speed(np.diff(heights) / steps))
    return np.concatenate([[0.0], np.cumsum(seconds)]), places


def with_stops(
    times_s: Floats, places: Floats, gait: Gait, may_stop: Bools, chance: np.random.Generator
) -> tuple[Floats, Floats]:
    """The same path with rests at some of the positions where ``may_stop`` (k,); times after a rest are later."""
    lengths_km = np.concatenate([[0.0], np.hypot(*np.diff(places, axis=0).T)]) / 1_000.0
    rests = (chance.random(len(times_s)) < gait.stops_per_km * lengths_km) & may_stop
    pauses = np.where(rests, chance.uniform(*gait.stop_s, len(times_s)), 0.0)
    arrivals = times_s + np.cumsum(pauses) - pauses
    index = np.repeat(np.arange(len(times_s)), np.where(rests, 2, 1))
    leaving = np.concatenate([[False], index[1:] == index[:-1]])
    return arrivals[index] + np.where(leaving, pauses[index], 0.0), places[index]


def _thinned(terrain: xr.Dataset) -> xr.Dataset:
    """Every second, third, … cell of a terrain that is larger than LARGEST_GRAPH cells."""
    stride = max(1, math.ceil(math.sqrt(terrain["elevation"].size / LARGEST_GRAPH)))
    thinned = terrain.isel(easting=slice(None, None, stride), northing=slice(None, None, stride))
    return thinned.assign_attrs(cell_m=cell_size(thinned))


def _corners_cut(points: Floats) -> Floats:
    """Chaikin's corner cutting, once, with both ends kept."""
    if len(points) < 3:
        return points
    first, second = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
    cut = np.stack([first, second], axis=1).reshape(-1, 2)
    return np.vstack([points[:1], cut[1:-1], points[-1:]])
