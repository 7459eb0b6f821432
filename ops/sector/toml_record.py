"""Reads a TOML file into a typed record; unknown keys are errors."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from geo.errors import BadInput

Record = TypeVar("Record")


class ConfigError(BadInput):
    """A sector or settings file that cannot be used."""


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file. ConfigError when it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError("there is no such file", where=str(path), expected="a TOML file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"cannot be read ({error})", where=str(path), expected="a readable TOML file") from None


def record_from(kind: type[Record], values: Mapping[str, Any], *, where: str) -> Record:
    """Build a frozen dataclass from a table; unknown keys and wrong types are errors that name the key."""
    assert is_dataclass(kind)
    import msgspec

    known = [item.name for item in fields(kind)]
    for key in values:
        if key not in known:
            raise ConfigError(f"unknown key {key!r}", where=where, expected=f"one of {', '.join(known)}")
    try:
        return msgspec.convert(dict(values), kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"wrong value ({error})", where=where, expected="the types of the documentation") from None
