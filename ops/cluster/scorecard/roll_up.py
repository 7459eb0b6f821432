"""The roll-up of a nation by indicator, in duckdb: how many sectors meet the target, and where the ends are.

Sectors are counted by the state of their lines. Values stand beside each other only within one definition: unit,
edition, direction and method. Rates are never added up or averaged; where every line of a definition has its counts,
the counts are summed and the rate is computed from the sums. Counts of which the value of a line is not the quotient,
to half a count, as of repeated trials, are not summed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Final

import numpy as np

from geo.message import Message
from ops.analysis.indicators.catalogue import FAMILIES, definitions
from ops.analysis.score.borders import ADHERENCE
from ops.cluster.scorecard.sectors import SectorLine, is_count
from sensors.statistics.statistic import wilson

DIRECTIONS: Final = ("better", "worse", "rising", "falling", "steady", "by_chance", "no_trend", "mixed")
"""Trends of a sector; mixed: its places differ."""
WILSON: Final = "score-method-wilson"
TYPES: Final = {"value": "DOUBLE", "numerator": "DOUBLE", "denominator": "DOUBLE", "day": "DATE", "start": "DATE"}
SETTINGS: Final[dict[str, Any]] = {
    "enable_external_access": "false",
    "temp_directory": "",
    "memory_limit": "512MB",
    "threads": 2,
}
"""Of the database, which is in memory: it reads and writes no file."""
DEFINITION: Final = "family, key, unit, edition, better, method"
_ROLL_UP: Final = f"""
WITH by_sector AS (
    SELECT {DEFINITION}, sector,
        CASE WHEN bool_or(state = 'not_met') THEN 'not_met' WHEN bool_or(state = 'unknown') THEN 'unknown'
             WHEN bool_or(state = 'stale') THEN 'stale' WHEN bool_or(state = 'open') THEN 'open'
             ELSE 'met' END AS state,
        CASE WHEN count(DISTINCT direction) = 1 THEN min(direction) ELSE 'mixed' END AS direction,
        bool_or(place = sector) AND count(DISTINCT place) > 1 AS nested
    FROM lines GROUP BY ALL
), states AS (
    SELECT {DEFINITION}, count(*) AS sectors, histogram(state) AS states, histogram(direction) AS directions,
        bool_or(nested) AS nested,
        list({{'sector': sector, 'state': state, 'direction': direction}} ORDER BY sector) AS members
    FROM by_sector GROUP BY ALL
), ends AS (
    SELECT {DEFINITION}, min(line) AS first_line, count(*) AS lines, count(value) AS known,
        count(DISTINCT (sector, place)) AS places, count(DISTINCT place) AS distinct_places,
        first(line ORDER BY value, sector, place) FILTER (value IS NOT NULL) AS lowest,
        first(line ORDER BY value DESC, sector, place) FILTER (value IS NOT NULL) AS highest,
        count(numerator) FILTER (denominator = 0 OR abs(value * denominator - numerator) <= 0.5) AS counted,
        sum(numerator) AS numerator, sum(denominator) AS denominator, sum(value) AS total,
        bool_and(interval = '{WILSON}') AS wilson,
        min(start) AS start, max(day) AS until,
        min(day) FILTER (value IS NOT NULL) AS first_day, max(day) FILTER (value IS NOT NULL) AS last_day,
        count(DISTINCT start) AS starts, count(start) AS with_start, count(DISTINCT day) AS days
    FROM lines GROUP BY ALL
), reports AS (
    SELECT family, key, count(DISTINCT sector) AS reporting, min(line) AS of_indicator FROM lines GROUP BY ALL
)
SELECT * FROM states JOIN ends USING ({DEFINITION}) JOIN reports USING (family, key)
ORDER BY of_indicator, first_line
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class CountedTogether:
    """Counts of all sectors with the definition added up: of a number of cases the ``numerator`` alone, of a rate both
    and its interval.

    ``start`` and ``day``: first and last day of the counts, if the sources state them.
    """

    numerator: float
    denominator: float
    low: float
    high: float
    start: date | None
    day: date

    @property
    def value(self) -> float:
        """The rate; of a number of cases their sum."""
        if math.isnan(self.denominator):
            return self.numerator
        return self.numerator / self.denominator if self.denominator > 0.0 else math.nan


@dataclass(frozen=True, slots=True)
class DefinitionRollUp:
    """One definition of an indicator over the sectors of a nation.

    ``states`` and ``directions``: numbers of sectors; ``members``: both of each sector.
    ``missing``: sectors that report the indicator in no definition.
    ``lowest`` and ``highest``: the lines of these newest values; None if values may not stand side by side, for which
    ``reasons`` are the reasons. ``first_day`` and ``last_day``: of the known values. ``together``: counts of all
    these ``sectors``, None where ``alone`` states why there are none.
    """

    family: str
    key: str
    name: Message | str
    unit: str
    edition: str
    sectors: int
    missing: int
    states: dict[str, int]
    directions: dict[str, int]
    members: tuple[dict[str, str], ...]
    lowest: SectorLine | None
    highest: SectorLine | None
    first_day: date | None
    last_day: date | None
    reasons: tuple[str, ...]
    together: CountedTogether | None
    alone: str


