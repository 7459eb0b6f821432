from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from shapely.geometry import LineString

from geo.border import Belt, Border
from geo.border.belt import belt_of
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.mobility import tobler_speed
from geo.mobility.speed_surface import WALKING, Mobility, SpeedLaw
from geo.paths.crossings import crossings

FRAME = LocalFrame.around(1.5, 42.5)
CELL_M = 10.0
LEVEL = SpeedLaw(1.0, 0.0)
STRAIGHT = Border(FRAME, LineString([(0.0, 120.0), (260.0, 120.0)]), segment_length_m=65.0)
JAGGED = Border(FRAME, LineString([(0.0, 90.0), (72.0, 151.0), (133.0, 88.0), (260.0, 133.0)]), segment_length_m=50.0)


def terrain(elevation: np.ndarray) -> xr.Dataset:
    rows, columns = elevation.shape
    return xr.Dataset(
        {"elevation": (("northing", "easting"), elevation, {"units": "m"})},
        coords={"northing": 5.0 + CELL_M * np.arange(rows)[::-1], "easting": 5.0 + CELL_M * np.arange(columns)},
    )


def over(ground: xr.Dataset, pace: np.ndarray | None = None, law: SpeedLaw = WALKING) -> Mobility:
    z = ground["elevation"].to_numpy()
    place = ground["easting"].to_numpy(), ground["northing"].to_numpy()
    return Mobility(law, CELL_M, *place, z, np.ones(z.shape) if pace is None else pace)


def cheapest_through(belt: Belt, mobility: Mobility, weight: np.ndarray, segment: int, inward: bool) -> float:
    """By brute force over 8 neighbours: two sheets of the ground, and only a step over the segment leads down.

    From the sheet above, where the segment has yet to be passed, to the one below; the line is crossed where a step
    has its ends on both sides of it.
    """
    z, pace = mobility.elevation, mobility.pace
    rows, columns = z.shape
    cells, sign = rows * columns, 1.0 if inward else -1.0
    origins, targets, costs = [], [], []
    for row, column in np.argwhere(belt.inside):
        for down, right in [(d, r) for d in (-1, 0, 1) for r in (-1, 0, 1) if (d, r) != (0, 0)]:
            a, b = (row, column), (row + down, column + right)
            if not (0 <= b[0] < rows and 0 <= b[1] < columns and belt.inside[b]):
                continue
            run = CELL_M * math.hypot(down, right)
            seconds = run * (pace[a] + pace[b]) / 2.0 / tobler_speed((z[b] - z[a]) / run)
            cost = seconds * (weight[a] + weight[b]) / 2.0
            here, there = a[0] * columns + a[1], b[0] * columns + b[1]
            ends = [(here, there), (here + cells, there + cells)]
            side = belt.offset[a] >= 0.0, belt.offset[b] >= 0.0
            if side == ((False, True) if inward else (True, False)):
                share = belt.offset[a] / (belt.offset[a] - belt.offset[b])
                easting = belt.easting[column] + share * right * CELL_M
                northing = belt.northing[row] - share * down * CELL_M
                if belt.border.locate(easting, northing)[0] == segment:
                    ends.append((here, there + cells))
            for end in ends:
                origins.append(end[0])
                targets.append(end[1])
                costs.append(cost)
    graph = coo_array((costs, (origins, targets)), shape=(2 * cells, 2 * cells)).tocsr()
    begin, end = (belt.outer, belt.inner) if sign > 0 else (belt.inner, belt.outer)
    seconds = dijkstra(graph, indices=np.flatnonzero(begin.ravel()), min_only=True)
    return float(seconds[cells:][end.ravel()].min())


