"""Formulas of queues: hand-worked cases, invariants, and a simulation that counts every arrival."""

from __future__ import annotations

import heapq
import math
from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BadInput
from ops.analysis.lanes.queues import Service, mean_wait, priority_waits, waiting_probability

ONE = Service.exponential(1.0)


@pytest.mark.parametrize(
    ("load", "servers", "probability"),
    [
        (0.6, 1, 0.6),  # one server: the probability that it is busy
        (1.0, 2, 1 / 3),  # p0 = 1/3, p1 = 1/3
        (2.0, 3, 4 / 9),  # p0 = 1/9; (2³/3!)·3/(3 − 2)/9
        (0.0, 4, 0.0),
        (4.0, 4, 1.0),
        (9.0, 4, 1.0),
    ],
)
def test_erlang_c_by_hand(load: float, servers: int, probability: float) -> None:
    assert waiting_probability(load, servers) == pytest.approx(probability)


def test_waits_by_hand() -> None:
    assert mean_wait(1.0, ONE, 2) == pytest.approx(1 / 3)
    assert mean_wait(2.0, ONE, 3) == pytest.approx(4 / 9)
    # a constant service time halves the wait in front of one server (Pollaczek and Khinchine)
    assert mean_wait(0.5, Service(1.0, 1.0), 1) == pytest.approx(0.5)
    assert mean_wait(0.5, ONE, 1) == pytest.approx(1.0)
    assert mean_wait(2.0, ONE, 2) == math.inf


def test_priority_by_hand() -> None:
    """Cobham (1954): W0 = 0.6; the first waits W0/(1 − 0.3), the second W0/((1 − 0.3)(1 − 0.6))."""
    assert priority_waits((0.3, ONE), (0.3, ONE), 1) == pytest.approx((0.6 / 0.7, 0.6 / (0.7 * 0.4)))
    # two servers, the same time: C(2, 1.2) = 2·0.45/(2 − 1.2·0.55) ... as the recursion of Erlang B gives 0.45
    waits = priority_waits((0.6, ONE), (0.6, ONE), 2)
    chance = waiting_probability(1.2, 2)
    assert chance == pytest.approx(0.45)
    assert waits == pytest.approx((chance / 2 / 0.7, chance / 2 / (0.7 * 0.4)))


def test_the_class_with_priority_has_a_wait_also_where_the_other_has_none() -> None:
    """Two servers that are never idle are free at the rate 2; the first class alone loads them to 30%."""
    first, second = priority_waits((0.6, ONE), (5.0, ONE), 2)
    assert (first, second) == (pytest.approx(0.5 / 0.7), math.inf)
    assert priority_waits((2.5, ONE), (0.1, ONE), 2) == (math.inf, math.inf)


@pytest.mark.parametrize("factor", [1.0 - 1e-9, 1.0 - 2e-16, 1.0, 1.0 + 2e-16, 1.0 + 1e-9])
@pytest.mark.parametrize(("fraction", "short", "lanes"), [(0.7, 0.5, 2), (0.5, 0.3, 2), (0.3, 0.2, 5)])
def test_at_full_load_the_class_with_priority_still_has_its_wait(
    factor: float, fraction: float, short: float, lanes: int
) -> None:
    """Rounding of the load decides which formula is used; the first class waits the same on either side of it."""
    brief = Service.exponential(short)
    rate = factor * lanes / (fraction * brief.mean + (1.0 - fraction) * ONE.mean)
    waits = priority_waits((rate * fraction, brief), (rate * (1.0 - fraction), ONE), lanes)
    crowded = priority_waits((rate * fraction, brief), (2.0 * rate, ONE), lanes)[0]
    assert waits[0] == pytest.approx(crowded, rel=1e-6)
    assert waits[1] > 1e6


def test_unusable_loads_are_refused() -> None:
    for load, servers in ((-1.0, 2), (math.nan, 2), (math.inf, 2), (1.0, 0)):
        with pytest.raises(BadInput):
            waiting_probability(load, servers)


RATE = st.floats(0.01, 3.0)
MEAN = st.floats(0.05, 2.0)


