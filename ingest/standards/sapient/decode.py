"""SAPIENT (BSI Flex 335 v2) packets decoded to scans and statuses; each fault of a packet names its field.

A packet is one SapientMessage. ``read`` returns it with all its faults, so that a gateway can report each of them to
the sender; ``decode`` raises the first. Earlier declarations of a node (its position, UTM zone, heading and units) are
kept by ``remember`` over MQTT, and by the gateway over TCP; a packet that depends on an undeclared value is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from google.protobuf.message import DecodeError
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

from ingest.envelope import Envelope
from ingest.errors import MalformedMessage
from ingest.standards.sapient.location import Faults
from ingest.standards.sapient.node import ICD_VERSION, Node, location_of, pose_of, registration_faults
from ingest.standards.sapient.plot import is_lost, plot_of
from ingest.standards.sapient.validation import form_faults, is_uuid4
from ingest.wire import Kind, Status, WirePlot, WireScan

MAX_PACKET_BYTES: Final = 1024 * 1024
"""The largest packet; a peer that announces a larger one is disconnected."""

MAX_UNKNOWN_BYTES: Final = 4_096
"""Largest size of unknown fields that are examined one by one, to name the first."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet that protobuf can read. ``content`` names its content, such as ``detection_report``; "" for none."""

    message: SapientMessage
    content: str
    faults: tuple[MalformedMessage, ...]

    @property
    def sent_at(self) -> datetime:
        """The message's timestamp, aware, cut to microseconds; of a packet whose timestamp has no fault."""
        sent_at: datetime = self.message.timestamp.ToDatetime(tzinfo=UTC)
        return sent_at


def read(packet: bytes) -> Packet:
    """The message in a packet with the faults of its form, its time and its numbers that the packet alone shows.

    Raises MalformedMessage(code="not_protobuf") for bytes that are not a SapientMessage.
    """
    if len(packet) > MAX_PACKET_BYTES:
        raise MalformedMessage("too_large", "packet", f"{len(packet)} bytes", f"at most {MAX_PACKET_BYTES}")
    try:
        message = SapientMessage.FromString(packet)
    except DecodeError:
        problem = f"{len(packet)} bytes that are not one"
        raise MalformedMessage("not_protobuf", "packet", problem, f"a SapientMessage of {ICD_VERSION}") from None
    content = message.WhichOneof("content") or ""
    if content == "error":
        return Packet(message, content, ())  # not answered: the peers would answer each other endlessly
    faults = _overgrown(message, len(packet)) or form_faults(message)
    if message.HasField("timestamp"):
        faults += _time_faults(message)
    if content == "registration" and not faults:
        faults += registration_faults(message.registration)
    return Packet(message, content, tuple(faults))


def speaker(packet: bytes) -> str:
    """The node id in a packet, read without its other fields; "" without one. For packets that are skipped."""
    try:
        return str(SapientMessage.FromString(packet).node_id)
    except DecodeError:
        return ""


def detection(packet: Packet, node: Node) -> tuple[WirePlot | None, Faults]:
    """(the plot, faults) of a well-formed detection report; no plot and no fault: the object was lost."""
    faults: Faults = []
    report = packet.message.detection_report
    plot = plot_of(report, node, packet.sent_at, faults)
    return (None if is_lost(report) else plot), faults


def status(packet: Packet, node: Node) -> tuple[Node, Faults]:
    """(the node after its well-formed status report, faults); with faults the node is unchanged."""
    faults: Faults = []
    place = location_of(packet.message.status_report, node, faults)
    return (node if faults else node.reported(packet.message.status_report, place, packet.sent_at)), faults


def decode(payload: bytes, envelope: Envelope) -> WireScan:
    """A detection report as a scan with one plot. The topic names the sensor; without one the node's id does.

    A topic that is a node's id must be this node's. The kind follows from the measurement, because the packet has none.
    """
    packet = _good(payload, "detection_report", envelope)
    plot, faults = detection(packet, _node_of(packet, envelope))
    if faults:
        raise faults[0]
    report = packet.message.detection_report
    boot, seq = envelope.numbered(_key(packet.message.node_id, report.report_id))
    return WireScan(
        sensor=envelope.sensor or packet.message.node_id,
        boot=boot,
        seq=seq,
        scan=seq,
        observed_at=packet.sent_at,
        kind=kind_of(plot),
        plots=() if plot is None else (plot,),
    )


