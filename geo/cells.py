"""Square north-up cells in a frame: planned over rasters as they are, and filled from them by windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import rasterio.crs
from affine import Affine
from pyproj.crs import CRS
from pyproj.exceptions import ProjError
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from geo.errors import TerrainError
from geo.frame import LocalFrame, horizontal_part
from geo.opening import opened
from geo.raster import Source

FOOTPRINT_POINTS_PER_EDGE = 257  # the footprint's edges are curves in the frame
COORDINATE_TOLERANCE_CELLS = 1e-9  # exact in effect, so that windows agree to the bit (rasterio 1.4 fails on exactly 0)
MARGIN_CELLS = 3  # beyond what a window's corners say that it needs of the source
LOWEST_GROUND_M, HIGHEST_GROUND_M = -11_000.0, 9_000.0  # the deepest trench and the highest summit, rounded outwards
HABITUAL_VOIDS = (-9999.0, -32768.0, -32767.0, -99999.0)
"""Cell values that in practice are never heights; -9999 m is deeper than any sea that a border crosses."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """Square cells in a frame, rows north to south; ``west`` and ``north`` are the outer edges [m].

    ``native`` says that the source already has exactly these cells, so that reading needs no resampling.
    """

    wkt: str
    west: float
    north: float
    cell_m: float
    rows: int
    columns: int
    native: bool = False

    @property
    def eastings(self) -> Floats:
        """Cell centres, (columns,) [m], ascending."""
        return self.west + (np.arange(self.columns, dtype=np.float64) + 0.5) * self.cell_m

    @property
    def northings(self) -> Floats:
        """Cell centres, (rows,) [m], descending."""
        return self.north - (np.arange(self.rows, dtype=np.float64) + 0.5) * self.cell_m

    @property
    def transform(self) -> Affine:
        """From (column, row) to (easting, northing), corners of cells."""
        return Affine(self.cell_m, 0.0, self.west, 0.0, -self.cell_m, self.north)


def plan_grid(sources: Sequence[Source], frame: LocalFrame) -> Grid:
    """The square cells of ``frame`` that cover the sources.

    These are a single source's own cells where they are square, north up and in the frame. Otherwise the cell is the
    geometric mean of a source's two spacings at its centre (four digits), the smallest among the sources; edges lie
    on whole cells from the frame's origin, and the window is the smallest that holds the centre of every cell whose
    centre lies among a source's. Raises TerrainError where the frame cannot show a source.
    """
    first = sources[0]
    if len(sources) == 1 and _square(first.transform) and _same_system(first.wkt, frame.wkt):
        t = first.transform
        return Grid(frame.wkt, t.c, t.f, t.a, first.rows, first.columns, native=True)
    cell = min(float(f"{_spacing(source, frame):.4g}") for source in sources)
    places = [_footprint(source, frame.wkt) for source in sources]
    easting, northing = (np.concatenate(axis) for axis in zip(*places, strict=True))
    left, right = math.ceil(easting.min() / cell - 0.5), math.floor(easting.max() / cell - 0.5)
    bottom, top = math.ceil(northing.min() / cell - 0.5), math.floor(northing.max() / cell - 0.5)
    return Grid(frame.wkt, left * cell, (top + 1) * cell, cell, top - bottom + 1, right - left + 1)


def _square(t: Affine) -> bool:
    return bool(t.b == t.d == 0.0 and t.a > 0.0 > t.e and math.isclose(t.a, -t.e, rel_tol=1e-9))


def _same_system(wkt: str, other: str) -> bool:
    return bool(rasterio.crs.CRS.from_wkt(wkt) == rasterio.crs.CRS.from_wkt(other))


@lru_cache(maxsize=64)
def _transformer(from_wkt: str, to_wkt: str) -> pyproj.Transformer:
    from_crs, to_crs = horizontal_part(CRS.from_wkt(from_wkt)), horizontal_part(CRS.from_wkt(to_wkt))
    return pyproj.Transformer.from_crs(from_crs, to_crs, always_xy=True)


def _footprint(source: Source, frame_wkt: str) -> tuple[Floats, Floats]:
    """Outermost cell centres of the source, in the frame."""
    columns = np.linspace(0.5, source.columns - 0.5, FOOTPRINT_POINTS_PER_EDGE)
    rows = np.linspace(0.5, source.rows - 0.5, FOOTPRINT_POINTS_PER_EDGE)
    left, right = np.full_like(rows, columns[0]), np.full_like(rows, columns[-1])
    top, bottom = np.full_like(columns, rows[0]), np.full_like(columns, rows[-1])
    around = np.concatenate([columns, columns, left, right]), np.concatenate([top, bottom, rows, rows])
    return _shown(source, frame_wkt, *around)


def _spacing(source: Source, frame: LocalFrame) -> float:
    """Geometric mean [m] of the distances between neighbouring rows and columns at the source's centre."""
    column, row = source.columns / 2.0, source.rows / 2.0
    columns = np.array([column - 0.5, column + 0.5, column, column])
    rows = np.array([row, row, row - 0.5, row + 0.5])
    easting, northing = _shown(source, frame.wkt, columns, rows)
    across = math.hypot(easting[1] - easting[0], northing[1] - northing[0])
    along = math.hypot(easting[3] - easting[2], northing[3] - northing[2])
    return math.sqrt(across * along)


def _shown(source: Source, frame_wkt: str, columns: Floats, rows: Floats) -> tuple[Floats, Floats]:
    t = source.transform
    try:
        easting, northing = _transformer(source.wkt, frame_wkt).transform(
            t.a * columns + t.b * rows + t.c, t.d * columns + t.e * rows + t.f, errcheck=True
        )
    except ProjError as error:
        raise TerrainError(
            "the frame cannot show this raster", where=source.label, expected="a frame near it"
        ) from error
    return np.asarray(easting), np.asarray(northing)


