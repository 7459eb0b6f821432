from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from geo.errors import BadInput
from geo.mobility import tobler_speed
from geo.mobility.speed_surface import WALKING, Mobility, SpeedLaw
from geo.paths.search import OVERLENGTH, spread

CELL_M = 30.0
LEVEL = SpeedLaw(1.0, 0.0)


def ground(elevation: np.ndarray, pace: np.ndarray | None = None, law: SpeedLaw = WALKING) -> Mobility:
    rows, columns = elevation.shape
    return Mobility(
        law=law,
        cell_m=CELL_M,
        easting=CELL_M * np.arange(columns),
        northing=CELL_M * np.arange(rows)[::-1],
        elevation=elevation,
        pace=np.ones(elevation.shape) if pace is None else pace,
    )


def rough(seed: int, rows: int = 13, columns: int = 21) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Elevation with a void, pace with closed cells, weights with zeros."""
    rng = np.random.default_rng(seed)
    elevation = rng.normal(0.0, 5.0, (rows, columns)).cumsum(axis=0)
    pace = rng.uniform(0.5, 3.0, elevation.shape)
    weight = np.maximum(rng.normal(0.0, 1.0, elevation.shape), 0.0)
    elevation[rng.random(elevation.shape) < 0.05] = np.nan
    pace[rng.random(elevation.shape) < 0.05] = np.inf
    return elevation, pace, weight


def graph(
    elevation: np.ndarray, pace: np.ndarray, weight: np.ndarray, neighbours: int, toll: np.ndarray | None = None
) -> csr_array:
    """The same costs, all edges of a direction at once, with values along a step from scipy's linear interpolation."""
    reach = {8: 1, 16: 2, 32: 3}[neighbours]
    rows, columns = elevation.shape
    closed = ~(np.isfinite(elevation) & np.isfinite(pace))
    tolls = np.zeros(elevation.shape) if toll is None else toll
    fields = [np.where(closed, 0.0, field) for field in (elevation, pace, weight, tolls)] + [closed.astype(float)]
    row, column = (index.ravel() for index in np.indices(elevation.shape))
    origins, targets, costs = [], [], []
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            if math.gcd(down, right) != 1:
                continue
            inside = (row + down >= 0) & (row + down < rows) & (column + right >= 0) & (column + right < columns)
            here, there = (row[inside], column[inside]), (row[inside] + down, column[inside] + right)
            pieces = max(abs(down), abs(right))
            places = np.linspace(here, there, pieces + 1)  # (place on the step, row or column, edge)
            z, p, w, u, shut = (map_coordinates(field, places.swapaxes(0, 1), order=1) for field in fields)
            run = CELL_M * math.hypot(down, right) / pieces
            seconds = run * (p[1:] + p[:-1]) / 2.0 / tobler_speed(np.diff(z, axis=0) / run)
            passable = (shut < 1e-9).all(axis=0)
            if abs(down) == abs(right) == 1:
                passable &= ~(closed[here[0], there[1]] & closed[there[0], here[1]])
            cost = (seconds * (w[1:] + w[:-1]) + run * (u[1:] + u[:-1])).sum(axis=0) / 2.0
            origins.append((here[0] * columns + here[1])[passable])
            targets.append((there[0] * columns + there[1])[passable])
            costs.append(cost[passable])
    places_of_edges = np.concatenate(origins), np.concatenate(targets)
    return csr_array(coo_array((np.concatenate(costs), places_of_edges), shape=(rows * columns, rows * columns)))


@pytest.mark.parametrize("neighbours", [8, 16, 32])
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_costs_are_those_of_scipy(neighbours: int, backward: bool, seed: int) -> None:
    """Exact in both directions, with voids, closed cells and ground that costs nothing."""
    elevation, pace, weight = rough(seed)
    labels = np.full(elevation.shape, np.inf)
    labels[0, 3], labels[9, 20] = 0.0, 40.0
    mobility = ground(elevation, pace)
    toll = np.random.default_rng(seed).uniform(0.0, 3.0, labels.shape) if seed else None
    found = spread(mobility, labels, weight=weight, toll=toll, neighbours=neighbours, backward=backward)
    edges = graph(elevation, pace, weight, neighbours, toll)
    starts = np.flatnonzero(np.isfinite(labels.ravel()) & ~mobility.closed.ravel())
    away = dijkstra(csr_array(edges.T) if backward else edges, indices=starts)
    expected = (labels.ravel()[starts, None] + away).min(axis=0).reshape(labels.shape)
    assert np.isfinite(expected).mean() > 0.5
    assert np.allclose(found.cost, expected, rtol=1e-12, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([8, 16, 32]), st.booleans())
def test_a_way_costs_what_its_end_says(seed: int, neighbours: int, backward: bool) -> None:
    elevation, pace, weight = rough(seed, 9, 11)
    labels = np.full(elevation.shape, np.inf)
    labels[5, 6] = 0.0
    found = spread(ground(elevation, pace), labels, weight=weight, neighbours=neighbours, backward=backward)
    row, column = np.unravel_index(np.argmax(np.where(np.isfinite(found.cost), found.cost, -1.0)), labels.shape)
    rows, columns = found.path(int(row), int(column))
    if len(rows) == 0:
        assert not math.isfinite(found.cost[row, column])
        return
    edges = graph(elevation, pace, weight, neighbours)
    cells = rows * labels.shape[1] + columns
    paid = sum(edges[a, b] for a, b in pairwise(cells))
    assert paid == pytest.approx(found.cost[row, column], rel=1e-9, abs=1e-9)
    ends = (rows[0], columns[0]), (rows[-1], columns[-1])
    assert ends == (((row, column), (5, 6)) if backward else ((5, 6), (row, column)))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([8, 16, 32]), st.integers(0, 60), st.integers(0, 60))
