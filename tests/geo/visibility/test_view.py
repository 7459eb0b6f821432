"""What a single viewshed takes and what it refuses: arrays of any make, heights that are none, windows of any size."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr

from geo.errors import BadInput, TerrainError
from geo.visibility import line_of_sight, minimum_target_height, viewshed, viewshed_array

WEST, NORTH, CELL_M = 500_000.0, 4_600_000.0, 30.0
VIEW: dict[str, Any] = {"observer_height_m": 10.0, "max_range_m": 600.0}


def hills() -> npt.NDArray[np.float32]:
    x, y = np.mgrid[:80, :90]
    return (20.0 * np.sin(x / 9.0) * np.cos(y / 13.0) + np.random.default_rng(1).normal(size=x.shape)).astype(
        np.float32
    )


def terrain_of(z: Any) -> xr.Dataset:
    return xr.Dataset(
        {"elevation": (("northing", "easting"), z, {"units": "m"})},
        coords={
            "northing": NORTH - CELL_M * np.arange(z.shape[0]),
            "easting": WEST + CELL_M * np.arange(z.shape[1]),
        },
        attrs={"cell_m": CELL_M, "crs": "EPSG:32631", "datum": "test"},
    )


def read_only(z: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    z = z.copy()
    z.flags.writeable = False
    return z


def strided(z: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    wide = np.full((2 * z.shape[0], 3 * z.shape[1]), 1e4, np.float32)
    wide[::2, ::3] = z
    return wide[::2, ::3]


MAKES = {
    "float64": lambda z: z.astype(np.float64),
    "big-endian": lambda z: z.astype(">f4"),
    "read-only": read_only,
    "columns first": np.asfortranarray,
    "every other row": strided,
    "upside down and back": lambda z: np.ascontiguousarray(z[::-1])[::-1],
    "masked": np.ma.masked_invalid,
    "dask": lambda z: da.from_array(z, chunks=(31, 17)),
}


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_heights_of_any_make_give_the_same(make: str, mode: Any) -> None:
    z = hills()
    z[20:22, 50:53] = np.nan
    expected = viewshed_array(z, CELL_M, 30, 41, mode=mode, **VIEW)
    row0, column0, states = viewshed_array(MAKES[make](z), CELL_M, 30, 41, mode=mode, **VIEW)
    assert (row0, column0) == expected[:2]
    assert np.array_equal(states, expected[2])
    place = WEST + 41.3 * CELL_M, NORTH - 30.6 * CELL_M
    assert np.array_equal(
        viewshed(terrain_of(MAKES[make](z)), *place, mode=mode, **VIEW),
        viewshed(terrain_of(z), *place, mode=mode, **VIEW),
    )


@pytest.mark.parametrize("make", MAKES)
def test_sight_lines_are_the_same_over_heights_of_any_make(make: str) -> None:
    z = hills()
    random = np.random.default_rng(2)
    a, b = (
        np.column_stack([WEST + random.uniform(900, 1_500, 200), NORTH - random.uniform(700, 1_900, 200)]) for _ in "ab"
    )
    kw = {"observer_height_m": 3.0, "target_height_m": 2.0}
    expected = line_of_sight(terrain_of(z), a, b, **kw)
    assert np.array_equal(line_of_sight(terrain_of(MAKES[make](z)), a, b, **kw), expected)
    assert 0 < expected.mean() < 1


def test_whole_numbers_are_heights() -> None:
    z = np.round(hills())
    expected = viewshed_array(z, CELL_M, 30, 41, **VIEW)[2]
    for kind in (np.int16, np.int32, np.int64, np.uint16):
        lifted = (z + 100.0).astype(kind) if kind == np.uint16 else z.astype(kind)
        assert np.array_equal(viewshed_array(lifted, CELL_M, 30, 41, **VIEW)[2], expected)


@pytest.mark.parametrize("height", [-9999.0, -32768.0, 32767.0, -99999.0, 3.4e38, np.inf, -np.inf])
def test_a_height_that_no_ground_has_is_refused_with_its_place(height: float) -> None:
    z = hills()
    z[35, 44] = height
    terrain = terrain_of(z)
    place, far = (WEST + 41 * CELL_M, NORTH - 30 * CELL_M), (WEST + 80 * CELL_M, NORTH - 70 * CELL_M)
    for refused in (
        lambda: viewshed_array(z, CELL_M, 30, 41, **VIEW),
        lambda: viewshed(terrain, *place, **VIEW),
        lambda: viewshed(terrain, *place, mode="fast", **VIEW),
        lambda: viewshed(terrain.chunk({"northing": 20}), *place, **VIEW),
        lambda: minimum_target_height(terrain, *place, **VIEW),
        lambda: line_of_sight(terrain, place, (place[0] + 300.0, place[1] - 300.0), observer_height_m=2.0),
    ):
        with pytest.raises(TerrainError, match="undeclared void") as error:
            refused()
        assert error.value.where == "elevation"
        assert f"{height:g} m" in str(error.value)
    # what is not in the window does not matter
    assert viewshed(terrain, *far, **VIEW | {"max_range_m": 200.0}).shape == (13, 13)


def test_the_deepest_valleys_and_highest_walls_are_ground() -> None:
    z = np.zeros((9, 9), np.float32)
    z[2], z[6] = -10_900.0, 20_000.0
    seen = viewshed_array(z, CELL_M, 4, 4, observer_height_m=10.0, max_range_m=500.0)[2]
    assert (seen[2] == 0).all()
    assert (seen[6] == 1).all()
    assert (seen[7:] == 0).all()


@pytest.mark.parametrize(
    "wrong",
    [
        np.array([["1", "2"], ["3", "4"]]),
        np.zeros((4, 4), np.complex64),
        np.zeros((4, 4), bool),
        np.full((4, 4), None),
        np.zeros((4, 4, 1)),
        np.zeros(16),
        np.zeros((1, 9)),
        np.float32(3.0),
    ],
)
def test_what_is_no_map_of_heights_is_refused(wrong: Any) -> None:
    with pytest.raises(TerrainError) as error:
        viewshed_array(wrong, CELL_M, 0, 0, observer_height_m=1.0, max_range_m=100.0)
    assert error.value.where == "elevation"


@pytest.mark.parametrize("cell_m", [0.0, -30.0, np.nan, np.inf, "30"])
def test_a_cell_of_no_length_is_refused(cell_m: Any) -> None:
    with pytest.raises(BadInput) as error:
        viewshed_array(hills(), cell_m, 3, 3, observer_height_m=1.0, max_range_m=100.0)
    assert error.value.where == "cell_m"


@pytest.mark.parametrize(("row", "column"), [(-1, 3), (80, 3), (3, -1), (3, 90)])
def test_an_observer_off_the_array_is_refused(row: int, column: int) -> None:
    with pytest.raises(TerrainError, match="off the map"):
        viewshed_array(hills(), CELL_M, row, column, observer_height_m=1.0, max_range_m=100.0)


def test_a_map_that_is_void_around_the_observer() -> None:
    z = np.full((9, 9), np.nan, np.float32)
    with pytest.raises(TerrainError, match="void"):
        viewshed_array(z, CELL_M, 4, 4, observer_height_m=10.0, max_range_m=500.0)
    z[4, 4] = 0.0
    seen = viewshed_array(z, CELL_M, 4, 4, observer_height_m=10.0, max_range_m=500.0)[2]
    assert seen[4, 4] == 1
    assert (np.delete(seen.ravel(), 40) == 255).all()


@pytest.mark.parametrize("mode", ["exact", "fast"])
@pytest.mark.parametrize("shape", [(2, 2), (2, 50), (50, 2), (3, 3)])
def test_the_smallest_maps(shape: tuple[int, int], mode: Any) -> None:
    for row in (0, shape[0] - 1):
        for column in (0, shape[1] - 1):
            seen = viewshed_array(
                np.zeros(shape), CELL_M, row, column, observer_height_m=30.0, max_range_m=1e9, mode=mode
            )
            assert seen[:2] == (0, 0)
            assert np.array_equal(seen[2], np.ones(shape))


def test_an_observer_on_the_edge_sees_along_it() -> None:
    z = hills()
    terrain = terrain_of(z)
    for row, column in ((0.0, 33.3), (79.0, 33.3), (33.3, 0.0), (33.3, 89.0)):
        easting, northing = WEST + column * CELL_M, NORTH - row * CELL_M
        window = viewshed(terrain, easting, northing, observer_height_m=30.0, max_range_m=900.0)
        e, n = np.meshgrid(window["easting"], window["northing"])
        inside = np.hypot(e - easting, n - northing) <= 900.0
        expected = line_of_sight(terrain, (easting, northing), (e[inside], n[inside]), observer_height_m=30.0)
        assert np.array_equal(window.values[inside], expected)


@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_a_site_on_an_outermost_cell_stays_there_though_its_degrees_were_rounded(mode: Any) -> None:
    """A layout's file has degrees with six decimals, right to 0.06 m: half a unit of 1e-6° is 0.056 m on the ground."""
    terrain = terrain_of(hills())
    east, north = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    kw: Any = {"observer_height_m": 5.0, "max_range_m": 600.0, "mode": mode}
    for e, n, out_e, out_n in ((east[0], north[3], -1, 0), (east[-1], north[3], 1, 0), (east[3], north[0], 0, 1),
                               (east[3], north[-1], 0, -1)):  # fmt: skip
        there = viewshed(terrain, e, n, **kw)
        xr.testing.assert_equal(viewshed(terrain, e + 0.056 * out_e, n + 0.056 * out_n, **kw), there)
        with pytest.raises(TerrainError, match="off the map"):
            viewshed(terrain, e + 0.5 * out_e, n + 0.5 * out_n, **kw)


