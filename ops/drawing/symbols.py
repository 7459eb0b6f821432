"""What the symbols on maps stand for, in the order of legends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SENSOR_NAMES: Final[Mapping[str, str]] = {
    "radar": "radar",
    "camera": "camera",
    "ground_sensor": "ground sensor",
    "radio": "radio finder",
    "human": "observer",
}
"""Name of each sensor kind in a legend."""
OTHER_NAMES: Final[Mapping[str, str]] = {"base": "patrol base", "alert": "alert"}


def legend_of(kinds: set[str]) -> list[tuple[str, str]]:
    """(kind, name) of the symbols that a map has, sensors first."""
    return [(kind, name) for kind, name in {**SENSOR_NAMES, **OTHER_NAMES}.items() if kind in kinds]
