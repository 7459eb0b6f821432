"""Risk by hand, and the laws of its combination: monotone, bounded, free of the scale of weights, stable under them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.errors import BadInput
from ops.analysis.risk.combination import FLOOR, checked_weights, classes_of, level_of, rank_stability, risk_of

FACTOR = st.floats(0.0, 1.0)
THREE = st.tuples(FACTOR, FACTOR, FACTOR)
WEIGHTS = st.tuples(*[st.floats(0.0, 1e6)] * 3).filter(any)


@pytest.mark.parametrize(
    ("factors", "weights", "risk"),
    [
        ((0.5, 0.5, 0.5), (1, 1, 1), 0.5),
        ((1.0, 0.25, 0.25), (1, 1, 1), 0.3968502630),  # the cube root of 1/16
        ((1.0, 0.25, 0.25), (2, 1, 1), 0.5),  # the fourth root of 1/16
        ((0.0, 1.0, 1.0), (1, 1, 1), 0.2154434690),  # the cube root of the floor
        ((0.0, 0.0, 0.0), (1, 1, 1), FLOOR),
        ((0.3, 0.9, 0.1), (0, 5, 0), 0.9),
    ],
)
def test_the_mean_by_hand(factors: tuple[float, ...], weights: tuple[float, ...], risk: float) -> None:
    assert risk_of(factors, weights) == pytest.approx(risk, abs=1e-10)


@settings(deadline=None)
@given(THREE, THREE, WEIGHTS)
def test_no_factor_lowers_the_risk_when_it_rises(one: tuple, other: tuple, weights: tuple) -> None:
    low, high = np.minimum(one, other), np.maximum(one, other)
    assert risk_of(low, weights) <= risk_of(high, weights) + 1e-12
    assert level_of(low) <= level_of(high)


@settings(deadline=None)
@given(THREE, WEIGHTS)
def test_the_risk_lies_between_its_factors(factors: tuple, weights: tuple) -> None:
    used = [max(one, FLOOR) for one, weight in zip(factors, checked_weights(weights), strict=True) if weight > 0.0]
    assert min(used) - 1e-9 <= risk_of(factors, weights) <= max(used) + 1e-9


@settings(deadline=None)
@given(THREE, WEIGHTS, st.floats(1e-3, 1e3))
def test_only_the_ratio_of_weights_counts(factors: tuple, weights: tuple, scale: float) -> None:
    assume(min(one for one in weights if one > 0.0) > 1e-300)
    scaled = tuple(one * scale for one in weights)
    assert risk_of(factors, scaled) == pytest.approx(risk_of(factors, weights), rel=1e-9)


@settings(deadline=None)
@given(st.tuples(*[st.floats(FLOOR, 1.0)] * 3), st.floats(0.05, 1.0), WEIGHTS)
def test_the_mean_is_homogeneous_above_the_floor(factors: tuple, scale: float, weights: tuple) -> None:
    smaller = np.array(factors) * scale
    assume(np.all(smaller >= FLOOR))
    assert risk_of(smaller, weights) == pytest.approx(scale * risk_of(factors, weights), rel=1e-9)


def test_the_whole_matrix() -> None:
    """Low up to a sum of 2, medium up to 4, high from 5; all 27 cases."""
    middle = (0.1, 0.5, 0.9)
    for case in itertools.product(range(3), repeat=3):
        expected = 0 if sum(case) < 3 else 1 if sum(case) < 5 else 2
        assert level_of([middle[one] for one in case]) == expected, case
    assert classes_of([0.0, 1 / 3, 2 / 3, 1.0, math.nan]).tolist() == [0, 1, 2, 2, -1]
    assert level_of([0.9, 0.9, math.nan]) == -1


def test_a_segment_that_is_worse_in_every_factor_is_first_under_all_weights() -> None:
    factors = [[0.5, 0.4, 0.3], [0.9, 0.8, 0.7], [0.1, 0.6, 0.2], [math.nan, 1.0, 1.0]]
    found = rank_stability(factors, (1, 1, 1))
    assert (found.rank[1], found.low[1], found.high[1], found.top[1], found.top_count) == (1, 1, 1, 1.0, 1)
    assert math.isnan(found.rank[3])
    assert math.isnan(found.top[3])


def test_two_segments_that_mirror_each_other_share_the_draws() -> None:
    """By symmetry of the flat Dirichlet distribution each is first with probability ½; 2,000 draws have σ = 0.011."""
    found = rank_stability([[0.9, 0.5, 0.1], [0.1, 0.5, 0.9]], (1, 1, 1))
    assert found.rank.tolist() == [1, 1]
    assert found.top == pytest.approx([0.5, 0.5], abs=0.06)
    assert (found.low.tolist(), found.high.tolist()) == ([1, 1], [2, 2])


@settings(deadline=None, max_examples=30)
@given(st.lists(THREE, min_size=1, max_size=12), WEIGHTS)
def test_ranks_are_those_of_the_risks_and_intervals_are_ordered(rows: list[tuple], weights: tuple) -> None:
    found, risks = rank_stability(rows, weights, draws=50), risk_of(rows, weights).round(12)
    for one, risk in enumerate(risks):
        assert found.rank[one] == 1 + sum(other > risk for other in risks)
    assert np.all(found.low <= found.high)
    assert np.all((found.low >= 1) & (found.high <= len(rows)))
    assert np.all((found.top >= 0.0) & (found.top <= 1.0))
    again = rank_stability(rows, weights, draws=50)
    assert np.array_equal(found.low, again.low)


def test_what_dominates_is_never_ranked_below() -> None:
    draw = np.random.default_rng(7)
    factors = draw.random((40, 3))
    found = rank_stability(factors, (1, 1, 1), draws=200)
    for one, other in itertools.permutations(range(40), 2):
        if np.all(factors[one] > factors[other]):
            assert found.low[one] <= found.low[other]
            assert found.high[one] <= found.high[other]
            assert found.rank[one] < found.rank[other]


@pytest.mark.parametrize("weights", [(0, 0, 0), (-1, 1, 1), (math.nan, 1, 1), (math.inf, 1, 1)])
def test_weights_that_cannot_be_used_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(BadInput, match="--weights"):
        risk_of((0.5, 0.5, 0.5), weights)


@pytest.mark.parametrize("factors", [(1.1, 0.5, 0.5), (-0.1, 0.5, 0.5)])
def test_a_factor_outside_its_range_is_refused(factors: tuple[float, ...]) -> None:
    with pytest.raises(BadInput, match="expected fractions"):
        risk_of(factors, (1, 1, 1))
