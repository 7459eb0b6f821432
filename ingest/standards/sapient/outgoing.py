"""SAPIENT messages of Watchline as a fusion node: registration, status, answers, fused detections, alerts and tasks.

Messages are built without a timestamp, which is set when one is written to its connection. Identifiers are arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

from sapient_msg.bsi_flex_335_v2_0 import (
    alert_ack_pb2,
    alert_pb2,
    associated_detection_pb2,
    location_pb2,
    range_bearing_pb2,
    registration_pb2,
    status_report_pb2,
    task_ack_pb2,
    task_pb2,
)
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

from geo.frame import metres_per_degree
from ingest.errors import MalformedMessage
from ingest.standards.sapient.decode import MAX_PACKET_BYTES
from ingest.standards.sapient.node import ICD_VERSION

STATUS_INTERVAL_S: Final = 5.0
MODE: Final = "Default"
CLASS_NAMES: Final[Mapping[str, str]] = {
    "person": "Human",
    "group": "Group",
    "vehicle": "Land Vehicle",
    "animal": "Animal",
    "other": "Other",
}
"""Class → its name in the standard's own examples."""

LEAST_CLASS: Final = 0.01
"""A class less probable than this is not reported."""

_DEGREES: Final = location_pb2.LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M
_WGS84: Final = location_pb2.LOCATION_DATUM_WGS84_E
_Registration: Final = registration_pb2.Registration
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALERT_TYPES: Final = {
    "distress": alert_pb2.Alert.ALERT_TYPE_CRITICAL,
    "crossing": alert_pb2.Alert.ALERT_TYPE_WARNING,
    "approaching": alert_pb2.Alert.ALERT_TYPE_WARNING,
    "track_initiated_inside": alert_pb2.Alert.ALERT_TYPE_WARNING,
    "coverage_lost": alert_pb2.Alert.ALERT_TYPE_ERROR,
    "sensor_offline": alert_pb2.Alert.ALERT_TYPE_ERROR,
}
"""Every other rule is INFORMATION."""
_ALERT_STATES: Final = {
    "active": alert_pb2.Alert.ALERT_STATUS_ACTIVE,
    "acknowledged": alert_pb2.Alert.ALERT_STATUS_ACKNOWLEDGE,
    "cleared": alert_pb2.Alert.ALERT_STATUS_CLEAR,
    "rejected": alert_pb2.Alert.ALERT_STATUS_REJECT,
}
_PRIORITIES: Final = {
    "low": alert_pb2.Alert.DISCRETE_PRIORITY_LOW,
    "medium": alert_pb2.Alert.DISCRETE_PRIORITY_MEDIUM,
    "high": alert_pb2.Alert.DISCRETE_PRIORITY_HIGH,
    "distress": alert_pb2.Alert.DISCRETE_PRIORITY_HIGH,
}


def ulid(time_ms: int, chance: bytes) -> str:
    """The upper-case ULID of a time in milliseconds since 1970 and ten bytes; 26 characters that sort by time."""
    value = (time_ms & (1 << 48) - 1) << 80 | int.from_bytes(chance[:10].rjust(10, b"\0"), "big")
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))


def ulid_of(time_ms: int, name: str) -> str:
    """The ULID of a named object: the same name and time always give the same one."""
    return ulid(time_ms, blake2b(name.encode(), digest_size=10, person=b"sapient").digest())


@dataclass(frozen=True, slots=True)
class ContributingDetection:
    """A node's detection that contributed to a fused detection or an alert."""

    node_id: str
    object_id: str
    at: datetime | None = None


