"""Indicators that sensors do not provide: dated, sourced records of crime and governance, plans and agreements.

One row per value: ``place`` (or instead ``country``, ``section`` or ``segment``), ``family``, ``name``, ``value``,
``unit``, ``date`` and ``source``; where known ``target``, ``better`` (higher or lower), ``confidence`` (high, medium or
low), ``start`` (first day of the period that ends on ``date``), ``definition`` (the edition of it; required where
publishers have scales of their own) and ``illustrative``. A row with the ``indicator`` of the catalogue needs neither
family, name nor unit. An empty value is an indicator that was due and not reported. A row that is ``withdrawn``, with a
``reason`` and no value, takes the value of the same indicator, day and source out of a history, which keeps both.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from geo.errors import BadInput
from geo.names import HIDDEN, ONE_LINE, expected_name, readable
from ops.analysis.indicators.catalogue import FAMILIES, Definition, definitions
from ops.analysis.indicators.tables import IndicatorError, file_hash, is_empty, read_rows

REQUIRED: Final = ("place", "family", "name", "value", "unit", "date", "source")
OPTIONAL: Final = (
    "indicator",
    "target",
    "better",
    "confidence",
    "start",
    "definition",
    "illustrative",
    "withdrawn",
    "reason",
)
PLACES: Final = ("country", "section", "segment")
"""Columns that may replace ``place``; each row has exactly one."""
KNOWN: Final = REQUIRED + OPTIONAL + PLACES
BETTER: Final = ("higher", "lower")
CONFIDENCES: Final = ("high", "medium", "low")
SHORT: Final = {"H": "high", "M": "medium", "L": "low"}
_FRACTION: Final = re.compile(r"(?<![^\W_])(rate|fraction|share|proportion|probability)(?![^\W_])", re.IGNORECASE)
"""What the name of a fraction says."""
YES_OR_NO: Final[Mapping[str, bool]] = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
MIXED: Final = "illustrative and real records are mixed"
LONGEST_TEXT: Final = 300
"""Characters of a cell."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One value of one indicator; ``value`` is None where it was due and not reported.

    ``name`` is the identifier of the catalogue where ``catalogued``, else the name that the source gives. ``start``:
    first day of the period that ``day`` ends. ``origin``, ``row`` and ``sha256``: file and row that it was read from,
    and the hash of the file; ``known_on``: day of its import, None for a table without a history. ``withdrawn``: it has
    no value, and takes an earlier one back for a ``reason``.
    """

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
    start: date | None = None
    definition: str | None = None
    illustrative: bool = False
    catalogued: bool = False
    origin: str = ""
    row: int = 0
    known_on: date | None = None
    sha256: str = ""
    withdrawn: bool = False
    reason: str = ""

    @property
    def period(self) -> tuple[date | None, date]:
        """First and last day of its period; None as the first where it is not stated."""
        return self.start, self.day

    @property
    def what(self) -> tuple[str, str, str]:
        """Key of the indicator: family, name and place."""
        return self.family, self.name, self.place

    @property
    def key(self) -> tuple[str, str, str, date, str]:
        """Key of the value: the indicator, its day and its source. A newer record with this key replaces an older."""
        return (*self.what, self.day, self.source)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is refused, counted from 1 without the header, and the reason."""

    row: int
    reason: str
    expected: str

    def error(self, path: Path) -> IndicatorError:
        """The refusal as an error that names file and row."""
        return IndicatorError(self.reason, where=f"{path}, row {self.row}", expected=self.expected)


def read_indicators(path: Path, *, until: date) -> list[Indicator]:
    """Read the indicators of a table, by date.

    Raises IndicatorError, naming the row, for an unreadable file and for the first row that ``checked_table`` refuses.
    """
    indicators, refusals = checked_table(path, until=until)
    if refusals:
        raise refusals[0].error(path)
    for one in indicators:
        if one.withdrawn:
            expected = "a history, from which an import withdraws it"
            raise IndicatorError("withdraws a value", where=f"{path}, row {one.row}", expected=expected)
    digest = file_hash(path)
    hashed = (replace(one, sha256=digest) for one in indicators)
    return sorted(hashed, key=lambda indicator: (indicator.day, indicator.what))


