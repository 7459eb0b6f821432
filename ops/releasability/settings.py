"""The table ``[releasability]`` of the settings file: markings, what gets one, and which feeds may pass it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from geo.errors import BadInput
from ingest.topics import identifier

MOST_LEVELS: Final = 8


@dataclass(frozen=True, slots=True)
class ReleasabilitySettings:
    """Markings of records, and the most restrictive marking that each feed passes on.

    Without ``levels`` no record has a marking.

    Parameters
    ----------
    levels : list of str
        Markings, the least restrictive first; at most 8.
    sensors : table
        Marking of each sensor and of its reports, by sensor id.
    classes : table
        Marking of the tracks and alerts of a target class, by class.
    sections : table
        Marking of tracks and alerts in a border section, by its name.
    units : table
        Most restrictive marking of the alerts that a unit receives, by unit; absent: only alerts without a marking.
    tracks_feed : str
        The same for the published track picture, which every unit of the sector can read.
    sapient : str
        The same for messages that the SAPIENT gateway sends.
    """

    levels: tuple[str, ...] = ()
    sensors: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)
    sections: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    tracks_feed: str = ""
    sapient: str = ""

    def __post_init__(self) -> None:
        for level in self.levels:
            identifier(level, "levels")
        if len(set(self.levels)) < len(self.levels) or len(self.levels) > MOST_LEVELS:
            expected = f"at most {MOST_LEVELS} different names, the least restrictive first"
            raise BadInput(f"{list(self.levels)}", where="levels", expected=expected)
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name == "levels":
                continue
            if isinstance(value, str):
                self._check(value, item.name)
                continue
            for name, marking in value.items():
                self._check(marking, f"{item.name}.{name}")

    def _check(self, marking: object, where: str) -> None:
        if marking and marking not in self.levels:
            expected = f"one of {', '.join(self.levels)}" if self.levels else "a marking that `levels` lists"
            raise BadInput(f"{marking!r}", where=where, expected=expected)
