"""The layout file: what it says, what it leaves out, and one clear sentence for each thing it gets wrong."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path
from typing import Any

import pytest

from geo.frame import LocalFrame
from sensors.camera import Camera
from sensors.equipment.catalogue import Catalogue, shipped
from sensors.errors import LayoutError, UnknownSensor
from sensors.ground_sensor import GroundSensor
from sensors.layout import Layout, grid_azimuths_rad, place
from sensors.radar import Radar
from sensors.scan import CLASSES

FRAME = LocalFrame.around(-84.2, 36.6)
SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples" / "cumberland"


def feature(lon: float = -84.2, lat: float = 36.6, **properties: Any) -> dict[str, Any]:
    values = {"id": "r1", "kind": "radar", "max_range_m": 8000} | properties
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": values}


def layout(*features: Any, frame: LocalFrame = FRAME) -> Layout:
    return Layout.from_geojson({"type": "FeatureCollection", "features": list(features)}, frame, name="test")


def test_a_layout_file_gives_records_with_the_documented_defaults(tmp_path: Path) -> None:
    path = tmp_path / "west.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature()]}))
    found = Layout.from_file(path, FRAME)
    radar = found["r1"]
    assert found.name == "west"
    assert found.ids == ("r1",)
    assert isinstance(radar, Radar)
    assert (radar.mast_height_m, radar.min_range_m, radar.field_of_view_deg, radar.availability) == (
        2.0,
        0.0,
        360.0,
        1.0,
    )
    assert radar.period_s is None
    assert (radar.easting, radar.northing) == pytest.approx((0.0, 0.0), abs=1e-6)


def test_a_catalogue_item_gives_what_the_layout_leaves_out() -> None:
    bare = feature(catalogue="portable_radar", mast_height_m=7)
    for key in ("kind", "max_range_m"):
        del bare["properties"][key]
    found = layout(bare)["r1"]
    item = shipped()["portable_radar"]
    assert isinstance(found, Radar)
    assert (found.catalogue, found.max_range_m, found.reference_range_m) == ("portable_radar", 4000, 3000)
    assert found.availability == item.availability.central
    assert found.mast_height_m == 7


@pytest.mark.parametrize(
    ("item", "stated", "interval_s"),
    [
        ("seismic_line", {}, 30.0),
        ("seismic_line", {"status_interval_s": 3_600}, 3_600.0),
        ("seismic_line", {"period_s": 60, "status_interval_s": 3_600}, 60.0),
        ("trail_camera", {"period_s": 7.5}, 7.5),
        ("trail_camera", {"status_interval_s": 3_600}, None),
        ("trail_camera", {"period_s": None}, None),
    ],
)
def test_an_items_false_alarms_a_day_do_not_depend_on_the_interval_that_a_layout_states(
    item: str, stated: dict[str, Any], interval_s: float | None
) -> None:
    """``interval_s``: that of the looks, or of the heartbeats of a sensor without looks; None: the item's own."""
    bare = feature(catalogue=item, kind=None, max_range_m=None, **stated)
    figures = shipped()[item]
    seconds = figures.detection["period_s"] if interval_s is None else interval_s
    per_day = layout(bare)["r1"].false_alarms_per_scan * 86_400.0 / seconds
    assert figures.false_alarms_per_day.central > 0.0
    assert per_day == pytest.approx(figures.false_alarms_per_day.central)


def test_false_alarms_that_a_layout_states_count_as_they_are() -> None:
    bare = feature(catalogue="seismic_line", kind=None, max_range_m=None, false_alarms_per_scan=0.5, period_s=9)
    assert layout(bare)["r1"].false_alarms_per_scan == 0.5


def test_own_catalogues_count_instead_of_the_shipped_one() -> None:
    own = Catalogue("mine", "USD", shipped().staff, {"portable_radar": shipped()["msc_truck"]})
    document = {"type": "FeatureCollection", "features": [feature(catalogue="portable_radar", max_range_m=None)]}
    assert Layout.from_geojson(document, FRAME, name="x", catalogue=own)["r1"].max_range_m == 10_000


