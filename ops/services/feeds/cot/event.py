"""One Cursor-on-Target event, and its two forms on the wire: XML, and the protobuf of TAK protocol version 1.

In the protobuf of a stream each message follows 0xBF and its length; in that of a multicast group, 0xBF 0x01 0xBF.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from google.protobuf.message import DecodeError
from takproto import TAKProtoVer
from takproto.functions import msg2proto
from takproto.proto import TakMessage

from ingest.errors import MalformedMessage, printable
from ingest.standards.cursor_on_target import MAX_BYTES, UNKNOWN_M, attributes_of, moment, read_tree

DECLARATION: Final = b"<?xml version='1.0' encoding='UTF-8' standalone='yes'?>"
STREAM: Final = 0xBF
"""First byte of a protobuf message; XML begins with ``<``."""
LONGEST_SKIPPED: Final = 16_000_000
"""Length of a protobuf message up to which the next one is expected after it."""
MESH: Final = b"\xbf\x01\xbf"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_MS: Final = int((datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds() * 1000)
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not allow, and the control characters that it discourages."""
_CONTACT: Final = ("callsign", "endpoint")
_GROUP: Final = ("name", "role")
_TAKV: Final = ("device", "platform", "os", "version")


@dataclass(frozen=True, slots=True)
class CotEvent:
    """An event. Times are aware; ``ce``, ``le`` and ``hae`` are metres, UNKNOWN_M where unknown; ``detail`` is XML.

    ``ce`` and ``le`` are one standard deviation, as the schema of Cursor-on-Target 2.0 defines them for an error.
    """

    uid: str
    type: str
    how: str
    time: datetime
    stale: datetime
    lat: float
    lon: float
    ce: float = UNKNOWN_M
    hae: float = UNKNOWN_M
    le: float = UNKNOWN_M
    start: datetime | None = None
    detail: Element = field(default_factory=lambda: Element("detail"))

    def xml(self) -> bytes:
        """The event as an XML document."""
        root = Element(
            "event",
            version="2.0",
            uid=clean(self.uid),
            type=self.type,
            time=_text(self.time),
            start=_text(self.start or self.time),
            stale=_text(self.stale),
            how=self.how,
        )
        SubElement(
            root,
            "point",
            lat=_number(self.lat, 7),
            lon=_number(self.lon, 7),
            hae=_number(self.hae, 1),
            ce=_number(self.ce, 1),
            le=_number(self.le, 1),
        )
        root.append(self.detail)
        return DECLARATION + bytes(tostring(root, encoding="unicode"), "utf-8")

    def protobuf(self, *, mesh: bool = False) -> bytes:
        """The event as protobuf with its header, for a stream or for a multicast group."""
        message = TakMessage()
        event = message.cotEvent
        event.uid, event.type, event.how = clean(self.uid), self.type, self.how
        event.sendTime, event.startTime, event.staleTime = (
            _milliseconds(at) for at in (self.time, self.start or self.time, self.stale)
        )
        event.lat, event.lon, event.hae, event.ce, event.le = self.lat, self.lon, self.hae, self.ce, self.le
        _write_detail(self.detail, event.detail)
        if self.type == "b-t-f":
            link = self.detail.find("link")
            message.takControl.contactUid = "" if link is None else link.get("uid", "")
        return bytes(msg2proto(message, TAKProtoVer.MESH if mesh else TAKProtoVer.STREAM))

    @property
    def time_text(self) -> str:
        """Its time as text."""
        return _text(self.time)

    def find(self, path: str, attribute: str) -> str:
        """An attribute of an element of the detail; empty where there is none."""
        element = self.detail.find(path)
        return "" if element is None else element.get(attribute, "")

    def remarks(self) -> str:
        """The text of its remarks."""
        return (self.detail.findtext("remarks") or "").strip()


