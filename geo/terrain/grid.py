"""Planning of the square north-up grid that rasters are resampled to, from their headers alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
import rasterio.crs
from affine import Affine
from pyproj.crs import CRS
from pyproj.exceptions import ProjError

from geo.antimeridian import on_globe
from geo.arrays import Floats
from geo.errors import BadInput, TerrainError
from geo.frame import WGS84, LocalFrame, horizontal_part
from geo.terrain.header import turn_of
from geo.terrain.source import RasterSource

POINTS_PER_EDGE = 257
WIDEST_TURNS = 1 / 6  # of longitude in one frame; beyond 60 degrees a flat map is not suitable
RETURN_CELLS = 0.1  # a position that returns from the frame with a larger deviation was separated from its neighbours
MARGIN_CELLS = 3  # beyond the part of the source given by a window's corners

Degrees = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PlannedGrid:
    """Square cells in a frame, rows north to south, numbered from the outer edges ``west`` and ``north`` [m].

    The grid begins with cell (first_row, first_column). ``native`` means that these numbers are those of the source's
    own cells, so that reading needs no resampling.
    """

    wkt: str
    west: float
    north: float
    cell_m: float
    rows: int
    columns: int
    first_row: int = 0
    first_column: int = 0
    native: bool = False

    @property
    def eastings(self) -> Floats:
        """Cell centres, (columns,) [m], ascending."""
        numbers = np.arange(self.first_column, self.first_column + self.columns, dtype=np.float64)
        return self.west + (numbers + 0.5) * self.cell_m

    @property
    def northings(self) -> Floats:
        """Cell centres, (rows,) [m], descending."""
        numbers = np.arange(self.first_row, self.first_row + self.rows, dtype=np.float64)
        return self.north - (numbers + 0.5) * self.cell_m

    @property
    def transform(self) -> Affine:
        """From (column, row) of the grid to (easting, northing), corners of cells."""
        west, north = self.west + self.first_column * self.cell_m, self.north - self.first_row * self.cell_m
        return Affine(self.cell_m, 0.0, west, 0.0, -self.cell_m, north)


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a raster: rows from ``top`` to before ``bottom``, columns from ``left`` to before ``right``."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def empty(self) -> bool:
        """Whether it contains no cell."""
        return self.bottom <= self.top or self.right <= self.left

    def meets(self, other: Box) -> bool:
        """Whether both have a common cell."""
        apart = self.bottom <= other.top or other.bottom <= self.top
        return not (apart or self.right <= other.left or other.right <= self.left)


def plan_grid(sources: Sequence[RasterSource], frame: LocalFrame, bounds_deg: Degrees | None = None) -> PlannedGrid:
    """Square cells of ``frame`` that cover the sources, or the part of them within bounds in degrees.

    These are a single source's own cells where they are square, north up and in the frame. Otherwise the cell is the
    geometric mean of a source's two spacings in the middle of the part used (four digits), the smallest among the
    sources; edges are on whole cells from the frame's origin, and the window is the smallest that holds the centre of
    every cell whose centre is among a source's. Raises TerrainError where the frame cannot represent a source and for
    bounds off the sources, BadInput for bounds that are invalid or far from the frame.
    """
    first = sources[0]
    native = len(sources) == 1 and _square(first.transform) and _same_system(first.wkt, frame.wkt)
    kept = [(source, part_of(source, bounds_deg, margin=0 if native else MARGIN_CELLS)) for source in sources]
    kept = [(source, part) for source, part in kept if not part.empty]
    if not kept:
        raise TerrainError("the bounds lie off the raster", where=first.label, expected="bounds that meet it")
    if native:
        part = kept[0][1]
        t, rows, columns = first.transform, part.bottom - part.top, part.right - part.left
        return PlannedGrid(frame.wkt, t.c, t.f, t.a, rows, columns, part.top, part.left, native=True)
    cell = min(float(f"{_spacing(source, part, frame.wkt):.4g}") for source, part in kept)
    places = [_footprint(source, part, frame.wkt, inset=0.5) for source, part in kept]
    easting, northing = (np.concatenate(axis) for axis in zip(*places, strict=True))
    west, east, south, north = easting.min(), easting.max(), northing.min(), northing.max()
    if bounds_deg is not None:
        lon, lat = around(bounds_deg)
        easting, northing = frame.to_local(on_globe(lon), lat)
        if np.isnan(easting).all():
            raise TerrainError("the frame cannot show the bounds", where="bounds_deg", expected="bounds near it")
        west, east = max(west, np.nanmin(easting)), min(east, np.nanmax(easting))
        south, north = max(south, np.nanmin(northing)), min(north, np.nanmax(northing))
    left, right = math.ceil(west / cell - 0.5), math.floor(east / cell - 0.5)
    bottom, top = math.ceil(south / cell - 0.5), math.floor(north / cell - 0.5)
    return PlannedGrid(frame.wkt, left * cell, (top + 1) * cell, cell, top - bottom + 1, right - left + 1)


def part_of(source: RasterSource, bounds_deg: Degrees | None, *, margin: int) -> Box:
    """Cells of a source that bounds in degrees touch, with a margin; all cells without bounds."""
    if bounds_deg is None:
        return Box(0, source.rows, 0, source.columns)
    x, y = transformer(wgs84(), source.wkt).transform(*around(bounds_deg))
    return box_of(source, np.asarray(x), np.asarray(y), margin=margin)


def around(bounds_deg: Degrees) -> tuple[Floats, Floats]:
    """Longitudes and latitudes along the edges of bounds; BadInput for invalid bounds. Longitudes across the 180th
    meridian run on beyond it."""
    check_degrees(bounds_deg)
    west, south, east, north = unrolled(bounds_deg)
    lon, lat = np.linspace(west, east, POINTS_PER_EDGE), np.linspace(south, north, POINTS_PER_EDGE)
    return _edges(lon, lat)


def check_degrees(bounds_deg: Degrees) -> None:
    """Raise BadInput unless bounds are west, south, east and north in degrees."""
    expected = "west, south, east, north in degrees, south of north, and west of east but across the 180th meridian"
    if len(bounds_deg) != 4:
        raise BadInput(f"{len(bounds_deg)} numbers", where="bounds_deg", expected=expected)
    west, south, east, north = bounds_deg
    on_earth = -180.0 <= west <= 180.0 and -180.0 <= east <= 180.0 and -90.0 <= south < north <= 90.0
    if not on_earth or west == east or (west > east and west - east <= 180.0):
        raise BadInput(f"{tuple(bounds_deg)}", where="bounds_deg", expected=expected)


def unrolled(bounds_deg: Degrees) -> Degrees:
    """Bounds whose east is east of their west: 360° more where they cross the 180th meridian, as in RFC 7946."""
    west, south, east, north = bounds_deg
    return west, south, east + 360.0 if west > east else east, north


def _edges(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Points along a rectangle's edges, from points along both of its sides."""
    first, last = np.full_like(y, x[0]), np.full_like(y, x[-1])
    top, bottom = np.full_like(x, y[0]), np.full_like(x, y[-1])
    return np.concatenate([x, x, first, last]), np.concatenate([top, bottom, y, y])


