"""What can be seen from where: sight lines, viewsheds and many of them, on the bilinear surface of a terrain.

Values everywhere: 0 hidden, 1 visible, 255 unknown (the line crosses a void before it is blocked). The surface is
bilinear through the cell centres; the observer stands at its exact place, targets at cell centres; the earth falls
away by d²/(2kR), with ``curvature_k`` = 4/3 for radio, 1.15 for light, inf for a flat earth.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import dask.array as da
import numpy as np
import numpy.typing as npt
import xarray as xr
from dask import delayed
from xarray.namedarray.pycompat import is_duck_dask_array

from geo.errors import BadInput, TerrainError
from geo.sightlines import EARTH_RADIUS_M, HIDDEN, SNAP, UNKNOWN, VISIBLE, cone_of, ground_at, sight_states
from geo.sweep import keep_view, sweep_exact, sweep_fast

__all__ = [
    "EARTH_RADIUS_M",
    "HIDDEN",
    "UNKNOWN",
    "VISIBLE",
    "compile_kernels",
    "line_of_sight",
    "minimum_target_height",
    "viewshed",
    "viewshed_array",
    "viewsheds",
]

FloatArray = npt.NDArray[np.float64]
StateArray = npt.NDArray[np.uint8]
Mode = Literal["exact", "fast"]
Angles = tuple[float, float] | None

RADIO_K = 4 / 3
TARGET_HEIGHT_M = 1.7
# Places are taken to this part of a cell (30 µm on 30 m cells), so that the coordinates' rounding is not a distance
# from the centre, and that the same place in a window of the map is the same number.
PLACES_PER_CELL = 2.0**20
# Quarter circle centred on each side (north, east, south, west), and which way its slopes dv/du turn.
_SIDES = ((0.0, 1.0), (np.pi / 2, 1.0), (np.pi, -1.0), (3 * np.pi / 2, -1.0))


@dataclass(frozen=True, slots=True)
class View:
    """How one observer looks: heights and ranges [m], azimuths clockwise from grid north and elevations [rad]."""

    observer_height_m: float
    max_range_m: float
    target_height_m: float = TARGET_HEIGHT_M
    min_range_m: float = 0.0
    azimuths_rad: Angles = None
    elevations_rad: Angles = None
    curvature_k: float = RADIO_K
    mode: Mode = "exact"

    def __post_init__(self) -> None:
        _non_negative(self.observer_height_m, "observer_height_m")
        _non_negative(self.target_height_m, "target_height_m")
        _non_negative(self.min_range_m, "min_range_m")
        if not self.max_range_m > self.min_range_m:
            raise BadInput(
                f"{self.max_range_m} m is not beyond min_range_m = {self.min_range_m} m",
                where="max_range_m",
                expected="a range above zero and above min_range_m",
            )
        if not self.curvature_k > 0.0:
            raise BadInput(f"{self.curvature_k}", where="curvature_k", expected="a factor above zero, inf for flat")
        if self.mode not in ("exact", "fast"):
            raise BadInput(f"{self.mode!r}", where="mode", expected="'exact' or 'fast'")
        _angles(self.azimuths_rad, "azimuths_rad")
        _angles(self.elevations_rad, "elevations_rad")
        if self.azimuths_rad is not None and self.azimuths_rad[0] == self.azimuths_rad[1]:
            raise BadInput("start and end are equal", where="azimuths_rad", expected="(start, end), or None for all")
        if self.elevations_rad is not None:
            low, high = self.elevations_rad
            if not -np.pi / 2 <= low < high <= np.pi / 2:
                raise BadInput(
                    f"({low}, {high})", where="elevations_rad", expected="(low, high) with -π/2 ≤ low < high ≤ π/2"
                )

    def sector(self) -> tuple[float, float] | None:
        """Start azimuth in [0, 2π) and width of the field of view, None for all round."""
        if self.azimuths_rad is None:
            return None
        start, end = self.azimuths_rad
        width = end - start
        if width >= 2 * np.pi - 1e-12:
            return None
        return start % (2 * np.pi), width if width > 0 else width % (2 * np.pi)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where the cells of a terrain are: the first centre, the cell and the counts."""

    west: float
    north: float
    cell_m: float
    rows: int
    columns: int

    def row_of(self, northing: Any) -> FloatArray:
        return _placed((self.north - np.asarray(northing, np.float64)) / self.cell_m)

    def column_of(self, easting: Any) -> FloatArray:
        return _placed((np.asarray(easting, np.float64) - self.west) / self.cell_m)

    def holds(self, row: FloatArray, column: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether points lie on the surface, which ends at the outermost cell centres."""
        inside = (row >= 0) & (row <= self.rows - 1) & (column >= 0) & (column <= self.columns - 1)
        return np.asarray(inside, dtype=np.bool_)


def line_of_sight(
    terrain: xr.Dataset,
    observer: Any,
    target: Any,
    *,
    observer_height_m: Any,
    target_height_m: Any = TARGET_HEIGHT_M,
    curvature_k: float = RADIO_K,
) -> StateArray:
    """Whether each observer sees each target: uint8 in the pairs' broadcast shape; exact, the reference.

    ``observer`` and ``target`` are tuples (easting, northing) of numbers or arrays, or arrays (..., 2) [m]; they and
    the heights above ground [m] broadcast. In every cell that the line crosses the bilinear surface along it is a
    quadratic, so its highest rise above the line is found in closed form, curvature included. 255 where the line
    meets a void before it is blocked, and for a target on a void, off the map or at NaN. TerrainError for an
    observer off the map or on a void; BadInput for a height below zero.
    """
    elevation, grid = _surface(terrain)
    easting, northing = _points(observer, "observer")
    to_easting, to_northing = _points(target, "target")
    _non_negative(observer_height_m, "observer_height_m")
    _non_negative(target_height_m, "target_height_m")
    if not curvature_k > 0.0:
        raise BadInput(f"{curvature_k}", where="curvature_k", expected="a factor above zero, inf for flat")
    row, column = grid.row_of(northing), grid.column_of(easting)
    _check_on_map(grid, row, column, easting, northing)
    columns_of_pairs = np.broadcast_arrays(
        row, column, grid.row_of(to_northing), grid.column_of(to_easting), observer_height_m, target_height_m
    )
    shape = columns_of_pairs[0].shape
    pairs = np.stack([np.ravel(x).astype(np.float64) for x in columns_of_pairs[:4]], axis=1)
    heights = [np.ascontiguousarray(np.ravel(x), np.float64) for x in columns_of_pairs[4:]]
    off_map = ~grid.holds(pairs[:, 2], pairs[:, 3])
    pairs[off_map, 2:] = np.nan
    states = np.empty(len(pairs), np.uint8)
    z = _values(elevation)
    drop = _drop_per_cell(grid.cell_m, curvature_k)
    on_void = sight_states(z.ravel(), *z.shape, pairs, *heights, drop, states)
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
) -> xr.DataArray:
    """Cells whose target, ``target_height_m`` above the ground at the cell's centre, the observer sees.

    uint8 (northing, easting) over the window of cells within ``max_range_m``, cut at the map's edge. 0 also where
    the cell is outside the range (inclusive, horizontal) or the angles: ``azimuths_rad`` (start, end) clockwise from
    grid north, may wrap; ``elevations_rad`` (low, high) of the target's top above the eye's horizontal, curvature
    included. The cell under the observer has no azimuth and is in every sector. "exact" gives every cell the answer
    of ``line_of_sight``; "fast" hands a horizon from ring to ring and errs in a few cells in a thousand, most at the
    edges of shadows. A lazy terrain is read only in the window.

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
    elevation, grid = _surface(terrain)
    window, row0, column0 = _viewshed_window(elevation, grid, easting, northing, view)
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
) -> tuple[int, int, StateArray]:
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
    z = _values(elevation)
    if not (np.isfinite(cell_m) and cell_m > 0):
        raise TerrainError(f"{cell_m}", where="cell_m", expected="a length above zero")
    row, col = operator.index(row), operator.index(col)
    if not (0 <= row < z.shape[0] and 0 <= col < z.shape[1]):
        raise TerrainError(f"({row}, {col}) is off the map", where="observer", expected=f"a cell of {z.shape}")
    return _view_from(z, float(cell_m), float(row), float(col), view)


