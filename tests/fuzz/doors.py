"""Every decoder of the way in as a door for any bytes, and the law that holds behind each of them.

``knock(name, payload)`` decodes; it raises AssertionError where the law is broken and lets everything but
MalformedMessage through as what it is: a fault of ours. Bytes go in as they would from the wire, so nothing here checks
them first.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest import topics
from ingest.decode import decode, decode_status
from ingest.errors import CODES, MalformedMessage
from ingest.standards.registry import AIS, ASTERIX, COT, GMTI, HUMAN, SAPIENT, SENTENCE
from ingest.standards.sapient import framing
from ingest.unit_messages import decode_unit
from ingest.wire import JSON

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
CORPUS = Path(__file__).parent / "corpus"
SENSOR = "watchline/1/hills/sensor/gate-7"
UNIT = "watchline/1/hills/unit/patrol-1"


def _scan(kind: str) -> Callable[[bytes], Any]:
    return lambda payload: decode(payload, received_at=NOW, content_type=kind, topic=f"{SENSOR}/detections")


def _status(kind: str) -> Callable[[bytes], Any]:
    return lambda payload: decode_status(payload, received_at=NOW, content_type=kind, topic=f"{SENSOR}/status")


def _unit(channel: str, kind: str) -> Callable[[bytes], Any]:
    return lambda payload: decode_unit(payload, channel, content_type=kind, topic=f"{UNIT}/{channel}")


def _free(payload: bytes) -> Any:
    """A JSON scan that names its own sensor, without a topic."""
    return decode(payload, received_at=NOW)


def _frames(payload: bytes) -> Any:
    """SAPIENT's TCP framing, fed in two pieces."""
    reader = framing.Frames()
    return [*reader.feed(payload[: len(payload) // 2]), *reader.feed(payload[len(payload) // 2 :])]


def _topic(payload: bytes) -> Any:
    return topics.parse(payload.decode("utf-8", "replace"))


DOORS: dict[str, Callable[[bytes], Any]] = {
    "json-scan": _free,
    "json-status": lambda payload: decode_status(payload, received_at=NOW),
    "json-reply": _unit("reply", JSON),
    "json-position": _unit("position", JSON),
    "sapient-detections": _scan(SAPIENT),
    "sapient-status": _status(SAPIENT),
    "sapient-frames": _frames,
    "ais": _scan(AIS),
    "cot": _scan(COT),
    "cot-position": _unit("position", COT),
    "human": _scan(HUMAN),
    "sentence": _scan(SENTENCE),
    "asterix": _scan(ASTERIX),
    "asterix-status": _status(ASTERIX),
    "gmti": _scan(GMTI),
    "topic": _topic,
}


def knock(name: str, payload: bytes) -> bool:
    """Whether the door takes the bytes; the law: it gives the same twice, or says in one line which field is wrong."""
    door, refused, found = DOORS[name], None, None
    try:
        found = door(payload)
    except MalformedMessage as error:
        refused = error
    if refused is None:
        assert repr(door(payload)) == repr(found), "the same bytes give the same"
        return True
    assert refused.code in CODES
    assert refused.field, "a refusal names its field"
    assert str(refused).isprintable(), str(refused)
    assert len(str(refused)) < 1000, str(refused)
    return False


def corpus(name: str) -> list[bytes]:
    """The kept inputs of a door: published examples, and what once broke it or reached new code."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def bent(payload: bytes, chance: random.Random) -> bytes:
    """The bytes with a few set, cut out, repeated or put in."""
    made = bytearray(payload)
    for _ in range(chance.randrange(6)):
        at, how = chance.randrange(max(len(made), 1)), chance.randrange(5)
        if how == 0 and made:
            made[at] = chance.randrange(256)
        elif how == 1 and made:
            made[at] ^= 1 << chance.randrange(8)
        elif how == 2:
            del made[at : at + chance.randrange(1, 9)]
        elif how == 3:
            made[at:at] = made[at : at + chance.randrange(1, 41)]
        else:
            made[at:at] = chance.randbytes(chance.randrange(9))
    return bytes(made)
