"""Least-time path between points."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Floats
from geo.errors import TerrainError
from geo.mobility.speed_surface import WALKING, Mobility, bare
from geo.mobility.walking_speed import TOBLER_OFF_PATH
from geo.paths.search import Steps
from geo.terrain.derived import cell_size, north_up

WindowBounds = tuple[float, float, float, float]


def least_time_path(
    terrain: xr.Dataset,
    start: npt.ArrayLike,
    goals: npt.ArrayLike,
    *,
    off_path: bool = True,
    bounds: WindowBounds | None = None,
    neighbours: int = 16,
) -> Floats:
    """Easting and northing (place, 2) [m] of a walker's fastest path from ``start`` to the first reached of ``goals``.

    ``start`` (2,), ``goals`` (2,) or (goal, 2). Speed is Tobler's on the gradient along the path, from elevation alone;
    voids cannot be crossed. The search covers the cells whose centres are in ``bounds`` (west, south, east, north) [m],
    by default all; see ``fastest_path``.
    """
    terrain = north_up(terrain)
    cell_m = cell_size(terrain)
    if bounds is not None:
        west, south, east, north = bounds
        terrain = terrain.sel(easting=slice(west, east), northing=slice(north, south))
    walker = bare(terrain, WALKING, 1.0 / TOBLER_OFF_PATH if off_path else 1.0, cell_m=cell_m)
    return fastest_path(walker, start, goals, neighbours=neighbours)[0]


def fastest_path(
    mobility: Mobility, start: npt.ArrayLike, goals: npt.ArrayLike, *, neighbours: int = 16
) -> tuple[Floats, float]:
    """Places (place, 2) [m] of the fastest path from ``start`` (2,) to the first of ``goals`` reached, and its seconds.

    The first and last places are the given points, those between are cell centres; the seconds are those between the
    centres at both ends. Over 8, 16 or 32 ``neighbours`` a path is up to ``geo.paths.search.OVERLENGTH`` too long.
    Raises TerrainError without ground, for a point off it, and where no goal can be reached.
    """
    if mobility.elevation.size == 0 or mobility.closed.all():
        raise TerrainError(
            "no terrain within the bounds", where="least-time path", expected="bounds that contain terrain"
        )
    places = np.atleast_2d(np.asarray(goals, dtype=np.float64))
    begin = np.asarray(start, dtype=np.float64)
    origin, targets = _cell(mobility, begin), [_cell(mobility, place) for place in places]
    labels = np.full(mobility.elevation.shape, np.inf)
    labels[origin] = 0.0
    reached = Steps.over(mobility, neighbours=neighbours).spread(labels)
    seconds = [float(reached.cost[target]) for target in targets]
    chosen = int(np.argmin(seconds))
    if not math.isfinite(seconds[chosen]):
        raise TerrainError("no goal can be reached", where="least-time path", expected="ground that connects them")
    rows, columns = reached.path(*targets[chosen])
    centres = np.column_stack([mobility.easting[columns], mobility.northing[rows]])
    return np.vstack([begin, centres[1:-1], places[chosen]]), seconds[chosen]


def _cell(mobility: Mobility, place: Floats) -> tuple[int, int]:
    """Row and column of the cell that holds a place."""
    column = int(np.argmin(np.abs(mobility.easting - place[0])))
    row = int(np.argmin(np.abs(mobility.northing - place[1])))
    off = max(abs(mobility.easting[column] - place[0]), abs(mobility.northing[row] - place[1]))
    if not off <= mobility.cell_m / 2.0 * (1.0 + 1e-9) or mobility.closed[row, column]:
        raise TerrainError(
            f"no known terrain at easting {place[0]:.0f}, northing {place[1]:.0f}",
            where="least-time path",
            expected="a position on the terrain",
        )
    return row, column
