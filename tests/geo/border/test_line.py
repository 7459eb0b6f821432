from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiLineString

from geo.border import Border
from geo.border.edge_tree import MAX_NODES
from geo.errors import BorderError
from geo.frame import LocalFrame
from tests.drills.sizes import sized

FRAME = LocalFrame.around(1.5, 42.5)
SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "terrain"
WORLD_BORDERS = SHARED / "ne_10m_admin_0_boundary_lines_land.shp"
BEND = Border(FRAME, LineString([(0, 0), (1000, 0), (1000, 1000)]))
GAP = Border(FRAME, MultiLineString([[(0, 0), (700, 0)], [(1000, 0), (1700, 0)]]))

radius = st.floats(1.0, 2_000.0).map(lambda metres: round(metres, 3))


@st.composite
def jagged_lines(draw: st.DrawFn) -> LineString:
    """Round about a place, nearer and farther from it at random, so that it never crosses itself."""
    radii = draw(st.lists(radius, min_size=3, max_size=40))
    angles = draw(st.floats(0.3, 6.2)) * np.arange(len(radii)) / len(radii)
    return LineString(np.column_stack([radii * np.cos(angles), radii * np.sin(angles)]))


def scattered(border: Border, count: int, reach_m: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points within ``reach_m`` of random places along the border."""
    rng = np.random.default_rng(seed)
    easting, northing = border.point_at(rng.uniform(0.0, border.length_m, count))
    return easting + rng.uniform(-reach_m, reach_m, count), northing + rng.uniform(-reach_m, reach_m, count)


@settings(max_examples=sized(30, 60), deadline=None)
@given(line=jagged_lines(), segment_m=st.floats(5.0, 900.0))
def test_the_lines_of_all_segments_at_once_are_those_one_by_one(line: LineString, segment_m: float) -> None:
    corner, beside = (0.0, 9_000.0), (5_000.0, 9_000.0)
    parts = MultiLineString([line, LineString([corner, corner, beside])])  # a place that is drawn twice, too
    for shape in (line, parts):
        border = Border(FRAME, shape, segment_length_m=segment_m)
        lines = border.segment_lines()
        assert len(lines) == border.segments
        each = [border.segment_geometry(segment) for segment in range(border.segments)]
        assert shapely.length(lines) == pytest.approx(shapely.length(each), abs=1e-6)
        assert (shapely.hausdorff_distance(lines, each) < 1e-6).all()


@pytest.mark.parametrize(
    ("easting", "northing", "segment", "chainage", "offset"),
    [
        (250.0, 10.0, 0, 250.0, 10.0),  # left of the first leg
        (500.0, -10.0, 1, 500.0, -10.0),  # a segment begins on its boundary
        (900.0, 100.0, 1, 900.0, 100.0),  # inside the bend, equally near both legs: the earlier counts
        (1300.0, -400.0, 2, 1000.0, -500.0),  # outside the bend, nearest to the corner
        (1200.0, 800.0, 3, 1800.0, -200.0),  # right of the second leg
        (-3.0, 4.0, -1, 0.0, 5.0),  # before the start
        (1003.0, 1004.0, -1, 2000.0, -5.0),  # beyond the end
        (1000.0, 1000.0, 3, 2000.0, 0.0),  # the end itself belongs to the last segment
    ],
)
def test_places_beside_a_bend(easting: float, northing: float, segment: int, chainage: float, offset: float) -> None:
    """By hand: a line 1 km east and then 1 km north, home on its left, segments of 500 m."""
    assert BEND.locate(easting, northing) == (segment, pytest.approx(chainage), pytest.approx(offset))


def test_gaps_run_from_a_free_end_to_the_next_free_start() -> None:
    """A branch and a ring between two parts open none, and the line's own two ends are none."""
    ring = [(0, 500), (300, 500), (300, 800), (0, 500)]
    parts = [[(0, 0), (100, 0), (400, 0)], [(100, 0), (100, 90)], ring, [(407, 24), (900, 0)]]
    border = Border(FRAME, MultiLineString(parts))
    assert border.gaps == [LineString([(400, 0), (407, 24)])]
    assert GAP.gaps == [LineString([(700, 0), (1000, 0)])]
    assert BEND.gaps == Border(FRAME, LineString(ring)).gaps == Border(FRAME, MultiLineString(parts[:3])).gaps == []


def test_home_on_the_right_turns_the_sign_and_nothing_else() -> None:
    right = Border(FRAME, BEND.line, home_side="right")
    easting, northing = scattered(BEND, 500, 800.0)
    a, b = BEND.locate(easting, northing), right.locate(easting, northing)
    assert np.array_equal(a[0], b[0])
    assert np.array_equal(a[1], b[1])
    assert np.array_equal(a[2], -b[2])


@settings(max_examples=sized(50, 150), deadline=None)
@given(jagged_lines(), st.integers(0, 2**32 - 1))
def test_the_nearest_point_is_exact_on_any_jagged_line(line: LineString, seed: int) -> None:
    """Oracle: shapely's distance, from points near, far and outside the tree."""
    border = Border(FRAME, line, segment_length_m=100.0)
    for reach_m in (30.0, 3_000.0, 100_000.0):
        easting, northing = scattered(border, 60, reach_m, seed)
        segment, chainage, offset = border.locate(easting, northing)
        distance = shapely.distance(border.line, shapely.points(easting, northing))
        assert np.allclose(np.abs(offset), distance, rtol=1e-9, atol=1e-6)
        foot_easting, foot_northing = border.point_at(np.minimum(chainage, border.length_m))
        assert np.allclose(np.hypot(easting - foot_easting, northing - foot_northing), distance, rtol=1e-9, atol=1e-5)
        assert ((segment >= -1) & (segment < border.segments)).all()


@settings(max_examples=sized(50, 100), deadline=None)
@given(st.lists(st.floats(-500.0, 500.0), min_size=2, max_size=30), st.integers(0, 2**32 - 1))
def test_the_side_is_right_at_every_bend(heights: list[float], seed: int) -> None:
    """Oracle: along a line that only goes east, left is above it: the sign of the height over the line."""
    line = LineString([(100.0 * i, height) for i, height in enumerate(heights)])
    border = Border(FRAME, line)
    rng = np.random.default_rng(seed)
    easting, northing = rng.uniform(0.0, line.bounds[2], 200), rng.uniform(-800.0, 800.0, 200)
    _, _, offset = border.locate(easting, northing)
    above = northing - np.interp(easting, 100.0 * np.arange(len(heights)), heights)
    clear = np.abs(above) > 1e-6
    assert (np.sign(offset[clear]) == np.sign(above[clear])).all()


def test_numpy_xarray_dask_floats_and_threads_agree_to_the_bit() -> None:
    easting, northing = (a.reshape(20, 50) for a in scattered(BEND, 1000, 3_000.0))
    easting[3, 3], northing[4, 4] = np.nan, np.inf
    expected = BEND.locate(easting, northing)
    assert [a.dtype for a in expected] == [np.int32, np.float64, np.float64]
    labelled = BEND.locate(xr.DataArray(easting, dims=("y", "x")), xr.DataArray(northing, dims=("y", "x")))
    lazy = BEND.locate(da.from_array(easting, chunks=7), da.from_array(northing, chunks=7))
    apart = BEND.locate(da.from_array(easting, chunks=7), da.from_array(northing, chunks=9))
    both = BEND.locate(*(xr.DataArray(a, dims=("y", "x")).chunk({"x": 11}) for a in (easting, northing)))
    with ThreadPoolExecutor(4) as pool:
        threads = list(pool.map(lambda row: BEND.locate(easting[row], northing[row]), range(20)))
    for i, wanted in enumerate(expected):
        assert np.array_equal(labelled[i].to_numpy(), wanted, equal_nan=True)
        assert np.array_equal(lazy[i].compute(), wanted, equal_nan=True)
        assert np.array_equal(apart[i].compute(), wanted, equal_nan=True)
        assert np.array_equal(both[i].compute().to_numpy(), wanted, equal_nan=True)
        assert np.array_equal(np.stack([row[i] for row in threads]), wanted, equal_nan=True)
    assert isinstance(lazy[0], da.Array)
    assert isinstance(both[0].data, da.Array)
    assert labelled[0].dims == ("y", "x")
    assert [a.name for a in labelled] == ["segment", "chainage_m", "offset_m"]
    assert BEND.locate(easting[0, 0], northing[0, 0]) == tuple(a[0, 0] for a in expected)


def test_nan_is_nowhere() -> None:
    segment, chainage, offset = BEND.locate(np.array([np.nan, 0.0]), np.array([0.0, np.inf]))
    assert segment.tolist() == [-1, -1]
    assert np.isnan(chainage).all()
    assert np.isnan(offset).all()
    assert BEND.locate(np.zeros(0), np.zeros(0))[0].shape == (0,)


def test_a_gap_has_no_chainage_and_no_segment() -> None:
    """By hand: two parts of 700 m with 300 m between them; segments of 500 and 200 m each."""
    assert GAP.segments == 4
    assert GAP.length_m == 1400.0
    assert GAP.segment_spans_m.tolist() == [[0, 500], [500, 700], [700, 1200], [1200, 1400]]
    assert GAP.locate(820.0, 5.0)[:2] == (-1, 700.0)
    assert GAP.locate(1100.0, 5.0) == (2, 800.0, 5.0)
    assert GAP.point_at(700.0) == (1000.0, 0.0)
    assert GAP.segment_geometry(1).coords[:] == [(500.0, 0.0), (700.0, 0.0)]


def test_a_ring_has_no_ends() -> None:
    """A square driven anticlockwise: left is inside."""
    ring = Border(FRAME, LineString([(0, 0), (1000, 0), (1000, 1000), (0, 1000), (0, 0)]))
    segment, _, offset = ring.locate(np.array([-30.0, 500.0, -30.0]), np.array([-40.0, 500.0, 500.0]))
    assert (segment >= 0).all()
    assert offset.tolist() == [-50.0, 500.0, -30.0]


def test_a_branch_is_not_an_end() -> None:
    trunk, branch = [(0.0, 0.0), (1000.0, 0.0), (2000.0, 0.0)], [(1000.0, 0.0), (1000.0, -800.0)]
    border = Border(FRAME, MultiLineString([branch, trunk]))
    assert border.locate(1000.0, 50.0)[0] >= 0
    assert border.locate(1000.0, -900.0)[0] == -1


def test_a_line_drawn_many_times_over_costs_no_more_than_the_tree_may() -> None:
    zigzag = [(float(i), 50.0 * (i % 2)) for i in range(0, 3000, 10)]
    border = Border(FRAME, MultiLineString([zigzag] * 6))
    assert len(border._tree.child) <= MAX_NODES
    easting, northing = scattered(border, 500, 400.0)
    distance = shapely.distance(LineString(zigzag), shapely.points(easting, northing))
    assert np.allclose(np.abs(border.locate(easting, northing)[2]), distance, atol=1e-6)


@settings(deadline=None)
@given(st.floats(0.0, 2000.0))
def test_a_place_on_the_line_is_located_where_it_was_taken(chainage: float) -> None:
    segment, found, offset = BEND.locate(*BEND.point_at(chainage))
    assert found == pytest.approx(chainage, abs=1e-9)
    assert offset == pytest.approx(0.0, abs=1e-9)
    assert segment == min(int(found / 500.0), 3)


def test_beyond_the_line_there_is_no_place() -> None:
    easting, northing = BEND.point_at(np.array([-1.0, 0.0, 2000.0, 2000.1, np.nan]))
    assert np.isfinite(easting).tolist() == [False, True, True, False, False]
    assert np.isfinite(northing).tolist() == [False, True, True, False, False]


def test_segments_cover_the_line_once() -> None:
    border = Border(FRAME, LineString([(0, 0), (333, 100), (900, -40), (1500, 7)]), segment_length_m=130.0)
    lengths = [border.segment_geometry(i).length for i in range(border.segments)]
    assert sum(lengths) == pytest.approx(border.length_m)
    assert lengths[:-1] == pytest.approx([130.0] * (border.segments - 1))
    table = border.to_geodataframe()
    assert table.crs.to_epsg() == 4326
    assert table["length_m"].to_numpy() == pytest.approx(lengths)
    lon, lat = FRAME.to_lonlat(0.0, 0.0)
    assert table.geometry[0].coords[0] == pytest.approx((lon, lat))
    with pytest.raises(BorderError, match="no segment"):
        border.segment_geometry(border.segments)


def test_a_border_is_a_value() -> None:
    again = pickle.loads(pickle.dumps(GAP))
    assert again == GAP
    easting, northing = scattered(GAP, 100, 500.0)
    for here, there in zip(GAP.locate(easting, northing), again.locate(easting, northing), strict=True):
        assert np.array_equal(here, there)


CROSSING = {
    "an eight": [[(0, 0), (100, 100), (100, 0), (0, 100)]],
    "in a vertex": [[(0, 0), (50, 50), (100, 100), (100, 0), (50, 50), (0, 100)]],
    "back along itself": [[(0, 0), (100, 0), (40, 0)]],
    "a vertex on an edge": [[(0, 0), (100, 0), (100, 50), (50, 0), (50, -50)]],
    "two lines": [[(0, 0), (100, 100)], [(0, 100), (100, 0)]],
}


@pytest.mark.parametrize("parts", CROSSING.values(), ids=CROSSING)
def test_a_line_that_crosses_itself_has_no_sides(parts: list) -> None:
    with pytest.raises(BorderError, match=r"crosses itself at longitude 1\.50\d+, latitude 42\.50"):
        Border(FRAME, MultiLineString(parts))


TOUCHING = {
    "an enclave on a stalk": [[(0, 0), (50, 50), (90, 0), (100, 60), (50, 50), (60, 200)]],
    "a ring": [[(0, 0), (100, 0), (100, 100), (0, 0)]],
    "a branch": [[(0, 0), (50, 0), (100, 0)], [(50, 0), (50, 80)]],
    "the same line twice": [[(0, 0), (50, 10), (100, 0)], [(0, 0), (50, 10), (100, 0)]],
    "a place twice": [[(0, 0), (50, 10), (50, 10), (100, 0)]],
}


@pytest.mark.parametrize("parts", TOUCHING.values(), ids=TOUCHING)
def test_a_line_may_touch_itself(parts: list) -> None:
    assert Border(FRAME, MultiLineString(parts)).segments >= 1


def test_a_file_whose_line_crosses_itself_is_named(tmp_path: Path) -> None:
    eight = {"type": "LineString", "coordinates": [[1.5, 42.5], [1.6, 42.6], [1.6, 42.5], [1.5, 42.6]]}
    file = tmp_path / "eight.geojson"
    file.write_text(
        json.dumps(
            {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": eight}]}
        )
    )
    with pytest.raises(BorderError, match=r"eight\.geojson: the line crosses itself at longitude 1\.55"):
        Border.from_file(file, FRAME)


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"home_side": "north"}, "home_side"),
        ({"segment_length_m": 0.0}, "segment_length_m"),
        ({"segment_length_m": float("nan")}, "segment_length_m"),
        ({"line": LineString()}, "empty"),
        ({"line": LineString([(1, 1), (1, 1)])}, "empty"),
        ({"line": shapely.box(0, 0, 1, 1)}, "Polygon"),
        ({"line": LineString([(0, 0), (float("inf"), 0)])}, "not finite"),
        ({"line": LineString([(0, 0), (1, 0), (float("nan"), 0)])}, "not finite"),
        ({"segment_length_m": "500"}, "segment_length_m"),
        ({"segment_length_m": None}, "segment_length_m"),
        ({"segment_length_m": True}, "segment_length_m"),
        ({"segment_length_m": 1e-9}, "at most 10000000 segments"),
    ],
)
def test_a_border_that_makes_no_sense_is_refused(settings_: dict, words: str) -> None:
    with pytest.raises(BorderError, match=words):
        Border(**({"frame": FRAME, "line": BEND.line} | settings_))


