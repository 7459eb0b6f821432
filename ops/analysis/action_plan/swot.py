"""SWOT of a scorecard and a plan: strengths, weaknesses, opportunities and threats, each with its evidence.

The rules are ours. Internal are the families that the authority controls: its plan and its tactical tools. External are
crime and governance, and agreements with others. A line without a target or a trend is not judged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from ops.analysis.action_plan.status import MeasureStatus, PlanStatus
from ops.analysis.score.line import Scorecard, ScorecardLine

Quadrant = Literal["strengths", "weaknesses", "opportunities", "threats"]
QUADRANTS: Final = ("strengths", "weaknesses", "opportunities", "threats")
INTERNAL: Final = ("national_action_plan", "tactical_tools")


@dataclass(frozen=True, slots=True)
class SwotFinding:
    """An entry of the SWOT: a line of the scorecard, or a measure that has none.

    ``firm``: the whole interval of the value is on the same side of the target, so that chance does not explain it.
    """

    quadrant: Quadrant
    line: ScorecardLine | None = None
    measure: MeasureStatus | None = None
    firm: bool = False


def swot_of(card: Scorecard, plan: PlanStatus | None = None) -> tuple[list[SwotFinding], int]:
    """Return the findings, and the number of lines that cannot be judged.

    Parameters
    ----------
    card : Scorecard
        The scorecard, with the targets of the plan.
    plan : PlanStatus, optional
        Its overdue measures without an indicator are weaknesses.

    Returns
    -------
    findings : list of SwotFinding
        By quadrant, in the order of the scorecard.
    unjudged : int
        Lines without a finding.
    """
    findings: list[SwotFinding] = []
    unjudged = 0
    for lines in card.lines.values():
        for line in lines:
            quadrant = _quadrant(line)
            if quadrant is None:
                unjudged += 1
            else:
                findings.append(SwotFinding(quadrant, line, firm=is_firm(line)))
    findings += [SwotFinding("weaknesses", measure=one, firm=True) for one in _late_measures(plan)]
    return sorted(findings, key=lambda one: QUADRANTS.index(one.quadrant)), unjudged


def _late_measures(plan: PlanStatus | None) -> Iterator[MeasureStatus]:
    if plan is not None:
        yield from (one for one in plan.late() if one.status == "overdue" and one.line is None)


def _quadrant(line: ScorecardLine) -> Quadrant | None:
    if line.family in INTERNAL:
        verdicts: dict[str, Quadrant] = {"met": "strengths", "not_met": "weaknesses"}
        return verdicts.get(line.verdict)
    if line.direction == "worse":
        return "threats"
    if line.verdict == "met" or (line.direction == "better" and not math.isnan(line.value)):
        return "opportunities"
    return "threats" if line.verdict == "not_met" else None


def is_firm(line: ScorecardLine) -> bool:
    """Whether the whole interval of a line is on the side of the target on which its value is."""
    if math.isnan(line.low) or math.isnan(line.high) or math.isnan(line.target):
        return False
    if line.better == "higher":
        return line.low >= line.target if line.verdict == "met" else line.high < line.target
    return line.high <= line.target if line.verdict == "met" else line.low > line.target
