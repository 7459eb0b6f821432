"""Outcome counts by section and period from a file: the outcomes of crossings as recorded in after-action reviews.

One row per place and period, preferably per section and week: ``place``, ``start`` and ``end`` (days, the end
excluded), ``source``, and the counts of ``sensors.statistics.outcome_rates.Outcomes`` by their names; ``repeated``,
``deterred_low`` and ``deterred_high`` where repeated attempts are recorded; ``illustrative`` where they are made up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from geo.names import expected_name
from ops.analysis.indicators.records import day_of, number_of, yes_or_no
from ops.analysis.indicators.tables import IndicatorError, file_hash, read_rows
from sensors.errors import StatisticError
from sensors.statistics.outcome_rates import Outcomes, outcome_rates, repeated_trials
from sensors.statistics.statistic import block_bootstrap

COUNTS: Final = tuple(f.name for f in fields(Outcomes))
REPEATS: Final = ("repeated", "deterred_low", "deterred_high")
FIRM: Final = ("apprehended", "turned_back", "got_away")


@dataclass(frozen=True, slots=True)
class Period:
    """The outcomes of crossings at one place from ``start`` to before ``end``.

    ``illustrative`` where they are made up; ``origin``, ``row`` and ``sha256`` are file, row and hash of the file,
    ``incidents`` the names of those counted. ``open_alerts``: alerts of open incidents, which are not counted yet;
    ``settled``: the period is over and has none, so that its rates will not change.
    """

    place: str
    start: date
    end: date
    source: str
    outcomes: Outcomes
    repeated: float | None = None
    deterred: tuple[float, float] | None = None
    illustrative: bool = False
    origin: str = ""
    row: int = 0
    incidents: tuple[str, ...] = ()
    sha256: str = ""
    open_alerts: int = 0
    settled: bool = True

    @property
    def last_day(self) -> date:
        """The last day that is counted."""
        return self.end - timedelta(days=1)


def read_outcomes(path: Path, *, until: date) -> list[Period]:
    """Read the periods of a CSV file or a JSON list, by place and time.

    Raises IndicatorError, naming the row, as ``ops.analysis.indicators.records.read_indicators`` does; also for
    overlapping periods of one place, whose events would count twice.
    """
    rows = read_rows(path, known=("place", "start", "end", "source"))
    digest = file_hash(path)
    periods = [
        replace(_period(row, f"{path}, row {number}", until), origin=path.name, row=number, sha256=digest)
        for number, row in enumerate(rows, start=1)
    ]
    periods.sort(key=lambda period: (period.place, period.start))
    refuse_overlaps(periods, str(path))
    return periods


def refuse_overlaps(periods: Sequence[Period], where: str) -> None:
    """Raise IndicatorError where two periods of one place overlap, so that events would count twice.

    ``periods`` are sorted by place and start.
    """
    for before, after in pairwise(periods):
        if before.place == after.place and after.start < before.end:
            raise IndicatorError(
                f"{after.place} has two rows for {after.start}", where=where, expected="each day in one row only"
            )


def total_of(periods: Sequence[Period]) -> Outcomes:
    """Sum all counts; a count that is unknown in some period is unknown in the total."""
    total: dict[str, float | None] = {}
    for name in COUNTS:
        values = [getattr(one.outcomes, name) for one in periods]
        total[name] = None if any(value is None for value in values) else float(sum(values))
    return Outcomes(**total)  # type: ignore[arg-type]


def effectiveness_interval(periods: Sequence[Period], *, seed: int = 0) -> tuple[float, float]:
    """Interval of the interdiction effectiveness rate, resampling places and weeks; NaN for fewer than two.

    NaN also where they do not differ.
    """
    counts = np.array([[getattr(one.outcomes, name) for name in FIRM] for one in periods], dtype=np.float64)
    blocks = [f"{one.place} {one.start.isocalendar()[:2]}" for one in periods]

    def effectiveness(drawn: Any) -> float:
        total = drawn.sum(axis=0)
        return float((total[0] + total[1]) / total.sum()) if total.sum() else float("nan")

    return block_bootstrap(counts, blocks, effectiveness, seed=seed)


def _period(row: Mapping[str, Any], where: str, until: date) -> Period:
    known = ("place", "start", "end", "source", *COUNTS, *REPEATS, "illustrative")
    unknown = [name for name in row if name not in known]
    if unknown:
        raise IndicatorError(f"unknown column {unknown[0]!r}", where=where, expected=expected_name(unknown[0], known))
    for name in ("place", "start", "end", "source", *FIRM):
        if not str(row.get(name) if row.get(name) is not None else "").strip():
            raise IndicatorError(f"no {name}", where=where, expected="place, start, end, source and counts of events")
    start, end = day_of(row["start"], where), day_of(row["end"], where)
    if not start < end <= until + timedelta(days=1):
        expected = f"a start before an end, and days up to {until}"
        raise IndicatorError(f"from {start} to {end}", where=where, expected=expected)
    counts = {name: number_of(row.get(name), name, where) for name in COUNTS}
    repeated, low, high = (number_of(row.get(name), name, where) for name in REPEATS)
    for name, value in {**counts, "repeated": repeated}.items():
        if name != "undetected" and value is not None and not float(value).is_integer():  # only that count is modelled
            raise IndicatorError(f"{name} {value:g}", where=where, expected="a whole number of events")
    if (low is None) != (high is None) or (repeated is not None and low is None):
        raise IndicatorError(
            "incomplete repeats", where=where, expected=f"{', '.join(REPEATS)} together, or none of them"
        )
    deterred = None if low is None or high is None else (low, high)
    try:
        outcomes = Outcomes(**counts)  # type: ignore[arg-type]
        outcome_rates(outcomes)
        if repeated is not None and deterred is not None:
            repeated_trials(repeated, outcomes.apprehended, deterred=deterred)
    except StatisticError as error:
        raise IndicatorError(error.what, where=f"{where}, {error.where}", expected=error.expected) from None
    illustrative = yes_or_no(row.get("illustrative"), "illustrative", where)
    place, source = (str(row[name]).strip() for name in ("place", "source"))
    return Period(place, start, end, source, outcomes, repeated, deterred, illustrative)
