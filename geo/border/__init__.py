"""Borders: lines and zones with two edges, the belt around them, their sections, segments and sub-sections."""

from geo.border.belt import Belt
from geo.border.line import Border
from geo.border.sections import Section
from geo.border.zone import Zone

__all__ = [
    "Belt",
    "Border",
    "Section",
    "Zone",
]
