"""Which bodies of the journal hold personal data and are encrypted, each under the key of its day and kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ops.audit.day_keys import ChangedRecord, DayKeys, KeyKind, is_sealed

KEY_OF_KIND: Final[Mapping[str, KeyKind]] = {
    "detections": "detections",
    "position": "unit_positions",
    "refused_call": "unit_positions",
    "action": "alerts",
    "mute": "alerts",
}
"""Kind of key by kind of row. Status messages, ticks and events of the machine are not personal data."""
DEAD_LETTERS: Final[KeyKind] = "detections"
ERASED: Final = "erased"
"""Kind of a row as read whose body is erased: it replays to nothing."""


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
