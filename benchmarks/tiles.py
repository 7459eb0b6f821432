"""CPU time of a map tile: relief, heights and contour lines of a generated terrain of 3601² cells of 30 m.

Tiles at random places of each zoom, drawn as the map process draws them, without its cache: each kind alone, and all
three of one place, which share the reading of the terrain. CPU time, so that other work on the machine hardly matters.
A table to stderr and one JSON line to stdout: ``python benchmarks/tiles.py [--tiles 20]``. The target is 60 ms a tile.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from machine import report, table
from rasterio.enums import Resampling
from rasterio.warp import transform
from visibility import fractal

from ops.drawing.tile_styles import Elevation, Hillshade
from ops.services.map.ground_tiles import GroundTiles, upper_slope
from ops.services.map.tiles import Layer, Raster, Tiles, raster_of

CELL_M, SIZE = 30.0, 3601
ZONE, EASTING, NORTHING = "EPSG:32631", 300_000.0, 4_750_000.0
"""The north-west corner of the ground, in the plane of UTM zone 31."""
ZOOMS = (8, 9, 10, 11, 12, 13, 14, 15)
HEIGHTS_M = (0.0, 2500.0)


def ground(size: int) -> xr.DataArray:
    """Heights [m] (northing, easting) of the generated terrain."""
    middles = (np.arange(size) + 0.5) * CELL_M
    heights = fractal(size, 0.8, 800.0, 3).astype(np.float32)
    return xr.DataArray(
        heights, dims=("northing", "easting"), coords={"northing": NORTHING - middles, "easting": EASTING + middles}
    )


def places(zoom: int, count: int, size: int) -> list[tuple[int, int]]:
    """Random tiles of a zoom, none at the edge of the terrain: x and y."""
    random = np.random.default_rng(zoom)
    share = random.uniform(0.2, 0.8, (count, 2)) * size * CELL_M
    lon, lat = transform(ZONE, "EPSG:4326", EASTING + share[:, 0], NORTHING - share[:, 1])
    columns = (np.array(lon) + 180.0) / 360.0 * 2**zoom
    rows = (1.0 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2.0 * 2**zoom
    return list(dict.fromkeys(zip(columns.astype(int).tolist(), rows.astype(int).tolist(), strict=True)))


def drawers(raster: Raster, slope: float) -> dict[str, Callable[[int, int, int], Any]]:
    """What draws each kind of tile, with nothing read or drawn before."""
    raster, tiles = Raster(raster.name, raster), Tiles(cache_bytes=0)
    tiles.put(Layer("hillshade", "Relief", raster, Hillshade(), "1"))
    tiles.put(Layer("elevation", "Elevation", raster, Elevation(*HEIGHTS_M), "1"))
    lines = GroundTiles(raster, slope, [])
    return {
        "relief": lambda z, x, y: tiles.tile("hillshade", z, x, y),
        "heights": lambda z, x, y: tiles.tile("elevation", z, x, y),
        "contours": lambda z, x, y: lines.tile(z, x, y),
    }


def measured(heights: xr.DataArray, count: int) -> dict[int, dict[str, float]]:
    """Median CPU time [ms] by zoom and kind, and that of all three of one place."""
    slope = upper_slope(heights, CELL_M)
    raster = raster_of(heights, ZONE, nodata=float("nan"), resampling=Resampling.average)
    found: dict[int, dict[str, float]] = {}
    _median_ms(list(drawers(raster, slope).values()), ZOOMS[0], places(ZOOMS[0], 1, len(heights)))  # warms up
    for zoom in ZOOMS:
        spots = places(zoom, count, len(heights))
        found[zoom] = {kind: _median_ms([drawers(raster, slope)[kind]], zoom, spots) for kind in drawers(raster, slope)}
        found[zoom]["all three"] = _median_ms(list(drawers(raster, slope).values()), zoom, spots)
    return found


def _median_ms(draws: list[Callable[[int, int, int], Any]], zoom: int, spots: list[tuple[int, int]]) -> float:
    """Median over places of the time for all ``draws`` of a place, one after the other."""
    times = []
    for x, y in spots:
        began = time.process_time()
        for draw in draws:
            draw(zoom, x, y)
        times.append(1000.0 * (time.process_time() - began))
    return round(float(np.median(times)), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiles", type=int, default=20, help="tiles of each zoom (default 20)")
    parser.add_argument("--size", type=int, default=SIZE, help="cells along a side of the terrain (default 3601)")
    options = parser.parse_args()
    found = measured(ground(options.size), options.tiles)
    kinds = list(next(iter(found.values())))
    table(["CPU ms a tile", *kinds], [[f"zoom {zoom}", *row.values()] for zoom, row in found.items()])
    report("tiles", {"cells": options.size, "tiles": options.tiles, "cpu_ms": found, "worst": worst(found)})


def worst(found: dict[int, dict[str, float]]) -> float:
    """The greatest median of one kind of tile [ms]."""
    return max(value for row in found.values() for kind, value in row.items() if kind != "all three")


if __name__ == "__main__":
    main()
