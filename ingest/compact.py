"""The compact form of what units receive: CBOR (RFC 8949) with whole numbers as keys, at most 200 bytes an alert.

A message is an array: the bytes of a map, and the Ed25519 signature (RFC 8032) of these bytes with their topic. The
signature is inside, because MQTT user properties in text would be longer than the alert. ``FIELDS`` is the registry:
numbers are never given a second meaning, and new ones are added at the end. Values outside a list of choices are sent
as text. Several maps may share one signature: they are then an array (``join``). docs/units.md has the table.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Final, Literal, cast

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from geo.errors import BadInput
from ingest.errors import MalformedMessage
from ingest.security.signature import Signer

CBOR: Final = "application/cbor"
"""Content type of the compact form."""
MOST_BYTES: Final = 200
"""Largest message, with its signature."""
SEALED: Final = 69
"""Bytes that the array and the signature add."""
MOST_TOGETHER: Final = 1_200
"""Largest message with several maps, with its signature."""
ROOM_FOR_SEVERAL: Final = 72
"""Bytes that several maps in one message have less than it: the array and the signature, and the array of the maps."""
FORM: Final = b"watchline/1/compact"
EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
SCALE: Final = 100_000
"""Units of a degree: 1e-5 degrees are 1.1 m or less."""
SHORTENED: Final = "…"

CompactKind = Literal["alert", "incident", "digest", "gap_filled", "refused"]
KINDS: Final[tuple[CompactKind, ...]] = ("alert", "incident", "digest", "gap_filled", "refused")
CompactForm = Literal["count", "whole", "choice", "degrees", "time", "before", "text", "id", "ids", "counts"]
"""``before``: a time, as whole seconds before ``updated_at``."""


@dataclass(frozen=True, slots=True)
class CompactField:
    """A field of the registry: its number and name, its form, and for a choice or a text its choices or longest size
    [bytes]."""

    key: int
    name: str
    form: CompactForm
    choices: tuple[str, ...] = ()
    longest: int = 0


PRIORITIES: Final = ("distress", "high", "medium", "low")
FIELDS: Final = (
    CompactField(1, "number", "count"),
    CompactField(2, "id", "id", longest=32),
    CompactField(3, "revision", "count"),
    CompactField(4, "status", "choice", ("active", "acknowledged", "cleared", "rejected"), 16),
    CompactField(5, "priority", "choice", PRIORITIES, 16),
    CompactField(
        6, "rule", "choice",
        ("distress", "crossing", "approaching", "track_initiated_inside", "entering_dead_ground", "loitering",
         "group_formed", "coverage_lost", "activity_below_baseline", "sensor_offline", "sensor_fault"), 32,
    ),
    CompactField(7, "lon", "degrees"),
    CompactField(8, "lat", "degrees"),
    CompactField(9, "raised_at", "before"),
    CompactField(10, "updated_at", "time"),
    CompactField(11, "observed_at", "before"),
    CompactField(12, "class_label", "choice", ("person", "group", "vehicle", "animal", "other"), 16),
    CompactField(13, "direction", "whole"),
    CompactField(14, "segment", "whole"),
    CompactField(15, "offset_m", "whole"),
    CompactField(16, "time_to_border_s", "whole"),
    CompactField(17, "track", "text", longest=16),
    CompactField(18, "unit", "text", longest=24),
    CompactField(19, "sensor", "text", longest=24),
    CompactField(20, "by", "text", longest=24),
    CompactField(21, "sentence", "text", longest=120),
    CompactField(22, "name", "text", longest=20),
    CompactField(23, "lead", "id", longest=32),
    CompactField(24, "state", "choice", ("open", "acknowledged", "assigned", "en_route", "on_scene", "closed"), 16),
    CompactField(25, "about", "choice", ("distress", "movement", "activity", "equipment"), 16),
    CompactField(26, "disposition", "choice",
        ("apprehended", "turn_back", "got_away", "no_threat", "rescue", "lost", "nuisance", "restored", "unresolved",
         "merged"), 16,
    ),
    CompactField(27, "owner", "text", longest=24),
    CompactField(28, "section", "text", longest=24),
    CompactField(29, "opened_at", "before"),
    CompactField(30, "escalation", "count"),
    CompactField(31, "at", "time"),
    CompactField(32, "first", "count"),
    CompactField(33, "last", "count"),
    CompactField(34, "counts", "counts"),
    CompactField(35, "ids", "ids"),
    CompactField(36, "after", "count"),
    CompactField(37, "sent", "count"),
    CompactField(38, "offered_unit", "text", longest=24),
    CompactField(39, "count", "count"),
)  # fmt: skip
"""The registry. Key 0 is the kind, a number of KINDS; an alert has none."""

NEEDED: Final[Mapping[CompactKind, tuple[str, ...]]] = {
    "alert": ("number", "id", "revision", "status", "priority", "rule", "updated_at"),
    "incident": ("number", "id", "revision", "state", "priority", "updated_at"),
    "digest": ("at", "first", "last", "counts"),
    "gap_filled": ("after", "last", "sent"),
    "refused": ("at", "count"),
}
"""Fields without which a message of this kind is not one."""
FURTHER: Final[Mapping[CompactKind, tuple[str, ...]]] = {
    "alert": (
        "lon", "lat", "unit", "class_label", "sentence", "direction", "segment", "raised_at", "time_to_border_s",
        "offset_m", "observed_at", "by", "track", "sensor",
    ),
    "incident": (
        "name", "lead", "unit", "offered_unit", "lon", "lat", "sentence", "disposition", "escalation", "about",
        "opened_at", "owner", "section",
    ),
    "digest": ("ids",),
    "gap_filled": (),
    "refused": ("sentence",),
}  # fmt: skip
"""Fields that a message has where they are known and there is room, the most important first."""
_BY_NAME: Final = {one.name: one for one in FIELDS}
_BY_KEY: Final = {one.key: one for one in FIELDS}
_UPDATED: Final = _BY_NAME["updated_at"].key
_MOST_IDS: Final = 5


def encode(kind: CompactKind, values: Mapping[str, Any], *, most_bytes: int = MOST_BYTES - SEALED) -> bytes:
    """Return the map of a message, at most ``most_bytes`` long.

    Parameters
    ----------
    kind : {"alert", "incident", "digest", "gap_filled", "refused"}
        What the message is.
    values : mapping
        Its fields, named as in the JSON form. Fields that are not in the registry are left out, and so are the least
        important ones where there is no room; the sentence is shortened.
    most_bytes : int
        Largest size without the signature.

    Returns
    -------
    bytes
        CBOR.

    Raises
    ------
    BadInput
        When a field is missing without which the message is not one, or an id is longer than the registry allows.
    """
    body: dict[int, Any] = {} if kind == "alert" else {0: KINDS.index(kind)}
    for name in NEEDED[kind]:
        value = _packed(_BY_NAME[name], values.get(name))
        if value is None:
            raise BadInput(f"{name} = {str(values.get(name))[:60]!r}", where=f"compact {kind}", expected="a value")
        body[_BY_NAME[name].key] = value
    size = len(cbor2.dumps(body))
    for name in FURTHER[kind]:
        field = _BY_NAME[name]
        value = _packed(field, values.get(name))
        if field.form == "before" and value is not None:
            value = body[_UPDATED] - value
        room = most_bytes - size - len(cbor2.dumps(field.key))
        if isinstance(value, str) and name == "sentence":
            value = _shortened(value, room - 2)
        if value is None or value == "" or len(cbor2.dumps(value)) > room:
            continue
        body[field.key] = value
        size = len(cbor2.dumps(body))
    encoded = cbor2.dumps(body)
    if len(encoded) > most_bytes:
        raise BadInput(f"{len(encoded)} bytes", where=f"compact {kind}", expected=f"at most {most_bytes}")
    return encoded


def decode(body: bytes) -> tuple[CompactKind, dict[str, Any]]:
    """Read the map of a message.

    Parameters
    ----------
    body : bytes
        What ``encode`` returned. Keys that the registry does not have are ignored: a later version may send them.

    Returns
    -------
    tuple
        Its kind, and its fields under the names of the JSON form; times are RFC 3339 text.

    Raises
    ------
    MalformedMessage
        For everything else.
    """
    return _read(_loaded(body, "body"))


def join(maps: Sequence[bytes]) -> bytes:
    """Return the maps of several messages as one body, to be signed once; that of one message is its map."""
    if len(maps) == 1:
        return maps[0]
    head = cbor2.dumps([None] * len(maps))[: -len(maps)]
    return head + b"".join(maps)


def decode_all(body: bytes) -> list[tuple[CompactKind, dict[str, Any]]]:
    """Read a body with one map or several.

    Parameters
    ----------
    body : bytes
        What ``encode`` or ``join`` returned.

    Returns
    -------
    list of tuple
        Kind and fields of each message, as ``decode`` returns them, in the order in which they were sent.

    Raises
    ------
    MalformedMessage
        For everything else.
    """
    found = _loaded(body, "body")
    if not isinstance(found, list):
        return [_read(found)]
    if not found:
        raise MalformedMessage("not_cbor", "body", "no message", "an array of maps")
    return [_read(one) for one in found]


def seal(body: bytes, topic: str, signer: Signer | None) -> bytes:
    """Return the message of a body: with its signature on this topic, or without one where there is no key."""
    if signer is None:
        return cbor2.dumps([body])
    return cbor2.dumps([body, signer.private.sign(_signed(topic, body))])


def unseal(payload: bytes, topic: str, keys: Iterable[bytes] | None) -> bytes:
    """Return the body of a message after its signature was checked.

    Parameters
    ----------
    payload : bytes
        The message.
    topic : str
        The topic on which it was received.
    keys : iterable of bytes, optional
        Public keys (32 bytes each), one of which must have signed it; None: the signature is not checked.

    Returns
    -------
    bytes
        The body, for ``decode_all``, or for ``decode`` where each message has one map.

    Raises
    ------
    MalformedMessage
        For a message that is not one, or is not signed by any of the keys.
    """
    parts = _loaded(payload, "payload")
    if not isinstance(parts, list) or len(parts) not in (1, 2) or not all(isinstance(part, bytes) for part in parts):
        raise MalformedMessage("not_cbor", "payload", "not a message", "an array of a map's bytes and a signature")
    body = cast(bytes, parts[0])
    if keys is None:
        return body
    if len(parts) == 1:
        raise MalformedMessage("unsigned", "signature", "missing", "a signature of the operations centre")
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(parts[1], _signed(topic, body))
        except (InvalidSignature, ValueError):
            continue
        return body
    raise MalformedMessage("bad_signature", "signature", "not of any of the keys", "a valid signature")


def _read(fields: Any) -> tuple[CompactKind, dict[str, Any]]:
    """Kind and fields of a map."""
    number = fields.get(0, 0) if isinstance(fields, dict) else None
    if not isinstance(fields, dict) or type(number) is not int or not 0 <= number < len(KINDS):
        raise MalformedMessage("not_cbor", "body", "not a message", "a map with a kind of the registry")
    kind = KINDS[number]
    known = {key: value for key, value in fields.items() if type(key) is int and key in _BY_KEY}
    updated = known.get(_UPDATED)
    for key in known:
        if _BY_KEY[key].form == "before" and type(known[key]) is type(updated) is int:
            known[key] = updated - known[key]
    values = {_BY_KEY[key].name: _unpacked(_BY_KEY[key], value) for key, value in known.items()}
    for name in NEEDED[kind]:
        if name not in values:
            raise MalformedMessage("missing_field", name, "missing", f"a field of every {kind}")
    return kind, values


def _signed(topic: str, body: bytes) -> bytes:
    """What is signed: each part preceded by its length (4 bytes, big endian)."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in (FORM, topic.encode(), body))


