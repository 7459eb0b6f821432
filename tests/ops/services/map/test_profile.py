"""The way between two places: the sight line's verdict, and the place and height that agree with it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.errors import TerrainError
from geo.visibility import EARTH_RADIUS_M, line_of_sight
from ops.services.map.profile import MOST_POINTS, Eyes, profile

CELL = 10.0


def terrain(elevation: np.ndarray) -> xr.Dataset:
    rows, columns = elevation.shape
    return xr.Dataset(
        {"elevation": (("northing", "easting"), elevation.astype(np.float32), {"units": "m"})},
        coords={"northing": (rows - 1 - np.arange(rows)) * CELL, "easting": np.arange(columns) * CELL},
        attrs={"crs": "EPSG:32631", "cell_m": CELL},
    )


def wall(height: float) -> xr.Dataset:
    """Level ground of 100 m, 1 km by 200 m, with a ridge of one cell's width at easting 500 m."""
    ground = np.full((21, 101), 100.0)
    ground[:, 50] += height
    return terrain(ground)


ROUGH = terrain(100 + 20 * np.random.default_rng(5).random((40, 60)))


def test_a_wall_blocks_where_the_line_enters_it_by_hand():
    """Eye and target 2 m over level ground, flat Earth: the line is at 102 m; the wall rises from 100 m at 490 m to
    110 m at 500 m, so it passes 102 m at 492 m. To be seen over it from 1000 m, its 8 m above the eye are
    needed twice."""
    found = profile(wall(10.0), (0.0, 100.0), (1000.0, 100.0), Eyes(2.0, 2.0, math.inf))
    assert found["visible"] is False
    assert found["blocked_at_m"] == pytest.approx(492.0, abs=1e-6)
    assert found["needed_target_height_m"] == pytest.approx(2.0 + 2 * 8.0, abs=1e-6)
    assert found["sight_m"] == pytest.approx(np.full(101, 102.0))
    assert found["curvature_k"] is None


def test_the_earth_alone_hides_a_target_by_the_drop_by_hand():
    """A level sheet of 100 km, k = 4/3: from an eye 2 m up the horizon is at sqrt(2 k R 2 m) = 5829 m, and at 1000 m
    the drop is 1000² / (2 k R) = 0.0589 m."""
    radius = 4 / 3 * EARTH_RADIUS_M
    found = profile(wall(0.0), (0.0, 100.0), (1000.0, 100.0), Eyes(2.0, 0.0, 4 / 3))
    assert found["drop_m"][-1] == pytest.approx(1e6 / (2 * radius))
    assert found["visible"] is True
    assert found["blocked_at_m"] is None
    assert found["sight_m"][0] == pytest.approx(102.0)
    assert found["sight_m"][-1] == pytest.approx(100.0)


def test_a_void_between_makes_the_verdict_unknown_and_is_a_gap_in_the_ground():
    ground = wall(0.0)
    ground["elevation"][:, 40:43] = np.nan
    found = profile(ground, (0.0, 100.0), (1000.0, 100.0), Eyes())
    assert found["visible"] is None
    assert found["blocked_at_m"] is None
    assert found["needed_target_height_m"] is None
    missing = np.isnan(found["elevation_m"])
    assert missing.any()
    assert (found["distance_m"][missing] > 389).all()


def test_a_wall_before_the_void_still_decides():
    ground = wall(10.0)
    ground["elevation"][:, 80:83] = np.nan
    found = profile(ground, (0.0, 100.0), (1000.0, 100.0), Eyes(2.0, 2.0, math.inf))
    assert found["visible"] is False
    assert found["blocked_at_m"] == pytest.approx(492.0, abs=1e-6)


