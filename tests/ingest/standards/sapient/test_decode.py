"""SAPIENT packets: units and norths against independent formulas, each fault named, nothing else ever escapes."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from ingest.decode import decode, decode_status, read_declaration
from ingest.envelope import Delivery, Envelope
from ingest.errors import MalformedMessage
from ingest.receiving.batch import Batch
from ingest.receiving.receiver import Guards, Receiver
from ingest.standards.registry import SAPIENT
from ingest.standards.sapient.decode import SapientMessage, detection, read, status
from ingest.standards.sapient.location import GeoPosition, Stand
from ingest.standards.sapient.node import Node
from ingest.standards.true_north import NorthError, UtmZone, grid_convergence_deg, lonlat_of_utm, standard_zone
from ingest.topics import parse
from ingest.wire import MAX_PAYLOAD_BYTES
from sensors.scan import Scan

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
EXAMPLES = 5_000 if os.environ.get("WATCHLINE_DRILL") else 400
HERE = GeoPosition(-84.2, 36.58, height_m=400.0)
DECLINATION = -6.0415  # NOAA's WMM2025 at 36.58 N, 84.2 W, 400 m, 24 November 2026
Make = Callable[..., Any]


def read_one(message: SapientMessage, **keywords: Any) -> Scan:
    return decode(message.SerializeToString(), received_at=NOW, content_type=SAPIENT, **keywords)


def refusal(message: SapientMessage, **keywords: Any) -> MalformedMessage:
    with pytest.raises(MalformedMessage) as caught:
        read_one(message, **keywords)
    return caught.value


def plot_at(message: SapientMessage, stand: Stand | None = None, **node: Any) -> Any:
    """The plot as a connection sees it that knows the node."""
    packet = read(message.SerializeToString())
    assert packet.faults == ()
    plot, faults = detection(packet, Node(message.node_id, stand=stand or Stand(), **node))
    assert faults == []
    return plot


def test_a_detection_is_read_field_by_field(sapient_node: Make) -> None:
    node = sapient_node()
    message = node.detection(
        NOW,
        polar={"azimuth": 12.8, "range": 3120.4, "elevation": -1.2, "azimuth_error": 0.25, "range_error": 5.0},
        detection_confidence=0.75,
        classification=[{"type": "Human", "confidence": 0.6}, {"type": "Animal", "confidence": 0.3}],
    )
    scan = read_one(message)
    plot = scan.plots[0]
    assert (scan.sensor, scan.kind, scan.observed_at, scan.received_at) == (node.node_id, "radar", NOW, NOW)
    assert (plot.range_m, plot.range_sd_m, plot.azimuth_deg, plot.azimuth_sd_deg) == (3120.4, 5.0, 12.8, 0.25)
    assert (plot.elevation_deg, plot.confidence, plot.lon) == (-1.2, 0.75, None)
    assert plot.source_id == message.detection_report.object_id
    assert plot.classes == pytest.approx(
        {"person": 0.6, "animal": 0.3, "group": 0.1 / 3, "vehicle": 0.1 / 3, "other": 0.1 / 3}, abs=1e-6
    )


@pytest.mark.parametrize(
    ("system", "angle", "metres"),
    [
        ("DEGREES_M", 1, 1),
        ("RADIANS_M", math.pi / 180, 1),
        ("DEGREES_KM", 1, 1e-3),
        ("RADIANS_KM", math.pi / 180, 1e-3),
    ],
)
def test_every_unit_of_a_range_bearing_says_the_same(
    sapient_node: Make, system: str, angle: float, metres: float
) -> None:
    polar = {
        "coordinate_system": f"RANGE_BEARING_COORDINATE_SYSTEM_{system}",
        "azimuth": -30.0 * angle,
        "azimuth_error": 0.5 * angle,
        "elevation": 2.0 * angle,
        "elevation_error": 0.2 * angle,
        "range": 2500.0 * metres,
        "range_error": 7.0 * metres,
    }
    plot = read_one(sapient_node().detection(NOW, polar=polar)).plots[0]
    assert (plot.azimuth_deg, plot.azimuth_sd_deg) == (pytest.approx(330.0), pytest.approx(0.5))
    assert (plot.elevation_deg, plot.elevation_sd_deg) == (pytest.approx(2.0), pytest.approx(0.2))
    assert (plot.range_m, plot.range_sd_m) == (pytest.approx(2500.0), pytest.approx(7.0))


def test_the_four_norths(sapient_node: Make) -> None:
    node = sapient_node()

    def azimuth(datum: str, stand: Stand) -> Any:
        polar = {"azimuth": 350.0, "azimuth_error": 0.5, "range": 1000.0, "datum": f"RANGE_BEARING_DATUM_{datum}"}
        return plot_at(node.detection(NOW, polar=polar), stand)

    stand = Stand(HERE, heading_deg=15.0)
    assert azimuth("TRUE", stand).azimuth_deg == 350.0
    assert azimuth("PLATFORM", stand).azimuth_deg == pytest.approx(5.0)
    magnetic = azimuth("MAGNETIC", stand)
    assert magnetic.azimuth_deg == pytest.approx(350.0 + DECLINATION, abs=0.02)
    assert magnetic.azimuth_sd_deg == pytest.approx(math.hypot(0.5, 0.36), abs=0.01)  # the model errs, too
    # Convergence of a transverse Mercator: tan γ = tan(λ − λ0) · sin φ (Snyder 1987, sphere; 0.001° on the ellipsoid).
    snyder = math.degrees(math.atan(math.tan(math.radians(-84.2 + 87.0)) * math.sin(math.radians(36.58))))
    assert azimuth("GRID", stand).azimuth_deg == pytest.approx(350.0 + snyder, abs=2e-3)


@pytest.mark.parametrize("datum", ["MAGNETIC", "GRID", "PLATFORM"])
def test_a_north_that_cannot_be_known_is_refused(sapient_node: Make, datum: str) -> None:
    polar = {"azimuth": 1.0, "range": 10.0, "datum": f"RANGE_BEARING_DATUM_{datum}"}
    error = refusal(sapient_node().detection(NOW, polar=polar))
    assert (error.code, error.field) == ("incomplete", "detection_report.range_bearing.datum")


def test_a_range_and_azimuth_from_a_known_place_also_say_where_that_is(sapient_node: Make) -> None:
    polar = {"azimuth": 90.0, "range": 1000.0, "azimuth_error": 1.0, "range_error": 5.0}
    plot = plot_at(sapient_node().detection(NOW, polar=polar), Stand(HERE))
    # One degree of longitude at latitude φ is 111.320 km · cos φ, a little more on the ellipsoid.
    assert plot.lon == pytest.approx(-84.2 + 1000.0 / (111_412.84 * math.cos(math.radians(36.58)) - 93.5), abs=2e-5)
    assert plot.lat == pytest.approx(36.58, abs=2e-6)
    assert plot.position_sd_m == pytest.approx(1000.0 * math.radians(1.0))  # the larger of along and across


PLACES = [
    ({"x": -84.2, "y": 36.58}, (-84.2, 36.58)),
    (
        {
            "x": math.radians(-84.2),
            "y": math.radians(36.58),
            "coordinate_system": "LOCATION_COORDINATE_SYSTEM_LAT_LNG_RAD_M",
        },
        (-84.2, 36.58),
    ),
    # UTM coordinates of the Eiffel tower (31N 448252 5411943) and of the Sydney Opera House (56S 334897 6252280).
    (
        {"x": 448_252, "y": 5_411_943, "utm_zone": "31N", "coordinate_system": "LOCATION_COORDINATE_SYSTEM_UTM_M"},
        (2.2945, 48.8582),
    ),
    (
        {"x": 448_252, "y": 5_411_943, "utm_zone": "31U", "coordinate_system": "LOCATION_COORDINATE_SYSTEM_UTM_M"},
        (2.2945, 48.8582),
    ),
    (
        {"x": 334_897, "y": 6_252_280, "utm_zone": "56H", "coordinate_system": "LOCATION_COORDINATE_SYSTEM_UTM_M"},
        (151.2153, -33.8568),
    ),
    (
        {"x": 334_897, "y": 6_252_280, "utm_zone": "56S", "coordinate_system": "LOCATION_COORDINATE_SYSTEM_UTM_M"},
        (151.2153, -33.8568),
    ),
]


@pytest.mark.parametrize(("location", "expected"), PLACES)
@pytest.mark.parametrize("datum", ["LOCATION_DATUM_WGS84_E", "LOCATION_DATUM_WGS84_G"])
def test_every_coordinate_system_of_a_place(
    sapient_node: Make, location: dict[str, Any], expected: tuple[float, float], datum: str
) -> None:
    plot = read_one(sapient_node().detection(NOW, location={"z": 120.0, **location, "datum": datum})).plots[0]
    assert (plot.lon, plot.lat) == (pytest.approx(expected[0], abs=1e-3), pytest.approx(expected[1], abs=1e-3))


def test_errors_of_a_place_become_metres(sapient_node: Make) -> None:
    location = {"x": 10.0, "y": 60.0, "x_error": 1e-4, "y_error": 1e-5}
    plot = read_one(sapient_node().detection(NOW, location=location)).plots[0]
    assert plot.position_sd_m == pytest.approx(1e-4 * 55_800, rel=1e-3)  # a degree of longitude at 60° N is 55.80 km
    nothing_said = {"x": 10.0, "y": 60.0, "x_error": 0.0}
    assert read_one(sapient_node().detection(NOW, location=nothing_said)).plots[0].position_sd_m is None


def test_a_zone_that_is_missing_comes_from_the_registration(sapient_node: Make) -> None:
    node = sapient_node()
    message = node.detection(
        NOW, location={"x": 448_252, "y": 5_411_943, "coordinate_system": "LOCATION_COORDINATE_SYSTEM_UTM_M"}
    )
    assert refusal(message).field == "detection_report.location.utm_zone"
    known = Node(node.node_id).registered(node.registration(NOW, zone="31N").registration)
    assert known.utm_zone == "31N"
    assert plot_at(message, utm_zone=known.utm_zone).lat == pytest.approx(48.8582, abs=1e-3)


TENNESSEE = {"x": 750_487, "y": 4_051_962, "coordinate_system": "LOCATION_COORDINATE_SYSTEM_UTM_M"}
"""36.58 N 84.20 W in zone 16 (pyproj, EPSG:32616); read as of the southern hemisphere it is 53.62 S."""


@pytest.mark.parametrize("zone", ["16S", "16s", "016S"])
def test_a_zone_with_an_s_that_may_be_the_band_or_the_hemisphere_is_refused_with_both_readings(
    sapient_node: Make, zone: str
) -> None:
    error = refusal(sapient_node().detection(NOW, location={**TENNESSEE, "utm_zone": zone}))
    assert error.field == "detection_report.location.utm_zone"
    assert "36.6 degrees north" in str(error)
    assert "53.6 south" in str(error)
    assert "expected 16N or 16F" in str(error)


@pytest.mark.parametrize(("zone", "lat"), [("16N", 36.58), ("16F", -53.62)])
def test_either_letter_that_it_asks_for_is_taken(sapient_node: Make, zone: str, lat: float) -> None:
    plot = read_one(sapient_node().detection(NOW, location={**TENNESSEE, "utm_zone": zone})).plots[0]
    assert plot.lat == pytest.approx(lat, abs=0.02)


@pytest.mark.parametrize(("stands", "lat"), [((-84.3, 36.4), 36.58), ((-84.3, -53.0), -53.62)])
def test_where_the_node_stands_tells_what_an_s_means(
    sapient_node: Make, stands: tuple[float, float], lat: float
) -> None:
    message = sapient_node().detection(NOW, location={**TENNESSEE, "utm_zone": "16S"})
    assert plot_at(message, Stand(GeoPosition(*stands))).lat == pytest.approx(lat, abs=0.02)


@given(st.floats(-79.9, -1e-6) | st.floats(0.0, 83.9), st.floats(-2.9, 2.9), st.integers(1, 60))
def test_every_zone_letter_gives_the_place_back_or_says_why_not(lat: float, off_deg: float, number: int) -> None:
    lon = number * 6 - 183 + off_deg
    south = lat < 0.0
    to_utm = Transformer.from_crs(4326, (32700 if south else 32600) + number, always_xy=True)
    easting, northing = to_utm.transform(lon, lat)
    band = "CDEFGHJKLMNPQRSTUVWXX"[int((lat + 80) // 8)]
    for letter in {band, "S" if south else "N"}:
        zone = UtmZone.parse(f"{number}{letter}", where="zone")
        try:
            found = lonlat_of_utm(zone, easting, northing, where="here")
        except NorthError:
            found = None
        if found is None:
            assert letter == "S"
            assert 31.9 < abs(lat) < 58.4  # the northing of 32° north is that of 58.3° south
            found = lonlat_of_utm(zone, easting, northing, where="here", near_lat=lat + 5.0)
        assert found == (pytest.approx(lon, abs=1e-5), pytest.approx(lat, abs=1e-5))


def test_velocity_is_taken_along_the_line_of_sight_in_the_registrations_units(sapient_node: Make) -> None:
    node = sapient_node()
    message = node.detection(
        NOW,
        polar={"azimuth": 90.0, "range": 1000.0},
        enu_velocity={"east_rate": -7.2, "north_rate": 3.6, "east_rate_error": 1.8, "north_rate_error": 0.9},
    )
    known = Node(node.node_id).registered(node.registration(NOW).registration)
    plot = plot_at(message, speed_unit=known.speed_unit)  # the registration says kilometres an hour
    assert (plot.radial_velocity_mps, plot.radial_velocity_sd_mps) == (pytest.approx(-2.0), pytest.approx(0.5))
    assert plot_at(message).radial_velocity_mps is None  # of unknown unit


def test_a_lost_object_is_no_detection(sapient_node: Make) -> None:
    message = sapient_node().detection(NOW, polar={"azimuth": 1.0, "range": 10.0}, state="object lost")
    assert read_one(message).plots == ()


def test_the_same_report_has_the_same_number_and_another_has_another(sapient_node: Make) -> None:
    node = sapient_node()
    first, second = (node.detection(NOW, polar={"azimuth": 1.0, "range": 10.0}) for _ in range(2))
    assert read_one(first).key == read_one(first).key
    assert read_one(first).key != read_one(second).key
    assert read_one(first, identity=(7, 12)).key == (node.node_id, 7, 12)


def test_the_topic_names_the_sensor(sapient_node: Make) -> None:
    node = sapient_node()
    message = node.detection(NOW, polar={"azimuth": 1.0, "range": 10.0})
    assert read_one(message, topic="watchline/1/hills/sensor/radar-mid/detections").sensor == "radar-mid"
    assert read_one(message, topic=f"watchline/1/hills/sensor/{node.node_id}/detections").sensor == node.node_id
    other = "0e9c8a6b-5a0e-4b61-8f57-6f1f2f7f0a01"
    assert refusal(message, topic=f"watchline/1/hills/sensor/{other}/detections").code == "sensor_mismatch"
    assert refusal(message, topic="watchline/1/hills/sensor/radar-mid/status").code == "wrong_channel"


def test_a_status_report_is_a_heartbeat(sapient_node: Make) -> None:
    node = sapient_node()
    fault = {
        "status_level": "STATUS_LEVEL_WARNING_STATUS",
        "status_type": "STATUS_TYPE_CLUTTER",
        "status_value": "High",
    }
    message = node.status(NOW, {"x": -84.2, "y": 36.58}, system="SYSTEM_WARNING", status=[fault])
    found = decode_status(message.SerializeToString(), received_at=NOW, content_type=SAPIENT)
    assert (found.sensor, found.state, found.note) == (node.node_id, "degraded", "clutter: High")
    registration = node.registration(NOW).SerializeToString()
    assert decode_status(registration, received_at=NOW, content_type=SAPIENT).status_interval_s == 2.0
    goodbye = node.status(NOW, system="SYSTEM_GOODBYE").SerializeToString()
    assert decode_status(goodbye, received_at=NOW, content_type=SAPIENT).state == "stopped"


def test_a_node_remembers_its_place_and_its_platforms_heading(sapient_node: Make) -> None:
    node = sapient_node()
    heading = {"status_type": "STATUS_TYPE_PLATFORM", "status_value": "heading=370.5"}
    packet = read(node.status(NOW, {"x": -84.2, "y": 36.58, "x_error": 1e-4}, status=[heading]).SerializeToString())
    known, faults = status(packet, Node(node.node_id))
    assert (faults, known.stand.heading_deg, known.place_told) == ([], pytest.approx(10.5), True)
    assert known.stand.place is not None
    assert known.stand.place.lon == -84.2
    later, _ = status(read(node.status(NOW + timedelta(seconds=1)).SerializeToString()), known)
    assert later.stand == known.stand


def test_a_platforms_heading_is_also_the_middle_of_a_narrow_field_of_view(sapient_node: Make) -> None:
    node = sapient_node()

    def heading(**cone: Any) -> float | None:
        told = {"coordinate_system": 1, "datum": 1, "azimuth": -40.0, "range": 500.0} | cone
        report = node.status(NOW, {"x": -84.2, "y": 36.58}, field_of_view={"range_bearing": told})
        known, faults = status(read(report.SerializeToString()), Node(node.node_id))
        assert faults == []
        return known.stand.heading_deg

    assert heading(horizontal_extent=60.0) == 320.0
    assert heading(horizontal_extent=60.0, datum=2) == pytest.approx(320.0 + DECLINATION, abs=0.02)
    assert heading(horizontal_extent=360.0) is None
    assert heading(horizontal_extent=60.0, datum=4) is None


def test_a_node_may_tell_its_place_in_another_zone_than_its_detections(sapient_node: Make) -> None:
    node = sapient_node()
    registration = node.registration(NOW, zone="31N")
    registration.registration.status_definition.location_definition.zone = "30N"
    known = Node(node.node_id).registered(registration.registration)
    utm = {"x": 500_000, "y": 5_411_943, "coordinate_system": "LOCATION_COORDINATE_SYSTEM_UTM_M"}
    known, _ = status(read(node.status(NOW, utm).SerializeToString()), known)
    assert known.stand.place is not None
    assert known.stand.place.lon == pytest.approx(-3.0)
    packet = read(node.detection(NOW, location=utm).SerializeToString())
    plot, _ = detection(packet, known)
    assert plot is not None
    assert plot.lon == pytest.approx(3.0)


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"polar": {"azimuth": "NaN", "range": 1.0}}, "range_bearing.azimuth", "not_finite"),
    ({"polar": {"azimuth": 1.0, "range": "Infinity"}}, "range_bearing.range", "not_finite"),
    ({"polar": {"azimuth": 1.0, "range": -1.0}}, "range_bearing.range", "out_of_range"),
    ({"polar": {"azimuth": 361.0, "range": 1.0}}, "range_bearing.azimuth", "out_of_range"),
    ({"polar": {"azimuth": 1.0, "elevation": 91.0}}, "range_bearing.elevation", "out_of_range"),
    ({"polar": {"azimuth": 1.0, "azimuth_error": -0.1}}, "range_bearing.azimuth_error", "out_of_range"),
    ({"polar": {"azimuth": 1.0, "azimuth_error": 180.1}}, "range_bearing.azimuth_error", "out_of_range"),
    (
        {
            "polar": {
                "azimuth": 1.0,
                "azimuth_error": 3.2,
                "coordinate_system": "RANGE_BEARING_COORDINATE_SYSTEM_RADIANS_M",
            }
        },
        "range_bearing.azimuth_error",
        "out_of_range",
    ),
    ({"polar": {"azimuth": 1.0, "elevation_error": 181.0}}, "range_bearing.elevation_error", "out_of_range"),
    ({"polar": {"azimuth": 1.0, "range": 1.0, "range_error": 1.1e6}}, "range_bearing.range_error", "out_of_range"),
    ({"polar": {"range": 10.0}}, "range_bearing.azimuth", "incomplete"),
    ({"polar": {}}, "range_bearing.azimuth", "incomplete"),
    ({"polar": {"azimuth": 1.0, "datum": 0}}, "range_bearing.datum", "unknown_value"),
    ({"polar": {"azimuth": 1.0, "datum": 9}}, "range_bearing.datum", "unknown_value"),
    ({"polar": {"azimuth": 1.0, "coordinate_system": 5}}, "range_bearing.coordinate_system", "unknown_value"),
    ({"location": {"x": 1.0, "y": 95.0}}, "location.y", "out_of_range"),
    ({"location": {"x": 181.0, "y": 5.0}}, "location.x", "out_of_range"),
    ({"location": {"x": 1.0, "y": "NaN"}}, "location.y", "not_finite"),
    ({"location": {"x": 1.0, "y": 2.0, "z": 1e9}}, "location.z", "out_of_range"),
    ({"location": {"x": 1.0, "y": 2.0, "y_error": -1.0}}, "location.y_error", "out_of_range"),
    ({"location": {"x": 1.0, "y": 2.0, "x_error": 9.1}}, "location.x_error", "out_of_range"),
    ({"location": {"x": 1.0, "y": 60.0, "x_error": 9.1, "y_error": 9.1}}, "location.y_error", "out_of_range"),
    ({"location": {"x": 1.0}}, "location.y", "missing_field"),
    (
        {"location": {"x": 5e5, "y": 5e6, "coordinate_system": 5, "utm_zone": "99Q"}},
        "location.utm_zone",
        "out_of_range",
    ),
    ({"location": {"x": 5e7, "y": 5e6, "coordinate_system": 5, "utm_zone": "31N"}}, "location.x", "out_of_range"),
    ({"location": {"x": 5e5, "y": 1e7, "coordinate_system": 5, "utm_zone": "31N"}}, "location.y", "out_of_range"),
    ({"location": {"x": 5e5, "y": 5e6, "coordinate_system": 5, "utm_zone": "31C"}}, "location.y", "out_of_range"),
    ({"location": {"x": 1.0, "y": 2.0}, "detection_confidence": 1.5}, "detection_confidence", "out_of_range"),
    (
        {"location": {"x": 1.0, "y": 2.0}, "classification": [{"type": "Human", "confidence": -0.1}]},
        "classification[0].confidence",
        "out_of_range",
    ),
    ({"location": {"x": 1.0, "y": 2.0}, "classification": [{}]}, "classification[0].type", "missing_field"),
    ({"location": {"x": 1.0, "y": 2.0}, "report_id": "01arz3ndektsv4rrffq69g5fav"}, "report_id", "bad_identifier"),
    ({"location": {"x": 1.0, "y": 2.0}, "object_id": "81ARZ3NDEKTSV4RRFFQ69G5FAV"}, "object_id", "bad_identifier"),
    ({"location": {"x": 1.0, "y": 2.0}, "task_id": "x"}, "task_id", "bad_identifier"),
]


@pytest.mark.parametrize(("changed", "field", "code"), BAD)
def test_each_fault_is_refused_by_the_name_of_its_field(
    sapient_node: Make, changed: dict[str, Any], field: str, code: str
) -> None:
    error = refusal(sapient_node().detection(NOW, **changed))
    assert (error.code, error.field) == (code, f"detection_report.{field}")
    assert str(error).startswith(f"detection_report.{field}: ")


@pytest.mark.parametrize("kind", ["registration", "status", "detection"])
def test_each_mandatory_field_that_is_missing_is_named(sapient_node: Make, kind: str) -> None:
    node = sapient_node()
    message = {
        "registration": lambda: node.registration(NOW),
        "status": lambda: node.status(NOW, {"x": 1.0, "y": 2.0}),
        "detection": lambda: node.detection(NOW, location={"x": 1.0, "y": 2.0}),
    }[kind]()
    whole = message.SerializeToString()
    assert read(whole).faults == ()
    removed = 0
    for path, parent, name in mandatory_of(SapientMessage.FromString(whole)):
        copy = SapientMessage.FromString(whole)
        parent(copy).ClearField(name)
        assert any(fault.field == path for fault in read(copy.SerializeToString()).faults), path
        removed += 1
    assert removed >= {"registration": 20, "status": 9, "detection": 8}[kind]


def mandatory_of(
    message: Any, path: str = "", parent: Callable[[Any], Any] = lambda top: top
) -> list[tuple[str, Callable[[Any], Any], str]]:
    """(path, how to reach the parent, field) of what the standard's own options call mandatory and is there."""
    from sapient_msg import proto_options_pb2

    found = []
    for field, value in message.ListFields():
        where = f"{path}.{field.name}" if path else field.name
        said = field.GetOptions().Extensions[proto_options_pb2.field_options]
        if said.is_mandatory:
            found.append((where, parent, field.name))
        if field.message_type is not None and field.message_type.full_name.startswith("sapient_msg."):
            inner = list(value) if field.is_repeated else [value]
            for i, each in enumerate(inner):

                def reach(top: Any, name: str = field.name, i: int = i, many: bool = field.is_repeated) -> Any:
                    below = getattr(parent(top), name)
                    return below[i] if many else below

                found += mandatory_of(each, f"{where}[{i}]" if field.is_repeated else where, reach)
    return found


