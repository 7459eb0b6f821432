"""Reading and resampling of windows: heights bilinearly, class codes from the nearest cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from geo.arrays import Bools, Float32s
from geo.errors import TerrainError
from geo.terrain.grid import MARGIN_CELLS, Box, PlannedGrid, applied, box_of, extent, transformer
from geo.terrain.safe_open import opened
from geo.terrain.source import RasterSource

COORDINATE_TOLERANCE_CELLS = 1e-9  # practically exact, so that windows agree exactly (rasterio 1.4 fails on exactly 0)
LOWEST_GROUND_M, HIGHEST_GROUND_M = -11_000.0, 9_000.0  # the deepest trench and the highest summit, rounded outwards
SAME_VALUE = 1e-12  # relative difference of a value that GDAL scaled from the same value scaled here

Read = Callable[[RasterSource, PlannedGrid, Window], Float32s]


def read_all(sources: Sequence[RasterSource], grid: PlannedGrid, window: Window, read: Read) -> Float32s:
    """Values of a window by ``read``, (rows, columns) float32; of several sources the last that is not NaN."""
    if len(sources) == 1:
        return read(sources[0], grid, window)
    values = np.full((window.height, window.width), np.nan, np.float32)
    here = Box(window.row_off, window.row_off + window.height, window.col_off, window.col_off + window.width)
    for source in sources:
        if here.meets(extent(source, grid)):
            part = read(source, grid, window)
            np.copyto(values, part, where=~np.isnan(part))
    return values


def read_heights(source: RasterSource, grid: PlannedGrid, window: Window) -> Float32s:
    """Heights [m] of ``grid`` in ``window``, (rows, columns) float32, NaN where the source is void or ends.

    Native cells are returned unchanged. Others are bilinear between the four source centres around the cell's centre; a
    cell is void where the nearest source centre is void, and a void never enters a value: the weights of the valid
    neighbours are scaled to sum 1. The result does not depend on how the grid is cut into windows. Raises TerrainError
    if reading fails, and if a cell of the source has a value that is not plausible as a height: beyond those of the
    Earth, or one that in practice marks voids but is not declared.
    """
    with opened(source.name, source.label) as raster:
        if grid.native:
            cells = Window(
                window.col_off + grid.first_column, window.row_off + grid.first_row, window.width, window.height
            )
            values = raster.read(1, window=cells)
            voids = raster.read_masks(1, window=cells) == 0
            _refuse_no_heights(source, values, voids)
            values = _in_metres(source, values)
            values[voids] = np.nan
            return values
        behind = _behind(source, grid, window)
        if behind.empty:
            return np.full((window.height, window.width), np.nan, np.float32)
        cells = Window(behind.left, behind.top, behind.right - behind.left, behind.bottom - behind.top)
        _refuse_no_heights(source, raster.read(1, window=cells), raster.read_masks(1, window=cells) == 0)
        with _warped(raster, source, grid, Resampling.bilinear) as warped:
            return _in_metres(source, warped.read(1, window=window))


def read_nearest(source: RasterSource, grid: PlannedGrid, window: Window) -> Float32s:
    """Cell values of the nearest source cell, otherwise like ``read_heights``, without the check."""
    with opened(source.name, source.label) as raster, _warped(raster, source, grid, Resampling.nearest) as warped:
        return _in_metres(source, warped.read(1, window=window))


def _warped(raster: object, source: RasterSource, grid: PlannedGrid, resampling: Resampling) -> WarpedVRT:
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


def _in_metres(source: RasterSource, values: npt.NDArray[Any]) -> Float32s:
    if (source.scale, source.offset) == (1.0, 0.0):
        return values.astype(np.float32, copy=False)
    return (values.astype(np.float64) * source.scale + source.offset).astype(np.float32)


def _behind(source: RasterSource, grid: PlannedGrid, window: Window) -> Box:
    """The cells of the source that are needed for a window of the grid, and a margin."""
    columns = window.col_off + np.linspace(0.0, window.width, 33)
    rows = window.row_off + np.linspace(0.0, window.height, 33)
    easting, northing = applied(grid.transform, *np.meshgrid(columns, rows))
    x, y = transformer(grid.wkt, source.wkt).transform(easting, northing)
    return box_of(source, np.asarray(x), np.asarray(y), margin=MARGIN_CELLS)


def _refuse_no_heights(source: RasterSource, values: npt.NDArray[Any], voids: Bools) -> None:
    """Raise TerrainError for the first cell that is not plausible as a height and not declared void."""
    if voids.all():
        return
    kind = values.dtype
    limits = sorted((height - source.offset) / source.scale for height in (LOWEST_GROUND_M, HIGHEST_GROUND_M))
    known = np.where(voids, np.nan if kind.kind == "f" else values[~voids][0], values) if voids.any() else values
    lowest, highest = float(np.fmin.reduce(known, axis=None)), float(np.fmax.reduce(known, axis=None))
    if not np.isnan(lowest) and (lowest < limits[0] or highest > limits[1]):
        wrong = lowest if lowest < limits[0] else highest
    else:
        marks = [
            own
            for void, own in source.suspects
            if lowest <= void <= highest and np.isclose(known, void, rtol=SAME_VALUE, atol=0.0).any()
        ]
        if not marks:
            return
        wrong = marks[0]
    named = repr(float(wrong)).removesuffix(".0")
    remedy = f", or nodata={named} to be given" if math.isfinite(wrong) else ""
    raise TerrainError(
        f"cells of {named}, which the file does not declare as void",
        where=source.label,
        expected=f"heights from {LOWEST_GROUND_M:g} to {HIGHEST_GROUND_M:g} m{remedy}",
    )
