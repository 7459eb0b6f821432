"""Timetables, their posts, and temporal gaps: worked examples and invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.errors import TimetableError
from sensors.search_theory.revisit import revisit
from sensors.search_theory.timetable import Timetable

LINE = [(0.0, 0.0), (300.0, 0.0), (300.0, 100.0)]


def test_there_and_back_with_stays_takes_what_it_takes_by_hand() -> None:
    """400 m at 2 m/s are 200 s; two ways, two stays of 30 s and 40 s of rest: 500 s."""
    table = Timetable.along(LINE, 2.0, stay_s=30.0, rest_s=40.0)
    assert table.period_s == pytest.approx(500.0)
    assert table.length_m == pytest.approx(800.0)
    assert table.on_duty == pytest.approx(460.0 / 500.0)
    at = table.places_at([0.0, 75.0, 200.0, 229.0, 280.0, 430.0, 480.0, 500.0])
    hand = [(0, 0), (150, 0), (300, 100), (300, 100), (300, 0), (0, 0), (0, 0), (0, 0)]
    assert at == pytest.approx(np.array(hand, float), abs=1e-9)


def test_a_loop_closes() -> None:
    table = Timetable.along(LINE, 1.0, there_and_back=False)
    assert table.period_s == pytest.approx(400.0 + np.hypot(300.0, 100.0))
    assert table.places_at([table.period_s]) == pytest.approx(np.zeros((1, 2)), abs=1e-9)


@given(step=st.floats(5.0, 500.0), stay=st.floats(0.0, 90.0), rest=st.floats(0.0, 90.0))
@settings(max_examples=30, deadline=None)
def test_posts_hold_the_whole_time_on_duty(step: float, stay: float, rest: float) -> None:
    table = Timetable.along(LINE, 2.0, stay_s=stay, rest_s=rest)
    posts = table.posts(step)
    assert posts.seconds.sum() == pytest.approx(table.on_duty * table.period_s)
    middle = (posts.start_s + posts.end_s) / 2.0
    assert posts.places[posts.post] == pytest.approx(table.places_at(middle), abs=2e-3)


def test_the_way_back_uses_the_posts_of_the_way_out() -> None:
    assert len(Timetable.along(LINE, 2.0).posts(50.0).places) == 8


@given(step_s=st.floats(3.0, 200.0), begin=st.floats(0.0, 2000.0), steps=st.integers(1, 60))
@settings(max_examples=40, deadline=None)
def test_occupancy_is_the_time_at_each_post(step_s: float, begin: float, steps: int) -> None:
    """Beside a sum over 20,000 moments, each of which counts for the post of its visit."""
    table = Timetable.along(LINE, 2.0, stay_s=25.0, rest_s=60.0)
    posts = table.posts(100.0)
    found = posts.occupancy(steps, step_s, start_s=begin).toarray()
    moments = (np.arange(20_000) + 0.5) / 20_000 * steps * step_s
    phase = (begin + moments) % table.period_s
    visit = np.searchsorted(posts.end_s, phase, "right")
    on = visit < len(posts.post)
    counted = np.zeros(found.shape)
    np.add.at(counted, ((moments / step_s).astype(int)[on], posts.post[visit[on]]), steps / 20_000)
    assert found == pytest.approx(counted, abs=3.0 * steps / 20_000)


@pytest.mark.parametrize(
    ("times", "places", "period"),
    [
        ([0.0, 1.0], [(0, 0)], 1.0),
        ([1.0, 2.0], [(0, 0), (1, 0)], 2.0),
        ([0.0, 0.0], [(0, 0), (1, 0)], 2.0),
        ([0.0, 2.0, 1.0], [(0, 0), (1, 0), (2, 0)], 3.0),
        ([0.0, 5.0], [(0, 0), (1, 0)], 4.0),
        ([0.0, 5.0], [(0, 0), (float("nan"), 0)], 5.0),
    ],
)
def test_impossible_timetables_are_refused(
    times: list[float], places: list[tuple[float, float]], period: float
) -> None:
    with pytest.raises(TimetableError):
        Timetable(np.array(times), np.array(places, float), period)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_speeds_are_refused(speed: float) -> None:
    with pytest.raises(TimetableError):
        Timetable.along(LINE, speed)


def test_time_average_gap_of_the_worked_example() -> None:
    """Gaps of 5, 10 and 15 in 100 (STK): 3.5."""
    found = revisit([5.0, 40.0, 65.0], [30.0, 50.0, 100.0], 100.0)
    assert (found.time_average_gap_s, found.longest_gap_s, found.mean_gap_s) == (3.5, 15.0, 10.0)
    assert (found.covered, found.open_start, found.open_end) == (0.7, True, False)


def test_a_gap_over_the_end_of_a_period_is_one_gap() -> None:
    found = revisit([10.0], [80.0], 100.0, periodic=True)
    assert (found.gaps, found.longest_gap_s, found.open_start, found.open_end) == (1, 30.0, False, False)
    assert found.time_average_gap_s == 9.0
    assert revisit([], [], 100.0, periodic=True).longest_gap_s == 100.0


@given(looks=st.lists(st.tuples(st.floats(0, 90), st.floats(0.1, 20)), max_size=8))
@settings(max_examples=50, deadline=None)
def test_time_average_gap_is_the_mean_over_moments(looks: list[tuple[float, float]]) -> None:
    start, end = [a for a, _ in looks], [a + length for a, length in looks]
    found = revisit(start, end, 100.0)
    moments = (np.arange(5000) + 0.5) / 50.0
    last = [max([b for a, b in zip(start, end, strict=True) if a <= t], default=0.0) for t in moments]
    following = [min([a for a in start if a > t], default=100.0) for t in moments]
    gap = [
        0.0 if any(a <= t < b for a, b in zip(start, end, strict=True)) else n - p
        for t, p, n in zip(moments, last, following, strict=True)
    ]
    assert found.time_average_gap_s == pytest.approx(np.mean(gap), abs=0.02 * (len(looks) + 1) * 100.0 / 50.0)