def registration(node_id: str, *, name: str, children: Sequence[str] = (), version: str = "") -> SapientMessage:
    """Registration as a fusion node that reports positions in degrees and accepts no tasks."""
    message = SapientMessage(node_id=node_id)
    content = message.registration
    content.node_definition.add(node_type=_Registration.NODE_TYPE_FUSION_NODE)
    content.icd_version, content.name, content.short_name = ICD_VERSION, name, name[:32]
    content.capabilities.add(category="Fusion", type="Multi-sensor tracking and border alerts")
    content.dependent_nodes.extend(children)
    interval = content.status_definition.status_interval
    interval.units, interval.value = _Registration.TIME_UNITS_SECONDS, STATUS_INTERVAL_S
    mode = content.mode_definition.add(mode_name=MODE, mode_type=_Registration.MODE_TYPE_PERMANENT)
    mode.settle_time.units, mode.settle_time.value = _Registration.TIME_UNITS_SECONDS, 0.0
    mode.tracking_type = _Registration.TRACKING_TYPE_TRACK
    detections = mode.detection_definition.add()
    detections.location_type.location_units, detections.location_type.location_datum = _DEGREES, _WGS84
    velocity = detections.velocity_type
    velocity.enu_velocity_units.east_north_rate_units = 1  # SPEED_UNITS_MS
    velocity.location_datum = _WGS84
    classes = detections.detection_class_definition.add(
        confidence_definition=_Registration.CONFIDENCE_DEFINITION_MULTI_CLASS
    )
    for class_name in CLASS_NAMES.values():
        classes.class_definition.add(type=class_name)
    region = mode.task.region_definition
    region.region_type.append(_Registration.REGION_TYPE_AREA_OF_INTEREST)
    region.region_area.add(location_units=_DEGREES, location_datum=_WGS84)
    mode.task.concurrent_tasks = 0
    content.config_data.add(manufacturer="Watchline", model="Watchline", software_version=version)
    return message


def status_report(node_id: str, report_id: str, *, goodbye: bool = False) -> SapientMessage:
    """Heartbeat; ``goodbye``: before disconnecting."""
    message = SapientMessage(node_id=node_id)
    report, kind = message.status_report, status_report_pb2.StatusReport
    report.report_id, report.mode, report.info = report_id, MODE, kind.INFO_NEW
    report.system = kind.SYSTEM_GOODBYE if goodbye else kind.SYSTEM_OK
    return message


def registration_ack(node_id: str, to: str, reasons: Sequence[str] = ()) -> SapientMessage:
    """Answer to a registration; with reasons it is refused."""
    message = SapientMessage(node_id=node_id, destination_id=to)
    message.registration_ack.acceptance = not reasons
    message.registration_ack.ack_response_reason.extend(reasons)
    return message


def error(node_id: str, packet: bytes, reasons: Iterable[MalformedMessage], to: str | None = None) -> SapientMessage:
    """Answer to a packet that cannot be used: the packet, and every reason with its field's name.

    A packet that would make the answer too large is truncated.
    """
    message = SapientMessage(node_id=node_id)
    if to is not None:
        message.destination_id = to
    message.error.error_message.extend(str(reason) for reason in reasons)
    message.error.packet = packet[: MAX_PACKET_BYTES - message.ByteSize() - 64]
    return message


def alert_ack(node_id: str, to: str, alert_id: str) -> SapientMessage:
    """Acknowledgement of a node's alert."""
    message = SapientMessage(node_id=node_id, destination_id=to)
    message.alert_ack.alert_id = alert_id
    message.alert_ack.alert_ack_status = alert_ack_pb2.AlertAck.ALERT_ACK_STATUS_ACCEPTED
    return message


def task_refusal(node_id: str, to: str, task_id: str) -> SapientMessage:
    """Answer to a task: Watchline accepts none."""
    message = SapientMessage(node_id=node_id, destination_id=to)
    message.task_ack.task_id = task_id
    message.task_ack.task_status = task_ack_pb2.TaskAck.TASK_STATUS_REJECTED
    message.task_ack.reason.append("Watchline accepts no tasks; it sends them to its sensors.")
    return message


