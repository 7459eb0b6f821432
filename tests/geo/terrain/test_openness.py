from __future__ import annotations

import math

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import TerrainError
from geo.terrain.openness import negative_openness, positive_openness

CELL_M = 10.0
BOTH = [positive_openness, negative_openness]


def hills(seed: int = 0, rows: int = 30, columns: int = 34) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 4.0, (rows, columns)).cumsum(axis=0)


@settings(deadline=None, max_examples=30)
@given(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0))
def test_a_plane_is_open_by_a_right_angle_both_ways(east: float, north: float) -> None:
    rows, columns = np.mgrid[0:13, 0:13] * CELL_M
    for measure in BOTH:
        angle = measure(columns * east - rows * north, CELL_M, radius_m=40.0)
        assert angle[6, 6] == pytest.approx(math.pi / 2.0, abs=1e-12)


def test_on_a_ridge_by_hand() -> None:
    """A roof that falls 1 in 1 to both sides: level along the ridge, 45° down across it, 35.26° down askew."""
    roof = np.broadcast_to(-CELL_M * np.abs(np.arange(13.0) - 6.0), (13, 13))
    down = (2.0 * math.radians(45.0) + 4.0 * math.atan(1.0 / math.sqrt(2.0))) / 8.0
    assert positive_openness(roof, CELL_M, radius_m=40.0)[6, 6] == pytest.approx(math.pi / 2.0 + down)
    assert negative_openness(roof, CELL_M, radius_m=40.0)[6, 6] == pytest.approx(math.pi / 2.0 - down)


def test_a_peak_counts_within_the_radius_only() -> None:
    """One cell 30 m high, three cells to the east: 45° up in one direction of eight."""
    peak = np.zeros((21, 21))
    peak[10, 13] = 30.0
    assert positive_openness(peak, CELL_M, radius_m=30.0)[10, 10] == pytest.approx(math.pi / 2.0 - math.pi / 32.0)
    assert positive_openness(peak, CELL_M, radius_m=29.0)[10, 10] == pytest.approx(math.pi / 2.0)


@pytest.mark.parametrize("measure", BOTH)
def test_a_void_within_the_radius_is_unknown(measure) -> None:
    z = hills()
    z[15, 20] = np.nan
    angle = measure(z, CELL_M, radius_m=40.0)
    assert np.isnan(angle[15, 16:25]).all()
    assert np.isnan(angle[15 - 2, 20 - 2])
    assert np.isfinite(angle[15 - 1, 20 - 3]), "not on a ray"
    assert np.isnan(angle[:4]).all()
    assert np.isfinite(angle[4, 4])


@pytest.mark.parametrize("measure", BOTH)
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_quarter_turns_turn_the_answer(measure, turns: int) -> None:
    z = hills()
    turned = measure(np.rot90(z, turns), CELL_M, radius_m=50.0)
    assert np.allclose(turned, np.rot90(measure(z, CELL_M, radius_m=50.0), turns), rtol=0.0, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("measure", BOTH)
def test_numpy_xarray_and_dask_agree_to_the_bit(measure) -> None:
    z = hills(3)
    expected = measure(z, CELL_M, radius_m=60.0)
    lazy = measure(da.from_array(z, chunks=11), CELL_M, radius_m=60.0)
    named = measure(xr.DataArray(z, dims=("northing", "easting")), CELL_M, radius_m=60.0)
    assert np.array_equal(lazy.compute(), expected, equal_nan=True)
    assert np.array_equal(named.to_numpy(), expected, equal_nan=True)
    assert named.attrs["units"] == "rad"


@pytest.mark.parametrize("radius_m", [10.0, float("nan"), float("inf"), -1.0])
def test_a_radius_that_reaches_no_neighbour_is_refused(radius_m: float) -> None:
    with pytest.raises(TerrainError, match="radius"):
        positive_openness(hills(), CELL_M, radius_m=radius_m)
