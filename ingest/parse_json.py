"""JSON messages parsed to typed records; a refused message names the field and the reason."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from ingest.errors import MalformedMessage, printable
from ingest.wire import MAX_PAYLOAD_BYTES

Decoded = TypeVar("Decoded")


def parse_json(
    decoder: Callable[[bytes], Decoded], payload: bytes, *, limit: int | None = MAX_PAYLOAD_BYTES
) -> Decoded:
    """Decode ``payload`` with ``decoder``; MalformedMessage that names the field for any payload that is not valid."""
    if limit is not None and len(payload) > limit:
        raise MalformedMessage("too_large", "payload", f"{len(payload)} bytes", f"at most {limit}")
    try:
        return _decoded(decoder, payload)
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        field = _first_not_finite(payload)
        if field is not None:
            raise MalformedMessage("not_finite", field, "NaN or Infinity", "a finite number, or null") from None
        raise MalformedMessage("not_json", "payload", str(error), "one JSON object in UTF-8") from None
    except RecursionError:
        raise MalformedMessage("not_json", "payload", "nested too deeply", "a flat message") from None


def _decoded(decoder: Callable[[bytes], Decoded], payload: bytes) -> Decoded:
    """Decode; 4.0 is a whole number, as it is for JSON Schema and for senders without integers."""
    try:
        return decoder(payload)
    except msgspec.ValidationError as error:
        if not _FLOAT_FOR_INT.match(str(error)):
            raise
        return decoder(msgspec.json.encode(_with_integers(msgspec.json.decode(payload))))


_FLOAT_FOR_INT = re.compile(r"Expected `int( \| null)?`, got `float`")
_LARGEST_EXACT = 2.0**53


def _with_integers(value: Any) -> Any:
    """The parsed JSON with each whole float as an integer, which every field of numbers takes."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= _LARGEST_EXACT:
        return int(value)
    if isinstance(value, dict):
        return {name: _with_integers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_integers(inner) for inner in value]
    return value


_PATH = re.compile(r" - at (`key` in )?`\$\.?(?P<path>.*?)`$", re.DOTALL)


_NAMED = re.compile(r"^Object (?P<what>missing required|contains unknown) field `(?P<name>.*?)`", re.DOTALL)


_REASONS = (
    (", got `", "wrong_type"),
    ("matching regex", "bad_identifier"),
    ("datetime", "bad_time"),
    ("timezone", "bad_time"),
    ("enum value", "unknown_value"),
)


def _explain(message: str) -> MalformedMessage:
    """Convert msgspec's error message: its path becomes the field, its kind the code."""
    path_match = _PATH.search(message)
    path = printable(path_match["path"].replace("[...]", ""), 120) if path_match else ""
    named = _NAMED.match(message)
    if named:
        name = printable(named["name"], 120)
        field = f"{path}.{name}" if path else name or "payload"
        if named["what"] == "missing required":
            return MalformedMessage("missing_field", field, "missing", "a value")
        return MalformedMessage("unknown_field", field, "not a field of this message", "the fields of the schema only")
    code = next((code for phrase, code in _REASONS if phrase in message), "out_of_range")
    if path.endswith("note") and code == "bad_identifier":
        code = "out_of_range"
    if code == "bad_time":
        return MalformedMessage(
            code, path or "payload", "not a time with an offset from UTC", "RFC 3339, such as 2026-03-14T21:07:33Z"
        )
    sentence = printable(message[: path_match.start()] if path_match else message, 120)
    expected, _, got = sentence.removeprefix("Expected ").partition(", got ")
    if code == "wrong_type":
        return MalformedMessage(code, path or "payload", _plain(got), _plain(expected))
    if sentence.startswith("Expected "):
        what = "not in the required form" if code == "bad_identifier" else "out of range"
        return MalformedMessage(code, path or "payload", what, _plain(expected))
    return MalformedMessage(code, path or "payload", sentence, "a value that the schema allows")


_TYPES = {
    "float": "a number",
    "int": "a whole number",
    "str": "a text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "datetime": "a time",
}
_QUOTED = re.compile(r"`([a-z]+(?: \| [a-z]+)*)`")


def _plain(sentence: str) -> str:
    """Replace the types of msgspec, such as ```float | null```, by words."""
    return _QUOTED.sub(lambda found: " or ".join(_TYPES.get(one, one) for one in found[1].split(" | ")), sentence)


def _first_not_finite(payload: bytes) -> str | None:
    """The path of the first NaN or Infinity in a payload that is otherwise JSON; None if there is none."""
    try:
        return next(_not_finite(json.loads(payload), ""), None)
    except (ValueError, RecursionError):
        return None


def _not_finite(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield path or "payload"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _not_finite(inner, f"{path}.{printable(key, 120)}" if path else printable(key, 120))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _not_finite(inner, f"{path}[{i}]")
