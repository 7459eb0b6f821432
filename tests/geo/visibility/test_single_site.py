"""Sight lines and viewsheds: hand-worked ridges, the horizon, dense sampling, and the laws of the exact mode."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj.crs import CRS
from scipy.ndimage import map_coordinates

from geo.errors import BadInput, TerrainError
from geo.terrain import open_terrain
from geo.visibility import line_of_sight, minimum_target_height, viewshed, viewshed_array, viewsheds
from ops.sector.samples import jacksboro_cog
from tests.drills.sizes import sized

SHARED_TERRAIN = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "terrain"
WEST, NORTH = 500_000.0, 4_600_000.0
FLAT = float("inf")


def terrain_of(elevation: npt.ArrayLike, cell_m: float = 30.0) -> xr.Dataset:
    z = np.asarray(elevation, np.float32)
    return xr.Dataset(
        {"elevation": (("northing", "easting"), z, {"units": "m"})},
        coords={
            "northing": NORTH - cell_m * np.arange(z.shape[0]),
            "easting": WEST + cell_m * np.arange(z.shape[1]),
        },
        attrs={"cell_m": cell_m, "crs": "EPSG:32631", "datum": "test"},
    )


def hills(rows: int, columns: int, seed: int = 0, relief_m: float = 120.0) -> npt.NDArray[np.float32]:
    """Fractal hills by spectral synthesis, power falling with the third power of frequency."""
    random = np.random.default_rng(seed)
    size = max(rows, columns)
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    frequency[0, 0] = np.inf
    z = np.fft.irfft2(np.fft.rfft2(random.normal(size=(size, size))) / frequency**1.9, s=(size, size))
    return (z / z.std() * relief_m).astype(np.float32)[:rows, :columns]


def places(terrain: xr.Dataset, rows: npt.ArrayLike, columns: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    cell_m = terrain.attrs["cell_m"]
    return WEST + cell_m * np.asarray(columns, float), NORTH - cell_m * np.asarray(rows, float)


def reference(terrain: xr.Dataset, window: xr.DataArray, easting: float, northing: float, range_m: float, **heights):
    """The window's cells by ``line_of_sight``, one by one."""
    e, n = np.meshgrid(window["easting"], window["northing"])
    inside = (e - easting) ** 2 + (n - northing) ** 2 <= range_m**2 * (1 + 1e-12)
    states = np.zeros(window.shape, np.uint8)
    states[inside] = line_of_sight(terrain, (easting, northing), (e[inside], n[inside]), **heights)
    return states


# --- the reference: line_of_sight --------------------------------------------------------------------------------


def test_a_ridge_hides_by_similar_triangles() -> None:
    # Eye 5 m, ridge 10 m high ten cells away: twice as far the line over it stands 15 m high.
    z = np.zeros((5, 41))
    z[:, 20] = 10.0
    terrain = terrain_of(z)
    observer, target = places(terrain, 2, 10), places(terrain, 2, 30)
    seen = line_of_sight(
        terrain, observer, target, observer_height_m=5.0, target_height_m=[14.99, 15.0, 15.01], curvature_k=FLAT
    )
    assert seen.tolist() == [0, 1, 1]
    needed = minimum_target_height(
        terrain, *(float(x) for x in observer), observer_height_m=5.0, max_range_m=620.0, curvature_k=FLAT
    )
    assert needed.values[2, 30] == pytest.approx(15.0, abs=1e-5)
    assert needed.values[2, 20] == 0.0


def test_the_surface_bulges_between_crossings() -> None:
    # One cell with corners 0, 10, 10, 0: along the diagonal between the low corners it is 20 s(1-s), 5 m in the
    # middle, though no grid line is crossed on the way.
    terrain = terrain_of([[0.0, 10.0], [10.0, 0.0]])
    heights = np.array([4.99, 5.0, 5.01])
    seen = line_of_sight(
        terrain,
        places(terrain, 0, 0),
        places(terrain, 1, 1),
        observer_height_m=heights,
        target_height_m=heights,
        curvature_k=FLAT,
    )
    assert seen.tolist() == [0, 1, 1]


