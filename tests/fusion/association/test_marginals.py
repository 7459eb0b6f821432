"""Association probabilities against enumeration by hand and by brute force."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.association.marginals import marginals
from geo.arrays import Floats
from tests.drills.sizes import sized


def pairs_of(weights: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Row-compressed pairs of a (track, plot) matrix; zeros are no pairs."""
    tracks, plots = np.nonzero(weights)
    start = np.concatenate([[0], np.cumsum(np.bincount(tracks, minlength=len(weights)))])
    return start.astype(np.int64), plots.astype(np.int64), weights[tracks, plots]


def matrix(start: npt.NDArray[np.int64], plot: npt.NDArray[np.int64], hit: Floats, shape: tuple[int, int]) -> Floats:
    dense = np.zeros(shape)
    dense[np.repeat(np.arange(shape[0]), np.diff(start)), plot] = hit
    return dense


def brute_force(weights: Floats, misses: Floats) -> tuple[Floats, Floats]:
    """(track, plot) and miss probabilities by summing over every joint event."""
    tracks, plots = weights.shape
    hit, miss, total = np.zeros(weights.shape), np.zeros(tracks), 0.0
    for event in product(range(-1, plots), repeat=tracks):
        taken = [j for j in event if j >= 0]
        if len(taken) != len(set(taken)):
            continue
        p = float(np.prod([misses[t] if j < 0 else weights[t, j] for t, j in enumerate(event)]))
        total += p
        for t, j in enumerate(event):
            if j < 0:
                miss[t] += p
            else:
                hit[t, j] += p
    return hit / total, miss / total


def test_the_worked_example_of_two_tracks_and_two_plots() -> None:
    # weights [[2, 1], [1, 3]], miss weight 1; joint events: 1 + 2 + 1 + 1 + 3 + 2*3 + 1*1 = 15
    start, plot, weight = pairs_of(np.array([[2.0, 1.0], [1.0, 3.0]]))
    hit, miss, alone = marginals(start, plot, weight, np.ones(2), 2)
    assert hit[:2] == pytest.approx([8 / 15, 2 / 15], abs=1e-12)
    assert miss[0] == pytest.approx(1 / 3, abs=1e-12)
    assert alone == pytest.approx([1 - 10 / 15, 1 - 11 / 15], abs=1e-12)
    hit, miss, _ = marginals(start, plot, weight, np.ones(2), 2, 0)
    assert [miss[0], hit[0], hit[1]] == pytest.approx([0.35267, 0.53527, 0.11206], abs=1e-5)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**31))
@settings(max_examples=sized(25, 60), deadline=None)
def test_small_clusters_equal_enumeration(tracks: int, plots: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = np.where(rng.random((tracks, plots)) < 0.6, np.exp(rng.normal(0.0, 3.0, (tracks, plots))), 0.0)
    misses = rng.uniform(0.01, 1.0, tracks)
    start, plot, weight = pairs_of(weights)
    hit, miss, alone = marginals(start, plot, weight, misses, plots, 100)
    exact_hit, exact_miss = brute_force(weights, misses)
    assert matrix(start, plot, hit, weights.shape) == pytest.approx(exact_hit, abs=1e-9)
    assert miss == pytest.approx(exact_miss, abs=1e-9)
    assert alone == pytest.approx(1.0 - exact_hit.sum(axis=0), abs=1e-9)


@given(st.integers(2, 6), st.integers(0, 2**31))
@settings(max_examples=sized(25, 60), deadline=None)
def test_belief_propagation_is_exact_where_the_gates_make_no_cycle(tracks: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = np.zeros((tracks, tracks))
    for t in range(tracks):  # a chain: track t claims plots t and t + 1
        weights[t, t : t + 2] = np.exp(rng.normal(0.0, 2.0, 2))[: tracks - t]
    misses = rng.uniform(0.05, 1.0, tracks)
    start, plot, weight = pairs_of(weights)
    hit, miss, alone = marginals(start, plot, weight, misses, tracks, 0)
    exact_hit, exact_miss = brute_force(weights, misses)
    assert matrix(start, plot, hit, weights.shape) == pytest.approx(exact_hit, abs=1e-8)
    assert miss == pytest.approx(exact_miss, abs=1e-8)
    assert alone == pytest.approx(1.0 - exact_hit.sum(axis=0), abs=1e-8)


def test_belief_propagation_error_on_close_targets_does_not_grow() -> None:
    # four targets in a 20 m box seen with σ 5 m: recorded error median 0.057, largest 0.39
    errors = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        targets = rng.uniform(0.0, 20.0, (4, 2))
        plots = targets + rng.normal(0.0, 5.0, (4, 2))
        square = ((targets[:, None] - plots[None]) ** 2).sum(axis=2)
        weights = 0.9 * np.exp(-0.25 * square / 25.0) / (4.0 * np.pi * 25.0) / 1e-5
        start, plot, weight = pairs_of(weights)
        hit, _, _ = marginals(start, plot, weight, np.full(4, 0.1), 4, 0)
        exact, _ = brute_force(weights, np.full(4, 0.1))
        errors.append(np.abs(matrix(start, plot, hit, weights.shape) - exact).max())
    assert np.median(errors) < 0.1
    assert max(errors) < 0.45


def test_a_far_away_cluster_changes_no_bit() -> None:
    rng = np.random.default_rng(3)
    near = np.exp(rng.normal(0.0, 2.0, (7, 7)))
    both = np.zeros((9, 9))
    both[:7, :7], both[7:, 7:] = near, np.exp(rng.normal(0.0, 2.0, (2, 2)))
    start, plot, weight = pairs_of(near)
    alone_hit, _, _ = marginals(start, plot, weight, np.full(7, 0.3), 7)
    start, plot, weight = pairs_of(both)
    both_hit, _, _ = marginals(start, plot, weight, np.full(9, 0.3), 9)
    assert np.array_equal(both_hit[:49], alone_hit)


@pytest.mark.parametrize("share", [1.0, 0.03])
def test_a_large_cluster_is_shared_out_as_the_messages_say(share: float) -> None:
    """Eighty tracks on each of seventy plots, or on two of them, so that most messages stand long before the last one:
    against belief propagation written down for whole matrices, where every message is sent in every round."""
    rng = np.random.default_rng(3)
    weights = np.exp(rng.normal(0.0, 3.0, (80, 70)) - 3.0 * share) * (rng.random((80, 70)) < share)
    misses = rng.uniform(0.2, 1.0, len(weights))
    back = np.ones_like(weights)
    for _ in range(2000):
        given_back = weights * back
        forward = weights / (misses[:, None] + given_back.sum(axis=1, keepdims=True) - given_back)
        back = 1.0 / (1.0 + forward.sum(axis=0) - forward)
    total = misses + (weights * back).sum(axis=1)
    start, plot, weight = pairs_of(weights)
    hit, miss, alone = marginals(start, plot, weight, misses, weights.shape[1])
    assert matrix(start, plot, hit, weights.shape) == pytest.approx(weights * back / total[:, None], abs=1e-8)
    assert miss == pytest.approx(misses / total, abs=1e-8)
    assert alone == pytest.approx(1.0 / (1.0 + forward.sum(axis=0)), abs=1e-8)
