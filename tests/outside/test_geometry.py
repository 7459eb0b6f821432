"""Visibility in closed form, frames and borders against geodesics, other people's rasters, odd places of the Earth.

Sources: design §3 (conventions) and §4a (viewshed, terrain), metrics.md §4 (horizon), docs/nomenclature.md (space and
time), the public docstrings; geodesics by Karney's algorithm (pyproj.Geod), sight lines by similar triangles on grounds
that are linear between cell centres, and by walking along the line in small steps.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import shapely
import xarray as xr
from shapely import contains_xy
from shapely.geometry import LineString, MultiLineString, Polygon

from geo.border import Border, Zone
from geo.errors import BadInput, BorderError, FrameError, TerrainError
from geo.frame import LocalFrame
from geo.terrain import aspect, open_terrain, sample, slope
from geo.visibility import (
    covering_sites,
    line_of_sight,
    minimum_target_height,
    viewshed,
    viewshed_array,
    viewsheds,
)

EARTH_M = 6_371_008.8
GEOD = pyproj.Geod(ellps="WGS84")
FRAME = LocalFrame.around(10.0, 47.0)
FLAT = math.inf


def ground(heights: np.ndarray, cell_m: float = 10.0, frame: LocalFrame = FRAME) -> xr.Dataset:
    """A terrain as the design describes it, rows from north to south, its south-west cell centred on (0, 0)."""
    rows, columns = heights.shape
    metres = {"units": "m"}
    return xr.Dataset(
        {"elevation": (("northing", "easting"), heights.astype(np.float32), metres)},
        {
            "northing": ("northing", np.arange(rows)[::-1] * cell_m, metres),
            "easting": ("easting", np.arange(columns) * cell_m, metres),
        },
        {"crs": frame.crs.to_wkt(), "datum": "made up", "cell_m": cell_m},
    )


def rough(rows: int, columns: int, seed: int, height_m: float = 12.0) -> np.ndarray:
    """Hills from a few random waves, rounded to what float32 holds exactly."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns]
    waves = sum(
        np.sin(random.uniform(0.1, 0.9) * x + random.uniform(-0.9, 0.9) * y + random.uniform(0, 7)) for _ in range(6)
    )
    return np.round(waves * height_m / 2, 2)


# Horizons: drop d²/(2 k R), so an eye at h touches the ground at sqrt(2 k R h) (metrics.md §4)


@pytest.mark.parametrize(("k", "oracle_m"), [(4 / 3, 23_807), (1 / (1 - 0.13), 22_105)])
@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_the_horizon_of_a_mast_over_the_plain(k: float, oracle_m: float, mode: str):
    """20 m and 1.7 m: 23,807 m for radio, 22,105 m for light; every cell before it is seen, none behind it."""
    horizon = math.sqrt(2 * k * EARTH_M * 20.0) + math.sqrt(2 * k * EARTH_M * 1.7)
    assert horizon == pytest.approx(oracle_m, abs=1.0)
    cell = 50.0
    _, first, seen = viewshed_array(
        np.zeros((3, 600)),
        cell,
        1,
        0,
        observer_height_m=20.0,
        target_height_m=1.7,
        max_range_m=29_000.0,
        curvature_k=k,
        mode=mode,
    )
    distances = (first + np.arange(seen.shape[1])) * cell
    near = np.abs(distances - horizon) < 2.0
    assert np.array_equal(seen[1][~near] == 1, (distances < horizon)[~near])


def test_on_a_flat_earth_there_is_no_horizon():
    seen = viewshed_array(
        np.zeros((3, 900)),
        100.0,
        1,
        0,
        observer_height_m=0.5,
        target_height_m=0.0,
        max_range_m=89_900.0,
        curvature_k=FLAT,
    )[2]
    assert (seen[1] == 1).all()


# Walls and ridges: similar triangles


@pytest.mark.parametrize("k", [FLAT, 4 / 3, 1.15])
@pytest.mark.parametrize("wall_m", [5.0, 30.0, 80.0])
def test_least_height_behind_a_long_ridge(k: float, wall_m: float):
    """A ridge of cell column 40 on a plain: seen from eye h, its top shades what is below the line over it.

    The surface is a tent along the columns, so along every ray it is highest at the ridge line, a share s = 40/column
    of the way: the target must reach h + (wall − drop(s d) − h)/s + drop(d).
    """
    cell, rows, columns, at, eye = 30.0, 61, 120, 40, 6.0
    heights = np.zeros((rows, columns))
    heights[:, at] = wall_m
    terrain = ground(heights, cell)
    least = minimum_target_height(terrain, 0.0, 30 * cell, observer_height_m=eye, max_range_m=3500.0, curvature_k=k)
    east, north = np.meshgrid(least.easting.values, least.northing.values - 30 * cell)
    distance = np.hypot(east, north)

    def drop(d: np.ndarray) -> np.ndarray:
        return d * d / (2 * k * EARTH_M) if math.isfinite(k) else 0.0 * d

    behind = (east > (at + 1.5) * cell) & (distance <= 3500.0)
    share = at * cell / np.where(behind, east, 1.0)
    wanted = eye + (wall_m - drop(share * distance) - eye) / share + drop(distance)
    assert np.allclose(least.values[behind], np.maximum(wanted, 0.0)[behind], atol=2e-3)
    before = (east < (at - 1.5) * cell) & (distance <= 3500.0)
    assert (least.values[before] < 0.2).all()  # a plain within 3.5 km of a 6 m mast is above the horizon
    for target in (0.0, 1.7, 25.0):
        seen = viewshed(
            terrain, 0.0, 30 * cell, observer_height_m=eye, target_height_m=target, max_range_m=3500.0, curvature_k=k
        )
        clear = behind & (np.abs(wanted - target) > 0.01)
        assert np.array_equal((seen.values == 1)[clear], (wanted <= target)[clear])