@pytest.mark.skipif(not WORLD_BORDERS.exists(), reason="the shared border lines are not here")
@pytest.mark.parametrize(
    "where",
    [
        {"adm0_left": "Spain", "adm0_right": "France"},
        {"adm0_left": ["Spain", "Andorra", "France"], "adm0_right": ["Spain", "Andorra", "France"]},
    ],
)
def test_the_real_border_of_spain_andorra_and_france(where: dict) -> None:
    border = Border.from_file(WORLD_BORDERS, FRAME, where=where)
    for reach_m in (500.0, 20_000.0, 2_000_000.0):
        easting, northing = scattered(border, 3_000, reach_m)
        segment, chainage, offset = border.locate(easting, northing)
        distance = shapely.distance(border.line, shapely.points(easting, northing))
        assert np.allclose(np.abs(offset), distance, rtol=1e-12, atol=1e-6)
        spans = border.segment_spans_m[segment[segment >= 0]]
        on = chainage[segment >= 0]
        assert ((spans[:, 0] - 1e-6 <= on) & (on <= spans[:, 1] + 1e-6)).all()


@pytest.mark.skipif(not WORLD_BORDERS.exists(), reason="the shared border lines are not here")
def test_spain_lies_left_of_its_border_west_of_andorra() -> None:
    """Natural Earth digitises with ``adm0_left`` on the left: Lleida and Pamplona are Spanish, Foix and Tarbes not."""
    border = Border.from_file(WORLD_BORDERS, FRAME, where="adm0_left = 'Spain' and adm0_right = 'France'")
    easting, northing = FRAME.to_local(np.array([0.62, -1.64, 1.61, 0.08]), np.array([41.62, 42.82, 42.97, 43.23]))
    assert np.sign(border.locate(easting, northing)[2]).tolist() == [1.0, 1.0, -1.0, -1.0]


