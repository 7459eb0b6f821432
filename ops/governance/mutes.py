"""Muted sensors: until when ingest reads none of their messages, and why. ``muted.json`` in the data folder.

A muted sensor is shown as muted, and what it covers as a gap. Its messages are not acknowledged, so a sender with a
spool sends them again afterwards. A mute always ends by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from ops.journal.events import Mute
from ops.runtime.output import write_private

FILE: Final = "muted.json"
MOST_S: Final = 86_400.0
"""Longest mute."""
MOST_SENSORS: Final = 1_000
_CHANGING: Final = threading.Lock()
"""Of two mutes at the same time, neither undoes the other. Only the API process changes the file."""


def mute(folder: Path, sensor: str, until_s: float, *, now_s: float, why: Mute | None = None) -> None:
    """Mute a sensor until a time (UTC seconds since 1970), which ends an earlier mute of it.

    ``why``: the reason, roles and number of its request; its ``until_ns`` is not used.
    """
    until_ns = round(min(until_s, now_s + MOST_S) * 1e9)
    made = msgspec.structs.replace(why or Mute(None), until_ns=until_ns)
    with _CHANGING:
        kept = {name: one for name, one in muted(folder).items() if _end_s(one) > now_s and name != sensor}
        write_private(folder / FILE, msgspec.json.encode(kept | {sensor: made}))


def muted(folder: Path) -> dict[str, Mute]:
    """Sensors with their mutes; empty where the file is missing or cannot be read: none is then muted."""
    try:
        found = msgspec.json.decode((folder / FILE).read_bytes())
    except (OSError, msgspec.DecodeError):
        return {}
    if not isinstance(found, dict) or len(found) > MOST_SENSORS:
        return {}
    return {str(name): made for name, one in found.items() if (made := _mute_of(one)) is not None}


def _mute_of(raw: Any) -> Mute | None:
    """A mute of the file; a number alone is its end, as an earlier version wrote it. None for anything else."""
    try:
        is_number = isinstance(raw, int | float) and not isinstance(raw, bool)
        made = Mute(round(raw * 1e9)) if is_number else msgspec.convert(raw, Mute)
    except (msgspec.ValidationError, OverflowError, ValueError):
        return None
    return made if made.until_ns is not None and 0 < made.until_ns < 2**63 else None


def _end_s(mute: Mute) -> float:
    return (mute.until_ns or 0) / 1e9


class MutedSensors:
    """Follows the file for ingest; ``at`` is cheap while it does not change."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._seen = folder, (0, 0)
        self._mutes: Mapping[str, Mute] = {}

    def at(self, now_s: float) -> dict[str, Mute]:
        """The mutes that are in force at a time, by sensor, each at most for ``MOST_S`` from then."""
        try:
            found = (self._folder / FILE).stat()
            stamp = found.st_ino, found.st_mtime_ns  # each version is a new file
        except OSError:
            stamp = 0, 0
        if stamp != self._seen:
            self._seen, self._mutes = stamp, muted(self._folder)
        return {name: one for name, one in self._mutes.items() if 0 < _end_s(one) - now_s <= MOST_S}
