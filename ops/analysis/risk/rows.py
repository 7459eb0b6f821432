"""Rows and sentences of an assessment of risk, in the language of this process."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from ops.analysis.risk.assessment import RiskAssessment, SectionRisk
from ops.analysis.risk.combination import CLASSES, FACTORS
from ops.analysis.risk.trend import RiskTrend
from ops.runtime.output import catalogue, say

COLUMNS: Final = ("rank", "segment", "section", "risk", *FACTORS, "matrix", "ranks", "top")
SECTION_COLUMNS: Final = ("section", "segment", "risk", "proposed", "highest", "current")
TREND_COLUMNS: Final = ("segment", "section", "trend", "first", "last", "change", "reason")
NAMED: Final = 10
"""Maximum number of segments of the highest risk that are named; of more, the number is stated."""
SMALLEST: Final = 0.005
"""A smaller change is none in the digits that are shown."""


def answer_of(found: RiskAssessment) -> list[str]:
    """The segments of the highest risk, how stable that is, and what is unknown."""
    first = found.first()
    sentences = []
    if first:
        top = catalogue().formats.percent(float(found.stability.top[first].min()))
        shown = {"risk": _fraction(found.risk[first[0]]), "top": top, "count": found.stability.top_count}
        if len(first) == 1:
            sentences.append(say("risk-answer", segment=str(first[0]), **shown))
        else:
            named = "yes" if len(first) <= NAMED else "no"
            sentences.append(say("risk-answer-shared", number=len(first), named=named, segments=first, **shown))
    unknown = int(np.isnan(found.risk).sum())
    sentences.append(say("risk-answer-unknown", unknown=unknown, segments=len(found.risk)))
    sentences += [say("risk-left-out", factor=name) for name in found.left_out]
    for name, period in found.factors.periods.items():
        title = say("indicator-title", indicator=name)
        if period.end is None:
            sentences.append(say("risk-no-common-period", indicator=title))
        elif period.earlier:
            start = (period.start or period.end).isoformat()
            sentences.append(say("risk-earlier-period", indicator=title, start=start, end=period.end.isoformat()))
    return sentences


def segment_row(found: RiskAssessment, segment: int) -> list[str]:
    """The cells of COLUMNS for a segment with a known risk."""
    stability, level = found.stability, int(found.levels[segment])
    factors: list[Any] = [_fraction(value) for value in found.factors.table[segment]]
    ranks = say("risk-ranks", low=int(stability.low[segment]), high=int(stability.high[segment]))
    return [
        str(int(stability.rank[segment])),
        str(segment),
        found.section_names[segment] or say("score-none"),
        _fraction(found.risk[segment]),
        *factors,
        level_name(None if level < 0 else CLASSES[level]),
        ranks,
        catalogue().formats.percent(float(stability.top[segment])),
    ]


def section_row(one: SectionRisk) -> list[str]:
    """The cells of SECTION_COLUMNS for a section."""
    risk = say("score-unknown") if math.isnan(one.risk) else _fraction(one.risk)
    segment = say("score-none") if one.segment is None else str(one.segment)
    return [one.name, segment, risk, level_name(one.proposed), level_name(one.highest), level_name(one.current)]


def trend_order(trend: RiskTrend) -> list[int]:
    """The segments whose change is known, the largest rise first."""
    change = trend.change
    return sorted(np.flatnonzero(~np.isnan(change)).tolist(), key=lambda segment: (-change[segment], segment))


def trend_row(found: RiskAssessment, trend: RiskTrend, segment: int) -> list[str]:
    """The cells of TREND_COLUMNS for a segment whose change is known."""
    now, change = float(trend.risk[-1, segment]), float(trend.change[segment])
    reason = trend.reason(segment)
    return [
        str(segment),
        found.section_names[segment] or say("score-none"),
        trend.sparkline(segment),
        _fraction(now - change),
        _fraction(now),
        say("risk-change", change=change, sign="down" if change < -SMALLEST else "up" if change > SMALLEST else "none"),
        say("score-none") if reason is None else say("risk-column", name=reason),
    ]


def level_name(level: str | None) -> str:
    """The name of an impact level or class for people."""
    return say("risk-level", level=level or "none")


def _fraction(value: float) -> str:
    """A value from 0 to 1 in as many digits as it can be trusted; the summary file has all of them."""
    return catalogue().formats.number(None if math.isnan(value) else float(value), 2)