def viewsheds(
    terrain: xr.Dataset,
    sites: Any,
    *,
    observer_height_m: Any,
    target_height_m: Any = TARGET_HEIGHT_M,
    max_range_m: Any,
    min_range_m: Any = 0.0,
    azimuths_rad: Angles | Sequence[Angles] = None,
    elevations_rad: Angles | Sequence[Angles] = None,
    curvature_k: float = RADIO_K,
    mode: Mode = "exact",
) -> xr.DataArray:
    """A lazy stack of viewsheds, uint8 (site, northing, easting) over the whole grid of ``terrain``, 0 beyond range.

    ``sites`` is an array (n, 2) of easting and northing, or a tuple (eastings, northings) [m]. Heights and ranges are
    one number or one per site; angles one pair or a list of pairs. One dask chunk per site, computed from that site's
    window alone, so that any scheduler gives the serial answer to the bit and a reduction over ``site`` holds only a
    few layers. Every site is checked before the stack is returned, with the errors of ``viewshed`` and the site's
    index; voids under observers of a lazy terrain are found when computed.
    """
    elevation, grid = _surface(terrain)
    easting, northing = np.broadcast_arrays(*_points(sites, "sites"))
    easting, northing = np.ravel(easting), np.ravel(northing)
    row, column = grid.row_of(northing), grid.column_of(easting)
    _check_on_map(grid, row, column, easting, northing)
    numbers = [
        np.broadcast_to(np.asarray(x, np.float64), easting.shape)
        for x in (observer_height_m, max_range_m, target_height_m, min_range_m)
    ]
    views = [
        View(*(float(x[n]) for x in numbers), azimuths, elevations, curvature_k, mode)
        for n, (azimuths, elevations) in enumerate(
            zip(_per_site(azimuths_rad, len(easting)), _per_site(elevations_rad, len(easting)), strict=True)
        )
    ]
    layers = [
        _lazy_layer(elevation, grid, float(e), float(n), view)
        for e, n, view in zip(easting, northing, views, strict=True)
    ]
    shape = (grid.rows, grid.columns)
    stack = da.stack(layers) if layers else da.zeros((0, *shape), dtype=np.uint8, chunks=(1, *shape))
    return xr.DataArray(
        stack,
        dims=("site", "northing", "easting"),
        coords={
            "northing": terrain["northing"],
            "easting": terrain["easting"],
            "site": np.arange(len(easting)),
            "site_easting": ("site", easting, {"units": "m"}),
            "site_northing": ("site", northing, {"units": "m"}),
        },
        name="visible",
        attrs=_flags(terrain),
    )


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
    elevation, grid = _surface(terrain)
    z, row0, column0, row, column = _site_window(elevation, grid, easting, northing, view.max_range_m)
    row1, column1, needed = _needed_from(z, grid.cell_m, row, column, view)
    labelled = _labelled(terrain, needed, row0 + row1, column0 + column1, easting, northing, view)
    labelled.attrs = {"units": "m", "long_name": "height above ground from which a target is seen"}
    return labelled.rename("minimum_target_height")