def checked_table(path: Path, *, until: date) -> tuple[list[Indicator], list[RefusedRow]]:
    """Read a table without stopping at its first error.

    Parameters
    ----------
    path : Path
        CSV, JSON, XLSX or GeoPackage file.
    until : date
        Last day that a value may be dated.

    Returns
    -------
    indicators : list of Indicator
        The rows that can be read, in the order of the table.
    refusals : list of RefusedRow
        Unknown columns and codes, invalid, undated and unsourced values, dates after ``until``, and rows that
        contradict an earlier one; by row. The table is usable only without one.

    Raises
    ------
    IndicatorError
        For a file that is not a table.
    """
    indicators: list[Indicator] = []
    refusals: list[RefusedRow] = []
    numbers: list[int] = []
    for number, row in enumerate(read_rows(path, known=KNOWN), start=1):
        if is_empty(row):
            continue
        try:
            indicators.append(_indicator(row, until, path.name, number))
            numbers.append(number)
        except IndicatorError as error:
            refusals.append(RefusedRow(number, error.what, error.expected))
    stated = [(number, one) for number, one in zip(numbers, indicators, strict=True) if not one.withdrawn]
    for at, reason in contradictions(one for _, one in stated):
        refusals.append(RefusedRow(stated[at][0], reason, "one definition, and one value per period"))
    return indicators, sorted(refusals, key=lambda one: one.row)


class DisjointPeriods:
    """Periods of days, both ends included, of which no two overlap; each is found in logarithmic time."""

    def __init__(self) -> None:
        self._periods: list[tuple[date, date]] = []

    def overlapping(self, start: date, end: date) -> tuple[date, date] | None:
        """Return a period that overlaps with this one and is not equal to it; None if there is none."""
        at = bisect_right(self._periods, (start, end))
        for other in self._periods[max(at - 1, 0) : at + 1]:
            if other != (start, end) and other[0] <= end and start <= other[1]:
                return other
        return None

    def add(self, start: date, end: date) -> None:
        """Add a period that overlaps with none, or equals an existing one."""
        at = bisect_left(self._periods, (start, end))
        if self._periods[at : at + 1] != [(start, end)]:
            self._periods.insert(at, (start, end))


def contradictions(indicators: Iterable[Indicator], *, illustrative: bool | None = None) -> list[tuple[int, str]]:
    """Return the position of each record that contradicts an earlier one, with the reason.

    For one indicator at one place: two units, definitions or directions of improvement, two values or targets on one
    day, and periods that overlap without being equal. All records are illustrative, or none: as ``illustrative``
    states, None as the first. The same value from two sources is not a contradiction.
    """
    found = []
    first: dict[tuple[str, str, str], Indicator] = {}
    days: dict[tuple[Any, ...], Indicator] = {}
    periods: dict[tuple[str, str, str], DisjointPeriods] = {}
    for at, one in enumerate(indicators):
        illustrative = one.illustrative if illustrative is None else illustrative
        reason = MIXED if one.illustrative != illustrative else None
        reason = reason or _definition_conflict(one, first.setdefault(one.what, one))
        reason = reason or _value_conflict(one, days.setdefault((*one.what, one.day), one))
        earlier = periods.setdefault(one.what, DisjointPeriods())
        reason = reason or _overlap(one, earlier)
        if reason is not None:
            found.append((at, reason))
        elif one.start is not None:
            earlier.add(one.start, one.day)
    return found


def _definition_conflict(one: Indicator, first: Indicator) -> str | None:
    for key in ("unit", "definition", "better"):
        here, there = getattr(one, key), getattr(first, key)
        if here != there and (key == "definition" or None not in (here, there)):
            return f"{one.name!r} of {one.place} contradicts itself: {key} {there or 'none'!r} and {here or 'none'!r}"
    return None


def _value_conflict(one: Indicator, same_day: Indicator) -> str | None:
    for key in ("value", "target"):
        here, there = getattr(one, key), getattr(same_day, key)
        if here != there:
            values = f"{_formatted(there)} by {same_day.source} and {_formatted(here)} by {one.source}"
            return f"{one.name!r} of {one.place} contradicts itself: {key} {values} on {one.day}"
    return None


