"""The ground limits speed: slope and land cover, people and vehicles apart; covariances stay what they must be."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.models.contradictions import no_doubt
from fusion.models.motion import FOOT, VEHICLE, unpack
from fusion.models.sensor_views import ground_of
from fusion.models.terrain_speed import passage_of, slow_down, top_speed
from geo.frame import LocalFrame
from geo.mobility.settings import MobilitySettings
from geo.mobility.speed_surface import WALKING

FRAME = LocalFrame.around(10.0, 45.0)
NO_DOUBT = no_doubt()


def slope(gradient: float) -> xr.Dataset:
    """Ground that rises to the north."""
    axis = np.arange(-900.0, 901.0, 30.0)
    elevation = np.repeat(gradient * axis[::-1, None], len(axis), axis=1).astype(np.float32)
    return xr.Dataset(
        {"elevation": (("northing", "easting"), elevation, {"units": "m"})},
        coords={"northing": axis[::-1], "easting": axis},
        attrs={"crs": FRAME.wkt, "datum": "none", "cell_m": 30.0},
    )


def fastest(gradient: float, kind: int, north: float, east: float = 0.0) -> float:
    terrain = slope(gradient)
    return top_speed(
        passage_of(terrain, 4.0, 25.0, 0.3), ground_of(terrain), NO_DOUBT, kind, np.array([10.0, 10.0, east, north])
    )


def test_level_ground_leaves_the_top_speed() -> None:
    assert fastest(0.0, FOOT, 1.4) == pytest.approx(4.0)
    assert fastest(0.0, VEHICLE, 10.0) == pytest.approx(25.0)


@pytest.mark.parametrize(("north", "gradient"), [(1.4, 0.3), (-1.4, -0.3)])
def test_walkers_slow_down_as_tobler_says(north: float, gradient: float) -> None:
    # Tobler: exp(-3.5 |g + .05|) beside exp(-3.5 · .05) on the level
    expected = 4.0 * exp(-3.5 * abs(gradient + 0.05)) / exp(-3.5 * 0.05)
    assert fastest(0.3, FOOT, north) == pytest.approx(expected, rel=1e-4)
    assert WALKING.columns()[1] == 3.5


def test_along_the_contour_and_with_no_heading_slope_does_not_count_on_foot() -> None:
    assert fastest(0.3, FOOT, 0.0, east=1.4) == pytest.approx(4.0, rel=1e-4)
    assert fastest(0.3, FOOT, 0.1) == pytest.approx(4.0, rel=1e-4)


def test_vehicles_hardly_move_where_it_is_too_steep_for_them_and_people_do() -> None:
    steep = MobilitySettings().vehicle_limit + 0.1
    assert fastest(steep, VEHICLE, 5.0) == pytest.approx(0.02 * 25.0)
    assert fastest(steep, FOOT, 1.4) > 0.3


def test_land_cover_slows_people_and_vehicles_but_leaves_them_unmapped_ways() -> None:
    terrain = slope(0.0)
    forest, crops = 10, 40  # ESA WorldCover
    codes = np.where(terrain["easting"].values[None, :] > 0.0, forest, crops) * np.ones((61, 1), np.int64)
    terrain["land_cover"] = (("northing", "easting"), codes)
    passage, earth = passage_of(terrain, 4.0, 25.0, 0.3), ground_of(terrain)
    known = MobilitySettings()
    for east, name in ((300.0, "tree_cover"), (-300.0, "cropland")):
        state = np.array([east, 0.0, 0.0, 1.4])
        foot, vehicle = known.foot_cover.get(name, 1.0), known.vehicle_cover.get(name, 1.0)
        assert top_speed(passage, earth, NO_DOUBT, FOOT, state) == pytest.approx(4.0 * max(foot, 0.3), rel=1e-5)
        assert top_speed(passage, earth, NO_DOUBT, VEHICLE, state) == pytest.approx(25.0 * max(vehicle, 0.3), rel=1e-5)
    assert top_speed(passage, earth, NO_DOUBT, VEHICLE, np.array([300.0, 0.0, 0.0, 9.0])) == pytest.approx(7.5)


def test_off_the_map_and_without_terrain_nothing_is_limited() -> None:
    assert fastest(0.0, FOOT, 1.4) < np.inf
    terrain = slope(0.3)
    there = np.array([5e4, 0.0, 0.0, 9.0])
    assert top_speed(passage_of(terrain, 4.0, 25.0, 0.3), ground_of(terrain), NO_DOUBT, FOOT, there) == np.inf
    assert top_speed(passage_of(None, 4.0, 25.0, 0.3), ground_of(None), NO_DOUBT, FOOT, there) == np.inf


@given(st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_slowing_down_keeps_covariances_positive_definite_and_places_where_they_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    terrain = slope(float(rng.uniform(-1.0, 1.0)))
    passage, earth = passage_of(terrain, 4.0, 25.0, 0.3), ground_of(terrain)
    mean = rng.uniform(-1.0, 1.0, (3, 2, 4)) * np.array([800.0, 800.0, 20.0, 20.0])
    roots = rng.normal(0.0, 5.0, (3, 2, 4, 4))
    full = roots @ roots.swapaxes(-1, -2) + 0.01 * np.eye(4)
    cov = full[..., *np.triu_indices(4)].copy()
    slow_mean, slow_cov = mean.copy(), cov.copy()
    dt = np.array([3.0, 3.0, 0.0])
    modes = np.array([FOOT, VEHICLE]), np.array([False, False])
    slow_down(slow_mean, slow_cov, dt, modes, passage, earth, NO_DOUBT)
    assert np.linalg.eigvalsh(unpack(slow_cov)).min() > 0.0
    assert np.array_equal(slow_mean[..., :2], mean[..., :2])
    assert np.array_equal(slow_cov[..., [0, 1, 4]], cov[..., [0, 1, 4]])
    assert np.array_equal(slow_mean[2], mean[2])
    squared = (slow_mean[:2, :, 2:] ** 2).sum(axis=-1) + slow_cov[:2, :, 7] + slow_cov[:2, :, 9]
    assert (np.sqrt(squared) <= np.array([4.0, 25.0]) * 1.21).all()  # Tobler's easiest gradient goes downhill