def test_every_fault_of_a_packet_is_listed(sapient_node: Make) -> None:
    message = sapient_node().detection(NOW, location={"x": "NaN", "y": 95.0}, report_id="x")
    message.node_id = "X"
    message.detection_report.location.datum = 7
    faults = read(message.SerializeToString()).faults
    assert {fault.field for fault in faults} == {
        "node_id",
        "detection_report.report_id",
        "detection_report.location.x",
        "detection_report.location.datum",
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"icd_version": "BSI Flex 335 v1.0"}, "icd_version"),
        (
            {"status_definition": {"status_interval": {"units": "TIME_UNITS_SECONDS", "value": 0}}},
            "status_definition.status_interval",
        ),
        ({"node_definition": [{"node_type": 99}]}, "node_definition[0].node_type"),
        ({"node_definition": []}, "node_definition"),
        ({"config_data": [{"manufacturer": "", "model": "m"}]}, "config_data[0].manufacturer"),
    ],
)
def test_a_registration_that_makes_no_sense_is_refused(sapient_node: Make, change: dict[str, Any], field: str) -> None:
    faults = read(sapient_node().registration(NOW, **change).SerializeToString()).faults
    assert [fault.field for fault in faults] == [f"registration.{field}"]


def test_what_is_no_packet_at_all_is_refused_as_a_whole(sapient_node: Make) -> None:
    for payload in (b"\xff" * 10, b"{}", b"\x0a"):
        with pytest.raises(MalformedMessage) as caught:
            decode(payload, received_at=NOW, content_type=SAPIENT)
        assert (caught.value.code, caught.value.field) == ("not_protobuf", "packet")
    for payload, code in ((b"", "missing_field"), (b"\x00" * (MAX_PAYLOAD_BYTES + 1), "too_large")):
        with pytest.raises(MalformedMessage) as caught:
            decode(payload, received_at=NOW, content_type=SAPIENT)
        assert caught.value.code == code
    unknown = sapient_node().detection(NOW, location={"x": 1.0, "y": 2.0}).SerializeToString() + b"\xa0\x06\x01"
    with pytest.raises(MalformedMessage) as caught:
        decode(unknown, received_at=NOW, content_type=SAPIENT)
    assert (caught.value.code, caught.value.field) == ("unknown_field", "100")
    with pytest.raises(MalformedMessage) as caught:
        decode(unknown[:-3] + b"\xa0\x06\x01" * 80_000, received_at=NOW, content_type=SAPIENT)
    assert (caught.value.code, caught.value.field) == ("unknown_field", "packet")
    alert = sapient_node().message(NOW, alert={"alert_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"})
    assert refusal(alert).code == "wrong_channel"


