"""AIS position reports (ITU-R M.1371) in NMEA 0183 sentences, by pyais: one message per payload.

The source id of a vessel is its MMSI, that of a distress device also its kind. A device does not count as a vehicle;
its tests, which must not appear in the live picture, are refused. ``read_device_call`` reads the call of an active one.
AIS reports only the second: the minute is the latest one before the receipt, unless a tag block with a correct checksum
before the sentence states the time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import xor
from typing import Any, Final

from ingest.envelope import Envelope
from ingest.errors import NO_TARGET, MalformedMessage, printable
from ingest.help_call import HelpCall
from ingest.wire import ClassName, WirePlot, WireScan

POSITION_REPORTS: Final = (1, 2, 3, 9, 18, 19, 27)
"""Message types of moving objects; base stations and aids to navigation are fixed."""
AIRCRAFT_REPORT: Final = 9
"""Message type of search and rescue aircraft."""
DISTRESS_DEVICES: Final = {"970": "AIS-SART", "972": "MOB", "974": "EPIRB-AIS"}
"""First digits of the MMSI (ITU-R M.585) → search and rescue transmitter, man overboard, distress radio beacon."""
SAFETY_TEXTS: Final = (12, 14)
"""Message types of safety texts, in which a distress device states "MOB ACTIVE" or "MOB TEST"."""
UNDER_TEST: Final = 15
"""Navigational status of a distress device under test; an active one states 14 (ITU-R M.1371)."""
WITHOUT_FIX: Final = (61, 62, 63)
"""Seconds that state a position by hand, by dead reckoning, or an earlier one (positioning is inoperative)."""
PRECISE_SD_M: Final = 5.0
"""Position error for accuracy flag 1: 10 m or better, taken as two standard deviations (assumption)."""
PLAIN_SD_M: Final = 15.0
"""Position error for accuracy flag 0: worse than 10 m; unaided satellite navigation (assumption)."""
COARSE_SD_M: Final = 60.0
"""Type 27 resolves a tenth of a minute: uniform over 185 m is a standard deviation of 54 m, plus that of the fix."""
MAX_SENTENCES: Final = 5
MAX_BYTES: Final = 1_024
AHEAD: Final = timedelta(seconds=2)
"""If the reported second is later than the receipt by less than this, it is a clock error, not a time in the previous
minute."""

_TAG_BLOCK: Final = re.compile(rb"\\([^\\*]*)\*([0-9A-Fa-f]{2})\\")
_TAG_TIME: Final = re.compile(rb"(?:^|,)c:(\d{9,13})(?:,|$)")
_PAYLOAD: Final = re.compile(rb"![A-Z]{2}VD[MO],\d,1,[^,]*,[^,]*,([0-W`-w]{7})")
"""The first symbols of a message, in the first of its sentences."""
_TEST: Final = re.compile(r"\bTEST\b", re.IGNORECASE)
_SENTENCE: Final = re.compile(rb"(?:\\[^\\\r\n]{1,120}\\)?(![A-Z]{2}VD[MO],[\x20-\x7e]{10,90})")


def decode(payload: bytes, envelope: Envelope) -> WireScan:
    """Decode one position report to a scan with one plot; MalformedMessage names the field as AIS does."""
    sensor = envelope.require_sensor("receiver")
    message = _message(payload)
    if message["msg_type"] not in POSITION_REPORTS:
        accepted = ", ".join(str(message_type) for message_type in POSITION_REPORTS)
        raise MalformedMessage(NO_TARGET, "msg_type", f"{message['msg_type']}", f"a position report: {accepted}")
    mmsi = _mmsi(message)
    device = DISTRESS_DEVICES.get(mmsi[:3])
    if device is not None and message.get("status") == UNDER_TEST:
        raise MalformedMessage(NO_TARGET, "status", f"{UNDER_TEST}: {device} under test", "a live target")
    plot = WirePlot(
        lon=_degrees(message, "lon", 180.0),
        lat=_degrees(message, "lat", 90.0),
        position_sd_m=_deviation(message),
        classes=_classes(message, device),
        source_id=mmsi if device is None else f"{device} {mmsi}",
    )
    boot, seq = envelope.numbered(payload + _minute(envelope))
    observed_at = _time(payload, message, envelope.received_at)
    return WireScan(sensor=sensor, boot=boot, seq=seq, scan=seq, observed_at=observed_at, kind="radar", plots=(plot,))


def read_device_call(payload: bytes, received_at: datetime) -> HelpCall | None:
    """Return the call of an active distress device in AIS sentences; None for other messages and what is not AIS.

    A device without a fix calls as well: then the call has no position. Of several messages, which ``decode`` refuses,
    the first call counts.
    """
    if not any(_is_of_device(match[1]) for match in _PAYLOAD.finditer(payload[:MAX_BYTES])):
        return None  # most messages: they need not be decoded
    calls = (_device_call(part, received_at) for part in (payload, *payload.splitlines()))
    return next((call for call in calls if call is not None), None)


def _is_of_device(symbols: bytes) -> bool:
    """Whether the first symbols of a message, of six bits each, have the MMSI of a distress device (bits 8 to 37)."""
    bits = 0
    for symbol in symbols:
        bits = bits << 6 | (symbol - 48 - (8 if symbol >= 96 else 0))
    return f"{bits >> 4 & 0x3FFFFFFF:09d}"[:3] in DISTRESS_DEVICES


def _device_call(payload: bytes, received_at: datetime) -> HelpCall | None:
    try:
        message = _message(payload)
        mmsi = _mmsi(message)
    except MalformedMessage:
        return None
    device, kind = DISTRESS_DEVICES.get(mmsi[:3]), message["msg_type"]
    if device is None or kind not in (*POSITION_REPORTS, *SAFETY_TEXTS):
        return None
    if message.get("status") == UNDER_TEST or (kind in SAFETY_TEXTS and _TEST.search(str(message.get("text")))):
        return None
    name = f"{device} {mmsi}"
    try:
        lon, lat = _degrees(message, "lon", 180.0), _degrees(message, "lat", 90.0)
    except MalformedMessage:
        return HelpCall(observed_at=received_at, device=device, caller=name)
    try:
        observed_at = _time(payload, message, received_at)
    except MalformedMessage:
        observed_at = received_at
    last_known = message.get("second") in WITHOUT_FIX
    return HelpCall(lon, lat, observed_at, device=device, caller=name, last_known=last_known)


def _message(payload: bytes) -> dict[str, Any]:
    import pyais
    from pyais.exceptions import AISBaseException, InvalidNMEAChecksum

    expected = "AIVDM sentences of one message"
    if len(payload) > MAX_BYTES:
        raise MalformedMessage("too_large", "payload", f"{len(payload)} bytes", f"at most {MAX_BYTES}")
    lines = [line.strip() for line in payload.split(b"\n")]
    matches = [_SENTENCE.fullmatch(line) for line in lines if line]
    sentences = [match[1] for match in matches if match is not None]
    if not matches or len(sentences) < len(matches) or len(sentences) > MAX_SENTENCES:
        raise MalformedMessage("not_ais", "payload", f"{len(payload)} bytes that are not", expected)
    try:
        fields: dict[str, Any] = pyais.decode(*sentences, error_if_checksum_invalid=True).asdict()
    except InvalidNMEAChecksum:
        raise MalformedMessage("not_ais", "checksum", "does not fit the sentence", "the sentence as sent") from None
    except (AISBaseException, ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        problem = printable(str(error), 100)
        raise MalformedMessage("not_ais", "payload", problem or type(error).__name__, expected) from None
    return fields


def _degrees(message: dict[str, Any], name: str, most: float) -> float:
    """A coordinate; 181° and 91° mean not available."""
    value = message.get(name)
    if value is None or abs(float(value)) > most:
        missing = value is not None and float(value) == most + 1.0
        code, problem = (NO_TARGET, "not available") if missing or value is None else ("out_of_range", f"{value}")
        raise MalformedMessage(code, name, problem, f"degrees from {-most:g} to {most:g}")
    return float(value)


def _mmsi(message: dict[str, Any]) -> str:
    mmsi = int(message.get("mmsi") or 0)  # none in a message that ends before it
    if not 0 < mmsi < 1_000_000_000:
        raise MalformedMessage("out_of_range", "mmsi", str(mmsi), "nine digits")
    return f"{mmsi:09d}"


def _classes(message: dict[str, Any], device: str | None) -> dict[ClassName, float]:
    """A man-overboard device is worn by a person; the others may be on a raft, a ship or a person."""
    if device is not None:
        return {"person": 1.0} if device == "MOB" else {}
    return {"other": 1.0} if message["msg_type"] == AIRCRAFT_REPORT else {"vehicle": 1.0}


def _deviation(message: dict[str, Any]) -> float:
    if message["msg_type"] == 27:
        return COARSE_SD_M
    return PRECISE_SD_M if message.get("accuracy") else PLAIN_SD_M


def _time(payload: bytes, message: dict[str, Any], received_at: datetime) -> datetime:
    block = _TAG_BLOCK.match(payload)
    if block is not None and reduce(xor, block[1], 0) != int(block[2], 16):
        raise MalformedMessage("not_ais", "tag block checksum", "does not fit the tag block", "the tag block as sent")
    tagged = None if block is None else _TAG_TIME.search(block[1])
    if tagged is not None:
        seconds = int(tagged[1]) / (1.0 if len(tagged[1]) < 12 else 1e3)
        if not 0 <= seconds < 9e9:
            raise MalformedMessage("out_of_range", "tag block time", f"{seconds:.0f} s", "seconds since 1970")
        return datetime.fromtimestamp(seconds, UTC)
    second = message.get("second")
    if second is None or not 0 <= int(second) < 60:
        return received_at  # 60 to 63: not available, manual, dead reckoning, inoperative
    at = received_at.replace(second=int(second), microsecond=0) + timedelta(minutes=1)
    while at > received_at + AHEAD:
        at -= timedelta(minutes=1)
    return at


def _minute(envelope: Envelope) -> bytes:
    """The minute of receipt: a moored ship sends the same sentence at the same second of another minute."""
    return envelope.received_at.strftime("%Y%m%d%H%M").encode()
