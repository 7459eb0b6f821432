"""All places at once, by indicator: how many places meet the target, and the lowest and highest newest value.

Beside each other stand only values of one indicator and unit. Nothing is added up or averaged: there is never one
number for a border.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ops.analysis.messages import amount
from ops.analysis.score.line import Scorecard, ScorecardLine, said
from ops.runtime.output import say, say_in_english
from sensors.statistics.statistic import StatisticText

MOST_LINES: Final = 500
"""Lines of several places that are shown one by one."""
MOST_MISSING: Final = 40
"""Sentences on missing data of a family that are shown beside a summary."""
COLUMNS: Final = ("indicator", "places", "met", "not-met", "open", "unknown", "lowest", "highest")


@dataclass(frozen=True, slots=True)
class IndicatorSummary:
    """One indicator in one unit over all places.

    ``open``: places without a target, or whose target has no direction of improvement. ``unknown``: places without a
    value. ``lowest`` and ``highest``: the lines with these values, the first by name of place; None without any value.
    """

    name: StatisticText
    key: str
    unit: str
    places: int
    met: int
    not_met: int
    open: int
    unknown: int
    lowest: ScorecardLine | None
    highest: ScorecardLine | None

    def as_dict(self) -> dict[str, Any]:
        """The summary for JSON, in English."""
        counts = {name: getattr(self, name) for name in ("places", "met", "not_met", "open", "unknown")}
        ends = {
            name: None if line is None else {"place": line.place, "value": line.value, "date": line.day.isoformat()}
            for name, line in (("lowest", self.lowest), ("highest", self.highest))
        }
        return {"id": self.key, "name": said(self.name, say_in_english), "unit": self.unit} | counts | ends

    def cells(self) -> list[str]:
        """The summary as cells of a table, in the language of this process; the last two are values with places."""
        counts = (self.places, self.met, self.not_met, self.open, self.unknown)
        return [said(self.name, say), *map(str, counts), _end(self.lowest), _end(self.highest)]


def is_summarised(card: Scorecard) -> bool:
    """Whether a scorecard is shown by indicator: of several places with many lines, or with the newest values only."""
    lines = [line for found in card.lines.values() for line in found]
    return card.newest_only or (len(lines) > MOST_LINES and len({line.place for line in lines}) > 1)


def summary_of(lines: Sequence[ScorecardLine]) -> list[IndicatorSummary]:
    """Summarise the lines of a family by indicator and unit, in the order of their first lines."""
    groups: dict[tuple[str, str], list[ScorecardLine]] = {}
    for line in lines:
        groups.setdefault((line.key, line.unit), []).append(line)
    summaries = []
    for (key, unit), found in groups.items():
        verdicts = Counter(line.verdict for line in found)
        known = sorted((line for line in found if not math.isnan(line.value)), key=lambda line: line.place)
        summaries.append(
            IndicatorSummary(
                found[0].name, key, unit, len({line.place for line in found}), verdicts["met"], verdicts["not_met"],
                verdicts["no_target"] + verdicts["no_direction"], verdicts["unknown"],
                min(known, key=lambda line: line.value, default=None),
                max(known, key=lambda line: line.value, default=None),
            )
        )  # fmt: skip
    return summaries


def _end(line: ScorecardLine | None) -> str:
    if line is None:
        return say("score-unknown")
    return say("score-summary-end", value=amount(line.value, line.unit), place=line.place)
