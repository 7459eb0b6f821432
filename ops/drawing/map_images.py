"""Pictures under the report's map: shaded relief and hatched ground, as data URIs on the web map's grid."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import xarray as xr

from geo.arrays import Bools, Float32s, UInt8s
from geo.frame import LocalFrame
from ops.drawing.colours import rgb, rgba
from ops.drawing.hillshade import shade
from ops.drawing.tile_styles import outline

WEB_ACROSS_180 = (
    "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=180 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +wktext"
)
OFF_THE_MAP: Final = 255
OVERLAY_SCALE = 3  # pixels of an overlay per terrain cell
FINE_UP_TO_CELLS = 400_000  # larger terrains get one pixel per cell
STRIPE_PIXELS: Final = 8
"""From one stripe of hatched ground to the next."""


def hillshade_png(terrain: xr.Dataset) -> tuple[str, list[list[float]]]:
    """Return shaded relief as a data URI on the web map's grid, and its bounds [[south, west], [north, east]]."""
    elevation, bounds, cell_m = _on_web_grid(terrain["elevation"], terrain.attrs["crs"], smooth=True)
    return _data_uri(tinted_relief(elevation, cell_m)), bounds


def tinted_relief(elevation: Float32s, cell_m: float) -> UInt8s:
    """Return shaded relief (row, column, RGBA), pale, because other layers lie on it; transparent where unknown.

    Low ground is greenish, high ground warm. ``elevation`` (row, column) [m] has cells of ``cell_m``.
    """
    light = shade(elevation, cell_m)
    known = np.isfinite(light)
    pixels = np.zeros((*elevation.shape, 4), np.uint8)
    if not known.any():
        return pixels
    low, high = np.nanpercentile(elevation, (1, 99))
    height = np.where(known, np.clip((elevation - float(low)) / max(float(high - low), 1.0), 0, 1), 0)
    light = np.clip(0.45 + 0.72 * np.where(known, light, 0), 0, 1.03)
    for channel, (bottom, top) in enumerate(zip(rgb("paper-relief-1"), rgb("paper-relief-2"), strict=True)):
        pixels[..., channel] = np.clip((bottom + (top - bottom) * height) * light, 0, 255)
    pixels[..., 3] = np.where(known, 255, 0)
    return pixels


def hatched_png(cells: xr.DataArray, crs: str) -> tuple[str, list[list[float]]]:
    """Return the cells that are 1 as a hatched, transparent data URI, and its bounds in degrees."""
    values, bounds, _ = _on_web_grid(cells.astype(np.float32), crs, smooth=False)
    return _data_uri(hatched(values > 0.5), lossless=True), bounds


def unknown_png(elevation: xr.DataArray, crs: str) -> tuple[str, list[list[float]]]:
    """Return the cells without a height as a cross-hatched, transparent data URI, and its bounds in degrees."""
    values, bounds, _ = _on_web_grid(elevation.isnull().astype(np.float32), crs, smooth=False)
    return _data_uri(cross_hatched(values > 0.5), lossless=True), bounds


def hatched(cells: Bools, period: int = STRIPE_PIXELS) -> UInt8s:
    """Return what is true in the texture of dead ground (row, column, RGBA): a falling line every ``period`` pixels
    over a veil, as on the tiles of the live map."""
    falling, _ = _diagonals(cells.shape, period, 3)
    pixels = np.zeros((*cells.shape, 4), np.uint8)
    pixels[cells & falling] = rgba("dead-hatch")
    pixels[cells & ~falling] = rgba("dead-hatch-gap")
    return pixels


def cross_hatched(cells: Bools, period: int = STRIPE_PIXELS) -> UInt8s:
    """Return what is true in the texture of unknown ground (row, column, RGBA): falling and rising lines on white,
    within an outline, so that a single cell is seen."""
    falling, rising = _diagonals(cells.shape, period, 2)
    pixels = np.zeros((*cells.shape, 4), np.uint8)
    pixels[cells] = rgba("unknown-hatch-gap")
    pixels[(cells & (falling | rising)) | outline(cells)] = rgba("unknown-hatch-line")
    return pixels


