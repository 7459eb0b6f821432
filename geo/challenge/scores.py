"""Scores of a challenge: percentiles within the border and against a reference, and what a composite is worth."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.stats import rankdata, spearmanr

from geo.arrays import Floats
from geo.errors import BadInput

SCORES: Final[Mapping[str, tuple[str, float]]] = {
    "crossing_ease": ("crossing_time", -1.0),
    "surveillance_difficulty": ("dead_ground", 1.0),
    "response_difficulty": ("response_time", 1.0),
}
"""Each score, its headline measure, and whether more of it raises (1) or lowers (−1) the score."""
ALIKE: Final = 1e-9  # measures that differ by less than this share count as equal, so that rounding makes no ranks
SAME_CELL: Final = 0.1
TABLE_QUANTILES: Final = 41
TABLED: Final = (
    "crossing_time",
    "dead_ground_0.5m",
    "dead_ground_1.7m",
    "ruggedness",
    "vector_ruggedness",
    "slope",
    "positive_openness",
    "negative_openness",
)
YARDSTICK: Final = (
    "belt_m",
    "openness_radius_m",
    "window",
    "sites",
    "mast_m",
    "sight_m",
    "target_heights_m",
    "curvature_k",
    "direction",
    "mover",
)
REFERENCES: Final = ("pyrenees-maritime-alps-srtm3",)
"""Tables that come with Watchline. Change one only under a new version."""
CHANGE: Final = 0.5
TOP_SHARE: Final = 0.1


class ChallengeError(BadInput):
    """A challenge that cannot be asked for, or a table or weights that do not fit one."""


def percentiles(values: npt.ArrayLike) -> Floats:
    """Percentile of each value among those known, ``(mid-rank − ½)/n`` in (0, 1); NaN for NaN.

    Equal values, to a share of 1e-9, get the mean of their ranks; infinite ones are the largest or smallest. A
    percentile says nothing across borders.
    """
    given = np.asarray(values, dtype=np.float64)
    ranks = np.full(given.shape, np.nan)
    known = ~np.isnan(given)
    if known.any():
        ranks[known] = (rankdata(_alike(given[known])) - 0.5) / known.sum()
    return ranks


def _alike(values: Floats) -> Floats:
    """Values with each run of nearly equal ones set to its least."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    with np.errstate(invalid="ignore"):
        step = ordered[1:] - ordered[:-1]
        least = ALIKE * np.maximum(np.abs(ordered[1:]), np.abs(ordered[:-1]))
        near = np.asarray((step <= least) & np.isfinite(step) | (ordered[1:] == ordered[:-1]))
    run = np.concatenate([[0], np.cumsum(~near)])
    levelled = np.empty_like(values)
    levelled[order] = ordered[np.searchsorted(run, run)]  # the first of its run
    return levelled


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceTable:
    """Quantiles of measures over a named, versioned set of segments, made with one yardstick on cells of one size.

    ``quantiles`` are their probabilities, rising from 0 to 1; ``measures`` the values at them by name of measure.
    """

    name: str
    version: str
    cell_m: float
    source: str
    yardstick: Mapping[str, Any]
    quantiles: Floats
    measures: Mapping[str, Floats]

    @classmethod
    def from_file(cls, path: str | Path) -> ReferenceTable:
        """Read a table as ``to_json`` writes it; ChallengeError for one that cannot be read or makes no sense."""
        try:
            told = json.loads(Path(path).read_text(encoding="utf-8"))
            table = cls(
                name=str(told["name"]),
                version=str(told["version"]),
                cell_m=float(told["cell_m"]),
                source=str(told["source"]),
                yardstick=dict(told["yardstick"]),
                quantiles=np.array(told["quantiles"], dtype=np.float64),
                measures={name: np.array(values, dtype=np.float64) for name, values in told["measures"].items()},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ChallengeError("cannot be read", where=str(path), expected="a table of quantiles in JSON") from error
        rising = [table.quantiles, *table.measures.values()]
        if not all(values.shape == table.quantiles.shape and (np.diff(values) >= 0.0).all() for values in rising):
            raise ChallengeError(
                "its quantiles do not rise", where=str(path), expected="rising numbers, one a quantile"
            )
        return table

    @classmethod
    def named(cls, name: str) -> ReferenceTable:
        """A table that comes with Watchline, one of REFERENCES; ChallengeError for another name."""
        if name not in REFERENCES:
            raise ChallengeError(
                f"{name!r} is not known", where="reference", expected=f"one of {', '.join(REFERENCES)}"
            )
        return cls.from_file(Path(__file__).parent / "reference" / f"{name}.json")

    @classmethod
    def over(
        cls,
        challenges: Sequence[xr.Dataset],
        *,
        name: str,
        version: str,
        source: str,
        yardstick: Sequence[str] = YARDSTICK,
    ) -> ReferenceTable:
        """The table over all segments of several borders, "both" sides of the belt; infinite values are left out.

        ``yardstick`` names the attributes that must be the same for measures to be compared; they must be the same
        here. Raises ChallengeError where they are not, and for cells of different sizes.
        """
        first = challenges[0]
        for other in challenges[1:]:
            for key in yardstick:
                if _plain(other.attrs[key]) != _plain(first.attrs[key]):
                    raise ChallengeError(f"{key} differs", where=f"reference {name!r}", expected="one yardstick")
            if abs(other.attrs["cell_m"] / first.attrs["cell_m"] - 1.0) > SAME_CELL:
                raise ChallengeError("cells differ", where=f"reference {name!r}", expected="cells of one size")
        quantiles = np.linspace(0.0, 1.0, TABLE_QUANTILES)
        measures = {}
        for measure in TABLED:
            parts = [found[measure] for found in challenges if measure in found]
            values = np.concatenate([part.sel(belt="both") if "belt" in part.dims else part for part in parts])
            measures[measure] = np.quantile(values[np.isfinite(values)], quantiles)
        cell_m = float(np.mean([found.attrs["cell_m"] for found in challenges]))
        fixed = {key: first.attrs[key] for key in yardstick}
        return cls(name, version, cell_m, source, fixed, quantiles, measures)

    def to_json(self) -> str:
        """The table as text for a file."""
        told = {name: getattr(self, name) for name in ("name", "version", "cell_m", "source")}
        told |= {"yardstick": dict(self.yardstick), "quantiles": self.quantiles.tolist()}
        told["measures"] = {name: [float(f"{v:.6g}") for v in values] for name, values in self.measures.items()}
        return json.dumps(told, indent=1, ensure_ascii=False)

    def percentiles(self, name: str, values: npt.ArrayLike) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Percentile of values in the table, and which lie outside its range (and are given its end's, 0 or 1).

        NaN where the value is NaN, and everywhere for a measure that the table does not have.
        """
        given = np.asarray(values, dtype=np.float64)
        if name not in self.measures:
            return np.full(given.shape, np.nan), np.zeros(given.shape, bool)
        points = self.measures[name]
        found = np.interp(given, points, self.quantiles)
        outside = (given < points[0]) | (given > points[-1])
        return np.where(np.isnan(given), np.nan, found), outside

    def misfit(self, cell_m: float, yardstick: Mapping[str, Any]) -> str:
        """Why measures made so cannot be compared with the table; empty where they can."""
        if abs(cell_m / self.cell_m - 1.0) > SAME_CELL:
            return f"cells of {cell_m:.0f} m, the table's are {self.cell_m:.0f} m"
        other = [name for name, value in self.yardstick.items() if _plain(yardstick.get(name)) != _plain(value)]
        if not other:
            return ""
        units = " m" if other[0].endswith("_m") else ""
        mine, its = (_in_words(values.get(other[0])) for values in (yardstick, self.yardstick))
        return f"another {other[0].removesuffix('_m').replace('_', ' ')}, {mine}{units}; the table's is {its}{units}"


def _in_words(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return " and ".join(map(_in_words, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (tuple, list)) else value


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """A weighted mean of the scores, and how far its ranking hangs on the weights.

    ``value`` (segment,) in (0, 1); ``rank_correlation`` is the least of Spearman's with the ranking under changed
    weights; ``stable_top`` the share of the top tenth of segments that stays in it under every change; ``rank_low`` and
    ``rank_high`` (segment,) the range of each segment's percentile.
    """

    value: Floats
    weights: Mapping[str, float]
    change: float
    rank_correlation: float
    stable_top: float
    rank_low: Floats
    rank_high: Floats


def composite(challenge: xr.Dataset, weights: Mapping[str, float], *, change: float = CHANGE) -> Composite:
    """One figure from the three scores of ``geo.challenge.challenge``, with its test of stability.

    The weights are the caller's: there is no right set. Each is changed by ± ``change`` of itself, in all combinations.
    NaN where a score with weight is NaN. Raises ChallengeError for unknown scores, weights that are negative or all 0,
    and a change outside [0, 1].
    """
    unknown = [name for name in weights if name not in SCORES or name not in challenge]
    if unknown:
        raise ChallengeError(f"no score {unknown[0]!r}", where="composite", expected=", ".join(SCORES))
    numbers = np.array(list(weights.values()), dtype=np.float64)
    if not ((numbers >= 0.0) & np.isfinite(numbers)).all() or not numbers.sum() > 0.0:
        raise ChallengeError(f"weights {dict(weights)}", where="composite", expected="numbers from 0, one above it")
    if not 0.0 <= change <= 1.0:
        raise ChallengeError(f"change {change!r}", where="composite", expected="0 to 1")
    scores = np.stack([challenge[name].to_numpy() for name in weights], axis=-1)[:, numbers > 0.0]
    numbers = numbers[numbers > 0.0]
    value = scores @ (numbers / numbers.sum())
    known = np.asarray(np.isfinite(value))
    ranks = []
    for factors in itertools.product((1.0 - change, 1.0, 1.0 + change), repeat=len(numbers)):
        changed = numbers * np.array(factors)
        if changed.sum() > 0.0:
            ranks.append(percentiles(scores @ (changed / changed.sum())))
    ranking = np.array(ranks)
    base = percentiles(value)
    with np.errstate(invalid="ignore"):
        correlations = [_spearman(base[known], rank[known]) for rank in ranking]
    top = np.greater(ranking[:, known], 1.0 - TOP_SHARE)
    at_top = np.greater(base[known], 1.0 - TOP_SHARE)
    return Composite(
        value=value,
        weights=dict(weights),
        change=change,
        rank_correlation=float(np.min(correlations)) if known.any() else math.nan,
        stable_top=float(np.asarray(top.all(axis=0))[at_top].mean()) if at_top.any() else math.nan,
        rank_low=ranking.min(axis=0),
        rank_high=ranking.max(axis=0),
    )


def _spearman(a: Floats, b: Floats) -> float:
    """Spearman's correlation; 1 where both rankings are the same, as with one segment."""
    return 1.0 if np.array_equal(a, b) else float(spearmanr(a, b).statistic)