def test_the_sample_layouts_load() -> None:
    for name in ("layout_basic.geojson", "layout_hightech.geojson"):
        assert len(Layout.from_file(SAMPLES / name, FRAME)) > 0


def test_each_kind_becomes_its_record() -> None:
    found = layout(
        feature(id="r"),
        feature(id="c", kind="camera", pitch_m=17e-6, focal_length_m=0.075, night=False),
        feature(id="g", kind="ground_sensor", max_range_m=30, elfes_lambda=0.1),
    )
    assert [type(sensor) for sensor in found] == [Radar, Camera, GroundSensor]


BAD = [
    ({"wobble": 3}, "'r1'.*'wobble' is not known for a radar"),
    ({"pitch_m": 1e-5}, "'pitch_m' is not known for a radar"),
    ({"kind": "sonar"}, "kind is 'sonar'"),
    ({"kind": None}, "kind is missing"),
    ({"max_range_m": None}, "max_range_m is missing"),
    ({"max_range_m": 0}, "max_range_m is 0"),
    ({"max_range_m": "far"}, "max_range_m is 'far'"),
    ({"max_range_m": True}, "max_range_m is True"),
    ({"max_range_m": math.nan}, "max_range_m is nan"),
    ({"min_range_m": 9000}, "min_range_m 9000 is not below"),
    ({"availability": 1.2}, "availability is 1.2"),
    ({"detection_probability": -0.1}, "detection_probability is -0.1"),
    ({"detection_probability": 1.0, "reference_range_m": 4000}, "detection_probability is 1 at its reference_range_m"),
    ({"field_of_view_deg": 361}, "field_of_view_deg is 361"),
    ({"range_sd_m": 0}, "range_sd_m is 0"),
    ({"elevation_min_deg": 5}, "bound no view"),
    ({"elevation_min_deg": 5, "elevation_max_deg": -5}, "bound no view"),
    ({"period_s": -1}, "period_s is -1"),
    ({"catalogue": "ground radar"}, "catalogue item 'ground radar' is not in 'catalogue.toml'"),
    ({"catalogue": 7}, "catalogue item 7 is not in"),
    ({"catalogue": "foot_patrol"}, "'foot_patrol' is a patrol, which has no place in a layout"),
    ({"catalogue": "seismic"}, "kind is 'radar'; expected 'ground_sensor'"),
    ({"id": "a/b"}, "'a/b' cannot name a sensor"),
    ({"id": "a+b"}, "cannot name a sensor"),
    ({"id": "#"}, "cannot name a sensor"),
    ({"id": "a\nb"}, "cannot name a sensor"),
    ({"id": "a\x00"}, "cannot name a sensor"),
    ({"id": ""}, "cannot name a sensor"),
    ({"id": "x" * 65}, "cannot name a sensor"),
    ({"id": 7}, "7 is not text"),
    ({"id": None}, "has no id"),
    ({"lon": 3.0}, "key 'lon' is not known"),
    ({"confusion": [[1, 0], [0, 1]]}, "not a matrix of probabilities"),
    ({"confusion": [[0.5] * 5] * 5}, "not a matrix of probabilities"),
    ({"confusion": {"person": {"person": 1}}}, "does not name the classes"),
]  # fmt: skip


@pytest.mark.parametrize(("properties", "sentence"), BAD)
def test_each_mistake_gets_one_sentence(properties: dict[str, Any], sentence: str) -> None:
    bad = feature()
    bad["properties"] |= properties
    with pytest.raises(LayoutError, match=sentence) as caught:
        layout(bad)
    assert str(caught.value).count("\n") == 0
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(("lon", "lat"), [(181.0, 0.0), (0.0, 91.0), (math.nan, 0.0), (1e400, 0.0)])
def test_a_sensor_off_the_globe_is_refused(lon: float, lat: float) -> None:
    with pytest.raises(LayoutError, match=r"'r1'.*not on Earth"):
        layout(feature(lon, lat))


