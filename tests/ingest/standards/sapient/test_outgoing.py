"""What we send over SAPIENT: of good form, read back as it was meant, under identifiers that do not change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sapient_msg.bsi_flex_335_v2_0 import location_pb2
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

from ingest.decode import decode
from ingest.errors import MalformedMessage
from ingest.standards.registry import SAPIENT
from ingest.standards.sapient import outgoing
from ingest.standards.sapient.decode import MAX_PACKET_BYTES, read
from ingest.standards.sapient.framing import frame
from ingest.standards.sapient.outgoing import ContributingDetection, Order, stamp, ulid, ulid_of

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
NOW_NS = int(NOW.timestamp() * 1e9)
US, NODE = "4b0d7c36-6f5e-4f39-8d6f-3f6f2b1d9c02", "7d0f5bbd-2f84-4c2a-9f0e-0d6a3a1c5e11"
ID, OBJECT = ulid(NOW_NS // 1_000_000, b"0123456789"), ulid(NOW_NS // 1_000_000, b"abcdefghij")
TRACK: dict[str, Any] = {
    "track": "T09cd432a2a", "lat": 36.588, "lon": -84.21, "east_rate": 1.2, "north_rate": -4.0, "east_sd_m": 3.0,
    "north_sd_m": 5.0, "existence": 0.97, "class_probability": {"person": 0.8, "vehicle": 0.195, "animal": 0.005},
}  # fmt: skip
ALERT: dict[str, Any] = {
    "id": "A1f", "rule": "crossing", "status": "active", "priority": "high", "sentence": "Somebody crossed.",
    "raised_at": "2026-11-24T11:59:00Z", "revision": 0, "lat": 36.588, "lon": -84.21, "existence": 0.97,
}  # fmt: skip
ALL = {
    "registration": outgoing.registration(US, name="hills", children=[NODE], version="0.1.0"),
    "status": outgoing.status_report(US, ID),
    "goodbye": outgoing.status_report(US, ID, goodbye=True),
    "accepted": outgoing.registration_ack(US, NODE),
    "refused": outgoing.registration_ack(US, NODE, ["nobody knows you"]),
    "alert_ack": outgoing.alert_ack(US, NODE, ID),
    "task_refusal": outgoing.task_refusal(US, NODE, ID),
    "task": outgoing.task(US, NODE, ID, Order(mode="Night")),
    "request": outgoing.task(US, NODE, ID, Order(request="Wipe the lens")),
    "look": outgoing.task(US, NODE, ID, Order(look_at=(350.0, -2.0))),
    "move": outgoing.task(US, NODE, ID, Order(move_to=(-84.1, 36.58, 420.0))),
    "stop": outgoing.task(US, NODE, ID, Order(stop=True)),
    "fused": outgoing.fused_detection(
        US, ID, OBJECT, TRACK, ahead_s=0.5, sources=[ContributingDetection(NODE, OBJECT, NOW)]
    ),
    "alert": outgoing.alert(US, ALERT, [ContributingDetection(NODE, OBJECT)]),
    "error": outgoing.error(US, b"abc", [MalformedMessage("missing_field", "node_id", "missing", "a value")], NODE),
}


@pytest.mark.parametrize("name", sorted(ALL))
def test_everything_we_send_is_of_the_form_that_we_ask_of_others(name: str) -> None:
    message = SapientMessage.FromString(ALL[name].SerializeToString())
    stamp(message, NOW_NS)
    packet = read(message.SerializeToString())
    assert [str(fault) for fault in packet.faults] == []
    assert packet.sent_at == NOW


def test_a_fused_detection_is_read_back_where_the_track_will_be() -> None:
    """Half a second on at 4 m/s to the south is 2 m: 1.8e-5 degrees of latitude, which are 110.96 km there."""
    message = ALL["fused"]
    stamp(message, NOW_NS)
    (plot,) = decode(message.SerializeToString(), received_at=NOW, content_type=SAPIENT).plots
    assert plot.lat == pytest.approx(36.588 - 2.0 / 110_960, abs=1e-8)
    assert plot.lon == pytest.approx(-84.21 + 0.6 / 89_480, abs=1e-8)
    assert plot.position_sd_m == pytest.approx(5.0, rel=1e-3)
    assert plot.source_id == OBJECT
    assert plot.confidence == pytest.approx(0.97)
    assert plot.classes["person"] == pytest.approx(0.8, abs=0.01)
    told = [(each.type, each.confidence) for each in message.detection_report.classification]
    assert told == [("Human", pytest.approx(0.8)), ("Land Vehicle", pytest.approx(0.195))]


def test_an_alert_keeps_its_identifier_through_its_revisions() -> None:
    first = ALL["alert"].alert
    later = outgoing.alert(US, ALERT | {"status": "cleared", "revision": 3, "sentence": "It is over."}).alert
    assert (first.alert_id, first.status, later.status) == (later.alert_id, 1, 5)
    other = outgoing.alert(US, ALERT | {"id": "A2f"}).alert
    assert other.alert_id != first.alert_id
    assert ulid_of(0, "alert A1f")[10:] == first.alert_id[10:]
    assert (first.alert_type, first.priority) == (2, 3)  # warning, high
    distress = outgoing.alert(US, ALERT | {"rule": "distress", "priority": "distress"}).alert
    assert (distress.alert_type, distress.priority) == (3, 3)  # critical, high


@pytest.mark.parametrize(("status", "number"), [("active", 1), ("acknowledged", 2), ("rejected", 3), ("cleared", 5)])
def test_every_state_of_an_alert_has_its_word(status: str, number: int) -> None:
    assert outgoing.alert(US, ALERT | {"status": status}).alert.status == number


def test_an_alert_without_a_place_has_none() -> None:
    assert not outgoing.alert(US, ALERT | {"lat": None, "lon": None}).alert.HasField("location")


def test_an_error_fits_a_frame_whatever_the_packet() -> None:
    faults = [MalformedMessage("wrong_type", "x" * 100, "y" * 200, "z")] * 50
    message = outgoing.error(US, b"\xff" * MAX_PACKET_BYTES, faults, NODE)
    stamp(message, NOW_NS)
    assert len(frame(message.SerializeToString())) <= MAX_PACKET_BYTES + 4
    assert len(message.error.error_message) == 50
    assert len(message.error.packet) > MAX_PACKET_BYTES - 20_000


def test_a_task_says_one_thing() -> None:
    assert ALL["task"].task.command.mode_change == "Night"
    assert ALL["request"].task.command.request == "Wipe the lens"
    cone = ALL["look"].task.command.look_at.range_bearing
    assert (cone.azimuth, cone.elevation, cone.datum) == (350.0, -2.0, 1)
    (there,) = ALL["move"].task.command.move_to.locations
    assert (there.x, there.y, there.z, there.datum) == (-84.1, 36.58, 420.0, location_pb2.LOCATION_DATUM_WGS84_G)
    (level,) = outgoing.task(US, NODE, ID, Order(move_to=(-84.1, 36.58, None))).task.command.move_to.locations
    assert (level.HasField("z"), level.datum) == (False, location_pb2.LOCATION_DATUM_WGS84_E)
    assert (ALL["stop"].task.control, ALL["stop"].task.HasField("command")) == (2, False)
