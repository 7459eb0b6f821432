"""Map tiles: rasters in the sector's frame, coloured by a style and cut into web map tiles (256 px PNG).

A layer is a raster and a style, replaced by ``put``. GDAL reprojects them; tiles, zoom levels and PNG are those of
rio-tiler, which is not imported: with what it loads, a map process takes half as long again to start. Rendered
tiles are cached in memory up to a limit, and those of layers that last also on disk, for the next start.
"""

from __future__ import annotations

import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial, reduce
from hashlib import blake2b
from typing import Any, Final

import numpy as np
import rasterio
import xarray as xr
from rasterio.coords import disjoint_bounds
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT
from rasterio.warp import calculate_default_transform, transform_bounds

from geo.arrays import Float32s, UInt8s
from geo.terrain import bounds, cell_size
from ops.drawing.colours import Palette
from ops.drawing.tile_styles import FEATHER_PX, Style
from ops.runtime.files.cache import FileCache
from ops.runtime.files.scratch_folder import ScratchFolder

TILE_PX: Final = 256
WEB_MERCATOR: Final = "EPSG:3857"
EARTH_RADIUS_M: Final = 6_378_137.0
EQUATOR_M: Final = 2 * np.pi * EARTH_RADIUS_M
CACHE_BYTES: Final = 16_000_000
IN_MEMORY_CELLS: Final = 25_000_000
"""A raster with more cells is stored on disk, in the system's folder for temporary files."""
ZOOMS_OUT, ZOOMS_IN = 3, 3
"""Number of zoom levels with tiles beyond those of the raster: farther out it is a dot, farther in it is blurred."""
CLOSEST_ZOOM: Final = 24
STRIP_ROWS: Final = 512
ABOVE: Final = "+"
"""Between the ids of layers of which one is drawn on the other."""
COMPUTING: Final = "computing"
"""Revision of a layer whose every cell is unknown because it is being computed; pages know this word."""
FAILED: Final = "failed"
"""Revision of a layer whose every cell stays unknown because it could not be computed."""
PNG_EFFORT: Final = 4
"""zlib's level: 6 takes twice as long and saves a tenth."""
READINGS_KEPT: Final = 32
"""Relief, elevation and contour lines of a tile are drawn from the same heights, one soon after the other."""


