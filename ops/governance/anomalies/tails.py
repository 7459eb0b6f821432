"""Exact upper tails of the distributions that the rules of anomalies need, in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, exp, fsum, lgamma, log


def poisson_tail(count: int, expected: float) -> float:
    """P(N ≥ count) for a Poisson number with this mean.

    Examples
    --------
    >>> round(poisson_tail(3, 1.0), 4)
    0.0803
    """
    if count <= 0:
        return 1.0
    if expected <= 0.0:
        return 0.0
    if count <= expected:
        return max(0.0, 1.0 - fsum(exp(k * log(expected) - expected - lgamma(k + 1)) for k in range(count)))
    total = term = exp(count * log(expected) - expected - lgamma(count + 1))
    while term > 1e-17 * total:  # beyond the mean the terms fall
        count += 1
        term *= expected / count
        total += term
    return min(1.0, total)


def hypergeometric_tail(hits: int, draws: int, marked: int, population: int) -> float:
    """P(X ≥ hits) among ``draws`` without replacement of a population of which ``marked`` are marked."""
    most = min(draws, marked)
    ways = sum(comb(marked, k) * comb(population - marked, draws - k) for k in range(max(hits, 0), most + 1))
    return ways / comb(population, draws)


def beta_binomial_tail(hits: int, trials: int, alpha: float, beta: float) -> float:
    """P(X ≥ hits) of ``trials`` whose chance of a hit is one draw from a beta distribution."""
    if hits <= 0:
        return 1.0
    base = lgamma(alpha + beta) - lgamma(alpha) - lgamma(beta) - lgamma(trials + alpha + beta)
    logs = (
        _log_comb(trials, k) + lgamma(k + alpha) + lgamma(trials - k + beta) + base for k in range(hits, trials + 1)
    )
    return min(1.0, fsum(map(exp, logs)))


def sum_tail(hits: int, chances: Sequence[float]) -> float:
    """P(at least ``hits`` of independent events with these chances): the Poisson-binomial distribution."""
    if hits <= 0:
        return 1.0
    row = [1.0] + [0.0] * hits  # row[k]: exactly k so far; the last: at least ``hits``
    for chance in chances:
        row[hits] += row[hits - 1] * chance
        for k in range(hits - 1, 0, -1):
            row[k] = row[k] * (1.0 - chance) + row[k - 1] * chance
        row[0] *= 1.0 - chance
    return min(1.0, row[hits])


def _log_comb(trials: int, k: int) -> float:
    return lgamma(trials + 1) - lgamma(k + 1) - lgamma(trials - k + 1)
