"""A file in an answer, whole or the part that was asked for (RFC 9110, 14), by which players of clips seek."""

from __future__ import annotations

import re
from typing import Final

from fastapi import HTTPException
from fastapi.responses import Response

_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def ranged(data: bytes, media_type: str, asked: str | None) -> Response:
    """Return the file, or one range of it where ``asked``, the header *Range*, states one.

    A header that is not understood, or states several ranges, is ignored, as the standard allows.
    HTTPException 416 for a range beyond the end.
    """
    found = None if asked is None else _RANGE.fullmatch(asked.strip())
    if found is None or not (found[1] or found[2]):
        return Response(data, media_type=media_type, headers={"Accept-Ranges": "bytes"})
    size = len(data)
    first = int(found[1]) if found[1] else max(size - int(found[2]), 0)
    last = min(int(found[2]), size - 1) if found[1] and found[2] else size - 1
    if first >= size or (found[1] and found[2] and int(found[2]) < first):
        sentence = f"Range is beyond the end of the file, which has {size} bytes"
        raise HTTPException(416, sentence, {"Content-Range": f"bytes */{size}"})
    headers = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {first}-{last}/{size}"}
    return Response(data[first : last + 1], 206, media_type=media_type, headers=headers)
