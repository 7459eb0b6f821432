"""Files that a SAPIENT message refers to (``associated_file``), as references to pictures and clips.

The standard states a type in free text and an address, and neither size nor hash: what is fetched is checked by its
own first bytes and the limits alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from ingest.wire import WireMedia

TYPES: Final = ("image/jpeg", "image/png", "video/mp4", "video/webm")
ENDINGS: Final = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "mp4": "video/mp4", "webm": "video/webm",
}  # fmt: skip


def media_of(files: Iterable[Any], plot: int | None) -> list[WireMedia]:
    """Return references to the files that are pictures or clips; others are left out.

    Parameters
    ----------
    files : iterable of AssociatedFile
        Files of a detection report or of the answer to a task.
    plot : int, optional
        Index in its scan of the detection that they show.
    """
    found = []
    for one in files:
        kind = _type_of(one.type, one.url)
        if kind is None:
            continue
        fields = {"uri": one.url, "type": kind} | ({} if plot is None else {"plot": plot})
        try:
            found.append(msgspec.convert(fields, WireMedia))
        except msgspec.ValidationError:
            continue  # an address that no picture may have
    return found


def _type_of(stated: str, url: str) -> str | None:
    """The media type as stated, by the ending that is stated, or by that of the address; None for another file."""
    word = stated.strip().lower()
    if word in TYPES:
        return word
    try:
        ending = urlsplit(url).path.rpartition(".")[2].lower()
    except ValueError:
        return None
    return ENDINGS.get(word.lstrip(".")) or ENDINGS.get(ending)