def test_a_line_that_touches_the_ground_is_not_blocked():
    """On a tilted plane every line from the ground to the ground lies in it: all is seen at height 0 (design §4a)."""
    y, x = np.mgrid[0:41, 0:41]
    terrain = ground(0.25 * x - 0.5 * y + 100.0)  # exact in float32
    seen = viewshed(
        terrain, 200.0, 200.0, observer_height_m=0.0, target_height_m=0.0, max_range_m=150.0, curvature_k=FLAT
    )
    inside = np.hypot(*np.meshgrid(seen.easting.values - 200.0, seen.northing.values - 200.0)) <= 150.0
    assert (seen.values[inside] == 1).all()
    assert (seen.values[~inside] == 0).all()


def test_range_is_inclusive_and_horizontal():
    """A cell at (30, 40) m is 50 m away, however high it lies."""
    heights = np.zeros((11, 11))
    heights[1, 8] = 500.0  # (30 m east, 40 m north of the middle)
    terrain = ground(heights)
    for reach, wanted in [(50.0, 1), (49.999, 0)]:
        seen = viewshed(terrain, 50.0, 50.0, observer_height_m=5.0, max_range_m=reach, curvature_k=FLAT)
        window = seen.reindex(easting=[80.0], northing=[90.0], fill_value=0)
        assert int(window.item()) == wanted
    ring = viewshed(terrain, 50.0, 50.0, observer_height_m=5.0, min_range_m=50.0, max_range_m=60.0, curvature_k=FLAT)
    assert int(ring.sel(easting=80.0, northing=90.0)) == 1
    assert int(ring.sel(easting=70.0, northing=90.0)) == 0  # 44.7 m


@pytest.mark.parametrize(("start", "end"), [(0.3, 1.9), (5.9, 0.4), (-0.5, 0.5), (3.0, 3.0 + 2 * math.pi), (2.0, 1.9)])
def test_azimuths_run_clockwise_from_grid_north_and_may_wrap(start: float, end: float):
    terrain = ground(np.zeros((41, 41)))
    seen = viewshed(
        terrain, 200.0, 200.0, observer_height_m=5.0, max_range_m=180.0, azimuths_rad=(start, end), curvature_k=FLAT
    )
    east, north = np.meshgrid(seen.easting.values - 200.0, seen.northing.values - 200.0)
    azimuth = np.arctan2(east, north)
    width = end - start if abs(end - start) >= 2 * math.pi else (end - start) % (2 * math.pi)
    turned = (azimuth - start) % (2 * math.pi)
    inside = (turned <= width) | (np.hypot(east, north) == 0)
    edge = (np.minimum(np.abs(turned - width), np.minimum(turned, 2 * math.pi - turned)) < 1e-6) & (width < 6.28)
    within = np.hypot(east, north) <= 180.0
    assert np.array_equal((seen.values == 1)[within & ~edge], inside[within & ~edge])


def test_elevation_angles_hold_the_top_of_the_target():
    """A slope of 45 degrees seen from its foot: only what lies within 10 to 30 degrees is in view."""
    heights = np.tile(np.concatenate([np.zeros(20), 10.0 * np.arange(1, 41)]), (3, 1))
    terrain = ground(heights)
    seen = viewshed(
        terrain,
        0.0,
        10.0,
        observer_height_m=2.0,
        target_height_m=2.0,
        max_range_m=590.0,
        curvature_k=FLAT,
        elevations_rad=(math.radians(10.0), math.radians(30.0)),
    ).sel(northing=10.0)
    angle = np.degrees(np.arctan2(heights[0] + 2.0 - 2.0, 10.0 * np.arange(60)))
    assert np.array_equal(seen.values[1:] == 1, ((angle >= 10.0) & (angle <= 30.0))[1 : seen.size])


def test_voids_are_unknown_unless_ground_before_them_blocks():
    """Design §4a: 255 where the line crosses a void before it is blocked."""
    heights = np.zeros((5, 30))
    heights[:, 10] = 40.0
    heights[:, 15] = np.nan
    seen = viewshed_array(heights, 10.0, 2, 0, observer_height_m=2.0, max_range_m=280.0, curvature_k=FLAT)[2][2]
    assert (seen[:11] == 1).all()
    assert (np.delete(seen, 15)[11:] == 0).all()  # behind the wall the void matters to nobody but who stands in it
    assert seen[15] == 255
    heights[:, 10] = 0.0
    seen = viewshed_array(heights, 10.0, 2, 0, observer_height_m=2.0, max_range_m=280.0, curvature_k=FLAT)[2][2]
    assert (seen[:14] == 1).all()
    assert (seen[16:] == 255).all()