def test_on_the_level_a_way_is_too_long_by_no_more_than_is_stated(neighbours: int, row: int, column: int) -> None:
    labels = np.full((61, 61), np.inf)
    labels[30, 30] = 0.0
    metres = spread(ground(np.zeros((61, 61)), law=LEVEL), labels, neighbours=neighbours).cost[row, column]
    straight = CELL_M * math.hypot(row - 30, column - 30)
    assert straight - 1e-9 <= metres <= straight * (1.0 + OVERLENGTH[neighbours]) + 1e-9


def test_the_stated_overlength_is_reached() -> None:
    """Halfway between two directions of eight, 22.5° off the axis, as far as cells go: 12 along and 5 across."""
    labels = np.full((1 + 500, 1 + 1200), np.inf)
    labels[0, 0] = 0.0
    metres = spread(ground(np.zeros(labels.shape), law=LEVEL), labels, neighbours=8).cost[497, 1200]
    assert metres / (CELL_M * math.hypot(497, 1200)) - 1.0 == pytest.approx(OVERLENGTH[8], abs=5e-5)


@pytest.mark.parametrize("neighbours", [8, 16, 32])
def test_nobody_jumps_over_a_line_one_cell_wide(neighbours: int) -> None:
    """A watched line must be paid for: crossing it straight costs its weight times one cell's time."""
    weight = np.zeros((21, 21))
    weight[10] = 1.0
    labels = np.full(weight.shape, np.inf)
    labels[0] = 0.0
    found = spread(ground(np.zeros(weight.shape), law=LEVEL), labels, weight=weight, neighbours=neighbours)
    assert found.cost[20] == pytest.approx(CELL_M)


def test_a_slope_over_the_limit_is_no_way() -> None:
    """A step of 15 m in 30 m is a gradient of 0.5, 0.35 taken askew; a graded road through it is met at 0.1."""
    elevation = np.zeros((9, 9))
    elevation[:, 5:] = 15.0
    labels = np.full(elevation.shape, np.inf)
    labels[4, 0] = 0.0
    law = SpeedLaw(1.0, 0.0, limit=0.3)
    assert np.isinf(spread(ground(elevation, law=law), labels, neighbours=8).cost[:, 5:]).all()
    felt = np.full(elevation.shape, np.inf)
    felt[4] = 0.1
    road = Mobility(law, CELL_M, CELL_M * np.arange(9), CELL_M * np.arange(9), elevation, np.ones((9, 9)), felt)
    assert spread(road, labels, neighbours=8).cost[4, 8] == pytest.approx(8 * CELL_M)


def test_what_is_dearer_than_the_limit_counts_as_unreachable() -> None:
    labels = np.full((31, 31), np.inf)
    labels[15, 15] = 0.0
    mobility = ground(np.zeros(labels.shape), law=LEVEL)
    everywhere, near = spread(mobility, labels).cost, spread(mobility, labels, limit=200.0).cost
    assert np.array_equal(near, np.where(everywhere <= 200.0, everywhere, np.inf))


def test_costs_from_a_trillionth_to_a_trillion_are_exact_too() -> None:
    """The buckets are set aside and widened; the answer must not notice."""
    rng = np.random.default_rng(5)
    weight = 10.0 ** rng.uniform(-12.0, 12.0, (15, 19))
    labels = np.full(weight.shape, np.inf)
    labels[7, 9] = 0.0
    flat = np.zeros(weight.shape)
    found = spread(ground(flat), labels, weight=weight, neighbours=8).cost
    edges = graph(flat, np.ones(flat.shape), weight, 8)
    assert np.allclose(found.ravel(), dijkstra(edges, indices=7 * 19 + 9), rtol=1e-12)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_ground_that_costs_next_to_nothing_behind_ground_that_costs_much_is_exact_too(seed: int) -> None:
    """There the buckets are far too wide, and the order of labels must be kept in another way."""
    rng = np.random.default_rng(seed)
    weight = np.full((70, 60), 1e-12) * rng.uniform(1.0, 2.0, (70, 60))
    weight[20:24] = rng.uniform(0.1, 1.0, (4, 60))
    labels = np.full(weight.shape, np.inf)
    labels[0] = 0.0
    flat = np.zeros(weight.shape)
    found = spread(ground(flat), labels, weight=weight, neighbours=8).cost
    edges = graph(flat, np.ones(flat.shape), weight, 8)
    expected = dijkstra(edges, indices=np.arange(60), min_only=True).reshape(weight.shape)
    assert np.array_equal(found, expected) or np.abs(found / np.maximum(expected, 1e-300) - 1.0)[1:].max() < 1e-12
    beyond = found[24:] - expected[24:]
    assert np.abs(beyond).max() < 1e-12


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"neighbours": 12}, "12 neighbours"),
        ({"labels": np.zeros((3, 3))}, "labels"),
        ({"weight": np.full((9, 9), -1.0)}, "weight"),
        ({"toll": np.zeros((9, 8))}, "toll"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(settings_: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        spread(ground(np.zeros((9, 9))), **({"labels": np.zeros((9, 9))} | settings_))