def roll_up(lines: Sequence[SectorLine], sectors: int) -> list[DefinitionRollUp]:
    """Roll up the lines of a nation's sectors by indicator and definition, in the order of the families.

    Parameters
    ----------
    lines : sequence of SectorLine
        Lines of all sectors.
    sectors : int
        Number of sectors, also of those without any line.
    """
    import duckdb

    if not lines:
        return []
    ordered = _with_directions(sorted(lines, key=lambda one: FAMILIES.index(one.family)))
    with duckdb.connect(":memory:", config=SETTINGS) as database:
        columns = _columns(ordered)
        names = ", ".join(f"{name}::{TYPES.get(name, 'VARCHAR')} AS {name}" for name in columns if name != "line")
        database.register("given", columns)
        database.execute(f"CREATE TABLE lines AS SELECT {names}, line::INTEGER AS line FROM given")  # noqa: S608
        answer = database.execute(_ROLL_UP)
        heads = [column[0] for column in answer.description or ()]
        rows = [dict(zip(heads, row, strict=True)) for row in answer.fetchall()]
    return [_definition(row, ordered, rows, sectors) for row in rows]


def _with_directions(lines: Sequence[SectorLine]) -> list[SectorLine]:
    """A direction that only some lines of an indicator state applies to all of them, unless two differ."""
    stated: dict[tuple[str, str], set[str]] = {}
    for one in lines:
        stated.setdefault((one.family, one.key), set()).update({one.better} - {""})
    only = {what: next(iter(found)) for what, found in stated.items() if len(found) == 1}
    return [
        replace(one, better=only[one.family, one.key]) if not one.better and (one.family, one.key) in only else one
        for one in lines
    ]


def _columns(lines: Sequence[SectorLine]) -> dict[str, np.ndarray]:
    """The lines as columns; a number that is not known is NULL."""
    texts = [field.name for field in fields(SectorLine) if field.name not in ("name", "anchor", *TYPES)]
    listed: dict[str, list[Any]] = {name: [getattr(one, name) for one in lines] for name in texts}
    listed |= {name: [_known(getattr(one, name)) for one in lines] for name in ("value", "numerator", "denominator")}
    listed["day"] = [one.day.isoformat() for one in lines]
    listed["start"] = [None if one.start is None else one.start.isoformat() for one in lines]
    columns = {name: np.array(values, dtype=object) for name, values in listed.items()}
    return columns | {"line": np.arange(len(lines))}


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _definition(
    row: dict[str, Any], lines: Sequence[SectorLine], rows: Sequence[dict[str, Any]], sectors: int
) -> DefinitionRollUp:
    reasons = tuple(_reasons(row, [one for one in rows if (one["family"], one["key"]) == (row["family"], row["key"])]))
    beside = row["sectors"] == 1 or not {"plan", "undefined"} & set(reasons)
    together, alone = _together(row) if beside else (None, "definition")
    return DefinitionRollUp(
        family=row["family"],
        key=row["key"],
        name=lines[row["first_line"]].name,
        unit=row["unit"],
        edition=row["edition"],
        sectors=row["sectors"],
        missing=sectors - row["reporting"],
        states=dict(row["states"]),
        directions=dict(row["directions"]) if beside else {},
        members=tuple(row["members"]),
        lowest=lines[row["lowest"]] if beside and row["lowest"] is not None else None,
        highest=lines[row["highest"]] if beside and row["highest"] is not None else None,
        first_day=row["first_day"],
        last_day=row["last_day"],
        reasons=reasons,
        together=together,
        alone=alone,
    )


def _reasons(row: dict[str, Any], all_of_indicator: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Why values are not beside those of other definitions, or not beside each other."""
    for name, code in (("unit", "unit"), ("edition", "edition"), ("better", "direction"), ("method", "method")):
        if len({one[name] for one in all_of_indicator}) > 1:
            yield code
    several = sum(one["sectors"] for one in all_of_indicator) > 1
    if row["key"] == ADHERENCE and several:
        yield "plan"
    defined = definitions().get(row["key"])
    scaled = defined is None or defined.needs_edition
    if scaled and not row["edition"] and row["method"] == "[]" and several:
        yield "undefined"


def _together(row: dict[str, Any]) -> tuple[CountedTogether | None, str]:
    """The counts of all sectors with the definition added up, or why they are not."""
    case = is_count(row["key"])
    if row["sectors"] < 2:
        return None, "one"
    if not case and not row["counted"]:
        return None, "not-counts"
    if row["known" if case else "counted"] < row["lines"]:
        return None, "incomplete"
    if row["distinct_places"] < row["places"] or row["nested"]:  # a sector and a part of it, or one place in two
        return None, "places"
    start, nan = row["start"], math.nan
    if case:
        if row["lines"] > row["sectors"]:
            return None, "places"
        if row["days"] > 1 or row["starts"] > 1 or 0 < row["with_start"] < row["lines"]:
            return None, "periods"
        return CountedTogether(row["total"], nan, nan, nan, start, row["until"]), ""
    part, whole = row["numerator"], row["denominator"]
    low, high = map(float, wilson(part, whole)) if row["wilson"] and part <= whole else (nan, nan)
    return CountedTogether(part, whole, low, high, start, row["until"]), ""
