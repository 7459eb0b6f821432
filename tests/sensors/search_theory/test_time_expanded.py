"""The least-detected crossing in space and time: by hand, by brute force, and beside the search in space."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.paths.crossings import crossings
from sensors.crossing.watched_belt import WatchedBelt, watched_by
from sensors.errors import TimetableError
from sensors.layout import Layout, place
from sensors.search_theory.time_expanded import Move, MovesInTime, search_in_time
from tests.sensors.crossing.test_detection import BORDER, FRAME, level

SENSOR = place(
    FRAME, 60.0, 20.0, id="c", kind="radar", max_range_m=400.0, period_s=3.0,
    detection_probability=0.3, reference_range_m=60.0,
)  # fmt: skip


def corridor(cells: int, seconds: float, step_s: float, waiting: float = 0.0) -> MovesInTime:
    """Cells in a row, from the first to the last; each move takes some seconds."""
    ends = [np.arange(cells - 1), np.arange(1, cells)]
    steps = np.full(cells - 1, max(round(seconds / step_s), 1))
    moves = tuple(
        Move(a, b, steps, np.full(cells - 1, seconds), np.full(cells - 1, waiting * seconds))
        for a, b in (ends, ends[::-1])
    )
    first = np.arange(cells)
    return MovesInTime(step_s, (1, cells), first == 0, first == cells - 1, np.full(cells, waiting), moves)


def test_the_crosser_waits_until_the_patrol_is_gone() -> None:
    """Three cells, a move takes one step of 10 s; the middle one is seen at 0.1/s for the first 4 steps, then never."""
    moves = corridor(3, 10.0, 10.0)

    def rate(step: int) -> np.ndarray:
        return np.array([0.0, 0.1 if step < 4 else 0.0, 0.0])

    found = search_in_time(moves, rate, 7)
    # into the middle and out again: half of 0.1/s over 10 s on each of the two moves, for as long as it is seen
    assert found.hazard == pytest.approx([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, np.inf], abs=1e-9)
    short = search_in_time(moves, rate, 5)
    # the end is step 5: from 3 it must enter in step 3 (seen: ½ · 0.1 · 10) and leaves in step 4 (unseen)
    assert short.hazard[3] == pytest.approx(0.5)
    assert short.hazard[:3] == pytest.approx([0.5, 0.5, 0.5])
    assert np.isinf(short.hazard[4])
    path = found.path(0)
    assert (path.cells[0], path.cells[-1], path.steps[0]) == (0, 2, 0)
    assert path.steps[list(path.cells).index(1)] >= 4


def test_of_two_unseen_crossings_the_faster_is_taken() -> None:
    path = search_in_time(corridor(4, 10.0, 10.0), lambda _: np.zeros(4), 40).path(0)
    assert path.cells.tolist() == [0, 1, 2, 3]
    assert path.steps.tolist() == [0, 1, 2, 3]


def least_by_brute_force(moves: MovesInTime, rates: np.ndarray, cell: int, now: int) -> float:
    """Every sequence of moves and waits, with the hazard summed step by step."""
    if moves.goal[cell]:
        return 0.0
    steps, dt = len(rates), moves.step_s
    least = math.inf
    if now < steps:
        here = (rates[now, cell] + moves.waiting[cell]) * dt
        least = here + least_by_brute_force(moves, rates, cell, now + 1)
    for move in moves.moves:
        for at in np.flatnonzero(move.source == cell):
            end = now + int(move.steps[at])
            if end <= steps:
                to = int(move.target[at])
                mean = (rates[now:end, cell].mean() + rates[now:end, to].mean()) / 2.0
                cost = move.hazard[at] + mean * move.seconds[at]
                least = min(least, cost + least_by_brute_force(moves, rates, to, end))
    return least


@given(
    seed=st.integers(0, 2**32 - 1),
    cells=st.integers(2, 4),
    seconds=st.sampled_from([7.0, 10.0, 19.0, 31.0]),
    waiting=st.sampled_from([0.0, 0.02]),
)
@settings(max_examples=25, deadline=None)
def test_search_in_time_equals_brute_force(seed: int, cells: int, seconds: float, waiting: float) -> None:
    chance = np.random.default_rng(seed)
    moves = corridor(cells, seconds, 10.0, waiting)
    rates = chance.uniform(0.0, 0.2, (8, cells)) * (chance.uniform(size=(8, cells)) < 0.6)
    found = search_in_time(moves, lambda step: rates[step], len(rates))
    brute = [least_by_brute_force(moves, rates, 0, step) for step in range(len(rates))]
    assert found.hazard == pytest.approx(brute, abs=1e-8)
    for step in np.flatnonzero(np.isfinite(found.hazard)):
        assert path_hazard(moves, rates, found.path(int(step))) == pytest.approx(brute[step], abs=1e-8)


def path_hazard(moves: MovesInTime, rates: np.ndarray, path: object) -> float:
    """The hazard of a found path, from its cells and steps alone."""
    total = path.fixed_hazard  # type: ignore[attr-defined]
    for n, by in enumerate(path.moves[:-1]):  # type: ignore[attr-defined]
        a, b = path.cells[n], path.cells[n + 1]  # type: ignore[attr-defined]
        start, end = path.steps[n], path.steps[n + 1]  # type: ignore[attr-defined]
        seconds = moves.step_s
        if by >= 0:
            seconds = float(moves.moves[by].seconds[np.searchsorted(moves.moves[by].source, a)])
        total += (rates[start:end, a].mean() + rates[start:end, b].mean()) / 2.0 * seconds
    return float(total)


def watched() -> WatchedBelt:
    return watched_by(Layout("one", FRAME, (SENSOR,)), level(), BORDER, belt_m=40.0)


@pytest.mark.parametrize("neighbours", [8, 16])
def test_fixed_sensors_give_the_least_detected_crossing_in_space(neighbours: int) -> None:
    belt = watched()
    space = crossings(belt.belt, belt.mobility, weight=belt.per_s, toll=belt.per_m, neighbours=neighbours)
    moves = MovesInTime.over(belt, step_s=3.0, neighbours=neighbours)
    found = search_in_time(moves, lambda _: np.zeros(len(moves.goal)), 120)
    assert space.cost.min() > 0.001
    assert found.hazard[0] == pytest.approx(space.cost.min(), abs=1e-8)


def test_a_path_in_space_has_its_hazard_in_time() -> None:
    belt = watched()
    space = crossings(belt.belt, belt.mobility, weight=belt.per_s, toll=belt.per_m)
    moves = MovesInTime.over(belt, step_s=3.0)
    for segment in range(len(space.cost)):
        path = moves.along(*space.cells(segment))
        assert path.fixed_hazard == pytest.approx(space.cost[segment], abs=1e-9)
        assert (np.diff(path.steps) >= 1).all()
    with pytest.raises(TimetableError, match="no move from cell 0 to 200"):
        moves.along(np.array([0, 5]), np.array([0, 0]))


def test_a_moving_sensor_that_never_moves_is_a_fixed_one() -> None:
    belt = watched()
    bare = watched_by(Layout("none", FRAME, ()), level(), BORDER, belt_m=40.0)
    fixed = MovesInTime.over(belt, step_s=3.0)
    moving = MovesInTime.over(bare, step_s=3.0)
    rates = belt.per_s.ravel()
    one = search_in_time(fixed, lambda _: np.zeros(len(rates)), 100).hazard
    other = search_in_time(moving, lambda _: rates, 100).hazard
    assert one[np.isfinite(one)] == pytest.approx(other[np.isfinite(one)], abs=1e-8)


def test_without_time_to_cross_there_is_no_crossing() -> None:
    found = search_in_time(corridor(4, 10.0, 10.0), lambda _: np.zeros(4), 2)
    assert found.least == -1
    with pytest.raises(TimetableError, match="no crossing leaves in step 0"):
        found.path(0)
