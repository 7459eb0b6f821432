"""Trees in the way, by hand and as laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import BadInput, TerrainError
from geo.visibility import viewshed, viewsheds

CELL_M = 10.0


def terrain_of(z: np.ndarray, canopy: np.ndarray | None = None) -> xr.Dataset:
    dims = ("northing", "easting")
    data: dict[str, Any] = {"elevation": (dims, z.astype(np.float32), {"units": "m"})}
    if canopy is not None:
        data["canopy_height"] = (dims, canopy.astype(np.float32), {"units": "m"})
    return xr.Dataset(
        data,
        coords={"northing": 5_000.0 - CELL_M * np.arange(z.shape[0]), "easting": CELL_M * np.arange(z.shape[1])},
        attrs={"crs": "EPSG:32631", "datum": "test"},
    )


def seen_along_the_row(trees: np.ndarray, **change: Any) -> np.ndarray:
    """States along a flat row, the observer 2 m up at its left end; a flat earth."""
    z = np.zeros((3, len(trees)))
    terrain = terrain_of(z, np.tile(trees, (3, 1)))
    view = {"observer_height_m": 2.0, "target_height_m": 1.0, "max_range_m": 1e4, "curvature_k": np.inf}
    return viewshed(terrain, 0.0, 4_990.0, **view | change).values[1]


def test_a_row_of_trees_hides_by_the_share_that_blocks() -> None:
    """By hand: eye 2 m, trees 8 m at 30 m, flat: opaque hides all behind; a share of 0.1 (0.8 m) hides nothing at
    60 m, where the line to a target of 1 m passes the trees at 2 − 30 × (1/60) = 1.5 m."""
    canopy = np.array([0, 0, 0, 8, 0, 0, 0], dtype=float)
    assert seen_along_the_row(canopy, canopy="blocks").tolist() == [1, 1, 1, 0, 0, 0, 0]
    assert seen_along_the_row(canopy, canopy="ignored").tolist() == [1] * 7
    assert seen_along_the_row(canopy).tolist() == [1] * 7
    assert seen_along_the_row(canopy, canopy=0.1).tolist() == [1] * 7
    assert seen_along_the_row(canopy, canopy=0.2).tolist() == [1, 1, 1, 0, 0, 0, 0]  # 1.6 m > 1.5 m; and 1.6 m > 1 m


def test_a_target_shorter_than_its_canopy_is_hidden_and_a_taller_one_is_seen() -> None:
    canopy = np.array([0, 0, 0, 0, 0, 0, 0.6], dtype=float)
    assert seen_along_the_row(canopy, canopy="blocks")[-1] == 1
    assert seen_along_the_row(canopy, canopy="blocks", target_height_m=0.5)[-1] == 0
    assert seen_along_the_row(canopy, canopy="ignored", target_height_m=0.5)[-1] == 1


def test_the_trees_around_the_observer_are_cleared() -> None:
    canopy = np.array([9, 0, 0, 0, 0, 0, 0], dtype=float)
    assert seen_along_the_row(canopy, canopy="blocks").tolist() == [1] * 7


def test_behind_an_unknown_canopy_all_is_unknown_and_before_it_nothing() -> None:
    canopy = np.array([0, 0, 0, np.nan, 0, 0, 5], dtype=float)
    assert seen_along_the_row(canopy, canopy="blocks").tolist() == [1, 1, 1, 255, 255, 255, 0]
    assert seen_along_the_row(canopy, canopy="ignored").tolist() == [1] * 7


HILLS = np.random.default_rng(5).normal(size=(40, 44)).cumsum(0).cumsum(1) * 2.0
WOODS = np.random.default_rng(6).uniform(-30.0, 20.0, (40, 44)).clip(0.0)


def states(canopy: Any, **change: Any) -> np.ndarray:
    view = {"observer_height_m": 10.0, "max_range_m": 250.0}
    found = viewshed(terrain_of(HILLS, WOODS), 203.0, 4_811.0, canopy=canopy, **view | change)
    return np.asarray(found.values)


@settings(deadline=None, max_examples=20)
@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 25.0), st.floats(0.0, 25.0))
def test_more_canopy_hides_and_a_taller_target_or_mast_shows(a: float, b: float, low: float, high: float) -> None:
    less, more = sorted((a, b))
    assert not ((states(more) == 1) & (states(less) == 0)).any()
    low, high = sorted((low, high))
    for what in ("target_height_m", "observer_height_m"):
        assert not ((states(0.7, **{what: low}) == 1) & (states(0.7, **{what: high}) == 0)).any()


def test_no_trees_are_no_canopy_to_the_bit() -> None:
    bare = terrain_of(HILLS, np.zeros_like(HILLS))
    view: dict[str, Any] = {
        "observer_height_m": 10.0,
        "max_range_m": 180.0,
        "min_range_m": 30.0,
        "azimuths_rad": (1.0, 5.5),
        "elevations_rad": (-0.9, 0.05),
    }
    for place in ((203.0, 4_811.0), (210.0, 4_800.0)):
        expected = viewshed(bare, *place, **view)
        assert (expected == 1).any()
        assert np.array_equal(viewshed(bare, *place, canopy="blocks", **view), expected)


def test_a_lazy_terrain_and_a_stack_give_the_same_to_the_bit() -> None:
    terrain = terrain_of(HILLS, WOODS)
    view: dict[str, Any] = {"observer_height_m": 10.0, "max_range_m": 250.0, "canopy": "blocks"}
    expected = viewshed(terrain, 203.0, 4_811.0, **view)
    assert np.array_equal(viewshed(terrain.chunk(northing=17, easting=9), 203.0, 4_811.0, **view), expected)
    layer = viewsheds(terrain, [(203.0, 4_811.0)], **view)[0]
    assert np.array_equal(layer.sel(expected.coords).values, expected.values)


def test_a_canopy_that_cannot_be_used_is_refused() -> None:
    view: dict[str, Any] = {"observer_height_m": 10.0, "max_range_m": 250.0}
    for canopy in ("transparent", 1.5, -0.1, float("nan")):
        with pytest.raises(BadInput, match="canopy"):
            viewshed(terrain_of(HILLS, WOODS), 200.0, 4_800.0, canopy=canopy, **view)
    with pytest.raises(TerrainError, match="canopy_height"):
        viewshed(terrain_of(HILLS), 200.0, 4_800.0, canopy="blocks", **view)
    with pytest.raises(BadInput, match="fast"):
        viewshed(terrain_of(HILLS, WOODS), 200.0, 4_800.0, canopy="blocks", mode="fast", **view)