@pytest.mark.parametrize(("seconds", "nanos"), [(10**15, 0), (-5, 0), (1, -1), (1, 10**9)])
def test_a_time_that_is_none_is_refused(sapient_node: Make, seconds: int, nanos: int) -> None:
    message = sapient_node().detection(NOW, location={"x": 1.0, "y": 2.0})
    message.timestamp.seconds, message.timestamp.nanos = seconds, nanos
    assert refusal(message).field == "timestamp"


SEEDS = st.sampled_from(["registration", "status", "polar", "location"])


@st.composite
def nearly_packets(draw: st.DrawFn) -> bytes:
    """A good packet with some bytes replaced, cut out or repeated: most of it reaches deep into the door."""
    packet = bytearray(_PACKETS[draw(SEEDS)])
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(packet) - 1))
        how = draw(st.sampled_from(["set", "cut", "copy", "splice"]))
        if how == "set":
            packet[at] = draw(st.integers(0, 255))
        elif how == "cut":
            del packet[at : at + draw(st.integers(1, 8))]
        elif how == "copy":
            packet[at:at] = packet[at : at + draw(st.integers(1, 40))]
        else:
            packet[at:at] = draw(st.binary(max_size=12))
        if not packet:
            break
    return bytes(packet)


_PACKETS: dict[str, bytes] = {}


