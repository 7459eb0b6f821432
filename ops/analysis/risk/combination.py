"""Combination of threat, vulnerability and impact: a weighted geometric mean, a matrix, and the stability of ranks.

CIRAM names the three factors and no formula; both combinations are ours (docs/method.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats, Ints
from geo.errors import BadInput

FACTORS: Final = ("threat", "vulnerability", "impact")
FLOOR: Final = 0.01
"""Lowest value of a factor in the mean: a factor of 0 would hide the two others. An assumption."""
CLASSES: Final = ("low", "medium", "high")
CLASS_EDGES: Final = (1.0 / 3.0, 2.0 / 3.0)
"""Between the classes of a factor. An assumption."""
LEVEL_EDGES: Final = (3, 5)
"""Sum of the three classes, counted from 0, from which the matrix gives medium and high. An assumption."""
DRAWS: Final = 2_000
INTERVAL: Final = (0.025, 0.975)
RISK_DIGITS: Final = 12
"""Decimal places within which risks are equal, because they are products of floating-point numbers."""
TOP_FRACTION: Final = 0.1
"""The segments at the top whose membership is counted over the draws."""


def risk_of(factors: npt.ArrayLike, weights: Sequence[float]) -> Floats:
    """Return the weighted geometric mean of factors.

    Parameters
    ----------
    factors : array_like, shape (..., factor)
        Factors [1] in [0, 1]; NaN is unknown.
    weights : sequence of float, shape (factor,)
        Weights [1], at least one above 0.

    Returns
    -------
    ndarray, shape (...)
        Risk [1] in [FLOOR, 1]; NaN where a factor with a weight is unknown.

    Raises
    ------
    BadInput
        For weights that are negative, not finite or all 0, and for factors outside [0, 1].
    """
    values, given = np.asarray(factors, np.float64), checked_weights(weights)
    if np.any((values < 0.0) | (values > 1.0)):
        raise BadInput("a factor is outside 0 to 1", where="factors", expected="fractions")
    weighted = given > 0.0
    logs = np.log(np.maximum(values[..., weighted], FLOOR))
    return np.exp(logs @ given[weighted])


def checked_weights(weights: Sequence[float]) -> Floats:
    """Return weights that sum to 1; BadInput for those that cannot be used."""
    given = np.asarray(weights, np.float64)
    if not np.all(np.isfinite(given)) or np.any(given < 0.0) or not np.any(given > 0.0):
        text = ",".join(f"{one:g}" for one in given)
        raise BadInput(f"{text!r}", where="--weights", expected="weights of at least 0, one of them above 0")
    scaled = given / given.max()
    return scaled / scaled.sum()  # type: ignore[no-any-return]


def classes_of(values: npt.ArrayLike) -> Ints:
    """Return the class of each factor: 0 low, 1 medium, 2 high, −1 unknown."""
    given = np.asarray(values, np.float64)
    return np.where(np.isnan(given), -1, np.digitize(given, CLASS_EDGES))


def level_of(factors: npt.ArrayLike) -> Ints:
    """Return the level of the matrix: 0 low, 1 medium, 2 high, −1 where a factor is unknown.

    ``factors`` have the shape (..., 3). Critical, which Regulation (EU) 2019/1896 calls temporary, is never proposed.
    """
    classes = classes_of(factors)
    levels = np.digitize(classes.sum(axis=-1), LEVEL_EDGES)
    return np.where(np.any(classes < 0, axis=-1), -1, levels)


@dataclass(frozen=True, slots=True)
class RankStability:
    """Ranks of segments, 1 for the highest risk, over draws of the weights; NaN where the risk is unknown.

    ``rank`` by the chosen weights; ``low`` and ``high`` are the ends of the 95% interval over the draws, ``top`` is the
    fraction of the draws in which a segment is among the ``top_count`` highest.
    """

    rank: Floats
    low: Floats
    high: Floats
    top: Floats
    top_count: int
    draws: int


def rank_stability(
    factors: npt.ArrayLike, weights: Sequence[float], *, draws: int = DRAWS, seed: int = 0
) -> RankStability:
    """Rank segments by risk, and again under weights of which every combination is equally likely.

    Parameters
    ----------
    factors : array_like, shape (segment, factor)
        Factors [1] in [0, 1]; NaN is unknown.
    weights : sequence of float, shape (factor,)
        The chosen weights. A factor with the weight 0 is left out of the draws too.
    draws : int
        Number of draws, uniform over all weights that sum to 1 (a flat Dirichlet distribution).
    seed : int
        Of the draws: the same seed gives the same intervals.
    """
    values, given = np.asarray(factors, np.float64), checked_weights(weights)
    used = values[:, given > 0.0]
    known = ~np.any(np.isnan(used), axis=1)
    from scipy.stats import rankdata  # a fifth of the imports of fusion, which imports this module and ranks nothing

    rank, low, high, top = (np.full(len(values), math.nan) for _ in range(4))
    count = math.ceil(TOP_FRACTION * int(known.sum()))
    if known.any():
        rank[known] = rankdata(-risk_of(values[known], weights).round(RISK_DIGITS), method="min")
        drawn = np.random.default_rng(seed).dirichlet(np.ones(used.shape[1]), draws)
        logs = np.log(np.maximum(used[known], FLOOR))
        ranks = rankdata(-(logs @ drawn.T).round(RISK_DIGITS), method="min", axis=0)
        low[known], high[known] = np.quantile(ranks, INTERVAL, axis=1, method="inverted_cdf")
        top[known] = np.mean(ranks <= count, axis=1)
    return RankStability(rank, low, high, top, count, draws)
