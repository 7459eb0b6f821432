"""Covering sites: lazy greedy is plain greedy to the bit, and keeps its promise against the best."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geo.errors import BadInput
from geo.visibility import covering_sites, footprints, viewsheds
from geo.visibility.many_sites import greedy_cover
from geo.visibility.many_sites.footprints import Footprints, words_for
from geo.visibility.many_sites.greedy_cover import GREEDY_SHARE
from tests.drills.sizes import sized

SETS = hnp.arrays(np.bool_, st.tuples(st.integers(0, 9), st.integers(0, 140)))


def reference(sets: np.ndarray, k: int, weights: np.ndarray) -> list[int]:
    """Greedy as the textbook has it, on an array of truth; weights are whole, so that sums are exact."""
    covered, chosen = np.zeros(sets.shape[1], bool), []
    for _ in range(k):
        gains = [int(weights[one & ~covered].sum()) for one in sets]
        if not gains or max(gains) == 0:
            break
        chosen.append(gains.index(max(gains)))
        covered |= sets[chosen[-1]]
    return chosen


def plain_greedy(sets: np.ndarray, k: int, weights: Any = None) -> np.ndarray:
    """The same choice by looking at every site every time, with the gains of ``covering_sites``."""
    candidates, weight = Footprints.of(sets), greedy_cover._weights(Footprints.of(sets), weights)
    covered = np.zeros(words_for(candidates.cells), np.uint64)
    chosen: list[int] = []
    for _ in range(k):
        gains = [greedy_cover._gain_of(candidates, n, covered, weight) for n in range(len(candidates))]
        if not gains or max(gains) == 0.0:
            break
        best = int(np.argmax(gains))
        words = candidates.words[candidates.start[best] : candidates.start[best + 1]]
        greedy_cover._cover(words, int(candidates.first[best]), covered)
        chosen.append(best)
    return np.array(chosen, np.int64)


def best_of(sets: np.ndarray, k: int, weights: np.ndarray) -> float:
    """What the best k sites cover, by trying all."""
    choices = itertools.combinations(range(len(sets)), min(k, len(sets)))
    return max(float(weights[sets[list(choice)].any(axis=0)].sum()) for choice in choices)


@settings(deadline=None, max_examples=sized(50, 150))
@given(SETS, st.integers(1, 6), st.randoms(use_true_random=False))
def test_lazy_is_plain_greedy_and_at_least_its_share_of_the_best(sets: np.ndarray, k: int, random: Any) -> None:
    whole = np.array([random.randint(0, 5) for _ in range(sets.shape[1])], float)
    for given_weights, weights in ((None, np.ones(sets.shape[1])), (whole, whole)):
        found = covering_sites(sets, k, given_weights)
        assert found.sites.tolist() == reference(sets, k, weights) == plain_greedy(sets, k, given_weights).tolist()
        assert np.array_equal(found.seen, sets[found.sites].any(axis=0))
        assert found.covered == weights[found.seen].sum() == sum(found.gains)
        assert found.total == weights.sum()
        assert (np.diff(found.gains) <= 0).all()
        best = best_of(sets, k, weights)
        assert found.covered >= GREEDY_SHARE * best - 1e-9
        assert best <= found.bound + 1e-9


@settings(deadline=None, max_examples=sized(30, 60))
@given(SETS, st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_with_any_weights_lazy_is_plain_to_the_bit(sets: np.ndarray, k: int, seed: int) -> None:
    weights = np.random.default_rng(seed).exponential(size=sets.shape[1])
    assert covering_sites(sets, k, weights).sites.tolist() == plain_greedy(sets, k, weights).tolist()


def test_greedy_by_hand() -> None:
    """The classic case where greedy is not the best: it takes the middle four, then needs two more for the rest."""
    sets = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1], [0, 1, 1, 1, 1, 0]], bool)
    found = covering_sites(sets, 2)
    assert found.sites.tolist() == [2, 0]
    assert found.gains.tolist() == [4.0, 1.0]
    assert found.covered_fraction == pytest.approx(5 / 6)
    assert found.dead_ground_fraction == pytest.approx(1 / 6)
    assert found.bound == 6.0
    assert covering_sites(sets, 3).covered == 6.0


def test_equals_go_to_the_lowest_number_and_sites_that_add_nothing_are_not_chosen() -> None:
    sets = np.array([[0, 0, 1], [1, 1, 0], [1, 1, 0], [0, 0, 1]], bool)
    assert covering_sites(sets, 4).sites.tolist() == [1, 0]
    assert covering_sites(np.zeros((3, 5), bool), 2).sites.tolist() == []
    assert np.isnan(covering_sites(np.zeros((3, 0), bool), 2).covered_fraction)


@given(SETS)
@settings(deadline=None)
def test_footprints_are_the_sets_they_were_made_of(sets: np.ndarray) -> None:
    packed = Footprints.of(sets)
    assert len(packed) == len(sets)
    assert all(np.array_equal(packed.set_of(n), one) for n, one in enumerate(sets))
    assert all(np.array_equal(packed.cells_of(n), np.flatnonzero(one)) for n, one in enumerate(sets))


@pytest.fixture(scope="module")
def terrain() -> xr.Dataset:
    z = np.random.default_rng(7).normal(size=(90, 80)).cumsum(0).cumsum(1) * 3.0
    z[40:43, 60:64] = np.nan
    return xr.Dataset(
        {"elevation": (("northing", "easting"), z.astype(np.float32), {"units": "m"})},
        coords={"northing": 9_000.0 - 30.0 * np.arange(90), "easting": 30.0 * np.arange(80)},
        attrs={"crs": "EPSG:32631", "datum": "test"},
    )


VIEW: dict[str, Any] = {"observer_height_m": 6.0, "max_range_m": 700.0}


def places() -> np.ndarray:
    found = np.random.default_rng(1).uniform([0.0, 6_400.0], [2_300.0, 9_000.0], (30, 2))
    return found[(found[:, 0] < 1_600.0) | (found[:, 1] > 7_900.0)]


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
@pytest.mark.parametrize("masked", [False, True])
def test_footprints_are_what_the_sites_see_of_the_cells_that_matter(
    terrain: xr.Dataset, scheduler: str, masked: bool
) -> None:
    stack = viewsheds(terrain, places(), **VIEW).values == 1
    mask = np.random.default_rng(2).random((90, 80)) < 0.4 if masked else np.ones((90, 80), bool)
    found = footprints(terrain, places(), cells=mask if masked else None, scheduler=scheduler, **VIEW)
    assert found.cells == mask.sum()
    for n, layer in enumerate(stack):
        assert np.array_equal(found.set_of(n), layer[mask])


def test_the_intrinsic_dead_ground_of_a_belt(terrain: xr.Dataset) -> None:
    """A belt's cells hidden from the best sites: the same from footprints and from the stack itself."""
    belt = np.zeros((90, 80), bool)
    belt[:, 30:50] = True
    found = covering_sites(footprints(terrain, places(), cells=belt, **VIEW), 4)
    stack = viewsheds(terrain, places(), **VIEW)
    seen = (stack[found.sites].values == 1).any(axis=0)
    assert np.array_equal(found.hidden(), belt & ~seen)
    assert found.dead_ground_fraction == pytest.approx((belt & ~seen).sum() / belt.sum())
    assert 0.0 < found.dead_ground_fraction < 1.0
    by_weight = covering_sites(stack, 4, belt.astype(float))
    assert by_weight.sites.tolist() == found.sites.tolist()
    assert by_weight.covered == found.covered
    weights = np.random.default_rng(3).random((90, 80))
    weighted = covering_sites(footprints(terrain, places(), cells=belt, **VIEW), 4, weights)
    assert weighted.total == pytest.approx(weights[belt].sum())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.ones((2, 3), bool), 0), "k: 0"),
        ((np.ones((2, 3), bool), 1.5), r"k: 1\.5"),
        ((np.ones((2, 3), bool), 1, [1.0, 2.0]), "weights: shape"),
        ((np.ones((2, 3), bool), 1, [1.0, -2.0, 0.0]), "below zero"),
        ((np.ones((2, 3), bool), 1, [1.0, np.nan, 0.0]), "not finite"),
        ((np.ones(3, bool), 1), "sets: an array of shape"),
        ((xr.DataArray(np.ones((2, 3)), dims=("northing", "easting")), 1), "candidates: dims"),
    ],
)
def test_what_cannot_be_covered_is_refused(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        covering_sites(*arguments)


def test_a_mask_of_other_cells_and_footprints_without_a_raster_are_refused(terrain: xr.Dataset) -> None:
    with pytest.raises(BadInput, match="a mask of shape"):
        footprints(terrain, places(), cells=np.ones((3, 3), bool), **VIEW)
    with pytest.raises(BadInput, match="not of a raster"):
        covering_sites(np.ones((2, 3), bool), 1).hidden()