def read_event(message: bytes) -> CotEvent:
    """An event of any type from one message of the wire, in either form. MalformedMessage for anything else."""
    if message[:3] == MESH:
        return _from_protobuf(message[3:])
    if message[:1] == bytes([STREAM]):
        try:
            return _from_protobuf(message[1 + _length_of(message[1:])[1] :])
        except IndexError:
            raise MalformedMessage("not_protobuf", "payload", "no length", "0xBF and a length") from None
    root = read_tree(message)
    attributes = attributes_of(root)
    numbers = {name: _read_number(attributes, name) for name in ("lat", "lon", "hae", "ce", "le")}
    detail = root.find("detail")
    return _checked(
        CotEvent(
            attributes["uid"],
            attributes["type"],
            attributes["how"],
            moment(attributes, "time"),
            moment(attributes, "stale"),
            start=moment(attributes, "start"),
            detail=Element("detail") if detail is None else detail,
            **numbers,
        )
    )


class CotFrames:
    """Splits a stream of bytes into messages of either form, for ``read_event``.

    ``feed`` yields each message, and in place of bytes that belong to none the error that names them. After an error
    it continues at the next beginning of a message. It never holds more than MAX_BYTES and one piece.
    """

    def __init__(self) -> None:
        self._held = b""
        self._searching = False
        self._skipped = 0

    def feed(self, piece: bytes) -> Iterator[bytes | MalformedMessage]:
        """Add bytes and yield what they complete."""
        self._held += piece
        while self._held:
            if self._skipped:
                cut = min(self._skipped, len(self._held))
                self._skipped, self._held = self._skipped - cut, self._held[cut:]
                continue
            if self._searching and not self._found():
                return
            found = self._protobuf() if self._held[0] == STREAM else self._xml()
            if found is None:
                return
            if found != b"":
                yield found

    def _found(self) -> bool:
        """Whether the beginning of a document, after one that was too large, is there."""
        begin = _first_of(self._held, (b"<?xml", b"<event"))
        self._searching = begin < 0
        self._held = self._held[begin if begin >= 0 else max(len(self._held) - 5, 0) :]
        return begin >= 0

    def _xml(self) -> bytes | MalformedMessage | None:
        held = self._held
        begin = _first_of(held, (b"<", bytes([STREAM])))
        if begin != 0:
            self._held = held[begin:] if begin > 0 else b""
            junk = held[: begin if begin > 0 else len(held)].strip()
            return _junk(junk) if junk else b""
        end = held.find(b"</event>")
        if end < 0 and len(held) <= MAX_BYTES:
            return None
        if end < 0:
            self._searching, self._held = True, held[-5:]
            return _too_large(f"more than {MAX_BYTES} bytes")
        self._held = held[end + 8 :]
        return held[: end + 8] if end <= MAX_BYTES else _too_large(f"more than {MAX_BYTES} bytes")

    def _protobuf(self) -> bytes | MalformedMessage | None:
        try:
            length, size = _length_of(self._held[1:])
        except IndexError:
            return None
        if length > MAX_BYTES:
            self._skipped = 1 + size + length if length <= LONGEST_SKIPPED else 0
            self._searching = not self._skipped
            self._held = self._held if self._skipped else self._held[1:]
            return _too_large(f"{length} bytes")
        end = 1 + size + length
        if len(self._held) < end:
            return None
        message, self._held = self._held[:end], self._held[end:]
        return message


def clean(text: str) -> str:
    """A text without characters that XML does not allow."""
    return _FORBIDDEN.sub("\ufffd", text)


def _first_of(held: bytes, marks: tuple[bytes, ...]) -> int:
    found = [at for mark in marks if (at := held.find(mark)) >= 0]
    return min(found, default=-1)


def _too_large(size: str) -> MalformedMessage:
    return MalformedMessage("too_large", "payload", size, f"at most {MAX_BYTES}")


def _junk(junk: bytes) -> MalformedMessage:
    return MalformedMessage("not_xml", "payload", printable(junk[:60].decode("utf-8", "replace"), 60), "an <event>")


def _length_of(held: bytes) -> tuple[int, int]:
    """(value, bytes) of the varint at the beginning; IndexError where it is not complete."""
    value = 0
    for i in range(6):
        value |= (held[i] & 0x7F) << 7 * i
        if held[i] < 0x80:
            return value, i + 1
    return value, 6


