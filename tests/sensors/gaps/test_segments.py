"""Gaps in time and barriers, against worked cases (metrics notes, section 5), exhaustive search, and laws."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.gaps import GapError, k_barrier, time_average_gap, weakest_links

Pairs = list[tuple[int, int]]


def test_gaps_of_5_10_and_15_in_100_seconds() -> None:
    average = time_average_gap([5, 10, 15], 100)
    assert average == 3.5  # (25 + 100 + 225) / 100
    assert isinstance(average, float)


def test_no_gap_is_0_and_all_gap_is_the_span() -> None:
    assert time_average_gap([], 60.0) == 0.0
    assert time_average_gap(60.0, 60.0) == 60.0


def test_rows_of_gaps_padded_with_zeros() -> None:
    found = time_average_gap(np.array([[5, 10, 15], [10, 0, 0]]), np.array([100, 50]))
    np.testing.assert_allclose(found, [3.5, 2.0])


def test_missing_gaps_stay_missing() -> None:
    assert math.isnan(time_average_gap([5.0, math.nan], 100.0))


@settings(deadline=None)
@given(st.lists(st.floats(0.0, 100.0), min_size=1, max_size=8), st.floats(1.0, 100.0))
def test_splitting_a_gap_never_raises_the_average_and_no_average_exceeds_the_longest(
    gaps: list[float], more: float
) -> None:
    span = sum(gaps) + more
    whole = time_average_gap(gaps, span)
    halved = time_average_gap([gaps[0] / 2, gaps[0] / 2, *gaps[1:]], span)
    assert halved <= whole * (1 + 1e-12) <= max(gaps) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("gaps", "span", "named"),
    [
        ([5.0], 0.0, "span"),
        ([5.0], math.inf, "span"),
        ([-1.0], 10.0, "negative"),
        ([6.0, 5.0], 10.0, "exceed"),
        ([[1.0], [2.0]], [9.0, 9.0, 9.0], "shapes"),
    ],
)
def test_impossible_gaps_are_refused(gaps: list[float], span: float, named: str) -> None:
    with pytest.raises(GapError, match=named):
        time_average_gap(gaps, span)


ORACLES: list[tuple[Pairs, list[int], list[int], int]] = [
    ([(0, 1), (1, 2), (3, 4), (4, 5), (1, 4)], [0, 3], [2, 5], 2),
    ([(0, 2), (1, 2), (2, 3), (2, 4)], [0, 1], [3, 4], 1),
    ([(0, 1), (1, 2), (2, 3), (4, 5), (5, 6), (6, 7), (0, 6), (6, 3)], [0, 4], [3, 7], 2),
    ([], [7], [7], 1),
    ([(0, 1)], [0], [2], 0),
    ([(0, 1)], [], [1], 0),
]


@pytest.mark.parametrize(("overlaps", "left", "right", "k"), ORACLES)
def test_worked_barriers(overlaps: Pairs, left: list[int], right: list[int], k: int) -> None:
    found, cut = k_barrier(overlaps, left, right)
    assert (found, len(cut)) == (k, k)
    assert not connected(overlaps, left, right, without=set(cut))


def test_the_hub_is_the_cut() -> None:
    assert k_barrier(*ORACLES[1][:3]) == (1, {2})
    assert weakest_links(*ORACLES[1][:3]) == {2}


def test_of_several_cuts_the_one_nearest_the_left() -> None:
    chain = [("west", "middle"), ("middle", "east")]
    assert k_barrier(chain, ["west"], ["east"]) == (1, {"west"})
    assert k_barrier(chain, ["east"], ["west"]) == (1, {"east"})
    assert weakest_links(chain, ["west"], ["east"]) == {"west", "middle", "east"}


def test_arrays_and_sets_are_as_good_as_lists() -> None:
    overlaps, left, right, k = ORACLES[0]
    assert k_barrier(np.array(overlaps), np.array(left), set(right)) == k_barrier(overlaps, left, right)
    assert k_barrier(np.array(overlaps), np.array(left), set(right))[0] == k


@st.composite
def barriers(draw: st.DrawFn) -> tuple[Pairs, list[int], list[int]]:
    n = draw(st.integers(1, 7))
    sensor = st.integers(0, n - 1)
    sides = st.lists(sensor, max_size=4)
    return draw(st.lists(st.tuples(sensor, sensor), max_size=14)), draw(sides), draw(sides)


@settings(deadline=None)
@given(barriers())
def test_k_is_the_smallest_cut_and_the_weakest_links_are_its_members(
    barrier: tuple[Pairs, list[int], list[int]],
) -> None:
    overlaps, left, right = barrier
    sensors = sorted({v for pair in overlaps for v in pair} | set(left) | set(right))
    cuts = smallest_cuts(sensors, overlaps, left, right)
    k, cut = k_barrier(overlaps, left, right)
    assert cut in cuts
    assert k == len(cut)
    assert weakest_links(overlaps, left, right) == frozenset().union(*cuts)
    on_the_left = {frozenset(c): reachable(overlaps, left, without=c) for c in cuts}
    assert all(on_the_left[cut] <= other for other in on_the_left.values())


@settings(deadline=None)
@given(barriers(), st.tuples(st.integers(0, 6), st.integers(0, 6)))
def test_an_overlap_more_never_lowers_k_and_a_sensor_lost_lowers_it_by_one_at_most(
    barrier: tuple[Pairs, list[int], list[int]], more: tuple[int, int]
) -> None:
    overlaps, left, right = barrier
    k, _ = k_barrier(overlaps, left, right)
    assert k_barrier([*overlaps, more], left, right)[0] >= k
    lost = more[0]
    rest = [pair for pair in overlaps if lost not in pair]
    remaining, _ = k_barrier(rest, [v for v in left if v != lost], [v for v in right if v != lost])
    assert remaining == k - (lost in weakest_links(overlaps, left, right))


@pytest.mark.parametrize("overlaps", [[(0, 1, 2)], [3], ["ab"], 5])
def test_overlaps_that_are_no_pairs_are_refused(overlaps: object) -> None:
    with pytest.raises(GapError, match="pairs of sensors"):
        k_barrier(overlaps, [0], [1])  # type: ignore[arg-type]


def test_what_cannot_be_a_label_is_refused() -> None:
    for overlaps, left in (([([0], 1)], [0]), ([(0, 1)], [[0]])):
        with pytest.raises(GapError, match=r"a sensor is \[0\]"):
            k_barrier(overlaps, left, [1])  # type: ignore[arg-type]


def test_a_bare_label_is_no_side() -> None:
    with pytest.raises(GapError, match="left"):
        k_barrier([("ab", "cd")], "ab", ["cd"])


def reachable(overlaps: Pairs, left: list[int], *, without: set[int] | frozenset[int]) -> set[int]:
    """Sensors joined to the left end when those of ``without`` are gone."""
    seen, open_ends = set(), [v for v in left if v not in without]
    while open_ends:
        v = open_ends.pop()
        if v not in seen:
            seen.add(v)
            open_ends += [b if a == v else a for a, b in overlaps if v in (a, b) and not {a, b} & set(without)]
    return seen


def connected(overlaps: Pairs, left: list[int], right: list[int], *, without: set[int]) -> bool:
    return bool(reachable(overlaps, left, without=without) & set(right))


def smallest_cuts(sensors: list[int], overlaps: Pairs, left: list[int], right: list[int]) -> set[frozenset[int]]:
    """All smallest sets of sensors that part the ends, by trying every set."""
    for size in range(len(sensors) + 1):
        cuts = {
            frozenset(c) for c in combinations(sensors, size) if not connected(overlaps, left, right, without=set(c))
        }
        if cuts:
            return cuts
    raise AssertionError("removing every sensor parts the ends")
