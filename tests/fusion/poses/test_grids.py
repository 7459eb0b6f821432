"""The grid on plain arrays is that of the terrain's cells to the bit, and is left to the other one elsewhere."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
import xarray as xr

from fusion.poses.grids import grid_at_centre, grid_from, plain_ground
from geo.frame import LocalFrame
from sensors.layout import Layout, Placement, place

FRAME = LocalFrame.around(8.0, 47.0)
CELL = 50.0


def hills(**more: Any) -> xr.Dataset:
    chance = np.random.default_rng(8)
    axis = CELL * (np.arange(61) - 30.0)
    high = np.cumsum(chance.normal(0.0, 6.0, (61, 61)), axis=1).astype(np.float32)
    high[20:24, 30:33] = np.nan
    return xr.Dataset(
        {"elevation": (("northing", "easting"), high, {"units": "m"}), **more},
        coords={"northing": axis[::-1], "easting": axis},
        attrs={"crs": FRAME.wkt, "datum": "none", "cell_m": CELL},
    )


TERRAIN = hills()
KINDS: dict[str, dict[str, Any]] = {
    "radar": {"max_range_m": 900.0, "reference_range_m": 700.0, "min_range_m": 60.0},
    "camera": {"max_range_m": 1_200.0, "azimuth_deg": 350.0, "field_of_view_deg": 70.0, "elevation_min_deg": -15.0,
               "elevation_max_deg": 4.0},
    "human": {"max_range_m": 800.0},
    "radio": {"max_range_m": 5_000.0},
}  # fmt: skip


def placed(kind: str, east: float, north: float) -> Placement:
    sensor = place(FRAME, east, north, id="s", kind=kind, mobile=True, mast_height_m=4.0, **KINDS[kind])
    return Layout("l", FRAME, (sensor,)).placement("s")


@pytest.mark.parametrize("mode", ["exact", "fast"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_grid_of_the_terrain_to_the_bit(kind: str, mode: Literal["exact", "fast"]) -> None:
    ground = plain_ground(TERRAIN)
    assert ground is not None
    seen = 0
    for east, north in ((0.0, 0.0), (-1_450.0, 1_450.0), (300.0, -200.0), (50.0, 250.0), (1_500.0, -1_500.0)):
        here = placed(kind, east, north)
        plain, labelled = grid_at_centre(here, ground, mode), grid_from(here, TERRAIN, mode)
        assert plain is not None
        np.testing.assert_array_equal(plain[0], labelled[0])
        assert plain[0].dtype == labelled[0].dtype
        assert plain[1:] == labelled[1:]
        seen += int((plain[0] > 0.0).sum())
    assert seen > 0


@pytest.mark.parametrize("where", [(12.0, 0.0), (0.0, -7.0), (9_000.0, 0.0), (50.0, 450.0)])
def test_beside_a_centre_off_the_map_and_on_a_void_it_is_left_to_the_other(where: tuple[float, float]) -> None:
    ground = plain_ground(TERRAIN)
    assert ground is not None
    assert grid_at_centre(placed("radar", *where), ground, "fast") is None


def test_trees_and_terrain_that_is_not_in_memory_are_left_to_the_other() -> None:
    trees = np.full((61, 61), 9.0, np.float32)
    assert plain_ground(hills(canopy_height=(("northing", "easting"), trees, {"units": "m"}))) is None
    assert plain_ground(TERRAIN.chunk({"northing": 20})) is None
    assert plain_ground(None) is None
