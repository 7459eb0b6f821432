"""The scorecard: all four families of success side by side, with trend, distance to target, and missing data."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from geo.message import Message, Parameter
from ops.analysis.indicators.catalogue import FAMILIES
from ops.analysis.indicators.records import Indicator
from ops.analysis.indicators.tables import IndicatorError
from ops.analysis.score.outcome_records import Period, effectiveness_interval, total_of
from ops.drawing.scene import conditions_words
from ops.runtime.output import say_in_english
from sensors.statistics.outcome_rates import INTERDICTION_EFFECTIVENESS, Rate, outcome_rates, repeated_trials
from sensors.statistics.statistic import StatisticText, wilson

TACTICAL: Final = "tactical_tools"
OF_CHALLENGE: Final[Mapping[str, str]] = {
    "gap-segments": "lower",
    "least-detection": "higher",
    "least-interruption": "higher",
    "resilience": "higher",
    "dead-ground-layout": "lower",
    "unknown-segments": "lower",
}
"""Records of ``watchline challenge`` by id, and whether a lower or a higher value is better."""
YEAR_DAYS: Final = 365.25
STALE_DAYS: Final = 400
"""Age in days above which a value counts as out of date: most indicators are published once a year."""
LOWER_IS_BETTER: Final = frozenset({"nuisance_alarm_fraction", "unresolved_fraction"})
AS_REPORTED: Final = Message("score-method-reported")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardLine:
    """One line of the scorecard: the newest value of an indicator at a place, and the data to evaluate it.

    ``value`` NaN means unknown, and ``notes`` give the reason. ``trend`` [unit per year] is NaN with fewer than two
    values. ``history`` holds the known (day, value) pairs. ``numerator``, ``denominator``, ``low`` and ``high`` are set
    for a rate. ``by_chance``: the first and last value may differ by chance alone.
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
                "history": [[day.isoformat(), value] for day, value in self.history],
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
    return str(name.parameters.get("rate") or name.parameters.get("record") or name.id.removeprefix("score-"))


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The lines of all four families, and what data are missing from each."""

    day: date
    lines: Mapping[str, Sequence[ScorecardLine]]
    missing: Mapping[str, Sequence[Message]]


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
    if place is not None and place not in known_places:
        raise IndicatorError(
            f"no data for {place!r}", where="--place", expected=", ".join(sorted(known_places)) or "a place with data"
        )
    lines = [*_of_indicators(indicators), *_of_outcomes(periods, simulated=simulated), *measured]
    chosen = [line for line in lines if place is None or line.place == place]
    by_family = {family: [line for line in chosen if line.family == family] for family in FAMILIES}
    missing = {family: _missing(family, lines_found, periods, day) for family, lines_found in by_family.items()}
    return Scorecard(day, by_family, missing)


def _of_indicators(indicators: Sequence[Indicator]) -> list[ScorecardLine]:
    lines = []
    for _, group in groupby(sorted(indicators, key=lambda one: (one.what, one.day)), key=lambda one: one.what):
        rows = list(group)
        newest = rows[-1]
        history = tuple({one.day: one.value for one in rows if one.value is not None}.items())
        targets = [one.target for one in rows if one.target is not None]
        better = [one.better for one in rows if one.better is not None]
        sources = sorted({one.source for one in rows if one.day == newest.day})
        lines.append(
            ScorecardLine(
                family=newest.family,
                name=newest.name,
                place=newest.place,
                value=math.nan if newest.value is None else newest.value,
                unit=newest.unit,
                day=newest.day,
                source="; ".join(sources),
                target=targets[-1] if targets else math.nan,
                better=better[-1] if better else None,
                trend=trend_of(history),
                confidence=newest.confidence,
                history=history,
                notes=() if newest.value is not None else (Message("score-note-not-reported"),),
            )
        )
    return lines


def trend_of(history: Sequence[tuple[date, float]]) -> float:
    """Return the slope [per year] as the median of the slopes between all pairs of days; NaN with fewer than two days.

    Theil (1950), Sen (1968): robust to a single outlier.
    """
    slopes = sorted(
        (b[1] - a[1]) / ((b[0] - a[0]).days / YEAR_DAYS) for i, a in enumerate(history) for b in history[i + 1 :]
    )
    if not slopes:
        return math.nan
    middle = len(slopes) // 2
    return slopes[middle] if len(slopes) % 2 else (slopes[middle - 1] + slopes[middle]) / 2.0


def _of_outcomes(periods: Sequence[Period], *, simulated: bool) -> list[ScorecardLine]:
    lines: list[ScorecardLine] = []
    for place, group in groupby(sorted(periods, key=lambda one: (one.place, one.start)), key=lambda one: one.place):
        rows = list(group)
        total = total_of(rows)
        each = [outcome_rates(one.outcomes, simulated=simulated) for one in rows]
        sources = "; ".join(sorted({one.source for one in rows}))
        fixed: dict[str, Any] = {
            "family": TACTICAL,
            "place": place,
            "unit": "1",
            "day": rows[-1].end,
            "source": sources,
        }
        for name, rate in outcome_rates(total, simulated=simulated).items():
            values = tuple((one.end, r[name].value) for one, r in zip(rows, each, strict=True) if name in r)
            history = tuple((day, value) for day, value in values if not math.isnan(value))
            better = "lower" if name in LOWER_IS_BETTER else "higher"
            line = ScorecardLine(
                **fixed, name=Message("score-rate", {"rate": name}), value=rate.value, better=better,
                trend=trend_of(history), history=history, numerator=rate.numerator, denominator=rate.denominator,
                low=rate.low, high=rate.high,
                interval=rate.interval, notes=(rate.limits,),
                by_chance=_by_chance([r[name] for r in each if name in r]),
            )  # fmt: skip
            lines.append(line)
            if name == INTERDICTION_EFFECTIVENESS and len(rows) > 1:
                low, high = effectiveness_interval(rows)
                name_by_weeks, interval = Message("score-rate-by-weeks"), Message("score-method-bootstrap")
                lines.append(replace(line, name=name_by_weeks, low=low, high=high, interval=interval))
        lines += _repeats(rows, fixed)
    return lines


def _by_chance(rates: Sequence[Rate]) -> bool:
    """Return whether the first and last known rate differ by no more than their intervals, as counts, allow."""
    known = [rate for rate in rates if rate.denominator > 0.0 and rate.numerator <= rate.denominator]
    if len(known) < 2:
        return False
    first, last = (wilson(rate.numerator, rate.denominator) for rate in (known[0], known[-1]))
    return bool(first[0] <= last[1] and last[0] <= first[1])


def _repeats(rows: Sequence[Period], fixed: Mapping[str, Any]) -> list[ScorecardLine]:
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
            **fixed, name=Message("score-repeated-trials"), value=math.nan, numerator=repeated, denominator=caught,
            low=trials.wide_low, high=trials.wide_high, interval=Message("score-method-repeated"), notes=tuple(notes),
            better="higher",
        )
    ]  # fmt: skip


def of_challenge(folder: Path, *, day: date) -> list[ScorecardLine]:
    """Return lines from the output folder of ``watchline challenge``; IndicatorError where there is none."""
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        records = summary["records"]
        if summary["made_by"] != "watchline challenge":
            raise KeyError("made_by")
        if not all("messages" in record for record in records):
            raise IndicatorError(
                "is the output of an earlier version", where=str(folder), expected="one of this version: run it again"
            )
        return [_line_of(record, summary, day) for record in records if record["id"] in OF_CHALLENGE]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise IndicatorError(
            "is not the output of watchline challenge", where=str(folder), expected="its --out folder"
        ) from None


def _line_of(record: Mapping[str, Any], summary: Mapping[str, Any], day: date) -> ScorecardLine:
    def number(name: str) -> float:
        value = record[name]
        return math.nan if not isinstance(value, (int, float)) else float(value)

    texts = record["messages"]
    case: dict[str, Any] = {
        "layout": str(summary["layout"]),
        "target": Message("target-class", {"class": str(summary["target"])}),
        "conditions": conditions_words(str(summary["conditions"])),
    }
    required = float(summary["required_probability"])
    about = [_read(texts["of"])] if texts.get("of") else []
    return ScorecardLine(
        family=TACTICAL,
        name=Message("score-challenge", {"record": record["id"], "required": required}),
        place=str(summary["sector"]),
        value=number("value"),
        unit=record["unit"],
        day=day,
        source=Message("score-challenge-source", case),
        better=OF_CHALLENGE[record["id"]],
        numerator=number("numerator"),
        denominator=number("denominator"),
        low=number("low"),
        high=number("high"),
        interval=_read(texts["interval"]),
        notes=(Message("score-note-computed"), *about, *map(_read, texts["limits"])),
    )


def _read(text: Mapping[str, Any] | str) -> StatisticText:
    return text if isinstance(text, str) else Message.from_dict(text)


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
        elif (day - line.day).days > STALE_DAYS:
            told.append(Message("score-missing-stale", {**subject, "date": line.day.isoformat()}))
        if math.isnan(line.target) and family != TACTICAL:
            told.append(Message("score-missing-target", subject))
        if math.isnan(line.trend) and family != TACTICAL:
            told.append(Message("score-missing-trend", subject))
    return told


def _known(value: float) -> float | None:
    return None if math.isnan(value) or math.isinf(value) else float(value)