def test_an_observer_on_known_ground_beside_a_void_sees():
    heights = np.zeros((9, 9), np.float32)
    heights[4, 5] = np.nan
    seen = viewshed(ground(heights), 40.0, 40.0, observer_height_m=5.0, max_range_m=40.0)
    assert int(seen.sel(easting=10.0, northing=40.0)) == 1
    assert int(seen.sel(easting=60.0, northing=40.0)) == 255
    beside = viewshed(ground(heights), 43.3, 40.0, observer_height_m=5.0, max_range_m=40.0)  # a third of a cell nearer
    assert int(beside.sel(easting=10.0, northing=40.0)) == 1
    assert int(beside.sel(easting=60.0, northing=40.0)) == 255
    with pytest.raises(TerrainError, match="void"):
        viewshed(ground(heights), 47.0, 40.0, observer_height_m=5.0, max_range_m=40.0)


# Rough ground: our own walk along the line


def walk(heights: np.ndarray, cell: float, eye: Any, target: Any, eye_m: float, target_m: float, k: float) -> float:
    """How far the line from eye to target clears the bilinear ground, at most, in metres; negative: it is blocked."""

    def surface(column: np.ndarray, row: np.ndarray) -> np.ndarray:
        c, r = np.clip(np.floor(column), 0, heights.shape[1] - 2), np.clip(np.floor(row), 0, heights.shape[0] - 2)
        i, j = c.astype(int), r.astype(int)
        u, v = column - c, row - r
        top = heights[j, i] * (1 - u) + heights[j, i + 1] * u
        bottom = heights[j + 1, i] * (1 - u) + heights[j + 1, i + 1] * u
        return top * (1 - v) + bottom * v

    share = np.linspace(0.0, 1.0, 4001)[1:-1]
    column, row = eye[0] + share * (target[0] - eye[0]), eye[1] + share * (target[1] - eye[1])
    length = math.hypot(target[0] - eye[0], target[1] - eye[1]) * cell
    fall = 0.0 if math.isinf(k) else 1 / (2 * k * EARTH_M)
    start = float(surface(np.array([eye[0]]), np.array([eye[1]]))[0]) + eye_m
    end = float(surface(np.array([target[0]]), np.array([target[1]]))[0]) + target_m - fall * length**2
    line = start + share * (end - start)
    return float(np.min(line - (surface(column, row) - fall * (share * length) ** 2)))


@pytest.mark.parametrize("seed", range(4))
def test_lines_over_rough_ground_agree_with_a_walk_along_them(seed: int):
    """Observers between cell centres: their ground is bilinear at their exact point (design §4a)."""
    heights, cell, k = rough(40, 50, seed), 20.0, [FLAT, 4 / 3, 1.15, 4 / 3][seed]
    terrain = ground(heights, cell)
    random = np.random.default_rng(100 + seed)
    eyes = random.uniform([1, 1], [48, 38], (150, 2))
    targets = np.round(random.uniform([1, 1], [48, 38], (150, 2)))
    kept = np.hypot(*(eyes - targets).T) > 1.0
    eyes, targets = eyes[kept], targets[kept]
    metres = lambda at: np.column_stack([at[:, 0] * cell, (39 - at[:, 1]) * cell])  # noqa: E731
    seen = line_of_sight(
        terrain, metres(eyes), metres(targets), observer_height_m=4.0, target_height_m=1.7, curvature_k=k
    )
    clear = np.array([walk(heights, cell, a, b, 4.0, 1.7, k) for a, b in zip(eyes, targets, strict=True)])
    sure = np.abs(clear) > 0.02
    assert sure.mean() > 0.9
    assert np.array_equal(seen[sure] == 1, clear[sure] > 0)
    assert 0.1 < (seen == 1).mean() < 0.9  # the ground is rough enough to say something
    back = line_of_sight(
        terrain, metres(targets), metres(eyes), observer_height_m=1.7, target_height_m=4.0, curvature_k=k
    )
    assert np.array_equal(seen, back)  # light goes both ways


def test_a_viewshed_from_between_the_centres_is_the_line_of_sight_of_every_cell():
    heights = rough(33, 37, 9)
    terrain = ground(heights, 25.0)
    east, north, reach = 411.3, 388.8, 350.0
    seen = viewshed(terrain, east, north, observer_height_m=3.0, max_range_m=reach)
    cells = np.stack(np.meshgrid(seen.easting.values, seen.northing.values), axis=-1)
    wanted = line_of_sight(terrain, (east, north), cells, observer_height_m=3.0)
    inside = np.hypot(cells[..., 0] - east, cells[..., 1] - north) <= reach
    assert np.array_equal(seen.values, np.where(inside, wanted, 0))
    stack = viewsheds(terrain, [(east, north), (100.0, 100.0)], observer_height_m=3.0, max_range_m=reach)
    assert np.array_equal(stack.isel(site=0).reindex_like(seen).values, seen.values)
    assert set(np.unique(stack.values)) <= {0, 1}