@pytest.mark.parametrize(("k", "horizon_m"), [(4 / 3, 23_807.0), (1 / (1 - 0.13), 22_105.0)])
def test_the_horizon_of_a_calm_sea(k: float, horizon_m: float) -> None:
    # A mast of 20 m and a person of 1.7 m lose sight of each other there.
    terrain = terrain_of(np.zeros((3, 300)), cell_m=100.0)
    observer = places(terrain, 1, 1)
    distances = horizon_m + np.array([-5.0, 5.0])
    heights = {"observer_height_m": 20.0, "target_height_m": 1.7, "curvature_k": k}
    seen = line_of_sight(terrain, observer, (observer[0] + distances, observer[1]), **heights)
    assert seen.tolist() == [1, 0]
    window = viewshed(terrain, *(float(x) for x in observer), max_range_m=29_000.0, **heights)
    last = window.values[1].nonzero()[0].max()
    assert abs(last - 1 - horizon_m / 100.0) < 1.0


def test_sight_is_mutual_at_equal_heights() -> None:
    terrain = terrain_of(np.round(hills(80, 90, seed=3)))
    random = np.random.default_rng(1)
    a = places(terrain, random.uniform(0, 79, 4000), random.uniform(0, 89, 4000))
    b = places(terrain, random.integers(0, 80, 4000), random.integers(0, 90, 4000))
    there = line_of_sight(terrain, a, b, observer_height_m=4.0, target_height_m=4.0)
    back = line_of_sight(terrain, b, a, observer_height_m=4.0, target_height_m=4.0)
    assert 0.05 < there.mean() < 0.95
    assert np.array_equal(there, back)


@pytest.mark.parametrize("seed", [5, 6])
def test_agrees_with_dense_sampling_of_the_surface(seed: int) -> None:
    z = hills(60, 70, seed=seed, relief_m=40.0)
    terrain, random, pairs, samples = terrain_of(z), np.random.default_rng(seed), 10_000, 300
    r0, r1 = random.uniform(0, 59, (2, pairs))
    c0, c1 = random.uniform(0, 69, (2, pairs))
    seen = line_of_sight(
        terrain, places(terrain, r0, c0), places(terrain, r1, c1), observer_height_m=10.0, target_height_m=2.0
    )
    s = (np.arange(samples) + 0.5) / samples
    ground = map_coordinates(
        z.astype(float), [r0[:, None] + np.outer(r1 - r0, s), c0[:, None] + np.outer(c1 - c0, s)], order=1
    )
    eye = map_coordinates(z.astype(float), [r0, c0], order=1) + 10.0
    top = map_coordinates(z.astype(float), [r1, c1], order=1) + 2.0
    squared = ((r1 - r0) ** 2 + (c1 - c0) ** 2) * 30.0**2
    bulge = np.outer(squared, s * (1 - s)) / (2 * 4 / 3 * 6_371_008.8)
    highest = (ground + bulge - (np.outer(eye, 1 - s) + np.outer(top, s))).max(axis=1)
    assert not seen[highest > 1e-6].any()  # a sample above the line blocks it
    # samples lie a quarter of a cell apart at most, so the surface rises little between them
    assert seen[highest < -5.0].all()
    assert 0.1 < seen.mean() < 0.9


def test_voids_leave_what_is_behind_them_unknown() -> None:
    z = np.zeros((5, 40))
    z[2, 10], z[1:4, 20], z[2, 30] = 50.0, np.nan, 50.0
    terrain = terrain_of(z)
    kw = {"observer_height_m": 2.0, "target_height_m": 2.0}
    west, east = places(terrain, 2, 0), places(terrain, 2, 15)
    assert line_of_sight(terrain, west, places(terrain, 2, 25), **kw) == 0  # blocked before the void
    assert line_of_sight(terrain, east, places(terrain, 2, 25), **kw) == 255
    assert line_of_sight(terrain, east, places(terrain, 2, 35), **kw) == 255  # the void comes before the ridge
    assert line_of_sight(terrain, east, places(terrain, 2, 20), **kw) == 255  # the target itself is void
    assert line_of_sight(terrain, east, (WEST - 500.0, NORTH), **kw) == 255  # off the map
    assert line_of_sight(terrain, east, (np.nan, NORTH), **kw) == 255
    assert line_of_sight(terrain, places(terrain, 0, 15), places(terrain, 0, 25), **kw) == 1  # along the void's edge


