"""Reach of field units against brute force on the mobility surface, and the laws of their order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from geo.border import Border
from geo.frame import LocalFrame
from geo.paths.response_times import response_time_to
from sensors.interdiction import probability_of_interruption
from sensors.interdiction.interception import ResponseSettings
from sensors.interdiction.unit_reach import (
    PATH_POINTS,
    ReachGround,
    Targets,
    reach_ground,
    travel_field,
    unit_order,
    unit_reach,
)

CELL_M, ROWS, COLUMNS = 50.0, 40, 60
BORDER_NORTHING_M = 1425.0
FRAME = LocalFrame.around(9.0, 47.0)


def terrain(height: np.ndarray | None = None) -> xr.Dataset:
    """Rolling ground of 3 × 2 km; the border runs from west to east, and the own side is south of it."""
    northing, easting = np.arange(ROWS)[::-1] * CELL_M, np.arange(COLUMNS) * CELL_M
    if height is None:
        height = 60.0 * np.sin(easting / 400.0)[None, :] * np.cos(northing / 300.0)[:, None] + 300.0
    return xr.Dataset(
        {"elevation": (("northing", "easting"), np.array(height, dtype=float), {"units": "m"})},
        {"northing": northing, "easting": easting},
        {"crs": FRAME.crs.to_wkt(), "datum": "test"},
    )


def border() -> Border:
    return Border(FRAME, LineString([(-500.0, BORDER_NORTHING_M), (3500.0, BORDER_NORTHING_M)]), home_side="right")


def laid(height: np.ndarray | None = None) -> ReachGround:
    return reach_ground(terrain(height), border())


@pytest.fixture(scope="module")
def ground() -> ReachGround:
    return laid()


UNITS = np.array([[120.0, 210.0], [2810.0, 180.0], [1490.0, 1330.0], [1010.0, 640.0]])
WALKS = (False, True, True, False)


def targets() -> Targets:
    """Inbound, outbound, along the border, one that no one meets, and two that do not move, one across the border."""
    here = np.array([[900, 1700], [1500, 500], [300, 1300], [2900, 1410], [700.0, 200.0], [700.0, 1900.0]], float)
    ends = np.array([[1100, 700], [1600, 1800], [2600, 1300], [2950, 1460], [np.nan] * 2, [np.nan] * 2], float)
    left = np.array([900.0, 700.0, 1500.0, 5.0, np.nan, np.nan])
    return Targets(*here.T, *ends.T, left, 0.2 * left, np.array([0.9, 1.0, 0.5, 0.8, 1.0, 1.0]))


def fields_of(ground: ReachGround, units: np.ndarray = UNITS) -> np.ndarray:
    found = [travel_field(ground, *place, walks=walks) for place, walks in zip(units, WALKS, strict=True)]
    assert all(field is not None for field in found)
    return np.stack(found)


def by_hand(ground: ReachGround, unit: int, target: int) -> dict[str, float]:
    """One pair, point by point, with a search backward from each point, as a person would work it out."""
    chosen, every = ResponseSettings(), targets()
    here = np.array([every.easting[target], every.northing[target]])
    end = np.array([every.end_easting[target], every.end_northing[target]])
    moves = bool(np.isfinite(end).all())
    found = []
    for share in np.linspace(0.0, 1.0, PATH_POINTS) if moves else [0.0]:
        place = here + share * (end - here) if moves else here
        row, column, inside = (int(one) for one in ground.cells(*place))
        if not inside or place[1] > BORDER_NORTHING_M or not ground.own_side[row, column]:
            continue
        cell = (ground.walker.easting[column], ground.walker.northing[row])
        times = response_time_to(ground.walker, ground.vehicle, cell, dismount_s=ground.dismount_s)
        own_row, own_column, _ = (int(one) for one in ground.cells(*UNITS[unit]))
        seconds = float(times["on_foot" if WALKS[unit] else "by_vehicle"].to_numpy()[own_row, own_column])
        there = share * every.left_s[target] if moves else np.inf
        chance = probability_of_interruption(
            [1.0], [there if moves else 0.0], [share * every.left_sd_s[target] if moves else 0.0], response_s=seconds,
            response_sd_s=chosen.sd_share * seconds if np.isfinite(seconds) else 0.0,
            communication=chosen.communication, position=1.0,
        )  # fmt: skip
        found.append((there - seconds if np.isfinite(seconds) else -np.inf, seconds, *place, float(chance)))
    if not any(np.isfinite(one[1]) for one in found):
        return {"travel_s": np.nan, "margin_s": np.nan, "interruption": 0.0 if moves else np.nan}
    first = next((one for one in found if one[0] >= 0.0), max(found, key=lambda one: one[0]))
    return {
        "travel_s": first[1],
        "easting": first[2],
        "northing": first[3],
        "margin_s": max(one[0] for one in found) if moves else np.nan,
        "interruption": max(one[4] for one in found) * every.existence[target] if moves else np.nan,
    }


def test_reach_is_what_brute_force_on_the_mobility_surface_finds(ground: ReachGround) -> None:
    table = unit_reach(ground, fields_of(ground), UNITS, targets())
    met = 0
    for unit in range(len(UNITS)):
        for target in range(6):
            for name, value in by_hand(ground, unit, target).items():
                stated = getattr(table, name)[unit, target]
                assert stated == pytest.approx(value, rel=1e-5, abs=1e-5, nan_ok=True), (unit, target, name)
            met += bool(table.in_time[unit, target])
    assert 3 <= met < 4 * 6
    assert table.in_time[:, 4].all(), "a target that does not move is reached in time wherever there is a path"
    assert not table.in_time[:, 5].any(), "no unit crosses the border"
    assert not table.in_time[:, 3].any()


def test_what_lies_beyond_the_border_changes_nothing(ground: ReachGround) -> None:
    """With level ground over there, which would be the fastest way, the times are the same to the bit."""
    height = terrain()["elevation"].to_numpy().copy()
    over_there = terrain()["northing"].to_numpy() > BORDER_NORTHING_M
    height[over_there] = 300.0
    fields, other = fields_of(ground), fields_of(laid(height))
    assert not np.isfinite(fields[:, over_there]).any()
    assert np.isfinite(fields[:, ~over_there]).all()
    # one row of cells beside the border has another slope on its far side, which closes no cell here
    assert np.array_equal(fields, other)


def test_a_unit_across_the_border_or_off_the_terrain_has_no_reach(ground: ReachGround) -> None:
    for place in ((500.0, 1900.0), (-400.0, 200.0), (500.0, np.nan)):
        assert travel_field(ground, *place, walks=True) is None
    for beyond_m in (2.0 * CELL_M, 3.0 * CELL_M):
        assert travel_field(ground, 500.0, BORDER_NORTHING_M + beyond_m, walks=False) is None, beyond_m
    beside = travel_field(ground, 500.0, BORDER_NORTHING_M + 20.0, walks=True)
    assert beside is not None, "a position with an error of some metres must not lose a patrol on the line"


@settings(deadline=None, max_examples=30)
@given(slower=st.floats(1.0, 20.0))
def test_a_slower_unit_never_has_more_time_or_a_better_chance(slower: float) -> None:
    ground = laid()
    fields = fields_of(ground)
    fast, slow = (unit_reach(ground, fields * np.float32(by), UNITS, targets()) for by in (1.0, slower))
    known = np.isfinite(fast.margin_s)
    assert (slow.margin_s[known] <= fast.margin_s[known] + 1e-3).all()
    assert (slow.in_time <= fast.in_time).all()


def test_what_only_a_void_can_lead_to_is_unknown_and_behind_water_there_is_no_path() -> None:
    """A strip without data from edge to edge: targets behind it, and one in it, are not known to be reached in time,
    nor known not to be. Water in its place leaves them without a path."""
    height = np.full((ROWS, COLUMNS), 300.0)
    height[:, 30:32] = np.nan
    strip = np.isnan(height)
    wet = terrain(np.full((ROWS, COLUMNS), 300.0)).assign(
        land_cover=(("northing", "easting"), np.where(strip, 80, 30).astype(np.uint8))
    )
    here = np.array([[2600.0, 500.0], [1500.0, 500.0], [700.0, 200.0], [2600.0, 1900.0], [2600.0, 500.0]])
    ends = np.array([*[[np.nan] * 2] * 4, [2600.0, 1300.0]])
    left = np.array([*[np.nan] * 4, 900.0])
    there = Targets(*here.T, *ends.T, left, 0.2 * left, np.ones(5))
    unit = np.array([[120.0, 210.0]])
    for walks in (True, False):
        void, water = laid(height), reach_ground(wet, border())
        fields = [travel_field(ground, *unit[0], walks=walks)[None] for ground in (void, water)]
        assert np.isnan(fields[0][0, void.void]).all()
        assert np.array_equal(fields[0][0, :, :30], fields[1][0, :, :30]), "to the bit where known ground leads"
        parted, dry = (unit_reach(g, f, unit, there) for g, f in zip((void, water), fields, strict=True))
        assert parted.unknown.tolist() == [[True, True, False, False, True]]
        assert not dry.unknown.any()
        for table in (parted, dry):
            assert table.in_time.tolist() == [[False, False, True, False, False]]
            assert np.isnan(table.travel_s[0, [0, 1, 3, 4]]).all()
        assert np.isnan(parted.interruption[0, 4])
        assert dry.interruption[0, 4] == 0.0


def test_a_ridge_between_makes_dead_ground_and_its_slope_and_river_are_stated() -> None:
    height = np.full((ROWS, COLUMNS), 300.0)
    height[:, 30] = 400.0
    ground = laid(height)
    river = np.zeros(ground.shape, bool)
    river[:, 20] = True
    ground = replace(ground, river=river)
    units = np.array([[200.0, 500.0], [2600.0, 500.0]])
    there = Targets(*(np.array([value]) for value in (2600.0, 500.0, np.nan, np.nan, np.nan, np.nan, 1.0)))
    fields = np.zeros((2, *ground.shape), np.float32)
    table = unit_reach(ground, fields, units, there)
    assert table.hidden[:, 0].tolist() == [True, False]
    assert table.river[:, 0].tolist() == [True, False]
    # 100 m of rise; the central difference over two cells of 50 m gives a gradient of 1 on both flanks
    assert np.degrees(table.slope_rad[0, 0]) == pytest.approx(45.0, abs=1.0)
    assert table.distance_m[0, 0] == pytest.approx(2400.0)
    assert np.degrees(table.bearing_rad[0, 0]) == pytest.approx(90.0)
    assert table.rise_m[0, 0] == 0.0


def test_a_terrain_that_is_too_fine_is_thinned_out() -> None:
    ground = reach_ground(terrain(), border(), most_cells=700)
    assert ground.shape == (20, 30)
    assert ground.walker.cell_m == 2 * CELL_M
    # the steepest slope of the fine terrain remains: thinning must not level the ground
    assert ground.slope_rad.max() == pytest.approx(laid().slope_rad.max(), rel=0.02)


LISTS = st.integers(1, 12).flatmap(
    lambda count: st.fixed_dictionaries(
        {
            "distress": st.lists(st.booleans(), min_size=count, max_size=count),
            "assigned": st.lists(st.booleans(), min_size=count, max_size=count),
            "in_time": st.lists(st.booleans(), min_size=count, max_size=count),
            "rank": st.lists(st.integers(0, 3), min_size=count, max_size=count),
            "travel_s": st.lists(
                st.one_of(st.floats(0.0, 1e5), st.just(float("nan")), st.sampled_from([60.0, 120.0])),
                min_size=count,
                max_size=count,
            ),
        }
    )
)


@given(LISTS)
def test_the_nearer_in_time_is_never_after_what_can_be_met_alike(lists: dict[str, list]) -> None:
    order = unit_order(**lists).tolist()
    assert sorted(order) == list(range(len(order)))
    place = {incident: position for position, incident in enumerate(order)}
    alike = [
        tuple(lists[name][one] for name in ("distress", "assigned", "in_time", "rank")) for one in range(len(order))
    ]
    for one in order:
        for other in order:
            if lists["distress"][one] and not lists["distress"][other]:
                assert place[one] < place[other]
            mine, theirs = (lists["travel_s"][each] for each in (one, other))
            if alike[one] == alike[other] and (mine < theirs or (mine == mine and theirs != theirs)):
                assert place[one] < place[other]
            if alike[one] == alike[other] and (mine == theirs or (mine != mine and theirs != theirs)) and one < other:
                assert place[one] < place[other], "equal ones stay as given"


def test_the_order_is_computed_for_many_units_at_once() -> None:
    travel = np.array([[30.0, 10.0, 20.0], [10.0, 20.0, 30.0]])
    none = np.zeros((2, 3), bool)
    order = unit_order(distress=none, assigned=none, in_time=~none, rank=np.zeros((2, 3), int), travel_s=travel)
    assert order.tolist() == [[1, 2, 0], [0, 1, 2]]
