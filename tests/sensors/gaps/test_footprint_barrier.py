"""Barriers of footprints on the ground: by hand, by brute force, and what the pieces of one sensor do together."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from shapely.geometry import LineString, MultiLineString

from geo.border import Belt, Border
from geo.border.belt import belt_of
from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.gaps import Barrier, barrier, barrier_found, depth_of_segments, single_losses
from sensors.gaps import footprint_barrier as barrier_ground
from sensors.layout import Layout, place

FRAME = LocalFrame.around(1.5, 42.5)
CELL_M = 10.0
SHAPE = (24, 36)
BORDER = Border(FRAME, LineString([(0.0, 120.0), (360.0, 120.0)]), segment_length_m=90.0)
EAST, NORTH = np.meshgrid(5.0 + CELL_M * np.arange(SHAPE[1]), 5.0 + CELL_M * np.arange(SHAPE[0])[::-1])


def disc(easting: float, northing: float, radius: float) -> np.ndarray:
    return np.hypot(EAST - easting, NORTH - northing) <= radius


def case(*masks: np.ndarray) -> tuple[Layout, xr.Dataset]:
    """A layout of sensors s0, s1, …, and the coverage in which each holds its mask with a look of 0.9."""
    looks = 0.9 * np.array(masks, float).reshape(-1, *SHAPE)
    names = [f"s{i}" for i in range(len(masks))]
    sensors = tuple(place(FRAME, 10.0, 10.0, id=name, kind="ground_sensor", max_range_m=50.0) for name in names)
    coverage = xr.Dataset(
        {
            "look_probability": (("sensor", "northing", "easting"), looks),
            "rate": (("sensor", "northing", "easting"), looks),
        },
        coords={"sensor": np.array(names, dtype=str), "northing": NORTH[:, 0], "easting": EAST[0]},
    )
    return Layout("by hand", FRAME, sensors), coverage


LINE = [disc(easting, 120.0, 50.0) for easting in (40.0, 120.0, 200.0, 280.0, 340.0)]


def test_a_closed_line_is_one_deep_and_its_first_sensor_nearest_the_left_is_the_cut() -> None:
    assert barrier(*case(*LINE), BORDER, belt_m=80.0) == (1, frozenset({"s0"}))
    assert single_losses(*case(*LINE), BORDER, belt_m=80.0) == {f"s{i}" for i in range(5)}


def test_a_hole_is_no_barrier() -> None:
    assert barrier(*case(*LINE[:2], *LINE[3:]), BORDER, belt_m=80.0) == (0, frozenset())
    assert single_losses(*case(*LINE[:2], *LINE[3:]), BORDER, belt_m=80.0) == frozenset()
    depth = depth_of_segments(*case(*LINE[:2], *LINE[3:]), BORDER, belt_m=80.0)
    assert depth["depth"].to_numpy().tolist() == [1, 0, 0, 1]


def test_two_lines_behind_each_other_are_two_deep() -> None:
    rows = [EAST > -1.0, EAST > -1.0]
    front, back = rows[0] & (np.abs(NORTH - 100.0) < 20.0), rows[1] & (np.abs(NORTH - 160.0) < 20.0)
    assert barrier(*case(front, back), BORDER, belt_m=80.0) == (2, frozenset({"s0", "s1"}))
    assert single_losses(*case(front, back), BORDER, belt_m=80.0) == {"s0", "s1"}
    assert depth_of_segments(*case(front, back), BORDER, belt_m=80.0)["depth"].to_numpy().tolist() == [2] * 4


def test_pieces_that_touch_only_at_a_corner_let_somebody_through() -> None:
    left, right = (EAST < 180.0) & (NORTH < 120.0), (EAST > 180.0) & (NORTH > 120.0)
    assert barrier(*case(left, right), BORDER, belt_m=80.0)[0] == 0


def test_the_pieces_of_one_sensor_fail_together() -> None:
    """Two lines, each interrupted in another place, and one sensor that closes both holes with a piece each."""
    front = (np.abs(NORTH - 100.0) < 20.0) & (np.abs(EAST - 100.0) > 30.0)
    back = (np.abs(NORTH - 160.0) < 20.0) & (np.abs(EAST - 260.0) > 30.0)
    patches = ((np.abs(NORTH - 100.0) < 20.0) & (np.abs(EAST - 100.0) <= 30.0)) | (
        (np.abs(NORTH - 160.0) < 20.0) & (np.abs(EAST - 260.0) <= 30.0)
    )
    assert barrier(*case(front, back, patches), BORDER, belt_m=80.0) == (1, frozenset({"s2"}))
    assert single_losses(*case(front, back, patches), BORDER, belt_m=80.0) == {"s2"}


def test_where_pieces_are_too_many_k_is_a_bound_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three lines, each closed by a piece of one sensor: the pieces give 3, the sensors 1."""
    rows, lines = (80.0, 120.0, 160.0), []
    for i, north in enumerate(rows):
        lines.append((np.abs(NORTH - north) < 8.0) & (np.abs(EAST - 90.0 * (i + 1)) > 30.0))
    patches = np.zeros(SHAPE, bool)
    for i, north in enumerate(rows):
        patches |= (np.abs(NORTH - north) < 8.0) & (np.abs(EAST - 90.0 * (i + 1)) <= 30.0)
    exact = barrier_found(*case(*lines, patches), BORDER, belt_m=80.0)
    assert exact == Barrier(1, frozenset({"s3"}), exact=True)
    monkeypatch.setattr(barrier_ground, "SMALL_CUT", 0)
    bound = barrier_found(*case(*lines, patches), BORDER, belt_m=80.0)
    assert not bound.exact
    assert bound.k >= exact.k
    assert not depth_of_segments(*case(*lines, patches), BORDER, belt_m=80.0)["exact"].all()
    assert barrier_found(*case(*LINE), BORDER, belt_m=80.0).exact  # in one piece each: no search is needed