def _diagonals(shape: tuple[int, ...], period: int, width: int) -> tuple[Bools, Bools]:
    """Masks of falling and rising lines, ``width`` of every ``STRIPE_PIXELS`` parts of a period wide."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    thick = max(1, period * width // STRIPE_PIXELS)
    return (rows - columns) % period < thick, (rows + columns) % period < thick


def painted_png(
    classes: xr.DataArray, crs: str, colours: Sequence[tuple[int, int, int, int]], *, dead: int | None = None
) -> tuple[str, list[list[float]]]:
    """Paint cells by class, an index into ``colours`` (RGBA); return a data URI and its bounds in degrees.

    The class ``dead`` has the texture of dead ground instead of its colour, cells of −1 that of unknown ground; the
    area outside the cells stays transparent.
    """
    paint = np.zeros((256, 4), np.uint8)  # by code: the classes, then what is hatched; beyond, transparent
    paint[: len(colours)] = colours
    values, hatch_code = classes.to_numpy(), len(colours)
    code = np.where(values == -1.0, hatch_code, np.where(values >= 0.0, values, OFF_THE_MAP)).astype(np.uint8)
    codes, bounds, _ = _on_web_grid(classes.copy(data=code), crs, smooth=False)
    pixels = paint[codes]
    if dead is not None:
        pixels = np.where((codes == dead)[..., None], hatched(codes == dead), pixels)
    unknown = codes == hatch_code
    pixels = np.where(unknown[..., None], cross_hatched(unknown), pixels)
    return _data_uri(pixels, lossless=True), bounds


def _on_web_grid(values: xr.DataArray, crs: str, *, smooth: bool) -> tuple[Any, list[list[float]], float]:
    """Return values on the EPSG:3857 grid, bounds in degrees, and cell size on the ground [m].

    Off the map, float32 values are NaN and uint8 ones OFF_THE_MAP. Across the 180th meridian the grid runs on beyond
    it, and so do the bounds.
    """
    from rasterio.transform import array_bounds, from_origin
    from rasterio.warp import Resampling, calculate_default_transform, reproject, transform_bounds

    easting, northing = values["easting"].to_numpy(), values["northing"].to_numpy()
    cell = float(easting[1] - easting[0])
    source = from_origin(easting[0] - cell / 2, northing[0] + cell / 2, cell, cell)
    rows, columns = values.shape
    edges = array_bounds(rows, columns, source)
    scale = OVERLAY_SCALE if rows * columns <= FINE_UP_TO_CELLS else 1
    lon, _ = LocalFrame.from_crs(crs).to_lonlat(np.array(edges)[[0, 2, 0, 2]], np.array(edges)[[1, 1, 3, 3]])
    centre = 180.0 if np.ptp(lon) > 180.0 else 0.0
    web = "EPSG:3857" if centre == 0.0 else WEB_ACROSS_180
    transform, width, height = calculate_default_transform(crs, web, columns * scale, rows * scale, *edges)
    cells = values.to_numpy() if values.dtype == np.uint8 else values.to_numpy().astype(np.float32)
    off = OFF_THE_MAP if cells.dtype == np.uint8 else np.nan
    out = np.full((height, width), off, cells.dtype)
    reproject(
        cells,
        out,
        src_transform=source,
        src_crs=crs,
        src_nodata=off,
        dst_transform=transform,
        dst_crs=web,
        dst_nodata=off,
        resampling=Resampling.cubic_spline if smooth else Resampling.nearest,
    )
    west, south, east, north = transform_bounds("EPSG:3857", "EPSG:4326", *array_bounds(height, width, transform))
    west, east = west + centre, east + centre  # in metres the two grids differ by their central meridian alone
    true_cell = transform.a * float(np.cos(np.radians((south + north) / 2)))
    return out, [[south, west], [north, east]], true_cell


def in_frame(
    pixels: UInt8s,
    degrees: list[list[float]],
    crs: str,
    edges: tuple[float, float, float, float],
    shape: tuple[int, int],
) -> UInt8s:
    """Return a picture on the web map's grid (row, column, RGBA), ``degrees`` its bounds as of ``painted_png``, on a
    grid of ``shape`` in the frame.

    ``edges``: west, south, east and north [m]. Each pixel is the nearest of the picture, transparent beside it.
    """
    from rasterio.transform import from_bounds
    from rasterio.warp import Resampling, reproject, transform_bounds

    (south, west), (north, east) = degrees
    centre = 180.0 if east > 180.0 else 0.0
    own = transform_bounds("EPSG:4326", "EPSG:3857", west - centre, south, east - centre, north)
    out = np.zeros((4, *shape), np.uint8)
    reproject(
        np.ascontiguousarray(np.moveaxis(pixels, 2, 0)),
        out,
        src_transform=from_bounds(*own, pixels.shape[1], pixels.shape[0]),
        src_crs=WEB_ACROSS_180 if centre else "EPSG:3857",
        dst_transform=from_bounds(*edges, shape[1], shape[0]),
        dst_crs=crs,
        resampling=Resampling.nearest,
    )
    return np.moveaxis(out, 0, 2)


def _data_uri(pixels: UInt8s, *, lossless: bool = False) -> str:
    """Encode ``pixels`` (row, column, RGBA) as a WebP data URI."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(out, "WEBP", quality=88, method=4, lossless=lossless)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()