@pytest.fixture(autouse=True, scope="module")
def _packets(sapient_node: Make) -> None:
    node = sapient_node()
    _PACKETS.update(
        registration=node.registration(NOW, zone="31N").SerializeToString(),
        status=node.status(NOW, {"x": 1.0, "y": 2.0}).SerializeToString(),
        polar=node.detection(NOW, polar={"azimuth": 1.0, "range": 10.0, "range_error": 1.0}).SerializeToString(),
        location=node.detection(
            NOW, location={"x": 1.0, "y": 2.0}, classification=[{"type": "Human", "confidence": 0.5}]
        ).SerializeToString(),
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.one_of(nearly_packets(), st.binary(max_size=200)))
def test_whatever_the_bytes_only_malformed_message_escapes(payload: bytes) -> None:
    for door in (decode, decode_status):
        refused = None
        try:
            found = door(payload, received_at=NOW, content_type=SAPIENT)
        except MalformedMessage as error:
            refused = error
        if refused is None:
            assert found.sensor
        else:
            assert refused.field
            assert str(refused).isprintable()


def test_over_mqtt_a_packet_is_journaled_under_its_own_number_and_sets_no_mark(sapient_node: Make) -> None:
    batches: list[Batch] = []
    receiver = Receiver("hills", commit=batches.append, acknowledge=lambda _: None, recall=lambda *_: (0, set()))
    packet = sapient_node().detection(NOW, polar={"azimuth": 1.0, "range": 10.0}).SerializeToString()
    received_ns = int(NOW.timestamp() * 1e9)
    topic = "watchline/1/hills/sensor/radar-mid/detections"
    receiver.handle([Delivery(topic, packet, SAPIENT, (), received_ns)] * 2)
    first, again = batches[0].rows
    assert (first.boot, first.seq) == (again.boot, again.seq)
    assert first.boot == 0
    assert batches[0].marks == ()
    numbered = Delivery(topic, packet, SAPIENT, (("boot", "3"), ("seq", "1")), received_ns)
    (mark,) = receiver.handle([numbered]).marks
    assert (mark.boot, mark.seq) == (3, 1)


