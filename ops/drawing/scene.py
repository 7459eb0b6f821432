"""Captions of a drawing, as texts and messages: vertical datum, conditions, target and exposure time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from geo.message import Message
from ops.runtime.output import say


def datum_message(datum: object) -> Message:
    """The name of a vertical datum: of a common one in words, of another as the raster states it."""
    name = "unknown" if datum is None else str(datum)
    ellipsoid = name.removeprefix("ellipsoid of ")
    if ellipsoid != name:
        return Message("map-datum-ellipsoid", {"name": ellipsoid})
    return Message("map-datum", {"datum": re.sub("[^a-z0-9]+", "-", name.lower()), "name": name})


def datum_words(datum: object) -> str:
    """``datum_message`` in the language of this process."""
    return say(datum_message(datum))


def conditions_words(label: str) -> tuple[Message, ...]:
    """The names in a label of conditions such as ``night,fog``."""
    return tuple(Message("coverage-condition", {"name": name}) for name in label.split(","))


def scene_of(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Target, conditions and exposure time of a coverage dataset, as parameters of a message."""
    return {
        "target": Message("target-class", {"class": str(attrs["target"])}),
        "conditions": conditions_words(str(attrs["conditions"])),
        "exposure": float(attrs["dwell_s"]),
    }
