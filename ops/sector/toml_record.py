"""Reads a TOML file into a typed record; unknown keys are errors, and all errors of a file are collected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, get_type_hints

from geo.errors import BadInput
from geo.names import expected_name
from geo.text_files import NotReadable, read_text

Record = TypeVar("Record")

PLAIN: Final[Mapping[str, str]] = {
    "float": "a number",
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "datetime": "a date and time with an offset from UTC, such as 2026-03-14T22:00:00Z",
}
"""Types as msgspec names them, and for people."""


class ConfigError(BadInput):
    """A sector or settings file that cannot be used.

    ``key`` is the key with the error, and ``more`` the errors of the same file besides this one, which stands for all.
    """

    def __init__(
        self, what: str, *, where: str, expected: str, key: str = "", more: Sequence[ConfigError] = ()
    ) -> None:
        super().__init__(what, where=where, expected=expected)
        self.key = key
        self.more = tuple(more)

    def __str__(self) -> str:
        first = super().__str__()
        if not self.more:
            return first
        others = f"{len(self.more)} more error{'s' if len(self.more) > 1 else ''}"
        return f"{first.rstrip('.')} ({others}; `watchline sector check` lists all)."


def raise_all(errors: Sequence[ConfigError]) -> None:
    """Raise the first of several errors, with the others attached; nothing without an error."""
    if errors:
        first, *more = errors
        raise ConfigError(first.what, where=first.where, expected=first.expected, key=first.key, more=more)


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file. ConfigError when it cannot be read."""
    try:
        return tomllib.loads(read_text(path))
    except FileNotFoundError:
        raise ConfigError("there is no such file", where=str(path), expected="a TOML file") from None
    except OSError as error:
        raise ConfigError(
            f"cannot be read ({error.strerror})", where=str(path), expected="a readable TOML file"
        ) from None
    except NotReadable as error:
        raise ConfigError(str(error), where=str(path), expected="a TOML file in UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"is not TOML ({error})", where=str(path), expected="a TOML file") from None


def unknown_key(
    key: str,
    known: Iterable[str],
    *,
    where: str,
    renamed: Mapping[str, str] | None = None,
    also: Mapping[str, str] | None = None,
) -> ConfigError:
    """Return the error for a key that does not exist: it names its new name, else the key that was probably meant.

    ``also`` maps names that people expect to keys.
    """
    if renamed and key in renamed:
        return ConfigError(f"{key!r} was renamed", where=where, expected=repr(renamed[key]), key=key)
    expected = expected_name(key, known, {**(renamed or {}), **(also or {})})
    return ConfigError(f"unknown key {key!r}", where=where, expected=expected, key=key)


def record_errors(
    kind: type[Any], values: Mapping[str, Any], *, where: str, renamed: Mapping[str, str] | None = None
) -> list[ConfigError]:
    """Return every error of a table for a frozen dataclass: unknown keys, wrong types, values that it refuses.

    ``renamed`` maps former keys to their new names.
    """
    assert is_dataclass(kind)
    import msgspec

    known = [item.name for item in fields(kind)]
    errors = [unknown_key(key, known, where=where, renamed=renamed) for key in values if key not in known]
    hints = get_type_hints(kind, include_extras=True)
    for key in values.keys() & set(known):
        try:
            msgspec.convert(values[key], hints[key])
        except msgspec.ValidationError as error:
            what, expected = f"{key} = {_short(values[key])}", _expectation(error)
            errors.append(ConfigError(what, where=where, expected=expected, key=key))
    errors.sort(key=lambda one: list(values).index(one.key))
    remaining = {key: value for key, value in values.items() if key not in {error.key for error in errors}}
    while True:
        try:
            msgspec.convert(remaining, kind)
        except msgspec.ValidationError as error:
            absent = re.search(r"missing required field `(\w+)`", str(error))
            if absent is None:
                errors.append(ConfigError(_reason(error), where=where, expected="a value within its limits"))
            elif absent[1] not in values:
                required = [
                    one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING
                ]
                what, expected = f"the key {absent[1]!r} is missing", ", ".join(required)
                errors.append(ConfigError(what, where=where, expected=expected, key=absent[1]))
            return errors
        except BadInput as error:  # of the record's own checks: the key is named in the sentence
            text = f"{error.where} {error.what}"
            named = [key for key in remaining if re.search(rf"\b{re.escape(key)}\b", text)]
            key = named[0] if named else ""
            what = f"{key} = {_short(remaining[key])}" if named else error.what
            errors.append(ConfigError(what, where=where, expected=error.expected, key=key))
            if not named:
                return errors
            for name in named:
                del remaining[name]
        else:
            return errors


def record_from(
    kind: type[Record], values: Mapping[str, Any], *, where: str, renamed: Mapping[str, str] | None = None
) -> Record:
    """Build a frozen dataclass from a table. Raises ConfigError for unknown keys, wrong types and refused values."""
    import msgspec

    raise_all(record_errors(kind, values, where=where, renamed=renamed))
    return msgspec.convert(dict(values), kind)


def line_of(text: str, key: str, table: str = "") -> int | None:
    """Return the line, from 1, on which a TOML text gives a key of a table; None where it cannot be found."""
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
        if header and "=" not in line.partition("#")[0]:
            current = header[1].replace('"', "")
            if not key and current == table:
                return number
            if not table and current == key:
                return number
        elif current == table and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*[.=]""", line):
            return number
    return None


def _expectation(error: Exception) -> str:
    """Return what msgspec expected, in plain words."""
    text = str(error).partition(" - at ")[0].replace(" | null", "")
    found = re.match(r"Expected `([^`]+)`(?:, got `[^`]+`)?(.*)", text)
    if found is None and "datetime" in text:
        return PLAIN["datetime"]
    if found is None:
        return text.removeprefix("Expected ")[:1].lower() + text.removeprefix("Expected ")[1:]
    kinds = [PLAIN.get(name.strip(), name.strip()) for name in found[1].split("|")]
    return " or ".join(dict.fromkeys(kinds)) + found[2]


def _reason(error: Exception) -> str:
    return str(error).partition(" - at ")[0]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
