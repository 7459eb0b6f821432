"""The review calendar of a plan: when each measure was last reviewed, and when it is to be reviewed next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from ops.analysis.action_plan.plan import ActionPlan, Measure


@dataclass(frozen=True, slots=True)
class Review:
    """The next review of measures with the same interval.

    ``last`` is None before the first review; ``days_late`` is negative before the day of the next one.
    """

    measures: tuple[Measure, ...]
    every_days: int
    last: date | None
    next: date
    days_late: int


def reviews_of(plan: ActionPlan, day: date) -> list[Review]:
    """Return the review calendar as of a day, the next review first.

    A review of the plan is one of all its measures. The first is due one interval after the adoption.
    """
    past = [one for one in plan.reviewed if one <= day]
    last = past[-1] if past else None
    groups: dict[int, list[Measure]] = {}
    for _, measure in plan.measures():
        groups.setdefault(measure.review_days or plan.review_days, []).append(measure)
    found = []
    for every, measures in groups.items():
        due = (last or plan.adopted) + timedelta(days=every)
        found.append(Review(tuple(measures), every, last, due, (day - due).days))
    return sorted(found, key=lambda one: one.next)
