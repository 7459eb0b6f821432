"""A scorecard with the status of its plan from the records that were read, and both as figures for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from ops.analysis.action_plan.status import PlanStatus, adherence_line, status_of, with_targets
from ops.analysis.indicators.catalogue import FAMILIES
from ops.analysis.score.inputs import ScoreInputs
from ops.analysis.score.line import Scorecard
from ops.analysis.score.scorecard import check_place, missing_from, scorecard, without_trends
from ops.analysis.score.summary import summary_of
from ops.runtime.output import say_in_english

NAP: Final = "national_action_plan"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A scorecard of a day for one place or all, and the status of the plan.

    ``places``: all places with data. ``known_on``: the day whose knowledge of the values is used.
    """

    card: Scorecard
    plan: PlanStatus | None
    places: tuple[str, ...]
    sector: str
    place: str | None
    known_on: date

    def figures(self) -> dict[str, Any]:
        """Return scorecard and status for JSON, with English sentences beside the messages.

        Where only the newest values were read, each family has a summary by indicator instead of its lines, and their
        number.
        """
        return {
            "sector": self.sector,
            "date": self.card.day.isoformat(),
            "known_on": self.known_on.isoformat(),
            "place": self.place,
            "illustrative": self.card.illustrative,
            "families": {family: self._family(family) for family in FAMILIES},
            "action_plan": None if self.plan is None else self.plan.as_dict(),
        }

    def _family(self, family: str) -> Mapping[str, Any]:
        missing, day, lines = self.card.missing[family], self.card.day, self.card.lines[family]
        kept = [] if self.card.newest_only else lines
        return {
            "lines": [
                line.as_dict() | {"age_days": (day - line.day).days, "stale": line.is_stale(day)} for line in kept
            ],
            "lines_left_out": len(lines) - len(kept),
            "by_indicator": [one.as_dict() for one in summary_of(lines)] if self.card.newest_only else [],
            "missing": [say_in_english(message) for message in missing],
            "missing_messages": [message.as_dict() for message in missing],
        }


def evaluate(
    inputs: ScoreInputs, *, sector: str, place: str | None, day: date, known_on: date, simulated: bool
) -> Evaluation:
    """Evaluate records of ``day``, with the targets of the plan and its adherence as a line.

    A plan is judged by all places, whichever is shown. Raises IndicatorError for a place without any data.
    """
    records, part = (inputs.indicators, inputs.periods, inputs.measured), inputs.of_history
    known = {one.place for kind in records for one in kind}
    places = tuple(sorted(known if part is None else known.union(part.places)))
    check_place(place, places)
    card = replace(scorecard(*records, day=day, place=place, simulated=simulated), known_on=known_on)
    if part is not None:
        card = replace(card, illustrative=card.illustrative or part.illustrative, newest_only=part.newest_only)
    if inputs.plan is None:
        return Evaluation(without_trends(card), None, places, sector, place, known_on)
    everywhere = card
    if place is not None or part is not None:
        indicators = inputs.indicators if part is None else part.for_plan
        everywhere = scorecard(indicators, *records[1:], day=day, simulated=simulated)
    status = status_of(inputs.plan, everywhere)
    card = with_targets(card, inputs.plan, everywhere)
    lines = {**card.lines, NAP: [adherence_line(status, NAP, sector), *card.lines[NAP]]}
    missing = missing_from(lines, inputs.periods, day)
    illustrative = card.illustrative or inputs.plan.illustrative
    card = replace(card, lines=lines, missing=missing, illustrative=illustrative)
    return Evaluation(without_trends(card), status, places, sector, place, known_on)
