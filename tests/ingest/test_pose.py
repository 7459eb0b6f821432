"""The pose in a status: on the wire and back, what is refused, from SAPIENT, and what a carrier cannot have done."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import pytest

from ingest.decode import decode_status, encode_status, envelope_of, read_declaration
from ingest.envelope import Delivery
from ingest.errors import MalformedMessage
from ingest.receiving.plausibility import Plausibility
from ingest.receiving.receiver import Guards, Receiver
from ingest.standards.registry import SAPIENT
from ingest.wire import Status, WirePose, json_schema
from sensors.radar import Radar
from sensors.scan import Plot, Scan
from sensors.timestamps import nanoseconds

NOW = datetime(2026, 3, 14, 21, 0, tzinfo=UTC)
CAR = Radar(
    id="car", lon=8.0, lat=47.0, easting=0.0, northing=0.0, max_range_m=5e3, period_s=1.0, mobile=True,
    max_speed_mps=20.0,
)  # fmt: skip
MAST = Radar(id="mast", lon=8.0, lat=47.0, easting=0.0, northing=0.0, max_range_m=5e3, period_s=1.0)
METRE = 1.0 / 111_195.0
"""Degrees of latitude, on a sphere of 6 371 km."""


def status(at_s: float, lat: float, *, sensor: str = "car", **more: Any) -> Status:
    pose = WirePose(lon=8.0, lat=lat, position_sd_m=2.0, **more)
    at = NOW + timedelta(seconds=at_s)
    return Status(sensor=sensor, boot=1, seq=int(10 * at_s) + 1, observed_at=at, state="ok", pose=pose)


def test_a_pose_comes_back_from_the_wire() -> None:
    pose = WirePose(
        lon=8.1, lat=47.2, position_sd_m=3.0, height_m=812.5, height_sd_m=4.0, heading_deg=359.9, heading_sd_deg=0.8,
        tilt_deg=-3.0, tilt_sd_deg=0.1, observed_at=NOW - timedelta(milliseconds=250),
    )  # fmt: skip
    sent = Status(sensor="car", boot=1, seq=1, observed_at=NOW, state="ok", pose=pose)
    assert decode_status(encode_status(sent), received_at=NOW) == sent
    jsonschema.validate(json.loads(encode_status(sent)), json_schema("status"))
    bare = Status(sensor="car", boot=1, seq=1, observed_at=NOW, state="ok")
    assert b"pose" not in encode_status(bare)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"lon": 181.0}, "pose.lon", "out_of_range"),
        ({"lat": None}, "pose.lat", "wrong_type"),
        ({"position_sd_m": 0.0}, "pose.position_sd_m", "out_of_range"),
        ({"heading_deg": 360.0}, "pose.heading_deg", "out_of_range"),
        ({"tilt_deg": -91.0}, "pose.tilt_deg", "out_of_range"),
        ({"height_m": -2000.0}, "pose.height_m", "out_of_range"),
        ({"speed_mps": 3.0}, "pose", "unknown_field"),
        ({"observed_at": "2026-03-14T21:00:01Z"}, "pose.observed_at", "future"),
        ({"observed_at": "2026-03-14T21:00:00+01:00"}, "pose.observed_at", "bad_time"),
    ],
)
def test_a_pose_that_is_none_is_refused_by_its_field(change: dict[str, Any], field: str, code: str) -> None:
    message = {
        "sensor": "car", "boot": 1, "seq": 1, "observed_at": "2026-03-14T21:00:00Z", "state": "ok",
        "pose": {"lon": 8.0, "lat": 47.0} | change,
    }  # fmt: skip
    with pytest.raises(MalformedMessage) as caught:
        decode_status(json.dumps(message).encode(), received_at=NOW)
    assert caught.value.field.startswith(field)
    assert caught.value.code == code


def test_numbers_that_are_none_are_no_json() -> None:
    payload = encode_status(status(0.0, 47.0)).replace(b"47.0", b"NaN")
    with pytest.raises(MalformedMessage):
        decode_status(payload, received_at=NOW)


# --- SAPIENT --------------------------------------------------------------------------------------------------------


def read(message: Any) -> Status:
    return decode_status(message.SerializeToString(), received_at=NOW, content_type=SAPIENT)


def test_a_sapient_status_report_states_a_pose(sapient_node: Callable[..., Any]) -> None:
    node = sapient_node()
    cone = {
        "coordinate_system": 1, "datum": 1, "azimuth": -40.0, "elevation": -5.0, "range": 500.0,
        "horizontal_extent": 60.0, "azimuth_error": 1.5, "elevation_error": 0.5,
    }  # fmt: skip
    place = {"x": -84.2, "y": 36.58, "z": 402.0, "y_error": 3.0 * METRE, "datum": "LOCATION_DATUM_WGS84_G"}
    pose = read(node.status(NOW, place, field_of_view={"range_bearing": cone})).pose
    assert pose is not None
    assert (pose.lon, pose.lat, pose.height_m) == (-84.2, 36.58, 402.0)
    assert pose.position_sd_m == pytest.approx(3.0, rel=0.01)
    assert (pose.heading_deg, pose.heading_sd_deg) == (320.0, pytest.approx(1.5))
    assert (pose.tilt_deg, pose.tilt_sd_deg) == (-5.0, pytest.approx(0.5))
    assert pose.observed_at is None


def test_a_sapient_report_without_a_position_or_a_usable_height_states_less(sapient_node: Callable[..., Any]) -> None:
    node = sapient_node()
    heading = {"status_type": "STATUS_TYPE_PLATFORM", "status_value": "heading=370.5"}
    place = {"x": -84.2, "y": 36.58, "z": 402.0, "datum": "LOCATION_DATUM_WGS84_E"}
    pose = read(node.status(NOW, place, status=[heading])).pose
    assert pose is not None
    assert pose.heading_deg == pytest.approx(10.5)
    assert (pose.height_m, pose.position_sd_m, pose.tilt_deg) == (None, None, None)
    assert read(node.status(NOW)).pose is None
    assert read(node.registration(NOW)).pose is None


@pytest.mark.parametrize(
    ("datum", "heading", "expected"),
    [
        ("PLATFORM", 100.0, 190.0),
        ("TRUE", 100.0, 90.0),
        ("PLATFORM", None, None),
        ("TRUE", None, 90.0),
    ],
)
def test_a_sapient_field_of_view_from_the_platforms_heading_is_turned_by_it(
    sapient_node: Callable[..., Any], datum: str, heading: float | None, expected: float | None
) -> None:
    """Twice: the view of one report does not turn that of the next."""
    node, known, envelope = sapient_node(), None, envelope_of(NOW, None, SAPIENT, None)
    cone = {
        "coordinate_system": 1, "datum": f"RANGE_BEARING_DATUM_{datum}", "azimuth": 90.0, "horizontal_extent": 20.0,
    }  # fmt: skip
    platform = {"status_type": "STATUS_TYPE_PLATFORM", "status_value": f"heading={heading}"}
    for more in ({} if heading is None else {"status": [platform]}, {}, {}):
        message = node.status(NOW, {"x": -84.2, "y": 36.58}, field_of_view={"range_bearing": cone}, **more)
        said, known = read_declaration(message.SerializeToString(), replace(envelope, sensor_context=known))
        assert said.pose is not None
        assert said.pose.heading_deg == expected


def test_a_sapient_field_of_view_that_cannot_be_resolved_gives_no_heading(sapient_node: Callable[..., Any]) -> None:
    cone = {"coordinate_system": 1, "datum": 1, "azimuth": 400.0, "horizontal_extent": 20.0}
    platform = {"status_type": "STATUS_TYPE_PLATFORM", "status_value": "heading=100"}
    place = {"x": -84.2, "y": 36.58}
    pose = read(sapient_node().status(NOW, place, field_of_view={"range_bearing": cone}, status=[platform])).pose
    assert pose is not None
    assert pose.heading_deg is None


# --- plausible? -----------------------------------------------------------------------------------------------------


def test_a_jump_faster_than_the_carrier_is_flagged() -> None:
    plausible = Plausibility.of([CAR, MAST])
    assert plausible.status(status(0.0, 47.0)) == ""
    # 20 m/s and five deviations of 2 m · √2: 34.1 m
    assert plausible.status(status(1.0, 47.0 + 33.0 * METRE)) == ""
    assert plausible.status(status(2.0, 47.0 + (33.0 + 36.0) * METRE)) == "pose"
    assert plausible.status(status(0.5, 47.5)) == ""  # late: fusion puts it in its place
    assert plausible.status(status(3.0, 47.0, sensor="mast")) == ""
    assert plausible.status(status(4.0, 48.0, sensor="mast")) == ""  # a fixed one has no carrier


def test_reports_of_a_mobile_sensor_are_held_against_where_it_stands() -> None:
    plausible = Plausibility.of([CAR])
    far = Scan("car", 1, 1, 1, NOW, NOW, "radar", (Plot(lon=8.0, lat=47.0 + 9000.0 * METRE, position_sd_m=5.0),))
    assert plausible(far) == "range"
    plausible.status(status(0.0, 47.0 + 6000.0 * METRE))
    assert plausible(far) == ""
    near_its_post = Scan("car", 1, 2, 2, NOW, NOW, "radar", (Plot(lon=8.0, lat=47.0, position_sd_m=5.0),))
    assert plausible(near_its_post) == "range"


def test_ingest_journals_an_implausible_pose_with_its_flag() -> None:
    plausible = Plausibility.of([CAR])
    receiver = Receiver(
        "sector", commit=lambda _: None, acknowledge=lambda _: None, recall=lambda *_: (0, set()),
        guards=Guards(gate=plausible, poses=plausible.status),
    )  # fmt: skip

    def flags(message: Status) -> list[str]:
        delivery = Delivery(
            "watchline/1/sector/sensor/car/status", encode_status(message), "application/json", (),
            nanoseconds(message.observed_at),
        )  # fmt: skip
        return [getattr(row, "flags", "dead letter") for row in receiver.batch([delivery]).messages]

    assert flags(status(0.0, 47.0)) == [""]
    assert flags(status(1.0, 47.1)) == ["pose"]
