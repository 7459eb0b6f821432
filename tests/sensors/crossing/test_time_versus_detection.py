"""Time against detection, the worth of each sensor, and gaps in time."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from geo.border import Border
from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.crossing.watched_belt import WatchedBelt
from sensors.gaps import (
    just_opened,
    scheduled_time_gaps,
    segment_time_gaps,
    sensor_values,
    time_average_gap,
    time_gaps,
    trade_offs,
    watch_belt,
)
from tests.geo.mobility.constant_speed import at_speed

FRAME = LocalFrame.around(1.5, 42.5)
CELL_M = 5.0
SHAPE = (21, 40)
BORDER = Border(FRAME, LineString([(0.0, 50.0), (195.0, 50.0)]), segment_length_m=39.0)
GROUND = xr.Dataset(
    {"elevation": (("northing", "easting"), np.zeros(SHAPE), {"units": "m"})},
    coords={"northing": CELL_M * np.arange(SHAPE[0])[::-1], "easting": CELL_M * np.arange(SHAPE[1])},
    attrs={"crs": FRAME.wkt},
)


def seen(*rates: np.ndarray | float, ground: xr.Dataset = GROUND) -> WatchedBelt:
    """Radars with those rates [1/s] over a belt of 40 m on either side; a crosser at 1 m/s."""
    dims = ("sensor", "northing", "easting")
    values = np.array([np.broadcast_to(rate, SHAPE) for rate in rates], float).reshape(-1, *SHAPE)
    coverage = xr.Dataset(
        {"rate": (dims, values), "look_probability": (dims, 1.0 - np.exp(-3.0 * values))},
        coords={
            "sensor": [f"s{i}" for i in range(len(rates))],
            "kind": ("sensor", ["radar"] * len(rates)),
            **ground.coords,
        },
        attrs={"target": "person", "assumptions": json.dumps([])},
    )
    return watch_belt(coverage, ground, BORDER, belt_m=40.0, mobility=at_speed(ground, 1.0))


def part(first: int, last: int, rate: float) -> np.ndarray:
    field = np.zeros(SHAPE)
    field[:, first:last] = rate
    return field


def test_a_wall_with_a_far_hole_gives_a_curve_from_fast_to_unseen() -> None:
    wall = np.zeros(SHAPE)
    wall[7:9] = 0.05
    wall[7:9, 36:] = 0.0
    curve = trade_offs(seen(wall), segment=0)
    assert [way.kind for way in (curve[0], curve[-1])] == ["minimum time", "minimum detection"]
    assert curve[0].time_s == pytest.approx(80.0)
    assert curve[-1].p_detect == 0.0
    assert curve[-1].time_s > 200.0


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_way_on_the_curve_is_better_than_another_in_both(seed: int) -> None:
    rng = np.random.default_rng(seed)
    curve = trade_offs(seen(rng.uniform(0.0, 0.1, SHAPE) ** 2))
    times, hazards = [way.time_s for way in curve], [way.hazard for way in curve]
    assert (np.diff(times) > 0.0).all()
    assert (np.diff(hazards) < 0.0).all()
    slopes = np.diff(hazards) / np.diff(times)
    assert (np.diff(slopes) >= -1e-9).all(), "corners of a convex curve"


def test_where_the_fastest_way_is_least_detected_the_curve_is_one_point() -> None:
    (only,) = trade_offs(seen(0.01))
    assert only.kind == "minimum detection"
    assert only.time_s == pytest.approx(80.0)


def test_the_worth_of_a_sensor_is_what_the_crosser_gains_when_it_is_lost() -> None:
    """Three that hold a third of the width each and one that sees all: only the last one's loss opens anything new."""
    held = seen(part(0, 14, 0.02), part(14, 27, 0.02), part(27, 40, 0.02), 0.005)
    found = sensor_values(held, required_probability=0.8)
    whole = 1.0 - math.exp(-0.025 * 80.0)
    assert found.attrs["least_with_all"] == pytest.approx(whole)
    assert found["least_without"].to_numpy() == pytest.approx(
        [*[1.0 - math.exp(-0.4)] * 3, 1.0 - math.exp(-1.6)], rel=0.1
    )
    assert (found["worth"] >= 0.0).all()
    assert (found["mean_worth"] > 0.0).all()
    assert found["opened"].to_numpy()[:3].min() >= 1
    assert found["opened"].to_numpy()[3] == 5 if math.exp(-1.6) > 0.2 else 0


