"""Interruption of crossings: ways, tasks, margins; the formula itself is in test_easi."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from geo.border import Border, Zone
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.paths.search import spread
from sensors.crossing.segments import least_ways, unknown_segments_in
from sensors.crossing.watched_belt import WatchedBelt
from sensors.gaps import watch_belt
from sensors.interdiction import probability_of_interruption
from sensors.interdiction.interception import (
    ResponseSettings,
    head_start,
    interruptions,
    most_vulnerable,
    most_vulnerable_crossing,
    tasks_of,
    three_ways,
    where_it_ends,
)
from tests.geo.mobility.constant_speed import at_speed

FRAME = LocalFrame.around(1.5, 42.5)
CELL_M = 5.0
SHAPE = (41, 30)
BORDER = Border(FRAME, LineString([(0.0, 100.0), (145.0, 100.0)]), segment_length_m=29.0)  # along the centres of row 20
SURE = ResponseSettings(sd_share=0.0, communication=1.0, position=1.0, strips=4)
WAYS = ["minimum detection", "minimum time", "most vulnerable"]


GROUND = xr.Dataset(
    {"elevation": (("northing", "easting"), np.zeros(SHAPE), {"units": "m"})},
    coords={"northing": CELL_M * np.arange(SHAPE[0])[::-1], "easting": CELL_M * np.arange(SHAPE[1])},
    attrs={"crs": FRAME.wkt},
)


def seen(rate: np.ndarray | float, speed_mps: float = 1.0, delay_s: float = 0.0) -> WatchedBelt:
    """One radar with that rate [1/s], a belt of 80 m on either side, a crosser at 1 m/s: 160 s from edge to edge."""
    return watch_belt(coverage_of(rate, delay_s), GROUND, BORDER, belt_m=80.0, mobility=at_speed(GROUND, speed_mps))


def coverage_of(rate: np.ndarray | float, delay_s: float = 0.0) -> xr.Dataset:
    dims = ("sensor", "northing", "easting")
    rates = np.broadcast_to(rate, (1, *SHAPE))
    return xr.Dataset(
        {"rate": (dims, rates), "look_probability": (dims, 1.0 - np.exp(-3.0 * rates))},
        coords={"sensor": ["s"], "kind": ("sensor", ["radar"]), "report_delay": ("sensor", [delay_s]), **GROUND.coords},
        attrs={"target": "person"},
    )


def response(seconds: float | np.ndarray) -> xr.DataArray:
    return GROUND["elevation"] * 0.0 + np.broadcast_to(seconds, SHAPE)


def test_by_hand_with_a_sure_response() -> None:
    """Detected in strip i of four, at its beginning, (4 − i) · 40 s are left: in time for a response of 100 s in the
    first two. P = P₁ + (1 − P₁) P₂ with P = 1 − exp(−0.01 · 40) each."""
    found = interruptions(seen(0.01), response(100.0), settings=SURE)
    one = 1.0 - math.exp(-0.4)
    assert found["interruption_probability"].to_numpy() == pytest.approx(one + (1.0 - one) * one)
    assert found["detection_probability"].to_numpy() == pytest.approx(1.0 - math.exp(-1.6))
    assert found["margin_s"].to_numpy() == pytest.approx(60.0)
    assert found["critical_northing"].to_numpy() == pytest.approx(20.0 + 60.0), "60 m from the southern edge"
    assert found["way"].to_numpy().tolist() == WAYS
    assert found["least_interruption"].to_numpy() == pytest.approx(one + (1.0 - one) * one)


def test_who_was_seen_to_be_faster_than_the_ground_allows_is_stopped_less() -> None:
    """As above, of crossers who were seen at 2 m/s: 80 s from edge to edge. 100 s are too long wherever they are
    detected; 50 s are not in the first two strips, where exp(−0.01 · 20) remains undetected in each. One who was seen
    to be slower than the ground allows may still be as fast as that."""
    fast = replace(SURE, seen_mps=2.0)
    late = interruptions(seen(0.01), response(100.0), settings=fast)
    assert late["interruption_probability"].to_numpy() == pytest.approx(0.0)
    assert late["seconds"].to_numpy() == pytest.approx(80.0)
    assert late["margin_s"].to_numpy() == pytest.approx(-20.0)
    found = interruptions(seen(0.01), response(50.0), settings=fast)
    assert found["interruption_probability"].to_numpy() == pytest.approx(1.0 - math.exp(-0.4))
    assert found["detection_probability"].to_numpy() == pytest.approx(1.0 - math.exp(-1.6)), "at the pace of the ground"
    spare = head_start(seen(0.01), response(50.0), seen_mps=2.0)
    assert float(spare.sel(easting=75.0, northing=100.0)) == pytest.approx(80.0 / 2.0 - 50.0)
    slow = interruptions(seen(0.01), response(100.0), settings=replace(SURE, seen_mps=0.5))
    xr.testing.assert_equal(slow, interruptions(seen(0.01), response(100.0), settings=SURE))


@pytest.mark.parametrize("speed", [0.0, -1.0, math.inf, math.nan])
def test_a_speed_at_which_nothing_moves_is_refused(speed: float) -> None:
    with pytest.raises(BadInput, match="seen_mps"):
        ResponseSettings(seen_mps=speed)


def test_what_is_reported_by_hand_counts_when_its_report_arrives() -> None:
    """As above, each report 40 s later: what is detected in the first strip is reported in the second, with 120 s left
    at its beginning; all else is too late for a response of 100 s. Detection is the same. With 200 s nothing is in
    time, and with sure times nobody is interrupted."""
    found = interruptions(seen(0.01, delay_s=40.0), response(100.0), settings=SURE)
    assert found["interruption_probability"].to_numpy() == pytest.approx(1.0 - math.exp(-0.4))
    assert found["detection_probability"].to_numpy() == pytest.approx(1.0 - math.exp(-1.6))
    assert found["seconds"].to_numpy() == pytest.approx(160.0)
    late = interruptions(seen(0.01, delay_s=200.0), response(100.0), settings=SURE)
    assert late["interruption_probability"].to_numpy() == pytest.approx(0.0)
    assert late["detection_probability"].to_numpy() == pytest.approx(1.0 - math.exp(-1.6))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_later_report_never_raises_interruption(seed: int) -> None:
    """On the same ways, as other reports make other ways most vulnerable."""
    rates = np.random.default_rng(seed).uniform(0.0, 0.05, SHAPE)
    ways = three_ways(seen(rates), response(100.0))
    found = [
        interruptions(seen(rates, delay_s=d), response(100.0), ways=ways)["interruption_probability"].to_numpy()
        for d in (0.0, 20.0, 60.0, 1000.0)
    ]
    assert all((later <= sooner + 1e-12).all() for sooner, later in itertools.pairwise(found))


def test_the_most_vulnerable_way_knows_when_a_report_comes() -> None:
    """A crosser from northing 20 to 180 has 180 − y seconds left, the response takes 100 s: a report is in time up to
    y = 80, one that comes 50 s late up to y = 30. Only there a rate makes a way dearer."""
    outer, middle = np.zeros(SHAPE), np.zeros(SHAPE)
    outer[34:37], middle[26:34] = 0.02, 0.02  # y from 20 to 30, and from 35 to 70
    free = most_vulnerable(seen(0.0), response(100.0)).cost.max()
    cost = {
        (name, delay): most_vulnerable(seen(rates, delay_s=delay), response(100.0)).cost.max()
        for name, rates in (("outer", outer), ("middle", middle))
        for delay in (0.0, 50.0)
    }
    assert cost["middle", 50.0] == pytest.approx(free)
    assert cost["middle", 0.0] > 0.5
    assert cost["outer", 50.0] == pytest.approx(cost["outer", 0.0])
    assert cost["outer", 50.0] > 0.1


def test_the_formula_is_that_of_easi() -> None:
    found = interruptions(seen(0.01), response(90.0), settings=ResponseSettings(strips=2))
    expected = probability_of_interruption(
        [1.0 - math.exp(-0.8)] * 2, [80.0, 80.0], [24.0, 24.0], response_s=90.0, response_sd_s=27.0, communication=0.95
    )
    assert found["interruption_probability"].to_numpy() == pytest.approx(expected)


@pytest.mark.parametrize(("depth_m", "strips"), [(100.0, 4), (4_000.0, 4), (4_400.0, 4), (6_000.0, 6), (14_000.0, 14)])
def test_strips_are_as_deep_as_a_pace_is_kept_and_at_least_four(depth_m: float, strips: int) -> None:
    assert ResponseSettings().strips_over(depth_m) == strips
    assert ResponseSettings(strips=2).strips_over(depth_m) == 2


def test_the_sensitivity_to_the_strips_is_that_of_half_and_twice_as_many() -> None:
    """By hand with two strips: EASI with one task of 160 s, with two, and with four (detection 1 − exp(−0.01 · s))."""
    found = interruptions(seen(0.01), response(90.0), settings=ResponseSettings(strips=2))
    assert found["strips_tried"].to_numpy().tolist() == [0.5, 1.0, 2.0]
    for factor, strips in ((0.5, 1), (1.0, 2), (2.0, 4)):
        length = 160.0 / strips
        expected = probability_of_interruption(
            [1.0 - math.exp(-0.01 * length)] * strips,
            [length] * strips,
            [0.3 * length] * strips,
            response_s=90.0,
            response_sd_s=27.0,
            communication=0.95,
        )
        tried = found["interruption_by_strips"].sel(strips_tried=factor)
        assert tried.to_numpy() == pytest.approx(expected), strips
        assert found["least_by_strips"].sel(strips_tried=factor).to_numpy() == pytest.approx(expected)
    assert found["least_by_strips"].sel(strips_tried=1.0).to_numpy() == pytest.approx(
        found["least_interruption"].sel(slower=1.0).to_numpy()
    )


def test_an_interruption_says_what_it_assumes() -> None:
    who = "a crew on horses; 4 m/s off the road"
    found = interruptions(seen(0.01), response(90.0).assign_attrs(assumptions=who))
    said = found.attrs["response_assumptions"]
    for part in (who, "4 strips of 40 m", "0.5 of a strip's time", "0.3 of their mean", "passed on with 0.95"):
        assert part in said


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(20.0, 300.0))
def test_a_slower_response_never_raises_interruption(seed: int, seconds: float) -> None:
    rng = np.random.default_rng(seed)
    field = response(seconds * rng.uniform(0.5, 1.5, SHAPE))
    found = interruptions(seen(rng.uniform(0.0, 0.05, SHAPE)), field, slower=(0.5, 1.0, 2.0, 4.0))
    assert (found["interruption_probability"].diff("slower") <= 1e-12).all()
    assert (found["least_interruption"] <= found["interruption_probability"].min("way") + 1e-12).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_each_way_is_the_least_of_what_it_is_chosen_for(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = interruptions(seen(rng.uniform(0.0, 0.05, SHAPE)), response(100.0))
    detected, time = found["detection_probability"], found["seconds"]
    assert (detected.sel(way="minimum detection") <= detected.min("way") + 1e-9).all()
    assert (time.sel(way="minimum time") <= time.min("way") + 1e-9).all()


def test_the_most_vulnerable_way_heeds_only_what_comes_in_time() -> None:
    """South of the line a detour of some metres is unseen, north of it all is watched: in time is only the south.

    The least detected way shuns both watched bands; the most vulnerable crosses the northern one by the fastest way,
    as a response of 110 s comes too late for what is detected there.
    """
    rate = np.zeros(SHAPE)
    rate[30:33] = 0.2  # 45 m south of the line
    rate[30:33, 4:8] = 0.0
    rate[12:15] = 0.2  # 30 m north of it
    rate[12:15, 22:26] = 0.0
    watched_ground = seen(rate)
    ways = most_vulnerable(watched_ground, response(110.0))
    path = ways.places(ways.cheapest)
    south, north = path[path[:, 1] < 60.0], path[path[:, 1] > 130.0]
    assert (south[:, 0] <= 40.0).all()
    assert (north[:, 0] <= 60.0).all(), "straight on through the watched band, not on to its hole"
    whole = most_vulnerable_crossing(watched_ground, response(110.0))
    assert whole.kind == "most vulnerable"
    assert np.array_equal(whole.places, path)
    assert whole.p_detect > 0.5
    found = interruptions(watched_ground, response(110.0), settings=SURE)
    segment = ways.cheapest
    assert float(found["interruption_probability"].sel(way="most vulnerable")[segment, 0]) == pytest.approx(0.0)
    assert float(found["detection_probability"].sel(way="most vulnerable")[segment]) > 0.5


def test_the_response_comes_to_where_the_way_ends() -> None:
    field = np.full(SHAPE, 1e6)
    field[4] = 50.0  # the northern edge, where inward ways end
    field[36] = 70.0  # the southern edge
    inward = interruptions(seen(0.01), response(field))
    outward = interruptions(seen(0.01), response(field), direction="outward")
    assert inward["response_s"].to_numpy() == pytest.approx(50.0)
    assert outward["response_s"].to_numpy() == pytest.approx(70.0)


def test_head_start_is_what_is_left_of_the_fastest_way() -> None:
    spare = head_start(seen(0.0), response(100.0))
    assert float(spare.sel(northing=20.0, easting=70.0)) == pytest.approx(60.0)
    assert float(spare.sel(northing=180.0, easting=70.0)) == pytest.approx(-100.0)
    assert np.isnan(head_start(seen(0.0), response(np.nan))).all()
    never = head_start(seen(0.0), response(np.inf)).to_numpy()
    assert np.isneginf(never[seen(0.0).belt.inside]).all()
    assert np.isnan(never[~seen(0.0).belt.inside]).all()


def test_nobody_who_can_come_interrupts_nothing_and_an_unknown_time_is_unknown() -> None:
    never = interruptions(seen(0.01), response(np.inf))
    assert (never["interruption_probability"] == 0.0).all()
    unknown = interruptions(seen(0.01), response(np.nan))
    assert unknown["interruption_probability"].isnull().all()
    assert unknown["least_interruption"].isnull().all()


def test_what_is_never_detected_in_time_is_not_interrupted_however_soon_the_unknown_response_is() -> None:
    """A watched band with a hole in the west: the minimum-detection path through every segment leads through the hole,
    so it is interrupted by no response; the fastest path through the east is seen, so its interruption is unknown. Of
    reports that arrive after a crossing of 160 s, none is in time."""
    band = np.zeros(SHAPE)
    band[30:34, 4:] = 0.01
    found = interruptions(seen(band), response(np.nan))
    by_way = found["interruption_probability"].isel(slower=0, segment=-1).to_numpy()
    assert by_way[0] == 0.0
    assert np.isnan(by_way[1:]).all()
    assert (found["least_interruption"] == 0.0).all()
    assert (found["least_by_strips"] == 0.0).all()
    assert found["response_s"].isnull().all()
    late = interruptions(seen(0.01, delay_s=200.0), response(np.nan))
    assert (late["interruption_probability"] == 0.0).all()


def test_detection_on_a_path_is_unknown_where_that_of_its_segment_is() -> None:
    """In the west the sight of the sensor is unknown from edge to edge, so no path through these segments is known."""
    rate = np.full(SHAPE, 0.01)
    rate[:, :15] = np.nan
    found = interruptions(seen(rate), response(100.0), settings=SURE)
    unknown = unknown_segments_in(seen(rate), least_ways(seen(rate)))
    assert 0 < unknown.sum() < len(unknown)
    for name in ("detection_probability", "interruption_probability"):
        np.testing.assert_array_equal(found[name].isnull().any(("way", *({"slower"} & {*found[name].dims}))), unknown)
    assert found["seconds"].notnull().all()


def test_every_way_is_followed_to_its_own_end() -> None:
    rng = np.random.default_rng(7)
    labels = np.full(SHAPE, np.inf)
    labels[3, 5], labels[30, 22], labels[20, 1] = 0.0, 0.0, 0.0
    found = spread(seen(0.0).mobility, labels, weight=rng.uniform(0.2, 1.0, SHAPE), backward=True)
    ends = where_it_ends(found)
    for cell in [(0, 0), (40, 29), (15, 10), (30, 22)]:
        rows, columns = found.path(*cell)
        assert divmod(int(ends[cell]), SHAPE[1]) == (rows[-1], columns[-1])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"communication": 1.2}, "communication"),
        ({"position": -0.1}, "position"),
        ({"sd_share": -1.0}, "sd_share"),
        ({"strips": 0}, "strips"),
        ({"strips": True}, "strips"),
        ({"least_strips": 0}, "least_strips"),
        ({"strip_m": 0.0}, "strip_m"),
    ],
)
def test_settings_that_cannot_be_are_refused(values: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        ResponseSettings(**values)


def test_a_factor_that_cannot_be_is_refused() -> None:
    with pytest.raises(BadInput, match="slower"):
        interruptions(seen(0.01), response(100.0), slower=(0.0,))


def test_the_strips_of_a_zone_reach_from_its_far_edge_to_the_end_of_the_belt() -> None:
    """A zone 40 m wide with belts of 60 m: 160 m in four strips of 40 m and, at 1 m/s, as many seconds."""
    zone = Zone.from_lines(LineString([(0.0, 82.0), (145.0, 82.0)]), LineString([(0.0, 122.0), (145.0, 122.0)]), FRAME)
    one = seen(0.01)
    ground = watch_belt(coverage_of(0.01), GROUND, zone, belt_m=60.0, mobility=one.mobility)
    tasks = tasks_of(ground, least_ways(ground), response(100.0), SURE)
    assert tasks.delay_s.sum(axis=1) == pytest.approx(155.0, abs=5.0)
    assert tasks.delay_s == pytest.approx(40.0, abs=5.0)
