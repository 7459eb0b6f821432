"""Least-detected crossings: the worked example, laws, and a search by brute force."""

from __future__ import annotations

import json
import math

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from geo.border import Border
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.mobility import tobler_speed
from sensors.coverage import coverage
from sensors.gaps import (
    fastest_crossing,
    gaps,
    least_detected_crossing,
    runs_below,
    scheduled_time_gaps,
    segment_detection,
    watch_belt,
)
from sensors.layout import Layout, place
from tests.geo.mobility.constant_speed import at_speed

FRAME = LocalFrame.around(1.5, 42.5)
CELL_M = 5.0
SHAPE = (21, 40)
BORDER = Border(FRAME, LineString([(0.0, 50.0), (195.0, 50.0)]), segment_length_m=39.0)  # along the centres of row 10
WALK_MPS = 1.25
SCAN = -math.log(0.7) / 3.0  # p = .3 every 3 s


def level(elevation: np.ndarray | None = None) -> xr.Dataset:
    """Cells of 5 m whose lower left centre is at (0, 0)."""
    z = np.zeros(SHAPE) if elevation is None else elevation
    return xr.Dataset(
        {"elevation": (("northing", "easting"), z, {"units": "m"})},
        coords={"northing": CELL_M * np.arange(SHAPE[0])[::-1], "easting": CELL_M * np.arange(SHAPE[1])},
        attrs={"crs": FRAME.wkt},
    )


GROUND = level()
WALKER = at_speed(GROUND, WALK_MPS)


def watching(
    *sensors: tuple[str, np.ndarray | float, np.ndarray | float], availability: list[float] | None = None
) -> xr.Dataset:
    """Coverage by hand: kind, rate [1/s] and look probability of each sensor, everywhere or by cell."""
    dims = ("sensor", "northing", "easting")
    rates = np.array([np.broadcast_to(rate, SHAPE) for _, rate, _ in sensors], float).reshape(-1, *SHAPE)
    looks = np.array([np.broadcast_to(look, SHAPE) for _, _, look in sensors], float).reshape(-1, *SHAPE)
    return xr.Dataset(
        {"rate": (dims, rates, {"units": "1/s"}), "look_probability": (dims, looks, {"units": "1"})},
        coords={
            "sensor": np.array([f"s{i}" for i in range(len(sensors))], dtype=str),
            "kind": ("sensor", np.array([kind for kind, _, _ in sensors], dtype=str)),
            "availability": ("sensor", np.array(availability or [1.0] * len(sensors))),
            "northing": GROUND["northing"],
            "easting": GROUND["easting"],
        },
        attrs={"target": "person", "assumptions": json.dumps([["person_speed_mps", WALK_MPS, "m/s", "M", "-"]])},
    )


def test_the_worked_example() -> None:
    """p = .3, T = 3 s, 1.25 m/s: λ = .11889/s = .09511/m; over 30 m .9424, lower end .9093."""
    assert pytest.approx(0.11889, abs=5e-6) == SCAN
    assert pytest.approx(0.09511, abs=5e-6) == SCAN / WALK_MPS
    crossing = least_detected_crossing(watching(("radar", SCAN, 0.3)), GROUND, BORDER, belt_m=15.0, mobility=WALKER)
    assert crossing.length_m == pytest.approx(30.0)
    assert crossing.time_s == pytest.approx(24.0)
    assert crossing.p_detect == pytest.approx(0.9424, abs=5e-5)
    assert crossing.p_detect_low == pytest.approx(0.9093, abs=5e-5)
    assert crossing.p_by_kind == {"radar": pytest.approx(0.9424, abs=5e-5)}
    assert crossing.attrs["mover"] == "mover at 1.25 m/s"


def test_a_ground_sensor_feels_metres_and_not_seconds() -> None:
    """r = 30 m, p = .9 is .04886/m, however slowly one walks: over 30 m 1 − exp(−1.4659)."""
    per_metre = -math.log(0.1) / (math.pi * 30.0 / 2.0)
    assert per_metre == pytest.approx(0.04886, abs=5e-6)
    buried = watching(("ground_sensor", per_metre * WALK_MPS, 0.9))
    for speed in (0.5, 1.25, 3.0):
        crossing = least_detected_crossing(buried, GROUND, BORDER, belt_m=15.0, mobility=at_speed(GROUND, speed))
        assert crossing.p_detect == pytest.approx(1.0 - math.exp(-30.0 * per_metre))
        assert crossing.p_detect_low == pytest.approx(crossing.p_detect)


