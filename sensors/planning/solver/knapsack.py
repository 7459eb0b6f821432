"""Fractional knapsack of options: maximum score for a budget, at most one option per site, by the price of the
budget."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from geo.arrays import Floats, Ints
from sensors.planning.solver.constraints import Constraints

HALVINGS: Final = 60


def knapsack(score: Floats, limits: Constraints) -> tuple[float, Floats]:
    """Maximum score for the budget with fractional options, an upper bound for whole options, and x (option,)."""
    sites = int(limits.site.max()) + 1
    value, x = _at_price(score, limits.cost, limits.site, sites, price_of(score, limits), limits.budget)
    return float(value), np.asarray(x)


def price_of(score: Floats, limits: Constraints) -> float:
    """The price of the budget at which the best options just fit it; 0 if it suffices for all."""
    if not math.isfinite(limits.budget):
        return 0.0
    return float(_find_price(score, limits.cost, limits.site, int(limits.site.max()) + 1, limits.budget))


@njit(cache=True, nogil=True)
def _best_at(
    score: Floats, cost: Floats, site: Ints, sites: int, price: float, most_expensive: bool
) -> tuple[Ints, float]:
    """The option of each site with the highest gain at a price (−1 if none has a gain), and their total cost; ties go
    to the most or the least expensive.
    """
    best = np.full(sites, -1, np.int64)
    for i in range(len(score)):
        net = score[i] - price * cost[i]
        if net < 0.0 or (net == 0.0 and not most_expensive):
            continue
        s = site[i]
        b = best[s]
        if b < 0:
            best[s] = i
            continue
        other = score[b] - price * cost[b]
        if net > other or (net == other and (cost[i] > cost[b]) == most_expensive):
            best[s] = i
    spent = 0.0
    for s in range(sites):
        if best[s] >= 0:
            spent += cost[best[s]]
    return best, spent


@njit(cache=True, nogil=True)
def _find_price(score: Floats, cost: Floats, site: Ints, sites: int, budget: float) -> float:
    _, spent = _best_at(score, cost, site, sites, 0.0, False)
    if spent <= budget:
        return 0.0
    high = 0.0
    for i in range(len(score)):
        if cost[i] > 0.0:
            high = max(high, score[i] / cost[i])
    low = 0.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        _, spent = _best_at(score, cost, site, sites, middle, False)
        if spent > budget:
            low = middle
        else:
            high = middle
        if high - low <= 1e-14 * high:
            break
    return high


@njit(cache=True, nogil=True)
def _at_price(score: Floats, cost: Floats, site: Ints, sites: int, price: float, budget: float) -> tuple[float, Floats]:
    """The relaxed knapsack's value at a price (valid for any price) and options that spend about the budget."""
    x = np.zeros(len(score))
    best, spent = _best_at(score, cost, site, sites, price, False)
    value = 0.0
    for s in range(sites):
        if best[s] >= 0:
            x[best[s]] = 1.0
            value += score[best[s]] - price * cost[best[s]]
    if budget == np.inf:
        return value, x
    value += price * budget
    if spent < budget and price > 0.0:  # marginal options fill the rest, in fractions
        more, higher = _best_at(score, cost, site, sites, price * (1.0 - 1e-9), True)
        if higher > spent:
            share = min(1.0, (budget - spent) / (higher - spent))
            for s in range(sites):
                if more[s] != best[s]:
                    if best[s] >= 0:
                        x[best[s]] = 1.0 - share
                    if more[s] >= 0:
                        x[more[s]] = share
    return value, x