class NoTile(LookupError):
    """The tile does not exist; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Values of a tile and some pixels around it, NaN where there are none; side of a pixel on the ground [m]."""

    values: Float32s
    ground_m: float

    def around(self, margin: int) -> Float32s:
        """The values of the tile and ``margin`` pixels around it, no more than were read."""
        more = (len(self.values) - TILE_PX) // 2 - margin
        inside = slice(more, len(self.values) - more)
        return self.values[inside, inside]


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """One band in a frame, available to GDAL under ``name`` for the lifetime of this object.

    ``interpolated`` reads the tile z, x, y and FEATHER_PX around it by cubic splines, or returns None where the raster
    has no part of it; the last few readings are kept.
    """

    name: str
    _kept: object = field(repr=False)
    interpolated: Callable[[int, int, int], Reading | None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        kept = lru_cache(maxsize=READINGS_KEPT)(partial(_interpolated, self.name))
        object.__setattr__(self, "interpolated", kept)


@dataclass(frozen=True, slots=True)
class Layer:
    """A map layer. ``revision`` changes whenever its pixels may change: it identifies the content, not the order.

    A layer that is ``lasting`` has the same revision after a restart: its tiles are worth keeping on disk.
    """

    id: str
    title: str
    raster: Raster
    style: Style
    revision: str
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    """A PNG and its strong entity tag."""

    body: bytes
    etag: str


def raster_of(values: xr.DataArray, crs: str, *, nodata: float, resampling: Resampling) -> Raster:
    """``values`` (northing, easting) as a tiled raster with overviews; a lazy array is read in strips of rows."""
    rows, columns = values.shape
    cell = cell_size(values)  # type: ignore[arg-type]  # only the coordinates are used
    west, _, _, north = bounds(values)  # type: ignore[arg-type]
    profile = {
        "driver": "GTiff",
        "width": columns,
        "height": rows,
        "count": 1,
        "dtype": values.dtype.name,
        "crs": crs,
        "transform": rasterio.Affine(cell, 0.0, west, 0.0, -cell, north),
        "nodata": nodata,
        "tiled": True,
        "compress": "DEFLATE",
        "zlevel": 1,
        "bigtiff": "IF_SAFER",
    }
    kept: Any
    if rows * columns <= IN_MEMORY_CELLS:
        kept = MemoryFile(ext=".tif")
        name = kept.name
    else:
        kept = ScratchFolder("watchline-tiles-")
        name = str(kept.path / "raster.tif")
    with rasterio.open(name, "w", **profile) as raster:
        for first in range(0, rows, STRIP_ROWS):
            strip = values[first : first + STRIP_ROWS].to_numpy()
            raster.write(strip, 1, window=((first, first + strip.shape[0]), (0, columns)))
    factors = [2**i for i in range(1, 12) if min(rows, columns) // 2**i >= TILE_PX // 2]
    if factors:
        with rasterio.open(name, "r+") as raster:
            raster.build_overviews(factors, resampling)
    return Raster(name, kept)


class Tiles:
    """All layers of a sector and their tiles. Thread-safe; ``put`` replaces a layer at once."""

    def __init__(self, *, cache_bytes: int = CACHE_BYTES, kept: FileCache | None = None) -> None:
        self._layers: dict[str, Layer] = {}
        self._zooms: dict[str, tuple[int, int]] = {}
        self._cache: OrderedDict[tuple[Any, ...], Tile] = OrderedDict()
        self._cached_bytes, self._cache_bytes = 0, cache_bytes
        self._lock, self._kept = threading.Lock(), kept
        self._empty = _tile(np.zeros((4, TILE_PX, TILE_PX), np.uint8))

    def put(self, layer: Layer) -> None:
        """Add ``layer``, or replace the one with the same id."""
        low, high = zooms_of(layer.raster.name)
        zooms = max(low - ZOOMS_OUT, 0), min(high + ZOOMS_IN, CLOSEST_ZOOM)
        with self._lock:
            self._layers[layer.id], self._zooms[layer.id] = layer, zooms

    def revisions(self) -> dict[str, str]:
        """The revision of each layer."""
        with self._lock:
            return {name: layer.revision for name, layer in self._layers.items()}

    def describe(self, palette: Palette) -> list[dict[str, Any]]:
        """Every layer as the API returns it: id, title, revision, minzoom, maxzoom, legend."""
        with self._lock:
            layers = [(layer, *self._zooms[name]) for name, layer in self._layers.items()]
        return [
            {
                "id": layer.id,
                "title": layer.title,
                "revision": layer.revision,
                "minzoom": low,
                "maxzoom": high,
                "legend": layer.style.legend(palette),
            }
            for layer, low, high in layers
        ]

    def tile(self, layer_id: str, z: int, x: int, y: int, palette: Palette = "day") -> tuple[Tile, str]:
        """The tile, transparent where there is no data, and its revision. NoTile names an argument out of range.

        ``a+b`` is one tile of both layers, b above a: a page that shows both loads and draws half as many.
        """
        names = layer_id.split(ABOVE)
        with self._lock:
            layers = [self._layers[name] for name in names if name in self._layers]
            zooms = [self._zooms[layer.id] for layer in layers]
            known = ", ".join(self._layers)
        if len(layers) < len(names) or len(set(names)) < len(names):
            raise NoTile(f"There is no layer {layer_id[:40]!r}; there are {known}.")
        low, high = max(first for first, _ in zooms), min(last for _, last in zooms)
        if not low <= z <= high:
            raise NoTile(f"There are no tiles of {layer_id} at zoom {z}; they go from {low} to {high}.")
        if not (0 <= x < 2**z and 0 <= y < 2**z):
            raise NoTile(f"There is no tile {x}, {y} at zoom {z}; both count from 0 to {2**z - 1}.")
        revision = ABOVE.join(layer.revision for layer in layers)
        key = (layer_id, revision, palette, z, x, y)
        with self._lock:
            if tile := self._cache.get(key):
                self._cache.move_to_end(key)
                return tile, revision
        painted = self._kept_or_painted(layers, key)
        self._keep(key, painted)
        return painted, revision

    def _kept_or_painted(self, layers: Sequence[Layer], key: tuple[str, str, Palette, int, int, int]) -> Tile:
        *_, palette, z, x, y = key
        if self._kept is None or not all(layer.lasting for layer in layers):
            return self._paint(layers, z, x, y, palette)
        name = "/".join(map(str, key))
        body = self._kept.get(name)
        if body is not None:
            return _tagged(body)
        painted = self._paint(layers, z, x, y, palette)
        if painted is not self._empty:
            self._kept.put(name, painted.body)
        return painted

    def _paint(self, layers: Sequence[Layer], z: int, x: int, y: int, palette: Palette) -> Tile:
        painted = [pixels for layer in layers if (pixels := _pixels(layer, z, x, y, palette)) is not None]
        return _tile(reduce(over, painted)) if painted else self._empty

    def _keep(self, key: tuple[Any, ...], tile: Tile) -> None:
        with self._lock:
            if key in self._cache or tile is self._empty:
                return
            self._cache[key] = tile
            self._cached_bytes += len(tile.body)
            while self._cached_bytes > self._cache_bytes:
                _, gone = self._cache.popitem(last=False)
                self._cached_bytes -= len(gone.body)


def _pixels(layer: Layer, z: int, x: int, y: int, palette: Palette) -> UInt8s | None:
    """RGBA (4, row, column) of the tile; None where the raster has no part of it."""
    style, margin = layer.style, layer.style.margin_px
    raster = layer.raster
    reading = raster.interpolated(z, x, y) if style.smooth else _nearest(raster.name, margin, z, x, y)
    if reading is None:
        return None
    pixels = style.paint(reading.around(margin), reading.ground_m, palette)
    inside = slice(margin, margin + TILE_PX)
    return pixels[:, inside, inside]


def over(below: UInt8s, above: UInt8s) -> UInt8s:
    """Return RGBA (4, row, column) of ``above`` on ``below`` (Porter and Duff's *over*, alpha not premultiplied)."""
    top, ground = above[3] / np.float32(255), below[3] / np.float32(255)
    beneath = ground * (1 - top)
    alpha = top + beneath
    colours = (above[:3] * top + below[:3] * beneath) / np.maximum(alpha, np.float32(1e-6))
    joined: UInt8s = np.rint(np.concatenate([colours, alpha[None] * 255])).astype(np.uint8)
    return joined


def zooms_of(name: str) -> tuple[int, int]:
    """The zoom levels nearest to a raster's coarsest overview of a tile or less, and to its cells."""
    with rasterio.open(name) as raster:
        place, columns, rows = calculate_default_transform(
            raster.crs, WEB_MERCATOR, raster.width, raster.height, *raster.bounds
        )
    pixel_m, halvings = max(abs(place.a), abs(place.e)), 0
    while min(columns, rows) >> halvings > TILE_PX:
        halvings += 1
    return zoom_of(pixel_m * 2**halvings), zoom_of(pixel_m)


def zoom_of(pixel_m: float) -> int:
    """The zoom level whose pixels are nearest in size to one of ``pixel_m`` [m] in Web Mercator."""
    level = np.log2(EQUATOR_M / TILE_PX / pixel_m)
    return int(np.clip(np.rint(level), 0, CLOSEST_ZOOM))


def _interpolated(name: str, z: int, x: int, y: int) -> Reading | None:
    """Heights by cubic splines, with FEATHER_PX around the tile."""
    return _warped(name, FEATHER_PX, z, x, y, Resampling.cubic_spline)


def _nearest(name: str, margin: int, z: int, x: int, y: int) -> Reading | None:
    """States of the nearest cells, with ``margin`` pixels around the tile."""
    return _warped(name, margin, z, x, y, Resampling.nearest)


def _warped(name: str, margin: int, z: int, x: int, y: int, resampling: Resampling) -> Reading | None:
    """Read what ``rio_tiler.Reader.tile`` would, at half the cost or less: it warps a mask, too."""
    side_m = EQUATOR_M / 2**z
    pixel_m, west, north = side_m / TILE_PX, x * side_m - EQUATOR_M / 2, EQUATOR_M / 2 - y * side_m
    ground_m = _on_the_ground(pixel_m, north - side_m / 2)
    with rasterio.open(name) as raster:
        place = transform_bounds(WEB_MERCATOR, raster.crs, west, north - side_m, west + side_m, north)
        if disjoint_bounds(raster.bounds, place):
            return None
        coarse = [level for level, factor in enumerate(raster.overviews(1)) if factor * raster.res[0] <= ground_m]
    corner = rasterio.Affine(pixel_m, 0.0, west - margin * pixel_m, 0.0, -pixel_m, north + margin * pixel_m)
    size = TILE_PX + 2 * margin
    with (
        rasterio.open(name, **({"overview_level": coarse[-1]} if coarse else {})) as source,
        WarpedVRT(source, crs=WEB_MERCATOR, transform=corner, width=size, height=size,
                  resampling=resampling) as warped,
    ):  # fmt: skip
        values: Float32s = warped.read(1).astype(np.float32)
        nodata = warped.nodata
    if nodata is not None and not np.isnan(nodata):
        values[values == nodata] = np.nan
    values.flags.writeable = False  # it is shared
    return Reading(values, ground_m)


def _on_the_ground(length_m: float, northing_m: float) -> float:
    """Return a length [m] of Web Mercator on the ground [m]: it enlarges by 1 / cos(latitude)."""
    latitude = 2 * np.arctan(np.exp(northing_m / EARTH_RADIUS_M)) - np.pi / 2
    return float(length_m * np.cos(latitude))


def _tile(pixels: UInt8s) -> Tile:
    count, rows, columns = pixels.shape
    profile = {"driver": "PNG", "dtype": "uint8", "count": count, "height": rows, "width": columns}
    with warnings.catch_warnings(), MemoryFile() as file:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with file.open(**profile, zlevel=PNG_EFFORT) as picture:
            picture.write(pixels)
        return _tagged(file.read())


def _tagged(body: bytes) -> Tile:
    return Tile(body, f'"{blake2b(body, digest_size=16).hexdigest()}"')