def test_a_camera_finds_no_more_than_it_can() -> None:
    """P∞ = .3 in 1 s never compounds: .3 over 24 s in view, not 1 − .7²⁴; P∞ = .3 in 1000 s: 1 − .7^.024."""
    quick = watching(("camera", -math.log(0.7) / 1.0, 0.3))
    crossing = least_detected_crossing(quick, GROUND, BORDER, belt_m=15.0, mobility=WALKER)
    assert crossing.p_detect == pytest.approx(0.3)
    slow = watching(("camera", -math.log(0.7) / 1000.0, 0.3))
    crossing = least_detected_crossing(slow, GROUND, BORDER, belt_m=15.0, mobility=WALKER)
    assert crossing.p_detect == pytest.approx(1.0 - 0.7**0.024)


def test_outages_last_for_the_whole_crossing() -> None:
    """Two sensors that each detect surely and work half the time: 1 − .5², and never less by how often they look."""
    both = watching(("radar", 9.0, 0.999), ("radar", 9.0, 0.999), availability=[0.5, 0.5])
    crossing = least_detected_crossing(both, GROUND, BORDER, belt_m=15.0, mobility=WALKER)
    assert crossing.p_detect == pytest.approx(1.0)
    assert crossing.p_expected == pytest.approx(0.75)


def test_the_least_of_all_segments_counts_what_a_search_finds_at_most() -> None:
    """A camera that stares at one half and finds 3 in 10 at most, a radar over the other that finds nearly all."""
    half = np.arange(SHAPE[1]) < SHAPE[1] // 2
    halves = watching(
        ("camera", np.where(half, 5.0, 0.0), np.where(half, 0.3, 0.0)), ("radar", np.where(half, 0, 0.5), 0.7)
    )
    border = Border(FRAME, BORDER.line, segment_length_m=10.0)
    case = {"belt_m": 15.0, "mobility": WALKER}
    every = segment_detection(halves, GROUND, border, **case)["detection_probability"]
    crossing = least_detected_crossing(halves, GROUND, border, **case)
    assert float(every.max()) > 0.9
    assert crossing.p_detect == pytest.approx(float(every.min()), abs=1e-12)
    assert crossing.p_detect == pytest.approx(0.3)


def test_the_crosser_goes_through_the_hole() -> None:
    """A wall of rate with a hole of four cells far from the straight way: through it, unseen, by the fastest way."""
    rate = np.zeros(SHAPE)
    rate[7:9] = 1.0
    rate[7:9, 30:34] = 0.0
    walled = watching(("radar", rate, 0.9))
    crossing = least_detected_crossing(walled, GROUND, BORDER, belt_m=15.0, mobility=WALKER)
    assert crossing.p_detect == 0.0
    assert crossing.segment == 3
    assert crossing.places[:, 0].min() >= 150.0
    assert crossing.places[:, 0].max() <= 165.0
    assert crossing.time_s == pytest.approx(24.0), "of ways without any detection the fastest"
    assert crossing.decided == ()
    straight = fastest_crossing(walled, GROUND, BORDER, belt_m=15.0, mobility=WALKER, segment=0)
    assert straight.p_detect > 0.99
    found = segment_detection(walled, GROUND, BORDER, belt_m=15.0, mobility=WALKER)
    assert (found["detection_probability"][:3] < 1e-9).all(), "round through the hole and back"


