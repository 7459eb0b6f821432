"""Messages of the units of a sector: their positions, their replies to alerts, and orders of the operations centre."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, Literal, cast

import msgspec
from msgspec import Meta, Struct

from ingest.decode import EARLIEST, check_time, envelope_of, media_type
from ingest.envelope import Envelope
from ingest.errors import MalformedMessage, printable
from ingest.help_call import HelpCall
from ingest.parse_json import parse_json
from ingest.standards.registry import COT
from ingest.wire import JSON, Azimuth, Counter, Identifier, Latitude, Longitude, PositiveMetres, UtcTime, WireMedia

KINDS: Final = {"position": "position", "reply": "action"}
"""A unit's channel → the kind of its rows in the journal."""

NOTE_LENGTH: Final = 500
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
Line = Annotated[str, Meta(max_length=NOTE_LENGTH, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")]
UnitName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")]


OptionalIdentifier = Annotated[str, Meta(max_length=64, pattern=r"^[0-9A-Za-z._-]*$(?!\n)")]
OptionalName = Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")]
Disposition = Literal[
    "", "apprehended", "turn_back", "got_away", "no_threat", "rescue", "lost", "nuisance", "restored"
]  # fmt: skip
ActionName = Literal[
    "acknowledge", "reject", "clear", "assign", "received", "en_route", "on_scene", "close", "note", "attach", "link",
    "merge", "hand_over", "undo", "reopen", "mark", "trace", "assess", "look",
]  # fmt: skip
Goods = Literal["arms", "dual_use", "cbrn"]
TraceState = Literal["", "requested", "answered", "no_record", "closed"]
PictureName = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="SHA-256 of the file of a picture, hexadecimal")
]
Shown = Literal["person", "vehicle", "animal", "nothing", "unclear"]
SectionName = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")]
ImpactLevel = Literal["low", "medium", "high", "critical"]
"""Regulation (EU) 2019/1896, Article 34, as ``geo.border.sections`` has them; a test compares them."""
Duty = Literal["", "patrol", "available", "standby", "off_duty"]
MovesBy = Literal["", "vehicle", "foot"]