def test_over_mqtt_what_a_node_said_of_itself_is_remembered(sapient_node: Make) -> None:
    """Magnetic north needs a place, a UTM place its zone: both were told on the node's status topic before."""
    batches: list[Batch] = []
    receiver = Receiver("hills", commit=batches.append, acknowledge=lambda _: None, recall=lambda *_: (0, set()))
    node, received_ns = sapient_node(), int(NOW.timestamp() * 1e9)

    def hand_over(channel: str, message: SapientMessage) -> Batch:
        topic = f"watchline/1/hills/sensor/radar-mid/{channel}"
        return receiver.handle([Delivery(topic, message.SerializeToString(), SAPIENT, (), received_ns)])

    magnetic = node.detection(NOW, polar={"azimuth": 10.0, "range": 5.0, "datum": "RANGE_BEARING_DATUM_MAGNETIC"})
    utm = {"x": 448_252, "y": 5_411_943, "coordinate_system": "LOCATION_COORDINATE_SYSTEM_UTM_M"}
    zoneless = node.detection(NOW, location=utm)
    assert hand_over("detections", magnetic).dead_letters[0].field == "detection_report.range_bearing.datum"
    assert hand_over("detections", zoneless).dead_letters[0].field == "detection_report.location.utm_zone"
    assert hand_over("status", node.registration(NOW, zone="31N")).rows
    assert hand_over("status", node.status(NOW, {"x": -84.2, "y": 36.58, "z": 400.0})).rows
    assert len(hand_over("detections", magnetic).rows) == len(hand_over("detections", zoneless).rows) == 1
    context = receiver.sensor_contexts["radar-mid"]
    assert read_one(magnetic, sensor_context=context).plots[0].azimuth_deg == pytest.approx(
        10.0 + DECLINATION, abs=0.02
    )
    assert read_one(zoneless, sensor_context=context).plots[0].lat == pytest.approx(48.8582, abs=1e-3)
    other = sapient_node(node_id="0e9c8a6b-5a0e-4b61-8f57-6f1f2f7f0a01")
    with pytest.raises(MalformedMessage):  # what one node said is nobody else's
        read_one(other.detection(NOW, location=utm), sensor_context=context)


