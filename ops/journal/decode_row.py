"""Journal rows decoded again: a scan, its columns in the frame, or a status."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ingest.decode import media_type, read_declaration, read_scan
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
    """The scan of a ``detections`` row in the layout's frame, complete; arguments as for ``scan_of_row``.

    Raises MalformedMessage for a row that cannot be read, and what ``sensors.scan_columns.columns_of`` raises.
    """
    from sensors.scan_columns import columns_of  # loads numpy and pyproj, which ingest starts without

    scan = scan_of_row(row, layout, sensor_context)
    return columns_of(scan, layout)


def scan_of_row(row: JournalRow, layout: Layout | None = None, sensor_context: bytes | None = None) -> Scan:
    """The scan of a ``detections`` row: its sensor, boot and seq are the row's.

    Wire standards other than JSON do not state the kind of sensor, and not all of them the error of a position: with
    ``layout`` both are the layout's (``sensors.error_model.completed``). ``sensor_context``: what ``learn`` recorded of
    the sensor. Raises MalformedMessage for a row that cannot be read.
    """
    envelope = _envelope(row, "detections", sensor_context)
    scan = read_scan(row.body, envelope)
    if layout is None or envelope.topic is None:
        return scan
    from sensors.error_model import completed

    return completed(scan, layout)


def status_of_row(row: JournalRow, sensor_contexts: dict[str, bytes]) -> Status:
    """The status of a ``status`` row; what it declares of its sensor is recorded in ``sensor_contexts``.

    ``sensor_contexts``: sensor → what the decoder of its standard needs for the sensor's next rows
    (``ingest.decode.read_declaration``). Raises MalformedMessage for a row that cannot be read, which records nothing.
    """
    envelope = _envelope(row, "status", sensor_contexts.get(row.sensor))
    status, context = read_declaration(row.body, envelope)
    if context is not None:
        sensor_contexts[row.sensor] = context
    return status


def learn(row: JournalRow, sensor_contexts: dict[str, bytes]) -> None:
    """Record what a ``status`` row declares of its sensor, as ``status_of_row`` does; other rows change nothing.

    Rows of standards that need no context, and rows that cannot be read, change nothing.
    """
    if row.kind == "status" and media_type(row.content_type) in REMEMBER:
        with suppress(MalformedMessage):
            status_of_row(row, sensor_contexts)


def _envelope(row: JournalRow, channel: str, sensor_context: bytes | None = None) -> Envelope:
    """What came with the message; without a topic for JSON, which carries its own sensor and number."""
    received_at, content_type = utc_datetime(row.received_ns), row.content_type
    if media_type(content_type) == JSON:
        return Envelope(received_at, content_type=content_type)
    identity = None if row.boot is None or row.seq is None else (row.boot, row.seq)
    topic = parse(sensor_topic(_ANY_SECTOR, row.sensor, channel))
    return Envelope(received_at, topic, content_type, identity=identity, sensor_context=sensor_context)