def _from_protobuf(body: bytes) -> CotEvent:
    if len(body) > MAX_BYTES:
        raise _too_large(f"{len(body)} bytes")
    message = TakMessage()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise MalformedMessage("not_protobuf", "payload", printable(str(error), 80), "a TakMessage") from None
    event = message.cotEvent
    if not event.uid and not event.type:
        raise MalformedMessage("missing_field", "cotEvent", "missing", "an event")
    times = []
    for name in ("sendTime", "startTime", "staleTime"):
        value = getattr(event, name)
        if not 0 < value < _LATEST_MS:
            raise MalformedMessage("bad_time", f"cotEvent.{name}", f"{value}", "milliseconds since 1970")
        times.append(_EPOCH + timedelta(milliseconds=value))
    place = {name: getattr(event, name) for name in ("lat", "lon", "hae", "ce", "le")}
    for name, value in place.items():
        if value != value or abs(value) == float("inf"):
            raise MalformedMessage("not_finite", f"cotEvent.{name}", f"{value}", "a finite number")
    return _checked(
        CotEvent(
            event.uid,
            event.type,
            event.how,
            times[0],
            times[2],
            start=times[1],
            detail=_read_detail(event.detail),
            **place,
        )
    )


def _checked(event: CotEvent) -> CotEvent:
    for name, value, most in (("lat", event.lat, 90.0), ("lon", event.lon, 180.0)):
        if abs(value) > most:
            raise MalformedMessage("out_of_range", f"event.point.{name}", f"{value:g}", f"{-most:g} to {most:g}")
    if event.ce < 0.0:
        raise MalformedMessage("out_of_range", "event.point.ce", f"{event.ce:g}", "metres from 0")
    if event.start is not None and event.stale < event.start:
        raise MalformedMessage("out_of_range", "event.stale", _text(event.stale), "a time not before start")
    for name, text, most_length in (("uid", event.uid, 256), ("type", event.type, 64), ("how", event.how, 32)):
        if not text.strip() or len(text) > most_length or not text.isprintable():
            raise MalformedMessage("bad_identifier", f"event.{name}", printable(text, 60), "printable characters")
    return event


def _write_detail(detail: Element, message: Any) -> None:
    """Write an element into the fields that protobuf has for it, if they hold all of it; the rest stays XML."""
    rest = []
    for element in detail:
        plain = not len(element) and not (element.text or "").strip() and all(element.attrib.values())
        keys = set(element.keys())
        if element.tag == "contact" and plain and keys <= set(_CONTACT):
            _copy(element, message.contact, _CONTACT)
        elif element.tag == "__group" and plain and keys <= set(_GROUP):
            _copy(element, message.group, _GROUP)
        elif element.tag == "takv" and plain and keys <= set(_TAKV):
            _copy(element, message.takv, _TAKV)
        elif element.tag == "track" and plain and keys == {"speed", "course"}:
            message.track.speed, message.track.course = (
                float(element.get("speed", "0")),
                float(element.get("course", "0")),
            )
        else:
            rest.append(tostring(element, encoding="unicode"))
    message.xmlDetail = "".join(rest)


def _copy(element: Element, message: Any, names: tuple[str, ...]) -> None:
    for name in names:
        setattr(message, name, element.get(name, ""))


def _read_detail(message: Any) -> Element:
    detail: Element = read_tree(b"<detail>" + message.xmlDetail.encode("utf-8") + b"</detail>")
    if detail.tag != "detail":
        raise MalformedMessage("not_xml", "cotEvent.detail.xmlDetail", printable(str(detail.tag), 60), "elements")
    for tag, part, names in (
        ("contact", message.contact, _CONTACT),
        ("__group", message.group, _GROUP),
        ("takv", message.takv, _TAKV),
    ):
        values = {name: clean(getattr(part, name)) for name in names if getattr(part, name)}
        if values and detail.find(tag) is None:
            SubElement(detail, tag, values)
    if message.HasField("track") and detail.find("track") is None:
        SubElement(detail, "track", speed=f"{message.track.speed}", course=f"{message.track.course}")
    return detail


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return "0.0" if float(text) == 0.0 else text


def _read_number(attributes: dict[str, str], name: str) -> float:
    text = attributes[name]
    try:
        value = float(text) if len(text) <= 40 and text.isascii() and "_" not in text else None
    except ValueError:
        value = None
    if value is None:
        raise MalformedMessage("wrong_type", f"event.point.{name}", printable(text, 60), "a number")
    if value != value or abs(value) == float("inf"):
        raise MalformedMessage("not_finite", f"event.point.{name}", text[:20], "a finite number")
    return value