def unknown_at(masks: list[np.ndarray], sensor: int, cells: np.ndarray) -> tuple[Layout, xr.Dataset]:
    """``case`` with the sight of one sensor unknown in some cells."""
    layout, coverage = case(*masks)
    coverage["look_probability"][sensor] = np.where(cells, np.nan, coverage["look_probability"][sensor])
    return layout, coverage


def test_where_sight_is_unknown_k_has_two_bounds() -> None:
    """The middle one of five sensors in a line holds nothing for certain: k is 0 or 1, and where it has no part k is as
    it was. Ground unknown to a sensor that changes nothing changes no figure."""
    seen = unknown_at(LINE, 2, LINE[2])
    found = barrier_found(*seen, BORDER, belt_m=80.0)
    assert (found.k, found.k_at_most, found.cut) == (0, 1, frozenset())
    assert barrier(*seen, BORDER, belt_m=80.0) == (0, frozenset())
    depth = depth_of_segments(*seen, BORDER, belt_m=80.0)
    assert depth["depth"].to_numpy().tolist() == [1, 0, 0, 1]
    assert depth["depth_at_most"].to_numpy().tolist() == [1, 1, 1, 1]
    aside = unknown_at(LINE, 2, disc(200.0, 120.0, 75.0) & ~LINE[2])
    assert barrier_found(*aside, BORDER, belt_m=80.0) == barrier_found(*case(*LINE), BORDER, belt_m=80.0)


def open_way(masks: list[np.ndarray]) -> bool:
    """Whether somebody who also moves diagonally gets from edge to edge of the belt untouched."""
    belt = belt_of(BORDER, case()[1], belt_m=80.0)
    free = belt.inside & ~np.any(
        [mask[belt.rows, belt.columns] for mask in masks] or [np.zeros_like(belt.inside)], axis=0
    )
    parts, _ = ndimage.label(free, np.ones((3, 3)))
    return bool(set(parts[belt.outer & free]) & set(parts[belt.inner & free]))


