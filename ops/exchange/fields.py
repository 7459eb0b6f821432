"""What can be shared at all: layers and their fields. A field that is not listed here never leaves by a package.

Texts that people wrote, sentences, names of sensors, units and persons, and lines of tracks are not listed, because a
rule cannot judge what they reveal. Sensors and the layout are not a layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

FieldKind = Literal["code", "name", "time", "number", "whole"]
"""``code``: one word of lower-case letters and underscores; ``name``: a short text of the sector, such as a section."""

FIELDS: Final[Mapping[str, Mapping[str, FieldKind]]] = {
    "incidents": {
        "kind": "code", "state": "code", "priority": "code", "opened_at": "time", "updated_at": "time",
        "disposition": "code", "section": "name", "class_label": "code", "direction": "whole",
    },
    "alerts": {
        "rule": "code", "priority": "code", "status": "code", "raised_at": "time", "updated_at": "time",
        "class_label": "code",
    },
    "positions": {
        "time": "time", "status": "code", "existence": "number", "speed_mps": "number", "course_deg": "number",
        "error_95_m": "number",
    },
    "coverage": {"probability": "number"},
}  # fmt: skip
"""The fields of each layer that an agreement may name, and their kinds."""
COVERAGE: Final = "coverage"
ALWAYS: Final = ("id", "source")
"""Columns of every layer: the pseudonym of the record, and the origin that stated it."""
IDENTIFIERS: Final = {"incidents": "id", "alerts": "id", "positions": "track"}
"""The column of the export that names the record, which becomes a pseudonym."""
