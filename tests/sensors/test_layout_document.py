"""Layouts drawn in a GIS: the same sensors as from GeoJSON, and one clear sentence for what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import pytest
from shapely.geometry import LineString, MultiPoint, Point

from geo.frame import LocalFrame
from sensors.errors import LayoutError
from sensors.layout import Layout
from sensors.layout_errors import layout_errors, layout_file_errors

FRAME = LocalFrame.around(1.5, 42.5)
RADAR = {"id": "radar", "kind": "radar", "max_range_m": 9000.0, "period_s": 2.5, "mast_height_m": 25.0}
CAMERA = {"id": "camera", "kind": "camera", "max_range_m": 4000.0, "night": False, "period_s": 6.0}
LINK = {"id": "link", "kind": "relay", "max_range_m": 15000.0, "gateway": True}


def drawn(path: Path, rows: list[dict[str, Any]], layer: str = "sensors", epsg: int = 25831, **more: Any) -> Path:
    """A layer as a GIS writes it: one table for all kinds, with empty cells, in the GIS project's own system."""
    points = [Point(1.5 + 0.01 * number, 42.5) for number in range(len(rows))]
    table = geopandas.GeoDataFrame(rows, geometry=points, crs=4326).to_crs(epsg)
    table.to_file(path, layer=layer, driver="GPKG", **more)
    return path


def test_a_drawn_layout_has_the_sensors_of_the_same_geojson(tmp_path: Path) -> None:
    rows = [RADAR, CAMERA, LINK]
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [1.5 + 0.01 * number, 42.5]},
            "properties": row,
        }
        for number, row in enumerate(rows)
    ]
    document = {"type": "FeatureCollection", "name": "sensors", "features": features}
    (tmp_path / "layout.geojson").write_text(json.dumps(document))
    plain = Layout.from_file(tmp_path / "layout.geojson", FRAME)
    read = Layout.from_file(drawn(tmp_path / "layout.gpkg", rows), FRAME)
    assert read.ids == plain.ids == ("radar", "camera")
    for one, other in zip((*read, *read.relays), (*plain, *plain.relays), strict=True):
        assert (one.easting, one.northing) == pytest.approx((other.easting, other.northing), abs=1e-3)
        for name in ("kind", "max_range_m", "mast_height_m", "availability"):
            assert getattr(one, name) == getattr(other, name)
    assert read["radar"].period_s == 2.5
    assert read["camera"].night is False
    assert read.relays[0].gateway is True
    assert read.name == "layout"


def test_a_column_is_read_as_its_key_declares_it(tmp_path: Path) -> None:
    """Whole numbers for metres, 1 for true, a number as id, text for a number, JSON for a matrix."""
    rows = [
        {"id": 7, "kind": "camera", "max_range_m": "4000", "mast_height_m": 12, "night": 1,
         "confusion": json.dumps([[0.2] * 5] * 5)},
    ]  # fmt: skip
    (camera,) = Layout.from_file(drawn(tmp_path / "layout.gpkg", rows), FRAME)
    assert (camera.id, camera.max_range_m, camera.mast_height_m, camera.night) == ("7", 4000.0, 12, True)
    assert camera.confusion == ((0.2,) * 5,) * 5


def test_of_several_point_layers_one_is_named(tmp_path: Path) -> None:
    """Merged, a layer of last year's sensors would count without a word."""
    path = drawn(tmp_path / "project.gpkg", [RADAR], layer="radars")
    drawn(path, [CAMERA], layer="cameras")
    line = geopandas.GeoDataFrame({"name": ["border"]}, geometry=[LineString([(1.4, 42.5), (1.6, 42.5)])], crs=4326)
    line.to_file(path, layer="border", driver="GPKG")
    with pytest.raises(
        LayoutError,
        match=r"project\.gpkg: has several layers of points: radars, cameras; "
        r"expected project\.gpkg\|layername=radars, or another of them",
    ):
        Layout.from_file(path, FRAME)
    assert Layout.from_file(f"{path}|layername=cameras", FRAME).ids == ("camera",)
    with pytest.raises(
        LayoutError, match=r"has no layer 'camera' \(did you mean 'cameras'\?\); expected one of radars"
    ):
        Layout.from_file(f"{path}|layername=camera", FRAME)


def test_one_layer_of_points_among_others_is_the_layout(tmp_path: Path) -> None:
    path = drawn(tmp_path / "project.gpkg", [RADAR], layer="radars")
    line = geopandas.GeoDataFrame({"name": ["border"]}, geometry=[LineString([(1.4, 42.5), (1.6, 42.5)])], crs=4326)
    line.to_file(path, layer="border", driver="GPKG")
    assert Layout.from_file(path, FRAME).ids == ("radar",)
    line.to_file(tmp_path / "lines.gpkg", layer="border", driver="GPKG")
    with pytest.raises(LayoutError, match="has no layer of points: border holds LineString; expected points with"):
        Layout.from_file(tmp_path / "lines.gpkg", FRAME)


