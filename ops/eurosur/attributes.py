"""Attributes of reports by subject, as ``attributes.toml`` lists them: what a report of an event, an asset or an
analysis can state besides what all reports have, with the article that has it.

Attributes are optional unless they are required, because a first report holds what is known (R Annex 2).
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from geo.errors import BadInput
from geo.names import HIDDEN

FILE: Final = Path(__file__).with_name("attributes.toml")
AttributeKind = Literal["choice", "text", "count", "number", "country", "countries", "parts", "time", "month", "hash"]
AttributeValue = str | int | float | dict[str, int]
YEARS: Final = (1900, 2200)
"""Of a time: one at the end of the calendar cannot be written in UTC."""
NO_XML: Final = re.compile("[\ufffe\uffff]")
"""What XML cannot contain, besides control characters."""
MOST_COUNT: Final = 10_000_000
MOST_PARTS: Final = 300
MOST_TEXT: Final = 500
MOST_NAME: Final = 60
_COUNTRY: Final = re.compile("[A-Z]{3}")
_MONTH: Final = re.compile(r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])")
_HASH: Final = re.compile("[0-9a-f]{64}")
_EXPECTED: Final = {
    "text": f"1 to {MOST_TEXT} visible characters",
    "count": f"a whole number from 0 to {MOST_COUNT:,}",
    "country": "three capital letters (ICAO Doc 9303), such as CYP, or XXX where it is unspecified",
    "countries": "numbers by country, such as SYR 3, AFG 2",
    "parts": "numbers by part, such as adult 3, minor 2",
    "time": f"a time with an offset from UTC, such as 2026-03-14T21:07:33Z, of a year from {YEARS[0]} to {YEARS[1]}",
    "month": "a month, such as 2026-03",
    "hash": "a SHA-256 of 64 hexadecimal digits",
}


class Attribute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One attribute: its kind, where the text at hand has it, and what it can be.

    ``cite``: empty where the name is ours. ``ours``: the ``values`` that are. ``least`` and ``most`` [``unit``].
    """

    kind: AttributeKind
    cite: str = ""
    values: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    least: float = -math.inf
    most: float = 1e12
    unit: str = ""
    required: bool = False


class ReportSubject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A subject of a layer: where the text at hand has it, and its attributes in order."""

    cite: str
    attributes: dict[str, Attribute] = {}


@lru_cache(maxsize=1)
def subjects() -> Mapping[str, Mapping[str, ReportSubject]]:
    """Return the subjects by layer, in the order of the file."""
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return msgspec.convert(table, dict[str, dict[str, ReportSubject]])


def check_details(layer: str, sublayer: str, details: Mapping[str, AttributeValue]) -> None:
    """Raise BadInput naming the attribute (``details.NAME``) that cannot be stated, or is missing."""
    known = subjects()[layer][sublayer].attributes
    for name, value in details.items():
        if name not in known:
            expected = ", ".join(known) or f"none, for {sublayer}"
            raise BadInput(f"{name[:60]!r} of {sublayer}", where="details", expected=expected)
        check_value(name, known[name], value)
    for name, attribute in known.items():
        if attribute.required and name not in details:
            raise BadInput("is missing", where=f"details.{name}", expected=f"a value, for {sublayer}")
    _check_together(details)


def check_value(name: str, attribute: Attribute, value: Any) -> None:
    """Raise BadInput where a value is not one of the attribute."""
    if not _fits(attribute, value):
        raise BadInput(f"{str(value)[:60]!r}", where=f"details.{name}", expected=expected_of(attribute))


def expected_of(attribute: Attribute) -> str:
    """The values that an attribute takes, for a refusal."""
    if attribute.kind == "choice":
        return ", ".join(attribute.values)
    if attribute.kind == "number":
        return f"a number from {attribute.least:g} to {attribute.most:g} {attribute.unit}".rstrip()
    return _EXPECTED[attribute.kind]


def time_of(value: str) -> datetime | None:
    """The time of a text in UTC; None for what is none, or has no offset."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    usable = at.tzinfo is not None and YEARS[0] <= at.year <= YEARS[1]
    return at.astimezone(UTC) if usable else None


def end_of_month(month: str) -> datetime:
    """The end of a month such as 2026-03, UTC."""
    year, number = (int(part) for part in month.split("-"))
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)


def _fits(attribute: Attribute, value: Any) -> bool:
    kind = attribute.kind
    if kind == "count":
        return _is_count(value)
    if kind == "number":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and attribute.least <= value <= attribute.most and math.isfinite(value)
    if kind in ("countries", "parts"):
        if not isinstance(value, dict) or not 0 < len(value) <= MOST_PARTS:
            return False
        named = _COUNTRY.fullmatch if kind == "countries" else lambda text: _is_text(text, MOST_NAME)
        return all(isinstance(part, str) and named(part) and _is_count(number) for part, number in value.items())
    if not isinstance(value, str):
        return False
    if kind == "choice":
        return value in attribute.values
    if kind == "text":
        return _is_text(value, MOST_TEXT)
    if kind == "time":
        return time_of(value) is not None
    return {"country": _COUNTRY, "month": _MONTH, "hash": _HASH}[kind].fullmatch(value) is not None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_COUNT


def _is_text(value: str, most: int) -> bool:
    return bool(value.strip()) and len(value) <= most and not HIDDEN.search(value) and not NO_XML.search(value)


def _check_together(details: Mapping[str, Any]) -> None:
    """Raise BadInput where attributes contradict each other: parts that are not the count, an end before its start."""
    count = details.get("count")
    for name, value in details.items():
        if isinstance(value, dict) and count is not None and sum(value.values()) != count:
            what = f"adds up to {sum(value.values())}"
            raise BadInput(what, where=f"details.{name}", expected=f"parts that add up to the count, {count}")
        inside = name in ("same_identity", "several_identities", "unaccompanied_minors")
        if inside and count is not None and value > count:
            raise BadInput(f"{value}", where=f"details.{name}", expected=f"at most the count, {count}")
    start, end = (time_of(str(details.get(name, ""))) for name in ("starts_at", "ends_at"))
    if start and end and end < start:
        raise BadInput("ends before it begins", where="details.ends_at", expected="a time after `starts_at`")
