"""Upper bound on any choice of options: Lagrangian relaxation of the coverage of cells.

For cell j the relaxation keeps ``y_j ≤ g_j(Σ_i d_ij x_i)``, g concave: where options detect with high probability, the
linear ``min(Σ p_ij x_i, cap_j)``; where they do so rarely, ``1 − exp(−Σ m_ij x_i)``, m = −ln(1 − p). Both hold for any
choice. A price u_j on each cell leaves a knapsack of options, solved by a price μ on the budget; every pair of prices
gives a valid bound, and subgradient steps (Polyak 1969; Held, Wolfe, Crowder 1974) find good ones. For the worst
segment, the weights π_s of the segments are prices too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numba import njit

from geo.arrays import Bools, Floats, Ints
from sensors.planning.solver import coverage_objective, local_search
from sensors.planning.solver.constraints import Constraints
from sensors.planning.solver.coverage_objective import Cover
from sensors.planning.solver.knapsack import knapsack, price_of

SURE: Final = 0.7
"""Cells whose options detect with at least this mean probability are bounded by the linear limit, others by the
curve."""
PATIENCE: Final = 30
SHRINK: Final = 0.7
STEPS: Final = 1500
WEIGHING: Final = 0.1
"""Step size of the weights of groups, per standard deviation of their values."""


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """``limit``: upper bound on the objective; ``with_it`` (option,): bound of the choices that include that option."""

    limit: float
    with_it: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Relaxed:
    cover: Cover
    limits: Constraints
    d: Floats
    linear: Bools
    cap: Floats


def bound_of(
    cover: Cover,
    limits: Constraints,
    reached: float,
    *,
    worst: bool = False,
    steps: int = STEPS,
    late: Callable[[], bool] = lambda: False,
) -> Bound:
    """An upper bound on ``cover.covered`` (or ``cover.worst``) of any choice within the limits; ``reached`` is the
    value of a known choice.

    The bound is at least ``reached`` and at most the value of all options together.
    """
    relaxed = _relaxed(cover, limits)
    weighed = cover.totals > 0.0
    shares = weighed / max(float(weighed.sum()), 1.0) if worst else cover.totals / max(cover.totals.sum(), 1e-300)
    base, crews = _base(cover), max(limits.crew_limit, 1.0)
    now = _Prices(np.full(len(cover.weight), 0.5), shares, 0.0)
    kept, best, step, since = now, math.inf, 1.0, 0
    for _ in range(steps):
        evaluated = _evaluate(relaxed, now)
        limit = evaluated.limit + float((now.shares * base).sum())
        if limit < best - 1e-12:
            best, kept, since = limit, now, 0
        else:
            since += 1
        if best <= reached * (1.0 + 1e-9) + 1e-12 or step < 1e-6 or late():
            break
        if since >= PATIENCE:
            step, since, now = step * SHRINK, 0, kept
            continue
        slope = evaluated.worth * (evaluated.load - evaluated.amount)
        slope[((now.level <= 0.0) & (slope > 0.0)) | ((now.level >= 1.0) & (slope < 0.0))] = 0.0
        length = float((slope * slope).sum()) + (evaluated.spare / crews) ** 2
        if length <= 1e-30:
            break
        stride = step * max(limit - reached, 1e-12) / length
        now = _Prices(
            np.clip(now.level - stride * slope, 0.0, 1.0),
            _towards_the_least(now.shares, evaluated.values + base, step) if worst else shares,
            max(0.0, now.crew - stride * evaluated.spare / crews**2) if math.isfinite(limits.crew_limit) else 0.0,
        )
    return _final(relaxed, kept, base, best)


@dataclass(frozen=True, slots=True, eq=False)
class _Prices:
    """Prices of cells as a fraction of a cell's worth (``level``), weights of the groups, the price of crew."""

    level: Floats
    shares: Floats
    crew: float


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """The bound at given prices (without the base), the worth of cells, their load Σ d x and the amount they want, the
    gain of each group per unit of its weight, and the unused crew."""

    limit: float
    worth: Floats
    load: Floats
    amount: Floats
    values: Floats
    spare: float


def _towards_the_least(shares: Floats, values: Floats, step: float) -> Floats:
    """Shift weight to the groups with the least value, by multiplicative weights (Arora, Hazan, Kale 2012)."""
    allowed = shares > 0.0
    spread = float(np.std(values[allowed]))
    if spread <= 1e-12:
        return shares
    moved = shares * np.exp(np.where(allowed, -WEIGHING * step * (values - values[allowed].mean()) / spread, 0.0))
    return np.asarray(moved / moved.sum())


def _relaxed(cover: Cover, limits: Constraints) -> _Relaxed:
    cells = len(cover.weight)
    entries = np.bincount(cover.cell, minlength=cells)
    mean = np.bincount(cover.cell, cover.p, cells) / np.maximum(entries, 1)
    linear = mean >= SURE
    d = np.where(linear[cover.cell], cover.p, cover.log_miss)
    cap = -np.expm1(-np.bincount(cover.cell, cover.log_miss, cells))
    return _Relaxed(cover, limits, d, linear, np.minimum(cap, 1.0))


