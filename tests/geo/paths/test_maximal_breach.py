from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree
from shapely.geometry import LineString

from geo.border import Border
from geo.border.belt import belt_of
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.paths.maximal_breach import maximal_breach, maximal_support
from tests.geo.mobility.constant_speed import at_speed

FRAME = LocalFrame.around(1.5, 42.5)
CELL_M = 10.0
SHAPE = (24, 30)
GROUND = xr.Dataset(
    {"elevation": (("northing", "easting"), np.zeros(SHAPE), {"units": "m"})},
    coords={"northing": 5.0 + CELL_M * np.arange(SHAPE[0])[::-1], "easting": 5.0 + CELL_M * np.arange(SHAPE[1])},
)
BELT = belt_of(Border(FRAME, LineString([(0.0, 120.0), (300.0, 120.0)])), GROUND, belt_m=80.0)
WALKER = at_speed(GROUND, 1.0)
EAST, NORTH = np.meshgrid(BELT.easting, BELT.northing)


def far_from(sensors: np.ndarray) -> np.ndarray:
    return np.hypot(EAST[..., None] - sensors[:, 0], NORTH[..., None] - sensors[:, 1]).min(axis=-1)


def bottleneck(values: np.ndarray) -> float:
    """The largest least value of a way from edge to edge, by a spanning tree of the graph of neighbours (oracle)."""
    rows, columns = values.shape
    edges = []
    for row, column in np.argwhere(BELT.inside):
        for down, right in ((0, 1), (1, 0)):  # a step askew needs an open cell beside it: two steps
            other = (row + down, column + right)
            if 0 <= other[0] < rows and 0 <= other[1] < columns and BELT.inside[other]:
                pair = (row * columns + column, other[0] * columns + other[1])
                edges.append((*pair, min(values[row, column], values[other])))
    begin, end = rows * columns, rows * columns + 1
    for node, mask in ((begin, BELT.outer), (end, BELT.inner)):
        edges += [(node, r * columns + c, values[r, c]) for r, c in np.argwhere(mask)]
    origin, target, least = (np.array(column) for column in zip(*edges, strict=True))
    top = least.max() + 1.0
    graph = coo_array((top - least, (origin, target)), shape=(end + 1, end + 1)).tocsr()
    tree = minimum_spanning_tree(graph)
    tree = tree + tree.T
    seen, waiting = {begin: math.inf}, [begin]
    while waiting:
        node = waiting.pop()
        for place in range(tree.indptr[node], tree.indptr[node + 1]):
            there = int(tree.indices[place])
            if there not in seen:
                seen[there] = min(seen[node], top - tree.data[place])
                waiting.append(there)
    return seen[end]


places = st.lists(st.tuples(st.floats(0.0, 300.0), st.floats(40.0, 200.0)), min_size=1, max_size=6)


@settings(max_examples=8, deadline=None)
@given(places)
def test_the_breach_is_the_widest_and_the_support_the_nearest_of_all_ways(sensors: list[tuple[float, float]]) -> None:
    far = far_from(np.array(sensors))
    breach, support = maximal_breach(BELT, WALKER, sensors), maximal_support(BELT, WALKER, sensors)
    assert breach.distance_m == pytest.approx(bottleneck(far))
    assert support.distance_m == pytest.approx(-bottleneck(-far))
    for way, extreme, sign in ((breach, np.min, 1.0), (support, np.max, -1.0)):
        columns = np.searchsorted(BELT.easting, way.places[:, 0])
        rows = np.searchsorted(-BELT.northing, -way.places[:, 1])
        assert sign * extreme(far[rows, columns]) >= sign * way.distance_m - 1e-9, "or better, as a step askew may be"
        assert BELT.outer[rows[0], columns[0]]
        assert BELT.inner[rows[-1], columns[-1]]


@settings(max_examples=15, deadline=None)
@given(places)
def test_another_sensor_never_widens_the_breach(sensors: list[tuple[float, float]]) -> None:
    fewer, more = (maximal_breach(BELT, WALKER, some).distance_m for some in (sensors[:1], sensors))
    assert more <= fewer + 1e-9


def test_between_two_sensors_by_hand() -> None:
    """Sensors on the line at 50 and 250 m: midway is 100 m from both, and either end 50 m from one; straight across."""
    breach = maximal_breach(BELT, WALKER, [(50.0, 120.0), (250.0, 120.0)])
    assert breach.distance_m == pytest.approx(100.0, abs=8.0)
    assert np.abs(breach.places[:, 0] - 150.0).max() <= 30.0
    outward = maximal_breach(BELT, WALKER, [(50.0, 120.0), (250.0, 120.0)], direction="outward")
    assert outward.distance_m == breach.distance_m
    assert outward.places[0, 1] > outward.places[-1, 1]


def test_without_sensors_the_distance_is_infinite_and_the_way_the_fastest() -> None:
    breach = maximal_breach(BELT, WALKER, np.zeros((0, 2)))
    assert breach.distance_m == math.inf
    assert breach.seconds == pytest.approx(150.0)


def test_what_makes_no_breach_is_refused() -> None:
    shut = at_speed(GROUND, 1.0)
    shut.pace[12] = np.inf
    with pytest.raises(BadInput, match="no passable crossing"):
        maximal_breach(BELT, shut, [(50.0, 120.0)])
    with pytest.raises(BadInput, match="without a position"):
        maximal_breach(BELT, WALKER, [(np.nan, 120.0)])
    with pytest.raises(BadInput, match="direction"):
        maximal_support(BELT, WALKER, [(50.0, 120.0)], direction="up")
