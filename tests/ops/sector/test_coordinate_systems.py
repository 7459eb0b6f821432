"""GeoJSON files of a sector in another coordinate system than WGS 84 are refused: read as degrees of WGS 84, what they
hold would be 100 to 500 m away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geo.areas import area_errors, read_areas
from geo.errors import BadInput
from geo.frame import LocalFrame
from ops.analysis.mobile.schedule_file import read_schedules
from ops.sector.sector_file import base_errors, read_bases
from sensors.equipment.catalogue import shipped
from sensors.layout import Layout
from sensors.layout_errors import layout_file_errors

FRAME = LocalFrame.around(24.0, 57.0)
POINT = {"type": "Point", "coordinates": [24.0, 57.0]}
SQUARE = [[24.0, 57.0], [24.1, 57.0], [24.1, 57.1], [24.0, 57.1], [24.0, 57.0]]
FILES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "layout": (POINT, {"id": "r1", "kind": "radar", "max_range_m": 5000}),
    "bases": (POINT, {"name": "base"}),
    "areas": ({"type": "Polygon", "coordinates": [SQUARE]}, {"id": "d1", "name": "Quarry", "kind": "danger"}),
}
READERS: dict[str, Callable[[Path], Any]] = {
    "layout": lambda path: Layout.from_file(path, FRAME),
    "bases": read_bases,
    "areas": read_areas,
}
ERRORS: dict[str, Callable[[Path], list[Any]]] = {
    "layout": lambda path: layout_file_errors(path, FRAME),
    "bases": lambda path: [error for _, error in base_errors(path)],
    "areas": lambda path: [error for _, error in area_errors(path)],
}


def written(folder: Path, what: str, system: str) -> Path:
    geometry, properties = FILES[what]
    document = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": system}},
        "features": [{"type": "Feature", "geometry": geometry, "properties": properties}],
    }
    path = folder / f"{what}.geojson"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("what", FILES)
def test_a_file_in_another_system_is_one_sentence(tmp_path: Path, what: str) -> None:
    path = written(tmp_path, what, "urn:ogc:def:crs:EPSG::4284")
    with pytest.raises(BadInput, match="has the coordinate system 'urn:ogc:def:crs:EPSG::4284'") as caught:
        READERS[what](path)
    assert path.name in caught.value.where
    assert "WGS 84" in caught.value.expected
    (error,) = ERRORS[what](path)
    assert error.what == "has the coordinate system 'urn:ogc:def:crs:EPSG::4284'"


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_states_wgs_84_is_read(tmp_path: Path, what: str) -> None:
    path = written(tmp_path, what, "urn:ogc:def:crs:OGC:1.3:CRS84")
    assert len(list(READERS[what](path))) == 1
    assert ERRORS[what](path) == []


def test_schedules_in_another_system_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "schedules.geojson"
    crs = {"type": "name", "properties": {"name": "EPSG:4301"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": []}))
    with pytest.raises(BadInput, match="has the coordinate system 'EPSG:4301'"):
        read_schedules(path, FRAME, shipped())
