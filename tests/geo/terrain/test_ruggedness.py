from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.challenge import terrain_ruggedness_index, vector_ruggedness
from geo.errors import TerrainError

ROW, COLUMN = np.mgrid[:9, :9].astype(float)
ROOF = -3.0 * np.abs(COLUMN - 4)


@pytest.mark.parametrize(
    ("elevation", "index"),
    [(0.0 * ROW, 0.0), (3.0 * COLUMN, 54**0.5), (2.0 * ROW + 3.0 * COLUMN, 78**0.5), (ROOF, 7.3485)],
)
def test_ruggedness_of_planes_and_of_a_roof(elevation: np.ndarray, index: float) -> None:
    """By hand from Riley's sum: a plane rising (p, q) per cell gives sqrt(6 p² + 6 q²)."""
    found = terrain_ruggedness_index(elevation)
    assert found[4, 4] == pytest.approx(index, abs=5e-5)
    assert np.isnan(found[0]).all()
    assert np.isnan(found[:, -1]).all()
    assert np.isfinite(found[1:-1, 1:-1]).all()


@settings(deadline=None)
@given(st.floats(-5.0, 5.0), st.floats(-5.0, 5.0), st.sampled_from([3, 5]))
def test_no_plane_scatters_normals(eastward: float, northward: float, window: int) -> None:
    scatter = vector_ruggedness(eastward * COLUMN - northward * ROW, 1.0, window=window)
    assert np.nanmax(scatter) < 1e-12
    assert np.nanmin(scatter) >= 0.0


def test_vector_ruggedness_of_a_roof() -> None:
    """Three columns of normals, −, 0 and + .3: 1 − (1 + 2/sqrt(1.09))/3 = .028116 at the ridge."""
    assert vector_ruggedness(ROOF, 10.0)[4, 4] == pytest.approx(1 - (1 + 2 / 1.09**0.5) / 3, abs=1e-12)
    assert vector_ruggedness(ROOF, 10.0)[4, 4] == pytest.approx(0.028116, abs=5e-7)


@pytest.mark.parametrize("measure", [terrain_ruggedness_index, lambda z: vector_ruggedness(z, 10.0, window=5)])
def test_numpy_xarray_and_dask_agree_to_the_bit(measure) -> None:
    z = np.random.default_rng(0).normal(size=(40, 50)).cumsum(axis=0)
    z[20, 20] = np.nan
    expected = measure(z)
    labelled = measure(xr.DataArray(z, dims=("northing", "easting"), name="elevation"))
    lazy = measure(da.from_array(z, chunks=(13, 17)))
    assert np.array_equal(labelled.to_numpy(), expected, equal_nan=True)
    assert labelled.dims == ("northing", "easting")
    assert isinstance(lazy, da.Array)
    assert np.array_equal(lazy.compute(), expected, equal_nan=True)


def test_a_void_spoils_only_its_neighbourhood() -> None:
    z = np.where((ROW == 4) & (COLUMN == 4), np.nan, 3.0 * COLUMN)
    assert np.isnan(terrain_ruggedness_index(z)[3:6, 3:6]).all()
    assert np.isfinite(terrain_ruggedness_index(z)[1:3, 1:-1]).all()


@pytest.mark.parametrize("window", [1, 2, 4])
def test_a_window_without_a_middle_is_refused(window: int) -> None:
    with pytest.raises(TerrainError, match="window"):
        vector_ruggedness(ROOF, 10.0, window=window)


def test_a_cell_without_size_and_a_row_alone_are_refused() -> None:
    with pytest.raises(TerrainError, match="cell"):
        vector_ruggedness(ROOF, 0.0)
    with pytest.raises(TerrainError, match="1 dims"):
        terrain_ruggedness_index(ROOF[0])
