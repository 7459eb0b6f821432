"""Places on a border as the sentences of a report name them: segment, chainage, section."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from geo.border import Border
from geo.border.sections import read_sections, section_of_segments
from geo.errors import BadInput
from geo.message import Message
from ops.sector.open_sector import OpenSector


def place_of(ground: OpenSector, segment: int) -> Message:
    """A segment with its chainage, and the name of its section where the sector has one."""
    start, end = ground.crossed.segment_spans_m[segment] / 1000.0
    section = _section(ground, segment)
    where: dict[str, Any] = {"number": str(segment), "start": float(start), "end": float(end)}
    return Message("map-place", where) if section is None else Message("map-place-in", {**where, "section": section})


def sections_by_segment(ground: OpenSector) -> list[str | None]:
    """The name of the section of each segment; None beyond sections, and everywhere where the border is a zone.

    Raises BorderError for sections that cannot be used.
    """
    if ground.sector.sections is None or ground.zone is not None:
        return [None] * ground.crossed.segments
    return list(_section_names(ground.sector.sections, ground.border))


def _section(ground: OpenSector, segment: int) -> str | None:
    if ground.sector.sections is None or ground.zone is not None:
        return None  # sections are those of the line, whose segments a zone does not share
    try:
        return _section_names(ground.sector.sections, ground.border)[segment]
    except BadInput:
        return None


@lru_cache(maxsize=2)
def _section_names(path: Path, border: Border) -> list[str | None]:
    """The name of the section that each segment belongs to; a report asks for many segments of one border."""
    sections = read_sections(path, border)
    return [sections[owner].name if owner >= 0 else None for owner in section_of_segments(border, sections)]
