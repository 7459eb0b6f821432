"""The purpose of a read of personal data: stated by its person, or the default of the person's role."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from geo.errors import BadInput

DEFAULT_PURPOSES: Final[Mapping[str, str]] = {
    "viewer": "situational awareness",
    "operator": "border surveillance: detection and response",
    "supervisor": "supervision of border surveillance",
    "planner": "planning of border surveillance",
    "analyst": "analysis of border surveillance",
    "admin": "administration of the system",
    "auditor": "audit of data processing",
    "system": "operation of the system",
}
"""Default purpose by role."""
UNSTATED: Final = "border surveillance"
"""Purpose of a role without a default."""
_PURPOSE: Final = re.compile(r"[ -~]{3,200}")


def is_purpose(text: str) -> bool:
    """Return whether a purpose that a person entered can be logged: 3 to 200 visible characters on one line."""
    return 3 <= len(text) <= 200 and text.isprintable()


def purpose_of(role: str, stated: str | None = None) -> str:
    """Return the stated purpose, or the default of the role. BadInput for one that cannot be logged."""
    if stated is None:
        return DEFAULT_PURPOSES.get(role, UNSTATED)
    if not _PURPOSE.fullmatch(stated):
        raise BadInput(
            "The header Purpose cannot be logged", where="Purpose", expected="3 to 200 printable ASCII characters"
        )
    return stated