def _base(cover: Cover) -> Floats:
    """Value of each group with the existing layout alone (group,), 0 without weight."""
    totals = np.where(cover.totals > 0.0, cover.totals, 1.0)
    return np.asarray(np.bincount(cover.group, cover.weight * cover.present, cover.groups) / totals)


def _worth(cover: Cover, shares: Floats) -> Floats:
    """Gain of the objective by full coverage of a cell under these weights of the groups."""
    totals = np.where(cover.totals > 0.0, cover.totals, np.inf)
    return np.asarray(shares[cover.group] * cover.weight * (1.0 - cover.present) / totals[cover.group])


def _evaluate(relaxed: _Relaxed, prices: _Prices) -> _Found:
    cover, limits = relaxed.cover, relaxed.limits
    worth = _worth(cover, prices.shares)
    price = prices.level * worth
    ground, amount = _cells_best(price, worth, relaxed.linear, relaxed.cap)
    score = _scores(cover.start, cover.cell, relaxed.d, price)
    crew, spare = 0.0, 0.0
    if math.isfinite(limits.crew_limit):
        score = score - prices.crew * limits.crew
        crew = prices.crew * limits.crew_limit
    value, x = knapsack(score, limits)
    if math.isfinite(limits.crew_limit):
        spare = limits.crew_limit - float((limits.crew * x).sum())
    load = _loads(cover.start, cover.cell, relaxed.d, x, len(worth))
    values = _group_values(relaxed, prices.level, load, amount)
    return _Found(ground + value + crew, worth, load, amount, values, spare)


def _group_values(relaxed: _Relaxed, level: Floats, load: Floats, amount: Floats) -> Floats:
    """Derivative of the bound by the weight of each group (group,)."""
    cover = relaxed.cover
    reached = np.where(relaxed.linear, np.minimum(amount, relaxed.cap), -np.expm1(-amount))
    totals = np.where(cover.totals > 0.0, cover.totals, 1.0)
    part = cover.weight * (1.0 - cover.present) * (reached + level * (load - amount))
    return np.asarray(np.bincount(cover.group, part, cover.groups) / totals)


def _final(relaxed: _Relaxed, kept: _Prices, base: Floats, best: float) -> Bound:
    """The bound at the best prices, and with each option forced in."""
    cover, limits = relaxed.cover, relaxed.limits
    worth = _worth(cover, kept.shares)
    prices = kept.level * worth
    ground, _ = _cells_best(prices, worth, relaxed.linear, relaxed.cap)
    score = _scores(cover.start, cover.cell, relaxed.d, prices)
    if math.isfinite(limits.crew_limit):
        score = score - kept.crew * limits.crew
        ground += kept.crew * limits.crew_limit
    money = price_of(score, limits)
    net = score - money * limits.cost
    by_site = np.zeros(int(limits.site.max()) + 1)
    np.maximum.at(by_site, limits.site, np.maximum(net, 0.0))
    whole = ground + float((kept.shares * base).sum()) + money * limits.budget + float(by_site.sum())
    mine = by_site[limits.site]
    return Bound(min(best, whole), whole - mine + net)


@njit(cache=True, nogil=True)
def _cells_best(prices: Floats, worth: Floats, linear: Bools, cap: Floats) -> tuple[float, Floats]:
    """Σ_j max_z (worth_j g_j(z) − u_j z), and the z (cell,) that reach it; z at most what the cap allows."""
    total = 0.0
    amount = np.zeros(len(prices))
    for j in range(len(prices)):
        u, w = prices[j], worth[j]
        if u >= w or w <= 0.0:
            continue
        if linear[j]:
            amount[j] = cap[j]
            total += (w - u) * cap[j]
        else:
            most = 30.0 if cap[j] >= 1.0 - 1e-13 else -math.log1p(-cap[j])
            z = most if u <= 0.0 else min(math.log(w / u), most)
            amount[j] = z
            total += w * (1.0 - math.exp(-z)) - u * z
    return total, amount


@njit(cache=True, nogil=True)
def _scores(start: Ints, cell: Ints, d: Floats, prices: Floats) -> Floats:
    scores = np.empty(len(start) - 1)
    for i in range(len(scores)):
        total = 0.0
        for e in range(start[i], start[i + 1]):
            total += prices[cell[e]] * d[e]
        scores[i] = total
    return scores


@njit(cache=True, nogil=True)
def _loads(start: Ints, cell: Ints, d: Floats, x: Floats, cells: int) -> Floats:
    load = np.zeros(cells)
    for i in range(len(x)):
        if x[i] > 0.0:
            for e in range(start[i], start[i + 1]):
                load[cell[e]] += x[i] * d[e]
    return load


@cache
def compile_kernels() -> None:
    """Compile the kernels of planning, or load them from disk, so that no later call waits."""
    coverage_objective.compile_kernels()
    local_search.compile_kernels()
    for probability in (0.2, 1.0):
        two = Cover.of(np.full((2, 2), probability))
        bound_of(two, Constraints.of([1.0, 2.0], 2.0), 0.0, steps=3)
