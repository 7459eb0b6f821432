"""Which bodies of the journal hold personal data and are encrypted, each under the key of its day and kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from ops.audit.day_keys import ChangedRecord, DayKeys, KeyKind, is_sealed, kind_of

KEY_OF_KIND: Final[Mapping[str, KeyKind]] = {
    "detections": "detections",
    "position": "unit_positions",
    "refused_call": "unit_positions",
    "action": "alerts",
    "mute": "alerts",
}
"""Kind of key by kind of row. Ticks and events of the machine are not personal data, nor are status messages, unless
they state where a sensor stood (``key_of``)."""
STATUS: Final = "status"
POSES: Final[KeyKind] = "detections"
"""A pose shows where an observer or a vehicle was. It is kept as long as the detections that are placed by it."""
DEAD_LETTERS: Final[KeyKind] = "detections"
ERASED: Final = "erased"
"""Kind of a row as read whose body is erased: it replays to nothing."""


class _Posed(msgspec.Struct):
    pose: msgspec.Raw = msgspec.Raw(b"null")


def key_of(kind: str, body: bytes) -> KeyKind | None:
    """Return the kind of key under which a body is, or would be, encrypted; None for one without personal data.

    Of status messages these are those in JSON with a pose; other standards do not state whether the sensor is carried.
    """
    if kind != STATUS:
        return KEY_OF_KIND.get(kind)
    if is_sealed(body):
        return kind_of(body)
    try:
        return None if bytes(msgspec.json.decode(body, type=_Posed).pose) == b"null" else POSES
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def may_be_erased(kind: str, body: bytes) -> bool:
    """Return whether a body as it is stored is encrypted, or empty because it was overwritten, or may be either."""
    return kind in KEY_OF_KIND or (kind == STATUS and (not body or is_sealed(body)))


def about(kind: str, sensor: str, boot: int | None, seq: int | None) -> bytes:
    """Return what binds a body to its row."""
    return f"{kind}|{sensor}|{boot}|{seq}".encode(errors="surrogatepass")


def opened(keys: DayKeys, body: bytes, kind: str, sensor: str, boot: int | None, seq: int | None) -> bytes | None:
    """Return the body of a row as it was received; None if it is erased."""
    return keys.open(body, about(kind, sensor, boot, seq)) if is_sealed(body) else body


def opened_event(keys: DayKeys, body: bytes, kind: str, sensor: str) -> bytes:
    """Return the body of a row without numbers as it was received; empty if it is erased or was changed."""
    try:
        return opened(keys, body, kind, sensor, None, None) or b""
    except ChangedRecord:
        return b""
