from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import TerrainError
from geo.mobility import tobler_speed
from geo.mobility.speed_surface import WALKING, bare
from geo.paths.least_time import fastest_path, least_time_path
from geo.terrain import sample


def ground(heights: np.ndarray) -> xr.Dataset:
    """Heights on cells of 10 m, the lower left centre at (0, 0)."""
    rows, columns = heights.shape
    return xr.Dataset(
        {"elevation": (("northing", "easting"), heights, {"units": "m"})},
        coords={"northing": 10.0 * np.arange(rows)[::-1], "easting": 10.0 * np.arange(columns)},
        attrs={"cell_m": 10.0},
    )


def seconds_along(terrain: xr.Dataset, path: np.ndarray) -> float:
    steps = np.hypot(*np.diff(path, axis=0).T)
    rises = np.diff(sample(terrain, path[:, 0], path[:, 1]))
    return float((steps / tobler_speed(rises / steps, off_path=True)).sum())


FLAT = ground(np.zeros((41, 41)))
HILLS = ground(np.random.default_rng(3).normal(0.0, 1.5, (31, 31)).cumsum(axis=0).cumsum(axis=1))
on_flat = st.integers(0, 40).map(lambda cell: 10.0 * cell)


@settings(max_examples=60, deadline=None)
@given(on_flat, on_flat, on_flat, on_flat)
def test_on_the_flat_a_path_is_at_most_2_75_percent_too_long(a: float, b: float, c: float, d: float) -> None:
    path = least_time_path(FLAT, (a, b), (c, d))
    straight = np.hypot(c - a, d - b)
    assert straight - 1e-9 <= np.hypot(*np.diff(path, axis=0).T).sum() <= 1.0275 * straight + 1e-9
    assert tuple(path[0]) == (a, b)
    assert tuple(path[-1]) == (c, d)


def test_a_walker_goes_round_a_wall_of_void() -> None:
    """A wall with one opening at the top: the path passes through it, and no knight's move jumps the wall."""
    heights = np.zeros((21, 21))
    heights[1:, 10] = np.nan
    path = least_time_path(ground(heights), (50.0, 0.0), (150.0, 0.0))
    crossing = path[np.abs(path[:, 0] - 100.0) < 5.0]
    assert (crossing[:, 1] == 200.0).all()
    assert len(crossing) > 0


def test_a_walker_goes_round_a_hill_when_that_is_faster() -> None:
    east, north = np.meshgrid(np.arange(41) - 20.0, np.arange(41) - 20.0)
    hill = ground(150.0 * np.exp(-(east**2 + north**2) / 50.0))
    path = least_time_path(hill, (0.0, 200.0), (400.0, 200.0))
    straight = np.column_stack([np.arange(0.0, 401.0, 10.0), np.full(41, 200.0)])
    assert np.abs(path[:, 1] - 200.0).max() > 50.0
    assert seconds_along(hill, path) < seconds_along(hill, straight)


def test_no_way_round_by_three_places_is_faster() -> None:
    """Dijkstra's law: going through any other cell takes no less time."""
    walker = bare(HILLS, WALKING, 1.0)
    start, goal = (10.0, 20.0), (280.0, 260.0)
    least = fastest_path(walker, start, goal)[1]
    for easting, northing in np.random.default_rng(0).integers(0, 31, (25, 2)) * 10.0:
        middle = (easting, northing)
        assert least <= fastest_path(walker, start, middle)[1] + fastest_path(walker, middle, goal)[1] + 1e-6


def test_uphill_is_not_downhill() -> None:
    ramp = ground(np.tile(3.0 * np.arange(21.0), (21, 1)))
    up = least_time_path(ramp, (0.0, 100.0), (200.0, 100.0))
    down = least_time_path(ramp, (200.0, 100.0), (0.0, 100.0))
    assert seconds_along(ramp, up) > seconds_along(ramp, down)


def test_the_goal_reached_first_is_chosen() -> None:
    path = least_time_path(FLAT, (200.0, 200.0), [(390.0, 200.0), (200.0, 150.0), (10.0, 10.0)])
    assert tuple(path[-1]) == (200.0, 150.0)


def test_bounds_keep_the_path_inside() -> None:
    path = least_time_path(FLAT, (101.0, 99.0), (198.0, 203.0), bounds=(95.0, 95.0, 205.0, 205.0))
    assert path.min() >= 95.0
    assert path.max() <= 205.0
    assert tuple(path[0]) == (101.0, 99.0)


def test_where_there_is_no_ground_there_is_no_path() -> None:
    heights = np.zeros((21, 21))
    heights[:, 10] = np.nan
    cut = ground(heights)
    with pytest.raises(TerrainError, match="no goal can be reached"):
        least_time_path(cut, (0.0, 0.0), (200.0, 0.0))
    with pytest.raises(TerrainError, match="no known terrain at easting 100"):
        least_time_path(cut, (100.0, 0.0), (200.0, 0.0))
    with pytest.raises(TerrainError, match="no known terrain at easting 999"):
        least_time_path(cut, (0.0, 0.0), (999.0, 0.0))
    with pytest.raises(TerrainError, match="no terrain within the bounds"):
        least_time_path(cut, (0.0, 0.0), (1.0, 1.0), bounds=(98.0, 0.0, 102.0, 100.0))
    with pytest.raises(TerrainError, match="no known terrain at easting nan"):
        least_time_path(cut, (np.nan, 0.0), (0.0, 0.0))