def _loaded(data: bytes, where: str) -> Any:
    if len(data) > MOST_TOGETHER:
        raise MalformedMessage("too_large", where, f"{len(data)} bytes", f"at most {MOST_TOGETHER}")
    stream = BytesIO(data)
    try:
        value = cbor2.CBORDecoder(stream).decode()
    except Exception as error:
        raise MalformedMessage("not_cbor", where, f"{type(error).__name__}", "CBOR") from error
    if stream.read(1):
        raise MalformedMessage("not_cbor", where, "more bytes after it", "one value")
    return value


def _packed(field: CompactField, value: Any) -> Any:
    """A value as it is sent; None if it is not known or cannot be sent."""
    if value is None:
        return None
    match field.form:
        case "count" | "whole":
            usable = isinstance(value, int | float) and math.isfinite(value) and abs(value) < 2**53
            return round(value) if usable and (field.form == "whole" or value >= 0) else None
        case "degrees":
            usable = isinstance(value, int | float) and math.isfinite(value) and abs(value) <= 180
            return round(value * SCALE) if usable else None
        case "choice":
            return field.choices.index(value) if value in field.choices else _cut(str(value), field.longest) or None
        case "time" | "before":
            return _seconds_of(value)
        case "text":
            return _cut(str(value), field.longest) or None
        case "id":
            return _packed_id(str(value), field.longest)
        case "ids":
            return [one for one in (_packed_id(str(each), 32) for each in list(value)[:_MOST_IDS]) if one is not None]
        case "counts":
            return {PRIORITIES.index(name): int(count) for name, count in value.items() if name in PRIORITIES}