def _overlap(one: Indicator, earlier: DisjointPeriods) -> str | None:
    other = None if one.start is None else earlier.overlapping(one.start, one.day)
    if other is None:
        return None
    periods = f"{other[0]} to {other[1]} and {one.start} to {one.day}"
    return f"{one.name!r} of {one.place} has periods that overlap: {periods}"


def _formatted(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def _indicator(row: Mapping[str, Any], until: date, origin: str, row_number: int) -> Indicator:
    where = "row"
    unknown = [name for name in row if name not in KNOWN]
    if unknown:
        expected = expected_name(unknown[0], REQUIRED + OPTIONAL)
        raise IndicatorError(f"unknown column {readable(str(unknown[0]))!r}", where=where, expected=expected)
    defined = _defined(row, where)
    row = {**row, "place": _place(row, where)}
    if defined is not None:
        row |= {"family": defined.family, "name": defined.id, "unit": defined.unit}
    for name in REQUIRED:
        if name not in row or (name != "value" and not _text(row[name])):
            raise IndicatorError(f"no {name}", where=where, expected=", ".join(REQUIRED))
    if defined is None and _text(row["name"]) in definitions():
        expected = "it in the column indicator, or a name of your own"
        raise IndicatorError(f"name {_text(row['name'])!r} of the catalogue", where=where, expected=expected)
    family = _text(row["family"])
    if family not in FAMILIES:
        raise IndicatorError(f"family {family!r}", where=where, expected=f"one of {', '.join(FAMILIES)}")
    day = day_of(row["date"], where)
    if day > until:
        raise IndicatorError(f"dated {day}, after {until}", where=where, expected="a date in the past")
    start = None if not _text(row.get("start")) else day_of(row["start"], where)
    if start is not None and start > day:
        raise IndicatorError(f"from {start} to {day}", where=where, expected="a start that is not after the date")
    value, target = (number_of(row.get(name), name, where) for name in ("value", "target"))
    withdrawn, reason = yes_or_no(row.get("withdrawn"), "withdrawn", where), _text(row.get("reason"))
    if withdrawn != bool(reason) or (withdrawn and (value is not None or target is not None)):
        expected = "for a withdrawal yes, a reason and neither value nor target; else none of them"
        raise IndicatorError(f"withdrawn {row.get('withdrawn')!r}", where=where, expected=expected)
    for column, number in (("value", value), ("target", target)):
        _check_bounds(number, column, _text(row["name"]), _text(row["unit"]), defined, where)
    confidence = SHORT.get(_text(row.get("confidence")), row.get("confidence"))
    better = _one_of(row.get("better"), BETTER, "better", where)
    if defined is not None and defined.better is not None:
        if better not in (None, defined.better):
            expected = f"{defined.better}, by the definition of {defined.id}"
            raise IndicatorError(f"better {better!r}", where=where, expected=expected)
        better = defined.better
    return Indicator(
        place=_text(row["place"]),
        family=family,
        name=_text(row["name"]),
        value=value,
        unit=_text(row["unit"]),
        day=day,
        source=_text(row["source"]),
        target=target,
        better=better,
        confidence=_one_of(confidence, CONFIDENCES, "confidence", where),
        start=start,
        definition=_text(row.get("definition")) or None,
        illustrative=yes_or_no(row.get("illustrative"), "illustrative", where),
        catalogued=defined is not None,
        origin=origin,
        row=row_number,
        withdrawn=withdrawn,
        reason=reason,
    )


def _defined(row: Mapping[str, Any], where: str) -> Definition | None:
    """The definition that the row names; it may repeat family, name and unit, but not change them."""
    code = _text(row.get("indicator"))
    if not code:
        return None
    known = definitions()
    if code not in known:
        raise IndicatorError(f"indicator {code!r}", where=where, expected=expected_name(code, known))
    defined = known[code]
    if defined.computed:
        raise IndicatorError(f"indicator {code!r} is computed", where=where, expected="an indicator that is reported")
    for name, right in (("family", defined.family), ("name", defined.id), ("unit", defined.unit)):
        given = _text(row.get(name))
        if given not in ("", right):
            raise IndicatorError(f"{name} {given!r} of {code}", where=where, expected=f"{right!r}, by its definition")
    if defined.needs_edition and not (_text(row.get("definition")) or yes_or_no(row.get("withdrawn"), "", where)):
        raise IndicatorError(f"no definition of {code}", where=where, expected="publisher and scale of the index")
    return defined


def _check_bounds(
    number: float | None, column: str, name: str, unit: str, defined: Definition | None, where: str
) -> None:
    """Refuse what the definition excludes or, without one, a fraction outside [0, 1]; a count has the unit 1 too."""
    if number is None:
        return
    low = high = None
    if defined is not None:
        low, high = defined.least, defined.most
    elif unit == "1" and _FRACTION.search(name):
        low, high = 0.0, 1.0
    if high is not None and number > high:
        raise IndicatorError(f"{column} {number:g}", where=where, expected=f"at most {high:g}, in the unit {unit!r}")
    if low is not None and number < low:
        raise IndicatorError(f"{column} {number:g}", where=where, expected=f"at least {low:g}, in the unit {unit!r}")


def _place(row: Mapping[str, Any], where: str) -> str:
    given = [(name, _text(row[name])) for name in ("place", *PLACES) if _text(row.get(name))]
    if len(given) != 1:
        problem = "no place" if not given else f"{given[0][0]} and {given[1][0]}"
        raise IndicatorError(problem, where=where, expected=f"one of place, {', '.join(PLACES)}")
    name, value = given[0]
    return value if name in ("place", "country") else f"{name} {value}"


def _text(value: Any) -> str:
    text = "" if value is None else str(value).strip()
    if HIDDEN.search(text):
        raise IndicatorError(f"{text[:60]!a}", where="row", expected=ONE_LINE)
    if len(text) > LONGEST_TEXT:
        raise IndicatorError("a text is too long", where="row", expected=f"at most {LONGEST_TEXT} characters in a cell")
    return text


def day_of(value: Any, where: str) -> date:
    """Parse a day from YYYY-MM-DD; IndicatorError for anything else."""
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise IndicatorError(f"date {readable(str(value))!r}", where=where, expected="YYYY-MM-DD") from None


def number_of(value: Any, name: str, where: str) -> float | None:
    """Return a finite number, None for an empty cell; IndicatorError for anything else."""
    if value is None or str(value).strip() == "":
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise IndicatorError(f"{name} {value!r}", where=where, expected="a number, or an empty cell if unknown")
    return number


def yes_or_no(value: Any, name: str, where: str) -> bool:
    """Return whether a cell is ``yes``; False for an empty one. IndicatorError for anything else."""
    text = "" if value is None else str(value).strip().lower()
    if not text:
        return False
    if text not in YES_OR_NO:
        raise IndicatorError(f"{name} {text!r}", where=where, expected="yes or no")
    return YES_OR_NO[text]


def refuse_mixture(kinds: Mapping[str, Iterable[bool]]) -> None:
    """Raise BadInput where some sources of one scorecard are illustrative and others are not.

    ``kinds``: whether each record is illustrative, by the name of its source.
    """
    stated = {name: any(found) for name, values in kinds.items() if (found := list(values))}
    if len(set(stated.values())) > 1:
        made_up = ", ".join(name for name, illustrative in stated.items() if illustrative)
        real = ", ".join(name for name, illustrative in stated.items() if not illustrative)
        raise BadInput(
            f"is illustrative, but {real} is not", where=made_up, expected="illustrative records only, or none of them"
        )


def age_days(day: date, today: date) -> int:
    """Return the age of a value in days."""
    return (today - day) // timedelta(days=1)


def _one_of(value: Any, choices: tuple[str, ...], name: str, where: str) -> str | None:
    text = _text(value)
    if not text:
        return None
    if text not in choices:
        raise IndicatorError(f"{name} {text!r}", where=where, expected=f"one of {', '.join(choices)}")
    return text