def test_elevation_limits_are_those_of_the_target_seen_from_the_eye() -> None:
    # A plain without curvature, eye 100 m up, targets on the ground: the angle down is atan(100 / distance).
    terrain = terrain_of(np.zeros((81, 81), np.float32))
    place = WEST + 40 * CELL_M, NORTH - 40 * CELL_M
    limits = -np.arctan(100.0 / 300.0), -np.arctan(100.0 / 900.0)
    seen = viewshed(
        terrain, *place, observer_height_m=100.0, target_height_m=0.0, max_range_m=1_500.0, curvature_k=np.inf,
        elevations_rad=limits,
    )  # fmt: skip
    distance = np.hypot(seen["easting"] - place[0], seen["northing"] - place[1]).values
    inside = (distance > 300.0 + 1e-6) & (distance < 900.0 - 1e-6)
    outside = (distance < 300.0 - 1e-6) | (distance > 900.0 + 1e-6)
    assert (seen.values[inside] == 1).all()
    assert (seen.values[outside] == 0).all()


def test_the_least_range_is_inclusive_too() -> None:
    terrain = terrain_of(np.zeros((41, 41), np.float32))
    place = WEST + 20 * CELL_M, NORTH - 20 * CELL_M
    seen = viewshed(terrain, *place, observer_height_m=50.0, max_range_m=450.0, min_range_m=150.0)
    distance = np.hypot(seen["easting"] - place[0], seen["northing"] - place[1])
    assert np.array_equal(seen.values == 1, ((distance >= 150.0) & (distance <= 450.0)).values)


