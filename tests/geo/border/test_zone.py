from __future__ import annotations

import json
import pickle
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box

from geo.border import Zone
from geo.border.belt import belt_of
from geo.errors import BorderError
from geo.frame import LocalFrame

FRAME = LocalFrame.around(33.4, 35.1)  # Nicosia: the best known zone with two edges
INNER = LineString([(0, 0), (1000, 0), (2000, 300)])
OUTER = LineString([(2000, 700), (1000, 400), (0, 500)])
ZONE = Zone.from_lines(INNER, OUTER, FRAME, segment_length_m=250.0)
SOUTH, NORTH = (33.4, 34.9), (33.4, 35.3)


@pytest.mark.parametrize(
    ("easting", "northing", "offset"),
    [
        (500.0, -80.0, 80.0),  # home is south of the inner edge, since the outer one lies north
        (500.0, 0.0, 0.0),  # on the inner edge
        (500.0, 200.0, 0.0),  # in the zone
        (0.0, 560.0, -60.0),  # beyond the outer edge, whose end is nearest
        (0.0, 500.0, 0.0),  # on the outer edge's end
    ],
)
def test_places_beside_a_zone(easting: float, northing: float, offset: float) -> None:
    segment, chainage, found = ZONE.locate(easting, northing)
    assert found == pytest.approx(offset, abs=1e-9)
    assert chainage == pytest.approx(easting)
    assert segment == int(easting // 250.0)


@pytest.mark.parametrize("inward", [False, True], ids=["home inside", "home outside"])
@pytest.mark.parametrize("turned", [False, True])
def test_rings_may_be_drawn_in_opposite_directions_as_those_of_an_area_with_a_hole(inward: bool, turned: bool) -> None:
    small, large = (box(-half, -half, half, half).exterior.coords for half in (1000.0, 2000.0))
    lines = LineString(small), LineString(large[::-1] if turned else large)
    inner, outer = lines[::-1] if inward else lines
    zone = Zone.from_lines(inner, outer, FRAME)
    at_home, away = (2500.0, 0.0) if inward else (500.0, 0.0), (500.0, 0.0) if inward else (2500.0, 0.0)
    assert zone.locate(*at_home)[2] == pytest.approx(500.0)
    assert zone.locate(*away)[2] == pytest.approx(-500.0)
    assert zone.locate(1500.0, 0.0)[2] == 0.0


def test_numpy_xarray_dask_and_floats_agree() -> None:
    rng = np.random.default_rng(2)
    easting, northing = rng.uniform(-500.0, 2_500.0, (20, 30)), rng.uniform(-900.0, 1_500.0, (20, 30))
    easting[1, 1] = np.nan
    expected = ZONE.locate(easting, northing)
    labelled = ZONE.locate(*(xr.DataArray(a, dims=("y", "x")) for a in (easting, northing)))
    chunked = ZONE.locate(*(xr.DataArray(a, dims=("y", "x")).chunk({"y": 6}) for a in (easting, northing)))
    lazy = ZONE.locate(*(da.from_array(a, chunks=7) for a in (easting, northing)))
    apart = ZONE.locate(da.from_array(easting, chunks=7), da.from_array(northing, chunks=9))
    for i, wanted in enumerate(expected):
        assert np.array_equal(labelled[i].to_numpy(), wanted, equal_nan=True)
        assert np.array_equal(chunked[i].to_numpy(), wanted, equal_nan=True)
        assert np.array_equal(lazy[i].compute(), wanted, equal_nan=True)
        assert np.array_equal(apart[i].compute(), wanted, equal_nan=True)
    assert ZONE.locate(easting[0, 0], northing[0, 0]) == tuple(a[0, 0] for a in expected)
    assert np.isnan(expected[2][1, 1])
    assert pickle.loads(pickle.dumps(ZONE)) == ZONE


@settings(max_examples=50, deadline=None)
@given(st.floats(-1_000.0, 1_500.0), st.floats(0.0, 2_000.0))
def test_in_the_zone_is_inside_its_outline(northing: float, easting: float) -> None:
    """Oracle: shapely's polygon of both edges."""
    outline = Polygon([*INNER.coords, *OUTER.coords])
    inside = outline.buffer(-1e-6).contains(shapely.Point(easting, northing))
    outside = not outline.buffer(1e-6).contains(shapely.Point(easting, northing))
    offset = ZONE.locate(easting, northing)[2]
    assert abs(offset) <= 1e-6 or outside
    assert not (inside and offset != 0.0)


@pytest.mark.parametrize(("home", "sign"), [(SOUTH, 1.0), (NORTH, -1.0)])
@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize("clockwise", [False, True])
def test_a_polygon_is_cut_into_its_two_edges(
    home: tuple[float, float], sign: float, start: int, clockwise: bool
) -> None:
    """A strip from west to east, its outline begun anywhere and drawn either way round."""
    corners = [(0, 0), (3000, 100), (3000, 400), (0, 300)]
    ring = corners[start:] + corners[:start]
    strip = Polygon(ring[::-1] if clockwise else ring)
    ends = (FRAME.to_lonlat(0.0, 300.0), FRAME.to_lonlat(3000.0, 100.0)) if sign < 0 else None
    ends = ends if ends is None else (FRAME.to_lonlat(0.0, 0.0), FRAME.to_lonlat(3000.0, 400.0))
    zone = Zone.from_polygon(strip, FRAME, home=home, ends=ends)
    assert np.sign(zone.locate(1500.0, -400.0)[2]) == sign
    assert np.sign(zone.locate(1500.0, 900.0)[2]) == -sign
    assert zone.locate(1500.0, 200.0)[2] == 0.0


def test_a_zone_from_a_file(tmp_path: Path) -> None:
    ring = [[33.30, 35.16], [33.36, 35.17], [33.42, 35.165], [33.42, 35.175], [33.36, 35.18], [33.30, 35.172]]
    outline = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    file = tmp_path / "zone.geojson"
    document = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": outline}]}
    file.write_text(json.dumps(document))
    zone = Zone.from_file(file, FRAME, home=SOUTH)
    place = FRAME.to_local(np.array([33.36, 33.36, 33.36]), np.array([35.15, 35.175, 35.20]))
    assert np.sign(zone.locate(*place)[2]).tolist() == [1.0, 0.0, -1.0]
    document["features"] *= 2
    file.write_text(json.dumps(document))
    with pytest.raises(BorderError, match="2 areas"):
        Zone.from_file(file, FRAME, home=SOUTH)


def test_edges_from_a_file_of_lines(tmp_path: Path) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"edge": edge},
            "geometry": {"type": "LineString", "coordinates": [[33.30, lat], [33.40, lat]][::step]},
        }
        for edge, lat, step in (("inner", 35.16, 1), ("outer", 35.17, -1))
    ]
    file = tmp_path / "edges.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    zone = Zone.from_edges(file, FRAME, inner={"edge": "inner"}, outer={"edge": "outer"})
    place = FRAME.to_local(np.array([33.35, 33.35, 33.35]), np.array([35.15, 35.165, 35.18]))
    assert np.sign(zone.locate(*place)[2]).tolist() == [1.0, 0.0, -1.0]


