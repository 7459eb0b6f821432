"""Least costs over the ground in one sweep: from some cells to all others, or from all to some."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo import paths_kernel as kernel
from geo.errors import BadInput
from geo.frame import FloatArray
from geo.mobility_surface import Mobility

OVERLENGTH = {8: 0.0824, 16: 0.0275, 32: 0.0131}
"""By how much a way over a raster can be longer than the straight one, by number of neighbours."""
SAMPLED = 100_003  # cells from which the usual step is taken
BUCKET_SHARE = 0.25  # of a usual step; any value gives the same costs


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Least costs from, or to, the nearest of the labelled cells.

    ``cost`` (row, column) is infinite where nobody can come; ``arrival`` says by which move the way came.
    """

    cost: FloatArray
    arrival: npt.NDArray[np.uint8]
    neighbours: int
    backward: bool

    def way(self, row: int, column: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Rows and columns of the least-cost way in the order of travel; empty where there is none.

        It ends at the cell, and backward begins there.
        """
        if not math.isfinite(self.cost[row, column]):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        width = self.cost.shape[1]
        steps = kernel.moves_of(self.neighbours, width)[0]
        cells = kernel.trace(row * width + column, self.arrival.reshape(-1), steps).astype(np.int64)
        rows, columns = np.divmod(cells if self.backward else cells[::-1], width)
        return rows, columns


def spread(
    mobility: Mobility,
    labels: npt.ArrayLike,
    *,
    weight: npt.ArrayLike | None = None,
    backward: bool = False,
    neighbours: int = 16,
    limit: float = math.inf,
) -> Spread:
    """Least cost of every cell from the cells that have a finite label (row, column), which is what they begin with.

    The cost of a step is its time [s] times the ``weight`` (row, column; 1 without) of the ground, see
    ``kernel.step_cost``; NaN or infinite weight closes a cell, a negative one is refused. ``backward`` gives the cost
    from each cell *to* the labelled ones, which differs because uphill is not downhill. Exact over the graph of 8, 16
    or 32 ``neighbours``, whose ways are up to OVERLENGTH too long. Dearer than ``limit`` counts as unreachable.
    About 75 bytes a cell while it works, 9 in the answer. Raises BadInput for shapes that do not fit, or other
    numbers of neighbours.
    """
    if neighbours not in kernel.NEIGHBOURS:
        raise BadInput(f"{neighbours} neighbours", where="path search", expected="8, 16 or 32")
    rows, columns = mobility.elevation.shape
    start = np.asarray(labels, dtype=np.float64)
    weights = np.ones((1, 1)) if weight is None else np.asarray(weight, dtype=np.float64)
    for name, values in (("labels", start), ("weight", np.broadcast_to(weights, (rows, columns)))):
        if values.shape != (rows, columns) or (values < 0.0).any():
            raise BadInput(
                f"{name} of shape {values.shape}, or below 0", where="path search", expected=f"{rows} × {columns}, ≥ 0"
            )
    frame = kernel.NEIGHBOURS[neighbours]
    inside = (slice(frame, frame + rows), slice(frame, frame + columns))
    ground = np.zeros((rows + 2 * frame, columns + 2 * frame, kernel.COLUMNS))
    ground[..., kernel.PACE] = np.inf
    closed = mobility.closed | ~np.isfinite(weights)
    ground[(*inside, kernel.HEIGHT)] = mobility.elevation
    ground[(*inside, kernel.PACE)] = np.where(closed, np.inf, mobility.pace)
    ground[(*inside, kernel.WEIGHT)] = weights
    ground[(*inside, kernel.FELT)] = mobility.felt
    costs = np.full(ground.shape[:2], np.inf)
    costs[inside] = np.where(closed | np.isnan(start), np.inf, start)
    arrival = np.full(ground.shape[:2], kernel.NOWHERE, np.uint8)
    flat = ground.reshape(-1, kernel.COLUMNS)
    steps, pieces, knots, shares, lengths = kernel.moves_of(neighbours, ground.shape[1])
    graph = (steps, pieces, knots, shares, lengths * mobility.cell_m, mobility.law.columns())
    width = BUCKET_SHARE * kernel.usual_cost(flat, *graph, max(1, len(flat) // SAMPLED))
    sign = -1.0 if backward else 1.0
    lists = kernel.waiting_lists(len(flat))
    kernel.search(flat, costs.reshape(-1), arrival.reshape(-1), *graph, sign, float(limit), float(width), *lists)
    return Spread(np.ascontiguousarray(costs[inside]), np.ascontiguousarray(arrival[inside]), neighbours, backward)