def test_the_fast_mode_is_right_over_rough_ground():
    """As accurate as GDAL's own viewshed, which agrees with exact lines of sight in at least 99.5 % of the cells."""
    heights, reach = rough(33, 37, 9), 350.0
    voids = heights.copy()
    voids[5, 20] = np.nan
    east, north = 411.3, 388.8
    for values in (heights, voids):
        question = {"observer_height_m": 3.0, "max_range_m": reach}
        exact = viewshed(ground(values, 25.0), east, north, **question)
        fast = viewshed(ground(values, 25.0), east, north, mode="fast", **question)
        cells = np.stack(np.meshgrid(exact.easting.values, exact.northing.values), axis=-1)
        inside = np.hypot(cells[..., 0] - east, cells[..., 1] - north) <= reach
        wanted = line_of_sight(ground(values, 25.0), (east, north), cells, observer_height_m=3.0)
        assert 0.1 < (wanted[inside] == 1).mean() < 0.9
        assert (fast.values == wanted)[inside].mean() >= 0.995
        assert np.array_equal((fast.values == 255)[inside], (wanted == 255)[inside])


@pytest.mark.parametrize(("share", "height_m"), [("blocks", 24.0), (0.5, 12.0), (0.0, 0.0), ("ignored", 0.0)])
def test_a_row_of_trees_is_a_wall_of_its_share(share: Any, height_m: float):
    """Nomenclature, "canopy": nothing, all or a share of the trees' height blocks; feet stand on bare ground."""
    bare, wall = ground(np.zeros((21, 60))), np.zeros((21, 60))
    trees = wall.copy()
    trees[:, 25], wall[:, 25] = 24.0, height_m
    wooded = bare.assign(canopy_height=bare.elevation.copy(data=trees.astype(np.float32)))
    question = {"observer_height_m": 4.0, "max_range_m": 580.0, "curvature_k": FLAT}
    seen = viewshed(wooded, 0.0, 100.0, canopy=share, **question).sel(easting=slice(270.0, None))
    wanted = viewshed(ground(wall), 0.0, 100.0, **question).sel(easting=slice(270.0, None))
    assert np.array_equal(seen.values, wanted.values)
    assert bool((seen.values == 1).any()) == (height_m == 0.0)


def test_what_a_higher_mast_or_a_taller_target_or_a_rounder_earth_changes():
    """metrics.md §8: raising mast or target never hides a cell; a larger k never does, either."""
    terrain = ground(rough(31, 31, 5))

    def seen(**changed: float) -> np.ndarray:
        question = {"observer_height_m": 3.0, "max_range_m": 200.0, "curvature_k": 1.15} | changed
        return viewshed(terrain, 153.0, 148.0, **question).values == 1

    base = seen()
    for change in ({"observer_height_m": 9.0}, {"target_height_m": 4.0}, {"curvature_k": 4 / 3}, {"curvature_k": FLAT}):
        more = seen(**change)
        assert not (base & ~more).any()
    assert (seen(observer_height_m=9.0) & ~base).any()


def test_greedy_covering_takes_the_largest_first():
    """The textbook case where greedy is not best: two rows of 7 cells, sites of 8, 4 and 2, against the two rows.

    After the site of 8 the next adds 4 (4, 5, 11, 12), either row only 3: 12 cells, more than 1 − 1/e of all 14.
    """
    sites = np.zeros((5, 14), bool)
    sites[0, [0, 1, 2, 3, 7, 8, 9, 10]] = True
    sites[1, [4, 5, 11, 12]] = True
    sites[2, [6, 13]] = True
    sites[3, :7] = sites[4, 7:] = True
    assert list(covering_sites(sites, 2).sites) == [0, 1]
    assert sites[[0, 1]].any(axis=0).sum() == 12 >= (1 - 1 / math.e) * 14
    assert list(covering_sites(sites, 3).sites) == [0, 1, 2]


@pytest.mark.parametrize(
    "problem",
    [
        {"observer_height_m": -1.0},
        {"observer_height_m": math.nan},
        {"max_range_m": 0.0},
        {"max_range_m": math.nan},
        {"min_range_m": 200.0},
        {"target_height_m": -0.1},
        {"curvature_k": 0.0},
        {"elevations_rad": (0.5, 0.1)},
    ],
    ids=str,
)
def test_a_question_without_sense_is_refused(problem: dict[str, Any]):
    keywords = {"observer_height_m": 2.0, "max_range_m": 100.0} | problem
    with pytest.raises(BadInput):
        viewshed(ground(np.zeros((9, 9))), 40.0, 40.0, **keywords)


@pytest.mark.parametrize("at", [(-20.0, 40.0), (40.0, 1e9), (math.nan, 40.0)])
def test_an_observer_off_the_map_is_refused(at: tuple[float, float]):
    with pytest.raises(TerrainError):
        viewshed(ground(np.zeros((9, 9))), *at, observer_height_m=2.0, max_range_m=100.0)


# Frames against geodesics

PLACES = [
    (0.0, 0.0),
    (-69.2, -52.4),  # Tierra del Fuego, Chile and Argentina
    (29.0, 69.7),  # Norway, Finland and Russia
    (-141.0, 69.6),  # Alaska and Yukon
    (33.3, 35.1),  # Cyprus
    (69.3, 41.2),  # Uzbekistan and Kazakhstan
    (-155.0, 19.0),
    (179.99, -16.5),  # Taveuni, on the antimeridian
    (15.0, 89.0),
]