def extent(source: Source, grid: Grid) -> tuple[int, int, int, int]:
    """The part of a grid in which a source may have values: first row, last row + 1, first column, last column + 1."""
    if grid.native:
        return 0, grid.rows, 0, grid.columns
    easting, northing = _footprint(source, grid.wkt)
    columns, rows = (easting - grid.west) / grid.cell_m, (grid.north - northing) / grid.cell_m
    top, bottom = math.floor(rows.min()) - MARGIN_CELLS, math.ceil(rows.max()) + MARGIN_CELLS
    left, right = math.floor(columns.min()) - MARGIN_CELLS, math.ceil(columns.max()) + MARGIN_CELLS
    return max(top, 0), min(bottom, grid.rows), max(left, 0), min(right, grid.columns)


def read_heights(source: Source, grid: Grid, window: Window) -> npt.NDArray[np.float32]:
    """Heights [m] of ``grid`` in ``window``, (rows, columns) float32, NaN where the source is void or ends.

    Native cells come as they are. Others are bilinear between the four source centres around the cell's centre; a
    cell is void where the nearest source centre is void, and a void never enters a value: the weights of the valid
    neighbours are scaled to sum 1. The result does not depend on how the grid is cut into windows. Raises
    TerrainError where reading fails, and where a cell of the source holds what cannot be a height: a value beyond
    those of the Earth, or one that in practice marks voids but is not declared.
    """
    with opened(source.name, source.label) as raster:
        if grid.native:
            values = raster.read(1, window=window)
            voids = raster.read_masks(1, window=window) == 0
            _refuse_no_heights(source, values, voids)
            values = _in_metres(source, values)
            values[voids] = np.nan
            return values
        behind = _source_window(source, grid, window)
        if behind is None:
            return np.full((window.height, window.width), np.nan, np.float32)
        _refuse_no_heights(source, raster.read(1, window=behind), raster.read_masks(1, window=behind) == 0)
        with _warped(raster, source, grid, Resampling.bilinear) as warped:
            return _in_metres(source, warped.read(1, window=window))


def read_nearest(source: Source, grid: Grid, window: Window) -> npt.NDArray[np.float32]:
    """Cell values of the nearest source cell, as ``read_heights`` in all else, and unchecked."""
    with opened(source.name, source.label) as raster, _warped(raster, source, grid, Resampling.nearest) as warped:
        return _in_metres(source, warped.read(1, window=window))


def _warped(raster: object, source: Source, grid: Grid, resampling: Resampling) -> WarpedVRT:
    return WarpedVRT(
        raster,
        crs=grid.wkt,
        transform=grid.transform,
        width=grid.columns,
        height=grid.rows,
        resampling=resampling,
        src_nodata=math.nan if source.nodata is None and np.dtype(source.dtype).kind == "f" else source.nodata,
        nodata=math.nan,
        dtype="float32" if (source.scale, source.offset) == (1.0, 0.0) else "float64",
        tolerance=COORDINATE_TOLERANCE_CELLS,
        XSCALE="1",  # interpolate, never smooth
        YSCALE="1",
    )


def _in_metres(source: Source, values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    if (source.scale, source.offset) == (1.0, 0.0):
        return values.astype(np.float32, copy=False)
    return (values.astype(np.float64) * source.scale + source.offset).astype(np.float32)


def _source_window(source: Source, grid: Grid, window: Window) -> Window | None:
    """The cells of the source that a window of the grid is made of, and a margin; None where there are none."""
    columns = grid.west + (window.col_off + np.linspace(0.0, window.width, 33)) * grid.cell_m
    rows = grid.north - (window.row_off + np.linspace(0.0, window.height, 33)) * grid.cell_m
    x, y = _transformer(grid.wkt, source.wkt).transform(*np.meshgrid(columns, rows))
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return None
    column, row = ~source.transform @ (x[known], y[known])
    margin = MARGIN_CELLS + 0.02 * max(np.ptp(column), np.ptp(row)) / 32.0
    left, right = max(math.floor(column.min() - margin), 0), min(math.ceil(column.max() + margin), source.columns)
    top, bottom = max(math.floor(row.min() - margin), 0), min(math.ceil(row.max() + margin), source.rows)
    return Window(left, top, right - left, bottom - top) if right > left and bottom > top else None


def _refuse_no_heights(source: Source, values: npt.NDArray[Any], voids: npt.NDArray[np.bool_]) -> None:
    """Raise TerrainError for the first cell that is no height though nothing declares it void."""
    if voids.all():
        return
    kind = values.dtype
    suspects = list(HABITUAL_VOIDS)
    if kind.kind in "iu" and kind.itemsize > 1:
        suspects += [float(np.iinfo(kind).max), float(np.iinfo(kind).min) or math.nan]
    limits = sorted((height - source.offset) / source.scale for height in (LOWEST_GROUND_M, HIGHEST_GROUND_M))
    known = np.where(voids, np.nan if kind.kind == "f" else values[~voids][0], values) if voids.any() else values
    lowest, highest = float(np.fmin.reduce(known, axis=None)), float(np.fmax.reduce(known, axis=None))
    if not np.isnan(lowest) and (lowest < limits[0] or highest > limits[1]):
        wrong = lowest if lowest < limits[0] else highest
    else:
        found = [void for void in suspects if lowest <= void <= highest and (known == void).any()]
        if not found:
            return
        wrong = found[0]
    raise TerrainError(
        f"cells of {wrong:.10g}, which the file does not declare as void",
        where=source.label,
        expected=f"heights from {LOWEST_GROUND_M:g} to {HIGHEST_GROUND_M:g} m, or nodata={wrong:.10g} to be given",
    )
