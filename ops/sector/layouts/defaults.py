"""Defaults of a layout that often surprise: keys that the file leaves out, and what is assumed instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from geo.message import Message, Parameter
from sensors.errors import LayoutError
from sensors.layout import RECORDS
from sensors.layout_document import read_document
from sensors.sensor import DEFAULT_DETECTION_PROBABILITY, Sensor


@dataclass(frozen=True, slots=True)
class SurprisingDefault:
    """A key with its message, the kinds of sensors to which it matters, and the value that is assumed."""

    key: str
    message: str
    kinds: frozenset[str]
    value: float | None


SURPRISING: Final = (
    SurprisingDefault("mast_height_m", "sector-default-mast", frozenset({"radar", "camera", "radio"}), 2.0),
    SurprisingDefault("period_s", "sector-default-period", frozenset({"radar", "camera"}), None),
    SurprisingDefault(
        "detection_probability",
        "sector-default-probability",
        frozenset(RECORDS) - {"relay"},
        DEFAULT_DETECTION_PROBABILITY,
    ),
)
assert Sensor.__dataclass_fields__["mast_height_m"].default == SURPRISING[0].value


def defaults_used(layout: Path) -> list[Message]:
    """Return a message for each default in SURPRISING that sensors of a layout file use; none for an unreadable file.

    A sensor with an item of the equipment catalogue takes its values from there.
    """
    try:
        document: Any = read_document(layout, RECORDS)
        rows = [feature["properties"] for feature in document["features"]]
    except (LayoutError, KeyError, TypeError):
        return []
    rows = [row for row in rows if isinstance(row, Mapping) and row.get("catalogue") is None]
    messages = []
    for default in SURPRISING:
        named = tuple(
            str(row.get("id")) for row in rows if row.get("kind") in default.kinds and row.get(default.key) is None
        )
        if named:
            values: dict[str, Parameter] = {"sensors": named, "count": len(named), "value": default.value}
            messages.append(Message(default.message, values))
    return messages
