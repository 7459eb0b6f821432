"""Whether each part of the system works: broker, ingest, fusion, feeds, map, disk, the live picture, and others."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from geo.message import Message
from ops.runtime.output import say_in_english
from ops.runtime.processes.part_state import without_folders, without_log
from ops.store.connections import StoreError
from ops.store.reader import Reader

LEAST_FREE_BYTES: Final = 1_000_000
"""Free space of the data folder below which nothing can be stored reliably. Ingest reports a full disk earlier."""
DISK_FULL: Final = "DISK_FULL"
"""Beginning of what ingest and fusion report while the disk is full."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """``parts`` states why each process does not work, None for one that does; ``folder`` is the data folder."""

    reader: Reader
    parts: Callable[[], Mapping[str, Message | None]]
    now_ns: Callable[[], int]
    stale_after_s: float
    folder: Path

    def look(self, *, in_full: bool = False) -> dict[str, str]:
        """Return one sentence for each part that does not work, and an empty text for one that does.

        ``in_full``: with what the logs say, and where they are.
        """
        found: dict[str, str] = {}
        full = ""
        for name, state in self.parts().items():
            sentence = "" if state is None else say_in_english(state if in_full else without_log(state))
            if state is not None and str(state.parameters.get("problem", "")).startswith(DISK_FULL):
                full = full or sentence.removeprefix(f"{DISK_FULL}: ")
            found[name] = sentence
        found["disk"] = full or self._disk()
        picture = self._picture()
        found["picture"] = picture if in_full else without_folders(picture)
        return {name: _closed(sentence) for name, sentence in found.items()}

    def _disk(self) -> str:
        try:
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            return f"The data folder cannot be read ({error.strerror})."
        return "" if free >= LEAST_FREE_BYTES else f"The disk of the data folder has {free / 1e6:.1f} MB left."

    def _picture(self) -> str:
        try:
            live = self.reader.live("tracks")
        except StoreError as error:
            return str(error)
        if live is None:
            return "Fusion has not written a live picture yet."
        age_s = (self.now_ns() - live.stamp_ns) / 1e9
        return "" if age_s <= self.stale_after_s else f"The live picture is {age_s:.0f} s old."


def _closed(sentence: str) -> str:
    return sentence if not sentence or sentence.endswith((".", "!", "?")) else f"{sentence}."