@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_an_observer_beside_a_void_stands_at_its_own_centre_where_the_void_has_a_weight_in_its_height(
    mode: str,
) -> None:
    """Cell (2, 3) is void. Its neighbours' centres, and lines between known centres beside it, are known ground."""
    z = hills(6, 8, seed=3)
    z[2, 3] = np.nan
    terrain = terrain_of(z)

    def look(row: float, column: float, terrain: xr.Dataset = terrain) -> np.ndarray:
        easting, northing = (float(x) for x in places(terrain, row, column))
        return viewshed(terrain, easting, northing, observer_height_m=30.0, max_range_m=90.0, mode=mode).values

    def sees(row: float, column: float, to: tuple[int, int] = (5, 0)) -> int:
        here, there = places(terrain, row, column), places(terrain, *to)
        return int(line_of_sight(terrain, here, there, observer_height_m=30.0, target_height_m=1.7, curvature_k=4 / 3))

    for row, column in ((2, 2), (2, 4), (1, 3), (3, 3), (3, 2.4), (1, 3.7), (1.5, 2), (2.5, 4), (2.4, 4.2)):
        assert (look(row, column) == 1).any(), (row, column)
        assert sees(row, column) in (0, 1, 255), (row, column)
    for row, column, own in ((2, 2 + 1 / 3, (2, 2)), (1.1, 3, (1, 3)), (2.9, 2.1, (3, 2)), (2, 3.6, (2, 4))):
        assert np.array_equal(look(row, column), look(*own)), (row, column)
        assert np.array_equal(look(row, column), look(*own, terrain.chunk(3))), (row, column)
        assert [sees(row, column, to) for to in ((5, 0), (0, 7))] == [sees(*own, to) for to in ((5, 0), (0, 7))]
        easting, northing = (float(x) for x in places(terrain, row, column))
        stack = viewsheds(terrain, [(easting, northing)], observer_height_m=30.0, max_range_m=90.0, mode=mode)
        alone = viewshed(terrain, easting, northing, observer_height_m=30.0, max_range_m=90.0, mode=mode)
        assert np.array_equal(stack[0].sel(northing=alone.northing, easting=alone.easting), alone)
    for row, column in ((2, 3), (2, 2.9), (1.6, 3.4)):
        with pytest.raises(TerrainError, match=r"its cell is void; expected a position on a cell of known height"):
            look(row, column)
        with pytest.raises(TerrainError, match="observer of pair 0: its cell is void"):
            sees(row, column)


# --- viewshed, exact ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("voids", [False, True])
@pytest.mark.parametrize(("row", "column"), [(70, 64), (70.37, 64.81), (0, 127), (139.0, 0.25)])
def test_viewshed_is_line_of_sight_in_every_cell(row: float, column: float, voids: bool) -> None:
    z = hills(140, 128, seed=11)
    if voids:
        z[np.random.default_rng(2).random(z.shape) < 0.002] = np.nan
        z[90:110, 20:40] = np.nan
        z[69:72, 63:67] = 0.0
        z[0, 127], z[138:, :2] = 100.0, 100.0
    terrain = terrain_of(z)
    easting, northing = (float(x) for x in places(terrain, row, column))
    kw = {"observer_height_m": 15.0, "target_height_m": 1.7, "curvature_k": 4 / 3}
    window = viewshed(terrain, easting, northing, max_range_m=3_000.0, **kw)
    assert np.array_equal(window.values, reference(terrain, window, easting, northing, 3_000.0, **kw))
    assert {0, 1} | ({255} if voids else set()) == set(np.unique(window))


@settings(max_examples=sized(50, 150), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(2, 40), st.integers(2, 40)),
    place=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    mast_m=st.sampled_from([0.0, 1.0, 12.0]),
    target_m=st.sampled_from([0.0, 1.7, 8.0]),
    k=st.sampled_from([4 / 3, FLAT, 0.01]),
    step_m=st.sampled_from([0.0, 1.0, 20.0]),
)
def test_viewshed_is_line_of_sight_on_any_ground(seed, shape, place, mast_m, target_m, k, step_m) -> None:
    z = np.random.default_rng(seed).normal(size=shape) * 10.0
    z = np.round(z / step_m) * step_m if step_m else z
    terrain = terrain_of(z)
    easting, northing = (float(x) for x in places(terrain, place[0] * (shape[0] - 1), place[1] * (shape[1] - 1)))
    kw = {"observer_height_m": mast_m, "target_height_m": target_m, "curvature_k": k}
    window = viewshed(terrain, easting, northing, max_range_m=5_000.0, **kw)
    assert np.array_equal(window.values, reference(terrain, window, easting, northing, 5_000.0, **kw))


