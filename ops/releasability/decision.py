"""The decision about releasability: whether a receiver may have a record, by the marking of the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

EVERYTHING: Final = "*"
"""Stands for every marking, where a person or feed has no limit."""
UNMARKED: Final = ""
"""Marking of a record that has none, and limit of a receiver that gets such records only."""


@dataclass(frozen=True, slots=True)
class Markings:
    """Markings in order, the least restrictive first. A name that is not among them is the most restrictive of all."""

    levels: tuple[str, ...] = ()

    def rank(self, marking: str) -> int:
        """Place of a record's marking: 0 for none; above every level for an unknown one."""
        if marking == UNMARKED:
            return 0
        return self.levels.index(marking) + 1 if marking in self.levels else len(self.levels) + 1

    def clearance(self, limit: str) -> int:
        """Highest rank that a receiver with this limit gets; 0, no marked records, for an unknown limit."""
        if limit == EVERYTHING:
            return len(self.levels) + 1
        return self.levels.index(limit) + 1 if limit in self.levels else 0

    def may_see(self, limit: str, marking: str) -> bool:
        """Whether a receiver with this limit may have a record with this marking."""
        return self.rank(marking) <= self.clearance(limit)

    def sees_every_level(self, limit: str) -> bool:
        """Whether no marking of the settings is hidden from a receiver with this limit."""
        return self.clearance(limit) >= len(self.levels)

    def within(self, limit: str) -> tuple[str, ...]:
        """The markings that a receiver with this limit may see, the least restrictive first."""
        return self.levels[: self.clearance(limit)]

    def most_restrictive(self, markings: Iterable[str]) -> str:
        """Marking of a record that is combined from records with these markings; none for none."""
        return max(markings, key=self.rank, default=UNMARKED)

    def released(self, records: Iterable[Mapping[str, Any]], limit: str) -> list[Mapping[str, Any]]:
        """Those of the records that a receiver with this limit may have; their field ``marking`` is absent for none."""
        return [record for record in records if self.may_see(limit, record.get("marking", UNMARKED))]