def box_of(source: RasterSource, x: Floats, y: Floats, *, margin: int) -> Box:
    """The cells of a source that contain positions in its system, and a margin of cells; empty if none is known."""
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return Box(0, 0, 0, 0)
    column, row = applied(~source.transform, _near(source, x[known]), y[known])
    left, right = max(math.floor(column.min() - margin), 0), min(math.ceil(column.max() + margin), source.columns)
    top, bottom = max(math.floor(row.min() - margin), 0), min(math.ceil(row.max() + margin), source.rows)
    return Box(top, bottom, left, right)


def _near(source: RasterSource, x: Floats) -> Floats:
    """Longitudes within half a turn of the source's middle; other coordinates as they are."""
    turn = turn_of(source.wkt)
    return x if turn is None else x + turn * np.rint((source.centre[0] - x) / turn)


def _square(t: Affine) -> bool:
    return bool(t.b == t.d == 0.0 and t.a > 0.0 > t.e and math.isclose(t.a, -t.e, rel_tol=1e-9))


def _same_system(wkt: str, other: str) -> bool:
    """Whether the horizontal parts of two systems are the same; one may state the datum of its heights."""
    one, two = (rasterio.crs.CRS.from_wkt(horizontal_part(CRS.from_wkt(text)).to_wkt()) for text in (wkt, other))
    return bool(one == two)


