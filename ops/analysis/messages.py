"""Numbers and names of equipment as the language of an analysis writes them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from geo.message import Message
from ops.runtime.output import catalogue, say_in_english
from sensors.equipment.catalogue import Item

Say = Callable[..., str]
"""Makes the sentence of a message in one language, as ``ops.runtime.output.say`` does."""
SMALLEST = 1e-6
"""Numbers closer to 0 are written as 0."""


def item_name(name: str) -> Message:
    """The short name of an item of the equipment catalogue; of an own item its identifier, as its author wrote it."""
    return Message("equipment-item-name", {"item": name, "name": name.replace("_", " ")})


def item_title(item: Item) -> Message:
    """The title of an item, as its author wrote it where it is not the shipped one."""
    told = Message("equipment-item-title", {"item": item.name, "title": item.title})
    return told if say_in_english(told) == item.title else Message(told.id, {"item": "own", "title": item.title})


def plain(value: float) -> str:
    """Format a number with at most four significant digits."""
    if not np.isfinite(value):
        return catalogue().formats.number(None)
    value = rounded(value, 4) if abs(value) >= SMALLEST else 0.0
    digits = 0 if value == 0.0 or abs(value) >= 1000.0 else max(0, 3 - int(np.floor(np.log10(abs(value)))))
    text = f"{value:.{digits}f}"
    digits = len(text.partition(".")[2].rstrip("0"))
    return catalogue().formats.number(value, digits)


def rounded(value: float, significant: int) -> float:
    """Round to a number of significant digits."""
    return value if not np.isfinite(value) else float(f"{value:.{significant}g}")
