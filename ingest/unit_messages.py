"""Messages of the units of a sector: their positions, and their replies to alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from ingest.decode import EARLIEST, check_time, envelope_of, media_type
from ingest.envelope import Envelope
from ingest.errors import MalformedMessage, printable
from ingest.parse_json import parse_json
from ingest.standards.registry import COT
from ingest.wire import JSON, Counter, Identifier, Latitude, Longitude, PositiveMetres, UtcTime

KINDS: Final = {"position": "position", "reply": "action"}
"""A unit's channel → the kind of its rows in the journal."""

Line = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")]
UnitName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")]


class Reply(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A person's action on an alert. (unit, boot, seq) is unique, as for sensors."""

    unit: Identifier
    boot: Counter
    seq: Counter
    observed_at: UtcTime
    action: Literal["acknowledge", "reject", "clear"]
    alert: Identifier
    by: UnitName
    reason: Line = ""


class Position(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Position of a unit. ``position_sd_m``: one standard deviation, if known. ``distress``: people need help at this
    position, of the unit or others; ``note``: further text."""

    unit: Identifier
    boot: Counter
    seq: Counter
    observed_at: UtcTime
    lon: Longitude
    lat: Latitude
    position_sd_m: PositiveMetres | None = None
    distress: bool = False
    note: Line = ""


_reply = msgspec.json.Decoder(Reply)
_position = msgspec.json.Decoder(Position)
_encoder = msgspec.json.Encoder()


def decode_unit(
    payload: bytes,
    channel: str,
    *,
    content_type: str | None = JSON,
    topic: str | None = None,
    identity: tuple[int, int] | None = None,
) -> Reply | Position:
    """Decode the message of a unit's ``channel`` (reply or position). Raises MalformedMessage only.

    A position may also be a Cursor-on-Target event: then the topic names the unit and ``identity`` is its (boot, seq).
    """
    return read_unit(payload, channel, envelope_of(EARLIEST, topic, content_type, identity))


def read_unit(payload: bytes, channel: str, envelope: Envelope) -> Reply | Position:
    """Decode a unit's message whose envelope has already been read; see ``decode_unit``."""
    kind = media_type(envelope.content_type)
    if kind == COT and channel == "position":
        return _position_of_event(payload, envelope)
    if kind != JSON:
        raise MalformedMessage("unsupported_content_type", "content_type", ascii(envelope.content_type)[:80], JSON)
    decoder: Callable[[bytes], Reply | Position] = _reply.decode if channel == "reply" else _position.decode
    message = parse_json(decoder, payload)
    if envelope.topic is not None and envelope.topic.name != message.unit:
        raise MalformedMessage("unit_mismatch", "unit", f"{message.unit!r}", envelope.topic.name)
    check_time(message.observed_at, "observed_at")
    return message


def _position_of_event(payload: bytes, envelope: Envelope) -> Position:
    from ingest.standards import cursor_on_target

    if envelope.topic is None:
        raise MalformedMessage("bad_topic", "topic", "missing", "the unit's own topic, which names it")
    event = cursor_on_target.read_event(payload)
    if not event["type"].startswith("a-f"):
        raise MalformedMessage("unknown_value", "event.type", printable(event["type"]), "a friendly one: a-f-…")
    lon, lat, sd_m = cursor_on_target.point_of(event)
    boot, seq = envelope.numbered(f"{event['uid']}|{event['time']}".encode())
    at = cursor_on_target.moment(event, "time")
    check_time(at, "event.time")
    return Position(envelope.topic.name, boot, seq, at, lon, lat, sd_m)


def encode_unit(message: Reply | Position) -> bytes:
    """The JSON bytes of a message; MalformedMessage when ``decode_unit`` would refuse them."""
    payload = _encoder.encode(message)
    decode_unit(payload, "reply" if isinstance(message, Reply) else "position")
    return payload