discs = st.lists(
    st.builds(disc, st.floats(0.0, 360.0), st.floats(60.0, 180.0), st.floats(30.0, 130.0)), min_size=1, max_size=7
)


@settings(max_examples=40, deadline=None)
@given(discs)
def test_k_is_the_fewest_sensors_whose_loss_opens_the_border(masks: list[np.ndarray]) -> None:
    """By brute force over all sets of sensors: discs are in one piece but for the belt's edges, which may cut them."""
    k, cut = barrier(*case(*masks), BORDER, belt_m=80.0)
    fewest = next(
        size
        for size in range(len(masks) + 1)
        if any(
            open_way([m for i, m in enumerate(masks) if i not in lost])
            for lost in combinations(range(len(masks)), size)
        )
    )
    assert k == fewest == len(cut)
    assert open_way([mask for i, mask in enumerate(masks) if f"s{i}" not in cut])
    alone = {
        f"s{i}"
        for i in range(len(masks))
        if k and barrier(*case(*masks[:i], *masks[i + 1 :]), BORDER, belt_m=80.0)[0] < k
    }
    assert single_losses(*case(*masks), BORDER, belt_m=80.0) == alone


@settings(max_examples=20, deadline=None)
@given(discs)
def test_a_border_is_no_deeper_than_its_shallowest_segment(masks: list[np.ndarray]) -> None:
    depth = depth_of_segments(*case(*masks), BORDER, belt_m=80.0)["depth"].to_numpy()
    assert barrier(*case(*masks), BORDER, belt_m=80.0)[0] <= depth.min()


def test_the_weakest_part_of_a_border_with_a_gap_counts() -> None:
    """Two parts of 150 m; the western is held by two sensors, the eastern by one."""
    parts = Border(FRAME, MultiLineString([[(0, 120), (150, 120)], [(210, 120), (360, 120)]]), segment_length_m=150.0)
    west, east = EAST < 160.0, EAST > 200.0
    assert barrier(*case(west, west, east), parts, belt_m=80.0) == (1, frozenset({"s2"}))
    assert single_losses(*case(west, west, east), parts, belt_m=80.0) == {"s2"}


def test_a_requirement_on_the_look_shrinks_footprints() -> None:
    layout, coverage = case(*LINE)
    assert barrier(layout, coverage, BORDER, belt_m=80.0, least_look_probability=0.95)[0] == 0
    assert barrier(layout, coverage, BORDER, belt_m=80.0, least_look_probability=0.5)[0] == 1


def test_a_part_of_the_layout_is_asked_about_alone() -> None:
    layout, coverage = case(*LINE)
    assert barrier(Layout("less", FRAME, layout.sensors[1:]), coverage, BORDER, belt_m=80.0)[0] == 0


def test_a_footprint_at_the_edge_of_the_belt_alone_holds_nothing() -> None:
    layout, coverage = case(disc(135.0, 200.0, 30.0))
    assert (depth_of_segments(layout, coverage, BORDER, belt_m=80.0)["depth"] == 0).all()


@settings(max_examples=25, deadline=None)
@given(discs)
def test_a_segment_is_open_where_somebody_gets_through_its_own_belt_unseen(masks: list[np.ndarray]) -> None:
    """By flood: diagonals count, as pieces that only touch at a corner let somebody through."""
    layout, coverage = case(*masks)
    belt = belt_of(BORDER, coverage, belt_m=80.0)
    depth = depth_of_segments(layout, coverage, BORDER, belt_m=80.0)["depth"].to_numpy()
    free = belt.inside & ~np.any(masks_of(coverage, belt), axis=0)
    for segment in range(BORDER.segments):
        parts, _ = ndimage.label(free & (belt.segment == segment), np.ones((3, 3)))
        through = (set(parts[belt.outer].tolist()) & set(parts[belt.inner].tolist())) - {0}
        assert (depth[segment] == 0) == bool(through)