@pytest.mark.parametrize("direction", ["inward", "outward"])
@pytest.mark.parametrize("border", [STRAIGHT, JAGGED], ids=["straight", "jagged"])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_segments_crossing_is_the_cheapest_of_all_that_pass_it(border: Border, direction: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ground = terrain(rng.normal(0.0, 1.5, (24, 26)).cumsum(axis=0))
    weight, pace = rng.uniform(0.0, 1.0, (24, 26)) ** 3, rng.uniform(1.0, 3.0, (24, 26))
    belt, mobility = belt_of(border, ground, belt_m=60.0), over(ground, pace)
    window = (belt.rows, belt.columns)
    found = crossings(belt, mobility, weight=weight[window], direction=direction, neighbours=8)
    inside = mobility.within(*window, belt.inside)
    for segment in range(border.segments):
        expected = cheapest_through(belt, inside, weight[window], segment, direction == "inward")
        assert found.cost[segment] == pytest.approx(expected, rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([8, 16, 32]), st.sampled_from(["inward", "outward"]))
def test_the_least_of_all_segments_is_the_shortest_way_across(seed: int, neighbours: int, direction: str) -> None:
    """Whoever gets from edge to edge passes some segment; and the way that is returned costs what is said."""
    rng = np.random.default_rng(seed)
    ground = terrain(rng.normal(0.0, 1.5, (24, 26)).cumsum(axis=1))
    belt, mobility = belt_of(JAGGED, ground, belt_m=60.0), over(ground)
    weight = rng.uniform(0.0, 1.0, belt.inside.shape)
    found = crossings(belt, mobility, weight=weight, direction=direction, neighbours=neighbours)
    end = belt.inner if direction == "inward" else belt.outer
    begin = belt.outer if direction == "inward" else belt.inner
    assert found.cost.min() == pytest.approx(found.before.cost[end].min(), rel=1e-12)
    rows, columns = found.cells(found.cheapest)
    assert begin[rows[0], columns[0]]
    assert end[rows[-1], columns[-1]]
    assert belt.inside[rows, columns].all()
    assert tuple(found.places(found.cheapest)[0]) == (belt.easting[columns[0]], belt.northing[rows[0]])


def test_the_fastest_way_over_level_ground_is_straight() -> None:
    """By hand: from the edge 115 m south of the line's centre row to that 115 m north is 110 m at 1.6 m/s or so."""
    ground = terrain(np.zeros((24, 26)))
    belt = belt_of(STRAIGHT, ground, belt_m=60.0)
    found = crossings(belt, over(ground))
    assert found.cost == pytest.approx(110.0 / tobler_speed(0.0))
    for segment in range(STRAIGHT.segments):
        path = found.places(segment)
        assert np.ptp(path[:, 0]) == 0.0
        assert path[:, 1].tolist() == [65.0 + 10.0 * i for i in range(12)]


def test_a_wall_with_one_gap_is_crossed_there_by_all() -> None:
    """Segments far from the gap are reached through it, and back: dearer with the distance; none is free."""
    ground = terrain(np.zeros((24, 26)))
    pace = np.ones((24, 26))
    pace[13] = np.inf  # the row north of 100 m, on the away side
    pace[13, 3] = 1.0
    found = crossings(belt_of(STRAIGHT, ground, belt_m=60.0), over(ground, pace, LEVEL))
    assert found.cheapest == 0
    assert (np.diff(found.cost) > 0.0).all()
    assert np.isfinite(found.cost).all()


def test_where_nobody_can_cross_the_cost_is_infinite_and_where_nobody_knows_it_is_nan() -> None:
    ground = terrain(np.zeros((24, 26)))
    belt = belt_of(STRAIGHT, ground, belt_m=60.0)
    closed = np.ones((24, 26))
    closed[10] = np.inf
    shut = crossings(belt, over(ground, closed))
    assert np.isinf(shut.cost[1:-1]).all()
    assert np.isnan(shut.cost[[0, -1]]).all(), "beyond the terrain's rim there might be a way round"
    assert shut.cheapest == -1
    assert shut.places(1).shape == (0, 2)
    void = np.zeros((24, 26))
    void[10, :13] = np.nan
    void[10, 13:] = 5.0
    walled = np.ones((24, 26))
    walled[10, 13:] = np.inf
    cost = crossings(belt, over(terrain(void), walled)).cost
    assert np.isnan(cost[:2]).all()
    assert np.isinf(cost[2])


def test_a_segment_shorter_than_a_cell_takes_the_crossings_beside_it() -> None:
    short = Border(FRAME, LineString([(0.0, 120.0), (260.0, 120.0)]), segment_length_m=3.0)
    ground = terrain(np.zeros((24, 26)))
    cost = crossings(belt_of(short, ground, belt_m=60.0), over(ground, law=LEVEL)).cost
    assert len(cost) == 87
    assert ((cost >= 110.0 - 1e-9) & (cost <= 110.0 + 10.0 * (math.sqrt(2.0) - 1.0) + 1e-9)).all()


def test_uphill_is_not_downhill() -> None:
    """A slope of 0.2 rising towards home: in is slower than out, each at Tobler's speed over 110 m."""
    ground = terrain(np.repeat(2.0 * np.arange(24.0)[::-1, None], 26, axis=1))
    belt = belt_of(STRAIGHT, ground, belt_m=60.0)
    assert crossings(belt, over(ground)).cost == pytest.approx(110.0 / tobler_speed(0.2))
    assert crossings(belt, over(ground), direction="outward").cost == pytest.approx(110.0 / tobler_speed(-0.2))


def test_another_direction_is_refused() -> None:
    ground = terrain(np.zeros((24, 26)))
    with pytest.raises(BadInput, match="sideways"):
        crossings(belt_of(STRAIGHT, ground, belt_m=60.0), over(ground), direction="sideways")