def decode_status(payload: bytes, envelope: Envelope) -> Status:
    """A status report, or a registration, as a sensor's heartbeat."""
    packet = _good(payload, "status_report | registration", envelope)
    node, pose = _node_of(packet, envelope), None
    if packet.content == "registration":
        node = node.registered(packet.message.registration)
        content = packet.message.SerializeToString(deterministic=True)
    else:
        report, faults = packet.message.status_report, list[MalformedMessage]()
        place = location_of(report, node, faults)
        if faults:
            raise faults[0]
        node = node.reported(report, place, packet.sent_at)
        pose = pose_of(report, node, place, packet.sent_at)
        content = _key(packet.message.node_id, packet.message.status_report.report_id)
    boot, seq = envelope.numbered(content)
    return Status(
        sensor=envelope.sensor or packet.message.node_id,
        boot=boot,
        seq=seq,
        observed_at=packet.sent_at,
        state=node.state,
        status_interval_s=node.status_interval_s,
        power=node.power,
        obscured=node.obscured,
        note=node.note,
        pose=pose,
    )


def remember(payload: bytes, envelope: Envelope) -> bytes:
    """The node after a status report or registration, packed; a message older than the last one has no effect."""
    packet = _good(payload, "status_report | registration", envelope)
    before = None if envelope.sensor_context is None else _unpack(envelope.sensor_context)
    if before is not None and packet.message.node_id == before.node.node_id and packet.sent_at < before.at:
        return msgspec.msgpack.encode(before)
    node = _node_of(packet, envelope)
    if packet.content == "registration":
        node = node.registered(packet.message.registration)
    else:
        node, _ = status(packet, node)
    return msgspec.msgpack.encode(_Remembered(packet.sent_at, node))


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A node, and the time of its newest message."""

    at: datetime
    node: Node


def _unpack(packed: bytes) -> _Remembered | None:
    try:
        return msgspec.msgpack.decode(packed, type=_Remembered)
    except msgspec.DecodeError:
        return None  # from another version of this program; the node will declare it again


def _node_of(packet: Packet, envelope: Envelope) -> Node:
    """The packet's node as stored; a new one if none is stored, or another node is."""
    remembered = None if envelope.sensor_context is None else _unpack(envelope.sensor_context)
    node_id = packet.message.node_id
    return remembered.node if remembered is not None and remembered.node.node_id == node_id else Node(node_id)


def kind_of(plot: WirePlot | None) -> Kind:
    """The kind of sensor to which this measurement belongs: azimuth alone is a camera's, all else a radar's."""
    bearing = plot is not None and plot.azimuth_deg is not None and plot.range_m is None
    return "camera" if bearing else "radar"


def _good(payload: bytes, expected: str, envelope: Envelope) -> Packet:
    packet = read(payload)
    if packet.faults:
        raise packet.faults[0]
    if packet.content not in expected.split(" | "):
        raise MalformedMessage("wrong_channel", "content", packet.content or "nothing", expected)
    node_id = packet.message.node_id
    if envelope.sensor is not None and is_uuid4(envelope.sensor) and envelope.sensor != node_id:
        raise MalformedMessage(
            "sensor_mismatch", "node_id", f"{node_id} on the topic of {envelope.sensor}", envelope.sensor
        )
    return packet


def _key(*parts: Any) -> bytes:
    return "|".join(parts).encode()


def _overgrown(message: SapientMessage, size: int) -> Faults:
    """One fault for all fields of a large packet with many unknown fields, which are not examined one by one."""
    if size <= MAX_UNKNOWN_BYTES:
        return []
    recognised = SapientMessage()
    recognised.CopyFrom(message)
    recognised.DiscardUnknownFields()
    unknown = message.ByteSize() - recognised.ByteSize()
    if unknown <= MAX_UNKNOWN_BYTES:
        return []
    return [
        MalformedMessage("unknown_field", "packet", f"{unknown} bytes of unknown fields", "the fields of the standard")
    ]


def _time_faults(message: SapientMessage) -> Faults:
    try:
        message.timestamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        problem = f"{message.timestamp.seconds} s and {message.timestamp.nanos} ns"
        return [MalformedMessage("bad_time", "timestamp", problem, "seconds since 1970, and 0 to 999 999 999 ns")]
    if not 0 <= message.timestamp.seconds < 9_000_000_000:
        return [MalformedMessage("out_of_range", "timestamp", f"{message.timestamp.seconds} s", "1970 to 2255")]
    return []
