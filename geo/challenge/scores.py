"""Scores of a challenge: percentiles within the border and against a reference table, and composites."""

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

from geo.arrays import Bools, Floats
from geo.errors import BadInput

SCORES: Final[Mapping[str, tuple[str, float]]] = {
    "crossing_ease": ("crossing_time", -1.0),
    "surveillance_difficulty": ("dead_ground", 1.0),
    "response_difficulty": ("response_time", 1.0),
}
"""Each score, its headline measure, and whether a higher value raises (1) or lowers (−1) the score."""
ALIKE: Final = 1e-9  # relative difference below which measures count as equal, so that rounding makes no ranks
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
"""Tables shipped with Watchline. Change one only under a new version."""
CHANGE: Final = 0.5
TOP_SHARE: Final = 0.1


class ChallengeError(BadInput):
    """Error for a challenge that cannot be computed, or a table or weights that do not fit one."""


def percentiles(values: npt.ArrayLike) -> Floats:
    """Compute the percentile of each value among the known ones.

    Parameters
    ----------
    values : array_like, shape (n,)
        Values of a measure; infinite ones are the largest or the smallest.

    Returns
    -------
    ndarray, shape (n,)
        (mid-rank − ½)/n [1] in (0, 1); NaN for NaN. Values that are equal to within a fraction of 1e-9 get the mean of
        their ranks.

    Notes
    -----
    A percentile within one border says nothing about another border.

    Examples
    --------
    >>> percentiles([30.0, 10.0, 20.0, 20.0])
    array([0.875, 0.125, 0.5  , 0.5  ])
    """
    numbers = np.asarray(values, dtype=np.float64)
    ranks = np.full(numbers.shape, np.nan)
    known = ~np.isnan(numbers)
    if known.any():
        ranks[known] = (_mean_ranks(_alike(numbers[known])) - 0.5) / known.sum()
    return ranks