def _unpacked(field: CompactField, value: Any) -> Any:
    try:
        return _value_of(field, value)
    except (TypeError, ValueError, OverflowError, IndexError) as error:
        raise MalformedMessage("wrong_type", field.name, f"{type(value).__name__}", f"a {field.form}") from error


def _value_of(field: CompactField, value: Any) -> Any:
    """The value of a field as received. TypeError and its like for one that the form does not have."""
    whole = type(value) is int
    match field.form:
        case "count" if whole and 0 <= value < 2**53:
            return value
        case "whole" if whole and abs(value) < 2**53:
            return value
        case "degrees" if whole and abs(value) <= 180 * SCALE:
            return value / SCALE
        case "choice" if whole and value >= 0:
            return field.choices[value] if value < len(field.choices) else f"#{value}"
        case "choice" | "text" if isinstance(value, str):
            return value
        case "time" | "before" if whole:
            return (EPOCH + timedelta(seconds=value)).isoformat().replace("+00:00", "Z")
        case "id":
            return _id_of(value)
        case "ids" if isinstance(value, list):
            return [_id_of(one) for one in value]
        case "counts" if isinstance(value, dict):
            return {PRIORITIES[number]: _value_of(_BY_NAME["number"], count) for number, count in value.items()}
    raise TypeError(field.form)