def test_coordinates_in_degrees_are_refused_though_no_system_says_so() -> None:
    z = hills()
    degrees = terrain_of(z).assign_coords(northing=42.0 - np.arange(80) / 3600, easting=1.0 + np.arange(90) / 3600)
    degrees.attrs.pop("crs")
    with pytest.raises(TerrainError, match="degrees"):
        viewshed(degrees, 1.01, 41.99, **VIEW)


def test_a_window_that_fits_into_no_memory_is_refused_before_it_is_read() -> None:
    def fail(block: Any) -> Any:
        raise AssertionError("read")

    endless = da.zeros((60_000, 60_000), dtype=np.float32, chunks=5_000).map_blocks(fail, dtype=np.float32)
    place = WEST + 30_000 * CELL_M, NORTH - 30_000 * CELL_M
    with pytest.raises(BadInput, match="3,600,000,000 cells") as error:
        viewshed(terrain_of(endless), *place, observer_height_m=2.0, max_range_m=np.inf)
    assert error.value.where == "max_range_m"


def test_arguments_of_numpys_own_kinds_are_numbers_too() -> None:
    z = hills()
    expected = viewshed_array(z, CELL_M, 30, 41, azimuths_rad=(1.0, 2.0), **VIEW)[2]
    same = viewshed_array(
        z, np.float32(CELL_M), np.int64(30), np.uint8(41), observer_height_m=np.float64(10.0),
        max_range_m=np.int32(600),
        azimuths_rad=np.array([1.0, 2.0]),
    )  # fmt: skip
    assert np.array_equal(same[2], expected)


def test_a_view_leaves_the_heights_as_they_were() -> None:
    z = hills()
    before = z.copy()
    for mode in ("exact", "fast"):
        viewshed_array(z, CELL_M, 30, 41, mode=mode, **VIEW)  # type: ignore[arg-type]
    minimum_target_height(terrain_of(z), WEST + 900.0, NORTH - 900.0, **VIEW)
    assert np.array_equal(z, before)