@pytest.mark.skipif(not WORLD_BORDERS.exists(), reason="the shared border lines are not here")
@pytest.mark.parametrize("countries", [["Spain", "France"], ["Spain", "Andorra", "France"]])
def test_lines_digitised_against_each_other_keep_one_home_side(countries: list[str]) -> None:
    """East of Andorra the file has France on the left, towards Andorra Spain on the right: still Spain is left."""
    both = {"adm0_left": countries, "adm0_right": countries}
    border = Border.from_file(WORLD_BORDERS, FRAME, where=both)
    easting, northing = FRAME.to_local(np.array([0.62, 2.82, 2.90, 0.08]), np.array([41.62, 41.98, 42.65, 43.23]))
    signs = np.sign(border.locate(easting, northing)[2])
    assert signs.tolist() == [1.0, 1.0, -1.0, -1.0], "Lleida, Girona | Perpignan, Tarbes"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("home_side", ["left", "right"])
def test_a_point_on_any_vertex_lies_in_a_segment(seed: int, home_side: str) -> None:
    """On the two ends too, where rounding would have it beyond; a millimetre farther it is."""
    rng = np.random.default_rng(seed)
    places = np.column_stack([np.sort(rng.uniform(0.0, 3_000.0, 40)), rng.uniform(-300.0, 300.0, 40)])
    border = Border(FRAME, LineString(places), segment_length_m=237.0, home_side=home_side)
    segment, chainage, offset = border.locate(*places.T)
    along = np.append(0.0, np.hypot(*np.diff(places, axis=0).T).cumsum())
    assert np.array_equal(segment, np.minimum((along / 237.0).astype(int), border.segments - 1))
    assert np.allclose(chainage, along, rtol=0.0, atol=1e-6)
    assert np.abs(offset).max() <= 1e-6
    for end, inner in ((0, 1), (-1, -2)):
        away = (places[end] - places[inner]) / np.hypot(*(places[end] - places[inner]))
        assert border.locate(*(places[end] + 1e-3 * away))[0] == -1
