"""Named areas: what a file may hold, and which areas contain a position."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.areas import AREA_KINDS, MOST_AREAS, MOST_CORNERS, AreaError, AreaLookup, area_errors, read_areas
from geo.frame import LocalFrame

SQUARE = [[-84.2, 36.5], [-84.1, 36.5], [-84.1, 36.6], [-84.2, 36.6], [-84.2, 36.5]]
HOLE = [[-84.18, 36.52], [-84.18, 36.58], [-84.12, 36.58], [-84.12, 36.52], [-84.18, 36.52]]
FRAME = LocalFrame.around(-84.15, 36.55)


def area(*rings: Any, identity: str = "d1", shape: str = "Polygon", **properties: Any) -> dict[str, Any]:
    named = {"id": identity, "name": "Quarry", "kind": "danger"} | properties
    coordinates = rings[0] if shape == "MultiPolygon" else list(rings or (SQUARE,))
    return {
        "type": "Feature",
        "properties": {key: value for key, value in named.items() if value is not None},
        "geometry": {"type": shape, "coordinates": coordinates},
    }


def written(folder: Path, *features: Any, **document: Any) -> Path:
    path = folder / "areas.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)} | document))
    return path


def lookup(folder: Path, *features: Any, frame: LocalFrame = FRAME) -> AreaLookup:
    return AreaLookup(read_areas(written(folder, *features)), frame)


def ids(found: Any) -> list[str]:
    return [one.id for one in found]


def test_a_position_is_in_every_area_that_contains_it_and_not_in_a_hole(tmp_path: Path) -> None:
    areas = lookup(
        tmp_path, area(SQUARE, HOLE), area(HOLE, identity="w1", kind="watch"), area(HOLE, identity="x", kind="watch")
    )
    assert ids(areas.at(*FRAME.to_local(-84.15, 36.55))) == ["w1", "x"], "the hole belongs to others"
    assert ids(areas.at(*FRAME.to_local(-84.19, 36.51))) == ["d1"]
    assert areas.at(*FRAME.to_local(-84.3, 36.55)) == ()
    assert areas.at(float("nan"), 0.0) == ()
    assert AreaLookup([], FRAME).at(0.0, 0.0) == ()


@settings(max_examples=50, deadline=None)
@given(lon=st.floats(-84.25, -84.05), lat=st.floats(36.45, 36.65))
def test_the_lookup_equals_the_polygon_in_degrees(
    tmp_path_factory: pytest.TempPathFactory, lon: float, lat: float
) -> None:
    areas = lookup(tmp_path_factory.mktemp("areas"), area(SQUARE, HOLE))
    there = shapely.Polygon(SQUARE, [HOLE])
    if shapely.distance(there.boundary, shapely.Point(lon, lat)) > 1e-4:  # edges are straight in another projection
        assert (ids(areas.at(*FRAME.to_local(lon, lat))) == ["d1"]) == there.contains(shapely.Point(lon, lat))


def test_an_area_across_the_180th_meridian_as_one_ring_and_cut_in_two(tmp_path: Path) -> None:
    frame = LocalFrame.around(180.0, 52.0)
    one = [[179.9, 51.9], [-179.9, 51.9], [-179.9, 52.1], [179.9, 52.1], [179.9, 51.9]]
    hole = [[-179.99, 51.99], [-179.98, 51.99], [-179.98, 52.01], [-179.99, 52.01], [-179.99, 51.99]]
    two = [
        [[[179.9, 51.9], [180.0, 51.9], [180.0, 52.1], [179.9, 52.1], [179.9, 51.9]]],
        [[[-180.0, 51.9], [-179.9, 51.9], [-179.9, 52.1], [-180.0, 52.1], [-180.0, 51.9]]],
    ]
    areas = lookup(tmp_path, area(one, hole), area(two, identity="two", shape="MultiPolygon"), frame=frame)
    for lon in (179.95, -179.95, 179.999, -179.97):
        assert ids(areas.at(*frame.to_local(lon, 52.0))) == ["d1", "two"], lon
    assert ids(areas.at(*frame.to_local(-179.985, 52.0))) == ["two"], "the hole"
    assert areas.at(*frame.to_local(179.8, 52.0)) == ()
    west, _, east, _ = read_areas(tmp_path / "areas.geojson")[0].shape.bounds
    assert east - west == pytest.approx(0.2)


BOWTIE = [[-84.2, 36.5], [-84.1, 36.6], [-84.1, 36.5], [-84.2, 36.6], [-84.2, 36.5]]
AWAY = [[-80.2, 36.5], [-80.1, 36.5], [-80.1, 36.6], [-80.2, 36.6], [-80.2, 36.5]]
AROUND = [[0.0, 80.0], [90.0, 80.0], [180.0, 80.0], [-90.0, 80.0], [0.0, 80.0]]


@pytest.mark.parametrize(
    ("feature", "sentence"),
    [
        (area(BOWTIE), "has an invalid outline (Self-intersection"),
        (area(SQUARE, AWAY), "has an invalid outline (Hole lies outside shell"),
        (area(SQUARE[:-1]), "has a ring that is not closed; expected at least four positions"),
        (area([[0, 0], [1, 1], [0, 0]]), "has a ring that is not closed"),
        (area([[-84.2, 136.5], *SQUARE[1:-1], [-84.2, 136.5]]), "longitude -84.2, latitude 136.5 is not on Earth"),
        (area([["a", 1], *SQUARE[1:]]), "has no outline; expected positions [longitude, latitude]"),
        (area([[float("nan"), 36.5], *SQUARE[1:]]), ""),
        (area(AROUND), "goes around a pole; expected an area that does not contain a pole"),
        (area(None), "has no outline"),
        (area(shape="LineString"), "is a 'LineString'; expected a GeoJSON Polygon or MultiPolygon"),
        (area([], shape="MultiPolygon"), "has no outline"),
        (area(kind="dangerous"), "has the kind 'dangerous' (did you mean 'danger'?); expected one of danger"),
        (area(kind=None), "has no kind; expected one of"),
        (area(kind=3), "has the kind 3"),
        (area(name=" "), "has the name ' '; expected the key name, as text"),
        (area(name="a\u202eb"), "expected text on one line"),
        (area(name="q" * 61), "with at most 60 characters"),
        (area(id=None), "has no id; expected the key id, as text"),
        ({"type": "Feature", "geometry": None, "properties": None}, "has no properties"),
        (7, "has no properties"),
    ],
)  # fmt: skip
def test_each_mistake_of_an_area_is_one_sentence_that_names_it(tmp_path: Path, feature: Any, sentence: str) -> None:
    path = written(tmp_path, area(identity="good"), feature, area(identity="also good"))
    [(place, error)] = area_errors(path)
    assert place == "feature 2"
    assert sentence in str(error)
    assert str(error).count("\n") == 0
    with pytest.raises(AreaError, match="feature 2"):
        read_areas(path)


def test_a_file_that_is_none_is_refused_as_a_whole(tmp_path: Path) -> None:
    for document, sentence in (
        ({"type": "Feature"}, "is not a FeatureCollection"),
        ({"features": None}, "has no list of features"),
        ({"features": [area()] * (MOST_AREAS + 1)}, f"has {MOST_AREAS + 1} areas; expected at most {MOST_AREAS}"),
    ):
        [(place, error)] = area_errors(written(tmp_path, **document))
        assert (place, sentence in str(error)) == ("", True)
    (tmp_path / "areas.geojson").write_text("{")
    assert len(area_errors(tmp_path / "areas.geojson")) == 1
    with pytest.raises(AreaError, match="cannot be read"):
        read_areas(tmp_path / "none.geojson")
    twice = area_errors(written(tmp_path, area(), area()))
    assert "has the id 'd1', as feature 1 has" in str(twice[0][1])
    turn = np.linspace(0.0, 2 * np.pi, MOST_CORNERS + 2)
    circle = [[round(float(x), 6), round(float(y), 6)] for x, y in zip(np.cos(turn), np.sin(turn), strict=True)]
    many = area_errors(written(tmp_path, area([*circle[:-1], circle[0]])))
    assert "corners; expected at most" in str(many[-1][1])


def test_a_file_without_areas_is_allowed_and_every_kind_is(tmp_path: Path) -> None:
    assert read_areas(written(tmp_path)) == []
    features = [area(identity=kind, kind=kind) for kind in AREA_KINDS]
    assert [one.kind for one in read_areas(written(tmp_path, *features))] == list(AREA_KINDS)
