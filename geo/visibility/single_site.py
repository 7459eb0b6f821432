"""What can be seen from where: sight lines, viewsheds and many of them, on the bilinear surface of a terrain.

Values everywhere: 0 hidden, 1 visible, 255 unknown (the line crosses a void before it is blocked). The surface is
bilinear through the cell centres and ends at the outermost; the observer stands at its exact place, targets at cell
centres; the earth falls away by d²/(2kR), with ``curvature_k`` = 4/3 for radio, 1.15 for light, inf for a flat earth.
A line that touches the ground is not blocked.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from dask.base import is_dask_collection

from geo.arrays import Float32s, UInt8s
from geo.errors import BadInput, TerrainError
from geo.visibility.canopy import Canopy, blocking_heights
from geo.visibility.kernels.sight_line import sight_states
from geo.visibility.view import (
    MOST_CELLS,
    RADIO_K,
    TARGET_HEIGHT_M,
    Angles,
    Mode,
    RasterGrid,
    View,
    check_numbers,
    check_on_map,
    check_shape,
    heights_of,
    is_ready,
    state_attrs,
    surface_of,
)
from geo.visibility.window import needed_from, read_window, view_from


def viewshed(
    terrain: xr.Dataset,
    easting: float,
    northing: float,
    *,
    observer_height_m: float,
    target_height_m: float = TARGET_HEIGHT_M,
    max_range_m: float,
    min_range_m: float = 0.0,
    azimuths_rad: Angles = None,
    elevations_rad: Angles = None,
    curvature_k: float = RADIO_K,
    mode: Mode = "exact",
    canopy: Canopy = "ignored",
) -> xr.DataArray:
    """Cells whose target, ``target_height_m`` above the ground at the cell's centre, the observer sees.

    uint8 (northing, easting) over the window of cells within ``max_range_m``, cut at the map's edge. 0 also where
    the cell is outside the range (inclusive, horizontal) or the angles: ``azimuths_rad`` (start, end) clockwise from
    grid north, may wrap; ``elevations_rad`` (low, high) of the target's top above the eye's horizontal, curvature
    included. The cell under the observer has no azimuth and is in every sector. "exact" gives every cell the answer
    of ``line_of_sight``; "fast" hands a horizon from ring to ring and errs in a few cells in a thousand, most at the
    edges of shadows. A lazy terrain is read only in the window. ``canopy`` says how much of the terrain's
    ``canopy_height`` blocks, see ``geo.visibility.canopy``; exact mode only.

    TerrainError for an observer off the map or on a void, for cells that are not square or not in metres; BadInput
    for a range not above ``min_range_m``, heights below zero or angles that contradict each other.
    """
    view = View(
        observer_height_m,
        max_range_m,
        target_height_m,
        min_range_m,
        azimuths_rad,
        elevations_rad,
        curvature_k,
        mode,
    )
    elevation, grid = surface_of(terrain)
    blocking = blocking_heights(terrain, canopy, view)
    row, column = _place_on(grid, easting, northing)
    above = None if blocking is None else blocking.data
    row0, column0, states = _states_around(elevation.data, above, grid, row, column, view)
    return _labelled(terrain, states, row0, column0, easting, northing, view)


def viewshed_array(
    elevation: npt.ArrayLike,
    cell_m: float,
    row: int,
    col: int,
    *,
    observer_height_m: float,
    target_height_m: float = TARGET_HEIGHT_M,
    max_range_m: float,
    min_range_m: float = 0.0,
    azimuths_rad: Angles = None,
    elevations_rad: Angles = None,
    curvature_k: float = RADIO_K,
    mode: Mode = "exact",
) -> tuple[int, int, UInt8s]:
    """``viewshed`` on a bare array (row, column) [m], north up, from the centre of cell (row, col).

    Returns the window's first row and column in ``elevation`` and its states, uint8. NaN is a void; heights are taken
    as float32, of any array of numbers; where it is not float32 in rows and writable, the window is copied. Errors as
    ``viewshed``.
    """
    view = View(
        observer_height_m,
        max_range_m,
        target_height_m,
        min_range_m,
        azimuths_rad,
        elevations_rad,
        curvature_k,
        mode,
    )
    check_numbers(cell_m, "cell_m")
    if not (np.isfinite(cell_m) and cell_m > 0):
        raise TerrainError(f"{cell_m}", where="cell_m", expected="a length above zero")
    heights = elevation if is_dask_collection(elevation) else np.asanyarray(elevation)
    shape = check_shape(heights)
    row, col = operator.index(row), operator.index(col)
    if not (0 <= row < shape[0] and 0 <= col < shape[1]):
        raise TerrainError(f"({row}, {col}) is off the map", where="observer", expected=f"a cell of {shape}")
    grid = RasterGrid(0.0, 0.0, float(cell_m), *shape)
    return _states_around(heights, None, grid, float(row), float(col), view)


def minimum_target_height(
    terrain: xr.Dataset,
    easting: float,
    northing: float,
    *,
    observer_height_m: float,
    max_range_m: float,
    min_range_m: float = 0.0,
    azimuths_rad: Angles = None,
    curvature_k: float = RADIO_K,
    mode: Mode = "exact",
) -> xr.DataArray:
    """Height above its ground [m] from which a target in each cell is seen; float32 (northing, easting), the window.

    0 where the ground itself is in sight. NaN is unknown: the line to the cell meets a void, even behind a ridge, since
    a target high enough would be seen over the ridge; and NaN outside range and azimuths. In exact mode a cell is
    visible in ``viewshed`` exactly when this is at most the target height, but for float32's rounding and, for an eye
    on the ground itself, a few millimetres. "fast" errs as it does there. Errors as there.
    """
    view = View(observer_height_m, max_range_m, 0.0, min_range_m, azimuths_rad, None, curvature_k, mode)
    elevation, grid = surface_of(terrain)
    row, column = _place_on(grid, easting, northing)
    z, _, row0, column0 = _heights_around(elevation.data, None, grid, row, column, view.max_range_m)
    row1, column1, needed = needed_from(z, grid.cell_m, row - row0, column - column0, view)
    labelled = _labelled(terrain, needed, row0 + row1, column0 + column1, easting, northing, view)
    del labelled.attrs["target_height_m"]
    labelled.attrs |= {"units": "m", "long_name": "height above ground from which a target is seen"}
    for name in ("flag_values", "flag_meanings"):
        del labelled.attrs[name]
    return labelled.rename("minimum_target_height")


def compile_kernels() -> None:
    """Compile every kernel of this module (or load it from disk) on a tiny terrain, so that no later call waits."""
    z = np.zeros((8, 8), np.float32)
    for mode in ("exact", "fast"):
        view = View(2.0, 90.0, 1.7, 10.0, (0.0, 1.0), (-1.0, 1.0), RADIO_K, mode)
        view_from(z, 30.0, 4.0, 4.0, view)
    sight_states(z.ravel(), 8, 8, np.zeros((1, 4)), np.ones(1), np.ones(1), 0.0, np.empty(1, np.uint8))


def _place_on(grid: RasterGrid, easting: float, northing: float) -> tuple[float, float]:
    """Fractional row and column of a site; TerrainError off the map."""
    row, column = grid.row_of(northing), grid.column_of(easting)
    check_on_map(grid, row, column, np.asarray(easting), np.asarray(northing))
    return float(row), float(column)


def _states_around(
    elevation: Any, above: Any, grid: RasterGrid, row: float, column: float, view: View
) -> tuple[int, int, UInt8s]:
    """First row and column of the window around one place, and the states there; ``above`` blocks on the ground."""
    z, blocking, row0, column0 = _heights_around(elevation, above, grid, row, column, view.max_range_m)
    first_row, first_column, states = view_from(z, grid.cell_m, row - row0, column - column0, view, blocking)
    return row0 + first_row, column0 + first_column, states


def _heights_around(
    elevation: Any, above: Any, grid: RasterGrid, row: float, column: float, max_range_m: float
) -> tuple[Float32s, Float32s | None, int, int]:
    """Heights to read for one place, what blocks above them, and their first row and column.

    Maps in memory, as the kernels take them, are given whole and not copied; of any other what is within range and one
    cell more is read, or made so.
    """
    if is_ready(elevation) and (above is None or is_ready(above)):
        return elevation, above, 0, 0
    rows, columns = read_window(grid, row, column, max_range_m)
    cells = (rows.stop - rows.start) * (columns.stop - columns.start)
    if cells > MOST_CELLS:
        raise BadInput(
            f"{max_range_m:g} m make a window of {cells:,} cells",
            where="max_range_m",
            expected=f"a range within which are at most {MOST_CELLS:,} cells",
        )
    blocking = None if above is None else heights_of(above[rows, columns])
    return heights_of(elevation[rows, columns]), blocking, rows.start, columns.start


def _labelled(
    terrain: xr.Dataset, window: Any, row0: int, column0: int, easting: float, northing: float, view: View
) -> xr.DataArray:
    rows, columns = slice(row0, row0 + window.shape[0]), slice(column0, column0 + window.shape[1])
    return xr.DataArray(
        window,
        dims=("northing", "easting"),
        coords={"northing": terrain["northing"][rows], "easting": terrain["easting"][columns]},
        name="visible",
        attrs=state_attrs(terrain)
        | {
            "observer_easting": float(easting),
            "observer_northing": float(northing),
            "observer_height_m": float(view.observer_height_m),
            "target_height_m": float(view.target_height_m),
            "max_range_m": float(view.max_range_m),
        },
    )
