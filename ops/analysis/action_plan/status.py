"""The status of each measure, from the lines of the scorecard, and adherence: measures met of those due."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final, Literal

from geo.message import Message
from ops.analysis.action_plan.plan import ActionPlan, Measure, Objective
from ops.analysis.action_plan.reviews import reviews_of
from ops.analysis.indicators.catalogue import definitions
from ops.analysis.score.line import Scorecard, ScorecardLine, said
from ops.runtime.output import say_in_english
from sensors.statistics.statistic import StatisticText, wilson

MeasureState = Literal["met", "in_progress", "overdue", "unknown"]
STATUSES: Final = ("met", "in_progress", "overdue", "unknown")
"""Met; not met and not yet due; due and not met; due, but there is no value to judge it by."""


@dataclass(frozen=True, slots=True)
class MeasureStatus:
    """The status of a measure on a day. ``line`` is the line of the scorecard that measures it.

    ``reason``: why it is unknown. ``overdue_days``: since when it is due and not met, or not known to be met.
    """

    objective: Objective
    measure: Measure
    status: MeasureState
    line: ScorecardLine | None = None
    reason: Message | None = None
    overdue_days: int = 0


@dataclass(frozen=True, slots=True)
class Adherence:
    """Measures shown to be met, of those due, with a 95% interval that allows for the unknown ones.

    ``low`` is Wilson's lower end if no unknown measure is met, ``high`` the upper end if all are. NaN if none is due.
    """

    met: int
    unknown: int
    due: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """Fraction of the measures due that are shown to be met; NaN where none is due."""
        return self.met / self.due if self.due else math.nan


@dataclass(frozen=True, slots=True)
class PlanStatus:
    """A plan and the status of its measures on a day."""

    plan: ActionPlan
    day: date
    measures: tuple[MeasureStatus, ...]
    adherence: Adherence

    def late(self) -> list[MeasureStatus]:
        """Return the measures that are due and not shown to be met, the longest overdue first."""
        late = [one for one in self.measures if one.status in ("overdue", "unknown")]
        return sorted(late, key=lambda one: -one.overdue_days)

    def as_dict(self) -> dict[str, Any]:
        """The status for JSON."""
        counts = Counter(one.status for one in self.measures)
        rate, frozen = self.adherence, self.plan.thresholds
        return {
            "title": self.plan.title,
            "date": self.day.isoformat(),
            "illustrative": self.plan.illustrative,
            "counts": {status: counts[status] for status in STATUSES},
            "adherence": {
                "met": rate.met, "unknown": rate.unknown, "due": rate.due,
                "value": _known(rate.value), "low": _known(rate.low), "high": _known(rate.high),
            },
            "reviews": [
                {
                    "measures": [measure.id for measure in one.measures], "every_days": one.every_days,
                    "last": None if one.last is None else one.last.isoformat(), "next": one.next.isoformat(),
                    "days_late": max(one.days_late, 0),
                }
                for one in reviews_of(self.plan, self.day)
            ],
            "thresholds": None if frozen is None else {
                "frozen_on": frozen.frozen_on.isoformat(), "targets": dict(frozen.targets),
                "changes": [asdict(one) | {"on": one.on.isoformat()} for one in frozen.changes],
                "terms": {measure: dict(fields) for measure, fields in frozen.terms.terms.items()},
                "amendments": [asdict(one) | {"on": one.on.isoformat()} for one in frozen.terms.amendments],
            },
            "measures": [
                {
                    "objective": one.objective.id, "id": one.measure.id, "title": one.measure.title,
                    "owner": one.measure.owner, "due": one.measure.due.isoformat(), "status": one.status,
                    "indicator": one.measure.indicator or None, "target": one.measure.target,
                    "value": None if one.line is None else _known(one.line.value),
                    "basis": None if one.line is None else _basis(one.line),
                    "overdue_days": max(one.overdue_days, 0) if one.status in ("overdue", "unknown") else 0,
                }
                for one in self.measures
            ],
        }  # fmt: skip


def status_of(plan: ActionPlan, card: Scorecard) -> PlanStatus:
    """Return the status of a plan by a scorecard, on the scorecard's day.

    A measure with an indicator is met while its newest value meets the target; one without, from the day on which it
    was completed. A missing or out-of-date value is unknown, not a failure; so are counts of periods of unlike length,
    unless the newest one is recorded with the target of the measure. Frozen targets are those of that day.
    """
    plan = plan.as_of(card.day)
    measures = tuple(_status(objective, measure, card) for objective, measure in plan.measures())
    due = [one for one in measures if one.measure.due <= card.day]
    met, unknown = (sum(one.status == status for one in due) for status in ("met", "unknown"))
    low = high = math.nan
    if due:
        low, high = float(wilson(met, len(due))[0]), float(wilson(met + unknown, len(due))[1])
    return PlanStatus(plan, card.day, measures, Adherence(met, unknown, len(due), low, high))


def with_targets(card: Scorecard, plan: ActionPlan, everywhere: Scorecard | None = None) -> Scorecard:
    """Return the scorecard with the targets and directions of the plan, where a line has none of its own.

    Of several measures with the same indicator, the next one to be due counts, else the last. Counts of periods of
    unlike length take no target. ``everywhere``: the scorecard by which the plan is judged, by default ``card``.
    """
    judged = (line for found in (everywhere or card).lines.values() for line in found)
    unlike = {(line.key, line.place) for line in judged if line.unlike}
    lines: dict[str, list[ScorecardLine]] = {family: list(found) for family, found in card.lines.items()}
    measures = (one for _, one in plan.as_of(card.day).measures())
    order = sorted(measures, key=lambda one: (one.due < card.day, abs(one.due - card.day)))
    for measure in order:
        line, _ = _line_of(measure, replace(card, lines=lines)) if measure.indicator else (None, None)
        if line is not None and measure.target is not None and (math.isnan(line.target) or line.better is None):
            at = lines[line.family].index(line)
            free = math.isnan(line.target) and (line.key, line.place) not in unlike
            target = measure.target if free else line.target
            lines[line.family][at] = replace(line, target=target, better=line.better or measure.better)
    return replace(card, lines=lines)


def _status(objective: Objective, measure: Measure, card: Scorecard) -> MeasureStatus:
    late = (card.day - measure.due).days
    if not measure.indicator:
        done = measure.done is not None and measure.done <= card.day
        return MeasureStatus(objective, measure, "met" if done else _open(late), overdue_days=late)
    line, reason = _line_of(measure, card)
    if line is not None and reason is None:
        reached = (line.value >= float(measure.target or 0.0)) == (measure.direction == "higher")
        if reached or line.value == measure.target:
            return MeasureStatus(objective, measure, "met", line, overdue_days=late)
        return MeasureStatus(objective, measure, _open(late), line, overdue_days=late)
    return MeasureStatus(objective, measure, "unknown" if late >= 0 else "in_progress", line, reason, late)


def _open(late: int) -> MeasureState:
    return "overdue" if late >= 0 else "in_progress"


def _line_of(measure: Measure, card: Scorecard) -> tuple[ScorecardLine | None, Message | None]:
    """The line that measures it, and why it cannot be used."""
    lines = [
        line
        for found in card.lines.values()
        for line in found
        if measure.indicator in (line.key, line.name) and measure.place in ("", line.place)
    ]
    subject: dict[str, Any] = {"indicator": title_of(measure.indicator)}
    if not lines:
        return None, Message("action-plan-no-line", subject)
    if len({line.place for line in lines}) > 1:
        return None, Message("action-plan-places", subject)
    line = lines[0]
    if math.isnan(line.value):
        return line, Message("action-plan-no-value")
    if line.is_stale(card.day):
        return line, Message("action-plan-stale", {"date": line.day.isoformat()})
    if line.unlike and line.target != measure.target:
        return line, Message("action-plan-periods")
    return line, None


def title_of(indicator: str) -> StatisticText:
    """The name of an indicator: that of the catalogue, else as the plan writes it."""
    return definitions()[indicator].title if indicator in definitions() else indicator


def adherence_line(status: PlanStatus, family: str, place: str) -> ScorecardLine:
    """Return adherence as a line of the scorecard."""
    rate = status.adherence
    notes = [Message("action-plan-note-due", {"due": rate.due, "unknown": rate.unknown})]
    return ScorecardLine(
        family=family,
        name=Message("indicator-title", {"indicator": "measures_met"}),
        place=place,
        value=rate.value,
        unit="1",
        day=status.day,
        source=status.plan.source,
        better="higher",
        numerator=float(rate.met),
        denominator=float(rate.due),
        low=rate.low,
        high=rate.high,
        interval=Message("action-plan-method"),
        notes=tuple(notes),
    )


def _basis(line: ScorecardLine) -> dict[str, Any]:
    """What a value rests on, in English: counts, interval, period, source and formula."""
    numbers = ("numerator", "denominator", "low", "high")
    defined = definitions().get(line.key)
    return {name: _known(getattr(line, name)) for name in numbers} | {
        "interval": said(line.interval, say_in_english),
        "begins": None if line.begins is None else line.begins.isoformat(),
        "date": line.day.isoformat(),
        "source": said(line.source, say_in_english),
        "formula": None if defined is None else say_in_english(defined.definition),
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
