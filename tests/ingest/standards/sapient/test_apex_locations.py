"""Status reports as nodes behind the Apex middleware (Dstl, version 4.2) write them: where the node is.

Apex converts reports of the older XML standard without their units, and its load test sends a grid position without a
zone; both are refused by the name of the field. Its example position is kilometres east of Dover in zone 31N, which
pyproj converts as the oracle.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from pyproj import Transformer
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

from ingest.decode import read_declaration
from ingest.envelope import Envelope
from ingest.errors import MalformedMessage
from ingest.standards.registry import SAPIENT
from ingest.topics import parse
from ingest.wire import WirePose

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
EXAMPLE = {"x": 603_885.0, "y": 5_650_836.0}
METRES = {"coordinateSystem": "LOCATION_COORDINATE_SYSTEM_UTM_M", "datum": "LOCATION_DATUM_WGS84_G"}
ALL_ROUND = {
    "azimuth": 0.0, "range": 300.0, "horizontalExtent": 360.0,
    "coordinateSystem": "RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M", "datum": "RANGE_BEARING_DATUM_TRUE",
}  # fmt: skip
Make = Callable[..., Any]


def apex_status(node_id: str, location: dict[str, Any]) -> SapientMessage:
    """A report in the JSON form of Apex, whose names are in camel case."""
    report = {
        "reportId": "01H7SRX8VQ0CCV2AQ8TCXVJ1KE", "system": "SYSTEM_OK", "info": "INFO_NEW", "mode": "default",
        "nodeLocation": location, "fieldOfView": {"rangeBearing": ALL_ROUND},
    }  # fmt: skip
    stamped = {"timestamp": "2026-11-24T11:59:59.344017Z", "nodeId": node_id, "statusReport": report}
    return ParseDict(stamped, SapientMessage())


def pose_of(message: SapientMessage, context: bytes | None = None) -> WirePose | None:
    topic = parse(f"watchline/1/s/sensor/{message.node_id}/status")
    envelope = Envelope(NOW, topic, SAPIENT, identity=(1, 2), sensor_context=context)
    return read_declaration(message.SerializeToString(), envelope)[0].pose


def registered(node: Any, zone: str) -> bytes | None:
    topic = parse(f"watchline/1/s/sensor/{node.node_id}/status")
    packet = node.registration(NOW, zone=zone).SerializeToString()
    return read_declaration(packet, Envelope(NOW, topic, SAPIENT, identity=(1, 1)))[1]


def test_the_position_of_a_node_in_the_zone_that_it_registered_is_its_pose(sapient_node: Make) -> None:
    node = sapient_node()
    to_degrees = Transformer.from_crs(32_631, 4326, always_xy=True)
    lon, lat = to_degrees.transform(EXAMPLE["x"], EXAMPLE["y"])
    pose = pose_of(apex_status(node.node_id, EXAMPLE | METRES | {"z": 42.0}), registered(node, "31N"))
    assert pose is not None
    assert (pose.lon, pose.lat) == (pytest.approx(lon, abs=1e-7), pytest.approx(lat, abs=1e-7))
    assert (pose.height_m, pose.heading_deg) == (42.0, None)


def test_a_moving_node_states_each_of_its_positions(sapient_node: Make) -> None:
    node = sapient_node()
    context, found = registered(node, "31N"), []
    for east in (0.0, 25.0, 50.0):
        pose = pose_of(apex_status(node.node_id, EXAMPLE | METRES | {"x": EXAMPLE["x"] + east}), context)
        assert pose is not None
        found.append(pose.lon)
    to_degrees = Transformer.from_crs(32_631, 4326, always_xy=True)
    expected = [to_degrees.transform(EXAMPLE["x"] + east, EXAMPLE["y"])[0] for east in (0.0, 25.0, 50.0)]
    assert found == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    ("location", "field"),
    [
        (
            EXAMPLE
            | {"coordinateSystem": "LOCATION_COORDINATE_SYSTEM_UNSPECIFIED", "datum": "LOCATION_DATUM_UNSPECIFIED"},
            "node_location.coordinate_system",
        ),
        ({"x": 0.1, "y": 0.1} | METRES, "node_location"),
        (EXAMPLE | METRES | {"x": "NaN"}, "node_location.x"),
        (EXAMPLE | METRES | {"y": "Infinity"}, "node_location.y"),
    ],
)
def test_a_position_that_cannot_be_known_is_refused_by_the_name_of_its_field(
    sapient_node: Make, location: dict[str, Any], field: str
) -> None:
    message = apex_status(sapient_node().node_id, location)
    with pytest.raises(MalformedMessage, match=field) as caught:
        pose_of(message)
    assert len(str(caught.value)) < 300