def compile_kernels() -> None:
    """Compile every kernel of this module (or load it from disk) on a tiny terrain, so that no later call waits."""
    z = np.zeros((8, 8), np.float32)
    for mode in ("exact", "fast"):
        view = View(2.0, 90.0, 1.7, 10.0, (0.0, 1.0), (-1.0, 1.0), RADIO_K, mode)
        _view_from(z, 30.0, 4.0, 4.0, view)
    _needed_from(z, 30.0, 4.0, 4.0, View(2.0, 90.0))
    sight_states(z.ravel(), 8, 8, np.zeros((1, 4)), np.ones(1), np.ones(1), 0.0, np.empty(1, np.uint8))


def _non_negative(value: Any, name: str) -> None:
    if not np.all(np.isfinite(value)) or np.any(np.asarray(value) < 0):
        raise BadInput(f"{value}", where=name, expected="a finite number of metres, not below zero")


def _angles(angles: Angles, name: str) -> None:
    if angles is not None and (len(angles) != 2 or not np.all(np.isfinite(angles))):
        raise BadInput(f"{angles}", where=name, expected="two finite angles in radians, or None")


def _placed(index: FloatArray) -> FloatArray:
    return np.asarray(np.round(index * PLACES_PER_CELL) / PLACES_PER_CELL)


def _points(place: Any, name: str) -> tuple[FloatArray, FloatArray]:
    """Easting and northing of a tuple of both or of an array (..., 2)."""
    if isinstance(place, tuple):
        if len(place) != 2:
            raise BadInput(f"{len(place)} parts", where=name, expected="(easting, northing)")
        return np.asarray(place[0], np.float64), np.asarray(place[1], np.float64)
    points = np.asarray(place, np.float64)
    if points.ndim == 0 or points.shape[-1] != 2:
        raise BadInput(f"an array of shape {points.shape}", where=name, expected="(..., 2): easting, northing")
    return points[..., 0], points[..., 1]


