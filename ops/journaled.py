"""Reading a journal row again as the scan or status it was when ingest took it in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from ingest.decode import JSON, decode, decode_status, media_type
from ingest.topics import sensor_topic
from ingest.wire import Status
from ops.journal_reader import JournalRow
from sensors.layout import Layout
from sensors.scan import Scan

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ANY_SECTOR: Final = "journal"


def scan_of_row(row: JournalRow, layout: Layout | None = None) -> Scan:
    """The scan of a ``detections`` row: its sensor, boot and seq are the row's.

    Standards other than our JSON say nothing of the kind of sensor; there it is the layout's, where that has the
    sensor. Raises MalformedMessage for a row that this program cannot read any more.
    """
    received_at = _EPOCH + timedelta(microseconds=row.received_ns // 1000)
    if media_type(row.content_type) == JSON:
        return decode(row.body, received_at=received_at, content_type=row.content_type)
    topic = sensor_topic(_ANY_SECTOR, row.sensor, "detections")
    scan = decode(
        row.body, received_at=received_at, content_type=row.content_type, topic=topic, identity=_identity(row)
    )
    return replace(scan, kind=layout[row.sensor].kind) if layout is not None and row.sensor in layout else scan


def status_of_row(row: JournalRow) -> Status:
    """The status of a ``status`` row; MalformedMessage as above."""
    received_at = _EPOCH + timedelta(microseconds=row.received_ns // 1000)
    if media_type(row.content_type) == JSON:
        return decode_status(row.body, received_at=received_at, content_type=row.content_type)
    topic = sensor_topic(_ANY_SECTOR, row.sensor, "status")
    return decode_status(
        row.body, received_at=received_at, content_type=row.content_type, topic=topic, identity=_identity(row)
    )


def _identity(row: JournalRow) -> tuple[int, int] | None:
    return None if row.boot is None or row.seq is None else (row.boot, row.seq)