def test_a_sensor_that_sees_nothing_is_worth_nothing() -> None:
    found = sensor_values(seen(0.01, 0.0))
    assert found["worth"].to_numpy().tolist() == [pytest.approx(1.0 - math.exp(-0.8)), 0.0]


def test_a_sensor_of_unknown_sight_is_worth_nothing_known() -> None:
    """Void ground parts the border. On its right nothing but ``s0`` may see, and it is unknown whether it does."""
    parted = GROUND.assign(elevation=GROUND["elevation"].where(GROUND["easting"] != 23 * CELL_M))
    found = sensor_values(seen(part(24, 40, np.nan), part(0, 23, 0.02), ground=parted), required_probability=0.5)
    held = found.attrs["least_with_all"]
    assert held > 0.5
    assert found["least_without"].to_numpy().tolist() == [held, 0.0]
    assert found["worth"].to_numpy().tolist() == [0.0, held]
    assert found["mean_worth"].to_numpy()[0] == found["opened"].to_numpy()[0] == 0.0


def test_the_worked_example_of_the_time_average_gap() -> None:
    """gaps of 5, 10 and 15 in 100 → 3.5."""
    found = time_gaps([(0.0, 10.0), (15.0, 40.0), (50.0, 80.0), (95.0, 100.0)], start_s=0.0, end_s=100.0)
    assert found.lengths_s.tolist() == [5.0, 10.0, 15.0]
    assert found.average_gap_s == pytest.approx(3.5)
    assert found.average_gap_s == pytest.approx(time_average_gap(found.lengths_s, 100.0))
    assert found.response_s == pytest.approx(1.75)
    assert (found.revisit_s, found.longest_s, found.covered_fraction) == (10.0, 15.0, 0.7)
    assert not found.cut.any()


def test_gaps_at_the_ends_are_marked() -> None:
    found = time_gaps([(20.0, 60.0), (70.0, 90.0)], start_s=0.0, end_s=100.0)
    assert found.gaps.tolist() == [[0.0, 20.0], [60.0, 70.0], [90.0, 100.0]]
    assert found.cut.tolist() == [True, False, True]
    nothing = time_gaps([], start_s=0.0, end_s=100.0)
    assert nothing.gaps.tolist() == [[0.0, 100.0]]
    assert nothing.cut.all()
    assert nothing.average_gap_s == 100.0
    always = time_gaps([(-5.0, 105.0)], start_s=0.0, end_s=100.0)
    assert len(always.gaps) == 0
    assert math.isnan(always.revisit_s)


times = st.floats(-20.0, 120.0).map(lambda t: round(t, 1))
spans = st.lists(st.tuples(times, times).map(lambda pair: (min(pair), max(pair))), max_size=12)


