"""Ways over the ground: the path that a walker covers in the least time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.errors import TerrainError
from geo.frame import FloatArray
from geo.mobility import tobler_speed
from geo.terrain import cell_size

Bounds = tuple[float, float, float, float]

# One cell straight, one diagonal, and the knight's move: 16 directions make a path at most 2.75 % too long.
MOVES = [
    (row, column)
    for row in range(-2, 3)
    for column in range(-2, 3)
    if math.gcd(row, column) == 1 and (abs(row), abs(column)) != (2, 2)
]


@dataclass(frozen=True, slots=True, eq=False)
class WalkingGraph:
    """Walking times between neighbouring cell centres, both ways apart: uphill is not downhill.

    ``seconds`` is sparse (from, to) over cells counted row by row; ``easting`` (columns,) and ``northing`` (rows,)
    are cell centres [m]; ``ground`` (rows, columns) says where there is ground at all.
    """

    seconds: csr_array
    easting: FloatArray
    northing: FloatArray
    ground: npt.NDArray[np.bool_]

    @classmethod
    def over(cls, terrain: xr.Dataset, *, off_path: bool = True, bounds: Bounds | None = None) -> WalkingGraph:
        """The graph over the cells whose centres lie in ``bounds`` (west, south, east, north) [m], default all.

        Speed is Tobler's on the gradient between the two centres; there is no way into or across a void. About
        200 bytes a cell. Raises TerrainError where the bounds hold no ground.
        """
        if bounds is not None:
            west, south, east, north = bounds
            terrain = terrain.sel(easting=slice(west, east), northing=slice(north, south))
        elevation = terrain["elevation"].to_numpy().astype(np.float64)
        ground = np.isfinite(elevation)
        if not ground.any():
            raise TerrainError("there is no ground", where="least-time path", expected="bounds that hold terrain")
        cell = np.arange(elevation.size, dtype=np.int32).reshape(elevation.shape)
        links = [_links(elevation, ground, cell, move, cell_size(terrain), off_path) for move in MOVES]
        origin, target, seconds = (np.concatenate(column) for column in zip(*links, strict=True))
        return cls(
            seconds=csr_array((seconds, (origin, target)), shape=(elevation.size, elevation.size)),
            easting=terrain["easting"].to_numpy(),
            northing=terrain["northing"].to_numpy(),
            ground=ground,
        )

    def path(self, start: npt.ArrayLike, goals: npt.ArrayLike) -> FloatArray:
        """Places (place, 2) [m] from ``start`` (2,) to whichever of ``goals`` (2,) or (goal, 2) is reached first.

        The first and last places are the given points themselves, those between are cell centres. Raises TerrainError
        for a point off the graph or on a void, and where no goal can be reached.
        """
        places = np.atleast_2d(np.asarray(goals, dtype=np.float64))
        begin = np.asarray(start, dtype=np.float64)
        origin, targets = self._cell(begin), np.array([self._cell(place) for place in places])
        seconds, before = dijkstra(self.seconds, indices=origin, return_predecessors=True)
        chosen = int(np.argmin(seconds[targets]))
        if not math.isfinite(seconds[targets[chosen]]):
            raise TerrainError("no goal can be reached", where="least-time path", expected="ground that connects them")
        cells = [int(targets[chosen])]
        while cells[-1] != origin:
            cells.append(int(before[cells[-1]]))
        rows, columns = np.divmod(np.array(cells[::-1]), len(self.easting))
        centres = np.column_stack([self.easting[columns], self.northing[rows]])
        return np.vstack([begin, centres[1:-1], places[chosen]])

    def _cell(self, place: FloatArray) -> int:
        """Number of the cell that holds a place."""
        half = abs(self.easting[1] - self.easting[0]) / 2.0 if len(self.easting) > 1 else math.inf
        column = int(np.argmin(np.abs(self.easting - place[0])))
        row = int(np.argmin(np.abs(self.northing - place[1])))
        off = max(abs(self.easting[column] - place[0]), abs(self.northing[row] - place[1]))
        if not off <= half * (1.0 + 1e-9) or not self.ground[row, column]:
            raise TerrainError(
                f"no ground at easting {place[0]:.0f}, northing {place[1]:.0f}",
                where="least-time path",
                expected="a place on the terrain",
            )
        return row * len(self.easting) + column


def least_time_path(
    terrain: xr.Dataset,
    start: npt.ArrayLike,
    goals: npt.ArrayLike,
    *,
    off_path: bool = True,
    bounds: Bounds | None = None,
) -> FloatArray:
    """Easting and northing (place, 2) [m] of a walker's fastest way from ``start`` to the nearest in time of ``goals``.

    See WalkingGraph, which serves many paths over one terrain without being built again.
    """
    return WalkingGraph.over(terrain, off_path=off_path, bounds=bounds).path(start, goals)


def _links(
    elevation: FloatArray,
    ground: npt.NDArray[np.bool_],
    cell: npt.NDArray[np.int32],
    move: tuple[int, int],
    cell_m: float,
    off_path: bool,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], FloatArray]:
    """Origin, target and walking time [s] of one move from every cell that has ground all along it."""
    here, there = _ends(elevation.shape, move)
    open_way = ground[here] & ground[there]
    for step in _passed(move):
        rows, columns = here
        open_way &= ground[_moved(rows, step[0]), _moved(columns, step[1])]
    distance = math.hypot(*move) * cell_m
    rise = (elevation[there] - elevation[here])[open_way]
    return cell[here][open_way], cell[there][open_way], distance / tobler_speed(rise / distance, off_path=off_path)


def _ends(shape: tuple[int, ...], move: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Windows of the cells from which and to which ``move`` stays on a grid of ``shape``."""
    starts = [slice(max(0, -step), size - max(0, step)) for size, step in zip(shape, move, strict=True)]
    here = (starts[0], starts[1])
    return here, (_moved(here[0], move[0]), _moved(here[1], move[1]))


def _passed(move: tuple[int, int]) -> list[tuple[int, int]]:
    """The two cells between the ends of a knight's move; a straight or diagonal step passes none."""
    row, column = move
    if abs(row) == 2:
        return [(row // 2, 0), (row // 2, column)]
    return [(0, column // 2), (row, column // 2)] if abs(column) == 2 else []


def _moved(window: slice, step: int) -> slice:
    return slice(window.start + step, window.stop + step)
