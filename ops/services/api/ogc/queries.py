"""The query of a request for features, checked once: pygeoapi sees nothing that is wrong.

The checked query is what pygeoapi gets, in one spelling: a bounding box in longitude and latitude, whole numbers within
the limits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from geo.errors import BadInput
from ops.services.api.ogc.collections import TIME, FeatureCollection, PropertyType
from ops.services.api.ogc.filters import FeatureFilter
from ops.store.rows import time_ns

MOST_FEATURES: Final = 5_000
"""Features of one answer; a larger ``limit`` gets as many, as the standard demands."""
DEFAULT_FEATURES: Final = 1_000
MOST_OFFSET: Final = 1_000_000
MOST_TEXT: Final = 1_000
CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
FORMATS: Final = ("json", "html")
_OPEN: Final = ("", "..")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")


def crs_uri(epsg: int) -> str:
    """The address by which the standard names a reference system."""
    return f"http://www.opengis.net/def/crs/EPSG/0/{epsg}"


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From ``start_ns`` to ``end_ns``, both included; None is open."""

    start_ns: int | None
    end_ns: int | None

    @classmethod
    def parse(cls, text: str) -> TimeRange:
        """A time, or ``start/end``, where ``..`` or nothing is open. Raises BadInput."""
        ends = text.split("/")
        if len(ends) > 2:
            raise BadInput("has more than two times", where="datetime", expected="a time, or start/end")
        times = [None if len(ends) == 2 and end in _OPEN else _time_ns(end, "datetime") for end in ends]
        start, end = times[0], times[-1]
        if start is not None and end is not None and start > end:
            raise BadInput("ends before it starts", where="datetime", expected="start/end")
        return cls(start, end)

    def contains(self, at_ns: int) -> bool:
        """Whether a time is in it."""
        return (self.start_ns is None or at_ns >= self.start_ns) and (self.end_ns is None or at_ns <= self.end_ns)


def typed(text: str, kind: PropertyType, *, where: str) -> Any:
    """A value of a property in a query: a time as UTC ns. Raises BadInput."""
    if kind == "string":
        return text
    if kind == "time":
        return _time_ns(text, where)
    if kind == "boolean":
        if text not in ("true", "false"):
            raise BadInput(f"{text[:40]!r}", where=where, expected="true or false")
        return text == "true"
    return _number(text, where)


def checked_query(
    given: Sequence[tuple[str, str]], collection: FeatureCollection, systems: Sequence[str]
) -> dict[str, str]:
    """The query for items in one spelling. ``systems``: the reference systems offered. Raises BadInput."""
    texts = checked_names(given, (*CHECKS, "bbox", "bbox-crs", "crs", "filter", *collection.properties))
    checked = {name: check(texts[name], name, collection) for name, check in CHECKS.items() if name in texts}
    checked.setdefault("offset", "0")
    checked.setdefault("limit", str(DEFAULT_FEATURES))
    for name in ("crs", "bbox-crs"):
        if name in texts and texts[name] not in systems:
            raise BadInput(f"{texts[name][:80]!r} is not offered", where=name, expected=f"one of {', '.join(systems)}")
    if "crs" in texts:
        checked["crs"] = texts["crs"]
    if "bbox" in texts:
        checked["bbox"] = ",".join(f"{part:.9g}" for part in _bbox(texts["bbox"], texts.get("bbox-crs", CRS84)))
    elif "bbox-crs" in texts:
        raise BadInput("is given without a bbox", where="bbox-crs", expected="bbox=west,south,east,north with it")
    if "filter" in texts:
        FeatureFilter(texts["filter"], collection.properties)
        checked["filter"] = texts["filter"]
    checked.pop("filter-lang", None)  # checked; pygeoapi knows no cql2-text
    checked.pop("filter-crs", None)
    for name in texts.keys() & collection.properties.keys():
        typed(texts[name], collection.properties[name], where=name)
        checked[name] = texts[name]
    return checked


def checked_names(given: Sequence[tuple[str, str]], known: Sequence[str]) -> dict[str, str]:
    """The query as a dict. Raises BadInput for a parameter that is unknown, repeated or too long."""
    texts: dict[str, str] = {}
    for name, text in given:
        if name not in known:
            raise BadInput(f"unknown parameter {name[:40]!r}", where="query", expected=f"one of {', '.join(known)}")
        if name in texts:
            raise BadInput("is given twice", where=name, expected="one value")
        if len(text) > MOST_TEXT or not text.isprintable():
            raise BadInput("is too long, or not printable", where=name, expected=f"at most {MOST_TEXT} characters")
        texts[name] = text
    return texts


