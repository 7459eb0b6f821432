"""Numbers and names of equipment as the language of an analysis writes them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from geo.message import Message
from ops.runtime.output import catalogue, say, say_in_english
from sensors.equipment.catalogue import Item

Say = Callable[..., str]
"""Makes the sentence of a message in one language, as ``ops.runtime.output.say`` does."""
SMALLEST = 1e-6
"""Numbers closer to 0 are written as 0."""
MOST_EXACT = 1e15
"""Whole numbers from which on a double is not exact."""


def item_name(name: str) -> Message:
    """The short name of an item of the equipment catalogue; of an own item its identifier, as its author wrote it."""
    return Message("equipment-item-name", {"item": name, "name": name.replace("_", " ")})


def item_title(item: Item) -> Message:
    """The title of an item, as its author wrote it where it is not the shipped one."""
    told = Message("equipment-item-title", {"item": item.name, "title": item.title})
    return told if say_in_english(told) == item.title else Message(told.id, {"item": "own", "title": item.title})


def as_recorded(value: float, other: float | None = None) -> str:
    """Format a number that a source states: a whole one, or the whole part of another, in full.

    Decimals are at most four significant digits, or as many as part it from ``other``, such as its target.
    """
    if not math.isfinite(value):
        return plain(value)
    if value == round(value) and abs(value) < MOST_EXACT:
        return catalogue().formats.number(value, 0)
    least = max(4, len(f"{abs(value):.0f}"))
    if other is None or value == other:
        return plain(value, least)
    parted = (digits for digits in range(least, 16) if rounded(value, digits) != rounded(other, digits))
    return plain(value, next(parted, least))


def amount(value: float, unit: str, other: float | None = None, *, say: Say = say) -> str:
    """Format a number that a source states with its unit; see ``as_recorded``."""
    written = as_recorded(value, other)
    return written if unit == "1" else say("score-value", value=written, unit=unit)


def plain(value: float, significant: int = 4) -> str:
    """Format a number with at most four significant digits, or another number of them."""
    if not np.isfinite(value):
        return catalogue().formats.number(None)
    value = rounded(value, significant) if abs(value) >= SMALLEST else 0.0
    digits = 0 if value == 0.0 else max(0, significant - 1 - int(np.floor(np.log10(abs(value)))))
    text = f"{value:.{digits}f}"
    digits = len(text.partition(".")[2].rstrip("0"))
    return catalogue().formats.number(value, digits)


def rounded(value: float, significant: int) -> float:
    """Round to a number of significant digits."""
    return value if not np.isfinite(value) else float(f"{value:.{significant}g}")