@pytest.mark.parametrize(
    "geometry",
    [None, {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, {"type": "Point", "coordinates": [1]},
     {"type": "Point", "coordinates": ["1", "2"]}, {"type": "Point", "coordinates": [10**400, 2]}],
)  # fmt: skip
def test_only_points_are_sensors(geometry: Any) -> None:
    with pytest.raises(LayoutError, match="has no point"):
        layout(feature() | {"geometry": geometry})


def test_a_point_with_a_height_is_refused_with_the_key_that_holds_one() -> None:
    geometry = {"type": "Point", "coordinates": [1, 2, 3]}
    with pytest.raises(
        LayoutError, match=r"has a point of 3 numbers; expected longitude and latitude; .* mast_height_m"
    ):
        Layout.from_geojson(
            {"type": "FeatureCollection", "features": [feature(0.0, 0.0) | {"geometry": geometry}]}, FRAME, name="test"
        )


@pytest.mark.parametrize(
    "document",
    [[], {}, {"type": "Feature"}, {"type": "FeatureCollection"}, {"type": "FeatureCollection", "features": [3]}],
)
def test_other_json_is_refused(document: Any) -> None:
    with pytest.raises(LayoutError):
        Layout.from_geojson(document, FRAME, name="test")


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="cannot be read"):
        Layout.from_file(tmp_path / "missing.geojson", FRAME)
    (tmp_path / "bad.geojson").write_text("{")
    with pytest.raises(LayoutError, match="is not JSON"):
        Layout.from_file(tmp_path / "bad.geojson", FRAME)
    (tmp_path / "binary.geojson").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LayoutError, match="is not UTF-8 text"):
        Layout.from_file(tmp_path / "binary.geojson", FRAME)


def test_two_sensors_of_one_id_are_refused() -> None:
    with pytest.raises(LayoutError, match="two sensors are called 'r1'"):
        layout(feature(), feature(lon=-84.1))


def test_a_sensor_that_is_not_there_has_its_own_error() -> None:
    with pytest.raises(UnknownSensor, match="no sensor 'r2'"):
        layout(feature())["r2"]


def test_confusion_by_name_and_by_matrix_say_the_same() -> None:
    matrix = [[0.8, 0.05, 0.05, 0.05, 0.05]] * 5
    named = {true: dict(zip(CLASSES, row, strict=True)) for true, row in zip(CLASSES, matrix, strict=True)}
    assert layout(feature(confusion=matrix))["r1"] == layout(feature(confusion=named))["r1"]


def test_a_placed_sensor_stands_where_it_was_put() -> None:
    sensor = place(FRAME, 1_234.0, -567.0, id="r", kind="radar", max_range_m=100)
    assert FRAME.to_local(sensor.lon, sensor.lat) == pytest.approx((1_234.0, -567.0), abs=1e-6)


def test_the_view_is_turned_from_true_to_grid_north() -> None:
    """East of the central meridian grid north lies clockwise of true north in the northern hemisphere."""
    utm = LocalFrame.from_epsg(32616)
    sensor = layout(feature(lon=-84.2, lat=36.6, azimuth_deg=0.0, field_of_view_deg=90.0), frame=utm)["r1"]
    edges = grid_azimuths_rad(sensor, utm)
    convergence = math.radians((-84.2 + 87.0) * math.sin(math.radians(36.6)))  # to first order
    assert edges is not None
    assert edges[1] == pytest.approx(math.pi / 4 - convergence, abs=1e-4)
    assert edges[0] == pytest.approx(2 * math.pi - math.pi / 4 - convergence, abs=1e-4)


def test_an_all_round_view_has_no_edges() -> None:
    assert grid_azimuths_rad(layout(feature())["r1"], FRAME) is None


def test_a_layout_survives_pickling() -> None:
    found = layout(feature())
    assert pickle.loads(pickle.dumps(found)) == found
