"""The catalogue of indicators: for each its family, unit, direction, kind of source, interval of update and limits.

Definitions and limits as sentences are messages of ``indicators.ftl``, under the identifier of the indicator.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from geo.message import Message

FAMILIES: Final = ("crime_and_governance", "national_action_plan", "international_agreements", "tactical_tools")
"""The four families of success. Only the last comes from sensors."""
FILE: Final = Path(__file__).with_name("catalogue.toml")
Source = Literal["statistics", "index", "register", "report", "review", "challenge", "outcomes", "plan", "drills"]
COMPUTED: Final = ("challenge", "outcomes", "plan", "drills")
"""Kinds of source that Watchline computes itself; such a value is never imported."""


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An indicator of the catalogue.

    Parameters
    ----------
    id : str
        Identifier, which rows of tables and measures of plans name.
    family : str
        One of FAMILIES.
    unit : str
        Unit of its values; 1 for fractions.
    source : str
        Kind of source.
    limits : tuple of str
        Codes of the limits that are stated with every value.
    better : "higher", "lower" or None
        Direction of improvement; None where a change has no plain meaning.
    update_days : int, optional, days
        Interval at which a value is expected; None for a computed one. An assumption, not a rule of the source.
    least, most : float, optional
        Bounds of the values.
    """

    id: str
    family: Literal["crime_and_governance", "national_action_plan", "international_agreements", "tactical_tools"]
    unit: str
    source: Source
    limits: tuple[str, ...]
    better: Literal["higher", "lower"] | None = None
    update_days: int | None = None
    least: float | None = None
    most: float | None = None

    @property
    def computed(self) -> bool:
        """Whether Watchline computes the values itself."""
        return self.source in COMPUTED

    @property
    def counts(self) -> bool:
        """Whether its values are numbers of cases in a period."""
        return self.source in ("statistics", "register") and self.unit != "1"

    @property
    def needs_edition(self) -> bool:
        """Whether publishers have scales of their own, so that a value means nothing without its edition."""
        return "scales" in self.limits

    @property
    def title(self) -> Message:
        """The name for people."""
        return Message("indicator-title", {"indicator": self.id})

    @property
    def definition(self) -> Message:
        """The definition for people."""
        return Message("indicator-definition", {"indicator": self.id})

    @property
    def limit_sentences(self) -> tuple[Message, ...]:
        """The limits for people."""
        return tuple(Message("indicator-limit", {"limit": code}) for code in self.limits)

    def as_dict(self) -> dict[str, Any]:
        """The definition for JSON."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


@lru_cache(maxsize=1)
def definitions() -> Mapping[str, Definition]:
    """Return the indicators of the catalogue by identifier, in the order of the families."""
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    found = msgspec.convert([{"id": name, **values} for name, values in table.items()], list[Definition])
    return {one.id: one for one in sorted(found, key=lambda one: FAMILIES.index(one.family))}
