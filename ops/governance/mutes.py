"""Muted sensors: until when ingest reads none of their messages. ``muted.json`` in the data folder.

A muted sensor is shown as offline, and what it covers as a gap. Its messages are not acknowledged, so a sender with a
spool sends them again afterwards. A mute always ends by itself.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ops.runtime.output import write_private

FILE: Final = "muted.json"
MOST_S: Final = 86_400.0
"""Longest mute."""
MOST_SENSORS: Final = 1_000
_CHANGING: Final = threading.Lock()
"""Of two mutes at the same time, neither undoes the other. Only the API process changes the file."""


def mute(folder: Path, sensor: str, until_s: float, *, now_s: float) -> None:
    """Mute a sensor until a time (UTC seconds since 1970), which ends an earlier mute of it."""
    with _CHANGING:
        kept = {name: end for name, end in muted(folder).items() if end > now_s and name != sensor}
        write_private(folder / FILE, json.dumps(kept | {sensor: min(until_s, now_s + MOST_S)}).encode())


def muted(folder: Path) -> dict[str, float]:
    """Sensors with the ends of their mutes; empty where the file is missing or cannot be read: none is then muted."""
    try:
        found = json.loads((folder / FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict) or len(found) > MOST_SENSORS:
        return {}
    return {
        str(name): float(end)
        for name, end in found.items()
        if isinstance(end, int | float) and not isinstance(end, bool)
    }


class MutedSensors:
    """Follows the file for ingest; ``at`` is cheap while it does not change."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._seen = folder, (0, 0)
        self._ends: Mapping[str, float] = {}

    def at(self, now_s: float) -> frozenset[str]:
        """The sensors that are muted at a time, at most for ``MOST_S`` from then."""
        try:
            found = (self._folder / FILE).stat()
            stamp = found.st_ino, found.st_mtime_ns  # each version is a new file
        except OSError:
            stamp = 0, 0
        if stamp != self._seen:
            self._seen, self._ends = stamp, muted(self._folder)
        return frozenset(name for name, end in self._ends.items() if 0 < end - now_s <= MOST_S)
