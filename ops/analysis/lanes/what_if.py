"""What trusted lanes would change at a crossing point: waiting times, checks saved, and what the checks find.

Travellers or traders who were checked in advance are *enrolled*. They pass with a short check, except a sample of them,
drawn at random, that is checked like all others. Three arrangements are compared: everyone is checked; enrolled ones
have lanes of their own; or they share all lanes and go first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Final

from msgspec import Meta

from geo.errors import BadInput
from geo.names import HIDDEN, ONE_LINE
from ops.analysis.lanes.queues import FULL, Service, mean_wait, priority_waits
from sensors.statistics.statistic import wilson

ARRANGEMENTS: Final = ("everyone_checked", "own_lanes", "priority")
MISUSES: Final = 20
"""Crossings after which the probability is stated that misuse by an enrolled person meets at least one full check."""
MINUTES: Final = 60.0
Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]
Positive = Annotated[float, Meta(ge=1e-6, le=1e6)]
Count = Annotated[int, Meta(ge=0, le=10**12)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossingPoint:
    """A crossing point as its file states it.

    Parameters
    ----------
    title : str
        Name for people.
    source : str
        Where the figures come from.
    illustrative : bool
        Whether they are made up.
    lanes : int
        Lanes that are open, all together.
    trusted_lanes : int
        Of them, those for enrolled ones in the arrangement with own lanes; at least one lane is left for others.
    arrivals_per_hour : float, 1/h
        Arrivals, enrolled or not.
    check_minutes : float, min
        Mean time of a full check.
    trusted_minutes : float, min
        Mean time of the short check of enrolled ones.
    enrolled_fraction : float, 1
        Enrolled ones, as a fraction of arrivals.
    sampled_fraction : float, 1
        Enrolled ones who are drawn for a full check, as a fraction of the enrolled.
    ordinary_checks, ordinary_finds : int
        Full checks of people who are not enrolled, and those that found something.
    trusted_checks, trusted_finds : int
        The same of enrolled ones, from random draws; 0 checks where none were made yet.
    """

    title: str
    source: str
    lanes: Annotated[int, Meta(ge=2, le=200)]
    trusted_lanes: Annotated[int, Meta(ge=1, le=199)]
    arrivals_per_hour: Positive
    check_minutes: Positive
    trusted_minutes: Positive
    enrolled_fraction: Fraction
    sampled_fraction: Fraction
    ordinary_checks: Count
    ordinary_finds: Count
    trusted_checks: Count = 0
    trusted_finds: Count = 0
    illustrative: bool = False

    def __post_init__(self) -> None:
        for name in ("title", "source"):
            text = getattr(self, name)
            if not text.strip() or HIDDEN.search(text):
                raise BadInput(f"{name} {text[:60]!a}", where="crossing point", expected=ONE_LINE)
        if self.trusted_lanes >= self.lanes:
            expected = "fewer than lanes, so that others have one"
            raise BadInput(f"trusted_lanes {self.trusted_lanes}", where="crossing point", expected=expected)
        if self.trusted_minutes > self.check_minutes:
            what, expected = f"trusted_minutes {self.trusted_minutes:g}", "at most the time of a full check"
            raise BadInput(what, where="crossing point", expected=expected)
        for name in ("ordinary", "trusted"):
            checks, finds = getattr(self, f"{name}_checks"), getattr(self, f"{name}_finds")
            if finds > checks:
                raise BadInput(f"{name}_finds {finds}", where="crossing point", expected=f"at most {name}_checks")


@dataclass(frozen=True, slots=True)
class FindsEstimate:
    """A figure with its 95% interval; NaN is unknown."""

    value: float
    low: float
    high: float


UNKNOWN: Final = FindsEstimate(math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """One arrangement: mean waits [min] of enrolled and other arrivals and of all, and lanes in use.

    ``busy`` is the load as a fraction of the lanes; above 1 there is no steady state, the wait is infinite and the
    queue grows by ``growth_per_hour``. ``exact``: whether the formulas are, for exponential times, or approximate.
    """

    name: str
    enrolled_min: float
    others_min: float
    mean_min: float
    busy: float
    growth_per_hour: float
    exact: bool


@dataclass(frozen=True, slots=True)
class LaneComparison:
    """The three arrangements, checks saved [1/h], and finds [1/h]: of all checked, with trusted lanes, and not made.

    Checks and finds are NaN where more arrive than can be checked, so that not all of them are made.
    ``misuse_met``: probability that one who misuses enrolment MISUSES times meets at least one full check.
    """

    point: CrossingPoint
    arrangements: tuple[Arrangement, ...]
    checks_per_hour: float
    checks_saved_per_hour: float
    finds_all_checked: FindsEstimate
    finds_trusted: FindsEstimate
    finds_missed: FindsEstimate
    misuse_met: float

    def as_dict(self) -> dict[str, Any]:
        """The comparison for JSON; unknown and infinite figures are null."""

        def known(value: float) -> float | None:
            return value if math.isfinite(value) else None

        def figures(one: FindsEstimate) -> dict[str, float | None]:
            return {"value": known(one.value), "low": known(one.low), "high": known(one.high)}

        return {
            "title": self.point.title, "source": self.point.source, "illustrative": self.point.illustrative,
            "arrangements": [
                {
                    "name": one.name, "wait_enrolled_min": known(one.enrolled_min),
                    "wait_others_min": known(one.others_min), "wait_mean_min": known(one.mean_min),
                    "busy_fraction": one.busy, "growth_per_hour": one.growth_per_hour, "exact": one.exact,
                }
                for one in self.arrangements
            ],
            "checks_per_hour": known(self.checks_per_hour),
            "checks_saved_per_hour": known(self.checks_saved_per_hour),
            "finds_per_hour_all_checked": figures(self.finds_all_checked),
            "finds_per_hour_trusted": figures(self.finds_trusted),
            "finds_per_hour_missed": figures(self.finds_missed),
            "misuse_met_probability": self.misuse_met, "misuses": MISUSES,
        }  # fmt: skip


def compare_lanes(point: CrossingPoint) -> LaneComparison:
    """Compare the three arrangements at a crossing point."""
    rate = point.arrivals_per_hour / MINUTES
    enrolled, others = rate * point.enrolled_fraction, rate * (1.0 - point.enrolled_fraction)
    full, short = Service.exponential(point.check_minutes), Service.exponential(point.trusted_minutes)
    drawn = point.sampled_fraction
    trusted = Service.mixture((drawn, full), (1.0 - drawn, short))
    alike = drawn in (0.0, 1.0) or point.trusted_minutes == point.check_minutes
    arrangements = (
        _everyone(point, rate, full),
        _own_lanes(point, (enrolled, trusted), (others, full), exact=alike or point.trusted_lanes == 1),
        _priority(
            point, (enrolled, trusted), (others, full), exact=not enrolled or trusted == full or (alike and not others)
        ),
    )
    hourly = point.arrivals_per_hour
    unchecked = hourly * point.enrolled_fraction * (1.0 - drawn)
    ordinary = _rate(point.ordinary_finds, point.ordinary_checks)
    found = _rate(point.trusted_finds, point.trusted_checks)
    others_per_hour = hourly * (1.0 - point.enrolled_fraction)
    enrolled_per_hour = hourly * point.enrolled_fraction
    grows, *with_trusted = (one.growth_per_hour > 0.0 for one in arrangements)
    trusted_grows = any(with_trusted)
    return LaneComparison(
        point, arrangements, math.nan if trusted_grows else hourly - unchecked,
        math.nan if grows or trusted_grows else unchecked,
        UNKNOWN if grows else _sum((others_per_hour, ordinary), (enrolled_per_hour, found)),
        UNKNOWN if trusted_grows else _sum((others_per_hour, ordinary), (enrolled_per_hour * drawn, found)),
        UNKNOWN if trusted_grows else _sum((unchecked, found)),
        1.0 - (1.0 - drawn) ** MISUSES,
    )  # fmt: skip


def _everyone(point: CrossingPoint, rate: float, full: Service) -> Arrangement:
    wait = mean_wait(rate, full, point.lanes)
    busy = rate * full.mean / point.lanes
    growth = _growth(rate, point.lanes / full.mean)
    return Arrangement("everyone_checked", wait, wait, wait, busy, growth, True)


def _own_lanes(
    point: CrossingPoint, enrolled: tuple[float, Service], others: tuple[float, Service], *, exact: bool
) -> Arrangement:
    left = point.lanes - point.trusted_lanes
    queues = ((enrolled, point.trusted_lanes), (others, left))
    first, second = (mean_wait(rate, service, lanes) for (rate, service), lanes in queues)
    growth = sum(_growth(rate, lanes / service.mean) for (rate, service), lanes in queues)
    busy = max(rate * service.mean / lanes for (rate, service), lanes in queues)
    return Arrangement("own_lanes", first, second, _mean(enrolled[0], others[0], first, second), busy, growth, exact)


def _priority(
    point: CrossingPoint, enrolled: tuple[float, Service], others: tuple[float, Service], *, exact: bool
) -> Arrangement:
    waits = priority_waits(enrolled, others, point.lanes)
    work = enrolled[0] * enrolled[1].mean
    busy = (work + others[0] * others[1].mean) / point.lanes
    behind = _growth(others[0], max(0.0, point.lanes - work) / others[1].mean)
    first = _growth(enrolled[0], point.lanes / enrolled[1].mean)
    return Arrangement("priority", *waits, _mean(enrolled[0], others[0], *waits), busy, behind + first, exact)


def _growth(rate: float, most: float) -> float:
    """Arrivals [1/min] beyond the ``most`` that can be served, per hour; none where they differ by rounding alone."""
    return (rate - most) * MINUTES if rate * FULL > most else 0.0


def _mean(first: float, second: float, wait_first: float, wait_second: float) -> float:
    """The mean wait of both classes; a class without arrivals has no part in it."""
    parts = [(first, wait_first), (second, wait_second)]
    return sum(rate * wait for rate, wait in parts if rate) / (first + second)


def _rate(finds: int, checks: int) -> FindsEstimate:
    """Finds per check with Wilson's interval; without checks 0 to 1, and no value."""
    if not checks:
        return FindsEstimate(math.nan, 0.0, 1.0)
    low, high = wilson(finds, checks)
    return FindsEstimate(finds / checks, float(low), float(high))


def _sum(*parts: tuple[float, FindsEstimate]) -> FindsEstimate:
    """Weighted sum of rates, with the interval of Zou and Donner (2008) for independent ones (MOVER).

    A part with the weight 0 has no influence. Without a value of a part there is none of the sum, and its interval is
    the sum of the ends, which is wider.
    """
    used = [(weight, one) for weight, one in parts if weight]
    if any(math.isnan(one.value) for _, one in used):
        low, high = (sum(weight * getattr(one, end) for weight, one in used) for end in ("low", "high"))
        return FindsEstimate(math.nan, low, high)
    value = sum(weight * one.value for weight, one in used)
    below = math.sqrt(sum((weight * (one.value - one.low)) ** 2 for weight, one in used))
    above = math.sqrt(sum((weight * (one.high - one.value)) ** 2 for weight, one in used))
    return FindsEstimate(value, value - below, value + above)
