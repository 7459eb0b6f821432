"""Heights and states of a tile are those that rio-tiler reads, which takes twice as long."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from rasterio.enums import Resampling
from rio_tiler.errors import TileOutsideBounds
from rio_tiler.io import Reader

from ops.drawing.tile_styles import FEATHER_PX
from ops.services.map.tiles import TILE_PX, _nearest, raster_of
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
