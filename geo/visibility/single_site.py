"""Viewshed of one site on the bilinear surface of a terrain.

States: 0 not visible, 1 visible, 255 unknown (the line crosses a void before it is blocked). The surface is bilinear
through the cell centres and ends at the outermost; the observer is at its exact position, targets at cell centres. The
Earth's surface drops by d²/(2kR), with ``curvature_k`` = 4/3 for radio, 1.15 for light, inf for a flat Earth. A line
that touches the ground is not blocked.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Float32s, UInt8s, is_lazy
from geo.errors import BadInput, TerrainError
from geo.terrain.derived import north_up
from geo.visibility.canopy import Canopy, blocking_heights
from geo.visibility.kernels.sight_line import sight_states
from geo.visibility.kernels.undeclared_voids import check_plausible
from geo.visibility.view import (
    MOST_CELLS,
    RADIO_K,
    TARGET_HEIGHT_M,
    Angles,
    RasterGrid,
    View,
    ViewshedMode,
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
    mode: ViewshedMode = "exact",
    canopy: Canopy = "ignored",
) -> xr.DataArray:
    """Compute the cells that one observer sees.

    A target stands ``target_height_m`` above the ground at the centre of each cell; the observer stands at its exact
    position. A line that touches the ground is not blocked.

    Parameters
    ----------
    terrain : Dataset
        Terrain with ``elevation`` (northing, easting) [m]; if lazy, it is read only in the window.
    easting, northing : float, m
        Position of the observer.
    observer_height_m : float, m
        Height of the eye above the ground.
    target_height_m : float, m
        Height of the target above the ground.
    max_range_m : float, m
        Largest horizontal range, inclusive.
    min_range_m : float, m
        Smallest horizontal range, inclusive.
    azimuths_rad : tuple of float, rad, optional
        Start and end of the sector, clockwise from grid north; it may wrap. The cell under the observer has no azimuth
        and is in every sector.
    elevations_rad : tuple of float, rad, optional
        Lowest and highest elevation angle of the target's top above the horizontal at the eye, curvature included.
    curvature_k : float
        Effective Earth radius factor [1]: 4/3 for radio, 1.15 for light, infinity for a flat Earth.
    mode : {"exact", "fast"}
        "exact" gives every cell the answer of ``line_of_sight``; "fast" passes a horizon from ring to ring and is wrong
        in a few cells in a thousand, mostly at the edges of shadows.
    canopy : {"ignored", "blocks"} or float
        How much of the terrain's ``canopy_height`` blocks: nothing, all, or a share [1]; exact mode only. See
        ``geo.visibility.canopy``.

    Returns
    -------
    DataArray of uint8, shape (northing, easting)
        0 not visible, 1 visible, 255 unknown (the line crosses a void before it is blocked), over the window of cells
        within range, cut at the map's edge. Cells outside the range or the angles are 0.

    Raises
    ------
    TerrainError
        If the observer is off the map or on a void cell (see Notes), cells are not square or not in
        metres, or canopy is missing.
    BadInput
        If the range is not above ``min_range_m``, a height is negative, or angles contradict each other.

    Notes
    -----
    The surface is bilinear through the cell centres and ends at the outermost. The Earth falls away by d²/(2kR), with
    R = 6 371 008.8 m.

    The observer's ground height is bilinear at its exact position, not that of the nearest cell. It is known if each of
    the four surrounding cell centres with a weight above 0 is known. In the part of a known cell where a void beside it
    has a weight, every line of sight would begin on unknown ground: there the observer stands at the centre of its own
    cell, as sensors do (``geo.terrain.derived.standing_points``). On a void cell it is refused.
    """
    terrain = north_up(terrain)
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
    mode: ViewshedMode = "exact",
) -> tuple[int, int, UInt8s]:
    """Compute a viewshed on a bare array, from the centre of a cell.

    Parameters
    ----------
    elevation : array_like, shape (row, column), m
        Heights, north up, of any numeric type; NaN is a void. They are taken as float32, and the window is copied
        unless the array is float32, row-major and writable.
    cell_m : float, m
        Side of the square cells.
    row, col : int
        Cell of the observer.
    observer_height_m, target_height_m, max_range_m, min_range_m : float, m
        As for ``viewshed``.
    azimuths_rad, elevations_rad : tuple of float, rad, optional
        As for ``viewshed``.
    curvature_k : float
        As for ``viewshed``.
    mode : {"exact", "fast"}
        As for ``viewshed``.

    Returns
    -------
    first_row, first_column : int
        Position of the window in ``elevation``.
    states : ndarray of uint8, shape (rows, columns)
        0 not visible, 1 visible, 255 unknown.

    Raises
    ------
    TerrainError
        If the observer is off the map or on a void cell, or ``elevation`` or ``cell_m`` cannot be used.
    BadInput
        As for ``viewshed``.

    Examples
    --------
    >>> import numpy as np
    >>> ridge = np.zeros((3, 6))
    >>> ridge[:, 3] = 20.0
    >>> viewshed_array(ridge, 30.0, 1, 0, observer_height_m=2.0, max_range_m=150.0)[2][1]
    array([1, 1, 1, 1, 0, 0], dtype=uint8)
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
    heights = elevation if is_lazy(elevation) else np.asanyarray(elevation)
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
    mode: ViewshedMode = "exact",
) -> xr.DataArray:
    """Compute the height above ground from which a target in each cell is seen.

    Parameters
    ----------
    terrain : Dataset
        Terrain with ``elevation`` (northing, easting) [m].
    easting, northing : float, m
        Position of the observer.
    observer_height_m, max_range_m, min_range_m : float, m
        As for ``viewshed``.
    azimuths_rad : tuple of float, rad, optional
        As for ``viewshed``.
    curvature_k : float
        As for ``viewshed``.
    mode : {"exact", "fast"}
        As for ``viewshed``.

    Returns
    -------
    DataArray of float32, shape (northing, easting), m
        The height over the window of cells within range; 0 where the ground itself is in sight. NaN outside the range
        and azimuths, and where the line to the cell meets a void, even behind a ridge, since a target high enough would
        be seen over the ridge.

    Raises
    ------
    TerrainError
        As for ``viewshed``.
    BadInput
        As for ``viewshed``.

    Notes
    -----
    In exact mode a cell is visible in ``viewshed`` exactly when this is at most the target height, except for rounding
    to float32 and, for an eye on the ground itself, a few millimetres.
    """
    terrain = north_up(terrain)
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
    check_plausible(z, (0, 8), (0, 8))


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
