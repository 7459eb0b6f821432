"""Published numbers as records: numerator, denominator, interval, assumptions and data.

A number without its denominator, interval and limits cannot be audited; the reviews of border metrics by the US
Government Accountability Office (GAO-19-305, GAO-22-104651) name exactly that as missing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from geo.arrays import Floats
from geo.message import Message
from sensors.errors import StatisticError

LEVEL: Final = 0.95
StatisticText = str | Message
"""A text of a statistic: a message, or as it is in one language."""
SINGLE_TEXTS: Final = ("name", "interval", "source", "of")
"""The texts of a statistic that are not lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """One published number.

    Parameters
    ----------
    name : StatisticText
        What the number is.
    value : float
        The number [``unit``]; NaN if it is unknown, and then ``limits`` gives the reason; infinite means never.
    unit : str
        Unit of value and interval; "1" without one.
    interval : StatisticText
        How the interval was computed, or why there is none.
    source : StatisticText
        The data that the number is computed from.
    data_version, code_version : str
        Versions of the data and of the program.
    id : str
        Stable identifier of the number in all languages.
    of : StatisticText
        The segment, sensor or path that the number belongs to.
    numerator, denominator : float, optional
        Parts of a fraction.
    n : int, optional
        Number of cases.
    low, high : float, optional
        The interval [``unit``].
    assumptions : tuple of StatisticText
        What was assumed.
    limits : tuple of StatisticText
        Limitations, one sentence each.

    Raises
    ------
    StatisticError
        For a numerator without denominator, half an interval, an interval with ``high`` below ``low``, an unknown value
        without a reason, and a missing name, interval, source or version.
    """

    name: StatisticText
    value: float
    unit: str
    interval: StatisticText
    source: StatisticText
    data_version: str
    code_version: str
    id: str = ""
    of: StatisticText = ""
    numerator: float | None = None
    denominator: float | None = None
    n: int | None = None
    low: float | None = None
    high: float | None = None
    assumptions: tuple[StatisticText, ...] = ()
    limits: tuple[StatisticText, ...] = ()

    def __post_init__(self) -> None:
        if (self.numerator is None) != (self.denominator is None):
            raise StatisticError("half a fraction", where=self._label, expected="numerator and denominator, or neither")
        if (self.low is None) != (self.high is None):
            raise StatisticError("half an interval", where=self._label, expected="low and high, or neither")
        if math.isnan(self.value) and not self.limits:
            raise StatisticError("unknown without a reason", where=self._label, expected="limits that say why")
        if self.low is not None and self.high is not None and not self.low <= self.high:
            raise StatisticError(f"from {self.low} to {self.high}", where=self._label, expected="low ≤ high")
        for name in ("name", "interval", "source", "data_version", "code_version"):
            if not getattr(self, name):
                raise StatisticError(f"no {name.replace('_', ' ')}", where=self._label, expected="a text")

    @property
    def _label(self) -> str:
        return (self.name.id if isinstance(self.name, Message) else self.name) or "statistic"

    def said(self, say: Callable[[Message], str]) -> Statistic:
        """The statistic with its messages as texts of one language, as ``say`` makes them."""

        def text(given: StatisticText) -> str:
            return given if isinstance(given, str) else say(given)

        return replace(
            self,
            name=text(self.name),
            interval=text(self.interval),
            source=text(self.source),
            of=text(self.of),
            assumptions=tuple(map(text, self.assumptions)),
            limits=tuple(map(text, self.limits)),
        )

    @property
    def messages(self) -> dict[str, Any]:
        """The texts that are messages, by name, as ``Message.as_dict``; lists also hold the texts that are not."""
        single = {name: getattr(self, name) for name in SINGLE_TEXTS}
        lists = {"assumptions": self.assumptions, "limits": self.limits}
        found = {name: text.as_dict() for name, text in single.items() if isinstance(text, Message)}
        return found | {
            name: [text.as_dict() if isinstance(text, Message) else text for text in texts]
            for name, texts in lists.items()
        }

    def as_dict(self, say: Callable[[Message], str]) -> dict[str, Any]:
        """The statistic for JSON: texts as ``say`` makes them, with the messages that they are made of.

        Unknown is null, infinite the text ``"infinite"``.
        """
        said = self.said(say)
        plain = {f.name: _plain(getattr(said, f.name)) for f in fields(self)}
        return plain | {"limits": said._joined_limits, "messages": self.messages}

    @property
    def _joined_limits(self) -> str:
        return " ".join(map(str, self.limits))

    def as_row(self, say: Callable[[Message], str]) -> dict[str, Any]:
        """The statistic for a table: numbers stay numbers (unknown NaN), assumptions one text, messages JSON."""
        said = self.said(say)
        row = {f.name: getattr(said, f.name) for f in fields(self)}
        for name in ("numerator", "denominator", "n", "low", "high"):
            row[name] = math.nan if row[name] is None else float(row[name])
        texts = {"assumptions": "; ".join(map(str, said.assumptions)), "limits": said._joined_limits}
        return row | texts | {"messages": json.dumps(self.messages, ensure_ascii=False, allow_nan=False)}


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

    A block (a section in a week) keeps correlated events together. NaN with fewer than two blocks, and where every draw
    gives the same: blocks that do not differ do not show that the value is certain. After Künsch (1989), Annals of
    Statistics 17, 1217-1241, for blocks that do not overlap.
    """
    given = np.asarray(values, np.float64)
    names, block = np.unique(np.asarray(blocks), return_inverse=True)
    if len(block) != len(given):
        raise StatisticError(
            f"{len(block)} blocks for {len(given)} cases", where="bootstrap", expected="one for each case"
        )
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
    if not len(known) or np.ptp(known) <= 1e-12 * np.abs(known).max():
        return math.nan, math.nan
    low, high = np.quantile(known, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return float(low), float(high)


def to_table(statistics: Sequence[Statistic], say: Callable[[Message], str]) -> dict[str, list[Any]]:
    """Columns of a table with one row per statistic; ``messages`` are JSON texts, the other texts as ``say`` makes
    them.
    """
    rows = [statistic.as_row(say) for statistic in statistics]
    return {name: [row[name] for row in rows] for name in (*(f.name for f in fields(Statistic)), "messages")}


def to_json(statistics: Sequence[Statistic], say: Callable[[Message], str]) -> str:
    """The statistics as a JSON list, one per line: texts as ``say`` makes them, and their ``messages``."""
    lines = (json.dumps(statistic.as_dict(say), ensure_ascii=False, allow_nan=False) for statistic in statistics)
    return "[\n" + ",\n".join(lines) + "\n]\n"
