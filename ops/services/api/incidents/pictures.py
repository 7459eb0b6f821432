"""The pictures of an incident: those that were seen with one of its tracks, or belong to evidence of its alerts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from ops.services.media.book import FILE, BookError, Picture, PictureBook, ScanName
from ops.services.media.vault import Vault
from ops.store.incidents import IncidentReader

MOST_ALERTS: Final = 50
"""The newest alerts of an incident whose evidence is looked up; the tracks cover the others."""


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
            return book.pictures_of(tracks, list(scans))
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


__all__ = ["BookError", "IncidentPictures"]