def test_viewshed_is_line_of_sight_on_the_sample_terrain(tmp_path: Path) -> None:
    terrain = open_terrain(jacksboro_cog(tmp_path))
    easting = float(terrain["easting"][200]) + 31.0
    northing = float(terrain["northing"][170]) - 12.0
    kw = {"observer_height_m": 20.0, "target_height_m": 1.7, "curvature_k": 4 / 3}
    window = viewshed(terrain, easting, northing, max_range_m=10_000.0, **kw)
    assert np.array_equal(window.values, reference(terrain, window, easting, northing, 10_000.0, **kw))
    assert 0.02 < (window == 1).mean() < 0.5


@pytest.mark.skipif(not SHARED_TERRAIN.is_dir(), reason="the shared SRTM tiles are not here")
def test_viewshed_is_line_of_sight_in_the_pyrenees() -> None:
    terrain = open_terrain(next(SHARED_TERRAIN.glob("*pyrenees*.tif")))
    easting = float(terrain["easting"].mean()) + 17.0
    northing = float(terrain["northing"].mean()) + 29.0
    kw = {"observer_height_m": 20.0, "target_height_m": 1.7, "curvature_k": 4 / 3}
    window = viewshed(terrain, easting, northing, max_range_m=20_000.0, **kw)
    assert np.array_equal(window.values, reference(terrain, window, easting, northing, 20_000.0, **kw))


def test_raising_the_mast_or_the_target_never_hides_a_cell() -> None:
    z = np.round(hills(150, 150, seed=21))  # whole metres, so that lines touch
    lower = None
    for mast_m, target_m in [(0, 0), (2, 0), (2, 1.7), (10, 1.7), (10, 6), (60, 6)]:
        _, _, seen = viewshed_array(
            z, 30.0, 70, 80, observer_height_m=mast_m, target_height_m=target_m, max_range_m=2e3
        )
        if lower is not None:
            assert not ((lower == 1) & (seen != 1)).any()
            assert (seen == 1).sum() > (lower == 1).sum()
        lower = seen


def test_quarter_turns_turn_the_answer() -> None:
    z = np.round(hills(120, 120, seed=22), 1)
    z[30:33, 40:44] = np.nan
    kw = {"observer_height_m": 8.0, "max_range_m": 1_500.0}
    row0, col0, seen = viewshed_array(z, 30.0, 50, 70, **kw)
    full = np.zeros_like(z, np.uint8)
    full[row0 : row0 + seen.shape[0], col0 : col0 + seen.shape[1]] = seen
    for turns in (1, 2, 3):
        row, col = np.argwhere(np.rot90(np.arange(z.size).reshape(z.shape), turns) == 50 * 120 + 70)[0]
        row0, col0, turned = viewshed_array(np.rot90(z, turns), 30.0, int(row), int(col), **kw)
        window = np.rot90(full, turns)[row0 : row0 + turned.shape[0], col0 : col0 + turned.shape[1]]
        assert np.array_equal(window, turned)


def test_a_larger_view_never_loses_a_cell_and_halves_make_the_whole() -> None:
    terrain = terrain_of(hills(100, 100, seed=23))
    place = tuple(float(x) for x in places(terrain, 50.3, 49.6))
    kw = {"observer_height_m": 10.0, "max_range_m": 1_200.0}
    everything = viewshed(terrain, *place, **kw).values
    smaller = np.zeros_like(everything)
    for width in np.linspace(0.2, 6.2, 13):
        larger = viewshed(terrain, *place, azimuths_rad=(5.5, 5.5 + width), **kw).values
        assert not ((smaller == 1) & (larger != 1)).any()
        smaller = larger
    for start in np.linspace(-7, 7, 15):
        halves = [viewshed(terrain, *place, azimuths_rad=(a, a + np.pi), **kw).values for a in (start, start + np.pi)]
        assert np.array_equal(np.maximum(*halves), everything)
    low, high = (viewshed(terrain, *place, elevations_rad=e, **kw).values for e in ((-1.5, 0.0), (0.0, 1.5)))
    assert np.array_equal(np.maximum(low, high), everything)
    near = viewshed(terrain, *place, **kw | {"max_range_m": 600.0})
    far = viewshed(terrain, *place, min_range_m=600.0, **kw)
    assert np.array_equal(np.maximum(near.reindex_like(far, fill_value=0).values, far.values), everything)