def test_what_makes_no_barrier_is_refused() -> None:
    layout, coverage = case(*LINE)
    ring = Border(FRAME, LineString([(100, 60), (260, 60), (260, 180), (100, 180), (100, 60)]))
    with pytest.raises(BadInput, match="closed rings"):
        barrier(layout, coverage, ring, belt_m=30.0)
    with pytest.raises(BadInput, match="no sensor 's4'"):
        barrier(layout, coverage.isel(sensor=slice(0, 4)), BORDER)
    with pytest.raises(BadInput, match="least_look_probability"):
        barrier(layout, coverage, BORDER, least_look_probability=1.0)


def test_what_lies_off_the_terrain_is_held_by_nobody_knows_how_many() -> None:
    """Refused as a whole rather than 0; segment by segment −1 there."""
    layout, coverage = case(*LINE)
    longer = Border(FRAME, LineString([(-200.0, 120.0), (360.0, 120.0)]), segment_length_m=90.0)
    with pytest.raises(BadInput, match="outside the terrain, 2 in all"):
        barrier(layout, coverage, longer, belt_m=80.0)
    assert depth_of_segments(layout, coverage, longer, belt_m=80.0)["depth"].to_numpy().tolist()[:2] == [-1, -1]


def test_unknown_sight_holds_nothing() -> None:
    masks = [*LINE[:2], LINE[2] * np.where(EAST > 200.0, np.nan, 1.0), *LINE[3:]]
    layout, coverage = case(*masks)
    assert barrier(layout, coverage, BORDER, belt_m=80.0) == (0, frozenset())


def test_at_a_bend_no_segment_is_open_where_nobody_gets_across_unseen() -> None:
    """A wedge within a bend reaches only one edge of the belt: it is held as deep as it and its neighbours are."""
    bend = Border(FRAME, LineString([(0.0, 40.0), (180.0, 160.0), (360.0, 40.0)]), segment_length_m=30.0)
    rng = np.random.default_rng(5)
    _, chainage, offset = bend.locate(EAST, NORTH)
    closed = 0
    for _ in range(25):
        cuts = np.array([0.0, *np.sort(rng.uniform(0.0, bend.length_m, 2)), bend.length_m])
        strips = [
            (chainage >= cuts[i]) & (chainage <= cuts[i + 1]) & (np.abs(offset - rng.uniform(-15.0, 15.0)) < 12.0)
            for i in range(3)
        ]
        layout, coverage = case(*strips, disc(*rng.uniform(0.0, [360.0, 240.0]), 60.0))
        belt = belt_of(bend, coverage, belt_m=60.0)
        free, _ = ndimage.label(belt.inside & ~np.any(masks_of(coverage, belt), axis=0), np.ones((3, 3)))
        through = set(free[belt.outer].tolist()) & set(free[belt.inner].tolist()) - {0}
        depth = depth_of_segments(layout, coverage, bend, belt_m=60.0)["depth"].to_numpy()
        if not through:
            closed += 1
            assert (depth != 0).all()
    assert closed >= 5


def masks_of(coverage: xr.Dataset, belt: Belt) -> np.ndarray:
    return coverage["look_probability"].to_numpy()[:, belt.rows, belt.columns] > 0.0


@settings(max_examples=25, deadline=None)
@given(discs, st.builds(disc, st.floats(0.0, 360.0), st.floats(60.0, 180.0), st.floats(30.0, 130.0)))
def test_k_with_any_sight_in_the_unknown_cells_is_between_its_bounds(masks: list[np.ndarray], void: np.ndarray) -> None:
    """If the first sensor sees none, all, or a half of the cells in which its sight is unknown."""
    found = barrier_found(*unknown_at(masks, 0, void), BORDER, belt_m=80.0)
    for there in (np.zeros_like(void), void, void & (EAST < 180.0)):
        k, _ = barrier(*case((masks[0] & ~void) | there, *masks[1:]), BORDER, belt_m=80.0)
        assert found.k <= k <= found.k_at_most
