"""The form of a SAPIENT message, as BSI Flex 335 v2 states it in the options of its own protobuf definitions.

Mandatory fields, choices and lists are present, no field and no enumeration value is unknown, identifiers are
lower-case UUIDs of version 4 and upper-case ULIDs, and every number is finite. Ranges are checked elsewhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet
from sapient_msg import proto_options_pb2

from ingest.errors import MalformedMessage

MAX_PARTS: Final = 2_000
"""Largest number of messages within one message that are examined."""
MAX_FAULTS: Final = 50
"""Largest number of faults that an answer lists."""

_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_UUID4: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_FLOATS: Final = (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT)


def is_ulid(text: str) -> bool:
    """Whether this is an upper-case ULID: 26 of Crockford's base 32, at most 128 bits."""
    return _ULID.fullmatch(text) is not None


def is_uuid4(text: str) -> bool:
    """Whether this is a UUID of version 4 in lower case with dashes."""
    return _UUID4.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class _Rule:
    """The definition of one field; ``values``: of an enumeration, ``inside``: whether it is a SAPIENT message."""

    name: str
    repeated: bool
    presence: bool
    mandatory: bool
    number: bool
    ulid: bool
    uuid: bool
    values: frozenset[int] | None
    inside: bool


@dataclass(slots=True)
class _Walk:
    parts: int = 0
    faults: list[MalformedMessage] = field(default_factory=list)

    def add(self, code: str, path: str, message: str, expected: str) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(MalformedMessage(code, path, message, expected))


def form_faults(message: Message, path: str = "") -> list[MalformedMessage]:
    """Every fault of form of ``message``, in the order of its fields, at most MAX_FAULTS; empty for a valid one."""
    walk = _Walk()
    _look(message, path, walk)
    return walk.faults


def _look(message: Message, path: str, walk: _Walk) -> None:
    walk.parts += 1
    if len(walk.faults) >= MAX_FAULTS:
        return
    _look_for_unknown(message, path, walk)
    rules, choices = _rules(message.DESCRIPTOR)
    for name in choices:
        if message.WhichOneof(name) is None:
            names = " | ".join(option.name for option in message.DESCRIPTOR.oneofs_by_name[name].fields)
            walk.add("missing_field", _join(path, name.removesuffix("_oneof")), "missing", names)
    for rule in rules:
        where = _join(path, rule.name)
        if rule.repeated:
            _look_at_list(getattr(message, rule.name), rule, where, walk)
        elif rule.presence and not message.HasField(rule.name):
            if rule.mandatory:
                walk.add("missing_field", where, "missing", "a value")
        else:
            _look_at_value(getattr(message, rule.name), rule, where, walk)


def _look_for_unknown(message: Message, path: str, walk: _Walk) -> None:
    unknown = UnknownFieldSet(message)
    if len(unknown):
        number = unknown[0].field_number
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        walk.add(
            "unknown_field", _join(path, str(number)), f"field number {number}{more}", "the fields of the standard"
        )


def _look_at_list(values: Any, rule: _Rule, where: str, walk: _Walk) -> None:
    if rule.mandatory and len(values) == 0:
        walk.add("missing_field", where, "missing", "at least one")
    if walk.parts + len(values) > MAX_PARTS:
        walk.parts = MAX_PARTS
        walk.add("too_large", where, f"{len(values)} entries", f"at most {MAX_PARTS} parts in a message")
        return
    for i, value in enumerate(values):
        _look_at_value(value, rule, f"{where}[{i}]", walk)


def _look_at_value(value: Any, rule: _Rule, where: str, walk: _Walk) -> None:
    if rule.inside:
        if walk.parts < MAX_PARTS:
            _look(value, where, walk)
    elif rule.values is not None:
        if value not in rule.values:
            walk.add("unknown_value", where, f"value {value}", "a value of the standard's list")
        elif rule.mandatory and value == 0:
            walk.add("unknown_value", where, "unspecified", "a value of the standard's list other than UNSPECIFIED")
    elif rule.number and not math.isfinite(value):
        walk.add("not_finite", where, str(value), "a finite number")
    elif rule.ulid and not is_ulid(value):
        walk.add("bad_identifier", where, ascii(value)[:60], "a ULID: 26 upper-case characters")
    elif rule.uuid and not is_uuid4(value):
        walk.add("bad_identifier", where, ascii(value)[:60], "a UUID of version 4 in lower case")
    elif rule.mandatory and not rule.presence and not rule.repeated and value == "":
        walk.add("missing_field", where, "missing", "a value")


@lru_cache(maxsize=256)
def _rules(descriptor: Descriptor) -> tuple[tuple[_Rule, ...], tuple[str, ...]]:
    """(the rule of each field, the names of the mandatory choices)."""
    return tuple(_rules_of(descriptor)), tuple(
        choice.name
        for choice in descriptor.oneofs
        if choice.GetOptions().Extensions[proto_options_pb2.oneof_options].is_mandatory
    )


def _rules_of(descriptor: Descriptor) -> Iterator[_Rule]:
    for descriptor_field in descriptor.fields:
        options = descriptor_field.GetOptions().Extensions[proto_options_pb2.field_options]
        inner = descriptor_field.message_type
        yield _Rule(
            name=descriptor_field.name,
            repeated=descriptor_field.is_repeated,
            presence=descriptor_field.has_presence,
            mandatory=options.is_mandatory,
            number=descriptor_field.type in _FLOATS,
            ulid=options.is_ulid,
            uuid=options.is_uuid,
            values=frozenset(descriptor_field.enum_type.values_by_number)
            if descriptor_field.enum_type is not None
            else None,
            inside=inner is not None and inner.full_name.startswith("sapient_msg."),
        )


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