def test_where_it_is_decided() -> None:
    """One row of cells is watched ten times as closely as the rest: the stretch over it decides."""
    rate = np.full(SHAPE, 0.01)
    rate[8] = 0.5  # 10 m beyond the line, on the home side
    crossing = least_detected_crossing(
        watching(("radar", rate, 0.2), ("radar", rate / 10.0, 0.2)), GROUND, BORDER, belt_m=15.0, mobility=WALKER
    )
    (decision,) = crossing.decided
    assert decision.sensors == ("s0", "s1")
    assert decision.share > 0.8
    assert (decision.start_m, decision.end_m) == (pytest.approx(20.0), pytest.approx(30.0))
    assert decision.northing == 60.0
    assert (decision.start_s, decision.end_s) == (pytest.approx(16.0), pytest.approx(24.0))
    assert sum(crossing.hazard_by_sensor.values()) == pytest.approx(crossing.hazard)
    assert crossing.hazard_by_sensor["s0"] == pytest.approx(10.0 * crossing.hazard_by_sensor["s1"])


def test_uphill_takes_longer_and_is_detected_more() -> None:
    slope = level(np.repeat(np.arange(21.0)[::-1, None], 40, axis=1))  # 1 m in 5, up towards home
    radar = watching(("radar", 0.01, 0.2))
    inward = least_detected_crossing(radar, slope, BORDER, belt_m=15.0)
    outward = least_detected_crossing(radar, slope, BORDER, belt_m=15.0, direction="outward")
    assert inward.time_s == pytest.approx(30.0 / tobler_speed(0.2, off_path=True))
    assert outward.time_s == pytest.approx(30.0 / tobler_speed(-0.2, off_path=True))
    assert inward.p_detect == pytest.approx(1.0 - math.exp(-0.01 * inward.time_s))
    assert outward.p_detect < inward.p_detect
    assert inward.places[0, 1] < inward.places[-1, 1]
    assert outward.places[0, 1] > outward.places[-1, 1]


rates = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).uniform(0.0, 0.2, SHAPE) ** 3)


@settings(max_examples=12, deadline=None)
@given(rates, rates, st.sampled_from(["radar", "camera", "ground_sensor"]))
def test_adding_a_sensor_never_lowers_any_segments_detection(first: np.ndarray, second: np.ndarray, kind: str) -> None:
    """Held exactly where hazards add up; where a camera's search ends the sum is bounded by what it finds."""
    one = watching(("radar", first * 50.0, 0.3))
    two = watching(("radar", first * 50.0, 0.3), (kind, second, 0.999999))
    case = {"belt_m": 30.0, "mobility": WALKER}
    alone = segment_detection(one, GROUND, BORDER, **case)["detection_probability"]
    together = segment_detection(two, GROUND, BORDER, **case)["detection_probability"]
    assert (together >= alone - 1e-12).all()


