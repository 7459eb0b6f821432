"""Least costs over the ground from given cells to all others, or from all cells to the given ones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats, Ints, UInt8s
from geo.errors import BadInput
from geo.mobility.speed_surface import Mobility
from geo.paths import kernel

OVERLENGTH = {8: 0.0824, 16: 0.0275, 32: 0.0131}
"""Relative excess length of a path over a raster compared with the straight one, by number of neighbours."""
SAMPLED = 5_003  # cells from which the usual step is taken; with 100,003 that takes longer than the search
BUCKET_SHARE = 0.5  # of a usual step; costs do not depend on it, and of paths of equal cost another may be found


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Least costs from, or to, the nearest of the labelled cells.

    ``cost`` (row, column) is infinite where a cell cannot be reached; ``arrival`` is the move by which the path
    arrives.
    """

    cost: Floats
    arrival: UInt8s
    neighbours: int
    backward: bool

    def path(self, row: int, column: int) -> tuple[Ints, Ints]:
        """Rows and columns of the least-cost path in the order of travel; empty where there is none.

        It ends at the cell; in a backward search it starts there.
        """
        if not math.isfinite(self.cost[row, column]):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        width = self.cost.shape[1]
        steps = kernel.moves_of(self.neighbours, width).steps
        cells = kernel.trace(row * width + column, self.arrival.reshape(-1), steps).astype(np.int64)
        rows, columns = np.divmod(cells if self.backward else cells[::-1], width)
        return rows, columns


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Steps of a mover whose seconds have weights, laid out for the kernel.

    ``ground`` (cell, column) is the raster with a frame of closed cells, row by row; ``inside`` cuts the raster from
    the frame. ``graph`` holds the moves and the speed law.
    """

    ground: Floats
    inside: tuple[slice, slice]
    shape: tuple[int, int]
    neighbours: int
    graph: kernel.PathGraph

    @classmethod
    def over(
        cls,
        mobility: Mobility,
        *,
        weight: npt.ArrayLike | None = None,
        toll: npt.ArrayLike | None = None,
        neighbours: int = 16,
        through_voids: bool = False,
    ) -> Steps:
        """Steps to 8, 16 or 32 ``neighbours``, whose cost is time [s] times ``weight`` plus length [m] times ``toll``.

        Both are (row, column), 1 and 0 by default; NaN or infinite values close a cell, and so does unknown elevation.
        ``through_voids`` instead takes unknown elevation as the easiest gradient, so that times are lower bounds. 40
        bytes per cell. Raises BadInput for another shape, values below 0, and other numbers of neighbours.
        """
        if neighbours not in kernel.NEIGHBOURS:
            raise BadInput(f"{neighbours} neighbours", where="path search", expected="8, 16 or 32")
        rows, columns = mobility.elevation.shape
        weights, tolls = _over_cells(weight, "weight", 1.0, mobility), _over_cells(toll, "toll", 0.0, mobility)
        frame = kernel.NEIGHBOURS[neighbours]
        ground = np.empty((rows + 2 * frame, columns + 2 * frame, kernel.COLUMNS))
        inside = (slice(frame, frame + rows), slice(frame, frame + columns))
        void = ~np.isfinite(mobility.elevation) if through_voids else None
        height = mobility.elevation if void is None else np.where(void, 0.0, mobility.elevation)
        rasters = (height, mobility.pace, weights, tolls, np.atleast_2d(mobility.felt))
        kernel.lay_out(ground, frame, *(np.ascontiguousarray(raster, dtype=np.float64) for raster in rasters))
        if void is not None:
            ground[(*inside, kernel.HEIGHT)][void] = np.nan
        moves = kernel.moves_of(neighbours, ground.shape[1])
        graph = kernel.PathGraph(*moves[:4], moves.lengths * mobility.cell_m, mobility.law.columns())
        return cls(ground, inside, ground.shape[:2], neighbours, graph)

    def spread(self, labels: npt.ArrayLike, *, backward: bool = False, limit: float = math.inf) -> Spread:
        """Least cost of every cell from those that have a finite label (row, column), which is their start cost.

        ``backward`` gives the cost from each cell *to* the labelled ones, which differs because uphill differs from
        downhill. Exact over the graph, whose paths are up to OVERLENGTH too long. Costs above ``limit`` count as
        unreachable. 43 bytes per cell while running, 9 in the result. Raises BadInput for labels of another shape.
        """
        start = np.asarray(labels, dtype=np.float64)
        _refuse_unless(start, "labels", self)
        flat = self.ground.reshape(-1, kernel.COLUMNS)
        costs = np.empty(self.shape)
        kernel.begin(self.ground, self.inside[0].start, np.ascontiguousarray(start), costs)
        del start, labels  # 8 bytes per cell
        arrival = np.full(self.shape, kernel.NOWHERE, np.uint8)
        width = BUCKET_SHARE * kernel.usual_cost(flat, self.graph, max(1, len(flat) // SAMPLED))
        sign, queue = -1.0 if backward else 1.0, kernel.queue_of(len(flat))
        kernel.search(flat, costs.ravel(), arrival.ravel(), self.graph, sign, float(limit), float(width), queue)
        answer = (np.ascontiguousarray(costs[self.inside]), np.ascontiguousarray(arrival[self.inside]))
        return Spread(*answer, self.neighbours, backward)

    @property
    def open(self) -> Bools:
        """Cells that can be entered (row, column)."""
        passable: Bools = np.isfinite(self.ground[(*self.inside, kernel.PACE)])
        return passable

    def costs(self, rows: npt.ArrayLike, columns: npt.ArrayLike, move: int) -> Floats:
        """Cost of one move from each of some cells (cell,); infinite or NaN where the move is impossible."""
        top, left = self.inside[0].start, self.inside[1].start
        cells = (np.asarray(rows, np.int64) + top) * self.shape[1] + np.asarray(columns, np.int64) + left
        costs = np.empty(len(cells))
        kernel.step_costs(self.ground.reshape(-1, kernel.COLUMNS), cells, move, self.graph, costs)
        return costs


def spread(
    mobility: Mobility,
    labels: npt.ArrayLike,
    *,
    weight: npt.ArrayLike | None = None,
    toll: npt.ArrayLike | None = None,
    backward: bool = False,
    neighbours: int = 16,
    limit: float = math.inf,
    through_voids: bool = False,
) -> Spread:
    """Least costs from, or to, labelled cells: ``Steps.over`` and ``Steps.spread`` in one."""
    steps = Steps.over(mobility, weight=weight, toll=toll, neighbours=neighbours, through_voids=through_voids)
    return steps.spread(labels, backward=backward, limit=limit)


def _over_cells(values: npt.ArrayLike | None, name: str, default: float, mobility: Mobility) -> Floats:
    if values is None:
        return np.full((1, 1), default)
    numbers = np.asarray(values, dtype=np.float64)
    _refuse_unless(numbers, name, mobility)
    return numbers


def _refuse_unless(values: Floats, name: str, over: Mobility | Steps) -> None:
    shape = over.elevation.shape if isinstance(over, Mobility) else over.open.shape
    if values.shape != shape or (values < 0.0).any():
        raise BadInput(
            f"{name} of shape {values.shape}, or below 0", where="path search", expected=f"{shape[0]} × {shape[1]}, ≥ 0"
        )
