"""Assumptions: the named numbers of a settings class, each with its unit, source and confidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Assumption:
    """One assumed number, for tables and reports.

    ``confidence`` is H for a standard, a measured law or a reproduced value, M for literature or common practice, and L
    for an assumption that must be shown to the reader of a result.
    """

    name: str
    value: float
    unit: str
    source: str
    confidence: str


def assumed(value: Any, unit: str, source: str, confidence: str = "L", **metadata: Any) -> Any:
    """A field of a settings dataclass whose default is an assumption: a number, or a mapping of names to numbers."""
    described = {"unit": unit, "source": source, "confidence": confidence, **metadata}
    if isinstance(value, Mapping):
        return field(default_factory=lambda: value, metadata=described)
    return field(default=value, metadata=described)


def assumptions_of(settings: Any) -> Iterator[Assumption]:
    """Yield every number of a settings dataclass whose fields are ``assumed``; for a mapping, each entry separately."""
    for f in fields(settings):
        value, story = getattr(settings, f.name), (f.metadata["unit"], f.metadata["source"], f.metadata["confidence"])
        if isinstance(value, Mapping):
            yield from (Assumption(f"{f.name}: {name}", number, *story) for name, number in value.items())
        else:
            yield Assumption(f.name, value, *story)
