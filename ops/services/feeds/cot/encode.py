"""Watchline's records as Cursor-on-Target events.

The affiliation is always unknown (``a-u-…``): Watchline does not decide who is hostile. The same record has the same
uid in every revision, over restarts, and on every server.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement

from ingest.standards.cursor_on_target import UNKNOWN_M
from ops.services.feeds.cot.event import CotEvent, clean

TYPES: Final[Mapping[str, str]] = {"person": "a-u-G-U", "group": "a-u-G-U", "vehicle": "a-u-G-E-V"}
"""Class of a target → type: people and vehicles on the ground."""
UNKNOWN: Final = "a-u-G"
"""Type of animals, for which MIL-STD-2525 has no symbol, of other and of unknown targets: something on the ground."""
SPOT: Final = "b-m-p-s-m"
"""Type of an incident without a target, such as lost coverage: a spot on the map."""
DISTRESS: Final = "b-a-o-tbl"
CANCELLED: Final = "b-a-o-can"
CHAT: Final = "b-t-f"
DELETED: Final = "t-x-d-d"
PING: Final = "t-x-c-t"
PONG: Final = "t-x-c-t-r"
FUSED: Final = "m-f"
"""How: by a machine, fused from several sources."""
PASSED: Final = "m-p"
"""How: passed on by a machine."""
ENTERED: Final = "h-e"
"""How: estimated or entered by a person."""
ALL_ROOMS: Final = "All Chat Rooms"
MOST_VERTICES: Final = 200
CHAT_STALE: Final = timedelta(days=1)
COLOURS: Final[Mapping[str, int]] = {
    "trail": -256, "border": -65281, "section": -16711681,
    "danger": -65536, "restricted": -32768, "watch": -256, "crossing_point": -16711936,
}  # fmt: skip
"""Colours of lines, as signed ARGB: yellow, magenta, cyan; of areas red, orange, yellow, green."""


@dataclass(frozen=True, slots=True)
class CotSender:
    """The sender of events: ``uid`` is the prefix of all uids, ``callsign`` the name that TAK shows."""

    uid: str
    callsign: str

    def uid_of(self, identity: str) -> str:
        """The uid of an incident, alert, track or shape."""
        return f"{self.uid}.{identity}"


@dataclass(frozen=True, slots=True)
class EventTimes:
    """When an event was observed, and until when it holds; both on the wall clock."""

    at: datetime
    stale: datetime


def incident(
    sender: CotSender, body: Mapping[str, Any], times: EventTimes, *, remarks: str, sd_m: float | None = None
) -> CotEvent | None:
    """The marker of an incident as published; None without a position. ``sd_m``: standard deviation of its position."""
    lon, lat = body.get("lon"), body.get("lat")
    if lon is None or lat is None:
        return None
    detail = _detail(str(body["name"]), remarks)
    kind, how = TYPES.get(body.get("class_label") or "", UNKNOWN), FUSED
    if body["kind"] == "distress":
        caller = body.get("calling_unit") or str(body["name"])
        kind, how = DISTRESS, PASSED if " " in caller else ENTERED  # a device has a blank in its name, a unit none
        SubElement(detail, "emergency", type="911 Alert").text = clean(caller)
    elif body["kind"] != "movement":
        kind, how = SPOT, PASSED
    SubElement(
        detail,
        "__watchline",
        {
            "kind": "incident",
            "id": clean(str(body["id"])),
            "revision": str(body["revision"]),
            "priority": clean(str(body["priority"])),
            "state": clean(str(body["state"])),
            "class": clean(str(body.get("class_label") or "unknown")),
        },
    )
    return CotEvent(
        sender.uid_of(str(body["id"])), kind, how, times.at, times.stale, lat, lon, ce=_sigma(sd_m), detail=detail
    )


def cancelled(sender: CotSender, event: CotEvent, times: EventTimes) -> CotEvent:
    """The end of a distress call."""
    detail = _detail(event.find("contact", "callsign"), event.remarks())
    SubElement(detail, "emergency", cancel="true").text = event.detail.findtext("emergency") or sender.callsign
    return CotEvent(event.uid, CANCELLED, PASSED, times.at, times.stale, event.lat, event.lon, detail=detail)


def track(sender: CotSender, picture: Mapping[str, Any], times: EventTimes, *, remarks: str) -> CotEvent:
    """A track of the live picture; its course only while it moves."""
    detail = _detail(str(picture.get("name") or picture["track"]), remarks)
    course = picture.get("course_deg")
    if course is not None:
        SubElement(detail, "track", speed=f"{picture['speed_mps']:.1f}", course=f"{course % 360.0:.1f}")
    label = str(picture.get("label") or "unknown")
    SubElement(
        detail,
        "__watchline",
        {"kind": "track", "id": clean(str(picture["track"])), "class": clean(label), "status": str(picture["status"])},
    )
    return CotEvent(
        sender.uid_of(str(picture["track"])),
        TYPES.get(label, UNKNOWN),
        FUSED,
        times.at,
        times.stale,
        picture["lat"],
        picture["lon"],
        ce=_sigma(max(picture["ellipse_m"], default=None)),
        detail=detail,
    )


def line(
    sender: CotSender,
    identity: str,
    name: str,
    vertices: Sequence[tuple[float, float]],
    times: EventTimes,
    *,
    kind: str,
    closed: bool = False,
    remarks: str = "",
) -> CotEvent:
    """A line on the map through ``vertices`` (lon, lat), at least two: a trail, the border, a section; or an area.

    A closed one with four right angles is a rectangle (``u-d-r``), any other a free line (``u-d-f``). Of more than
    MOST_VERTICES vertices, every other one is left out until so many remain.
    """
    points = list(vertices[:-1] if closed and len(vertices) > 1 and vertices[0] == vertices[-1] else vertices)
    rectangle = closed and _is_rectangle(points)
    while len(points) > MOST_VERTICES:
        points = [*points[:-1:2], points[-1]]
    detail = _detail(name, remarks)
    if closed:
        points = points if rectangle else [*points, points[0]]
    for lon, lat in points:
        SubElement(detail, "link", point=f"{lat:.6f},{lon:.6f}")
    SubElement(detail, "strokeColor", value=str(COLOURS[kind]))
    SubElement(detail, "strokeWeight", value="3.0")
    SubElement(detail, "labels_on", value="false")
    lon, lat = points[0]
    how = FUSED if kind == "trail" else ENTERED
    uid = sender.uid_of(identity)
    return CotEvent(uid, "u-d-r" if rectangle else "u-d-f", how, times.at, times.stale, lat, lon, detail=detail)


def chat(
    sender: CotSender, text: str, message: str, at: datetime, *, to: str = ALL_ROOMS, callsign: str = ALL_ROOMS
) -> CotEvent:
    """A line of GeoChat, to all rooms or to the uid ``to``. ``message`` is its stable id."""
    detail = Element("detail")
    room = {
        "parent": "RootContactGroup",
        "groupOwner": "false",
        "messageId": clean(message),
        "chatroom": clean(callsign),
        "id": clean(to),
        "senderCallsign": clean(sender.callsign),
    }
    element = SubElement(detail, "__chat", room)
    SubElement(element, "chatgrp", uid0=clean(sender.uid), uid1=clean(to), id=clean(to))
    SubElement(detail, "link", uid=clean(sender.uid), type="a-f-G", relation="p-p")
    when = CotEvent("-", CHAT, PASSED, at, at, 0.0, 0.0)
    remarks = SubElement(
        detail, "remarks", source=f"BAO.F.Watchline.{clean(sender.uid)}", to=clean(to), time=when.time_text
    )
    remarks.text = clean(text)
    if to != ALL_ROOMS:
        SubElement(SubElement(detail, "marti"), "dest", uid=clean(to))
    uid = f"GeoChat.{sender.uid}.{to}.{message}"
    return CotEvent(uid, CHAT, PASSED, at, at + CHAT_STALE, 0.0, 0.0, detail=detail)


def deleted(uid: str, times: EventTimes) -> CotEvent:
    """The order to remove a marker, a track or a shape."""
    detail = Element("detail")
    SubElement(detail, "link", uid=clean(uid), relation="p-p", type="none")
    SubElement(detail, "__forcedelete")
    return CotEvent(f"{uid}.delete", DELETED, PASSED, times.at, times.stale, 0.0, 0.0, detail=detail)


def presence(sender: CotSender, times: EventTimes) -> CotEvent:
    """The operations centre as a contact, so that units can write to it; it states no position (0, 0 without one)."""
    detail = Element("detail")
    SubElement(detail, "takv", device="server", platform="Watchline", os="Linux", version="1")
    SubElement(detail, "contact", callsign=clean(sender.callsign), endpoint="*:-1:stcp")
    SubElement(detail, "__group", name="Cyan", role="HQ")
    return CotEvent(sender.uid, "a-f-G", PASSED, times.at, times.stale, 0.0, 0.0, detail=detail)


def ping(sender: CotSender, times: EventTimes) -> CotEvent:
    """A keep-alive, which a TAK server answers."""
    return CotEvent(f"{sender.uid}-ping", PING, PASSED, times.at, times.stale, 0.0, 0.0)


def protocol_request(uid: str, times: EventTimes) -> CotEvent:
    """The request for protobuf of version 1, in answer to a server that offers it."""
    detail = Element("detail")
    SubElement(SubElement(detail, "TakControl"), "TakRequest", version="1")
    return CotEvent(uid, "t-x-takp-q", "m-g", times.at, times.stale, 0.0, 0.0, detail=detail)


def _detail(callsign: str, remarks: str) -> Element:
    detail = Element("detail")
    SubElement(detail, "contact", callsign=clean(callsign))
    if remarks:
        SubElement(detail, "remarks").text = clean(remarks)
    return detail


def _is_rectangle(points: Sequence[tuple[float, float]]) -> bool:
    """Whether four corners (lon, lat) have right angles, to a hundredth of the diagonal."""
    if len(points) != 4:
        return False
    shrink = math.cos(math.radians(points[0][1]))
    a, b, c, d = (complex(lon * shrink, lat) for lon, lat in points)
    return abs((a + c) - (b + d)) < 0.01 * abs(c - a) and abs(abs(c - a) - abs(d - b)) < 0.01 * abs(c - a)


def _sigma(sd_m: float | None) -> float:
    """``ce`` of a standard deviation; unknown where that is unknown or 0, for nothing is measured without an error."""
    if sd_m is None or not math.isfinite(sd_m) or not 0.0 < sd_m < UNKNOWN_M:
        return UNKNOWN_M
    return max(sd_m, 0.1)