def _per_site(angles: Angles | Sequence[Angles], count: int) -> Sequence[Angles]:
    """One pair of angles per site; a list of two numbers is no list of pairs, so a pair is a tuple of numbers."""
    if angles is None or (isinstance(angles, tuple) and len(angles) == 2 and np.isscalar(angles[0])):
        return [angles] * count  # type: ignore[list-item]
    if len(angles) != count:
        raise BadInput(
            f"{len(angles)} pairs of angles", where="sites", expected=f"one pair, or one for each of {count}"
        )
    return angles  # type: ignore[return-value]


def _surface(terrain: xr.Dataset) -> tuple[xr.DataArray, _Grid]:
    """The elevation and its grid; TerrainError when its cells are not square metres on rows from north to south."""
    if not isinstance(terrain, xr.Dataset) or "elevation" not in terrain:
        raise TerrainError("no variable 'elevation'", where="terrain", expected="a dataset of geo.terrain")
    elevation = terrain["elevation"]
    if elevation.dims != ("northing", "easting") or 0 in elevation.shape:
        raise TerrainError(
            f"dims {elevation.dims} of shape {elevation.shape}", where="elevation", expected="(northing, easting)"
        )
    if str(terrain.attrs.get("crs", "")).startswith("GEOG"):
        raise TerrainError("a geographic system", where="terrain", expected="terrain in a frame, in metres")
    northing = np.asarray(terrain["northing"], np.float64)
    easting = np.asarray(terrain["easting"], np.float64)
    steps = np.concatenate([-np.diff(northing), np.diff(easting)])
    cell_m = float(np.median(steps)) if steps.size else float(terrain.attrs.get("cell_m", 1.0))
    if not cell_m > 0 or not np.allclose(steps, cell_m, rtol=1e-4, atol=0.0):
        raise TerrainError(
            "the cells are not equal squares on rows from north to south",
            where="terrain",
            expected="equal steps of northing, falling, and of easting, rising",
        )
    if steps.size:  # the mean step: rounding of single coordinates does not add up
        total = max(northing[0] - northing[-1], easting[-1] - easting[0])
        cell_m = float(total) / (max(len(northing), len(easting)) - 1)
    return elevation, _Grid(float(easting[0]), float(northing[0]), cell_m, len(northing), len(easting))


def _values(elevation: Any) -> npt.NDArray[np.float32]:
    z = np.ascontiguousarray(elevation, dtype=np.float32)
    if z.ndim != 2 or 0 in z.shape:
        raise TerrainError(f"shape {z.shape}", where="elevation", expected="(rows, columns), at least one cell")
    return z


def _drop_per_cell(cell_m: float, curvature_k: float) -> float:
    """Drop of the earth at one cell's distance [m]; it grows with the square."""
    return cell_m * cell_m / (2.0 * curvature_k * EARTH_RADIUS_M)


def _check_on_map(grid: _Grid, row: FloatArray, column: FloatArray, easting: FloatArray, northing: FloatArray) -> None:
    off = ~np.atleast_1d(grid.holds(row, column))
    if off.any():
        n = int(np.argmax(off))
        e, m = np.broadcast_arrays(np.atleast_1d(easting), np.atleast_1d(northing))
        raise TerrainError(
            f"observer {n} at ({e.ravel()[n]:.1f}, {m.ravel()[n]:.1f}) is off the map",
            where="observer",
            expected="a point within the outermost cell centres",
        )


def _window(count: int, centre: float, reach: float) -> tuple[int, int]:
    """First index and one past the last within ``reach`` cells of ``centre`` on an axis of ``count`` cells."""
    nearest = round(centre)
    low = min(int(np.ceil(max(centre - reach - SNAP, 0.0))), nearest)
    high = max(int(np.floor(min(centre + reach + SNAP, count - 1.0))), nearest)
    return low, high + 1


def _viewshed_window(
    elevation: xr.DataArray, grid: _Grid, easting: float, northing: float, view: View
) -> tuple[StateArray, int, int]:
    """The states around one site, and the first row and column of the window on the terrain's grid."""
    z, row0, column0, row, column = _site_window(elevation, grid, easting, northing, view.max_range_m)
    first_row, first_column, states = _view_from(z, grid.cell_m, row, column, view)
    return states, row0 + first_row, column0 + first_column