@settings(max_examples=12, deadline=None)
@given(rates, st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_a_higher_requirement_gives_a_superset_of_segments(rate: np.ndarray, a: float, b: float) -> None:
    seen = watching(("radar", rate * 30.0, 0.3))
    low, high = (
        {n for gap in gaps(seen, BORDER, required_probability=p, belt_m=30.0) for n in gap.segments}
        for p in sorted((a, b))
    )
    assert low <= high


@settings(max_examples=10, deadline=None)
@given(rates)
@example(np.random.default_rng(256380).uniform(0.0, 0.2, SHAPE) ** 3)
def test_the_least_of_the_segments_is_the_least_crossing(rate: np.ndarray) -> None:
    seen = watching(("radar", rate * 30.0, 0.3))
    case = {"belt_m": 30.0, "mobility": WALKER}
    segments = segment_detection(seen, GROUND, BORDER, **case)
    crossing = least_detected_crossing(seen, GROUND, BORDER, **case)
    probability = segments["detection_probability"].to_numpy()
    assert crossing.p_detect == pytest.approx(probability.min())
    assert probability[crossing.segment] == pytest.approx(probability.min()), "one way may be the least of two segments"
    fast = fastest_crossing(seen, GROUND, BORDER, **case)
    assert fast.p_detect >= crossing.p_detect - 1e-12
    assert fast.time_s <= crossing.time_s + 1e-9


def test_gaps_by_hand() -> None:
    """Five segments: watched, half watched, unwatched twice, watched; walls of void ground keep them apart."""
    rate = np.zeros(SHAPE)
    for first, last, value in ((0, 8, 0.2), (8, 16, 0.02), (32, 40, 0.2)):
        rate[:, first:last] = value
    z = np.zeros(SHAPE)
    z[:, [7, 8, 15, 16, 23, 24, 31, 32]] = np.nan
    found = gaps(watching(("radar", rate, 0.3)), BORDER, required_probability=0.9, terrain=level(z), belt_m=15.0)
    assert [(gap.first, gap.last, gap.known) for gap in found] == [(1, 3, True)]
    assert (found[0].start_m, found[0].end_m, found[0].length_m) == (39.0, 156.0, 117.0)
    assert found[0].least_probability == 0.0
    assert found[0].least_segment == 2
    merged = gaps(watching(("radar", rate, 0.3)), BORDER, required_probability=0.9999, terrain=level(z), belt_m=15.0)
    assert [(gap.first, gap.last) for gap in merged] == [(0, 4)]


def test_what_nobody_knows_is_no_probability() -> None:
    """A sensor behind a void: where nothing else is known P is NaN and a gap of its own; elsewhere a lower bound."""
    rate = np.full(SHAPE, 0.05)
    rate[:, 20:] = np.nan
    blind = watching(("radar", rate, 0.3))
    found = segment_detection(blind, GROUND, BORDER, belt_m=15.0, mobility=WALKER)
    assert found["state"].to_numpy()[0] == "crossed"
    assert found["unknown_m"][0] >= 0.0
    crossed = found.where(found["state"] == "crossed", drop=True)
    assert (crossed["certain_probability"] >= crossed["detection_probability"] - 1e-12).all()
    assert float(crossed["detection_probability"][2]) == 0.0, "it may be that the sensor does not see there"
    assert float(crossed["certain_probability"][2]) > 0.5
    nothing = watching(("radar", np.nan, np.nan))
    lost = segment_detection(nothing, GROUND, BORDER, belt_m=15.0, mobility=WALKER)
    assert (lost["state"] == "unknown").all()
    assert lost["detection_probability"].isnull().all()
    (gap,) = gaps(nothing, BORDER, required_probability=0.5, belt_m=15.0)
    assert not gap.known
    assert math.isnan(gap.least_probability)
    assert gap.segments == range(5)


def test_a_lower_bound_below_the_requirement_is_no_known_gap() -> None:
    """In segment 2 P is 0 over ground of unknown sight and above 0.5 over known ground, so that a requirement of 0.5 is
    undecided there, as it is in unknown segments; one above what known ground has is missed for certain."""
    rate = np.full(SHAPE, 0.05)
    rate[:, 20:] = np.nan
    watched = watch_belt(watching(("radar", rate, 0.3)), GROUND, BORDER, belt_m=15.0, mobility=WALKER)
    found = segment_detection(watching(("radar", rate, 0.3)), GROUND, BORDER, belt_m=15.0, mobility=WALKER)
    assert found["state"].to_numpy().tolist() == ["crossed", "crossed", "crossed", "unknown", "unknown"]
    assert [(gap.first, gap.last, gap.known) for gap in runs_below(found, 0.5)] == [(2, 4, False)]
    missed = float(found["certain_probability"][2]) + 1e-6
    assert [(gap.first, gap.last, gap.known) for gap in runs_below(found, missed)] == [(0, 2, True), (3, 4, False)]
    times = scheduled_time_gaps([(0.0, 60.0, watched)], required_probability=0.5)
    assert np.isnan(times["gap_s"]).to_numpy().tolist() == [False, False, True, True, True]


def test_where_nobody_can_cross_is_no_gap() -> None:
    cliff = np.zeros(SHAPE)
    shut = at_speed(GROUND, WALK_MPS)
    shut.pace[9] = np.inf
    found = segment_detection(watching(("radar", 0.0, 0.0)), level(cliff), BORDER, belt_m=15.0, mobility=shut)
    assert found["state"].to_numpy()[1:-1].tolist() == ["unreachable"] * 3
    assert found["detection_probability"][1:-1].isnull().all()
    with pytest.raises(BadInput, match="no crossing is possible"):
        least_detected_crossing(watching(("radar", 0.0, 0.0)), GROUND, BORDER, belt_m=15.0, mobility=shut)


def test_where_nobody_knows_the_error_says_so() -> None:
    void = np.zeros(SHAPE)
    void[10] = np.nan
    with pytest.raises(BadInput, match="unknown whether"):
        least_detected_crossing(watching(("radar", 0.1, 0.3)), level(void), BORDER, belt_m=15.0)


def test_no_sensor_detects_nobody() -> None:
    crossing = least_detected_crossing(watching(), GROUND, BORDER, belt_m=15.0, mobility=WALKER)
    assert (crossing.p_detect, crossing.hazard, crossing.p_by_kind) == (0.0, 0.0, {})


def test_lazy_coverage_gives_the_same() -> None:
    rng = np.random.default_rng(4)
    seen = watching(("radar", rng.uniform(0.0, 0.1, SHAPE), 0.3), ("camera", rng.uniform(0.0, 0.1, SHAPE), 0.8))
    lazy = seen.assign(
        {name: (seen[name].dims, da.from_array(seen[name].to_numpy(), chunks=(1, 8, 11))) for name in seen}
    )
    a, b = (segment_detection(each, GROUND, BORDER, belt_m=30.0) for each in (seen, lazy))
    xr.testing.assert_identical(a, b)


def test_a_real_layout_end_to_end() -> None:
    """A radar on a mast over level ground sees all: every segment is crossed under its rate, by λ·t."""
    radar = place(
        FRAME, 97.0, 20.0, id="mast", kind="radar", max_range_m=400.0, mast_height_m=8.0, period_s=3.0,
        detection_probability=0.3,
    )  # fmt: skip
    seen = coverage(Layout("one", FRAME, (radar,)), GROUND, BORDER)
    found = segment_detection(seen, GROUND, BORDER, belt_m=15.0, mobility=WALKER)
    assert found["detection_probability"].to_numpy() == pytest.approx(0.9424, abs=5e-5)
    assert found["detection_probability_low"].to_numpy() == pytest.approx(0.9093, abs=5e-5)


def test_without_a_belt_the_widest_that_fits_is_taken() -> None:
    """50 m of ground on either side, of which two cells are kept free; said in attrs."""
    crossing = least_detected_crossing(watching(("radar", 0.1, 0.3)), GROUND, BORDER, mobility=WALKER)
    assert crossing.attrs["belt_m"] == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"coverage": GROUND}, "no rate of each sensor"),
        ({"terrain": level().assign_coords(easting=GROUND["easting"] + 1.0)}, "different eastings"),
        ({"terrain": level().isel(northing=slice(1, None))}, "different northings"),
        ({"belt_m": 0.0}, "belt_m"),
        ({"belt_m": 500.0}, "is nowhere on the terrain"),
        ({"border": Border(FRAME, LineString([(0.0, 5_000.0), (195.0, 5_000.0)]))}, "outside the terrain"),
        ({"segment": 5}, "no segment 5"),
        ({"segment": "first"}, "no segment first"),
        ({"segment": 1.5}, "no segment 1.5"),
        ({"coverage": None}, "coverage: is a NoneType"),
        ({"terrain": "hills.tif"}, "is a str"),
        ({"belt_m": "500"}, "belt_m"),
        ({"mobility": at_speed(level().assign_coords(easting=GROUND["easting"] + 50.0), 1.0)}, "different eastings"),
        ({"coverage": watching(("radar", -0.1, 0.3))}, "below 0 or infinite"),
        ({"coverage": watching(("radar", math.inf, 0.3))}, "below 0 or infinite"),
        ({"direction": "up"}, "direction"),
        ({"neighbours": 4}, "4 neighbours"),
    ],
)
def test_crossings_that_make_no_sense_are_refused(change: dict, words: str) -> None:
    case = {"coverage": watching(("radar", 0.1, 0.3)), "terrain": GROUND, "border": BORDER, "belt_m": 15.0} | change
    with pytest.raises(BadInput, match=words):
        least_detected_crossing(case.pop("coverage"), case.pop("terrain"), case.pop("border"), **case)


@pytest.mark.parametrize("required", [0.0, 1.1, float("nan")])
def test_a_requirement_outside_its_range_is_refused(required: float) -> None:
    with pytest.raises(BadInput, match="required_probability"):
        gaps(watching(("radar", 0.1, 0.3)), BORDER, required_probability=required)
