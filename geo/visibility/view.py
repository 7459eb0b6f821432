"""View of an observer and grid of a terrain: the arguments of ``geo.visibility``, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import xarray as xr
from pyproj.crs import CRS
from pyproj.exceptions import CRSError

from geo.arrays import Bools, Float32s, Floats
from geo.errors import BadInput, TerrainError
from geo.visibility.kernels.sight_line import EARTH_RADIUS_M, HIDDEN, UNKNOWN, VISIBLE

ViewshedMode = Literal["exact", "fast"]
Angles = tuple[float, float] | None

RADIO_K = 4 / 3
TARGET_HEIGHT_M = 1.7
LEAST_CELL_M = 0.02  # no terrain is finer; coordinates in degrees would be
MOST_CELLS = 1_000_000_000  # of a window around one observer: 4 GB of heights
# Places are taken to this part of a cell (30 µm on 30 m cells), so that the coordinates' rounding is not a distance
# from the centre, and that the same place in a window of the map is the same number.
PLACES_PER_CELL = 2.0**20
# Degrees with six decimals, as in files of layouts, are right to 0.06 m: a site on an outermost centre stays there.
EDGE_M = 0.1


@dataclass(frozen=True, slots=True)
class View:
    """View of one observer: heights and ranges [m], azimuths clockwise from grid north and elevations [rad]."""

    observer_height_m: float
    max_range_m: float
    target_height_m: float = TARGET_HEIGHT_M
    min_range_m: float = 0.0
    azimuths_rad: Angles = None
    elevations_rad: Angles = None
    curvature_k: float = RADIO_K
    mode: ViewshedMode = "exact"

    def __post_init__(self) -> None:
        check_not_negative(self.observer_height_m, "observer_height_m")
        check_not_negative(self.target_height_m, "target_height_m")
        check_not_negative(self.min_range_m, "min_range_m")
        check_numbers(self.max_range_m, "max_range_m")
        if not self.max_range_m > self.min_range_m:
            raise BadInput(
                f"{self.max_range_m} m is not beyond min_range_m = {self.min_range_m} m",
                where="max_range_m",
                expected="a range above zero and above min_range_m",
            )
        check_curvature(self.curvature_k)
        if self.mode not in ("exact", "fast"):
            raise BadInput(f"{self.mode!r}", where="mode", expected="'exact' or 'fast'")
        _angles(self.azimuths_rad, "azimuths_rad")
        _angles(self.elevations_rad, "elevations_rad")
        if self.azimuths_rad is not None and _closed(*self.azimuths_rad):
            raise BadInput(
                "start and end are the same direction", where="azimuths_rad", expected="(start, end), or None for all"
            )
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
class RasterGrid:
    """Location of a terrain's cells: the first centre, the cell size and the counts."""

    west: float
    north: float
    cell_m: float
    rows: int
    columns: int

    def row_of(self, northing: Any) -> Floats:
        return self._placed((self.north - np.asarray(northing, np.float64)) / self.cell_m, self.rows)

    def column_of(self, easting: Any) -> Floats:
        return self._placed((np.asarray(easting, np.float64) - self.west) / self.cell_m, self.columns)

    def _placed(self, index: Floats, count: int) -> Floats:
        """Places along an axis; what rounding has put beyond the outermost of ``count`` cell centres is on it."""
        index, beyond = _placed(index), min(EDGE_M / self.cell_m, 0.5)
        index = np.where((index < 0.0) & (index >= -beyond), 0.0, index)
        last = float(count - 1)
        return np.asarray(np.where((index > last) & (index <= last + beyond), last, index))

    def holds(self, row: Floats, column: Floats) -> Bools:
        """Whether points lie on the surface, which ends at the outermost cell centres."""
        inside = (row >= 0) & (row <= self.rows - 1) & (column >= 0) & (column <= self.columns - 1)
        return np.asarray(inside, dtype=np.bool_)


def surface_of(terrain: xr.Dataset) -> tuple[xr.DataArray, RasterGrid]:
    """The elevation and its grid; TerrainError when its cells are not square metres on rows from north to south."""
    if not isinstance(terrain, xr.Dataset) or "elevation" not in terrain:
        raise TerrainError("no variable 'elevation'", where="terrain", expected="a dataset of geo.terrain")
    elevation = terrain["elevation"]
    if elevation.dims != ("northing", "easting") or min(elevation.shape) < 2:
        raise TerrainError(
            f"dims {elevation.dims} of shape {elevation.shape}",
            where="elevation",
            expected="(northing, easting), at least 2 × 2",
        )
    if _in_degrees(str(terrain.attrs.get("crs", ""))):
        raise TerrainError("a geographic system", where="terrain", expected="terrain in a frame, in metres")
    northing = np.asarray(terrain["northing"], np.float64)
    easting = np.asarray(terrain["easting"], np.float64)
    steps = np.concatenate([-np.diff(northing), np.diff(easting)])
    cell_m = float(np.median(steps))
    if not cell_m > 0 or not np.allclose(steps, cell_m, rtol=1e-4, atol=0.0):
        raise TerrainError(
            "the cells are not equal squares on rows from north to south",
            where="terrain",
            expected="equal steps of northing, falling, and of easting, rising",
        )
    if cell_m < LEAST_CELL_M:
        raise TerrainError(
            f"cells of {cell_m:g} m (degrees?)", where="terrain", expected="terrain in a frame, in metres"
        )
    # the mean step: rounding of single coordinates does not add up
    cell_m = max(northing[0] - northing[-1], easting[-1] - easting[0]) / (max(elevation.shape) - 1)
    return elevation, RasterGrid(float(easting[0]), float(northing[0]), float(cell_m), len(northing), len(easting))


