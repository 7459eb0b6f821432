"""Drills of the past year for the scorecard, from the training records that ``watchline drill`` keeps.

Of each drill the counts of its score are added up; a person is never named. Incidents of one drill depend on each
other, so that intervals of the added counts sample whole drills. Drills of one rate have no such interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from geo.errors import BadInput
from geo.message import Message
from ops.analysis.indicators.catalogue import definitions
from ops.analysis.indicators.tables import IndicatorError, file_hash
from ops.analysis.score.line import LineEvidence, ScorecardLine
from ops.governance.training import TrainingRecord, read_records
from sensors.statistics.statistic import block_bootstrap, wilson

PERIOD: Final = timedelta(days=365)
NAP: Final = "national_action_plan"
PASSED: Final = "drills_passed"
ADDED: Final = {
    "drill_acknowledged_in_time": "acknowledged_in_time",
    "drill_right_dispositions": "right_dispositions",
    "drill_missed_crossings": "missed_crossings",
}
"""Indicators that add up counts of the scores, by indicator."""


def of_drills(file: Path, place: str, day: date) -> list[ScorecardLine]:
    """Return the lines of the drills in the year up to ``day``; none where no drill was held.

    Raises IndicatorError for a file that is not one of training records, or whose scores have no counts.
    """
    try:
        drills = [one for one in read_records(file) if one.kind == "drill" and day - PERIOD < one.day <= day]
        digest = file_hash(file) if drills else ""
    except (BadInput, OSError) as error:
        raise IndicatorError(f"cannot be read ({error})", where=file.name, expected="training records") from None
    if not drills:
        return []
    drills.sort(key=lambda one: (one.day, one.id))
    origin = (file.name, digest)
    lines = [_line(PASSED, [(one, int(one.result == "passed"), 1) for one in _held(drills)], place, origin)]
    for name, score in ADDED.items():
        counted = [(one, *_counts(one, score, file)) for one in drills if one.score]  # a table of drills has no scores
        if counted:
            lines.append(_line(name, counted, place, origin))
    return lines


def _held(drills: Sequence[TrainingRecord]) -> list[TrainingRecord]:
    """Return one record for each drill: a table, which has no scores, has a row for each person who took part.

    Rows of one day, title, shift and role are one drill, which is passed if all of them are.
    """
    held: dict[tuple[object, ...], TrainingRecord] = {}
    for one in drills:
        key = (one.id,) if one.score else (one.day, one.title, one.shift, one.role)
        if key not in held or one.result == "failed":
            held[key] = one
    return list(held.values())


def _line(
    name: str, counted: Sequence[tuple[TrainingRecord, int, int]], place: str, origin: tuple[str, str]
) -> ScorecardLine:
    """The sum of the counts; ``counted``: each drill with its part and its whole."""
    pairs = np.array([(part, whole) for _, part, whole in counted], np.float64)
    part, whole = (float(total) for total in pairs.sum(axis=0))
    low = high = math.nan
    method = Message("score-method-one-drill")
    if name == PASSED:
        low, high = (float(end) for end in wilson(part, whole))
        method = Message("score-method-wilson", {"level": 0.95})
    elif (cases := np.count_nonzero(pairs[:, 1])) > 1:
        low, high = block_bootstrap(pairs, [one.id for one, *_ in counted], _ratio, seed=0)
        method = Message("score-method-drills")
        if math.isnan(low):  # all drills alike: each counts as one case
            low, high = (float(end) for end in wilson(part / whole * cases, cases))
            method = Message("score-method-drills-alike")
    defined = definitions()[name]
    days: dict[str, tuple[float, float]] = {}
    for one, own, of in counted:
        before = days.get(one.day.isoformat(), (0.0, 0.0))
        days[one.day.isoformat()] = (before[0] + own, before[1] + of)
    history = tuple((date.fromisoformat(at), own / of) for at, (own, of) in days.items() if of)
    first, last = counted[0][0].day, counted[-1][0].day
    return ScorecardLine(
        family=NAP, name=defined.title, place=place, value=part / whole if whole else math.nan, unit="1", day=last,
        source=Message("score-drills-source"), better=defined.better, history=history, numerator=part,
        denominator=whole, low=low, high=high, interval=method, begins=first,
        notes=(
            Message("score-note-drills", {"count": len(counted)}),
            defined.definition,
            *defined.limit_sentences,
        ),
        evidence=tuple(_evidence(*each, origin) for each in reversed(counted)),
    )  # fmt: skip


def _evidence(one: TrainingRecord, part: int, whole: int, origin: tuple[str, str]) -> LineEvidence:
    """One drill: its counts and its result, by the role of the shift."""
    counts: dict[str, Any] = {"part": part, "whole": whole, "role": one.role, "result": one.result}
    return LineEvidence(
        one.day.isoformat(), Message("score-evidence-drill", counts), Message("score-drills-source"),
        f"{origin[0]}, {one.id}", origin[1],
    )  # fmt: skip


def _counts(one: TrainingRecord, name: str, file: Path) -> tuple[int, int]:
    """A count of a score and what it is of."""
    stated = one.score.get(name)
    part, whole = (stated.get("number"), stated.get("of")) if isinstance(stated, dict) else (None, None)
    if not (isinstance(part, int) and isinstance(whole, int) and 0 <= part <= whole):
        raise IndicatorError(f"drill {one.id}: no counts of {name}", where=file.name, expected="scores of drills")
    return part, whole


def _ratio(pairs: Any) -> float:
    part, whole = pairs.sum(axis=0)
    return float(part / whole) if whole else math.nan
