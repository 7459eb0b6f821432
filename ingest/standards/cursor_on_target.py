"""Cursor-on-Target events of patrols: their own position, and their sightings. XML without a DTD, at most 64 kB.

A friendly event (``a-f-…``) on a unit's position topic is the position of the unit. An event of any other affiliation
(``a-u-…``, ``a-h-…``, ``a-n-…`` …) on a sensor's detections topic is a sighting, with the error that it states.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from ingest.envelope import Envelope
from ingest.errors import PING, MalformedMessage, printable
from ingest.wire import MAX_PAYLOAD_BYTES, WirePlot, WireScan

MAX_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 32
UNKNOWN_M: Final = 9_999_999.0
"""The value of an unknown error in Cursor-on-Target."""
SIGHTING_SD_M: Final = 50.0
"""Position error of a sighting that states none: a position read off a map by eye (assumption)."""
_CLASSES: Final = (
    (re.compile(r"^a-.-G-U-C-I"), "group"),
    (re.compile(r"^a-.-G-E-V"), "vehicle"),
    (re.compile(r"^a-.-S"), "vehicle"),
    (re.compile(r"^a-.-A"), "other"),
)
"""MIL-STD-2525 as Cursor-on-Target writes it: infantry, vehicles, vessels, aircraft; no class for others."""
_PING: Final = re.compile(r"^t-x-c-t(-|$)")
"""A client's keep-alive (``t-x-c-t``) and its answer (``t-x-c-t-r``), which TAK clients send by themselves."""
_TYPE: Final = re.compile(r"^a-[fhnusjkp.o]-[A-Za-z](-[A-Za-z0-9]+){0,12}$")

assert MAX_BYTES < MAX_PAYLOAD_BYTES


def decode(payload: bytes, envelope: Envelope) -> WireScan:
    """A sighting as a scan with one plot; the topic names the observer, the event's uid the object."""
    sensor = envelope.require_sensor("observer")
    event = read_event(payload)
    kind = event["type"]
    if kind.startswith("a-f"):
        raise MalformedMessage(
            "wrong_channel",
            "event.type",
            f"{kind}: a type of Watchline's own alerts",
            "a sighting, or the topic of a unit",
        )
    lon, lat, sd_m = point_of(event)
    plot = WirePlot(
        lon=lon,
        lat=lat,
        position_sd_m=SIGHTING_SD_M if sd_m is None else sd_m,
        classes=next(({name: 1.0} for pattern, name in _CLASSES if pattern.match(kind)), {}),  # type: ignore[dict-item]
        source_id=event["uid"],
    )
    boot, seq = envelope.numbered(f"{event['uid']}|{event['time']}".encode())
    observed_at = moment(event, "time")
    return WireScan(sensor=sensor, boot=boot, seq=seq, scan=seq, observed_at=observed_at, kind="camera", plots=(plot,))


def read_event(payload: bytes) -> dict[str, str]:
    """The attributes of a Cursor-on-Target event and, as ``lat``, ``lon``, ``hae``, ``ce``, ``le``, of its point.

    MalformedMessage for anything else: a document type, entities, a document that is too large or too deep, a missing
    attribute. Nothing outside the document is fetched.
    """
    event = attributes_of(read_tree(payload))
    if _PING.match(event["type"]):
        raise MalformedMessage(PING, "event.type", f"{printable(event['type'], 60)}: a keep-alive", "a position")
    if not _TYPE.match(event["type"]):
        raise MalformedMessage("unknown_value", "event.type", printable(event["type"], 60), "an atom such as a-u-G")
    if not event["uid"].strip() or len(event["uid"]) > 64 or not event["uid"].isprintable():
        raise MalformedMessage(
            "bad_identifier", "event.uid", printable(event["uid"], 60), "1 to 64 printable characters"
        )
    if moment(event, "stale") < moment(event, "start"):
        raise MalformedMessage("out_of_range", "event.stale", event["stale"], "a time not before start")
    return event


def attributes_of(root: Any) -> dict[str, str]:
    """The attributes of the element of an event of any type and of its point, as text.

    MalformedMessage for an element of another name, another version, or a missing attribute.
    """
    if root.tag != "event":
        raise MalformedMessage("not_xml", "event", f"<{printable(root.tag, 60)}>", "an <event>")
    point = root.find("point")
    if point is None:
        raise MalformedMessage("missing_field", "event.point", "missing", "a <point>")
    event = {}
    for name in ("uid", "type", "time", "start", "stale", "how"):
        event[name] = _attribute(root, name, f"event.{name}")
    for name in ("lat", "lon", "hae", "ce", "le"):
        event[name] = _attribute(point, name, f"event.point.{name}")
    if root.get("version") != "2.0":
        raise MalformedMessage("unknown_value", "event.version", printable(root.get("version") or "missing", 60), "2.0")
    return event


def point_of(event: dict[str, str]) -> tuple[float, float, float | None]:
    """(longitude, latitude, standard deviation of one axis or None); ``ce`` is the one-sigma point of the error."""
    lat, lon, ce = (_number(event, name) for name in ("lat", "lon", "ce"))
    for name, value, most in (("lat", lat, 90.0), ("lon", lon, 180.0)):
        if abs(value) > most:
            raise MalformedMessage("out_of_range", f"event.point.{name}", f"{value:g}", f"{-most:g} to {most:g}")
    for name in ("hae", "le"):
        _number(event, name)
    if ce < 0.0:
        raise MalformedMessage("out_of_range", "event.point.ce", f"{ce:g}", "metres from 0")
    return lon, lat, None if ce >= UNKNOWN_M or ce == 0.0 else min(ce, 1e6)


def moment(event: dict[str, str], name: str) -> datetime:
    """One of the event's times, which Cursor-on-Target writes in UTC, ending in Z."""
    text = event[name]
    try:
        at = datetime.fromisoformat(text) if len(text) <= 40 and text.endswith("Z") else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise MalformedMessage("bad_time", f"event.{name}", printable(text, 60), "UTC, ending in Z")
    return at


def read_tree(payload: bytes) -> Any:
    """The root element of one XML document, at most MAX_BYTES long and MAX_DEPTH deep, without a document type.

    MalformedMessage for anything else; nothing outside the document is fetched.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if len(payload) > MAX_BYTES:
        raise MalformedMessage("too_large", "payload", f"{len(payload)} bytes", f"at most {MAX_BYTES}")
    try:
        root = fromstring(payload, forbid_dtd=True)
    except DefusedXmlException as error:
        problem = type(error).__name__
        raise MalformedMessage("not_xml", "payload", problem, "XML without a document type or entities") from None
    except (ParseError, ValueError, LookupError, RecursionError, MemoryError) as error:
        raise MalformedMessage("not_xml", "payload", printable(str(error), 100), "one XML document") from None
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise MalformedMessage("too_large", "payload", f"nested deeper than {MAX_DEPTH}", "a flat event")
        level = [child for element in level for child in element]
    return root


def _attribute(element: Any, name: str, where: str) -> str:
    value = element.get(name)
    if value is None:
        raise MalformedMessage("missing_field", where, "missing", "a value")
    return str(value)


def _number(event: dict[str, str], name: str) -> float:
    where, text = f"event.point.{name}", event[name]
    try:
        value = float(text) if len(text) <= 40 and text.isascii() and "_" not in text else None
    except ValueError:
        value = None
    if value is None:
        raise MalformedMessage("wrong_type", where, printable(text, 60), "a number")
    if value != value or abs(value) == float("inf"):
        raise MalformedMessage("not_finite", where, text[:20], "a finite number")
    return value
