"""A line of the scorecard: the newest value of an indicator, and what is needed to judge it and to trace it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from geo.message import Message
from ops.analysis.indicators.periods import alike
from ops.runtime.output import say_in_english
from sensors.statistics.statistic import StatisticText

DEFAULT_UPDATE_DAYS: Final = 365
"""Most indicators are published once a year."""
GRACE_DAYS: Final = 35
"""Days after which a value that was not updated counts as out of date."""
AS_REPORTED: Final = Message("score-method-reported")


@dataclass(frozen=True, slots=True)
class LineEvidence:
    """One record behind a line: the day or period, its value as text, its source, and where it was read.

    ``sha256``: hash of the file that ``origin`` names; empty for what was not read from a file.
    """

    period: str
    value: StatisticText
    source: StatisticText
    origin: StatisticText = ""
    sha256: str = ""

    def as_dict(self) -> dict[str, str]:
        """The record for JSON, in English."""
        texts = {name: said(getattr(self, name), say_in_english) for name in ("value", "source", "origin")}
        return {"period": self.period, **texts, "sha256": self.sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardLine:
    """One line of the scorecard: the newest value of an indicator at a place, and the data to evaluate it.

    ``value`` NaN means unknown, and ``notes`` give the reason. ``trend`` [unit per year] is NaN with fewer than two
    values. ``history`` holds the known (day, value) pairs. ``numerator``, ``denominator``, ``low`` and ``high`` are set
    for a rate. ``by_chance``: the first and last value may differ by chance alone. ``update_days``: the interval at
    which a value is expected. ``evidence``: the records behind the values. ``starts``: the first
    day of the period of each value of the history, None where it is of a day. ``edition``: that of the definition, if
    the source states one. ``begins``: first day of the period that the value counts; None where it is of ``day``.
    ``counts``: whether the value is a number of cases, which grows with its period.
    """

    family: str
    name: StatisticText
    place: str
    value: float
    unit: str
    day: date
    source: StatisticText
    target: float = math.nan
    better: str | None = None
    trend: float = math.nan
    confidence: str | None = None
    history: tuple[tuple[date, float], ...] = ()
    numerator: float = math.nan
    denominator: float = math.nan
    low: float = math.nan
    high: float = math.nan
    interval: StatisticText = AS_REPORTED
    notes: tuple[StatisticText, ...] = ()
    by_chance: bool = False
    update_days: int | None = None
    evidence: tuple[LineEvidence, ...] = ()
    starts: tuple[date | None, ...] = ()
    edition: str | None = None
    begins: date | None = None
    counts: bool = False

    @property
    def comparable(self) -> tuple[tuple[date, float], ...]:
        """The known (day, value) pairs that may be compared: all, or of counts those of periods as long as the last."""
        if not self.counts or not self.history:
            return self.history
        periods = [(start, day) for start, (day, _) in zip(self.starts, self.history, strict=True)]
        kept = (alike(period, periods[-1]) for period in periods)
        return tuple(pair for pair, keep in zip(self.history, kept, strict=True) if keep)

    @property
    def unlike(self) -> bool:
        """Whether its counts are of periods of unlike length, so that a target needs a statement of its period."""
        return len(self.comparable) < len(self.history)

    @property
    def distance(self) -> float:
        """Target minus value [unit]; NaN where either is unknown."""
        return self.target - self.value

    @property
    def verdict(self) -> str:
        """Whether the target is met: met, not_met, no_target, no_direction (of improvement), or unknown."""
        if math.isnan(self.value):
            return "unknown"
        if math.isnan(self.target):
            return "no_target"
        if self.better is None:
            return "met" if self.distance == 0.0 else "no_direction"
        return "met" if (self.value >= self.target) == (self.better == "higher") or self.distance == 0.0 else "not_met"

    @property
    def direction(self) -> str:
        """The trend: better, worse, rising, falling, steady, by_chance, or no_trend."""
        if math.isnan(self.trend):
            return "no_trend"
        if self.by_chance:
            return "by_chance"
        if self.trend == 0.0:
            return "steady"
        rising = self.trend > 0.0
        if self.better is None:
            return "rising" if rising else "falling"
        return "better" if rising == (self.better == "higher") else "worse"

    @property
    def key(self) -> str:
        """Identifier of what Watchline computes or the catalogue defines, else the name as the source gives it."""
        return _id(self.name) or str(self.name)

    def is_stale(self, today: date) -> bool:
        """Whether the newest value is older than the interval of its updates allows."""
        expected = DEFAULT_UPDATE_DAYS if self.update_days is None else self.update_days
        return (today - self.day).days > expected + GRACE_DAYS

    def as_dict(self) -> dict[str, Any]:
        """The line for JSON, its texts in English: unknown is null; ``id`` names a line that Watchline computes."""
        numbers = ("value", "target", "distance", "trend", "numerator", "denominator", "low", "high")
        record: dict[str, Any] = {name: _known(getattr(self, name)) for name in numbers}
        plain = ("family", "place", "unit", "better", "confidence", "verdict", "direction")
        record |= {name: getattr(self, name) for name in plain}
        texts = {name: getattr(self, name) for name in ("name", "source", "interval")}
        return (
            {"id": _id(self.name)}
            | record
            | {name: said(text, say_in_english) for name, text in texts.items()}
            | {
                "notes": [said(note, say_in_english) for note in self.notes],
                "messages": {name: _written(text) for name, text in texts.items()}
                | {"notes": [_written(note) for note in self.notes]},
                "date": self.day.isoformat(),
                "begins": None if self.begins is None else self.begins.isoformat(),
                "history": [[day.isoformat(), value] for day, value in self.history],
                "history_starts": [
                    None if one is None else one.isoformat() for one in self.starts or [None] * len(self.history)
                ],
                "edition": self.edition,
                "update_days": self.update_days,
                "evidence": [one.as_dict() for one in self.evidence],
            }
        )


def said(text: StatisticText, say: Callable[..., str]) -> str:
    """The text in the language of ``say``."""
    return text if isinstance(text, str) else say(text)


def _written(text: StatisticText) -> Any:
    """The text for JSON: a message as its id and parameters, the text of a source as it is."""
    return text if isinstance(text, str) else text.as_dict()


def _id(name: StatisticText) -> str | None:
    if isinstance(name, str):
        return None
    stated = (name.parameters.get(key) for key in ("rate", "record", "indicator"))
    return next((str(one) for one in stated if one), name.id.removeprefix("score-"))


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The lines of all four families, and what data are missing from each; ``illustrative``: records are made up.

    ``newest_only``: of indicators, only the newest values were read, so that their lines have no trend and history.
    ``known_on``: the day whose knowledge of the values is used, by default ``day``.
    """

    day: date
    lines: Mapping[str, Sequence[ScorecardLine]]
    missing: Mapping[str, Sequence[Message]]
    illustrative: bool = False
    newest_only: bool = False
    known_on: date | None = None

    @property
    def days(self) -> dict[str, str]:
        """The day of the values and that of their knowledge, for sentences."""
        return {"date": self.day.isoformat(), "known": (self.known_on or self.day).isoformat()}


def _known(value: float) -> float | None:
    return None if math.isnan(value) or math.isinf(value) else float(value)