def _site_window(
    elevation: xr.DataArray, grid: _Grid, easting: float, northing: float, max_range_m: float
) -> tuple[npt.NDArray[np.float32], int, int, float, float]:
    """Heights to read for one site, their first row and column, and the site's place among them.

    A terrain in memory is not copied: its window is the whole. A lazy one is read one cell beyond the range.
    """
    row, column = grid.row_of(northing), grid.column_of(easting)
    _check_on_map(grid, row, column, np.asarray(easting), np.asarray(northing))
    if not is_duck_dask_array(elevation.data):
        return _values(elevation.data), 0, 0, float(row), float(column)
    rows, columns = _read_window(grid, float(row), float(column), max_range_m)
    z = _values(elevation.data[rows, columns])
    return z, rows.start, columns.start, float(row) - rows.start, float(column) - columns.start


def _read_window(grid: _Grid, row: float, column: float, max_range_m: float) -> tuple[slice, slice]:
    """Rows and columns that hold every crossing of a site's sight lines: those in range and one cell more."""
    reach = max_range_m / grid.cell_m + 2.0
    return slice(*_window(grid.rows, row, reach)), slice(*_window(grid.columns, column, reach))


def _view_from(
    z: npt.NDArray[np.float32], cell_m: float, row: float, column: float, view: View
) -> tuple[int, int, StateArray]:
    """The window's first row and column in ``z`` and its states, seen from a place given in rows and columns."""
    row0, column0, states, _ = _swept(z, cell_m, row, column, view, heights=False)
    _keep_view(states, z, cell_m, row, column, row0, column0, view)
    return row0, column0, states


def _needed_from(
    z: npt.NDArray[np.float32], cell_m: float, row: float, column: float, view: View
) -> tuple[int, int, npt.NDArray[np.float32]]:
    """As ``_view_from``, with the least height to be seen; NaN outside the view."""
    row0, column0, inside, needed = _swept(z, cell_m, row, column, view, heights=True)
    inside[:] = VISIBLE
    _keep_view(inside, z, cell_m, row, column, row0, column0, view)
    needed[inside == HIDDEN] = np.nan
    return row0, column0, needed


def _swept(
    z: npt.NDArray[np.float32], cell_m: float, row: float, column: float, view: View, *, heights: bool
) -> tuple[int, int, StateArray, npt.NDArray[np.float32]]:
    """Sweep the four cones around a place: the window's first row and column, its states, and least heights if asked."""
    flat, (rows, columns) = z.ravel(), z.shape
    ground = float(ground_at(flat, rows, columns, row, column))
    if np.isnan(ground):
        raise TerrainError(f"row {row:g}, column {column:g} is void", where="observer", expected="known ground")
    reach = min(view.max_range_m / cell_m, float(np.hypot(rows, columns)))
    row0, row1 = _window(rows, row, reach)
    column0, column1 = _window(columns, column, reach)
    shape = (row1 - row0, column1 - column0)
    states = np.zeros(shape, np.uint8)
    needed = np.full(shape if heights else (0, 0), np.nan, np.float32)
    eye = (
        ground + float(view.observer_height_m),
        ground,
        float(view.target_height_m),
        _drop_per_cell(cell_m, view.curvature_k),
    )
    sector = view.sector()
    for side in range(4):
        slopes = _slopes(side, sector)
        if slopes is None:
            continue
        cone, rings = cone_of(rows, columns, row, column, side)
        out_cone = _cone_in_window(cone, row0, column0, columns, shape[1])
        if view.mode == "fast":
            sweep_fast(flat, cone, rings, eye, (reach, *slopes), states.ravel(), out_cone)
        else:
            sweep_exact(flat, cone, rings, eye, (reach, *slopes), states.ravel(), needed.ravel(), out_cone)
    if row == round(row) and column == round(column):  # the cell underfoot
        underfoot = (round(row) - row0, round(column) - column0)
        states[underfoot] = VISIBLE
        if heights:
            needed[underfoot] = 0.0
    return row0, column0, states, needed


def _cone_in_window(cone: Any, row0: int, column0: int, columns: int, width: int) -> tuple[int, int, int]:
    """The cone's origin and steps in a window of the map that begins at (row0, column0) and is ``width`` wide."""
    origin, along, across = cone[:3]
    row, column = divmod(origin, columns)
    in_window = {columns: width, -columns: -width}
    return (row - row0) * width + column - column0, in_window.get(along, along), in_window.get(across, across)