@given(RATE, RATE, MEAN, MEAN)
def test_one_server_keeps_the_sum_of_load_times_wait(first: float, second: float, one: float, two: float) -> None:
    """Kleinrock's conservation law: an order that interrupts no service does not change Σ ρ W on one server."""
    classes = (first, Service.exponential(one)), (second, Service.exponential(two))
    loads = [rate * service.mean for rate, service in classes]
    waits = priority_waits(*classes, 1)
    both = Service.mixture(*classes)
    if sum(loads) < 0.999:
        in_order = mean_wait(first + second, both, 1)
        assert sum(load * wait for load, wait in zip(loads, waits, strict=True)) == pytest.approx(sum(loads) * in_order)


@given(RATE, RATE, MEAN, MEAN, st.integers(1, 12))
def test_invariants(first: float, second: float, one: float, two: float, servers: int) -> None:
    """Priority never makes the first class wait longer than the second, and one more lane never lengthens a wait."""
    classes = (first, Service.exponential(one)), (second, Service.exponential(two))
    waits, better = priority_waits(*classes, servers), priority_waits(*classes, servers + 1)
    assert 0.0 <= waits[0] <= waits[1]
    for before, after in zip(waits, better, strict=True):
        assert after <= before
    load = first * one
    assert 0.0 <= waiting_probability(load, servers + 1) <= waiting_probability(load, servers) <= 1.0
    assert mean_wait(first, ONE, servers) <= mean_wait(first, Service(1.0, 3.0), servers)


def simulated(
    rates: tuple[float, float], means: tuple[tuple[float, float, float], ...], servers: int, seed: int
) -> list[float]:
    """Mean waits of two classes of which the first goes first, over 60,000 arrivals after 5,000.

    ``means``: of each class the probability of the first mean, the first and the second.
    """
    rng = np.random.default_rng(seed)
    count = 65_000
    at = np.cumsum(rng.exponential(1.0 / sum(rates), count))
    kinds = (rng.random(count) * sum(rates) >= rates[0]).astype(int)
    table = np.array(means)
    long = rng.random(count) < table[kinds, 0]
    service = rng.exponential(np.where(long, table[kinds, 1], table[kinds, 2]))
    queues: tuple[deque[int], deque[int]] = (deque(), deque())
    free = [0.0] * servers  # times from which each server is free
    started = np.zeros(count)
    arrived = 0
    while arrived < count or any(queues):
        if not any(queues):
            queues[kinds[arrived]].append(arrived)
            arrived += 1
        now = max(free[0], at[queues[0][0] if queues[0] else queues[1][0]])
        while arrived < count and at[arrived] <= now:
            queues[kinds[arrived]].append(arrived)
            arrived += 1
        chosen = queues[0].popleft() if queues[0] else queues[1].popleft()
        started[chosen] = now
        heapq.heapreplace(free, now + service[chosen])
    waits = (started - at)[5_000:]
    return [float(waits[kinds[5_000:] == kind].mean()) for kind in (0, 1)]


@pytest.mark.parametrize(
    ("rates", "means", "servers", "tolerance"),
    [
        ((0.9, 0.9), ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)), 3, 0.08),  # exact: one exponential time
        ((0.3, 0.2), ((1.0, 0.4, 1.0), (1.0, 2.0, 1.0)), 1, 0.08),  # exact: one server
        ((0.6, 0.9), ((0.1, 1.5, 0.4), (1.0, 1.5, 1.0)), 2, 0.15),  # approximate
        ((0.9, 1.6), ((0.05, 1.5, 0.4), (1.0, 1.5, 1.0)), 4, 0.15),  # approximate
    ],
)
def test_formulas_agree_with_a_simulation(
    rates: tuple[float, float], means: tuple[tuple[float, float, float], ...], servers: int, tolerance: float
) -> None:
    """The seed is fixed. Tolerances of the exact cases are those of 60,000 correlated waits."""
    services = [
        Service.mixture((part, Service.exponential(first)), (1.0 - part, Service.exponential(second)))
        for part, first, second in means
    ]
    expected = priority_waits((rates[0], services[0]), (rates[1], services[1]), servers)
    assert simulated(rates, means, servers, 7) == pytest.approx(expected, rel=tolerance)