def test_an_observer_on_a_void_is_unknown_and_one_off_the_map_is_an_error():
    ground = wall(0.0)
    ground["elevation"][:, :3] = np.nan
    found = profile(ground, (5.0, 100.0), (900.0, 100.0), Eyes())
    assert found["visible"] is None
    assert np.isnan(found["sight_m"]).all()
    with pytest.raises(TerrainError, match="off the map"):
        profile(ground, (-50.0, 100.0), (900.0, 100.0), Eyes())
    beyond = profile(ground, (100.0, 100.0), (9000.0, 100.0), Eyes())
    assert beyond["visible"] is None
    assert np.isnan(beyond["elevation_m"][-1])


def test_an_observer_beside_a_void_stands_where_the_sight_line_starts_at_the_centre_of_its_cell():
    ground = wall(10.0)
    ground["elevation"][10, 20] = np.nan
    for start, end, visible in (((206.0, 100.0), (450.0, 100.0), True), ((206.0, 104.0), (900.0, 100.0), False)):
        found = profile(ground, start, end, Eyes())
        assert found["visible"] is visible
        assert math.isfinite(found["needed_target_height_m"])
        assert np.isfinite(found["sight_m"]).all()
        assert found["distance_m"][-1] == end[0] - 210.0


def test_the_same_place_is_seen_and_a_long_way_is_capped():
    here = profile(wall(0.0), (300.0, 100.0), (300.0, 100.0), Eyes())
    assert here["visible"] is True
    assert here["distance_m"].tolist() == [0.0, 0.0]
    far = profile(wall(0.0), (0.0, 100.0), (1e7, 100.0), Eyes())
    assert len(far["distance_m"]) == len(far["elevation_m"]) == len(far["sight_m"]) == MOST_POINTS


def test_a_lazy_terrain_gives_the_same_answer():
    lazy = ROUGH.chunk({"northing": 16, "easting": 16})
    for end in ((590.0, 390.0), (13.0, 380.0), (301.0, 7.0)):
        eager, read = (profile(ground, (33.3, 44.4), end, Eyes()) for ground in (ROUGH, lazy))
        assert eager["visible"] is read["visible"]
        assert eager["needed_target_height_m"] == pytest.approx(read["needed_target_height_m"], abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(st.floats(0, 590), st.floats(0, 390)),
    st.tuples(st.floats(0, 590), st.floats(0, 390)),
    st.sampled_from([0.0, 1.0, 8.0]),
    st.sampled_from([0.0, 1.7, 10.0]),
    st.sampled_from([1.15, 4 / 3, math.inf]),
)
def test_the_verdict_is_the_sight_lines_and_the_rest_agrees_with_it(start, end, eye, top, k):
    found = profile(ROUGH, start, end, Eyes(eye, top, k))
    seen = line_of_sight(ROUGH, start, end, observer_height_m=eye, target_height_m=top, curvature_k=k)
    assert found["visible"] is bool(seen)
    length = math.dist(start, end)
    assume(length > 1.0)
    needed = found["needed_target_height_m"]
    assert (needed <= top) is found["visible"]
    # half a millimetre more is seen, half a millimetre less is not: heights are float32, lines may touch the ground
    higher = line_of_sight(ROUGH, start, end, observer_height_m=eye, target_height_m=needed + 5e-4, curvature_k=k)
    assert higher == 1
    if needed > 1e-2 and eye > 0:
        lower = (
            line_of_sight(
                ROUGH, start, end, observer_height_m=eye, target_height_m=needed - 5e-4 - 1e-4 * length, curvature_k=k
            )
            if needed - 5e-4 - 1e-4 * length > 0
            else 0
        )
        assert lower == 0
    dense = np.linspace(0.0, length, 4001)
    share = dense / length
    places = [a + share * (b - a) for a, b in zip(start, end, strict=True)]
    ground = xr.DataArray.interp(
        ROUGH["elevation"], easting=("way", places[0]), northing=("way", places[1]), method="linear"
    ).to_numpy()
    sight = np.interp(dense, found["distance_m"], found["sight_m"])
    above = np.flatnonzero(ground - sight > 0.02)
    if found["visible"]:
        assert above.size == 0
        assert found["blocked_at_m"] is None
    elif above.size:
        assert found["blocked_at_m"] <= dense[above[0]] + 1e-6
