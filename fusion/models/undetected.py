"""Undetected targets: a Poisson intensity on a coarse grid.

It starts at the density of traffic, which is learnt by block of cells (fusion.models.densities), is reduced by every
look in proportion to its detection probability, is refilled by arrivals and across cell edges, and receives the remains
of deleted tracks. A plot in ground covered a moment ago therefore rarely starts a track, and one at the edge of
coverage or out of dead ground does. The Poisson part of Williams (2015), "Marginal multi-Bernoulli filters", with
recycling.
"""

from __future__ import annotations

from math import ceil, exp, pi
from typing import Final, NamedTuple

import numba
import numpy as np

from fusion.models.sensor_views import SensorModel, SensorView, probability
from geo.arrays import Floats

MOST_CELLS = 160
BLOCK: Final = 4
"""Cells along a side of a block, in which the density of traffic is one number."""
EMPTIED: Final = 0.05
"""Ground is emptied as far as its density of undetected targets is below this fraction of traffic."""


class Births(NamedTuple):
    """The grid: its south-west corner and cell [m]. ``density`` [1/m²] is the setting's of traffic, ``lifetime``
    [s] the mean time that a target stays, ``speed`` [m/s] carries targets across cell edges.
    """

    east: float
    north: float
    cell: float
    rows: int
    columns: int
    density: float
    lifetime: float
    speed: float


def births_over(
    sensors: dict[str, SensorModel], *, cell_m: float, density: float, lifetime_s: float, speed: float
) -> Births:
    """A grid over the fields of all sensors, one cell wider on each side; at most MOST_CELLS cells across."""
    views = [sensor.view for sensor in sensors.values()]
    if not views:
        return Births(0.0, 0.0, cell_m, 1, 1, density, lifetime_s, speed)
    west = min(view.east - view.max_range for view in views)
    east = max(view.east + view.max_range for view in views)
    south = min(view.north - view.max_range for view in views)
    north = max(view.north + view.max_range for view in views)
    cell = max(cell_m, (east - west) / MOST_CELLS, (north - south) / MOST_CELLS)
    return Births(
        west - cell,
        south - cell,
        cell,
        ceil((north - south) / cell) + 2,
        ceil((east - west) / cell) + 2,
        density,
        lifetime_s,
        speed,
    )


def blocks_of(births: Births) -> tuple[int, int]:
    """Rows and columns of blocks of the grid."""
    return -(-births.rows // BLOCK), -(-births.columns // BLOCK)


@numba.njit(cache=True)
def missed_share(births: Births, view: SensorView) -> Floats:
    """(row, column) probability that one look misses a target in the cell, over 3 × 3 points."""
    missed = np.ones((births.rows, births.columns))
    for i in range(births.rows):
        for j in range(births.columns):
            seen = 0.0
            for a in range(3):
                for b in range(3):
                    e = births.east + (j + (a + 0.5) / 3.0) * births.cell
                    n = births.north + (i + (b + 0.5) / 3.0) * births.cell
                    seen += probability(view, e, n)
            missed[i, j] = 1.0 - seen / 9.0
    return missed


@numba.njit(cache=True)
def flow(births: Births, traffic: Floats, intensity: Floats, dt: float) -> Floats:
    """The intensity ``dt`` seconds later: arrivals, departures, and exchange with the four neighbours.

    ``traffic`` (block row, block column) [1/m²] is the density of targets between looks. The flux across an edge
    between densities a and b is (a − b) · speed / π per metre (isotropic motion).
    """
    keep = exp(-dt / births.lifetime)
    exchange = min(dt * births.speed / (pi * births.cell), 0.2)
    rows, columns = intensity.shape
    new = np.empty_like(intensity)
    for i in range(rows):
        for j in range(columns):
            here, usual = intensity[i, j], traffic[i // BLOCK, j // BLOCK]
            south = intensity[i - 1, j] if i > 0 else usual
            north = intensity[i + 1, j] if i < rows - 1 else usual
            west = intensity[i, j - 1] if j > 0 else usual
            east = intensity[i, j + 1] if j < columns - 1 else usual
            moved = here + exchange * (south + north + west + east - 4.0 * here)
            new[i, j] = usual + (moved - usual) * keep
    return new


@numba.njit(cache=True)
def density_at(births: Births, intensity: Floats, easting: float, northing: float) -> float:
    """Density of undetected targets at a point [1/m²]; off the grid, that of traffic as set."""
    i = int(np.floor((northing - births.north) / births.cell))
    j = int(np.floor((easting - births.east) / births.cell))
    if i < 0 or j < 0 or i >= intensity.shape[0] or j >= intensity.shape[1]:
        return births.density
    return float(intensity[i, j])


@numba.njit(cache=True)
def emptied_share(births: Births, traffic: Floats, intensity: Floats, easting: float, northing: float) -> float:
    """How far looks have emptied the ground at a point of undetected targets: 1 wholly, 0 not enough or off the grid.

    In emptied ground most targets are tracks by now, so that tracks and other plots there can be counted.
    """
    i = int(np.floor((northing - births.north) / births.cell))
    j = int(np.floor((easting - births.east) / births.cell))
    if i < 0 or j < 0 or i >= intensity.shape[0] or j >= intensity.shape[1]:
        return 0.0
    share: float = 1.0 - intensity[i, j] / (EMPTIED * traffic[i // BLOCK, j // BLOCK])
    return max(share, 0.0)


@numba.njit(cache=True)
def recycle(births: Births, intensity: Floats, easting: Floats, northing: Floats, existence: Floats) -> None:
    """Return the remains of deleted tracks to the intensity, in place."""
    for t in range(len(easting)):
        i = int(np.floor((northing[t] - births.north) / births.cell))
        j = int(np.floor((easting[t] - births.east) / births.cell))
        if 0 <= i < intensity.shape[0] and 0 <= j < intensity.shape[1]:
            intensity[i, j] += existence[t] / (births.cell * births.cell)


def given_back(births: Births, intensity: Floats, centre: Floats, expected: Floats) -> Floats:
    """The intensity with ``expected`` (track,) targets added at the tracks' positions ``centre`` (track, 4)."""
    if not expected.any():
        return intensity
    new = intensity.copy()
    east, north = np.ascontiguousarray(centre[:, :2].T)
    recycle(births, new, east, north, expected)
    return new
