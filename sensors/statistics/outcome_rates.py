"""Outcomes of crossings: counts of events, and rates with their intervals.

Events are counted, not people or alerts, because groups and alerts cluster. Undetected crossings are in no count: they
are modelled, so rates that need them have no sampling interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Final

from geo.message import Message
from sensors.errors import StatisticError
from sensors.statistics.statistic import LEVEL, wilson

DISPOSITIONS: Final = ("apprehended", "turn-back", "got-away", "no-threat", "rescue", "lost", "unresolved")
"""How a track may be closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Events of one segment or section and period: A apprehended, T turned back, G got away (seen, not stopped).

    ``undetected`` U is modelled, or known exactly in a simulation; None if unknown. ``alerts`` are the alerts raised,
    ``nuisance`` those that were not a threat. Raises StatisticError for a count below 0 or not finite.
    """

    apprehended: float = 0
    turned_back: float = 0
    got_away: float = 0
    undetected: float | None = None
    alerts: float | None = None
    nuisance: float | None = None
    tracks: float | None = None
    unresolved: float | None = None

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if value is not None and not 0.0 <= value < math.inf:
                raise StatisticError(f"{value!r}", where=f"outcomes ({f.name})", expected="a count from 0")

    @property
    def detected(self) -> float:
        """A + T + G: the known crossings."""
        return self.apprehended + self.turned_back + self.got_away


@dataclass(frozen=True, slots=True)
class Rate:
    """A fraction: ``value`` = numerator/denominator, NaN if the denominator is 0 or unknown, with its interval.

    ``interval`` states how ``low`` and ``high`` were computed, or why they are NaN; ``limits`` states the limitations.
    """

    name: str
    numerator: float
    denominator: float
    low: float
    high: float
    interval: Message
    limits: Message

    @property
    def value(self) -> float:
        """The fraction; NaN without a denominator."""
        return self.numerator / self.denominator if self.denominator > 0.0 else math.nan


MODELLED: Final = Message("score-method-modelled")
EXACT: Final = Message("score-method-exact")
INTERDICTION_EFFECTIVENESS: Final = "interdiction_effectiveness_rate"
BORDER_EFFECTIVENESS: Final = "unlawful_border_crossing_effectiveness_rate"


def outcome_rates(outcomes: Outcomes, *, level: float = LEVEL, simulated: bool = False) -> dict[str, Rate]:
    """Every rate that the counts allow, by name; both effectiveness rates always side by side.

    ``interdiction_effectiveness_rate`` (A+T)/(A+T+G); ``unlawful_border_crossing_effectiveness_rate``
    (A+T)/(A+T+G+U), 6 U.S.C. 223; ``interdiction_rate`` A/(A+T+G+U), National Research Council (2013);
    ``detection_fraction`` (A+T+G)/(A+T+G+U); ``alert_yield`` A/alerts and ``nuisance_alarm_fraction``;
    ``unresolved_fraction`` of the tracks. Wilson's interval if the whole denominator is counted; with U no interval,
    and NaN if U is unknown. With ``simulated``, U is exact.
    """
    o = outcomes
    stopped = o.apprehended + o.turned_back
    attempts = math.nan if o.undetected is None else o.detected + o.undetected
    how = EXACT if simulated else MODELLED
    rates = [_counted(INTERDICTION_EFFECTIVENESS, stopped, o.detected, level, "detected-only")]
    limits = Message("score-note-undetected-unknown" if o.undetected is None else "score-note-modelled")
    for name, part in (
        (BORDER_EFFECTIVENESS, stopped),
        ("interdiction_rate", o.apprehended),
        ("detection_fraction", o.detected),
    ):
        rates.append(Rate(name, part, attempts, math.nan, math.nan, how, limits))
    if o.alerts is not None:
        rates.append(_yield(o.apprehended, o.alerts, level))
        if o.nuisance is not None:
            rates.append(_counted("nuisance_alarm_fraction", o.nuisance, o.alerts, level, "dispositions"))
    if o.tracks is not None and o.unresolved is not None:
        rates.append(_counted("unresolved_fraction", o.unresolved, o.tracks, level, "tracks"))
    return {rate.name: rate for rate in rates}


def _yield(apprehended: float, alerts: float, level: float) -> Rate:
    if apprehended > alerts:  # some were apprehended without an alert, so it is not a fraction
        limits, how = Message("score-note-more-than-alerts"), Message("score-method-not-fraction")
        return Rate("alert_yield", apprehended, alerts, math.nan, math.nan, how, limits)
    return _counted("alert_yield", apprehended, alerts, level, "one-alert")


def _counted(name: str, part: float, whole: float, level: float, note: str) -> Rate:
    if part > whole:
        raise StatisticError(f"{part:g} of {whole:g}", where=name, expected="a part of the whole")
    low, high = wilson(part, whole, level=level)
    how, limits = Message("score-method-wilson", {"level": level}), Message(f"score-note-{note}")
    return Rate(name, part, whole, float(low), float(high), how, limits)


@dataclass(frozen=True, slots=True)
class RepeatedTrials:
    """Probability of apprehension from repeats: (low, high) for the range of the deterred fraction alone, and with
    sampling.

    ``consistent`` is False if some p is above 1: the deterred fraction cannot be that large. Values are not clipped.
    """

    low: float
    high: float
    wide_low: float
    wide_high: float
    consistent: bool


def repeated_trials(
    repeated: float, apprehended: float, *, deterred: tuple[float, float], level: float = LEVEL
) -> RepeatedTrials:
    """p = (R/A)/(1 − d), for a deterred fraction d between ``deterred`` (low, high), so p is a range.

    ``apprehended`` A counts all apprehensions, ``repeated`` R those among them of people apprehended before, followed
    up completely. R/A = p(1 − d): a person who is apprehended and not deterred tries again, and is apprehended again
    with p. Raises StatisticError for R above A, and fractions outside [0, 1). After Espenshade (1990), Int. Migration
    Review 24.
    """
    fewest, most = deterred
    if not 0.0 <= fewest <= most < 1.0:
        raise StatisticError(f"{deterred!r}", where="repeated trials (deterred)", expected="0 ≤ low ≤ high < 1")
    if not 0.0 <= repeated <= apprehended or apprehended <= 0.0:
        raise StatisticError(
            f"{repeated:g} of {apprehended:g}", where="repeated trials", expected="repeats among apprehensions"
        )
    share = repeated / apprehended
    least, largest = wilson(repeated, apprehended, level=level)
    p = share / (1.0 - fewest), share / (1.0 - most)
    wide = float(least) / (1.0 - fewest), float(largest) / (1.0 - most)
    return RepeatedTrials(*p, *wide, consistent=p[1] <= 1.0)


def assists(evidence: Mapping[str, Iterable[str]], outcome_of: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Assists of each sensor by outcome: the number of tracks with that outcome in which it has detections.

    ``evidence`` is sensors by track, from the lineage of the tracks and never from forms filled in by people: typed
    credits counted about 500 assists of towers in a sector that had none (GAO-18-119). ``outcome_of`` gives the
    disposition of a track, "unresolved" if missing. Raises StatisticError for an unknown disposition.
    """
    by_sensor: dict[str, dict[str, int]] = {}
    for track, sensors in evidence.items():
        outcome = outcome_of.get(track, "unresolved")
        if outcome not in DISPOSITIONS:
            raise StatisticError(f"{outcome!r}", where=f"track {track}", expected=", ".join(DISPOSITIONS))
        for sensor in sorted(set(sensors)):
            counts = by_sensor.setdefault(sensor, {})
            counts[outcome] = counts.get(outcome, 0) + 1
    return by_sensor