class StatedTracing(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Goods found at an incident, and the request to trace them; fusion checks the codes (``ops.incidents.tracing``).

    ``hs_code``: six digits of the Harmonized System; ``eccn``: export control classification number of the United
    States; ``eu_list``: number of Annex I of Regulation (EU) 2021/821; ``item_marking``: marking or serial number on
    the item. ``authority`` received the request at ``sent_at`` under ``reference``. ``released``: whether field units
    and other receivers may have it.
    """

    goods: Goods
    hs_code: OptionalName = ""
    eccn: OptionalName = ""
    eu_list: OptionalName = ""
    item_marking: OptionalName = ""
    authority: OptionalName = ""
    sent_at: UtcTime | None = None
    reference: OptionalName = ""
    status: TraceState = ""
    released: bool = False


class StatedAssessment(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The assessment of a picture of an incident by a person.

    ``sensor`` is the camera, ``reported`` the likeliest class that it reported of the object, empty for none; ``track``
    the one track that the picture shows, empty for none or one of several.
    """

    picture: PictureName
    sensor: Identifier
    shown: Shown
    reported: Literal["", "person", "group", "vehicle", "animal", "other"] = ""
    track: Annotated[str, Meta(max_length=64)] = ""


LookElevation = Annotated[float, Meta(ge=-90, le=90, description="elevation angle, degrees, positive up")]


class StatedLook(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A look of a camera at an incident, in one state.

    ``look`` names it. The camera turns to ``azimuth_deg`` (true north) and ``elevation_deg`` (absent: as it is), which
    is expected to take ``slew_s``; ``code`` says why it was not done, ``still`` is a picture that it took.
    """

    look: Identifier
    camera: Identifier
    azimuth_deg: Azimuth
    slew_s: Annotated[float, Meta(ge=0, le=86_400)]
    state: Literal["requested", "sent", "accepted", "done", "refused", "failed"]
    code: Literal["", "by_camera", "not_registered", "no_answer", "unreachable", "credentials", "not_there"] = ""
    elevation_deg: LookElevation | None = None
    still: WireMedia | None = None


class Reply(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A person's action on an alert, or on the incident that holds it. (unit, boot, seq) is unique, as for sensors.

    ``reject`` and ``clear`` apply to the alert. All other actions apply to the incident; so does ``acknowledge`` where
    ``incident`` is given, while without it the alert is acknowledged and its incident claimed. ``action_id``: the same
    action sent twice is applied once. ``expected_revision``: the revision of the incident on which the action was
    chosen. ``assigned_unit`` belongs to ``assign``, ``to`` (a person) to ``hand_over``, ``disposition`` to ``close``
    (and may accompany ``clear``), ``other`` (an incident) to ``link`` and ``merge``, ``note`` to ``note``,
    ``attachment`` (a reference) to ``attach``. ``mark`` sets the releasability ``marking`` of the incident, empty for
    none, with a ``reason``. ``trace`` sets ``tracing`` of a closed incident: goods found and the request to trace them;
    ``tracing`` may also accompany ``close``. ``assess`` states what a picture shows (``assessment``), ``look`` that a
    camera turns to the incident, and what became of it (``look``). The operations centre alone sends ``mark``,
    ``tracing``, ``assess`` and ``look``.
    """

    unit: Identifier
    boot: Counter
    seq: Counter
    observed_at: UtcTime
    action: ActionName
    alert: Identifier
    by: UnitName
    reason: Line = ""
    incident: OptionalIdentifier = ""
    action_id: OptionalIdentifier = ""
    expected_revision: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    assigned_unit: OptionalName = ""
    to: OptionalName = ""
    disposition: Disposition = ""
    other: OptionalIdentifier = ""
    note: Line = ""
    attachment: Line = ""
    marking: OptionalIdentifier = ""
    tracing: StatedTracing | None = None
    assessment: StatedAssessment | None = None
    look: StatedLook | None = None


class SectionOrder(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A person's decision on the impact level of a border section, which only the operations centre sends (as a reply).

    ``after``: the id of the decision that the person saw as the latest, empty for none; where another was made since,
    this one does not apply.
    """

    unit: Identifier
    boot: Counter
    seq: Counter
    observed_at: UtcTime
    order_id: Identifier
    section: SectionName
    impact_level: ImpactLevel
    by: UnitName
    reason: Annotated[str, Meta(min_length=3, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")]
    after: OptionalIdentifier = ""


class Position(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Position of a unit. ``position_sd_m``: one standard deviation, if known. ``distress``: people need help at this
    position, of the unit or others; ``note``: further text. ``duty``: on patrol, available for tasks, at its base on
    call, or off duty; ``moves``: by vehicle or on foot; ``base``: the base that it belongs to; empty where not stated.
    """

    unit: Identifier
    boot: Counter
    seq: Counter
    observed_at: UtcTime
    lon: Longitude
    lat: Latitude
    position_sd_m: PositiveMetres | None = None
    distress: bool = False
    note: Line = ""
    duty: Duty = ""
    moves: MovesBy = ""
    base: OptionalName = ""


class ResendRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A unit's request for what it missed: ``last`` is the highest number up to which it has every message, 0 before
    the first."""

    unit: Identifier
    boot: Counter
    seq: Counter
    observed_at: UtcTime
    last: Annotated[int, Meta(ge=0, le=2**53)]


UnitMessage = Reply | Position | SectionOrder


class _Addressed(Struct):
    """Whether a message of the reply channel is about a section."""

    section: object = None


_reply = msgspec.json.Decoder(Reply)
_position = msgspec.json.Decoder(Position)
_resend = msgspec.json.Decoder(ResendRequest)
_order = msgspec.json.Decoder(SectionOrder)
_addressed = msgspec.json.Decoder(_Addressed)
_encoder = msgspec.json.Encoder()


def decode_unit(
    payload: bytes,
    channel: str,
    *,
    content_type: str | None = JSON,
    topic: str | None = None,
    identity: tuple[int, int] | None = None,
) -> UnitMessage:
    """Decode the message of a unit's ``channel`` (reply or position). Raises MalformedMessage only.

    A position may also be a Cursor-on-Target event: then the topic names the unit and ``identity`` is its (boot, seq).
    """
    return read_unit(payload, channel, envelope_of(EARLIEST, topic, content_type, identity))


def read_unit(payload: bytes, channel: str, envelope: Envelope) -> UnitMessage:
    """Decode a unit's message whose envelope has already been read; see ``decode_unit``."""
    kind = media_type(envelope.content_type)
    if kind == COT and channel == "position":
        return _position_of_event(payload, envelope)
    if kind != JSON:
        raise MalformedMessage("unsupported_content_type", "content_type", ascii(envelope.content_type)[:80], JSON)
    decoder: Callable[[bytes], UnitMessage] = _position.decode
    if channel == "reply":
        about_section = parse_json(_addressed.decode, payload).section is not None
        decoder = _order.decode if about_section else _reply.decode
    message = parse_json(decoder, payload)
    if envelope.topic is not None and envelope.topic.name != message.unit:
        raise MalformedMessage("unit_mismatch", "unit", f"{message.unit!r}", envelope.topic.name)
    check_time(message.observed_at, "observed_at")
    return message


def decode_resend(payload: bytes, unit: str) -> ResendRequest:
    """Decode a request on the ``resend`` channel of ``unit``. Raises MalformedMessage only."""
    request = parse_json(_resend.decode, payload)
    if request.unit != unit:
        raise MalformedMessage("unit_mismatch", "unit", f"{request.unit!r}", unit)
    check_time(request.observed_at, "observed_at")
    return request


def read_help_call(payload: bytes, content_type: str | None = JSON) -> HelpCall | None:
    """Return what can be read of a position message that states distress; None if it does not, or is not a JSON object.

    People may need help although the message breaks a rule, so each field is read alone, and one that cannot be used is
    left out. Every ``distress`` counts but ``false``, null, 0, an empty text and the text ``false``.
    """
    if media_type(content_type) != JSON:
        return None
    try:
        said = _loaded(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("distress") in (None, False, 0, "", "false"):
        return None
    lon, lat = _usable((said.get("lon"), said.get("lat")), tuple[Longitude, Latitude]) or (None, None)
    note = str(said.get("note") or "").encode(errors="replace").decode()
    return HelpCall(lon, lat, _time_of(said.get("observed_at")), _UNPRINTABLE.sub(" ", note)[:NOTE_LENGTH])


def _loaded(payload: bytes) -> object:
    """The JSON value in bytes; NaN, which a device without a fix may send, and text that is not UTF-8 are taken."""
    try:
        return json.loads(payload)
    except UnicodeDecodeError:
        return json.loads(payload.decode(errors="replace"))


def _time_of(value: object) -> datetime | None:
    """A time as a message states it; None if it is not valid."""
    at = _usable(value, UtcTime) if isinstance(value, str) else None
    if at is None:
        return None
    try:
        check_time(at, "observed_at")
    except MalformedMessage:
        return None
    return cast(datetime, at)


def _usable(value: object, wanted: Any) -> Any:
    """A field's value; None if it is not valid."""
    try:
        return msgspec.convert(value, wanted)
    except (msgspec.ValidationError, OverflowError):
        return None


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


def encode_unit(message: UnitMessage) -> bytes:
    """The JSON bytes of a message; MalformedMessage when ``decode_unit`` would refuse them."""
    payload = _encoder.encode(message)
    decode_unit(payload, "position" if isinstance(message, Position) else "reply")
    return payload
