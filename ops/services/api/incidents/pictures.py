"""The pictures of an incident: those that were seen with one of its tracks, belong to evidence of its alerts, or were
taken by a camera because it was asked to look at it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from ops.services.media.book import FILE, MOST_SHOWN, BookError, Picture, PictureBook, ScanName
from ops.services.media.vault import Vault
from ops.store.incidents import IncidentReader
from ops.store.rows import time_ns

MOST_ALERTS: Final = 50
"""The newest alerts of an incident whose evidence is looked up; the tracks cover the others."""


AFTER_NS: Final = 2 * 10**9
"""A picture that belongs to a look is taken at most so long after the camera said that it was done. One whose direction
is not known is also taken at most so long before: until then the camera may show what it watched before the look."""
BESIDE_DEG: Final = 5.0
"""Largest angle between the direction of a look and that of a picture that belongs to it."""


class _Led(msgspec.Struct):
    evidence: list[ScanName] = []


class IncidentPictures:
    """Reads the book and the files of the media process in a data folder."""

    def __init__(self, data: Path, reader: IncidentReader) -> None:
        self._data, self._reader = data, reader
        self._vault = Vault(data)

    def of(self, incident: Mapping[str, Any]) -> list[Picture]:
        """Return the pictures of an incident as published, newest first. BookError for a book that cannot be read."""
        if not (self._data / FILE).exists():
            return []
        tracks = [one["track"] for one in incident["tracks"]]
        scans: dict[ScanName, None] = {}
        for alert in incident["alerts"][-MOST_ALERTS:]:
            found = self._reader.alert(alert)
            if found is not None:
                scans |= dict.fromkeys(msgspec.json.decode(found[2], type=_Led).evidence)
        book = PictureBook(self._data, read_only=True)
        try:
            pictures = {one.id: one for one in book.pictures_of(tracks, list(scans))}
            for look in incident.get("looks", ()):
                pictures |= {one.id: one for one in _taken_for(look, book)}
            return sorted(pictures.values(), key=lambda one: (one.observed_ns, one.id), reverse=True)[:MOST_SHOWN]
        finally:
            book.close()

    def track_of(self, picture: Picture) -> str:
        """Return the track that a picture shows; empty for none or several. BookError as ``of``."""
        book = PictureBook(self._data, read_only=True)
        try:
            tracks = book.tracks_of(picture.id)
        finally:
            book.close()
        return tracks[0] if len(tracks) == 1 else ""

    def file(self, picture: Picture) -> bytes | None:
        """Return the file of a stored picture; None if it is erased. VaultError for a changed one."""
        return self._vault.get(picture.sha256, picture.observed_ns)


def _taken_for(look: Mapping[str, Any], book: PictureBook) -> list[Picture]:
    """The pictures that a camera took in the direction of a look, from its request until just after it was done."""
    if look["state"] != "done":
        return []
    first_ns, last_ns = (time_ns(look[name], where="looks") for name in ("at", "changed_at"))
    return [
        one
        for one in book.pictures_by(look["camera"], first_ns, last_ns + AFTER_NS)
        if (
            one.observed_ns >= last_ns - AFTER_NS
            if one.azimuth_deg is None
            else abs((one.azimuth_deg - look["azimuth_deg"] + 180) % 360 - 180) <= BESIDE_DEG
        )
    ]


__all__ = ["BookError", "IncidentPictures"]