def _mean_ranks(values: Floats) -> Floats:
    """Rank of each value from 1; equal ones get the mean of theirs. scipy.stats has it too, but takes half a second to
    import."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    mean: Floats = np.cumsum(count) - (count - 1) / 2.0
    return mean[place]


def _alike(values: Floats) -> Floats:
    """Values with each run of nearly equal ones set to its minimum."""
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
    """Quantiles of measures over a named, versioned set of segments.

    Parameters
    ----------
    name : str
        Name of the table.
    version : str
        Its version.
    cell_m : float, m
        Cell size of the terrain that it was made from.
    source : str
        What it was made from.
    yardstick : Mapping of str to object
        Settings that a measure must share to be compared.
    quantiles : ndarray, shape (q,)
        Probabilities of the quantiles [1], rising from 0 to 1.
    measures : Mapping of str to ndarray, shape (q,)
        Values at the quantiles, by name of the measure.
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
        """Read a table as ``to_json`` writes it.

        Parameters
        ----------
        path : str or Path
            The JSON file.

        Returns
        -------
        ReferenceTable
            The table.

        Raises
        ------
        ChallengeError
            If the file cannot be read or its quantiles do not rise.
        """
        try:
            record = json.loads(Path(path).read_text(encoding="utf-8"))
            table = cls(
                name=str(record["name"]),
                version=str(record["version"]),
                cell_m=float(record["cell_m"]),
                source=str(record["source"]),
                yardstick=dict(record["yardstick"]),
                quantiles=np.array(record["quantiles"], dtype=np.float64),
                measures={name: np.array(values, dtype=np.float64) for name, values in record["measures"].items()},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ChallengeError("cannot be read", where=str(path), expected="a table of quantiles in JSON") from error
        rising = [table.quantiles, *table.measures.values()]
        if not all(values.shape == table.quantiles.shape and (np.diff(values) >= 0.0).all() for values in rising):
            raise ChallengeError(
                "its quantiles do not rise", where=str(path), expected="rising numbers, one a quantile"
            )
        return table

    @classmethod
    def named(cls, name: str) -> ReferenceTable:
        """Return a table that comes with Watchline.

        Parameters
        ----------
        name : str
            One of ``geo.challenge.scores.REFERENCES``.

        Returns
        -------
        ReferenceTable
            The table.

        Raises
        ------
        ChallengeError
            If the name is unknown.
        """
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
        """Build the table over all segments of several borders.

        Both sides of the belt count together; infinite values are left out.

        Parameters
        ----------
        challenges : sequence of Dataset
            Results of ``geo.challenge.challenge``.
        name, version, source : str
            As for the class.
        yardstick : sequence of str
            Attributes of the results that must be the same for measures to be compared.

        Returns
        -------
        ReferenceTable
            The table.

        Raises
        ------
        ChallengeError
            If an attribute of the yardstick, or the cell size, differs between the borders.
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
            parts = [result[measure] for result in challenges if measure in result]
            values = np.concatenate([part.sel(belt="both") if "belt" in part.dims else part for part in parts])
            measures[measure] = np.quantile(values[np.isfinite(values)], quantiles)
        cell_m = float(np.mean([result.attrs["cell_m"] for result in challenges]))
        fixed = {key: first.attrs[key] for key in yardstick}
        return cls(name, version, cell_m, source, fixed, quantiles, measures)

    def to_json(self) -> str:
        """Return the table as text for a file.

        Returns
        -------
        str
            JSON.
        """
        record = {name: getattr(self, name) for name in ("name", "version", "cell_m", "source")}
        record |= {"yardstick": dict(self.yardstick), "quantiles": self.quantiles.tolist()}
        record["measures"] = {name: [float(f"{v:.6g}") for v in values] for name, values in self.measures.items()}
        return json.dumps(record, indent=1, ensure_ascii=False)

    def percentiles(self, name: str, values: npt.ArrayLike) -> tuple[Floats, Bools]:
        """Look up the percentiles of values in the table.

        Parameters
        ----------
        name : str
            Name of the measure.
        values : array_like, shape (...)
            Values of the measure.

        Returns
        -------
        percentile : ndarray, shape (...)
            Percentile [1]; NaN for NaN, and everywhere for a measure that the table does not have.
        outside : ndarray of bool, shape (...)
            Which values lie outside the table's range; they get the percentile of its end, 0 or 1.
        """
        numbers = np.asarray(values, dtype=np.float64)
        if name not in self.measures:
            return np.full(numbers.shape, np.nan), np.zeros(numbers.shape, bool)
        points = self.measures[name]
        percentile = np.interp(numbers, points, self.quantiles)
        outside = (numbers < points[0]) | (numbers > points[-1])
        return np.where(np.isnan(numbers), np.nan, percentile), outside

    def misfit(self, cell_m: float, yardstick: Mapping[str, Any]) -> str:
        """Explain why measures cannot be compared with the table.

        Parameters
        ----------
        cell_m : float, m
            Cell size of the measures.
        yardstick : Mapping of str to object
            Settings of the measures.

        Returns
        -------
        str
            The first difference; empty if the measures can be compared.
        """
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
    """Weighted mean of the scores, and the sensitivity of its ranking to the weights.

    Parameters
    ----------
    value : ndarray, shape (segment,)
        The weighted mean [1] in (0, 1).
    weights : Mapping of str to float
        The weights by score.
    change : float
        Share [1] by which each weight was changed for the test of stability.
    rank_correlation : float
        Least Spearman correlation with the ranking under changed weights.
    stable_top : float
        Share [1] of the top tenth of segments that stays there under every change.
    rank_low, rank_high : ndarray, shape (segment,)
        Range of the percentile [1] of each segment under the changes.
    """

    value: Floats
    weights: Mapping[str, float]
    change: float
    rank_correlation: float
    stable_top: float
    rank_low: Floats
    rank_high: Floats


def composite(challenge: xr.Dataset, weights: Mapping[str, float], *, change: float = CHANGE) -> Composite:
    """Combine the three scores of a challenge into one figure, with a test of its stability.

    No set of weights is correct. Each is changed by ± ``change`` of itself, in all combinations.

    Parameters
    ----------
    challenge : Dataset
        Result of ``geo.challenge.challenge``.
    weights : Mapping of str to float
        Weights by name of the score, from 0.
    change : float
        Share [1] by which weights are changed, from 0 to 1.

    Returns
    -------
    Composite
        The figure of each segment; NaN where a score with weight is NaN.

    Raises
    ------
    ChallengeError
        If a score is unknown, a weight is negative or all are 0, or the change is outside [0, 1].
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
    if np.array_equal(a, b):
        return 1.0
    with np.errstate(invalid="ignore"):  # NaN where all ranks of one are the same
        return float(np.corrcoef(_mean_ranks(a), _mean_ranks(b))[0, 1])
