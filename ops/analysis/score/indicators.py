"""Indicators that sensors do not provide: dated, sourced records of crime and governance, plans and agreements.

One row per value: ``place`` (or instead ``country``, ``section`` or ``segment``), ``family``, ``name``, ``value``,
``unit``, ``date`` and ``source``; where known ``target``, ``better`` (higher or lower) and ``confidence`` (high, medium
or low). An empty value is an indicator that was due and not reported. Contradictory rows are refused.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from geo.errors import BadInput
from geo.names import expected_name

FAMILIES: Final = ("crime_and_governance", "national_action_plan", "international_agreements", "tactical_tools")
"""The four families of success. Only the last comes from sensors."""
REQUIRED: Final = ("place", "family", "name", "value", "unit", "date", "source")
OPTIONAL: Final = ("target", "better", "confidence")
PLACES: Final = ("country", "section", "segment")
"""Columns that may replace ``place``; each row has exactly one."""
BETTER: Final = ("higher", "lower")
CONFIDENCES: Final = ("high", "medium", "low")
SHORT: Final = {"H": "high", "M": "medium", "L": "low"}


class IndicatorError(BadInput):
    """A file of indicators that cannot be used."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One value of one indicator; ``value`` is None where it was due and not reported."""

    place: str
    family: str
    name: str
    value: float | None
    unit: str
    day: date
    source: str
    target: float | None = None
    better: str | None = None
    confidence: str | None = None

    @property
    def what(self) -> tuple[str, str, str]:
        """Key of the indicator: family, name and place."""
        return self.family, self.name, self.place


def read_indicators(path: Path, *, until: date) -> list[Indicator]:
    """Read the indicators of a CSV file with a header, or a JSON list of objects, by date.

    Raises IndicatorError, naming the row, for an unreadable file, unknown columns, invalid values, dates after
    ``until``, and contradictory rows; see ``refuse_contradictions``.
    """
    rows = rows_of(path, known=REQUIRED + OPTIONAL + PLACES)
    indicators = [_indicator(row, f"{path}, row {number}", until) for number, row in enumerate(rows, start=1)]
    refuse_contradictions(indicators, str(path))
    return sorted(indicators, key=lambda indicator: (indicator.day, indicator.what))


def rows_of(path: Path, *, known: Sequence[str]) -> list[dict[str, Any]]:
    """Read rows of a CSV file with a header, or of a JSON list.

    Raises IndicatorError for any other file, and for a header without rows that names none of the ``known`` columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".json":
            rows = json.loads(text)
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise ValueError("not a list of objects")
            return rows
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        if not reader.fieldnames:
            raise ValueError("it is empty")
        table = [dict(row) for row in reader]
        if not table and not set(known) & set(reader.fieldnames):
            raise ValueError(f"its first line, {reader.fieldnames[0]!r}, names no known column")
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        if isinstance(error, UnicodeDecodeError):
            reason = "it is not UTF-8 text"
        raise IndicatorError(
            f"cannot be read ({reason})", where=str(path), expected="CSV with a header, or JSON"
        ) from None
    for number, row in enumerate(table, start=1):
        if None in row or None in row.values():
            raise IndicatorError(
                "more or fewer cells than the header", where=f"{path}, row {number}", expected="a cell for each column"
            )
    return table


def refuse_contradictions(indicators: Iterable[Indicator], where: str) -> None:
    """Raise IndicatorError where two rows contradict each other.

    For one indicator at one place: two values or two targets on one day, two units, or two directions of improvement.
    The same value from two sources is not a contradiction.
    """
    units: dict[tuple[str, str, str], Indicator] = {}
    days: dict[tuple[Any, ...], Indicator] = {}
    for indicator in indicators:
        first = units.setdefault(indicator.what, indicator)
        for key in ("unit", "better"):
            value_here, value_there = getattr(indicator, key), getattr(first, key)
            if value_here != value_there and None not in (value_here, value_there):
                raise _contradiction(indicator, f"{key} {value_there!r} and {value_here!r}", where)
        same = days.setdefault((*indicator.what, indicator.day), indicator)
        for key in ("value", "target"):
            value_here, value_there = getattr(indicator, key), getattr(same, key)
            if value_here != value_there:
                values = (
                    f"{_formatted(value_there)} by {same.source} and {_formatted(value_here)} by {indicator.source}"
                )
                conflict = f"{key} {values} on {indicator.day}"
                raise _contradiction(indicator, conflict, where)


def _contradiction(one: Indicator, conflict: str, where: str) -> IndicatorError:
    return IndicatorError(
        f"{one.name!r} of {one.place} contradicts itself: {conflict}", where=where, expected="one value per day"
    )


def _formatted(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def _indicator(row: Mapping[str, Any], where: str, until: date) -> Indicator:
    unknown = [name for name in row if name not in REQUIRED + OPTIONAL + PLACES]
    if unknown:
        raise IndicatorError(
            f"unknown column {unknown[0]!r}", where=where, expected=expected_name(unknown[0], REQUIRED + OPTIONAL)
        )
    row = {**row, "place": _place(row, where)}
    for name in REQUIRED:
        if name not in row or (name != "value" and not str(row[name] or "").strip()):
            raise IndicatorError(f"no {name}", where=where, expected=", ".join(REQUIRED))
    family = str(row["family"]).strip()
    if family not in FAMILIES:
        raise IndicatorError(f"family {family!r}", where=where, expected=f"one of {', '.join(FAMILIES)}")
    day = day_of(row["date"], where)
    if day > until:
        raise IndicatorError(f"dated {day}, after {until}", where=where, expected="a date in the past")
    return Indicator(
        place=str(row["place"]).strip(),
        family=family,
        name=str(row["name"]).strip(),
        value=number_of(row["value"], "value", where),
        unit=str(row["unit"]).strip(),
        day=day,
        source=str(row["source"]).strip(),
        target=number_of(row.get("target"), "target", where),
        better=_one_of(row.get("better"), BETTER, "better", where),
        confidence=_one_of(
            SHORT.get(str(row.get("confidence")).strip(), row.get("confidence")), CONFIDENCES, "confidence", where
        ),
    )


def _place(row: Mapping[str, Any], where: str) -> str:
    given = [(name, str(row[name]).strip()) for name in ("place", *PLACES) if str(row.get(name) or "").strip()]
    if len(given) != 1:
        problem = "no place" if not given else f"{given[0][0]} and {given[1][0]}"
        raise IndicatorError(problem, where=where, expected=f"one of place, {', '.join(PLACES)}")
    name, value = given[0]
    return value if name in ("place", "country") else f"{name} {value}"


def day_of(value: Any, where: str) -> date:
    """Parse a day from YYYY-MM-DD; IndicatorError for anything else."""
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise IndicatorError(f"date {value!r}", where=where, expected="YYYY-MM-DD") from None


def number_of(value: Any, name: str, where: str) -> float | None:
    """Return a finite number, None for an empty cell; IndicatorError for anything else."""
    if value is None or str(value).strip() == "":
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise IndicatorError(f"{name} {value!r}", where=where, expected="a number, or an empty cell if unknown")
    return number


def _one_of(value: Any, choices: tuple[str, ...], name: str, where: str) -> str | None:
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    if text not in choices:
        raise IndicatorError(f"{name} {text!r}", where=where, expected=f"one of {', '.join(choices)}")
    return text
