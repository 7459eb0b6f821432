"""The compact form of what units receive: CBOR (RFC 8949) with whole numbers as keys, at most 200 bytes an alert.

``FIELDS`` is the registry: numbers are never given a second meaning, and new ones are added at the end. Values outside
a list of choices are sent as text. ``ingest.compact_messages`` signs the maps and puts several into one message.
docs/units.md has the table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Final, Literal

import cbor2

from geo.errors import BadInput
from ingest.errors import MalformedMessage

MOST_BYTES: Final = 200
"""Largest message, with its signature."""
SEALED: Final = 69
"""Bytes that the array and the signature add."""
MOST_TOGETHER: Final = 1_200
"""Largest message with several maps, with its signature."""
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
    return read_map(load_cbor(body, "body"))


def read_map(fields: Any) -> tuple[CompactKind, dict[str, Any]]:
    """Return kind and fields of a map, as ``decode`` does."""
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


def load_cbor(data: bytes, where: str, *, most_bytes: int = MOST_TOGETHER) -> Any:
    """Return the one value of at most ``most_bytes``; MalformedMessage where they are something else."""
    if len(data) > most_bytes:
        raise MalformedMessage("too_large", where, f"{len(data)} bytes", f"at most {most_bytes}")
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