def _slopes(side: int, sector: tuple[float, float] | None) -> tuple[float, float] | None:
    """Smallest and largest slope dv/du that a sector needs of the cone on one side, None where it needs none."""
    if sector is None:
        return -1.0, 1.0
    centre, turn = _SIDES[side]
    start, width = sector
    quarter = np.pi / 4
    offsets = []
    for turns in (-1, 0, 1):
        low = start - centre + 2 * np.pi * turns
        if low <= quarter and low + width >= -quarter:
            offsets += [max(low, -quarter), min(low + width, quarter)]
    if not offsets:
        return None
    slopes = sorted((turn * np.tan(min(offsets)), turn * np.tan(max(offsets))))
    return max(slopes[0] - 1e-9, -1.0), min(slopes[1] + 1e-9, 1.0)


def _keep_view(
    states: StateArray,
    z: npt.NDArray[np.float32],
    cell_m: float,
    row: float,
    column: float,
    row0: int,
    column0: int,
    view: View,
) -> None:
    """Set to 0, in place, what lies nearer than the least range or outside the angles."""
    sector = view.sector()
    if view.min_range_m == 0.0 and sector is None and view.elevations_rad is None:
        return
    flat, (rows, columns) = z.ravel(), z.shape
    low, high = (-np.inf, np.inf) if view.elevations_rad is None else map(_steepness, view.elevations_rad)
    eye_m = float(ground_at(flat, rows, columns, row, column)) + view.observer_height_m
    keep_view(
        states,
        flat,
        columns,
        (row, column, row0, column0),
        (eye_m, float(view.target_height_m), _drop_per_cell(cell_m, view.curvature_k), cell_m),
        (view.min_range_m / cell_m, *(sector or (0.0, 7.0)), float(low), float(high)),
    )


def _steepness(elevation_rad: float) -> float:
    """Rise over run of an elevation angle; straight up and down have no bound."""
    if abs(elevation_rad) >= np.pi / 2:
        return float(np.copysign(np.inf, elevation_rad))
    return float(np.tan(elevation_rad))


def _lazy_layer(elevation: xr.DataArray, grid: _Grid, easting: float, northing: float, view: View) -> da.Array:
    """One site's states on the whole grid, as a dask array of one chunk that reads the site's window alone."""
    row, column = float(grid.row_of(northing)), float(grid.column_of(easting))
    rows, columns = _read_window(grid, row, column, view.max_range_m)
    place = (row - rows.start, column - columns.start)
    layer = delayed(_layer)(
        elevation.data[rows, columns], grid.cell_m, place, view, (rows.start, columns.start), (grid.rows, grid.columns)
    )
    return da.from_delayed(layer, (grid.rows, grid.columns), dtype=np.uint8)


def _layer(
    elevation: Any,
    cell_m: float,
    place: tuple[float, float],
    view: View,
    first: tuple[int, int],
    shape: tuple[int, int],
) -> StateArray:
    row0, column0, states = _view_from(_values(elevation), cell_m, *place, view)
    layer = np.zeros(shape, np.uint8)
    row0, column0 = row0 + first[0], column0 + first[1]
    layer[row0 : row0 + states.shape[0], column0 : column0 + states.shape[1]] = states
    return layer


def _labelled(
    terrain: xr.Dataset, window: Any, row0: int, column0: int, easting: float, northing: float, view: View
) -> xr.DataArray:
    rows, columns = slice(row0, row0 + window.shape[0]), slice(column0, column0 + window.shape[1])
    return xr.DataArray(
        window,
        dims=("northing", "easting"),
        coords={"northing": terrain["northing"][rows], "easting": terrain["easting"][columns]},
        name="visible",
        attrs=_flags(terrain)
        | {
            "observer_easting": float(easting),
            "observer_northing": float(northing),
            "observer_height_m": float(view.observer_height_m),
            "target_height_m": float(view.target_height_m),
            "max_range_m": float(view.max_range_m),
        },
    )


def _flags(terrain: xr.Dataset) -> dict[str, Any]:
    attrs = {"units": "", "flag_values": [HIDDEN, VISIBLE, UNKNOWN], "flag_meanings": "hidden visible unknown"}
    return attrs | {name: terrain.attrs[name] for name in ("crs", "datum") if name in terrain.attrs}
