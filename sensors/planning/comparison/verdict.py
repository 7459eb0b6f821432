"""The verdict: the better layout, its probability, and the decisive inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats
from geo.errors import BadInput
from sensors.equipment.quantity import worst
from sensors.planning.comparison.design import Design
from sensors.planning.comparison.draws import SCALE_AVAILABILITY, SCALE_PRICE, Draws, Input, at, central
from sensors.planning.comparison.exposure import CandidatePaths
from sensors.planning.comparison.outcome import outcome
from sensors.planning.comparison.purchase import budgets
from sensors.planning.comparison.settings import CompareSettings

INTERVAL: Final = (0.05, 0.95)
SWING: Final = (0.1, 0.9)
"""Quantiles of the intervals, and those at which one input at a time is set for the tornado."""
SAME: Final = 1e-9
"""Outcomes closer than this count as equal, because they are sums of floating-point numbers."""
DECIDING_SHARE: Final = 0.1
"""An input is decisive if its swing is at least this fraction of the largest."""
AVAILABILITIES: Final = np.linspace(0.0, 1.0, 51)
FINER: Final = 2
FINER_STEPS: Final = 17
PRICES: Final = np.geomspace(0.02, 50.0, 61)


@dataclass(frozen=True, slots=True)
class Duel:
    """Comparison of two layouts over common samples: fractions of wins, ties and losses, and the difference.

    ``beats`` is P(A > B) + ½ P(A = B); ``low`` and ``high`` bound the difference A − B at INTERVAL; ``error`` is the
    standard error of ``beats`` as if the samples were independent; because they are stratified, it is about that or
    less.
    """

    wins: float
    ties: float
    losses: float
    mean: float
    low: float
    high: float

    @property
    def beats(self) -> float:
        return self.wins + 0.5 * self.ties

    def error(self, samples: int) -> float:
        """Standard error of ``beats`` over this many samples; if none or all were won, 1/samples is used instead."""
        spread = float(np.sqrt(max(self.wins + 0.25 * self.ties - self.beats**2, 0.0) / samples))
        return max(spread, 1.0 / samples) if self.ties < 1.0 else spread


def duel(ours: npt.ArrayLike, theirs: npt.ArrayLike) -> Duel:
    """Compare outcomes (sample,) sampled together; more is better. NaN if any is. Raises BadInput for different
    shapes."""
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if a.shape != b.shape or a.ndim != 1 or len(a) == 0:
        raise BadInput(f"shapes {a.shape} and {b.shape}", where="duel", expected="two rows of common samples")
    if np.isnan(a).any() or np.isnan(b).any():
        return Duel(*[np.nan] * 6)
    gap = a - b
    wins, losses = float((gap > SAME).mean()), float((gap < -SAME).mean())
    low, high = np.quantile(gap, INTERVAL)
    return Duel(wins, 1.0 - wins - losses, losses, float(gap.mean()), float(low), float(high))


@dataclass(frozen=True, slots=True)
class Swing:
    """Effect of one input on the difference of two layouts, all others central: at its SWING quantiles."""

    name: str
    low: float
    high: float
    at_low: float
    at_high: float
    confidence: str
    source: str

    @property
    def width(self) -> float:
        return abs(self.high - self.low)


def gaps_of(
    first: Design, others: Sequence[Design], every: Sequence[Design], ways: CandidatePaths, draws: Draws
) -> list[Floats]:
    """Difference of the objective (sample,) between a layout and each of the others."""
    objective, money = first.settings.objective, budgets(every, draws)
    ours, *theirs = (outcome(design, ways, draws, money).measure(objective) for design in (first, *others))
    return [ours - other for other in theirs]


def tornados(
    first: Design,
    others: Sequence[Design],
    every: Sequence[Design],
    ways: CandidatePaths,
    inputs: Sequence[Input],
    settings: CompareSettings,
) -> list[list[Swing]]:
    """For each other layout, every uncertain input with its effect on the difference, the largest first; inputs without
    effect are omitted.

    Inputs are varied one at a time, so joint effects do not show; the samples include them.
    """
    moved = [uncertain for uncertain in inputs if uncertain.weather or not uncertain.quantity.fixed]
    if not moved:
        return [[] for _ in others]
    count = 2 * len(moved)
    places = {uncertain.name: np.full(count, np.nan) for uncertain in inputs}
    for number, uncertain in enumerate(moved):
        places[uncertain.name][2 * number : 2 * number + 2] = SWING
    draws = at(places, inputs, settings)
    return [_swings(gaps, draws, moved, settings) for gaps in gaps_of(first, others, every, ways, draws)]


def _swings(gaps: Floats, draws: Draws, moved: Sequence[Input], settings: CompareSettings) -> list[Swing]:
    """Swings of a difference (sample,) whose samples set the ``moved`` inputs one after the other low and high."""
    names = list(settings.weather)
    swings = []
    for number, uncertain in enumerate(moved):
        low, high = gaps[2 * number], gaps[2 * number + 1]
        values = (
            draws.shares[:, names.index(uncertain.name.removeprefix("share of "))]
            if uncertain.weather
            else draws[uncertain.name]
        )
        ends = values[2 * number], values[2 * number + 1]
        if abs(high - low) > SAME:
            sure, source = uncertain.quantity.confidence, uncertain.quantity.source
            swings.append(Swing(uncertain.name, float(low), float(high), float(ends[0]), float(ends[1]), sure, source))
    return sorted(swings, key=lambda swing: -swing.width)


def deciding(swings: Iterable[Swing]) -> list[Swing]:
    """The decisive inputs: those with at least DECIDING_SHARE of the widest swing."""
    known = list(swings)
    widest = max((swing.width for swing in known), default=0.0)
    return [swing for swing in known if swing.width >= DECIDING_SHARE * widest]


def grade(swings: Iterable[Swing], inputs: Iterable[Input]) -> str:
    """Confidence of a verdict: the weakest grade among the decisive inputs; of all inputs if none is decisive."""
    grades = [swing.confidence for swing in deciding(swings)]
    return worst(grades) if grades else worst(uncertain.quantity.confidence for uncertain in inputs)


@dataclass(frozen=True, slots=True, eq=False)
class BreakEven:
    """Break-even factors of the compared layouts, all other inputs central; shared results are computed once."""

    every: Sequence[Design]
    ways: CandidatePaths
    inputs: Sequence[Input]
    _known: dict[tuple[int, str, bytes], Floats] = field(default_factory=dict, init=False, repr=False)

    def availability(self, ours: Design, theirs: Design) -> float:
        """Factor on the availability of all sensors of ``ours`` at which both layouts perform equally; NaN if there is
        none."""
        return self._point(ours, theirs, SCALE_AVAILABILITY, AVAILABILITIES)

    def price(self, ours: Design, theirs: Design) -> float:
        """Factor on all prices of ``ours`` beyond which the other layout is better (or no longer is) at equal cost; NaN
        if there is none. At that factor both perform equally, or the purchase changes by a whole sensor.

        Without a fixed budget, a more expensive layout leaves a larger residual budget to the other; with one, it is
        itself reduced.
        """
        return self._point(ours, theirs, SCALE_PRICE, PRICES)

    def _point(self, ours: Design, theirs: Design, scale: str, factors: Floats) -> float:
        point = crossing_point(factors, self._gaps(ours, theirs, scale, factors))
        for _ in range(FINER):  # purchases change in steps, so that a line between two factors may miss the point
            if np.isnan(point):
                break
            after = int(np.clip(np.searchsorted(factors, point), 1, len(factors) - 1))
            factors = np.linspace(factors[after - 1], factors[after], FINER_STEPS)
            closer = crossing_point(factors, self._gaps(ours, theirs, scale, factors))
            point = point if np.isnan(closer) else closer
        return point

    def _gaps(self, ours: Design, theirs: Design, scale: str, tried: Floats) -> Floats:
        settings, plain = ours.settings, central(self.inputs, len(tried))
        changed = plain.replaced(**{scale: tried})
        if settings.budget is None:
            each = [budgets([design], changed if design is ours else plain) for design in self.every]
            money = np.maximum.reduce(each)
        else:
            money = budgets(self.every, plain)
        won = self._achieved(ours, changed, money, (id(ours), scale, tried.tobytes()))
        if (money == money[0]).all():  # then the other layout's outcome is constant
            plain, money = central(self.inputs), money[:1]
        return won - self._achieved(theirs, plain, money, (id(theirs), "", money.tobytes()))

    def _achieved(self, design: Design, draws: Draws, money: Floats, case: tuple[int, str, bytes]) -> Floats:
        """The objective (sample,) of a layout in a case that changes the layout or the budget."""
        if case not in self._known:
            self._known[case] = outcome(design, self.ways, draws, money).measure(design.settings.objective)
        return self._known[case]


def crossing_point(factors: npt.ArrayLike, gaps: npt.ArrayLike) -> float:
    """Factor at which a difference changes its sign, linear between the factors, the one nearest to 1 if there are
    several; NaN if there is none.
    """
    x, y = np.asarray(factors, np.float64), np.asarray(gaps, np.float64)
    if np.isnan(y).any():
        return float("nan")
    y = np.where(np.abs(y) <= SAME, 0.0, y)
    change = np.flatnonzero((y[:-1] * y[1:] < 0.0) | ((y[:-1] == 0.0) != (y[1:] == 0.0)))
    if not len(change):
        return float("nan")
    points = x[change] - y[change] * (x[change + 1] - x[change]) / (y[change + 1] - y[change])
    return float(points[np.argmin(np.abs(np.log(np.maximum(points, 1e-9))))])


def after_displacement(noticed: Sequence[Floats], shares: Floats) -> tuple[Floats, Floats]:
    """Gain of each layout over the first on the minimum-detection path of the first, and after crossers choose their
    paths again.

    ``noticed`` (weather, way) is each layout's detection on the common paths, ``shares`` (weather,). In each weather
    state, the old path is the minimum-detection path of the first layout; after displacement, it is that of each
    layout. The second gain never exceeds the first, because the old path remains available.
    """
    rows = np.arange(len(shares))
    old = noticed[0].argmin(axis=1)
    before = np.array(
        [shares @ (noticed_by_layout[rows, old] - noticed[0][rows, old]) for noticed_by_layout in noticed]
    )
    after = np.array(
        [shares @ (noticed_by_layout.min(axis=1) - noticed[0][rows, old]) for noticed_by_layout in noticed]
    )
    return before, after