@pytest.mark.parametrize("place", PLACES)
def test_a_local_frame_is_true_around_its_origin(place: tuple[float, float]):
    """Distances: 5 parts per million within 20 km, 130 within 100 km; azimuths by convergence; and back again."""
    frame = LocalFrame.around(*place)
    origin = frame.to_local(*place)
    assert np.hypot(*origin) < 1e-6
    azimuth = np.arange(0.0, 360.0, 15.0)
    for distance, ppm in [(1_000.0, 5), (20_000.0, 5), (100_000.0, 130)]:
        lon, lat, _ = GEOD.fwd(np.full(24, place[0]), np.full(24, place[1]), azimuth, np.full(24, distance))
        east, north = frame.to_local(lon, lat)
        assert np.abs(np.hypot(east, north) / distance - 1).max() < ppm * 1e-6
        turned = np.degrees(np.arctan2(east, north)) - azimuth
        assert np.abs(np.remainder(turned + 180, 360) - 180).max() < 0.02  # at the origin grid north is true north
        again = frame.to_lonlat(east, north)
        assert np.abs(np.remainder(again[0] - lon + 180, 360) - 180).max() < 1e-9
        assert np.abs(again[1] - lat).max() < 1e-9


@pytest.mark.parametrize(
    "frame", [LocalFrame.around(10.0, 62.0), LocalFrame.from_epsg(32632), LocalFrame.from_epsg(2154)]
)
def test_convergence_and_scale_are_those_of_short_geodesics(frame: LocalFrame):
    """Transverse Mercator, UTM and a Lambert conformal conic: from points up to 300 km off, 100 m each way."""
    centre = (10.0, 62.0) if frame.crs.to_epsg() != 2154 else (1.6, 42.5)
    for lon, lat in [centre, (centre[0] - 3, centre[1] + 0.5), (centre[0] + 2, centre[1] - 1)]:
        east, north = frame.to_local(lon, lat)
        convergence, scale = frame.convergence_rad(east, north), frame.scale_factor(east, north)
        for azimuth in (0.0, 77.0, 181.0, 300.0):
            there = frame.to_local(*GEOD.fwd(lon, lat, azimuth, 50.0)[:2])
            back = frame.to_local(*GEOD.fwd(lon, lat, azimuth + 180.0, 50.0)[:2])
            step = np.subtract(there, back)
            grid = math.atan2(step[0], step[1])
            assert math.remainder(math.radians(azimuth) - grid - convergence, 2 * math.pi) == pytest.approx(0, abs=2e-6)
            assert np.hypot(*step) / 100.0 == pytest.approx(scale, abs=1e-6)


@pytest.mark.parametrize("code", [4326, 2263, 4978, 999_999, -1, 3812_0])
def test_frames_in_degrees_or_feet_or_unknown_are_refused(code: int):
    """WGS 84 in degrees, New York in feet, earth-centred, and codes of nothing."""
    with pytest.raises(FrameError):
        LocalFrame.from_epsg(code)


@pytest.mark.parametrize("place", [(181.0, 0.0), (0.0, 90.5), (math.nan, 0.0), (math.inf, 0.0)])
def test_a_frame_around_nowhere_is_refused(place: tuple[float, float]):
    with pytest.raises(FrameError):
        LocalFrame.around(*place)


@pytest.mark.parametrize(
    "lines",
    [
        [[(179.9, -16.5), (-179.9, -16.5)]],  # a jump
        [[(179.9, -16.5), (180.1, -16.5)]],  # on beyond 180
        [[(179.9, -16.5), (180.0, -16.5)], [(-180.0, -16.5), (-179.9, -16.5)]],  # cut, as RFC 7946 §3.1.9 asks
    ],
    ids=["jump", "beyond", "cut"],
)
def test_a_border_over_the_antimeridian_is_as_long_as_its_geodesic(
    tmp_path: Path, lines: list[list[tuple[float, float]]]
):
    """Fiji: 21 km from 179.9° east to 179.9° west; home, on the left of a line that runs east, is the north."""
    border = Border.from_file(write_lines(tmp_path / "line.geojson", *lines), LocalFrame.around(180.0, -16.5))
    assert border.length_m == pytest.approx(GEOD.inv(179.9, -16.5, -179.9, -16.5)[2], rel=1e-4)
    for lon in (179.95, 180.0, -180.0, -179.95):
        segment, _, offset = border.locate(*border.frame.to_local(lon, -16.49))
        assert segment >= 0
        assert offset == pytest.approx(GEOD.inv(lon, -16.5, lon, -16.49)[2], abs=5.0)


def test_a_border_of_a_thousand_kilometres_is_as_long_as_its_geodesics(tmp_path: Path):
    """The 49th parallel over 13 degrees, 951.2 km by geodesics; one transverse Mercator makes it 0.9 km longer."""
    lons = np.linspace(-110.0, -97.0, 200)
    lats = np.full(200, 49.0)
    file = write_lines(tmp_path / "line.geojson", [(float(lon), 49.0) for lon in lons])
    border = Border.from_file(file, LocalFrame.along(lons, lats))
    assert border.length_m == pytest.approx(GEOD.line_length(lons, lats), rel=2e-4)
    north = GEOD.fwd(-110.0, 49.0, 0.0, 500.0)[:2]
    assert border.locate(*border.frame.to_local(north[0] + 1e-3, north[1]))[2] == pytest.approx(500.0, rel=1e-3)


