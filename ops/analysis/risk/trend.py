"""The trend of risk: the risk of each segment on past days, as known then, and which factor changed it.

Indicators and incidents are those that were known on each day. The challenge is one for all days: past layouts and
weather are not kept, so a change of crossing ease, detection or interruption is not part of the trend.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

from geo.arrays import Floats
from geo.errors import BadInput
from ops.analysis.risk.combination import FACTORS, FLOOR, checked_weights, risk_of
from ops.analysis.risk.factors import RiskFactors

MOST_MONTHS: Final = 60
BARS: Final = "▁▂▃▄▅▆▇█"
"""Heights of a sparkline of text, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class RiskTrend:
    """Risk by day, oldest first.

    Parameters
    ----------
    days : tuple of date
        The days; the last is that of the assessment.
    risk : ndarray, shape (day, segment)
        Risk [1]; NaN is unknown.
    contribution : ndarray, shape (segment, factor)
        Change of the logarithm of the risk from the first known day to the last, by factor; the sum is the change of
        the logarithm. NaN where the risk is known on fewer than two days.
    """

    days: tuple[date, ...]
    risk: Floats
    contribution: Floats

    @property
    def change(self) -> Floats:
        """Risk on the last day minus risk on the first known day, (segment,) [1]; NaN where it is unknown on either."""
        first = np.array([_first(column) for column in self.risk.T])
        return np.asarray(self.risk[-1] - first)

    def reason(self, segment: int) -> str | None:
        """The factor that did most for the change of a segment's risk, in its direction; None where it did not change.

        A factor that fell is never the reason of a rise, however far it fell.
        """
        parts = self.contribution[segment]
        total = float(parts.sum())
        if math.isnan(total) or abs(total) <= 1e-12:
            return None
        return FACTORS[int(np.argmax(parts * math.copysign(1.0, total)))]

    def sparkline(self, segment: int) -> str:
        """The risk of a segment as bars from 0 to 1, a space for a day on which it was unknown."""
        values = self.risk[:, segment]
        return "".join(
            " " if math.isnan(value) else BARS[min(int(value * len(BARS)), len(BARS) - 1)] for value in values.tolist()
        )

    def as_dict(self) -> dict[str, Any]:
        """The trend for JSON; unknown is null."""
        return {
            "days": [day.isoformat() for day in self.days],
            "segments": [
                {
                    "segment": segment, "risk": [_known(value) for value in self.risk[:, segment].tolist()],
                    "change": _known(float(self.change[segment])), "reason": self.reason(segment),
                }
                for segment in range(self.risk.shape[1])
            ],
        }  # fmt: skip


def months_before(day: date, months: int) -> tuple[date, ...]:
    """Return the last days of the ``months`` calendar months before the month of ``day``, oldest first, and ``day``.

    Raises
    ------
    BadInput
        For fewer than 1 or more than MOST_MONTHS, or months before the year 1.
    """
    if not 1 <= months <= MOST_MONTHS:
        raise BadInput(f"{months}", where="--trend", expected=f"1 to {MOST_MONTHS} months")
    found, month = [day], day
    for _ in range(months):
        if month.year == 1 and month.month == 1:
            raise BadInput(f"{months} months before {day}", where="--trend", expected="months after the year 0")
        month = month.replace(day=1) - timedelta(days=1)
        found.append(month)
    return tuple(reversed(found))


def comparable(then: RiskFactors, now: RiskFactors) -> Floats:
    """Return the factors of a past day, (segment, 3); the threat is NaN where it had other parts than now.

    A part that is left out or unknown changes the mean without any change on the ground: before the first incident of a
    store, or while all segments had the same number.
    """
    table = then.table.copy()
    if then.parts.keys() == now.parts.keys():
        alike = np.all([np.isnan(then.parts[name]) == np.isnan(now.parts[name]) for name in now.parts], axis=0)
    else:
        alike = np.zeros(len(table), bool)
    table[~alike, 0] = math.nan
    return table


def trend_of(days: Sequence[date], table_on: Callable[[date], Floats], weights: Sequence[float]) -> RiskTrend:
    """Return the trend.

    Parameters
    ----------
    days : sequence of date
        The days, oldest first.
    table_on : callable
        Threat, vulnerability and impact (segment, 3) [1] as known on a day; NaN is unknown.
    weights : sequence of float, shape (factor,)
        The weights of the assessment, the same for all days, so that only factors change the risk.
    """
    tables = np.array([table_on(day) for day in days])
    risk = risk_of(tables, weights)
    given = checked_weights(weights)
    logs = np.log(np.maximum(tables, FLOOR))
    contribution = np.full(tables.shape[1:], math.nan)
    for segment in range(tables.shape[1]):
        known = np.flatnonzero(~np.isnan(risk[:, segment]))
        if len(known) > 1 and known[-1] == len(days) - 1:
            step = logs[known[-1], segment] - logs[known[0], segment]
            contribution[segment] = given * np.where(given > 0.0, step, 0.0)  # a factor without weight may be unknown
    return RiskTrend(tuple(days), risk, contribution)


def _first(values: Floats) -> float:
    known = np.flatnonzero(~np.isnan(values))
    return math.nan if len(known) < 2 else float(values[known[0]])


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
