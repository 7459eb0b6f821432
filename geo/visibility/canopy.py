"""Trees in the way: the share of the canopy's height that blocks sight, with feet on bare ground.

What blocks is the bilinear surface of elevation + share × canopy height. The observer's mast and the target's feet
stand on bare ground. Around the observer the trees are cleared: in the cells, up to four, whose centres surround it.
Over the target they stand: a target is seen only where the line to its top passes above the canopy of its cell, so one
that is shorter than the canopy over it is hidden. Where the canopy is unknown, so is what lies behind it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Float32s, UInt8s
from geo.errors import BadInput, TerrainError
from geo.visibility.kernels.sight_line import HIDDEN, UNKNOWN, VISIBLE, ground_at
from geo.visibility.view import RasterGrid, View, check_on_map, drop_per_cell, heights_of
from geo.visibility.window import needed_from, read_window, view_from

Canopy = Literal["ignored", "blocks"] | float
"""How a sensor kind meets trees: "ignored" (sees through), "blocks" (opaque to the top), or the share 0 to 1."""


def canopy_share(canopy: Canopy) -> float:
    """Share of the canopy's height that blocks: 0 for "ignored", 1 for "blocks", else the number itself."""
    named = {"ignored": 0.0, "blocks": 1.0}
    if isinstance(canopy, str):
        if canopy not in named:
            raise BadInput(f"{canopy!r}", where="canopy", expected="'ignored', 'blocks' or a share from 0 to 1")
        return named[canopy]
    if not 0.0 <= canopy <= 1.0:
        raise BadInput(f"{canopy}", where="canopy", expected="'ignored', 'blocks' or a share from 0 to 1")
    return float(canopy)


def blocking_heights(terrain: xr.Dataset, canopy: Canopy, view: View | None = None) -> xr.DataArray | None:
    """Height above the ground of what blocks besides the ground, (northing, easting) [m]; None where nothing does.

    Raises TerrainError for a terrain without ``canopy_height`` when the canopy is to block, BadInput for a canopy
    that is none and for a ``view`` in fast mode, which knows no canopy.
    """
    share = canopy_share(canopy)
    if share == 0.0:
        return None
    if "canopy_height" not in terrain:
        raise TerrainError("no variable 'canopy_height'", where="terrain", expected="one, or canopy='ignored'")
    if view is not None and view.mode != "exact":
        raise BadInput(f"{view.mode!r} with a canopy that blocks", where="mode", expected="'exact'")
    heights = terrain["canopy_height"]
    if heights.dims != ("northing", "easting"):
        raise TerrainError(f"dims {heights.dims}", where="canopy_height", expected="(northing, easting)")
    return heights * np.float32(share)


def viewshed_window(
    elevation: xr.DataArray, blocking: xr.DataArray, grid: RasterGrid, easting: float, northing: float, view: View
) -> tuple[UInt8s, int, int]:
    """The states around one site under a canopy, and the first row and column of the window on the terrain's grid."""
    row, column = grid.row_of(northing), grid.column_of(easting)
    check_on_map(grid, row, column, np.asarray(easting), np.asarray(northing))
    rows, columns = read_window(grid, float(row), float(column), view.max_range_m)
    z, above = heights_of(elevation.data[rows, columns]), heights_of(blocking.data[rows, columns])
    place = float(row) - rows.start, float(column) - columns.start
    row0, column0, states = view_under_canopy(z, above, grid.cell_m, *place, view)
    return states, rows.start + row0, columns.start + column0


def view_under_canopy(
    z: Float32s, above: Float32s, cell_m: float, row: float, column: float, view: View
) -> tuple[int, int, UInt8s]:
    """As ``view_from``, where ``above`` (row, column) [m] blocks on top of the ground ``z``."""
    rows, columns = z.shape
    if np.isnan(ground_at(z.ravel(), rows, columns, row, column)):
        raise TerrainError(f"row {row:g}, column {column:g} is void", where="observer", expected="known ground")
    above = above.copy()
    for r in {int(np.floor(row)), int(np.ceil(row))}:
        above[r, int(np.floor(column))] = above[r, int(np.ceil(column))] = 0.0
    top = z + above
    all_angles = replace(view, elevations_rad=None)
    row0, column0, states = view_from(top, cell_m, row, column, all_angles)
    _, _, needed = needed_from(top, cell_m, row, column, all_angles)
    window = np.s_[row0 : row0 + states.shape[0], column0 : column0 + states.shape[1]]
    left = np.float32(view.target_height_m) - above[window]  # of the target above the canopy over it
    wooded = above[window] > 0.0
    states[wooded & (states == VISIBLE) & ~(needed <= left)] = HIDDEN
    states[wooded & (states == UNKNOWN) & (left < 0.0)] = HIDDEN
    if view.elevations_rad is not None:
        states[~_in_elevation(z, cell_m, row, column, row0, column0, view, states.shape)] = HIDDEN
    return row0, column0, states


def _in_elevation(
    z: Float32s, cell_m: float, row: float, column: float, row0: int, column0: int, view: View, shape: tuple[int, ...]
) -> npt.NDArray[np.bool_]:
    """Whether the top of a target on bare ground lies between the view's elevations; a void does."""
    assert view.elevations_rad is not None
    rows, columns = z.shape
    eye_m = float(ground_at(z.ravel(), rows, columns, row, column)) + view.observer_height_m
    south = (np.arange(row0, row0 + shape[0]) - row)[:, None]
    east = (np.arange(column0, column0 + shape[1]) - column)[None]
    square = south * south + east * east
    ground = z[row0 : row0 + shape[0], column0 : column0 + shape[1]].astype(np.float64)
    rise = ground + view.target_height_m - eye_m - drop_per_cell(cell_m, view.curvature_k) * square
    angle = np.arctan2(rise, np.sqrt(square) * cell_m)
    low, high = view.elevations_rad
    outside: npt.NDArray[np.bool_] = (angle < low) | (angle > high)
    return ~outside