def _packed_id(identity: str, longest: int) -> bytes | str | None:
    """The id of an alert or incident in 9 bytes: its letter and 16 hexadecimal digits; another one as text."""
    letter, digits = identity[:1], identity[1:]
    if letter in ("A", "I") and len(digits) == 16 and all(one in "0123456789abcdef" for one in digits):
        return letter.encode() + bytes.fromhex(digits)
    return identity if 0 < len(identity.encode(errors="replace")) <= longest else None


def _id_of(value: Any) -> str:
    if isinstance(value, bytes) and len(value) == 9:
        return chr(value[0]) + value[1:].hex()
    if not isinstance(value, str):
        raise TypeError("id")
    return value


def _seconds_of(value: Any) -> int | None:
    """Whole seconds since EPOCH of a time, or of RFC 3339 text."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    return math.floor((value - EPOCH).total_seconds())


def _cut(text: str, longest: int) -> str:
    """A text of at most ``longest`` bytes of UTF-8, cut between characters."""
    return text.encode(errors="replace")[:longest].decode(errors="ignore")


def _shortened(text: str, room: int) -> str:
    """A sentence in at most ``room`` bytes, cut after a word and marked as shortened."""
    if len(text.encode()) <= room:
        return text
    kept = _cut(text, room - len(SHORTENED.encode()))
    return (kept.rsplit(" ", 1)[0] if " " in kept else kept) + SHORTENED if kept else ""
