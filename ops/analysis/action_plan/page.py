"""The status of a plan as a document to circulate: a page that prints on A4, with the evidence one link away."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from geo.message import Message
from ops.analysis.action_plan.reviews import Review, reviews_of
from ops.analysis.action_plan.status import STATUSES, MeasureStatus, PlanStatus, title_of
from ops.analysis.action_plan.swot import QUADRANTS, SwotFinding, swot_of
from ops.analysis.messages import as_recorded
from ops.analysis.score.line import Scorecard, ScorecardLine, said
from ops.analysis.score.page import anchor_of, figure, row_of
from ops.drawing.pages.html_page import ServedPage, render_page
from ops.runtime.output import atomic_write, catalogue, say

TEMPLATE: Final = Path(__file__).with_name("page.html.j2")
REVIEWS: Final = ("measures", "every", "last", "next", "state")
THRESHOLDS: Final = ("measure", "on", "before", "after", "reason", "by")
COLUMNS: Final = ("measure", "owner", "value", "target", "due", "status")
LIMITS: Final = ("adherence", "unknown", "swot", "compare")


def write_plan_page(path: Path, status: PlanStatus, card: Scorecard, *, scorecard_page: str, marking: str = "") -> None:
    """Write ``plan_page`` atomically."""
    with atomic_write(path) as partial:
        partial.write_text(plan_page(status, card, scorecard_at=scorecard_page, marking=marking), encoding="utf-8")


def plan_page(
    status: PlanStatus,
    card: Scorecard,
    *,
    scorecard_at: str | None,
    notices: Sequence[str] = (),
    served: ServedPage | None = None,
    marking: str = "",
) -> str:
    """Lay out the status of a plan in the language of this process.

    Parameters
    ----------
    status : PlanStatus
        The plan and the status of its measures.
    card : Scorecard
        The scorecard with the targets of the plan, to which the evidence links.
    scorecard_at : str or None
        Address of the scorecard's page; without one there are no links.
    notices : sequence of str
        Sentences above the measures, after that on illustrative records.
    served : ServedPage, optional
        Menu of a page of the server; a file has none.
    marking : str
        Marking at head and foot and on every printed sheet; empty: none.
    """
    page = plan_values(status, card, notices=notices) | {"scorecard": scorecard_at}
    return render_page(TEMPLATE, page=page, served=served, marking=marking)


def plan_values(status: PlanStatus, card: Scorecard, *, notices: Sequence[str] = ()) -> dict[str, Any]:
    """Return the texts of the page and of the document by part, in the language of this process."""
    findings, unjudged = swot_of(card, status)
    return {
        "title": status.plan.title,
        "answer": _answer(status),
        "about": say(
            "action-plan-about", **card.days, adopted=status.plan.adopted.isoformat(), source=status.plan.source,
        ),
        "notices": [*([say("score-illustrative")] if card.illustrative else []), *notices],
        "columns": [say(f"action-plan-column-{name}") for name in COLUMNS],
        "objectives": [
            {
                "title": say("action-plan-objective", id=objective.id, title=objective.title),
                "rows": [_row(one) for one in status.measures if one.objective.id == objective.id],
            }
            for objective in status.plan.objectives
        ],
        "late": [_late(one) for one in status.late()],
        "quadrants": [
            {
                "title": say("action-plan-quadrant", quadrant=quadrant),
                "entries": [_entry(one) for one in findings if one.quadrant == quadrant],
            }
            for quadrant in QUADRANTS
        ],
        "reviews": [_review(one) for one in reviews_of(status.plan, status.day)],
        "review_columns": [say(f"action-plan-review-{name}") for name in REVIEWS],
        "thresholds": _thresholds(status),
        "threshold_columns": [say(f"action-plan-threshold-{name}") for name in THRESHOLDS],
        "unjudged": say("action-plan-unjudged", count=unjudged),
        "limits": [say(f"action-plan-limit-{name}") for name in LIMITS],
        "colophon": say("score-colophon", version=version("watchline")),
    }  # fmt: skip


def _answer(status: PlanStatus) -> list[str]:
    rate, formats = status.adherence, catalogue().formats
    counts = Counter(one.status for one in status.measures)
    first = say("action-plan-answer", met=rate.met, due=rate.due, unknown=rate.unknown)
    if rate.due:
        ends = {"low": formats.percent(rate.low), "high": formats.percent(rate.high)}
        first = say("action-plan-answer-interval", sentence=first, value=formats.percent(rate.value), **ends)
    return [first, say("action-plan-answer-counts", **{name: counts[name] for name in STATUSES})]


def _review(one: Review) -> tuple[str, ...]:
    names = ", ".join(measure.id for measure in one.measures)
    last = say("score-none") if one.last is None else one.last.isoformat()
    state = say("action-plan-review-of", days=abs(one.days_late), when="late" if one.days_late > 0 else "ahead")
    return names, say("action-plan-review-days", days=one.every_days), last, one.next.isoformat(), state


def _thresholds(status: PlanStatus) -> dict[str, Any] | None:
    """The frozen targets and the change log; None for a plan without frozen thresholds."""
    frozen = status.plan.thresholds
    if frozen is None:
        return None
    changes = [
        (
            one.measure,
            one.on.isoformat(),
            as_recorded(one.before, one.after),
            as_recorded(one.after, one.before),
            one.reason,
            one.by,
        )
        for one in frozen.changes
    ]
    changes += [
        (f"{one.measure}: {one.field}", one.on.isoformat(), one.before, one.after, one.reason, one.by)
        for one in frozen.terms.amendments
    ]
    sentence = say(
        "action-plan-thresholds", date=frozen.frozen_on.isoformat(), targets=len(frozen.targets), changes=len(changes)
    )
    return {"sentence": sentence, "changes": changes}


def _row(one: MeasureStatus) -> dict[str, Any]:
    measure, line = one.measure, one.line
    return {
        "id": measure.id,
        "title": measure.title,
        "owner": measure.owner,
        "indicator": measure.evidence if not measure.indicator else _indicator(measure.indicator, line),
        "anchor": None if line is None else anchor_of(line),
        "value": ""
        if not measure.indicator
        else say("score-unknown")
        if line is None
        else figure(line.value, line.unit, measure.target),
        "basis": "" if line is None else _basis(line),
        "target": _target(one),
        "due": measure.due.isoformat(),
        "status": say("action-plan-status", status=one.status),
        "mood": {"met": "good", "overdue": "bad"}.get(one.status, ""),
        "note": "" if one.reason is None else say(one.reason),
    }


def _basis(line: ScorecardLine) -> str:
    """What a value rests on: its counts, interval, period and source."""
    row = row_of(line)
    counted = [] if math.isnan(line.denominator) or math.isnan(line.numerator) else [row["fraction"]]
    return say("action-plan-basis", basis=" · ".join([*counted, row["interval"], row["date"], row["source"]]))


def _target(one: MeasureStatus) -> str:
    if one.measure.target is None:
        return say("action-plan-completion")
    target = one.measure.target
    stated = as_recorded(target) if one.line is None else figure(target, one.line.unit, one.line.value)
    return say("action-plan-target", direction=one.measure.direction or "none", target=stated)


def _indicator(name: str, line: ScorecardLine | None) -> str:
    return said(title_of(name) if line is None else line.name, say)


def _late(one: MeasureStatus) -> str:
    why = one.reason or Message("action-plan-not-met")
    return say(
        "action-plan-late", id=one.measure.id, title=one.measure.title, owner=one.measure.owner,
        days=one.overdue_days, why=why,
    )  # fmt: skip


def _entry(one: SwotFinding) -> dict[str, Any]:
    if one.line is None:
        assert one.measure is not None
        return {"text": _late(one.measure), "anchor": None}
    line = one.line
    text = say(
        "action-plan-finding",
        name=line.name,
        place=line.place,
        value=figure(line.value, line.unit, line.target),
        target=say("score-none") if math.isnan(line.target) else figure(line.target, line.unit, line.value),
        trend=say("score-direction", direction=line.direction),
    )
    return {"text": say("action-plan-firm", sentence=text) if one.firm else text, "anchor": anchor_of(line)}
