"""Tables of a settings file whose keys are names: of units, receivers, cameras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geo.errors import BadInput
from ingest.topics import identifier
from ops.sector.toml_record import ConfigError, record_errors


def named_errors(kind: type[Any], tables: Mapping[str, Any], key: str, *, where: str) -> list[ConfigError]:
    """Return every error of tables whose names are those of units, receivers or cameras."""
    errors: list[ConfigError] = []
    for name, values in tables.items():
        if not isinstance(values, dict):
            errors.append(ConfigError(f"{name} is not a table", where=where, expected="a table", key=name))
            continue
        errors += record_errors(kind, values, where=f"{where} {key}.{name}")
        try:
            identifier(name, key)
        except BadInput as error:
            errors.append(ConfigError(error.what, where=f"{where} {key}", expected=error.expected, key=name))
    return errors