def applied(t: Affine, x: Any, y: Any) -> tuple[Floats, Floats]:
    """Apply an affine transform to arrays of positions."""
    return t.a * x + t.b * y + t.c, t.d * x + t.e * y + t.f


@lru_cache(maxsize=64)
def transformer(from_wkt: str, to_wkt: str) -> pyproj.Transformer:
    """From the horizontal part of one system to that of another, x before y."""
    from_crs, to_crs = horizontal_part(CRS.from_wkt(from_wkt)), horizontal_part(CRS.from_wkt(to_wkt))
    return pyproj.Transformer.from_crs(from_crs, to_crs, always_xy=True)


@lru_cache(maxsize=1)
def wgs84() -> str:
    """Return WGS 84 as WKT."""
    return str(CRS.from_epsg(WGS84).to_wkt())


def _footprint(source: RasterSource, part: Box, frame_wkt: str, *, inset: float) -> tuple[Floats, Floats]:
    """Outline of a part of the source in the frame, where it is curved; ``inset`` is 0.5 cells for the outermost
    centres."""
    columns = np.linspace(part.left + inset, part.right - inset, POINTS_PER_EDGE)
    rows = np.linspace(part.top + inset, part.bottom - inset, POINTS_PER_EDGE)
    return _shown(source, frame_wkt, *_edges(columns, rows))


def _spacing(source: RasterSource, part: Box, frame_wkt: str) -> float:
    """Geometric mean [m] of the distances between neighbouring rows and columns in the middle of a part."""
    column, row = (part.left + part.right) / 2.0, (part.top + part.bottom) / 2.0
    columns = np.array([column - 0.5, column + 0.5, column, column])
    rows = np.array([row, row, row - 0.5, row + 0.5])
    easting, northing = _shown(source, frame_wkt, columns, rows)
    across = math.hypot(easting[1] - easting[0], northing[1] - northing[0])
    along = math.hypot(easting[3] - easting[2], northing[3] - northing[2])
    return math.sqrt(across * along)


def _shown(source: RasterSource, frame_wkt: str, columns: Floats, rows: Floats) -> tuple[Floats, Floats]:
    """Positions of the source in the frame; TerrainError if the frame has none, or maps two positions to one."""
    t = source.transform
    refusal = TerrainError(
        "the frame cannot show this raster", where=source.label, expected="a frame near it, or bounds"
    )
    turn = turn_of(source.wkt)
    x, y = applied(t, columns, rows)
    if turn is not None and np.ptp(x) > WIDEST_TURNS * turn:
        raise refusal
    try:
        easting, northing = transformer(source.wkt, frame_wkt).transform(x, y, errcheck=True)
        x, y = transformer(frame_wkt, source.wkt).transform(easting, northing, errcheck=True)
    except ProjError as error:
        raise refusal from error
    column, row = applied(~t, _near(source, np.asarray(x)), np.asarray(y))
    if not np.all(np.maximum(np.abs(column - columns), np.abs(row - rows)) < RETURN_CELLS):
        raise refusal
    return np.asarray(easting), np.asarray(northing)


@lru_cache(maxsize=10_000)
def extent(source: RasterSource, grid: PlannedGrid) -> Box:
    """The part of a grid in which a source may have values."""
    to_source = transformer(grid.wkt, source.wkt)
    corner = np.linspace(0.0, 1.0, POINTS_PER_EDGE)
    easting, northing = _edges(corner, corner)
    x, y = to_source.transform(*applied(grid.transform, easting * grid.columns, northing * grid.rows))
    if box_of(source, np.asarray(x), np.asarray(y), margin=MARGIN_CELLS).empty:
        return Box(0, 0, 0, 0)
    try:
        easting, northing = _footprint(source, Box(0, source.rows, 0, source.columns), grid.wkt, inset=0.0)
    except TerrainError:  # too large for the frame: may be anywhere
        return Box(0, grid.rows, 0, grid.columns)
    columns, rows = applied(~grid.transform, easting, northing)
    top, bottom = math.floor(rows.min()) - MARGIN_CELLS, math.ceil(rows.max()) + MARGIN_CELLS
    left, right = math.floor(columns.min()) - MARGIN_CELLS, math.ceil(columns.max()) + MARGIN_CELLS
    return Box(max(top, 0), min(bottom, grid.rows), max(left, 0), min(right, grid.columns))