@pytest.mark.parametrize("code", [3857, 3035])
def test_a_frame_that_is_not_true_there_is_refused_with_figures(tmp_path: Path, code: int):
    """Web Mercator stretches by 1/cos 69.5° = 2.86; an equal-area projection 19° from its meridian shears."""
    end = GEOD.fwd(29.0, 69.5, 90.0, 15_700.0)[:2]
    file = write_lines(tmp_path / "line.geojson", [(29.0, 69.5), (float(end[0]), float(end[1]))])
    with pytest.raises(FrameError, match="%"):
        Border.from_file(file, LocalFrame.from_epsg(code))


def test_a_frame_that_is_true_there_has_the_metres_of_the_ground(tmp_path: Path):
    """Polar stereographic, true at 70° N: the scale at 69.5° is (1 + sin 70°)/(1 + sin 69.5°) = 1.0016 on every course.

    Its northings follow the meridian of 45° W, so that grid north is 74° from true north at 29° E; left stays left.
    """
    end = GEOD.fwd(29.0, 69.5, 90.0, 15_700.0)[:2]
    file = write_lines(tmp_path / "line.geojson", [(29.0, 69.5), (float(end[0]), float(end[1]))])
    border = Border.from_file(file, LocalFrame.from_epsg(3413))
    assert border.length_m == pytest.approx(15_700.0 * 1.0016, rel=5e-4)
    middle = (
        (29.0 + end[0]) / 2,
        (69.5 + end[1]) / 2,
    )  # of the line straight in degrees (RFC 7946)
    segment, chainage, offset = border.locate(*border.frame.to_local(*GEOD.fwd(*middle, 0.0, 700.0)[:2]))
    assert segment == 15
    assert chainage == pytest.approx(7_850.0 * 1.0016, abs=10.0)
    assert offset == pytest.approx(700.0, abs=4.0)


# Borders


