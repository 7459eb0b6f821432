"""Decodes journal rows: a scan, its columns in the frame, or a status."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ingest.decode import media_type, read_declaration, read_scan, read_status
from ingest.envelope import Envelope
from ingest.errors import MalformedMessage
from ingest.standards.registry import REMEMBER
from ingest.topics import parse, sensor_topic
from ingest.wire import JSON, Status
from ops.journal.reader import JournalRow
from sensors.scan import Scan
from sensors.timestamps import utc_datetime

if TYPE_CHECKING:
    from sensors.layout import Layout
    from sensors.scan_columns import ScanColumns

_ANY_SECTOR: Final = "journal"


def columns_of_row(row: JournalRow, layout: Layout, sensor_context: bytes | None = None) -> ScanColumns:
    """Decode a ``detections`` row into complete scan columns in the layout's frame; arguments as for ``scan_of_row``.

    Raises MalformedMessage for an unreadable row, and the errors of ``sensors.scan_columns.columns_of``.
    """
    # Ingest starts without numpy and pyproj, which this module loads.
    from sensors.scan_columns import columns_of

    scan = scan_of_row(row, layout, sensor_context)
    return columns_of(scan, layout)


def scan_of_row(row: JournalRow, layout: Layout | None = None, sensor_context: bytes | None = None) -> Scan:
    """Decode the scan of a ``detections`` row; sensor, boot and seq are those of the row.

    Wire standards other than JSON do not state the sensor kind, and some omit the position error. With ``layout``, both
    are taken from the layout (``sensors.error_model.completed``). ``sensor_context`` is what ``learn`` recorded for the
    sensor. Raises MalformedMessage for an unreadable row.
    """
    envelope = _envelope(row, "detections", sensor_context)
    scan = read_scan(row.body, envelope)
    if layout is None or envelope.topic is None:
        return scan
    from sensors.error_model import completed

    return completed(scan, layout)


def status_of_row(row: JournalRow, sensor_contexts: dict[str, bytes]) -> Status:
    """Decode the status of a ``status`` row and record its declaration of the sensor in ``sensor_contexts``.

    ``sensor_contexts`` maps a sensor to what its standard's decoder needs for later rows
    (``ingest.decode.read_declaration``). Raises MalformedMessage for an unreadable row and then records nothing.
    """
    envelope = _envelope(row, "status", sensor_contexts.get(row.sensor))
    status, context = read_declaration(row.body, envelope)
    if context is not None:
        sensor_contexts[row.sensor] = context
    return status


def pose_of_row(row: JournalRow, layout: Layout, sensor_context: bytes | None = None) -> ScanColumns | None:
    """The pose of a ``status`` row of a mobile sensor; None for other rows and for those without a pose.

    Raises MalformedMessage for an unreadable row, and what ``sensors.mobile.columns_of_pose`` raises.
    """
    if row.kind != "status" or row.sensor not in layout or not layout[row.sensor].mobile:
        return None
    return pose_of_status(read_status(row.body, _envelope(row, "status", sensor_context)), layout, row.received_ns)


def pose_of_status(status: Status, layout: Layout, received_ns: int) -> ScanColumns | None:
    """The pose that a status states, as a scan of the kind ``sensors.mobile.POSE``; None without one, and of a fixed
    sensor, which may state where it stands. A last will is composed in advance and states nothing.

    Raises what ``sensors.mobile.columns_of_pose`` raises.
    """
    from sensors.mobile import Pose, columns_of_pose

    stated = status.pose
    if stated is None or status.state == "lost" or not layout[status.sensor].mobile:
        return None
    pose = Pose(
        sensor=status.sensor,
        boot=status.boot,
        sequence=status.seq,
        observed_at=stated.observed_at or status.observed_at,
        received_at=utc_datetime(received_ns),
        lon=stated.lon,
        lat=stated.lat,
        position_sd_m=stated.position_sd_m,
        height_m=stated.height_m,
        height_sd_m=stated.height_sd_m,
        heading_deg=stated.heading_deg,
        heading_sd_deg=stated.heading_sd_deg,
        tilt_deg=stated.tilt_deg,
        tilt_sd_deg=stated.tilt_sd_deg,
    )
    return columns_of_pose(pose, layout)


def learn(row: JournalRow, sensor_contexts: dict[str, bytes]) -> None:
    """Record what a ``status`` row declares about its sensor, as ``status_of_row`` does.

    Other kinds of rows, rows of standards that need no context and unreadable rows change nothing.
    """
    if row.kind == "status" and media_type(row.content_type) in REMEMBER:
        with suppress(MalformedMessage):
            status_of_row(row, sensor_contexts)


def _envelope(row: JournalRow, channel: str, sensor_context: bytes | None = None) -> Envelope:
    """Build the envelope of a row's message; without a topic for JSON, which carries its own sensor and seq."""
    received_at, content_type = utc_datetime(row.received_ns), row.content_type
    if media_type(content_type) == JSON:
        return Envelope(received_at, content_type=content_type)
    identity = None if row.boot is None or row.seq is None else (row.boot, row.seq)
    topic = parse(sensor_topic(_ANY_SECTOR, row.sensor, channel))
    return Envelope(received_at, topic, content_type, identity=identity, sensor_context=sensor_context)