def test_azimuths_turn_clockwise_from_grid_north_and_may_wrap() -> None:
    terrain = terrain_of(np.zeros((21, 21)))
    place = tuple(float(x) for x in places(terrain, 10, 10))
    seen = viewshed(terrain, *place, observer_height_m=9.0, max_range_m=300.0, azimuths_rad=(7 * np.pi / 4, np.pi / 4))
    assert seen.sel(northing=place[1] + 300.0, easting=place[0]) == 1
    assert seen.sel(northing=place[1] - 300.0, easting=place[0]) == 0
    assert seen.sel(northing=place[1] + 90.0, easting=place[0] + 90.0) == 1  # the edge belongs to it
    assert seen.sel(northing=place[1], easting=place[0] + 300.0) == 0
    assert seen.sel(northing=place[1], easting=place[0]) == 1  # underfoot


def test_range_is_inclusive_and_horizontal() -> None:
    terrain = terrain_of(np.zeros((21, 21)))
    place = tuple(float(x) for x in places(terrain, 10, 10))
    seen = viewshed(terrain, *place, observer_height_m=50.0, max_range_m=150.0)
    distance = np.hypot(seen["easting"] - place[0], seen["northing"] - place[1])
    assert np.array_equal(seen.values == 1, (distance <= 150.0).values)
    assert seen.shape == (11, 11)


def test_least_height_decides_as_the_viewshed_does() -> None:
    z = hills(120, 120, seed=31)
    z[20:24, 30:50] = np.nan
    terrain = terrain_of(z)
    place = tuple(float(x) for x in places(terrain, 60.2, 59.7))
    needed = minimum_target_height(terrain, *place, observer_height_m=5.0, max_range_m=1_700.0)
    assert np.isfinite(needed).mean() > 0.6
    for target_m in (0.5, 1.7, 10.0, 60.0):
        seen = viewshed(terrain, *place, observer_height_m=5.0, target_height_m=target_m, max_range_m=1_700.0)
        clear_cut = np.abs(needed - target_m) > 1e-3
        assert np.array_equal((needed <= target_m).values[clear_cut], (seen == 1).values[clear_cut])


@pytest.mark.parametrize("angles", [(1.0, 1.0), (np.pi, -np.pi), (2 * np.pi, 0.0), (1.0 + 2 * np.pi, 1.0)])
def test_a_sector_that_may_be_all_or_nothing_is_refused(angles: tuple[float, float]) -> None:
    with pytest.raises(BadInput, match="same direction"):
        viewshed_array(np.zeros((9, 9)), 30.0, 4, 4, observer_height_m=2.0, max_range_m=90.0, azimuths_rad=angles)


@pytest.mark.parametrize(
    "wrong",
    [
        {"observer_height_m": "2"},
        {"target_height_m": None},
        {"max_range_m": "90"},
        {"curvature_k": "4/3"},
        {"azimuths_rad": "ab"},
        {"azimuths_rad": ((0, 1), (1, 2))},
    ],
)
def test_what_is_no_number_is_named_in_the_refusal(wrong: dict[str, object]) -> None:
    view = {"observer_height_m": 2.0, "max_range_m": 90.0} | wrong
    with pytest.raises(BadInput, match=next(iter(wrong))):
        viewshed_array(np.zeros((9, 9)), 30.0, 4, 4, **view)


def test_pairs_that_do_not_fit_together_are_refused() -> None:
    terrain = terrain_of(np.zeros((9, 9)))
    three, two = places(terrain, [1, 2, 3], [1, 2, 3]), places(terrain, [4, 5], [4, 5])
    with pytest.raises(BadInput, match="broadcast"):
        line_of_sight(terrain, three, two, observer_height_m=2.0)


