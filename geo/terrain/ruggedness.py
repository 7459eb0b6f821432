"""Ruggedness of terrain: Riley's index and vector ruggedness."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from geo.arrays import Floats
from geo.errors import TerrainError
from geo.terrain.focal import focal

NEIGHBOURS = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if (row, column) != (0, 0)]


def terrain_ruggedness_index(elevation: Any) -> Any:
    """Compute the terrain ruggedness index of each cell.

    Parameters
    ----------
    elevation : array_like or DataArray, shape (row, column), m
        Elevation, in memory or lazy.

    Returns
    -------
    ndarray or DataArray, shape (row, column), m
        Root of the summed squared differences to the eight neighbours, float64, of the kind that was given; NaN along
        the edges and beside voids.

    Raises
    ------
    TerrainError
        If ``elevation`` does not have two dimensions.

    Notes
    -----
    sqrt(Σ₈ (zᵢ − z₀)²) after Riley, DeGloria and Elliot (1999), Intermountain Journal of Sciences 5, 23–27. The index
    grows with the cell size and counts a smooth steep slope as rugged: compare it only at one cell size, by percentile.

    Examples
    --------
    >>> terrain_ruggedness_index([[0, 0, 0], [0, 1, 0], [0, 0, 0]])[1, 1].round(3)
    np.float64(2.828)
    """
    return focal(elevation, _ruggedness, reach=1, name="terrain_ruggedness_index", units="m")


def vector_ruggedness(elevation: Any, cell_m: float, *, window: int = 3) -> Any:
    """Compute the vector ruggedness of each cell: the scatter of the surface normals around it.

    Parameters
    ----------
    elevation : array_like or DataArray, shape (row, column), m
        Elevation on square cells, in memory or lazy.
    cell_m : float, m
        Side of the cells.
    window : int
        Side of the square window in cells, odd and at least 3.

    Returns
    -------
    ndarray or DataArray, shape (row, column)
        Ruggedness [1] from 0 to 1, float64, of the kind that was given; NaN within half a window plus one cell of the
        edge or of a void.

    Raises
    ------
    TerrainError
        If the window or the cell is not as above, or ``elevation`` does not have two dimensions.

    Notes
    -----
    1 − ‖Σ n‖ / count with unit normals n = (−p, −q, 1) / sqrt(1 + p² + q²), p and q the central-difference gradients,
    after Sappington, Longshore and Thompson (2007), J. Wildlife Management 71, 1419–1426, doi:10.2193/2005-723. It is
    zero on any plane, however steep, and clipped at 0 against rounding.
    """
    if window < 3 or window % 2 == 0:
        raise TerrainError(f"the window is {window} cells", where="vector_ruggedness", expected="an odd number from 3")
    if not cell_m > 0.0:
        raise TerrainError(f"the cell is {cell_m} m", where="vector_ruggedness", expected="a positive size")
    measure = partial(_normal_scatter, cell_m=cell_m, window=window)
    return focal(elevation, measure, reach=1 + window // 2, name="vector_ruggedness", units="1")


def _ruggedness(z: Floats) -> Floats:
    index = np.full(z.shape, np.nan)
    if min(z.shape) < 3:
        return index
    rows, columns = z.shape
    squares = np.zeros((rows - 2, columns - 2))
    for row, column in NEIGHBOURS:
        neighbour = z[1 + row : rows - 1 + row, 1 + column : columns - 1 + column]
        squares += (neighbour - z[1:-1, 1:-1]) ** 2
    index[1:-1, 1:-1] = np.sqrt(squares)
    return index


def _normal_scatter(z: Floats, *, cell_m: float, window: int) -> Floats:
    scatter = np.full(z.shape, np.nan)
    reach = 1 + window // 2
    if min(z.shape) < 2 * reach + 1:
        return scatter
    p = (z[1:-1, 2:] - z[1:-1, :-2]) / (2.0 * cell_m)
    q = (z[:-2, 1:-1] - z[2:, 1:-1]) / (2.0 * cell_m)
    upward = 1.0 / np.sqrt(1.0 + p * p + q * q)
    x, y, up = (_window_sum(part, window) for part in (-p * upward, -q * upward, upward))
    resultant = np.sqrt(x * x + y * y + up * up)
    scatter[reach:-reach, reach:-reach] = np.maximum(1.0 - resultant / window**2, 0.0)
    return scatter


def _window_sum(values: Floats, window: int) -> Floats:
    """Sum over each whole square window, by rows and then by columns."""
    rows, columns = values.shape[0] - window + 1, values.shape[1] - window + 1
    by_rows = sum((values[i : i + rows] for i in range(1, window)), start=values[:rows])
    return sum((by_rows[:, j : j + columns] for j in range(1, window)), start=by_rows[:, :columns])