def write_lines(path: Path, *lines: list[tuple[float, float]], **properties: Any) -> Path:
    features = [
        {"type": "Feature", "properties": properties, "geometry": {"type": "LineString", "coordinates": line}}
        for line in lines
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.mark.parametrize("place", PLACES[:7])
def test_offsets_and_chainage_are_metres_on_the_ground(tmp_path: Path, place: tuple[float, float]):
    """A line along a geodesic of 12 km, a point 700 m left of its fifth kilometre."""
    lons, lats = [place[0]], [place[1]]
    for step in range(1, 13):
        lon, lat, _ = GEOD.fwd(*place, 65.0, step * 1_000.0)
        lons.append(lon)
        lats.append(lat)
    border = Border.from_file(
        write_lines(tmp_path / "line.geojson", list(zip(lons, lats, strict=True))), LocalFrame.around(*place)
    )
    assert border.length_m == pytest.approx(12_000.0, rel=5e-6)
    assert border.segments == 24  # the millimetres by which the line is longer in the frame make no segment
    _, _, back = GEOD.inv(lons[5], lats[5], lons[6], lats[6])
    forward = GEOD.inv(lons[5], lats[5], lons[6], lats[6])[0]
    for side, sign in [(-90.0, 1.0), (90.0, -1.0)]:
        point = GEOD.fwd(lons[5], lats[5], forward + side, 700.0)[:2]
        segment, chainage, offset = border.locate(*border.frame.to_local(*point))
        assert offset == pytest.approx(sign * 700.0, abs=0.05)
        assert chainage == pytest.approx(5_000.0, abs=0.5)
        assert segment in (9, 10)
    assert back == pytest.approx(1_000.0, abs=1e-3)


def test_segments_of_parts_and_chainage_over_a_gap():
    """Design §4: chainage skips gaps; Border: a part's last segment is shorter, so that none spans a gap."""
    line = MultiLineString([[(0, 0), (1200, 0)], [(2000, 0), (2700, 0)]])
    border = Border(FRAME, line, 500.0, "left")
    assert border.length_m == 1900.0
    assert border.segment_spans_m.tolist() == [[0, 500], [500, 1000], [1000, 1200], [1200, 1700], [1700, 1900]]
    segment, chainage, offset = border.locate(
        np.array([2100.0, 1100.0, 1500.0, -3.0]), np.array([-40.0, 40.0, 1.0, 1.0])
    )
    assert segment.tolist() == [3, 2, -1, -1]
    assert chainage[:2].tolist() == [1300.0, 1100.0]
    assert offset[:2].tolist() == [-40.0, 40.0]


@pytest.mark.parametrize(
    ("length_m", "segments"), [(5_000.01, 10), (4_999.99, 10), (5_000.9, 10), (5_001.5, 11), (0.3, 1)]
)
def test_a_hair_beyond_a_multiple_is_no_segment(length_m: float, segments: int):
    """Ten segments and a hand are ten segments: a segment of centimetres has no figures of its own."""
    border = Border(FRAME, LineString([(0.0, 0.0), (length_m, 0.0)]), 500.0)
    assert border.segments == segments
    assert border.segment_spans_m[-1, 1] == pytest.approx(length_m)
    assert border.locate(length_m - 0.001, 5.0)[0] == segments - 1
    assert [line.length for line in border.segment_lines()] == pytest.approx(
        list(np.diff(border.segment_spans_m)[:, 0])
    )


@pytest.mark.parametrize(("home", "sign"), [("left", 1.0), ("right", -1.0)])
def test_the_side_at_a_sharp_bend(home: str, sign: float):
    """A hairpin: within its arms is left of both, around its tip is right."""
    border = Border(FRAME, LineString([(0, 0), (1000, 0), (0, 100)]), 500.0, home)
    inside = border.locate(np.array([500.0, 900.0]), np.array([20.0, 4.0]))[2]
    assert (sign * inside > 0).all()
    around = border.locate(np.array([1050.0, 1001.0, 1000.0, 990.0]), np.array([0.0, 0.5, -30.0, 30.0]))[2]
    assert (sign * around < 0).all()
    assert abs(around[0]) == pytest.approx(50.0)


FAR = 20_000.0
ROUND = [(2000 * math.cos(k * math.pi / 18), 2000 * math.sin(k * math.pi / 18)) for k in range(36)]
STAR = [
    ((2500 if k % 2 else 900) * math.cos(k * math.pi / 7), (2500 if k % 2 else 900) * math.sin(k * math.pi / 7))
    for k in range(14)
]
BENT: dict[str, tuple[list[tuple[float, float]], list[tuple[float, float]]]] = {
    "U": ([(-1000, 4000), (-1000, 0), (1000, 0), (1000, 4000)], [(1000, FAR), (-1000, FAR)]),
    "thin Z": ([(-4000, 0), (3000, 0), (-2500, 80), (4000, 160)], [(FAR, 160), (FAR, FAR), (-FAR, FAR), (-FAR, 0)]),
    "needle": ([(-3000, 0), (0, 0), (5, 2000), (10, 0), (3000, 0)], [(FAR, 0), (FAR, FAR), (-FAR, FAR), (-FAR, 0)]),
    "ring": ([*ROUND, ROUND[0]], []),
    "star": ([*STAR, STAR[0]], []),
}  # fmt: skip
"""Lines, and how each is closed far away around the ground on its left."""


@pytest.mark.parametrize("name", BENT)
def test_sides_are_those_of_the_ground_that_a_bent_border_encloses(name: str):
    """A point's side is that of the ground it lies in, and its offset the distance to the nearest point of the line."""
    line, closing = BENT[name]
    border, left = Border(FRAME, LineString(line), 500.0, "left"), Polygon([*line, *closing])
    points = np.random.default_rng(1).uniform(-3500.0, 4500.0, (4000, 2))
    segment, _, offset = border.locate(points[:, 0], points[:, 1])
    distance = shapely.distance(LineString(line), shapely.points(points))
    clear = (segment >= 0) & (distance > 0.5)
    assert clear.sum() > 1000
    assert ((offset > 0.0) == contains_xy(left, points[:, 0], points[:, 1]))[clear].all()
    assert np.abs(offset[clear]) == pytest.approx(distance[clear], rel=1e-5)


def test_a_point_in_the_air_has_no_segment():
    border = Border(FRAME, LineString([(0, 0), (1000, 0)]), 500.0)
    segment, chainage, offset = border.locate(np.array([np.nan, np.inf, 5.0]), np.array([0.0, 0.0, np.nan]))
    assert segment.tolist() == [-1, -1, -1]
    assert np.isnan(chainage).all()
    assert np.isnan(offset).all()


@pytest.mark.parametrize(
    "line",
    [
        [[(0, 0), (1000, 0), (1000, 500), (500, -500)]],  # crosses itself
        [[(0, 0), (0, 0)]],  # no length
        [[(0, 0), (math.nan, 5)]],
    ],
)
def test_a_line_that_is_no_border_is_refused(line: list[list[tuple[float, float]]]):
    with pytest.raises(BorderError):
        Border(FRAME, MultiLineString(line), 500.0)


def test_a_buffer_zone_of_two_edges():
    """Offsets: from the inner edge at home, from the outer edge beyond, 0 between (Zone.locate)."""
    zone = Zone.from_lines(LineString([(0, 0), (4000, 0)]), LineString([(4000, 900), (0, 600)]), FRAME)
    _, chainage, offset = zone.locate(np.full(4, 2000.0), np.array([-250.0, 300.0, 750.0, 1750.0]))
    assert offset[0] == pytest.approx(250.0)
    assert offset[1:3].tolist() == [0.0, 0.0]
    slope_of_edge = 300.0 / 4000.0
    assert offset[3] == pytest.approx(-1000.0 / math.hypot(1.0, slope_of_edge), rel=1e-6)
    assert chainage == pytest.approx(2000.0)
    assert zone.segments == 8


# Rasters of other people


def write_raster(
    path: Path, heights: np.ndarray, crs: str, west: float, north: float, cell: Any, **profile: Any
) -> Path:
    cells = cell if isinstance(cell, tuple) else (cell, cell)
    scales = profile.pop("scales", None)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=heights.shape[0],
        width=heights.shape[1],
        count=1,
        crs=crs,
        dtype=heights.dtype,
        transform=rasterio.Affine(cells[0], 0.0, west, 0.0, -cells[1], north),
        **profile,
    ) as file:
        file.write(heights, 1)
        if scales:
            file.scales, file.offsets = (scales[0],), (scales[1],)
    return path