def test_a_multipoint_of_one_point_is_a_point(tmp_path: Path) -> None:
    table = geopandas.GeoDataFrame([RADAR], geometry=[MultiPoint([(1.5, 42.5)])], crs=4326)
    table.to_file(tmp_path / "layout.gpkg", driver="GPKG")
    assert Layout.from_file(tmp_path / "layout.gpkg", FRAME)["radar"].lon == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([RADAR | {"max_rnge_m": 1.0}], "unknown column 'max_rnge_m'; expected a known name, probably 'max_range_m'"),
        (
            [{"id": "a", "kind": "radar", "range_m": 5000}],
            "unknown column 'range_m'; expected a known name, probably 'max_range_m'",
        ),
        ([RADAR | {"kind": "radra"}], "kind is 'radra' (did you mean 'radar'?)"),
        ([{"id": "a", "catalogue": "ift_radra"}], "(did you mean 'ift_radar'?)"),
        ([RADAR | {"mast_height_m": "high"}], "mast_height_m is 'high'; expected a number"),
        ([RADAR | {"period_s": -2.0}], "period_s is -2"),
        ([RADAR | {"night": True}], "key 'night' is not known for a radar"),
        ([RADAR, RADAR], "two sensors are called 'radar'"),
        ([{"name": "town"}], "has the columns name"),
    ],
)
def test_a_wrong_table_is_refused_in_one_sentence(tmp_path: Path, rows: list[dict[str, Any]], said: str) -> None:
    path = drawn(tmp_path / "layout.gpkg", rows)
    with pytest.raises(LayoutError) as error:
        Layout.from_file(path, FRAME)
    assert said in str(error.value)
    assert "layout.gpkg" in str(error.value)


def test_a_file_that_stands_for_data_elsewhere_is_refused(tmp_path: Path) -> None:
    """GDAL chooses its driver by content: a virtual layer in a file named as a GeoPackage reads other files."""
    virtual = tmp_path / "layout.gpkg"
    virtual.write_text(
        '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    )
    with pytest.raises(LayoutError, match="refers to data elsewhere"):
        Layout.from_file(virtual, FRAME)


def test_a_file_that_is_missing_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match=r"none\.gpkg: .*cannot be read"):
        Layout.from_file(tmp_path / "none.gpkg", FRAME)
    (tmp_path / "text.gpkg").write_text("not a database")
    with pytest.raises(LayoutError, match=r"text\.gpkg: cannot be read"):
        Layout.from_file(tmp_path / "text.gpkg", FRAME)
    with pytest.raises(LayoutError, match="has no layer 'other'; expected one of sensors"):
        Layout.from_file(f"{drawn(tmp_path / 'layout.gpkg', [RADAR])}|layername=other", FRAME)


def test_every_error_of_a_layout_is_found(tmp_path: Path) -> None:
    wrong = [
        RADAR | {"max_range": 5.0, "period_s": -1.0, "availability": 2.0},
        RADAR | {"id": "second", "min_range_m": 9500.0, "elevation_min_deg": 5.0, "report_delay_s": 60.0},
        CAMERA | {"id": "lidar", "kind": "lidar"},
        {"kind": "relay", "max_range_m": 100.0},
        CAMERA | {"catalogue": "no_such_item"},
        CAMERA | {"id": "radar"},
    ]
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1.5, 42.5]}, "properties": row}
        for row in wrong
    ]
    features[1] = features[1] | {"geometry": {"type": "Point", "coordinates": [1.5, 95.0]}}
    path = tmp_path / "layout.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    found = [error.what for error in layout_file_errors(path, FRAME)]
    for part in (
        "'max_range' is not known", "period_s is -1", "availability is 2", "min_range_m 9500", "elevation_min_deg 5",
        "report_delay_s beside", "latitude 95", "kind is 'lidar'", "has no id", "'no_such_item'", "called 'radar'",
    ):  # fmt: skip
        assert sum(part in what for what in found) == 1, (part, found)
    assert len(found) == 11


def test_a_right_layout_has_no_error() -> None:
    point = {"type": "Point", "coordinates": [1.5, 42.5]}
    features = [{"type": "Feature", "geometry": point, "properties": RADAR}]
    assert layout_errors({"type": "FeatureCollection", "features": features}, FRAME) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \r\n", "is empty"),
        (b"id;kind;lon;lat\nr1;radar;1,5;42,5\n", "is not JSON (line 1, column 1)"),
        ('{"type": "FeatureCollection", "features": []}'.encode("utf-16"), "is not UTF-8 text"),
        ('{"type": "FeatureCollection", "name": "Ä", "features": []}'.encode("latin-1"), "is not UTF-8 text"),
        (b'{"type": "FeatureCollection", "features": [', "is not JSON (line 1, column 44)"),
        (
            b'{"type": "FeatureCollection", "name": "a\\nb", "features": []}',
            "is named 'a\\nb'; expected text on one line",
        ),
    ],
)
def test_a_file_that_is_not_geojson_is_refused_in_plain_words(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "layout.geojson"
    path.write_bytes(content)
    (error,) = layout_file_errors(path, FRAME)
    assert said in str(error)
    with pytest.raises(LayoutError) as raised:
        Layout.from_file(path, FRAME)
    assert said in str(raised.value)


def test_a_byte_order_mark_and_other_line_ends_are_no_errors(tmp_path: Path) -> None:
    path = tmp_path / "layout.geojson"
    path.write_bytes(b'\xef\xbb\xbf{"type": "FeatureCollection",\r\n"features": []}\r\n')
    assert len(Layout.from_file(path, FRAME)) == 0
