"""Line of sight between pairs of points: the exact reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from geo.arrays import Floats, UInt8s
from geo.errors import BadInput
from geo.terrain.derived import north_up, standing_points
from geo.visibility.kernels.sight_line import sight_states
from geo.visibility.kernels.undeclared_voids import check_plausible
from geo.visibility.view import (
    RADIO_K,
    TARGET_HEIGHT_M,
    check_curvature,
    check_not_negative,
    check_on_map,
    drop_per_cell,
    heights_of,
    is_ready,
    points_of,
    surface_of,
    void_below,
)


def line_of_sight(
    terrain: xr.Dataset,
    observer: Any,
    target: Any,
    *,
    observer_height_m: Any,
    target_height_m: Any = TARGET_HEIGHT_M,
    curvature_k: float = RADIO_K,
) -> UInt8s:
    """Compute whether observers see targets, pair by pair; exact, the reference for all viewsheds.

    Parameters
    ----------
    terrain : Dataset
        Terrain with ``elevation`` (northing, easting) [m].
    observer, target : tuple of array_like, or array_like, shape (..., 2), m
        Easting and northing. They and the heights broadcast. Beside a void an observer stands as in ``viewshed``.
    observer_height_m, target_height_m : float or array_like, m
        Heights above the ground.
    curvature_k : float
        Effective Earth radius factor [1]: 4/3 for radio, 1.15 for light, infinity for a flat Earth.

    Returns
    -------
    ndarray of uint8, shape (...)
        0 not visible, 1 visible, 255 unknown: the line meets a void before it is blocked, or the target is on a void,
        off the map or at NaN.

    Raises
    ------
    TerrainError
        If an observer is off the map or on a void cell, as for ``viewshed``.
    BadInput
        If a height is negative, or shapes do not broadcast.

    Notes
    -----
    In every cell that the line crosses, the bilinear surface along it is a quadratic, so its highest rise above the
    line is found in closed form, curvature included.
    """
    terrain = north_up(terrain)
    elevation, grid = surface_of(terrain)
    easting, northing = points_of(observer, "observer")
    to_easting, to_northing = points_of(target, "target")
    check_not_negative(observer_height_m, "observer_height_m")
    check_not_negative(target_height_m, "target_height_m")
    check_curvature(curvature_k)
    row, column = grid.row_of(northing), grid.column_of(easting)
    check_on_map(grid, row, column, easting, northing)
    standing = standing_points(terrain, easting, northing)
    row, column = grid.row_of(standing[1]), grid.column_of(standing[0])
    columns_of_pairs = _broadcast(
        row, column, grid.row_of(to_northing), grid.column_of(to_easting), observer_height_m, target_height_m
    )
    shape = columns_of_pairs[0].shape
    pairs = np.stack([np.ravel(x).astype(np.float64) for x in columns_of_pairs[:4]], axis=1)
    heights = [np.ascontiguousarray(np.ravel(x), np.float64) for x in columns_of_pairs[4:]]
    off_map = ~grid.holds(pairs[:, 2], pairs[:, 3])
    pairs[off_map, 2:] = np.nan
    states = np.empty(len(pairs), np.uint8)
    if len(pairs) == 0:
        return states.reshape(shape)
    rows, columns = _box(pairs[:, 0::2], grid.rows), _box(pairs[:, 1::2], grid.columns)
    if not is_ready(elevation.data):
        elevation, pairs = elevation[slice(*rows), slice(*columns)], pairs - [rows[0], columns[0]] * 2
        rows, columns = (0, elevation.shape[0]), (0, elevation.shape[1])
    z = heights_of(elevation.data)
    check_plausible(z, rows, columns)
    drop = drop_per_cell(grid.cell_m, curvature_k)
    on_void = sight_states(z.ravel(), z.shape[0], z.shape[1], pairs, heights[0], heights[1], drop, states)
    if on_void >= 0:
        raise void_below(f"observer of pair {on_void}")
    return states.reshape(shape)


def _box(places: Floats, count: int) -> tuple[int, int]:
    """First index and one past the last of the cells around positions on an axis of ``count`` cells, ignoring NaN."""
    low = min(max(int(np.nanmin(places)) - 1, 0), count - 2)
    return low, max(min(int(np.nanmax(places)) + 3, count), low + 2)


def _broadcast(*parts: Any) -> Any:
    """Observers, targets and heights in one shape; BadInput if there is none."""
    try:
        return np.broadcast_arrays(*parts)
    except ValueError:
        shapes = ", ".join(str(np.shape(part)) for part in parts)
        raise BadInput(
            f"shapes {shapes}", where="line_of_sight", expected="observers, targets and heights that broadcast"
        ) from None