def heights_of(elevation: Any) -> Float32s:
    """Heights in the form that the kernels take, float32 and row-major; copied only if they differ, or are read-only.

    Masked values are voids. TerrainError for values that are not numbers in rows and columns.
    """
    if isinstance(elevation, np.ma.MaskedArray):
        elevation = np.ma.filled(elevation.astype(np.float32), np.nan)
    elevation = np.asarray(elevation)
    check_shape(elevation)
    with np.errstate(over="ignore"):  # values beyond float32 become infinite, and are rejected as heights
        return np.require(elevation, np.float32, ["C", "A", "W"])


def is_ready(elevation: Any) -> bool:
    """Whether heights are in the form that the kernels take, so that they need not be copied."""
    if type(elevation) is not np.ndarray or elevation.dtype != np.float32 or not elevation.dtype.isnative:
        return False
    flags = elevation.flags
    return bool(flags.c_contiguous and flags.aligned and flags.writeable)


def check_shape(elevation: Any) -> tuple[int, int]:
    """Rows and columns of heights; TerrainError unless they are numbers in at least 2 × 2 cells."""
    if elevation.dtype.kind not in "iuf":
        raise TerrainError(f"cells of type {elevation.dtype}", where="elevation", expected="numbers")
    if elevation.ndim != 2 or min(elevation.shape) < 2:
        raise TerrainError(f"shape {elevation.shape}", where="elevation", expected="rows and columns, at least 2 × 2")
    return elevation.shape[0], elevation.shape[1]


def check_on_map(grid: RasterGrid, row: Floats, column: Floats, easting: Floats, northing: Floats) -> None:
    """Raise TerrainError for the first observer that is not within the outermost cell centres."""
    off = ~np.atleast_1d(grid.holds(row, column))
    if off.any():
        n = int(np.argmax(off))
        e, m = np.broadcast_arrays(np.atleast_1d(easting), np.atleast_1d(northing))
        raise TerrainError(
            f"observer {n} at ({e.ravel()[n]:.1f}, {m.ravel()[n]:.1f}) is off the map",
            where="observer",
            expected="a point within the outermost cell centres, half a cell from the terrain's edge",
        )


def void_below(observer: str) -> TerrainError:
    """The error for an observer on a void cell."""
    return TerrainError("its cell is void", where=observer, expected="a position on a cell of known height")


def drop_per_cell(cell_m: float, curvature_k: float) -> float:
    """Curvature drop at one cell's distance [m]; it grows with the square."""
    return cell_m * cell_m / (2.0 * curvature_k * EARTH_RADIUS_M)


@lru_cache(maxsize=64)
def _in_degrees(crs: str) -> bool:
    """Whether a system, as WKT or by its code, is geographic."""
    try:
        return bool(CRS.from_user_input(crs).is_geographic)
    except CRSError:
        return crs.startswith("GEOG")


def check_numbers(value: Any, name: str) -> None:
    """Raise BadInput for a value that is not a number or an array of numbers."""
    if np.asarray(value).dtype.kind not in "iuf":
        raise BadInput(f"{value!r}", where=name, expected="a number")


def check_not_negative(value: Any, name: str) -> None:
    """Raise BadInput unless every value is a finite number of metres from zero."""
    check_numbers(value, name)
    if not np.all(np.isfinite(value)) or np.any(np.asarray(value) < 0):
        raise BadInput(f"{value}", where=name, expected="a finite number of metres, not below zero")


def check_curvature(curvature_k: float) -> None:
    """Raise BadInput unless the factor k of the effective Earth radius is above zero (inf: a flat Earth)."""
    check_numbers(curvature_k, "curvature_k")
    if np.ndim(curvature_k) or not curvature_k > 0.0:
        raise BadInput(f"{curvature_k}", where="curvature_k", expected="a factor above zero, inf for flat")


def points_of(place: Any, name: str) -> tuple[Floats, Floats]:
    """Easting and northing of a tuple of both or of an array (..., 2)."""
    if isinstance(place, tuple):
        if len(place) != 2:
            raise BadInput(f"{len(place)} parts", where=name, expected="(easting, northing)")
        return np.asarray(place[0], np.float64), np.asarray(place[1], np.float64)
    points = np.asarray(place, np.float64)
    if points.ndim == 0 or points.shape[-1] != 2:
        raise BadInput(f"an array of shape {points.shape}", where=name, expected="(..., 2): easting, northing")
    return points[..., 0], points[..., 1]


def state_attrs(terrain: xr.Dataset) -> dict[str, Any]:
    """Attributes of an array of states on a terrain."""
    attrs = {"units": "", "flag_values": [HIDDEN, VISIBLE, UNKNOWN], "flag_meanings": "hidden visible unknown"}
    return attrs | {name: terrain.attrs[name] for name in ("crs", "datum") if name in terrain.attrs}


def _angles(angles: Angles, name: str) -> None:
    if angles is None:
        return
    pair = np.asarray(angles)
    if pair.shape != (2,) or pair.dtype.kind not in "iuf" or not np.isfinite(pair).all():
        raise BadInput(f"{angles}", where=name, expected="two finite angles in radians, or None")


def _closed(start: float, end: float) -> bool:
    """Whether a sector has no width, or is written as whole turns backwards, which is ambiguous."""
    return end <= start and abs(math.remainder(end - start, math.tau)) <= 1e-12


def _placed(index: Floats) -> Floats:
    return np.asarray(np.round(index * PLACES_PER_CELL) / PLACES_PER_CELL)
