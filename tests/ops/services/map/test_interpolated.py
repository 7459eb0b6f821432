"""Heights, states, zoom levels and PNG of a tile are those of rio-tiler, which takes longer to read and to import."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from rasterio.enums import Resampling
from rio_tiler.errors import TileOutsideBounds
from rio_tiler.io import Reader
from rio_tiler.models import ImageData

from ops.drawing.tile_styles import FEATHER_PX
from ops.services.map.tiles import PNG_EFFORT, TILE_PX, _nearest, _tile, raster_of, zoom_of, zooms_of
from tests.ops.services.map.test_tiles import pixel_of


def test_interpolated_heights_are_those_of_rio_tiler() -> None:
    """The oracle reads a tile and its mask; at every zoom, over a void, at the edge and beyond it."""
    rows, columns = np.mgrid[0:1100, 0:900]
    heights = (600.0 + 300.0 * np.sin(rows / 41.0) * np.cos(columns / 57.0)).astype(np.float32)
    heights[500:540, 430:480] = np.nan
    places = {"northing": 4_750_000.0 - 30.0 * np.arange(1100), "easting": 400_000.0 + 30.0 * np.arange(900)}
    elevation = xr.DataArray(heights, dims=("northing", "easting"), coords=places)
    raster = raster_of(elevation, "EPSG:32631", nodata=float("nan"), resampling=Resampling.average)
    compared = 0
    with Reader(raster.name) as oracle:
        for zoom in range(8, 15):
            x, y, *_ = pixel_of(1.95, 42.75, zoom)
            for step in range(-3, 4):
                found = raster.interpolated(zoom, x + step, y)
                try:
                    image = oracle.tile(
                        x + step, y, zoom, TILE_PX, buffer=FEATHER_PX,
                        resampling_method="cubic_spline", reproject_method="cubic_spline",
                    )  # fmt: skip
                except TileOutsideBounds:
                    assert found is None
                    continue
                assert found is not None
                expected = np.where(np.ma.getmaskarray(image.array)[0], np.nan, image.array.data[0])
                np.testing.assert_allclose(found.values, expected, atol=0.01)
                assert image.bounds is not None
                side_m = (image.bounds[2] - image.bounds[0]) / image.width
                assert found.ground_m == pytest.approx(side_m * math.cos(math.radians(42.75)), rel=0.02)
                compared += np.isfinite(expected).any()
    assert compared > 20


@pytest.mark.parametrize("margin", [0, 32])
def test_states_are_those_of_rio_tiler(margin: int) -> None:
    """At every zoom, over cells without a state, at the edge and beyond it."""
    rows, columns = np.mgrid[0:1100, 0:900]
    states = (np.sin(rows / 41.0) * np.cos(columns / 57.0) > 0.0).astype(np.uint8)
    states[500:540, 430:480], states[600:640, 430:480] = 255, 2
    places = {"northing": 4_750_000.0 - 30.0 * np.arange(1100), "easting": 400_000.0 + 30.0 * np.arange(900)}
    values = xr.DataArray(states, dims=("northing", "easting"), coords=places)
    raster = raster_of(values, "EPSG:32631", nodata=255, resampling=Resampling.mode)
    compared = 0
    with Reader(raster.name) as oracle:
        for zoom in range(8, 15):
            x, y, *_ = pixel_of(1.95, 42.75, zoom)
            for step in range(-3, 4):
                found = _nearest(raster.name, margin, zoom, x + step, y)
                try:
                    image = oracle.tile(x + step, y, zoom, TILE_PX, buffer=margin or None)
                except TileOutsideBounds:
                    assert found is None
                    continue
                assert found is not None
                expected = np.where(np.ma.getmaskarray(image.array)[0], np.nan, image.array.data[0].astype(np.float32))
                same = (found.values == expected) | (np.isnan(found.values) & np.isnan(expected))
                assert same.mean() > (0.98 if zoom < 12 else 0.9999), "zoomed out, the overview may be a finer one"
                compared += np.isfinite(expected).any()
    assert compared > 20


@pytest.mark.parametrize(("rows", "columns", "cell_m"), [(1100, 900, 30.0), (60, 700, 90.0), (1, 5, 30.0)])
@pytest.mark.parametrize(
    ("crs", "west", "north"),
    [("EPSG:32631", 4e5, 4.75e6), ("EPSG:32660", 8.2e5, 8e6), ("EPSG:32635", 5e5, 9.2e6), ("EPSG:32733", 5e5, 6.2e6)],
)
def test_zoom_levels_are_those_of_rio_tiler(
    rows: int, columns: int, cell_m: float, crs: str, west: float, north: float
) -> None:
    """On both hemispheres, near the pole and across the 180th meridian."""
    places = {"northing": north - cell_m * np.arange(rows), "easting": west + cell_m * np.arange(columns)}
    values = xr.DataArray(np.zeros((rows, columns), np.uint8), dims=("northing", "easting"), coords=places)
    raster = raster_of(values, crs, nodata=255, resampling=Resampling.mode)
    with Reader(raster.name) as oracle:
        assert zooms_of(raster.name) == (oracle.minzoom, oracle.maxzoom)
        for pixel_m in np.geomspace(1e-3, 1e6, 200):
            assert zoom_of(pixel_m) == oracle.tms.zoom_for_res(pixel_m)


@pytest.mark.parametrize("side", [4, TILE_PX])
def test_the_png_of_a_tile_is_that_of_rio_tiler(side: int) -> None:
    pixels = np.random.default_rng(side).integers(0, 256, (4, side, side), dtype=np.uint8)
    pixels[:, : side // 2] = 0
    assert _tile(pixels).body == ImageData(pixels).render(add_mask=False, img_format="PNG", zlevel=PNG_EFFORT)


def test_a_map_process_does_not_import_what_it_does_not_use() -> None:
    """Each operations room starts one; with these it takes half as long again, and 30 MB more."""
    started = [sys.executable, "-P", "-X", "importtime", "-m", "ops.services.map.process", "--help"]
    imported = subprocess.run(started, capture_output=True, text=True, check=True).stderr
    names = {line.rpartition("|")[2].strip() for line in imported.splitlines()}
    assert {"xarray", "rasterio", "ops.services.map.tiles"} <= names
    assert not {"rio_tiler", "morecantile", "pydantic", "httpx", "pyarrow.lib", "dask", "geopandas"} & names