def test_the_belt_of_a_zone_reaches_beyond_both_edges() -> None:
    """By hand, on cells of 10 m: a zone of 100 m and 50 m to each side are 20 rows of cells."""
    rows, columns = 40, 30
    ground = xr.Dataset(
        {"elevation": (("northing", "easting"), np.zeros((rows, columns)), {"units": "m"})},
        coords={"northing": 5.0 + 10.0 * np.arange(rows)[::-1], "easting": 5.0 + 10.0 * np.arange(columns)},
    )
    zone = Zone.from_lines(LineString([(0, 150), (300, 150)]), LineString([(0, 250), (300, 250)]), FRAME)
    belt = belt_of(zone, ground, belt_m=50.0)
    assert np.unique(belt.northing[np.nonzero(belt.inside)[0]]).tolist() == [105.0 + 10.0 * i for i in range(20)]
    assert (belt.northing[np.nonzero(belt.inner)[0]] == 105.0).all()
    assert (belt.northing[np.nonzero(belt.outer)[0]] == 295.0).all()


@pytest.mark.parametrize(
    ("inner", "outer", "words"),
    [
        (INNER, LineString([(0, 500), (1000, -400), (2000, 700)]), "edges cross"),
        (INNER, LineString([(500, 300), (500, 300)]), "empty"),
    ],
)
def test_edges_that_make_no_zone_are_refused(inner: LineString, outer: LineString, words: str) -> None:
    with pytest.raises(BorderError, match=words):
        Zone.from_lines(inner, outer, FRAME)