def fused_detection(
    node_id: str,
    report_id: str,
    object_id: str,
    track: Mapping[str, Any],
    *,
    ahead_s: float,
    sources: Sequence[ContributingDetection],
) -> SapientMessage:
    """A track of the live picture as a detection, extrapolated by ``ahead_s`` to the time of sending."""
    message = SapientMessage(node_id=node_id)
    report = message.detection_report
    report.report_id, report.object_id = report_id, object_id
    a_lon, a_lat = metres_per_degree(track["lat"])
    east, north = track["east_rate"], track["north_rate"]
    location = report.location
    location.x, location.y = track["lon"] + east * ahead_s / a_lon, track["lat"] + north * ahead_s / a_lat
    location.x_error, location.y_error = track["east_sd_m"] / a_lon, track["north_sd_m"] / a_lat
    location.coordinate_system, location.datum = _DEGREES, _WGS84
    report.enu_velocity.east_rate, report.enu_velocity.north_rate = east, north
    report.detection_confidence = track["existence"]
    for class_name, probability in track.get("class_probability", {}).items():
        if probability >= LEAST_CLASS:
            report.classification.add(type=CLASS_NAMES[class_name], confidence=probability)
    report.id = track["track"]
    _associate(report.associated_detection, sources)
    return message


def alert(node_id: str, body: Mapping[str, Any], sources: Sequence[ContributingDetection] = ()) -> SapientMessage:
    """An alert as published (its JSON as a mapping); the id is the same in every revision."""
    message = SapientMessage(node_id=node_id)
    content = message.alert
    raised_at = datetime.fromisoformat(body["raised_at"])
    content.alert_id = ulid_of(int(raised_at.timestamp() * 1e3), f"alert {body['id']}")
    content.alert_type = _ALERT_TYPES.get(body["rule"], alert_pb2.Alert.ALERT_TYPE_INFORMATION)
    content.status = _ALERT_STATES[body["status"]]
    content.priority = _PRIORITIES.get(body["priority"], alert_pb2.Alert.DISCRETE_PRIORITY_UNSPECIFIED)
    content.description = body["sentence"]
    if body.get("lon") is not None and body.get("lat") is not None:
        content.location.x, content.location.y = body["lon"], body["lat"]
        content.location.coordinate_system, content.location.datum = _DEGREES, _WGS84
    if body.get("existence") is not None:
        content.confidence = body["existence"]
    content.additional_information = f"{body['id']} revision {body['revision']}"
    _associate(content.associated_detection, sources)
    return message


@dataclass(frozen=True, slots=True)
class Order:
    """A task for a node: exactly one of these. ``look_at``: azimuth from true north and, if any, elevation.

    ``move_to``: longitude, latitude and, if any, height above mean sea level [m]. ``stop``: end the task of this id
    instead.
    """

    mode: str | None = None
    request: str | None = None
    look_at: tuple[float, float | None] | None = None
    stop: bool = False
    move_to: tuple[float, float, float | None] | None = None


def task(node_id: str, to: str, task_id: str, order: Order) -> SapientMessage:
    """A task for the node ``to``."""
    message = SapientMessage(node_id=node_id, destination_id=to)
    content = message.task
    content.task_id = task_id
    content.control = task_pb2.Task.CONTROL_STOP if order.stop else task_pb2.Task.CONTROL_START
    if order.mode is not None:
        content.command.mode_change = order.mode
    elif order.request is not None:
        content.command.request = order.request
    elif order.look_at is not None:
        cone = content.command.look_at.range_bearing
        cone.azimuth = order.look_at[0]
        if order.look_at[1] is not None:
            cone.elevation = order.look_at[1]
        cone.coordinate_system = range_bearing_pb2.RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M
        cone.datum = range_bearing_pb2.RANGE_BEARING_DATUM_TRUE
    elif order.move_to is not None:
        lon, lat, height_m = order.move_to
        there = content.command.move_to.locations.add(x=lon, y=lat, coordinate_system=_DEGREES, datum=_WGS84)
        if height_m is not None:
            there.z, there.datum = height_m, location_pb2.LOCATION_DATUM_WGS84_G
    return message


def stamp(message: SapientMessage, time_ns: int) -> None:
    """Set the time of sending."""
    message.timestamp.FromNanoseconds(time_ns)


def _associate(into: Any, sources: Sequence[ContributingDetection]) -> None:
    for source in sources:
        related = into.add(
            node_id=source.node_id,
            object_id=source.object_id,
            association_type=associated_detection_pb2.ASSOCIATION_RELATION_CHILD,
        )
        if source.at is not None:
            related.timestamp.FromDatetime(source.at.astimezone(UTC).replace(tzinfo=None))
