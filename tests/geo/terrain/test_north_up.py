"""Alignment of rasters by their coordinates."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geo.errors import TerrainError
from geo.terrain import cell_size, north_up


def raster() -> xr.Dataset:
    values = np.arange(12.0).reshape(3, 4)
    return xr.Dataset(
        {"elevation": (("northing", "easting"), values), "seen": (("sensor", "northing", "easting"), values[None])},
        coords={"northing": [30.0, 20.0, 10.0], "easting": [0.0, 10.0, 20.0, 30.0], "sensor": ["r"]},
    )


def test_any_order_of_rows_columns_and_dims_gives_the_same_dataset() -> None:
    straight = raster()
    assert north_up(straight) is straight
    for moved in (
        straight.isel(northing=[0, 2, 1]),
        straight.isel(easting=[3, 0, 2, 1]),
        straight.transpose("easting", "sensor", "northing"),
        straight.isel(northing=[2, 1, 0], easting=[3, 2, 1, 0]).transpose(),
    ):
        aligned = north_up(moved)
        xr.testing.assert_identical(aligned, straight)
        assert aligned["seen"].dims == ("sensor", "northing", "easting")


def test_what_is_no_raster_is_refused() -> None:
    straight = raster()
    for wrong in (
        straight.drop_vars("northing"),
        straight.assign_coords(easting=[0.0, 10.0, 10.0, 30.0]),
        straight.assign_coords(easting=[0.0, 10.0, np.nan, 30.0]),
        straight.assign_coords(easting=list("abcd")),
    ):
        with pytest.raises(TerrainError):
            north_up(wrong)


def test_rows_from_south_to_north_are_never_read_as_if_from_the_north() -> None:
    with pytest.raises(TerrainError, match="south to north"):
        cell_size(raster().isel(northing=[2, 1, 0]))
