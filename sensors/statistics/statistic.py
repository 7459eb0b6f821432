"""Published numbers as records: numerator, denominator, interval, assumptions and data.

A number without its denominator, interval and limits cannot be audited; the reviews of border metrics by the US
Government Accountability Office (GAO-19-305, GAO-22-104651) name exactly that as missing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from geo.arrays import Floats
from sensors.errors import StatisticError

LEVEL: Final = 0.95
CENSUS: Final = "none: every case is counted, none is drawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """One published number.

    ``value`` [``unit``] is NaN if it is unknown, and then ``limits`` must give the reason; infinite means never.
    ``numerator`` over ``denominator`` gives it if it is a fraction; ``n`` is the number of cases; ``low`` and ``high``
    are its interval, computed as ``interval`` states ("none: …" with the reason if there is none). ``of`` names its
    segment, sensor or path. Raises StatisticError for a numerator without denominator, half an interval, an interval
    with ``high`` below ``low``, an unknown value without a reason, and a missing origin.
    """

    name: str
    value: float
    unit: str
    interval: str
    source: str
    data_version: str
    code_version: str
    of: str = ""
    numerator: float | None = None
    denominator: float | None = None
    n: int | None = None
    low: float | None = None
    high: float | None = None
    assumptions: tuple[str, ...] = ()
    limits: str = ""

    def __post_init__(self) -> None:
        if (self.numerator is None) != (self.denominator is None):
            raise StatisticError("half a fraction", where=self.name, expected="numerator and denominator, or neither")
        if (self.low is None) != (self.high is None):
            raise StatisticError("half an interval", where=self.name, expected="low and high, or neither")
        if math.isnan(self.value) and not self.limits:
            raise StatisticError("unknown without a reason", where=self.name, expected="limits that say why")
        if self.low is not None and self.high is not None and not self.low <= self.high:
            raise StatisticError(f"from {self.low} to {self.high}", where=self.name, expected="low ≤ high")
        for name in ("name", "interval", "source", "data_version", "code_version"):
            if not getattr(self, name):
                raise StatisticError(f"no {name.replace('_', ' ')}", where=self.name or "statistic", expected="a word")

    def as_dict(self) -> dict[str, Any]:
        """The statistic for JSON: unknown is null, infinite the text ``"infinite"``."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}

    def as_row(self) -> dict[str, Any]:
        """The statistic for a table: numbers stay numbers (unknown NaN), assumptions are one text."""
        row = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in ("numerator", "denominator", "n", "low", "high"):
            row[name] = math.nan if row[name] is None else float(row[name])
        return row | {"assumptions": "; ".join(self.assumptions)}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, float) and math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    return list(value) if isinstance(value, tuple) else value


def wilson(
    successes: npt.ArrayLike, trials: npt.ArrayLike, *, level: float = LEVEL
) -> tuple[float, float] | tuple[Floats, Floats]:
    """Interval of a proportion, low and high, floats for floats; NaN for no trials. Wilson (1927), JASA 22, 209-212.

    Assumes independent trials: events that occur in groups must be counted once each, otherwise the interval is too
    narrow. Raises StatisticError for negative counts or more successes than trials.
    """
    k, n = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(trials, np.float64))
    if np.any((k < 0.0) | (k > n)):
        raise StatisticError("more successes than trials, or fewer than 0", where="wilson", expected="0 ≤ k ≤ n")
    if not 0.0 < level < 1.0:
        raise StatisticError(f"level {level!r}", where="wilson", expected="between 0 and 1")
    z2 = float(ndtri(0.5 + level / 2.0)) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = (k + z2 / 2.0) / (n + z2)
        half = np.sqrt(z2 * (k * (n - k) / n + z2 / 4.0)) / (n + z2)
    low, high = np.where(k == 0.0, 0.0, centre - half), np.where(k == n, 1.0, centre + half)
    low, high = np.where(n > 0.0, low, np.nan), np.where(n > 0.0, high, np.nan)
    return (float(low), float(high)) if low.ndim == 0 else (low, high)


def block_bootstrap(
    values: npt.ArrayLike,
    blocks: Sequence[Any] | npt.NDArray[Any],
    statistic: Callable[[Floats], float],
    *,
    seed: int,
    draws: int = 2_000,
    level: float = LEVEL,
) -> tuple[float, float]:
    """Percentile interval of ``statistic`` of ``values`` (case, ...) by sampling whole ``blocks`` (case,) with
    replacement.

    A block (a section in a week) keeps correlated events together. NaN with fewer than two blocks. After Künsch (1989),
    Annals of Statistics 17, 1217-1241, for blocks that do not overlap.
    """
    given = np.asarray(values, np.float64)
    names, block = np.unique(np.asarray(blocks), return_inverse=True)
    if len(block) != len(given):
        raise StatisticError(f"{len(block)} blocks for {len(given)} cases", where="bootstrap", expected="one a case")
    if not isinstance(draws, int) or draws < 1:
        raise StatisticError(f"{draws!r}", where="bootstrap (draws)", expected="a whole number from 1")
    if len(names) < 2:
        return math.nan, math.nan
    cases = [np.flatnonzero(block == number) for number in range(len(names))]
    chance = np.random.default_rng(seed)
    drawn = np.array(
        [
            statistic(given[np.concatenate([cases[i] for i in chance.integers(0, len(names), len(names))])])
            for _ in range(draws)
        ]
    )
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return math.nan, math.nan
    low, high = np.quantile(known, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return float(low), float(high)


def to_table(statistics: Sequence[Statistic]) -> dict[str, list[Any]]:
    """Columns of a table with one row per statistic."""
    rows = [statistic.as_row() for statistic in statistics]
    return {f.name: [row[f.name] for row in rows] for f in fields(Statistic)}


def to_json(statistics: Sequence[Statistic]) -> str:
    """The statistics as a JSON list, one per line."""
    lines = (json.dumps(statistic.as_dict(), ensure_ascii=False, allow_nan=False) for statistic in statistics)
    return "[\n" + ",\n".join(lines) + "\n]\n"