def test_an_older_word_of_a_node_changes_nothing(sapient_node: Make) -> None:
    node = sapient_node()

    topic = parse("watchline/1/hills/sensor/r/status")

    def after(message: SapientMessage, before: bytes | None) -> bytes:
        envelope = Envelope(NOW, topic, SAPIENT, sensor_context=before)
        _, context = read_declaration(message.SerializeToString(), envelope)
        assert context is not None
        return context

    new = after(node.status(NOW, {"x": 10.0, "y": 50.0}), None)
    assert after(node.status(NOW - timedelta(seconds=1), {"x": 20.0, "y": 50.0}), new) == new
    assert after(node.status(NOW + timedelta(seconds=1), {"x": 20.0, "y": 50.0}), new) != new
    assert after(node.status(NOW, {"x": 10.0, "y": 50.0}), b"spoilt") == new


def test_the_kind_that_a_packet_does_not_say_is_not_held_against_it(sapient_node: Make) -> None:
    receiver = Receiver(
        "hills",
        commit=lambda _: None,
        acknowledge=lambda _: None,
        recall=lambda *_: (0, set()),
        guards=Guards(gate=lambda scan: "kind,range"),
    )
    packet = sapient_node().detection(NOW, polar={"azimuth": 1.0, "range": 10.0}).SerializeToString()
    topic = "watchline/1/hills/sensor/camera-1/detections"
    (row,) = receiver.handle([Delivery(topic, packet, SAPIENT, (), int(NOW.timestamp() * 1e9))]).rows
    assert row.flags == "range"


