"""What rules hit among movements: rates with their intervals, yields beside the base rate, and counts by group."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from geo.names import HIDDEN, ONE_LINE, expected_name
from ops.analysis.indicators.records import day_of, yes_or_no
from ops.analysis.indicators.tables import IndicatorError, read_rows
from ops.analysis.screening.rules import Rule
from sensors.statistics.statistic import wilson

NEEDED: Final = ("id", "at", "group", "found", "illustrative")
LONGEST: Final = 100
MOST_GROUPS: Final = 20
_COLUMN: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Movement:
    """A made-up movement: identifier, group for counts, fields for rules, whether a check found something (or None)."""

    id: str
    group: str
    fields: Mapping[str, Any]
    found: bool | None


@dataclass(frozen=True, slots=True)
class CountShare:
    """A count of a number, with Wilson's 95% interval; NaN without any."""

    count: int
    of: int
    low: float
    high: float

    @classmethod
    def of_count(cls, count: int, of: int) -> CountShare:
        """The share of a count."""
        low, high = wilson(count, of) if of else (math.nan, math.nan)
        return cls(count, of, float(low), float(high))

    @property
    def value(self) -> float:
        """The fraction."""
        return self.count / self.of if self.of else math.nan

    def apart_from(self, other: CountShare) -> bool:
        """Whether the intervals do not overlap; False where one is unknown."""
        return self.low > other.high or self.high < other.low

    def as_dict(self) -> dict[str, Any]:
        """The share for JSON."""
        known = [None if math.isnan(one) else one for one in (self.value, self.low, self.high)]
        return {"count": self.count, "of": self.of, "value": known[0], "low": known[1], "high": known[2]}


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """One group: hits among its movements, finds among its checked hits, and finds among all of it that were checked.

    ``differs``: the interval of its hit rate lies apart from that of all other groups together.
    """

    group: str
    hits: CountShare
    finds: CountShare
    base: CountShare
    differs: bool


@dataclass(frozen=True, slots=True)
class RuleCounts:
    """One rule, or all together (``rule`` None): hits, finds among checked hits, and the groups."""

    rule: Rule | None
    hits: CountShare
    finds: CountShare
    groups: tuple[GroupCounts, ...]


@dataclass(frozen=True, slots=True)
class Screening:
    """The result: ``base`` is the rate of finds among all that were checked; ``reasons`` the rules of each hit."""

    base: CountShare
    overall: RuleCounts
    rules: tuple[RuleCounts, ...]
    reasons: Mapping[str, tuple[Rule, ...]]


def read_movements(path: Path) -> list[Movement]:
    """Read a table of made-up movements.

    Parameters
    ----------
    path : Path
        CSV, JSON, XLSX or GeoPackage with NEEDED and any other fields for rules.

    Returns
    -------
    list of Movement
        The movements, in order.

    Raises
    ------
    IndicatorError
        For the first row that cannot be used; among them each that is not marked as illustrative, because screening is
        for made-up movements only.
    """
    movements: list[Movement] = []
    seen: set[str] = set()
    for number, row in enumerate(read_rows(path, known=NEEDED), 1):
        where = f"{path}, row {number}"
        one = _movement(row, where)
        if one.id in seen:
            raise IndicatorError(f"id {one.id!r} occurs twice", where=where, expected="unique identifiers")
        seen.add(one.id)
        movements.append(one)
    if not movements:
        raise IndicatorError("has no movements", where=str(path), expected="one row per movement")
    groups = {one.group for one in movements}
    if len(groups) > MOST_GROUPS:
        raise IndicatorError(f"has {len(groups)} groups", where=str(path), expected=f"at most {MOST_GROUPS}")
    return movements


def _movement(row: Mapping[str, Any], where: str) -> Movement:
    for name in row:
        if not _COLUMN.fullmatch(str(name)):
            expected = f"small letters, digits and _; {expected_name(str(name), NEEDED)}"
            raise IndicatorError(f"column {str(name)[:40]!r}", where=where, expected=expected)
    text = {name: "" if row.get(name) is None else str(row[name]).strip() for name in row}
    for name in ("id", "at", "group"):
        if not text.get(name) or HIDDEN.search(text[name]) or len(text[name]) > LONGEST:
            raise IndicatorError(f"{name} {text.get(name, '')[:60]!a}", where=where, expected=ONE_LINE)
    day_of(text["at"], where)
    if not yes_or_no(row.get("illustrative"), "illustrative", where):
        expected = "illustrative = yes: screening is for made-up movements only"
        raise IndicatorError("is not marked as made up", where=where, expected=expected)
    found = None if not text.get("found") else yes_or_no(row["found"], "found", where)
    fields = {name: value for name, value in row.items() if name not in NEEDED}
    return Movement(text["id"], text["group"], fields, found)


def screen(rules: Sequence[Rule], movements: Sequence[Movement]) -> Screening:
    """Apply each rule to each movement, and count."""
    reasons = {one.id: tuple(rule for rule in rules if rule.hits(one.fields)) for one in movements}
    hit = {name for name, found in reasons.items() if found}
    by_rule = [
        _counts(rule, movements, {name for name, found in reasons.items() if rule in found}) for rule in rules
    ]  # fmt: skip
    return Screening(
        _finds(movements), _counts(None, movements, hit), tuple(by_rule),
        {name: found for name, found in reasons.items() if found},
    )  # fmt: skip


def _counts(rule: Rule | None, movements: Sequence[Movement], hit: set[str]) -> RuleCounts:
    groups = []
    for name in sorted({one.group for one in movements}):
        own = [one for one in movements if one.group == name]
        others = [one for one in movements if one.group != name]
        hits = _hits(own, hit)
        groups.append(
            GroupCounts(
                name, hits, _finds([one for one in own if one.id in hit]), _finds(own),
                bool(others) and hits.apart_from(_hits(others, hit)),
            )
        )  # fmt: skip
    return RuleCounts(
        rule, _hits(movements, hit), _finds([one for one in movements if one.id in hit]), tuple(groups)
    )  # fmt: skip


def _hits(movements: Sequence[Movement], hit: set[str]) -> CountShare:
    return CountShare.of_count(sum(one.id in hit for one in movements), len(movements))


def _finds(movements: Sequence[Movement]) -> CountShare:
    checked = [one.found for one in movements if one.found is not None]
    return CountShare.of_count(sum(checked), len(checked))