def test_edges_with_different_homes_are_refused() -> None:
    with pytest.raises(BorderError, match="are not beside each other"):
        Zone(ZONE.outer, ZONE.inner)


@pytest.mark.parametrize(
    ("area", "keywords", "words"),
    [
        (box(0, 0, 1000, 100).difference(box(400, 40, 500, 60)), {}, "holes"),
        (Polygon([(0, 0), (1000, 100), (1000, 0), (0, 100)]), {}, "crosses itself"),
        (box(0, 0, 1000, 100), {"home": FRAME.to_lonlat(500.0, 50.0)}, "home is inside it"),
        (box(0, 0, 1000, 100), {"ends": (SOUTH, SOUTH)}, "two ends are the same point"),
    ],
)
def test_an_area_that_is_no_zone_is_refused(area: Polygon, keywords: dict, words: str) -> None:
    with pytest.raises(BorderError, match=words):
        Zone.from_polygon(area, FRAME, **({"home": SOUTH} | keywords))


RING = [[179.9, -17.0], [180.0, -17.02], [180.1, -17.0], [180.1, -16.97], [180.0, -16.96], [179.88, -16.97]]
WEST_PART = [[179.9, -17.0], [180.0, -17.02], [180.0, -16.96], [179.88, -16.97]]
EAST_PART = [[-180.0, -17.02], [-179.9, -17.0], [-179.9, -16.97], [-180.0, -16.96]]


def multipolygon(*rings: list[list[float]]) -> dict[str, object]:
    closed = [[[*ring, ring[0]]] for ring in rings]
    return {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": closed}, "properties": {}}


@pytest.mark.parametrize(
    "features",
    [
        [multipolygon(RING)],
        [multipolygon([[lon if lon <= 180.0 else lon - 360.0, lat] for lon, lat in RING])],
        [multipolygon([[lon - 360.0, lat] for lon, lat in RING])],
        [multipolygon(WEST_PART, EAST_PART)],
        [multipolygon(EAST_PART), multipolygon(WEST_PART)],
    ],
    ids=["runs on", "jumps", "runs on in the west", "is cut (RFC 7946)", "is cut into two features"],
)
def test_a_zone_across_the_180th_meridian(tmp_path: Path, features: list[dict[str, object]]) -> None:
    """Oracle: the same area 179° further west, where nothing jumps."""
    plain = [multipolygon([[lon - 179.0, lat] for lon, lat in RING])]
    zones = {}
    for name, longitude, drawn in (("there", 180.0, features), ("here", 1.0, plain)):
        path = tmp_path / f"{name}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": drawn}))
        frame = LocalFrame.around(longitude, -17.0)
        home = (longitude, -17.2)
        zones[name] = Zone.from_file(path, frame, home=home, segment_length_m=1_000.0)
    there, here = zones["there"], zones["here"]
    assert there.segments == here.segments
    assert there.length_m == pytest.approx(here.length_m, abs=0.01)
    for edge in ("inner", "outer"):
        assert getattr(there, edge).line.hausdorff_distance(getattr(here, edge).line) < 0.01
    for easting, northing in ((700.0, 0.0), (-5_000.0, 2_000.0), (5_000.0, -6_000.0), (1_500.0, 9_000.0)):
        (_, along, offset), (_, expected_along, expected) = (zone.locate(easting, northing) for zone in (there, here))
        assert offset == pytest.approx(expected, abs=0.01)
        # the direction of the chainage follows the order in which the outline is drawn
        assert there.point_at(along) == pytest.approx(here.point_at(expected_along), abs=0.01)


def test_areas_that_only_reach_the_180th_meridian_stay_two(tmp_path: Path) -> None:
    """Each has an edge on it, at other latitudes: nothing is joined, and nothing is chosen silently."""
    north = [[lon, lat + 0.5] for lon, lat in EAST_PART]
    path = tmp_path / "two.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": [multipolygon(WEST_PART), multipolygon(north)]})
    )
    with pytest.raises(BorderError, match="2 areas"):
        Zone.from_file(path, LocalFrame.around(180.0, -17.0), home=(180.0, -17.2))
