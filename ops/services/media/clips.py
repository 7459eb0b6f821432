"""Clips: what a video file must look like from outside. Nothing is decoded on the server; the browser plays it.

MP4 is a row of boxes, the first of the type ``ftyp`` (ISO/IEC 14496-12, 4.2 and 4.3); WebM is a Matroska file whose
EBML header names the document type ``webm`` (RFC 8794, 11.2; WebM Container Guidelines). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

CLIPS: Final = ("video/mp4", "video/webm")
MOST_BOXES: Final = 100_000
_EBML, _SEGMENT, _DOCTYPE = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x42\x82"
_LARGEST_HEADER: Final = 4096


def clip_problem(data: bytes, media_type: str) -> str:
    """Return the code of the rule that a clip breaks (``type`` or ``broken``); empty for none."""
    return _mp4_problem(data) if media_type == "video/mp4" else _webm_problem(data)


def _mp4_problem(data: bytes) -> str:
    if data[4:8] != b"ftyp":
        return "type"
    kinds = set()
    for number, (kind, end) in enumerate(_boxes(data)):
        if end > len(data) or number >= MOST_BOXES:
            return "broken"  # it ends within a box
        kinds.add(kind)
    return "" if b"moov" in kinds and b"mdat" in kinds else "broken"


def _boxes(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Type and end of each box of the file, in order; an end beyond the file for one that is cut off."""
    at = 0
    while at < len(data):
        size, kind, head = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16]), 16
        elif size == 0:
            size = len(data) - at  # to the end of the file
        end = at + size if size >= head and at + head <= len(data) else len(data) + 1
        yield kind, end
        at = end


def _webm_problem(data: bytes) -> str:
    if not data.startswith(_EBML):
        return "type"
    length, begin = _number(data, len(_EBML))
    end = begin + length
    if not 0 < length <= _LARGEST_HEADER or end > len(data):
        return "broken"
    found = data.find(_DOCTYPE, begin, end)
    if found < 0:
        return "type"
    size, at = _number(data, found + len(_DOCTYPE))
    if data[at : at + size].rstrip(b"\0") != b"webm":
        return "type"
    return "" if data[end : end + 4] == _SEGMENT else "broken"


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A size of variable length (RFC 8794, 4), and where what follows it begins; 0 for none."""
    first = data[at] if at < len(data) else 0
    if first == 0:
        return 0, at + 1
    width = 9 - first.bit_length()
    return int.from_bytes(data[at : at + width]) & ((1 << (7 * width)) - 1), at + width