@pytest.mark.parametrize(
    ("lon", "lat", "number"),
    [
        (5.32, 60.39, 32),  # Bergen, in 31 by 6° alone
        (3.0, 56.0, 32),
        (2.99, 60.0, 31),
        (5.32, 55.99, 31),
        (5.32, 64.0, 31),
        (15.63, 78.22, 33),  # Longyearbyen
        (8.99, 78.0, 31),
        (9.0, 78.0, 33),
        (20.99, 78.0, 33),
        (21.0, 72.0, 35),
        (32.99, 84.0, 35),
        (33.0, 75.0, 37),
        (41.99, 75.0, 37),
        (42.0, 75.0, 38),
        (-0.5, 75.0, 30),
        (18.0, 71.99, 34),
        (179.9, -16.5, 60),
        (-180.0, -16.5, 1),
        (180.0, -16.5, 1),
    ],
)
def test_grid_north_is_that_of_the_standard_zone_with_its_exceptions(lon: float, lat: float, number: int) -> None:
    """32V and 31X to 37X: NGA.SIG.0012, section 7-4. Convergence: Snyder's series on a sphere, as above."""
    assert standard_zone(lon, lat) == UtmZone(number, lat < 0.0, None)
    away = math.radians((lon - (6.0 * number - 183.0) + 180.0) % 360.0 - 180.0)
    snyder = math.degrees(math.atan(math.tan(away) * math.sin(math.radians(lat))))
    assert grid_convergence_deg(lon, lat) == pytest.approx(snyder, abs=0.01)


