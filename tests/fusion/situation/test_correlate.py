"""Correlate: hand-worked places and times, laws of motion to the line, one answer for numpy, dask and xarray."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiLineString, Point

from fusion.situation.correlate import GROUND, MOTION, CorrelateError, Correlator, correlate
from geo.border import Border
from geo.frame import LocalFrame
from geo.terrain import sample, slope

FRAME = LocalFrame.around(-84.25, 36.59)


def border_along(*points, home="left"):
    return Border(FRAME, LineString(points), 500.0, home)


STRAIGHT = border_along((-5000.0, 0.0), (5000.0, 0.0))  # runs east, so home (left) is north
JAGGED = Border(
    FRAME,
    MultiLineString(
        [
            LineString([(-4000, 0), (-3000, 400), (-2500, -300), (-1000, 100), (-1000, 600), (0, 700)]),
            LineString([(600, 700), (1500, 100), (1600, -900), (4000, 0)]),
        ]
    ),
    500.0,
    "left",
)


def terrain_of(height, *, cell_m=50.0, land_cover=True):
    easting = np.arange(-5000.0, 5001.0, cell_m)
    northing = np.arange(3000.0, -3001.0, -cell_m)
    elevation = height(easting[None, :], northing[:, None]).astype(np.float32)
    data = {"elevation": (("northing", "easting"), elevation, {"units": "m"})}
    if land_cover:
        code = np.where(northing[:, None] > 0, 7, 3) * np.ones(len(easting))
        data["land_cover"] = (("northing", "easting"), code.astype(np.uint8))
    attrs = {"crs": FRAME.crs.to_wkt(), "datum": "unknown", "cell_m": cell_m}
    return xr.Dataset(data, coords={"northing": northing, "easting": easting}, attrs=attrs)


HILLS = terrain_of(lambda e, n: 500 + 100 * np.sin(e / 700) * np.cos(n / 500))


def some_points(count, seed=5):
    rng = np.random.default_rng(seed)
    return (*rng.uniform([[-5200], [-3200]], [[5200], [3200]], (2, count)), *rng.normal(0, 2, (2, count)))


def test_a_walker_north_of_an_eastward_line_hand_worked():
    # 300 m north (home, left of eastward), 1 km east of the line's start + 5 km, walking south-east at (1, −1.5) m/s:
    # 300 / 1.5 = 200 s to the line, reached 200 m further east.
    found = correlate(1000.0, 300.0, STRAIGHT, easting_rate=1.0, northing_rate=-1.5)
    assert int(found.segment) == 12
    assert float(found.chainage_m) == pytest.approx(6000.0)
    assert float(found.offset_m) == pytest.approx(300.0)
    assert float(found.offset_rate) == pytest.approx(-1.5)
    assert float(found.time_to_border_s) == pytest.approx(200.0)
    assert float(found.crossing_chainage_m) == pytest.approx(6200.0)
    assert int(found.direction) == -1
    assert (float(found.home_easting), float(found.home_northing)) == pytest.approx((0.0, 1.0))


def test_moving_away_or_along_never_arrives_and_standing_on_the_line_has():
    found = correlate(
        np.zeros(4), np.array([300.0, -300.0, 50.0, 0.0]), STRAIGHT,
        easting_rate=np.array([0.0, 1.0, 3.0, 1.0]), northing_rate=np.array([2.0, -0.1, 0.0, 0.0]),
    )  # fmt: skip
    assert found.time_to_border_s.tolist() == [np.inf, np.inf, np.inf, 0.0]
    assert found.direction.tolist() == [1, -1, 0, 0]
    assert np.isnan(found.crossing_chainage_m[:3]).all()


def test_home_on_the_right_turns_every_sign():
    e, n, ve, vn = some_points(400)
    left, right = (
        correlate(e, n, border_along((-5000.0, 0.0), (5000.0, 0.0), home=home), easting_rate=ve, northing_rate=vn)
        for home in ("left", "right")
    )
    np.testing.assert_array_equal(left.offset_m, -right.offset_m)
    np.testing.assert_array_equal(left.direction, -right.direction)
    np.testing.assert_array_equal(left.home_northing, -right.home_northing)
    np.testing.assert_array_equal(left.time_to_border_s, right.time_to_border_s)


def test_a_crossing_off_the_end_is_no_crossing():
    found = correlate(4900.0, 100.0, STRAIGHT, easting_rate=5.0, northing_rate=-1.0)  # meets the line's axis at 5400
    assert np.isfinite(found.time_to_border_s)
    assert np.isnan(found.crossing_chainage_m)


def test_distance_is_shapelys_on_a_jagged_line_with_a_gap():
    e, n, _, _ = some_points(500)
    found = correlate(e, n, JAGGED)
    expected = [JAGGED.line.distance(Point(x, y)) for x, y in zip(e, n, strict=True)]
    np.testing.assert_allclose(np.abs(found.offset_m), expected, atol=1e-6)


def test_home_vector_is_the_gradient_of_the_offset():
    e, n, ve, vn = some_points(2000)
    found = correlate(e, n, JAGGED, easting_rate=ve, northing_rate=vn)
    step = 1e-3
    ahead, behind = (
        correlate(e + s * step * np.asarray(found.home_easting), n + s * step * np.asarray(found.home_northing), JAGGED)
        for s in (1, -1)
    )
    growth = (np.asarray(ahead.offset_m) - np.asarray(behind.offset_m)) / (2 * step)
    off_line = np.abs(found.offset_m) > 2 * step
    np.testing.assert_allclose(growth[off_line & (found.segment >= 0)], 1.0, atol=1e-4)
    np.testing.assert_allclose(np.hypot(found.home_easting, found.home_northing), 1.0, atol=1e-12)


def test_on_the_line_the_home_vector_is_the_pieces_normal():
    found = correlate(np.array([-3500.0]), np.array([200.0]), JAGGED, easting_rate=[0.0], northing_rate=[1.0])
    slope_of_piece = np.hypot(1000, 400)
    assert found.home_easting[0] == pytest.approx(-400 / slope_of_piece, abs=1e-9)
    assert found.home_northing[0] == pytest.approx(1000 / slope_of_piece, abs=1e-9)


@settings(max_examples=60)
@given(st.floats(-4500, 4500), st.floats(-2000, 2000), st.floats(-20, 20), st.floats(-20, 20))
def test_on_a_straight_line_the_predicted_moment_is_on_the_line(e, n, ve, vn):
    found = correlate(e, n, STRAIGHT, easting_rate=ve, northing_rate=vn)
    time = float(found.time_to_border_s)
    if np.isfinite(time) and time < 1e5:
        assert time >= 0
        assert n + vn * time == pytest.approx(0.0, abs=1e-6)
        if abs(e + ve * time) < 4999:
            assert float(found.crossing_chainage_m) == pytest.approx(e + ve * time + 5000, abs=1e-5)
    else:
        assert n * vn >= 0 or time >= 1e5


def test_ground_equals_the_terrains_own_sampling():
    e, n, _, _ = some_points(3000)
    found = correlate(e, n, STRAIGHT, HILLS)
    np.testing.assert_allclose(found.elevation_m, sample(HILLS, e, n), rtol=1e-12)
    steep = HILLS.assign(slope=slope(HILLS).astype(np.float32))
    np.testing.assert_allclose(found.slope, sample(steep, e, n, "slope"), rtol=1e-12, atol=1e-12)
    assert np.isnan(found.elevation_m).sum() == ((np.abs(e) > 5000) | (np.abs(n) > 3000)).sum()


def test_ground_on_a_plane_is_exact_and_its_slope_is_its_gradient():
    plane = terrain_of(lambda e, n: 100 + 0.3 * e + 0.4 * n)
    e, n = np.array([123.4, -777.7]), np.array([55.5, 2999.0])
    found = correlate(e, n, STRAIGHT, plane)
    np.testing.assert_allclose(found.elevation_m, 100 + 0.3 * e + 0.4 * n, rtol=1e-6)
    np.testing.assert_allclose(found.slope, 0.5, rtol=1e-5)


def test_land_cover_is_the_nearest_cells_and_unknown_off_the_map():
    found = correlate(np.array([0.0, 0.0, 9000.0]), np.array([30.0, -30.0, 0.0]), STRAIGHT, HILLS)
    assert found.land_cover.tolist() == [7, 3, 0]
    assert correlate(0.0, 0.0, STRAIGHT, HILLS.drop_vars("land_cover")).land_cover is None


def test_a_void_is_missing_not_zero():
    holed = HILLS.copy(deep=True)
    holed["elevation"][10, 20] = np.nan
    e, n = float(HILLS["easting"][20]), float(HILLS["northing"][10])
    found = correlate(np.array([e, e + 30]), np.array([n, n]), STRAIGHT, holed)
    assert np.isnan(found.elevation_m).all()


def test_numpy_dask_and_xarray_give_the_same_bits():
    e, n, ve, vn = some_points(5001)
    e[7] = np.nan
    correlator = Correlator(JAGGED, HILLS)
    plain = correlator.of(e, n, ve, vn)
    labelled = [
        xr.DataArray(values, dims="detection", coords={"detection": np.arange(5001)}) for values in (e, n, ve, vn)
    ]
    in_xarray = correlator.of(*labelled)
    lazy = correlator.of(*[values.chunk({"detection": 999}) for values in labelled])
    raw_dask = correlator.of(*[values.chunk({"detection": 999}).data for values in labelled])
    assert lazy["segment"].chunks is not None
    for name in (*GROUND, *MOTION):
        expected = getattr(plain, name)
        for found in (in_xarray[name].values, lazy[name].values, getattr(raw_dask, name).compute()):
            assert found.dtype == expected.dtype, name
            assert found.tobytes() == expected.tobytes(), name


def test_any_shape_and_any_grouping_of_points_gives_the_same():
    e, n, ve, vn = (values.reshape(20, 30) for values in some_points(600))
    correlator = Correlator(JAGGED, HILLS)
    together = correlator.of(e, n, ve, vn)
    assert together.offset_m.shape == (20, 30)
    for i in (0, 19):
        row = correlator.of(e[i], n[i], ve[i], vn[i])
        for name, values in row.columns().items():
            np.testing.assert_array_equal(values, getattr(together, name)[i])
    assert correlator.of(np.empty(0), np.empty(0)).segment.shape == (0,)
    across = correlator.of(e[0], n[:, :1])
    assert across.offset_m.shape == (20, 30)


def test_unknown_places_and_rates_stay_unknown():
    found = correlate(
        np.array([np.nan, 0.0]), np.array([0.0, 100.0]), STRAIGHT, HILLS, easting_rate=np.array([1.0, np.nan]),
        northing_rate=np.array([1.0, 1.0]),
    )  # fmt: skip
    assert found.segment.tolist() == [-1, 10]
    assert np.isnan(
        [found.offset_m[0], found.elevation_m[0], *found.time_to_border_s, *found.crossing_chainage_m]
    ).all()
    assert found.direction.tolist() == [0, 0]


def test_without_border_or_terrain():
    bare = correlate(0.0, 0.0, None, easting_rate=1.0, northing_rate=1.0)
    assert int(bare.segment) == -1
    assert np.isnan([bare.chainage_m, bare.offset_m, bare.elevation_m, bare.slope, bare.time_to_border_s]).all()


def test_a_correlator_travels_to_another_process():
    correlator = Correlator(JAGGED, HILLS)
    e, n, ve, vn = some_points(50)
    there = pickle.loads(pickle.dumps(correlator)).of(e, n, ve, vn)
    np.testing.assert_array_equal(there.time_to_border_s, correlator.of(e, n, ve, vn).time_to_border_s)


def test_units_are_stated():
    found = correlate(xr.DataArray([0.0], dims="d"), xr.DataArray([10.0], dims="d"), STRAIGHT, HILLS)
    assert found["offset_m"].attrs["units"] == "m"
    assert found["slope"].attrs["units"] == "1"
    assert "time_to_border_s" not in found


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(CorrelateError, match="both or neither"):
        correlate(0.0, 0.0, STRAIGHT, easting_rate=1.0)
    with pytest.raises(CorrelateError, match="one shape"):
        correlate(np.zeros(3), np.zeros(4), STRAIGHT)
    elsewhere = HILLS.assign_attrs(crs=LocalFrame.around(2.0, 42.0).crs.to_wkt())
    with pytest.raises(CorrelateError, match="another frame"):
        correlate(0.0, 0.0, STRAIGHT, elsewhere)