@settings(deadline=None)
@given(spans, st.integers(1, 4))
def test_gaps_are_where_too_few_sensors_are(covered: list[tuple[float, float]], assets: int) -> None:
    """Oracle: counting at moments that no span begins or ends at."""
    found = time_gaps(covered, start_s=0.0, end_s=100.0, assets=assets)
    for moment in np.arange(0.05, 100.0, 2.5):
        few = sum(a <= moment < b for a, b in covered) < assets
        assert few == any(a <= moment < b for a, b in found.gaps)
    more = time_gaps(covered, start_s=0.0, end_s=100.0, assets=assets + 1)
    assert more.average_gap_s >= found.average_gap_s - 1e-12
    assert found.gaps.ravel().tolist() == sorted(found.gaps.ravel())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"spans": [(5.0, 4.0)]}, "ends before"),
        ({"spans": [(math.nan, 4.0)]}, "ends before"),
        ({"end_s": 0.0}, "interval"),
        ({"assets": 0}, "assets"),
    ],
)
def test_gaps_that_make_no_sense_are_refused(values: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        time_gaps(**({"spans": [], "start_s": 0.0, "end_s": 100.0} | values))


WALLED = seen(part(0, 8, 0.05), part(8, 16, 0.05), part(16, 24, 0.05), part(24, 32, 0.05), part(32, 40, 0.05))


def test_the_segment_that_just_opened_and_why() -> None:
    names = {f"s{i}" for i in range(5)}
    opened = just_opened(WALLED, names, names - {"s2"}, required_probability=0.9)
    assert {one.segment for one in opened} >= {2}
    for one in opened:
        assert one.because[0] == "s2"
        assert one.before >= 0.9 > one.after
    assert just_opened(WALLED, names, names, required_probability=0.9) == []
    with pytest.raises(BadInput, match="no sensor 's9'"):
        just_opened(WALLED, names, {"s9"}, required_probability=0.9)


def test_gaps_in_time_of_each_segment_as_sensors_fail() -> None:
    """Sensor 2 is down from 10 to 30 s and again at the end: its segment is open then, the far ones never."""
    found = segment_time_gaps(
        WALLED, {"s2": [(10.0, 30.0), (90.0, 120.0)]}, start_s=0.0, end_s=100.0, required_probability=0.9
    )
    middle = found.isel(segment=2)
    assert float(middle["gap_s"]) == pytest.approx(30.0)
    assert float(middle["average_gap_s"]) == pytest.approx((20.0**2 + 10.0**2) / 100.0)
    assert float(middle["longest_gap_s"]) == pytest.approx(20.0)
    assert float(middle["revisit_s"]) == pytest.approx((20.0 + 10.0) / 2.0)
    assert float(middle["response_s"]) == pytest.approx((20.0**2 + 10.0**2) / 200.0)
    assert (int(middle["gaps"]), bool(middle["cut"])) == (2, True)
    assert float(found["gap_s"][0]) in (0.0, 30.0)
    never = segment_time_gaps(WALLED, {}, start_s=0.0, end_s=100.0, required_probability=0.9)
    assert (never["gap_s"] == 0.0).all()
    assert np.isnan(never["revisit_s"]).all(), "no gap has no mean length"


def test_fewer_than_two_points_make_no_curve() -> None:
    with pytest.raises(BadInput, match="most"):
        trade_offs(WALLED, most=1)


@pytest.mark.parametrize(("blocked", "words"), [(math.nan, "unknown whether"), (math.inf, "no crossing is possible")])
def test_who_cannot_cross_is_told_from_who_nobody_knows_of(blocked: float, words: str) -> None:
    ground = at_speed(GROUND, 1.0)
    row = np.zeros(SHAPE)
    row[5] = blocked
    height = np.where(np.isnan(row), np.nan, ground.elevation)
    shut = replace(WALLED, mobility=replace(ground, elevation=height, pace=np.where(np.isinf(row), np.inf, 1.0)))
    with pytest.raises(BadInput, match=words):
        trade_offs(shut)
    with pytest.raises(BadInput, match=words):
        sensor_values(shut)


def test_gaps_in_time_of_a_sensor_that_turns() -> None:
    """20 s to the west, 10 s to the east, again and again: each side is open while the other is watched."""
    sides = [seen(part(0, 20, 0.1)), seen(part(20, 40, 0.1))]
    schedule = [(0.0, 20.0, sides[0]), (20.0, 30.0, sides[1]), (30.0, 50.0, sides[0]), (50.0, 60.0, sides[1])]
    found = scheduled_time_gaps(schedule, required_probability=0.9)
    west, east = found.isel(segment=0), found.isel(segment=4)
    assert (float(west["gap_s"]), float(east["gap_s"])) == (20.0, 40.0)
    assert float(west["average_gap_s"]) == pytest.approx(2 * 10.0**2 / 60.0)
    assert float(east["average_gap_s"]) == pytest.approx(2 * 20.0**2 / 60.0)
    assert (bool(west["cut"]), bool(east["cut"])) == (True, True)


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([], "empty"),
        ([(0.0, 10.0), (11.0, 20.0)], "hole"),
        ([(0.0, 10.0), (9.0, 20.0)], "overlaps"),
        ([(5.0, 5.0)], "interval"),
    ],
)
def test_a_schedule_that_is_none_is_refused(spans: list[tuple[float, float]], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        scheduled_time_gaps([(*span, WALLED) for span in spans], required_probability=0.9)


def test_an_outage_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(BadInput, match="ends before it starts"):
        segment_time_gaps(WALLED, {"s2": [(30.0, 10.0)]}, start_s=0.0, end_s=100.0, required_probability=0.9)
    with pytest.raises(BadInput, match="an interval"):
        segment_time_gaps(WALLED, {}, start_s=100.0, end_s=0.0, required_probability=0.9)