def one_of(*words: str) -> Callable[[str, str, Any], str]:
    """A check that a text is one of some words."""

    def check(text: str, name: str, _: Any) -> str:
        if text not in words:
            raise BadInput(f"{text[:40]!r}", where=name, expected=f"one of {', '.join(words)}")
        return text

    return check


def _language(text: str, name: str, _: Any) -> str:
    from ops.words import LANGUAGES  # Babel is slow to import

    return one_of(*LANGUAGES)(text, name, None)


def _limit(text: str, name: str, _: Any) -> str:
    return str(min(_whole(text, name, least=1, most=10**9), MOST_FEATURES))


def _offset(text: str, name: str, _: Any) -> str:
    return str(_whole(text, name, least=0, most=MOST_OFFSET))


def _datetime(text: str, _: str, __: Any) -> str:
    TimeRange.parse(text)
    return text


def _sortby(text: str, name: str, collection: FeatureCollection) -> str:
    orders = [order.strip() for order in text.split(",")]  # a plus sign arrives as a space
    _properties(",".join(order.lstrip("+-") for order in orders), name, collection)
    return ",".join(orders)


def _properties(text: str, name: str, collection: FeatureCollection) -> str:
    for one in text.split(","):
        if one not in collection.properties:
            expected = f"one of {', '.join(collection.properties)}"
            raise BadInput(f"{one[:40]!r} is not a property", where=name, expected=expected)
    return text


CHECKS: Final[Mapping[str, Callable[[str, str, Any], str]]] = {
    "f": one_of(*FORMATS),
    "lang": _language,
    "limit": _limit,
    "offset": _offset,
    "datetime": _datetime,
    "sortby": _sortby,
    "properties": _properties,
    "skipGeometry": one_of("true", "false"),
    "filter-lang": one_of("cql2-text"),
    "filter-crs": one_of(CRS84),
}
"""Checks of the parameters that need nothing but their text and the collection."""


def _bbox(text: str, system: str) -> list[float]:
    """West, south, east, north in degrees; a height is left out. Raises BadInput."""
    numbers = [_number(part, "bbox") for part in text.split(",")]
    if len(numbers) not in (4, 6):
        raise BadInput(f"has {len(numbers)} numbers", where="bbox", expected="west,south,east,north")
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if system != CRS84:
        numbers = _in_degrees(numbers, system)
    west, south, east, north = numbers
    if not (abs(west) <= 180 and abs(east) <= 180 and -90 <= south <= north <= 90):
        raise BadInput("is not on Earth, or its south is above its north", where="bbox", expected="degrees")
    return numbers


def _in_degrees(numbers: list[float], system: str) -> list[float]:
    """The box around a box in another system, whose axes are in the order of that system."""
    from pyproj import CRS, Transformer

    crs = CRS.from_user_input(f"EPSG:{system.rsplit('/', 1)[-1]}")
    if crs.is_geographic:
        south, west, north, east = numbers
        return [west, south, east, north]
    if numbers[0] > numbers[2] or numbers[1] > numbers[3]:
        raise BadInput("its second corner is below its first", where="bbox", expected="the lower corner first")
    try:
        to_degrees = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
        left, bottom, right, top = numbers
        found = to_degrees.transform_bounds(left, bottom, right, top, densify_pts=21)
    except Exception:  # noqa: BLE001 - of the projection, for a place that it does not know
        found = (math.inf,) * 4
    if not all(math.isfinite(part) for part in found):
        raise BadInput("is outside its reference system", where="bbox", expected="a place near the sector")
    return list(found)


def _number(text: str, where: str) -> float:
    number = float(text) if _NUMBER.fullmatch(text.strip()) else math.nan
    if not math.isfinite(number):
        raise BadInput(f"{text[:40]!r} is not a number", where=where, expected="a number")
    return number


def _whole(text: str, where: str, *, least: int, most: int) -> int:
    number = int(text) if re.fullmatch(r"\d{1,18}", text, re.ASCII) else -1
    if not least <= number <= most:
        raise BadInput(f"{text[:40]!r}", where=where, expected=f"a whole number from {least} to {most}")
    return number


def _time_ns(text: str, where: str) -> int:
    if not TIME.fullmatch(text):
        raise BadInput(f"{text[:40]!r} is not a time", where=where, expected="such as 2026-03-01T22:00:00Z")
    return time_ns(text.upper().replace(" ", "T"), where=where)
