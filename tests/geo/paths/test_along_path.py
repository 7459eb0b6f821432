from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.mobility import tobler_speed
from geo.mobility.speed_surface import WALKING, Mobility, SpeedLaw
from geo.paths.along_path import Along
from geo.paths.search import spread

CELL_M = 30.0


def ground(elevation: np.ndarray, law: SpeedLaw = WALKING, pace: float | np.ndarray = 1.0) -> Mobility:
    rows, columns = elevation.shape
    place = CELL_M * np.arange(columns), CELL_M * np.arange(rows)[::-1]
    return Mobility(law, CELL_M, *place, elevation, np.broadcast_to(pace, elevation.shape))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([8, 16, 32]), st.booleans())
def test_what_is_found_along_a_way_is_what_the_search_paid(seed: int, neighbours: int, backward: bool) -> None:
    rng = np.random.default_rng(seed)
    shape = (19, 23)
    mobility = ground(rng.normal(0.0, 4.0, shape).cumsum(axis=0), pace=rng.uniform(1.0, 3.0, shape))
    weight, toll = rng.uniform(0.0, 1.0, shape), rng.uniform(0.0, 1.0, shape)
    labels = np.full(shape, np.inf)
    labels[9, 11] = 0.0
    found = spread(mobility, labels, weight=weight, toll=toll, neighbours=neighbours, backward=backward)
    ends = [(0, 0), (18, 3), (4, 22), (9, 11)]
    along = Along.over_paths(mobility, [found.path(*end) for end in ends])
    paid = along.over_time(weight) + along.over_length(toll)
    assert paid == pytest.approx([found.cost[end] for end in ends], rel=1e-9, abs=1e-9)


def test_by_hand_along_a_knights_move() -> None:
    """Two rows down and one column right over a plane that rises 3 m a row: two pieces of 33.5 m, 3 m up each."""
    elevation = np.repeat(3.0 * np.arange(5.0)[:, None], 4, axis=1)
    along = Along.over_paths(ground(elevation), [([0, 2], [0, 1])])
    run = CELL_M * np.hypot(1.0, 0.5)
    assert along.metres == pytest.approx([run, run])
    assert along.seconds == pytest.approx([run / tobler_speed(3.0 / run)] * 2)
    raster = np.zeros((5, 4))
    raster[1, 1] = 8.0  # halfway lies between this cell and its neighbour
    assert along.at_knots(raster) == pytest.approx([0.0, 4.0, 0.0])
    assert along.over_length(raster) == pytest.approx([2.0 * 2.0 * run])


def test_a_way_takes_no_longer_than_its_length_at_the_speed_that_was_seen() -> None:
    """Three cells at 1 m/s, 60 m in 60 s, and four in the mud at a third of it, 90 m in 270 s. At 0.5 m/s they would
    take 120 and 180 s: the first stays as it is, the second takes two thirds of its time, everywhere."""
    pace = np.where(np.arange(4)[:, None] < 2, 1.0, 3.0) * np.ones((4, 4))
    mud = ground(np.zeros((4, 4)), SpeedLaw(1.0, 0.0), pace)
    along = Along.over_paths(mud, [([0, 0, 0], [0, 1, 2]), ([3, 3, 3, 3], [0, 1, 2, 3]), ([], [])])
    assert along.total(along.seconds).tolist() == [60.0, 270.0, 0.0]
    seen = along.no_slower_than(0.5)
    assert seen.total(seen.seconds) == pytest.approx([60.0, 180.0, 0.0])
    assert seen.seconds[2:] == pytest.approx(along.seconds[2:] * 2.0 / 3.0)
    assert seen.metres.tolist() == along.metres.tolist()


def test_ways_of_one_cell_or_none_have_no_pieces() -> None:
    along = Along.over_paths(ground(np.zeros((4, 4))), [([], []), ([1], [1]), ([1, 1], [1, 2])])
    assert along.total(along.metres).tolist() == [0.0, 0.0, CELL_M]
    nothing = Along.over_paths(ground(np.zeros((4, 4))), [])
    assert nothing.total(nothing.seconds).shape == (0,)


def test_unknown_cells_beside_a_way_do_not_count() -> None:
    raster = np.full((4, 4), np.nan)
    raster[1] = 2.0
    along = Along.over_paths(ground(np.zeros((4, 4)), SpeedLaw(1.0, 0.0)), [([1, 1, 1], [0, 1, 2])])
    assert along.over_time(raster) == pytest.approx([2.0 * 2.0 * CELL_M])
