"""Distress calls in what ingest receives: positions of units, and AIS messages of distress devices."""

from __future__ import annotations

from datetime import datetime

from ingest.decode import media_type
from ingest.help_call import HelpCall
from ingest.standards.registry import AIS
from ingest.unit_messages import read_help_call


def read_call(payload: bytes, kind: str, content_type: str | None, received_at: datetime) -> HelpCall | None:
    """Return the distress call in a message of a ``kind``, such as ``position``; None if there is none."""
    if kind == "position":
        return read_help_call(payload, content_type)
    if kind == "detections" and media_type(content_type) == AIS:
        from ingest.standards.ais import read_device_call  # loaded with the first message of its standard

        return read_device_call(payload, received_at)
    return None
