"""Why a JSON message is refused, in words that a maker of sensors understands: no type or term of a library."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
import pytest

from ingest.errors import MalformedMessage
from ingest.parse_json import parse_json


class Message(msgspec.Struct, forbid_unknown_fields=True):
    """One field of each kind."""

    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    range_m: Annotated[float, msgspec.Meta(ge=0)] | None = None
    name: Annotated[str, msgspec.Meta(pattern="^[a-z]+$", max_length=8)] | None = None
    count: int | None = None
    plots: Annotated[list[int], msgspec.Meta(max_length=2)] | None = None
    kind: Literal["radar", "camera"] = "radar"


@pytest.mark.parametrize(
    ("payload", "code", "sentence"),
    [
        ('{"at": "2026-11-27T21:00:00"}', "bad_time", "at: not a time with an offset from UTC; expected RFC 3339"),
        ('{"at": "yesterday"}', "bad_time", "at: not a time with an offset from UTC; expected RFC 3339"),
        ('{"range_m": -1}', "out_of_range", "range_m: out of range; expected a number >= 0"),
        ('{"range_m": "far"}', "wrong_type", "range_m: a text; expected a number or null"),
        ('{"name": "RADAR"}', "bad_identifier", "name: not in the required form; expected a text matching regex"),
        ('{"count": 1.5}', "wrong_type", "count: a number; expected a whole number or null"),
        ('{"plots": [1, 2, 3]}', "out_of_range", "plots: out of range; expected a list of length <= 2"),
        ('{"kind": "sonar"}', "unknown_value", "kind: Invalid enum value 'sonar'"),
        ("[1]", "wrong_type", "payload: a list; expected an object"),
    ],
)
def test_a_reason_names_no_type_of_a_library(payload: str, code: str, sentence: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        parse_json(msgspec.json.Decoder(Message).decode, payload.encode())
    assert refused.value.code == code
    assert str(refused.value).startswith(sentence), str(refused.value)
    assert "`" not in str(refused.value)
