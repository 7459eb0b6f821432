"""Files and folders that the settings file names: a relative path begins at the folder of the settings file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

PATHS: Final[tuple[tuple[str, ...], ...]] = (
    ("unit_certificates",),
    ("audit", "witness"),
    ("exchange", "agreements"),
    ("exchange", "identity"),
    ("media", "drop"),
    ("goods", "codes"),
    ("cue", "onvif", "*", "credentials"),
    ("cue", "onvif", "*", "authority"),
    ("feeds", "cot", "servers", "*", "authority"),
    ("feeds", "cot", "servers", "*", "certificate"),
    ("feeds", "cot", "servers", "*", "key"),
    ("feeds", "cap", "receivers", "*", "authority"),
    ("feeds", "web_hook", "receivers", "*", "authority"),
)
"""Where a settings file holds paths; ``*``: every table of a list or of a table."""


def from_folder(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The parsed settings file with absolute paths; ``table`` is not changed, and what has another form is kept."""
    found: Any = table
    for keys in PATHS:
        found = _placed(found, keys, folder)
    return dict(found)


def _placed(value: Any, keys: tuple[str, ...], folder: Path) -> Any:
    if not keys:
        return str(folder / value) if isinstance(value, str) and value else value
    first, *rest = keys
    if first == "*" and isinstance(value, list):
        return [_placed(one, tuple(rest), folder) for one in value]
    if not isinstance(value, Mapping):
        return value
    names = list(value) if first == "*" else [first]
    return {**value, **{name: _placed(value[name], tuple(rest), folder) for name in names if name in value}}