@pytest.mark.parametrize("elevation", [-8.0, 0.0, 8.0])
def test_a_range_from_a_height_is_shorter_on_the_map(sapient_node: Make, elevation: float) -> None:
    """The target is where its height and the straight distance in geocentric coordinates (PROJ) put it."""
    to_space = pyproj.Transformer.from_crs(4979, 4978, always_xy=True)
    polar = {"azimuth": 40.0, "range": 5000.0, "elevation": elevation, "azimuth_error": 1.0, "range_error": 5.0}
    plot = plot_at(sapient_node().detection(NOW, polar=polar), Stand(replace(HERE, height_m=1_900.0)))
    node = np.array(to_space.transform(HERE.lon, HERE.lat, 1_900.0))
    up = np.array(to_space.transform(HERE.lon, HERE.lat, 2_900.0)) - node
    sine = math.sin(math.radians(elevation))

    def seen_from_the_node(height_m: float) -> tuple[float, float]:
        ray = np.array(to_space.transform(plot.lon, plot.lat, height_m)) - node
        return float(np.linalg.norm(ray)), float(ray @ up) / 1_000.0 - 5_000.0 * sine

    low, high = 0.0, 4_000.0
    for _ in range(60):  # the height at which it has the elevation
        middle = (low + high) / 2.0
        low, high = (middle, high) if seen_from_the_node(middle)[1] < 0.0 else (low, middle)
    assert seen_from_the_node(low)[0] == pytest.approx(5_000.0, abs=0.05)
