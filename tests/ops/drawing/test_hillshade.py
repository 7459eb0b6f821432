"""Shaded relief: where the light comes from, and what stays neutral."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geo.frame import LocalFrame
from ops.drawing import map_images
from ops.drawing.hillshade import LIGHT_ON_THE_LEVEL, shade


def test_light_comes_from_the_north_west_and_the_level_is_neutral():
    level = np.zeros((9, 9), np.float32)
    assert shade(level, 30.0)[4, 4] == pytest.approx(LIGHT_ON_THE_LEVEL)
    row, column = np.mgrid[0:9, 0:9].astype(np.float32)
    facing_north_west, facing_south_east = shade(10 * (row + column), 30.0), shade(-10 * (row + column), 30.0)
    assert facing_north_west[4, 4] > LIGHT_ON_THE_LEVEL > facing_south_east[4, 4]


def test_the_light_does_not_depend_on_the_height_of_the_ground_or_on_the_cell_size_alone():
    row, column = np.mgrid[0:9, 0:9].astype(np.float32)
    slope = 3 * row - 2 * column
    np.testing.assert_allclose(shade(slope + 4000, 30.0), shade(slope, 30.0), atol=1e-4)
    np.testing.assert_allclose(shade(2 * slope, 60.0), shade(slope, 30.0), atol=1e-6)


def test_beside_a_void_there_is_no_light_and_elsewhere_none_is_lost():
    ground = np.zeros((7, 7), np.float32)
    ground[3, 3] = np.nan
    light = shade(ground, 30.0)
    assert np.isnan(light[3, 2])
    assert np.isnan(light[2, 3])
    assert np.isfinite(light[0]).all()


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_voids_have_no_light_and_are_transparent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Single voids too, whose slope follows from their neighbours: no light, and no cast of NaN to a colour."""
    elevation = np.random.default_rng(0).normal(100.0, 5.0, (60, 60)).astype(np.float32)
    elevation[5:55:7, 5:55:7] = np.nan
    assert np.isnan(shade(elevation, 30.0)[np.isnan(elevation)]).all()
    axis = 30.0 * np.arange(60)
    terrain = xr.Dataset(
        {"elevation": (("northing", "easting"), elevation)},
        coords={"northing": axis[::-1], "easting": axis},
        attrs={"crs": LocalFrame.around(1.5, 42.5).wkt},
    )
    monkeypatch.setattr(map_images, "FINE_UP_TO_CELLS", 0)
    picture, _ = map_images.hillshade_png(terrain)
    assert picture.startswith("data:image/webp;base64,")
