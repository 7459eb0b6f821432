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

from geo.canopy import Canopy, blocking_heights, viewshed_window
from geo.covering import covering_sites
from geo.errors import BadInput, TerrainError
from geo.footprints import footprints
from geo.many import sites_seeing, viewsheds
from geo.rings import States
from geo.sightlines import EARTH_RADIUS_M, HIDDEN, UNKNOWN, VISIBLE, Heights, sight_states
from geo.view import (
    RADIO_K,
    TARGET_HEIGHT_M,
    Angles,
    Grid,
    Mode,
    View,
    check_curvature,
    check_not_negative,
    check_on_map,
    drop_per_cell,
    heights_of,
    points_of,
    state_attrs,
    surface_of,
)
from geo.viewshed_store import open_viewsheds, write_viewsheds
from geo.window import needed_from, read_window, view_from

__all__ = [
    "EARTH_RADIUS_M",
    "HIDDEN",
    "UNKNOWN",
    "VISIBLE",
    "compile_kernels",
    "covering_sites",
    "footprints",
    "line_of_sight",
    "minimum_target_height",
    "open_viewsheds",
    "sites_seeing",
    "viewshed",
    "viewshed_array",
    "viewsheds",
    "write_viewsheds",
]


def line_of_sight(
    terrain: xr.Dataset,
    observer: Any,
    target: Any,
    *,
    observer_height_m: Any,
    target_height_m: Any = TARGET_HEIGHT_M,
    curvature_k: float = RADIO_K,
) -> States:
    """Whether each observer sees each target: uint8 in the pairs' broadcast shape; exact, the reference.

    ``observer`` and ``target`` are tuples (easting, northing) of numbers or arrays, or arrays (..., 2) [m]; they and
    the heights above ground [m] broadcast. In every cell that the line crosses the bilinear surface along it is a
    quadratic, so its highest rise above the line is found in closed form, curvature included. 255 where the line
    meets a void before it is blocked, and for a target on a void, off the map or at NaN. TerrainError for an
    observer off the map or on a void; BadInput for a height below zero.
    """
    elevation, grid = surface_of(terrain)
    easting, northing = points_of(observer, "observer")
    to_easting, to_northing = points_of(target, "target")
    check_not_negative(observer_height_m, "observer_height_m")
    check_not_negative(target_height_m, "target_height_m")
    check_curvature(curvature_k)
    row, column = grid.row_of(northing), grid.column_of(easting)
    check_on_map(grid, row, column, easting, northing)
    columns_of_pairs = _broadcast(
        row, column, grid.row_of(to_northing), grid.column_of(to_easting), observer_height_m, target_height_m
    )
    shape = columns_of_pairs[0].shape
    pairs = np.stack([np.ravel(x).astype(np.float64) for x in columns_of_pairs[:4]], axis=1)
    heights = [np.ascontiguousarray(np.ravel(x), np.float64) for x in columns_of_pairs[4:]]
    off_map = ~grid.holds(pairs[:, 2], pairs[:, 3])
    pairs[off_map, 2:] = np.nan
    states = np.empty(len(pairs), np.uint8)
    z = heights_of(elevation)
    drop = drop_per_cell(grid.cell_m, curvature_k)
    on_void = sight_states(z.ravel(), grid.rows, grid.columns, pairs, heights[0], heights[1], drop, states)
    if on_void >= 0:
        raise TerrainError(f"observer of pair {on_void} is on a void", where="observer", expected="known ground")
    return states.reshape(shape)


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
    ``canopy_height`` blocks, see ``geo.canopy``; exact mode only.

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
    if blocking is None:
        window, row0, column0 = _viewshed_window(elevation, grid, easting, northing, view)
    else:
        window, row0, column0 = viewshed_window(elevation, blocking, grid, easting, northing, view)
    return _labelled(terrain, window, row0, column0, easting, northing, view)


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
) -> tuple[int, int, States]:
    """``viewshed`` on a bare array (row, column) [m], north up, from the centre of cell (row, col).

    Returns the window's first row and column in ``elevation`` and its states, uint8. NaN is a void; heights are taken
    as float32. Errors as ``viewshed``.
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
    z = heights_of(elevation)
    if not (np.isfinite(cell_m) and cell_m > 0):
        raise TerrainError(f"{cell_m}", where="cell_m", expected="a length above zero")
    row, col = operator.index(row), operator.index(col)
    if not (0 <= row < z.shape[0] and 0 <= col < z.shape[1]):
        raise TerrainError(f"({row}, {col}) is off the map", where="observer", expected=f"a cell of {z.shape}")
    return view_from(z, float(cell_m), float(row), float(col), view)


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
) -> xr.DataArray:
    """Height above its ground [m] from which a target in each cell is seen; float32 (northing, easting), the window.

    0 where the ground itself is in sight, NaN outside range and azimuths and where the line meets a void. A cell is
    visible in ``viewshed`` exactly when this is at most the target height (to float32's rounding). Errors as there.
    """
    view = View(observer_height_m, max_range_m, 0.0, min_range_m, azimuths_rad, None, curvature_k)
    elevation, grid = surface_of(terrain)
    z, row0, column0, row, column = _site_window(elevation, grid, easting, northing, view.max_range_m)
    row1, column1, needed = needed_from(z, grid.cell_m, row, column, view)
    labelled = _labelled(terrain, needed, row0 + row1, column0 + column1, easting, northing, view)
    labelled.attrs = {"units": "m", "long_name": "height above ground from which a target is seen"}
    return labelled.rename("minimum_target_height")


def compile_kernels() -> None:
    """Compile every kernel of this module (or load it from disk) on a tiny terrain, so that no later call waits."""
    z = np.zeros((8, 8), np.float32)
    for mode in ("exact", "fast"):
        view = View(2.0, 90.0, 1.7, 10.0, (0.0, 1.0), (-1.0, 1.0), RADIO_K, mode)
        view_from(z, 30.0, 4.0, 4.0, view)
    needed_from(z, 30.0, 4.0, 4.0, View(2.0, 90.0))
    sight_states(z.ravel(), 8, 8, np.zeros((1, 4)), np.ones(1), np.ones(1), 0.0, np.empty(1, np.uint8))


def _broadcast(*parts: Any) -> Any:
    """Observers, targets and heights in one shape; BadInput where they have none."""
    try:
        return np.broadcast_arrays(*parts)
    except ValueError:
        shapes = ", ".join(str(np.shape(part)) for part in parts)
        raise BadInput(
            f"shapes {shapes}", where="line_of_sight", expected="observers, targets and heights that broadcast"
        ) from None


def _viewshed_window(
    elevation: xr.DataArray, grid: Grid, easting: float, northing: float, view: View
) -> tuple[States, int, int]:
    """The states around one site, and the first row and column of the window on the terrain's grid."""
    z, row0, column0, row, column = _site_window(elevation, grid, easting, northing, view.max_range_m)
    first_row, first_column, states = view_from(z, grid.cell_m, row, column, view)
    return states, row0 + first_row, column0 + first_column


def _site_window(
    elevation: xr.DataArray, grid: Grid, easting: float, northing: float, max_range_m: float
) -> tuple[Heights, int, int, float, float]:
    """Heights to read for one site, their first row and column, and the site's place among them.

    A terrain in memory is not copied: its window is the whole. A lazy one is read one cell beyond the range.
    """
    row, column = grid.row_of(northing), grid.column_of(easting)
    check_on_map(grid, row, column, np.asarray(easting), np.asarray(northing))
    if not is_dask_collection(elevation.data):
        return heights_of(elevation.data), 0, 0, float(row), float(column)
    rows, columns = read_window(grid, float(row), float(column), max_range_m)
    z = heights_of(elevation.data[rows, columns])
    return z, rows.start, columns.start, float(row) - rows.start, float(column) - columns.start


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
