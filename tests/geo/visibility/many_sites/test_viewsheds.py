"""Many observers at once, lazy terrains, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from geo.errors import BadInput, TerrainError
from geo.visibility import line_of_sight, minimum_target_height, viewshed, viewshed_array, viewsheds
from geo.visibility.single_site import compile_kernels

WEST, NORTH, CELL_M = 500_000.0, 4_600_000.0, 30.0
VIEW: dict[str, Any] = {"observer_height_m": 10.0, "max_range_m": 900.0}


def terrain_of(z: np.ndarray) -> xr.Dataset:
    return xr.Dataset(
        {"elevation": (("northing", "easting"), z.astype(np.float32), {"units": "m"})},
        coords={
            "northing": NORTH - CELL_M * np.arange(z.shape[0]),
            "easting": WEST + CELL_M * np.arange(z.shape[1]),
        },
        attrs={"cell_m": CELL_M, "crs": "EPSG:32631", "datum": "test"},
    )


@pytest.fixture(scope="module")
def terrain() -> xr.Dataset:
    random = np.random.default_rng(7)
    z = random.normal(size=(120, 130)).cumsum(0).cumsum(1)
    z[40:43, 60:64] = np.nan
    return terrain_of(z * 3.0)


@pytest.fixture(scope="module")
def sites() -> np.ndarray:
    random = np.random.default_rng(8)
    return np.column_stack([random.uniform(WEST, WEST + 3_800.0, 6), random.uniform(NORTH - 3_500.0, NORTH - 1_600, 6)])


def test_a_stack_is_lazy_and_each_layer_is_its_viewshed(terrain: xr.Dataset, sites: np.ndarray) -> None:
    masts, angles = np.linspace(2, 30, 6), [(n, n + 2.0) for n in range(6)]
    stack = viewsheds(terrain, sites, observer_height_m=masts, max_range_m=900.0, azimuths_rad=angles)
    assert stack.dims == ("site", "northing", "easting")
    assert stack.chunks is not None
    assert stack.data.chunksize == (1, 120, 130)
    for n, (easting, northing) in enumerate(sites):
        window = viewshed(
            terrain, easting, northing, observer_height_m=masts[n], max_range_m=900.0, azimuths_rad=angles[n]
        )
        layer = window.reindex_like(terrain["elevation"], fill_value=0)
        assert np.array_equal(stack[n].values, layer.values)


@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_dask_equals_serial_to_the_bit(terrain: xr.Dataset, sites: np.ndarray, mode: Any) -> None:
    in_memory = viewsheds(terrain, sites, mode=mode, **VIEW).compute(scheduler="synchronous")
    chunked = terrain.chunk({"northing": 50, "easting": 37})
    assert np.array_equal(viewsheds(chunked, sites, mode=mode, **VIEW).compute(scheduler="threads"), in_memory)
    window = viewshed(chunked, *sites[0], mode=mode, **VIEW)
    assert np.array_equal(window, viewshed(terrain, *sites[0], mode=mode, **VIEW))
    assert np.array_equal(
        minimum_target_height(chunked, *sites[0], **VIEW),
        minimum_target_height(terrain, *sites[0], **VIEW),
        equal_nan=True,
    )


def test_the_union_over_sites_is_monotone(terrain: xr.Dataset, sites: np.ndarray) -> None:
    seen = (viewsheds(terrain, (sites[:, 0], sites[:, 1]), **VIEW) == 1).compute()
    few, more = seen[:3].any("site"), seen.any("site")
    assert not (few & ~more).any()
    assert more.sum() > few.sum()


def test_no_sites_make_an_empty_stack(terrain: xr.Dataset) -> None:
    assert viewsheds(terrain, np.empty((0, 2)), **VIEW).shape == (0, 120, 130)


def test_a_window_smaller_than_a_cell_is_the_cell_underfoot(terrain: xr.Dataset) -> None:
    window = viewshed(terrain, WEST + 330.0, NORTH - 300.0, observer_height_m=2.0, max_range_m=10.0)
    assert window.shape == (1, 1)
    assert window == 1
    beside = viewshed(terrain, WEST + 343.0, NORTH - 300.0, observer_height_m=2.0, max_range_m=10.0)
    assert beside.shape == (1, 1)
    assert beside == 0


def test_a_range_beyond_the_map_is_cut_at_its_edge(terrain: xr.Dataset) -> None:
    kw = {"observer_height_m": 10.0}
    everything = viewshed(terrain, WEST + 31.0, NORTH - 35.0, max_range_m=np.inf, **kw)
    assert everything.shape == (120, 130)
    assert np.array_equal(everything, viewshed(terrain, WEST + 31.0, NORTH - 35.0, max_range_m=1e6, **kw))


def test_read_only_and_turned_arrays_are_read_like_any_other() -> None:
    z = np.random.default_rng(3).normal(size=(40, 40)).astype(np.float32)
    expected = viewshed_array(z, 10.0, 20, 20, observer_height_m=1.0, max_range_m=150.0)[2]
    frozen = z.copy()
    frozen.flags.writeable = False
    for same in (frozen, np.asfortranarray(z), z.astype(np.float64)):
        assert np.array_equal(expected, viewshed_array(same, 10.0, 20, 20, observer_height_m=1.0, max_range_m=150.0)[2])
    compile_kernels()  # again, harmless


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"observer_height_m": -1.0}, "observer_height_m"),
        ({"target_height_m": float("nan")}, "target_height_m"),
        ({"max_range_m": 0.0}, "max_range_m"),
        ({"max_range_m": float("nan")}, "max_range_m"),
        ({"min_range_m": 900.0}, "max_range_m"),
        ({"min_range_m": -1.0}, "min_range_m"),
        ({"azimuths_rad": (1.0, 1.0)}, "azimuths_rad"),
        ({"azimuths_rad": (0.0, float("inf"))}, "azimuths_rad"),
        ({"azimuths_rad": (0.0, 1.0, 2.0)}, "azimuths_rad"),
        ({"elevations_rad": (0.2, 0.1)}, "elevations_rad"),
        ({"elevations_rad": (0.0, 2.0)}, "elevations_rad"),
        ({"curvature_k": 0.0}, "curvature_k"),
        ({"curvature_k": float("nan")}, "curvature_k"),
        ({"mode": "quick"}, "mode"),
    ],
)
def test_contradictory_views_are_refused(terrain: xr.Dataset, change: dict[str, Any], where: str) -> None:
    with pytest.raises(BadInput) as refused:
        viewshed(terrain, WEST + 300.0, NORTH - 300.0, **VIEW | change)
    assert refused.value.where == where


@pytest.mark.parametrize(
    ("easting", "northing", "what"),
    [
        (WEST - 1.0, NORTH - 300.0, "off the map"),
        (WEST + 300.0, NORTH + 1.0, "off the map"),
        (float("nan"), NORTH - 300.0, "off the map"),
        (WEST + 61.5 * CELL_M, NORTH - 41.2 * CELL_M, "void"),
    ],
)
def test_observers_off_the_map_or_on_a_void_are_refused(
    terrain: xr.Dataset, easting: float, northing: float, what: str
) -> None:
    for place in (viewshed, minimum_target_height):
        with pytest.raises(TerrainError, match=what):
            place(terrain, easting, northing, **VIEW)
    with pytest.raises(TerrainError, match=what):
        line_of_sight(terrain, (easting, northing), (WEST + 90.0, NORTH - 90.0), observer_height_m=2.0)
    with pytest.raises(TerrainError, match=what):
        viewsheds(terrain, [(WEST + 300.0, NORTH - 300.0), (easting, northing)], **VIEW)


def test_terrains_that_are_no_terrain_are_refused(terrain: xr.Dataset) -> None:
    stretched = terrain.assign_coords(easting=WEST + 40.0 * np.arange(130))
    in_degrees = terrain.assign_attrs(crs='GEOGCRS["WGS 84"]')
    one_row = terrain.isel(northing=slice(0, 1))
    for wrong in (stretched, in_degrees, one_row, terrain.drop_vars("elevation"), terrain.drop_vars("easting")):
        with pytest.raises(TerrainError):
            viewshed(wrong, WEST + 300.0, NORTH - 300.0, **VIEW)


def test_rows_and_columns_are_read_by_coordinate_never_by_position(terrain: xr.Dataset) -> None:
    place = (WEST + 300.0, NORTH - 300.0)
    expected = viewshed(terrain, *place, **VIEW)
    columns = np.random.default_rng(1).permutation(terrain.sizes["easting"])
    for other in (
        terrain.isel(northing=slice(None, None, -1)),
        terrain.transpose("easting", "northing"),
        terrain.isel(easting=columns),
    ):
        xr.testing.assert_identical(viewshed(other, *place, **VIEW), expected)
        xr.testing.assert_identical(viewsheds(other, [place], **VIEW), viewsheds(terrain, [place], **VIEW))
        assert line_of_sight(other, place, (WEST + 90.0, NORTH - 90.0), observer_height_m=2.0) == line_of_sight(
            terrain, place, (WEST + 90.0, NORTH - 90.0), observer_height_m=2.0
        )


def test_bare_arrays_are_checked_too() -> None:
    kw = {"observer_height_m": 1.0, "max_range_m": 100.0}
    for elevation, cell_m, row in (
        (np.zeros((1, 1)), 30.0, 0),
        (np.zeros((9, 9)), 0.0, 4),
        (np.zeros((9, 9)), 30.0, 9),
    ):
        with pytest.raises(TerrainError):
            viewshed_array(elevation, cell_m, row, 0, **kw)
    with pytest.raises(TypeError):
        viewshed_array(np.zeros((9, 9)), 30.0, 4.5, 4, **kw)  # type: ignore[arg-type]


def test_one_pair_of_angles_per_site_or_one_for_all(terrain: xr.Dataset, sites: np.ndarray) -> None:
    with pytest.raises(BadInput, match="2 pairs of angles"):
        viewsheds(terrain, sites, azimuths_rad=[(0.0, 1.0), (1.0, 2.0)], **VIEW)
    with pytest.raises(BadInput, match="3 values for 6 sites"):
        viewsheds(terrain, sites, **VIEW | {"observer_height_m": [1.0, 2.0, 3.0]})