@pytest.mark.parametrize("crs", ["EPSG:4326", CRS("EPSG:4326+5773").to_wkt(), CRS(4326).to_wkt("WKT1_GDAL")])
def test_degrees_are_no_metres_however_the_system_is_written(crs: str) -> None:
    terrain = terrain_of(np.zeros((9, 9))).assign_attrs(crs=crs)
    with pytest.raises(TerrainError, match="geographic"):
        viewshed(terrain, WEST + 90.0, NORTH - 90.0, observer_height_m=2.0, max_range_m=90.0)


@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_masked_cells_are_voids(mode: str) -> None:
    z = hills(41, 41, seed=3)
    view = {"observer_height_m": 5.0, "max_range_m": 600.0, "mode": mode}
    holes = np.zeros(z.shape, bool)
    holes[10, 12] = holes[25, 30] = True
    masked = viewshed_array(np.ma.masked_array(z, holes), 30.0, 20, 20, **view)[2]
    assert np.array_equal(masked, viewshed_array(np.where(holes, np.nan, z), 30.0, 20, 20, **view)[2])
    assert (masked == 255).any()


# --- viewshed, fast ----------------------------------------------------------------------------------------------


def test_fast_errs_in_few_cells() -> None:
    z = hills(600, 600, seed=41, relief_m=200.0)
    kw = {"observer_height_m": 20.0, "max_range_m": 8_000.0}
    exact = viewshed_array(z, 30.0, 300, 290, **kw)[2]
    fast = viewshed_array(z, 30.0, 300, 290, mode="fast", **kw)[2]
    # GDAL, the same method, reaches 99.5 to 99.7 % on mountains
    assert (exact == fast).mean() > 0.99
    assert abs(int((fast == 1).sum()) - int((exact == 1).sum())) < 0.05 * (exact == 1).sum()


def test_fast_is_right_on_a_plain_and_knows_voids() -> None:
    z = np.zeros((101, 101))
    kw = {"observer_height_m": 10.0, "max_range_m": 1_500.0}
    assert np.array_equal(
        viewshed_array(z, 30.0, 50, 50, **kw)[2], viewshed_array(z, 30.0, 50, 50, mode="fast", **kw)[2]
    )
    z[50, 60] = np.nan
    fast = viewshed_array(z, 30.0, 50, 50, mode="fast", **kw)[2]
    assert (fast[50, 60:] == 255).all()
    assert (fast[50, :60] == 1).all()


@pytest.mark.parametrize("azimuth_deg", [0, 13, 20, 30, 38, 45, 52, 65, 77, 90, 200, 250, 290, 335])
def test_fast_casts_the_shadow_of_a_void_the_way_the_rays_go(azimuth_deg: int) -> None:
    azimuth = np.radians(azimuth_deg)
    z = np.zeros((101, 101))
    z[round(50 - 15 * np.cos(azimuth)), round(50 + 15 * np.sin(azimuth))] = np.nan
    view = {"observer_height_m": 10.0, "max_range_m": 1_500.0}
    exact = viewshed_array(z, 30.0, 50, 50, **view)[2]
    fast = viewshed_array(z, 30.0, 50, 50, mode="fast", **view)[2]
    unknown = exact == 255
    assert unknown.sum() > 100
    assert ((fast == 255) != unknown).sum() <= 0.1 * unknown.sum()  # along the edges of the shadow


def test_fast_errs_in_few_cells_among_many_voids_too() -> None:
    z = hills(201, 201, seed=42, relief_m=60.0)
    voids = np.random.default_rng(5).integers(0, 201, (2, 40))
    voids = voids[:, np.hypot(*(voids - 100)) > 5]
    z[tuple(voids)] = np.nan
    view = {"observer_height_m": 20.0, "max_range_m": 3_000.0}
    exact = viewshed_array(z, 30.0, 100, 100, **view)[2]
    fast = viewshed_array(z, 30.0, 100, 100, mode="fast", **view)[2]
    unknown = exact == 255
    assert unknown.sum() > 500
    assert (fast[unknown] == 1).mean() < 0.03  # what nobody can know is not called visible
    assert (fast == exact).mean() > 0.97
