"""The scorecard: all four families of success side by side, with trend, distance to target, and missing data."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any, Final

import numpy as np

from geo.message import Message, Parameter
from ops.analysis.indicators.catalogue import FAMILIES, definitions
from ops.analysis.indicators.periods import alike, is_count
from ops.analysis.indicators.records import Indicator
from ops.analysis.indicators.tables import IndicatorError
from ops.analysis.score.line import LineEvidence, Scorecard, ScorecardLine
from ops.analysis.score.outcome_records import COUNTS, Period, effectiveness_interval, total_of
from sensors.statistics.outcome_rates import INTERDICTION_EFFECTIVENESS, Rate, outcome_rates, repeated_trials
from sensors.statistics.statistic import wilson

TACTICAL: Final = "tactical_tools"
YEAR_DAYS: Final = 365.25
OF_ALERTS: Final = ("alert_yield", "nuisance_alarm_fraction")
"""Rates whose whole is the number of alerts."""
LOWER_IS_BETTER: Final = frozenset({"nuisance_alarm_fraction", "unresolved_fraction"})
MOST_POINTS: Final = 1_000
"""Days of a history that a trend compares with each other."""
MOST_NAMES: Final = 40
"""Incidents of a period that are named as evidence."""


def scorecard(
    indicators: Sequence[Indicator],
    periods: Sequence[Period] = (),
    measured: Sequence[ScorecardLine] = (),
    *,
    day: date,
    place: str | None = None,
    simulated: bool = False,
) -> Scorecard:
    """Return the scorecard of ``day``, for one ``place`` or all. ``measured`` are computed lines, see ``of_challenge``.

    With ``simulated``, the undetected crossings of the periods are known exactly. Raises IndicatorError for a place
    without any data.
    """
    known_places = (
        {one.place for one in indicators} | {one.place for one in periods} | {line.place for line in measured}
    )
    check_place(place, known_places)
    chosen = [
        *_of_indicators([one for one in indicators if place in (None, one.place)]),
        *_of_outcomes([one for one in periods if place in (None, one.place)], simulated=simulated),
        *(line for line in measured if place in (None, line.place)),
    ]
    by_family = {family: [line for line in chosen if line.family == family] for family in FAMILIES}
    missing = missing_from(by_family, periods, day)
    kinds = [*(one.illustrative for one in indicators), *(one.illustrative for one in periods)]
    return Scorecard(day, by_family, missing, any(kinds))


def check_place(place: str | None, places: Collection[str]) -> None:
    """Raise IndicatorError for a place that is not among those with data."""
    if place is not None and place not in places:
        named = sorted(places)[:MOST_NAMES]
        rest = f" and {len(places) - len(named)} others" if len(places) > len(named) else ""
        expected = ", ".join(named) + rest or "a place with data"
        raise IndicatorError(f"no data for {place!r}", where="--place", expected=expected)


def without_trends(card: Scorecard) -> Scorecard:
    """Leave out that trends are missing, if only the newest values were read; otherwise return the scorecard itself."""
    if not card.newest_only:
        return card
    missing = {
        family: [one for one in found if one.id != "score-missing-trend"] for family, found in card.missing.items()
    }
    return replace(card, missing=missing)


def _of_indicators(indicators: Sequence[Indicator]) -> list[ScorecardLine]:
    lines = []
    for _, group in groupby(sorted(indicators, key=lambda one: (one.what, one.day)), key=lambda one: one.what):
        rows = list(group)
        newest = rows[-1]
        history = tuple({one.day: one.value for one in rows if one.value is not None}.items())
        begun = {one.day: one.start for one in rows if one.value is not None}
        targets = [one for one in rows if one.target is not None]
        counts = is_count(newest)
        other = bool(targets) and counts and not alike(targets[-1].period, newest.period)
        better = [one.better for one in rows if one.better is not None]
        sources = sorted({one.source for one in rows if one.day == newest.day})
        defined = definitions()[newest.name] if newest.catalogued else None
        line = ScorecardLine(
            family=newest.family,
            name=newest.name if defined is None else defined.title,
            place=newest.place,
            value=math.nan if newest.value is None else newest.value,
            unit=newest.unit,
            day=newest.day,
            source="; ".join(sources),
            target=_number(targets[-1].target) if targets and not other else math.nan,
            better=better[-1] if better else None,
            confidence=newest.confidence,
            history=history,
            update_days=None if defined is None else defined.update_days,
            evidence=tuple(_evidence(one) for one in reversed(rows)),
            starts=tuple(begun[day] for day, _ in history),
            edition=newest.definition,
            counts=counts,
        )
        notes = [Message("score-note-not-reported")] if newest.value is None else []
        notes += [Message("score-note-periods")] if line.unlike else []
        notes += [_target_note(targets[-1])] if other else []
        notes += [] if defined is None else [defined.definition, *defined.limit_sentences]
        lines.append(replace(line, trend=trend_of(line.comparable), notes=tuple(notes)))
    return lines


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _target_note(one: Indicator) -> Message:
    """The target that is not applied, and the row that states it."""
    return Message("score-note-target-period", {"target": _number(one.target), "period": _period(one)})


def _period(one: Indicator) -> str:
    return one.day.isoformat() if one.start is None else f"{one.start} – {one.day}"


def _evidence(one: Indicator) -> LineEvidence:
    value: Any = Message("score-unknown")
    if one.value is not None:
        amount: dict[str, Parameter] = {"value": one.value, "unit": one.unit}
        value = Message("score-evidence-number" if one.unit == "1" else "score-evidence-value", amount)
    return LineEvidence(_period(one), value, one.source, _origin(one), one.sha256)


def _origin(one: Indicator | Period) -> Message:
    """File and row of a record, and the day of its import."""
    where: dict[str, Parameter] = {"file": one.origin, "row": one.row}
    if isinstance(one, Indicator) and one.known_on is not None:
        return Message("score-origin-imported", {**where, "date": one.known_on.isoformat()})
    return Message("score-origin", where)


def trend_of(history: Sequence[tuple[date, float]]) -> float:
    """Return the slope [per year] as the median of the slopes between all pairs of days; NaN with fewer than two days.

    Theil (1950), Sen (1968): robust to a single outlier. Of more than MOST_POINTS days, evenly spaced ones are used.
    """
    if len(history) < 2:
        return math.nan
    chosen = np.unique(np.linspace(0, len(history) - 1, min(len(history), MOST_POINTS)).round().astype(int))
    years = np.array([history[at][0].toordinal() for at in chosen]) / YEAR_DAYS
    values = np.array([history[at][1] for at in chosen], np.float64)
    first, second = np.triu_indices(len(chosen), k=1)
    return float(np.median((values[second] - values[first]) / (years[second] - years[first])))


def _of_outcomes(periods: Sequence[Period], *, simulated: bool) -> list[ScorecardLine]:
    lines: list[ScorecardLine] = []
    for _, group in groupby(sorted(periods, key=lambda one: (one.place, one.start)), key=lambda one: one.place):
        rows = list(group)
        total = total_of(rows)
        each = [outcome_rates(one.outcomes, simulated=simulated) for one in rows]
        settled = [one.settled for one in rows]
        waiting = sum(one.open_alerts for one in rows)
        fixed = _fixed(rows)
        for name, rate in outcome_rates(total, simulated=simulated).items():
            known = [(one, r[name].value) for one, r in zip(rows, each, strict=True) if name in r]
            known = [(one, value) for one, value in known if not math.isnan(value)]
            history = tuple((one.last_day, value) for one, value in known)
            not_yet = [Message("score-note-open-alerts", {"count": waiting})] if waiting and name in OF_ALERTS else []
            better = "lower" if name in LOWER_IS_BETTER else "higher"
            line = ScorecardLine(
                **fixed, name=Message("score-rate", {"rate": name}), value=rate.value, better=better,
                trend=trend_of([(one.last_day, value) for one, value in known if one.settled]), history=history,
                starts=tuple(one.start for one, _ in known),
                numerator=rate.numerator, denominator=rate.denominator, low=rate.low, high=rate.high,
                interval=rate.interval, notes=(rate.limits, *not_yet, *formula_of(name)),
                by_chance=_by_chance([r[name] for r, is_settled in zip(each, settled, strict=True)
                                      if name in r and is_settled]),
            )  # fmt: skip
            lines.append(line)
            if name == INTERDICTION_EFFECTIVENESS and len(rows) > 1:
                low, high = effectiveness_interval(rows)
                name_by_weeks, interval = Message("score-rate-by-weeks"), Message("score-method-bootstrap")
                if not math.isnan(low):  # weeks that do not differ show no spread: Wilson's stands alone
                    lines.append(replace(line, name=name_by_weeks, low=low, high=high, interval=interval))
        lines += _repeats(rows)
    return lines


def formula_of(name: str) -> tuple[Message, ...]:
    """How a computed value is defined, by the catalogue; nothing for one that is not in it."""
    return (definitions()[name].definition,) if name in definitions() else ()


def _counted(one: Period) -> LineEvidence:
    """The counts of a period that are known, and the incidents that they count."""
    counts: dict[str, Parameter] = {name: getattr(one.outcomes, name) for name in COUNTS}
    names = one.incidents[:MOST_NAMES]
    more = f" + {len(one.incidents) - len(names)}" if len(one.incidents) > len(names) else ""
    value = Message("score-evidence-counts", counts)
    origin = ", ".join(names) + more if names else _origin(one)
    return LineEvidence(f"{one.start} – {one.last_day}", value, one.source, origin, one.sha256)


def _by_chance(rates: Sequence[Rate]) -> bool:
    """Return whether the first and last known rate differ by no more than their intervals, as counts, allow."""
    known = [rate for rate in rates if rate.denominator > 0.0 and rate.numerator <= rate.denominator]
    if len(known) < 2:
        return False
    first, last = (wilson(rate.numerator, rate.denominator) for rate in (known[0], known[-1]))
    return bool(first[0] <= last[1] and last[0] <= first[1])


def _fixed(rows: Sequence[Period]) -> dict[str, Any]:
    """Return what the lines of the periods of a place have in common."""
    return {
        "family": TACTICAL,
        "place": rows[0].place,
        "unit": "1",
        "day": rows[-1].last_day,
        "source": "; ".join(sorted({one.source for one in rows})),
        "begins": rows[0].start,
        "evidence": tuple(_counted(one) for one in reversed(rows)),
    }


def _repeats(rows: Sequence[Period]) -> list[ScorecardLine]:
    known = [
        one for one in rows if one.repeated is not None and one.deterred is not None and one.outcomes.apprehended > 0
    ]
    if not known:
        return []
    repeated = sum(one.repeated or 0.0 for one in known)
    caught = sum(one.outcomes.apprehended for one in known)
    ranges = [one.deterred for one in known if one.deterred is not None]
    deterred = min(low for low, _ in ranges), max(high for _, high in ranges)
    trials = repeated_trials(repeated, caught, deterred=deterred)
    span: dict[str, Parameter] = {"low": trials.low, "high": trials.high, "fewest": deterred[0], "most": deterred[1]}
    notes = [Message("score-note-repeated", span)]
    if not trials.consistent:
        notes.append(Message("score-note-inconsistent"))
    return [
        ScorecardLine(
            **_fixed(known), name=Message("score-repeated-trials"), value=math.nan,
            numerator=repeated, denominator=caught,
            low=trials.wide_low, high=trials.wide_high, interval=Message("score-method-repeated"), notes=tuple(notes),
            better="higher",
        )
    ]  # fmt: skip


def missing_from(
    lines: Mapping[str, Sequence[ScorecardLine]], periods: Sequence[Period], day: date
) -> dict[str, list[Message]]:
    """Return what data are missing from each family on a day."""
    return {family: _missing(family, found, periods, day) for family, found in lines.items()}


def _missing(family: str, lines: Sequence[ScorecardLine], periods: Sequence[Period], day: date) -> list[Message]:
    told = []
    if not lines:
        told.append(Message("score-missing-family"))
    if family == TACTICAL and not periods:
        told.append(Message("score-missing-outcomes"))
    for line in lines:
        subject: dict[str, Any] = {"indicator": line.name, "place": line.place}
        if math.isnan(line.value) and math.isnan(line.low):
            reason: Any = line.notes[0] if line.notes else Message("score-note-no-value")
            told.append(Message("score-missing-unknown", {**subject, "reason": reason}))
        elif line.is_stale(day):
            told.append(Message("score-missing-stale", {**subject, "date": line.day.isoformat()}))
        computed = family == TACTICAL or (line.key in definitions() and definitions()[line.key].computed)
        if math.isnan(line.target) and not computed:
            told.append(Message("score-missing-target", subject))
        if math.isnan(line.trend) and not computed:
            told.append(Message("score-missing-trend", subject))
    return told