def test_a_metric_raster_keeps_its_values_to_the_bit(tmp_path: Path):
    heights = (rough(30, 40, 3) + 900).astype(np.float32)
    terrain = open_terrain(write_raster(tmp_path / "dem.tif", heights, "EPSG:32631", 400_000.0, 4_700_900.0, 30.0))
    assert np.array_equal(terrain.elevation.values, heights)
    assert terrain.easting.values[0] == 400_015.0  # the centre of the first cell
    assert terrain.northing.values[0] == 4_700_885.0
    assert terrain.northing.values[1] < terrain.northing.values[0]
    assert sample(terrain, 400_015.0, 4_700_885.0) == heights[0, 0]
    assert sample(terrain, 400_030.0, 4_700_870.0) == pytest.approx(heights[:2, :2].mean(), abs=1e-3)
    assert math.isnan(sample(terrain, 400_010.0, 4_700_885.0))


@pytest.mark.parametrize("place", [(1.5, 42.5), (-70.0, -33.0), (25.0, 69.5)])
def test_a_raster_in_degrees_lies_where_it_says(tmp_path: Path, place: tuple[float, float]):
    """Heights that are a function of longitude and latitude are found again at points given by these."""
    step, half = 1 / 1200, 40
    lon = place[0] + (np.arange(2 * half) - half + 0.5) * step
    lat = place[1] - (np.arange(2 * half) - half + 0.5) * step
    metres = 1000 + 3000 * (lon[None, :] - place[0]) + 5000 * (lat[:, None] - place[1])
    file = write_raster(
        tmp_path / "dem.tif", metres.astype(np.float32), "EPSG:4326", lon[0] - step / 2, lat[0] + step / 2, step
    )
    frame = LocalFrame.around(*place)
    terrain = open_terrain(file, frame=frame)
    random = np.random.default_rng(1)
    at = random.uniform(-0.6 * half * step, 0.6 * half * step, (2, 50))
    found = sample(terrain, *frame.to_local(place[0] + at[0], place[1] + at[1]))
    assert np.allclose(found, 1000 + 3000 * at[0] + 5000 * at[1], atol=0.05)


def test_scaled_integers_and_voids(tmp_path: Path):
    """GDAL's scale and offset: value = stored × scale + offset; the declared nodata is a void."""
    stored = np.arange(100, dtype=np.int16).reshape(10, 10)
    stored[4, 5] = -32768
    file = write_raster(
        tmp_path / "dem.tif", stored, "EPSG:32631", 500_000.0, 4_700_000.0, 20.0, nodata=-32768, scales=(0.5, 100.0)
    )
    found = open_terrain(file).elevation.values
    assert math.isnan(found[4, 5])
    assert np.isnan(found).sum() == 1
    assert found[0, 3] == 101.5
    assert found[9, 9] == 149.5


def test_a_raster_whose_rows_run_north_is_turned(tmp_path: Path):
    heights = np.arange(60, dtype=np.float32).reshape(6, 10)
    path = tmp_path / "south_up.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=6,
        width=10,
        count=1,
        crs="EPSG:32631",
        dtype="float32",
        transform=rasterio.Affine(10.0, 0.0, 500_000.0, 0.0, 10.0, 4_700_000.0),
    ) as file:
        file.write(heights, 1)
    terrain = open_terrain(path)
    assert sample(terrain, 500_005.0, 4_700_005.0) == pytest.approx(0.0, abs=1e-3)
    assert sample(terrain, 500_095.0, 4_700_055.0) == pytest.approx(59.0, abs=1e-3)


@pytest.mark.parametrize(
    "content", [b"", b"not a raster", b"II*\0" + b"\xff" * 4000, b"\x89PNG\r\n\x1a\n" + bytes(200)]
)
def test_files_that_are_no_terrain_are_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "dem.tif"
    path.write_bytes(content)
    with pytest.raises(TerrainError) as refused:
        open_terrain(path)
    assert "dem.tif" in str(refused.value)
    assert "\n" not in str(refused.value).strip()


@pytest.mark.parametrize("what", ["three bands", "no system", "all void", "heights of Mars", "missing"])
def test_rasters_that_mean_something_else_are_refused(tmp_path: Path, what: str):
    heights = np.full((12, 12), 25_000.0 if what == "heights of Mars" else 300.0, np.float32)
    profile: dict[str, Any] = {"count": 3 if what == "three bands" else 1}
    if what == "all void":
        heights[:], profile["nodata"] = -9999.0, -9999.0
    path = tmp_path / "dem.tif"
    if what != "missing":
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            height=12,
            width=12,
            dtype="float32",
            crs=None if what == "no system" else "EPSG:32631",
            transform=rasterio.Affine(30.0, 0.0, 5e5, 0.0, -30.0, 4.7e6),
            **profile,
        ) as file:
            for band in range(1, profile["count"] + 1):
                file.write(heights, band)
    with pytest.raises(TerrainError):
        open_terrain(path)


def test_slope_and_aspect_of_a_plane():
    """z = 0.3 x − 0.4 y (x east, y north): slope 0.5; the steepest way down is (−0.3, 0.4), north-west."""
    y, x = np.mgrid[0:9, 0:9]
    terrain = ground(0.3 * 10.0 * x - 0.4 * 10.0 * (8 - y))
    assert np.allclose(slope(terrain).values, 0.5, atol=1e-5)
    assert np.allclose(aspect(terrain).values, math.atan2(-0.3, 0.4) % (2 * math.pi), atol=1e-4)
