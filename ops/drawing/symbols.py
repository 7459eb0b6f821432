"""Symbols on maps, in the order of legends."""

from __future__ import annotations

from typing import Final

from geo.message import Message
from ops.runtime.output import say

KINDS: Final = ("radar", "camera", "ground_sensor", "radio", "human", "relay", "base", "alert")
"""Kinds of symbols, sensors first."""


def symbol_name(kind: str) -> Message:
    """The name of a symbol."""
    return Message("map-symbol", {"kind": kind})


def legend_of(kinds: set[str]) -> list[tuple[str, str]]:
    """(kind, name) of the symbols that a map has, sensors first."""
    return [(kind, say(symbol_name(kind))) for kind in KINDS if kind in kinds]
