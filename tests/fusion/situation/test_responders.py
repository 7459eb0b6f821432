"""If you leave now: hand-worked on level ground, laws of the response, and ground that nobody can reach."""

from __future__ import annotations

from math import erf, hypot, sqrt

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString

from fusion.alerts.messages import response_message
from fusion.situation.context import AlertContext
from fusion.situation.facts import ResponseAssumptions, Sighting
from fusion.situation.responders import INWARD, OUTWARD, interception_of
from geo.border import Border
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.mobility import tobler_speed
from geo.mobility.settings import MobilitySettings
from sensors.interdiction.interception import ResponseSettings

FRAME = LocalFrame.around(10.0, 45.0)
BORDER = Border(FRAME, LineString([(-1900.0, 0.0), (1900.0, 0.0)]), 500.0, "left")  # home is in the north
BELT_M, CELL_M = 500.0, 20.0
WALK_MPS = float(tobler_speed(0.0, off_path=True))


def level(width_m: float = 4000.0, height_m: float = 3000.0) -> xr.Dataset:
    easting = np.arange(-width_m / 2, width_m / 2 + 1.0, CELL_M)
    northing = np.arange(height_m / 2, -height_m / 2 - 1.0, -CELL_M)
    return xr.Dataset(
        {"elevation": (("northing", "easting"), np.zeros((len(northing), len(easting)), np.float32), {"units": "m"})},
        coords={"northing": northing, "easting": easting},
        attrs={"crs": FRAME.wkt, "datum": "unknown", "cell_m": CELL_M},
    )


@pytest.fixture(scope="module")
def ready():
    return interception_of(level(), BORDER, {"north": (0.0, 1200.0), "far": (1500.0, 1400.0)}, belt_m=BELT_M)


def test_on_level_ground_it_is_what_the_formula_says_by_hand(ready) -> None:
    """From the line straight to the inner edge: ways are along cells, so a step of 20 m more or less."""
    found = ready.of(0.0, 0.0, INWARD, existence=1.0, vehicle=0.0)
    assert found is not None
    assert found.base == "north"
    assert found.time_left_s == pytest.approx(BELT_M / WALK_MPS, abs=1.5 * CELL_M / WALK_MPS)
    assert found.margin_s == pytest.approx(found.time_left_s - found.response_s)
    spread = 0.3 * hypot(found.time_left_s, found.response_s)
    by_hand = 0.95 * 0.5 * (1.0 + erf(found.margin_s / spread / sqrt(2.0)))
    assert found.interruption_probability == pytest.approx(by_hand, abs=1e-9)


def test_a_mover_seen_to_run_leaves_the_time_of_its_speed_and_a_slow_one_that_of_the_ground(ready) -> None:
    """500 m at 4 ± 0.4 m/s are 125 s, by hand; the walker's pace of the ground leaves several minutes."""
    walks = ready.of(0.0, 0.0, INWARD, existence=1.0, vehicle=0.0)
    runs = ready.of(0.0, 0.0, INWARD, existence=1.0, vehicle=0.0, speed_mps=4.0, speed_sd_mps=0.4)
    assert (walks.time_left_by, runs.time_left_by) == ("ground", "observed_speed")
    assert runs.time_left_s == pytest.approx(BELT_M / 4.0, abs=1.5 * CELL_M / 4.0)
    assert runs.margin_s == pytest.approx(runs.time_left_s - runs.response_s)
    assert runs.time_left_sd_s == pytest.approx(hypot(0.3, 0.1) * runs.time_left_s)
    spread = hypot(runs.time_left_sd_s, 0.3 * runs.response_s)
    by_hand = 0.95 * 0.5 * (1.0 + erf(runs.margin_s / spread / sqrt(2.0)))
    assert runs.interruption_probability == pytest.approx(by_hand, abs=1e-9)
    assert runs.interruption_probability < walks.interruption_probability
    strolls = ready.of(0.0, 0.0, INWARD, existence=1.0, vehicle=0.0, speed_mps=0.5, speed_sd_mps=0.1)
    unsure = ready.of(0.0, 0.0, INWARD, existence=1.0, vehicle=0.0, speed_mps=4.0, speed_sd_mps=2.1)
    assert strolls == unsure == walks


def test_an_alert_takes_the_speed_from_its_track(ready) -> None:
    context = AlertContext(interception=ready)
    cov = np.diag([25.0, 25.0, 0.16, 0.16])
    runs = Sighting(
        "T1", 0, 0.0, 0.0, 0.0, 4.0, 0.0, 0, 0.0, 1, None, 1.0, (1.0, 0.0, 0.0, 0.0, 0.0), (), cov=cov
    )  # fmt: skip
    known = context.about(runs, ()).response_in_time
    assert known == ready.of(0.0, 0.0, INWARD, existence=1.0, vehicle=0.0, speed_mps=4.0, speed_sd_mps=0.4)
    assert known.time_left_by == "observed_speed"


@given(st.floats(0.1, 30.0), st.floats(0.1, 30.0))
def test_a_faster_mover_never_leaves_more_time(ready, first: float, second: float) -> None:
    slow, fast = sorted((first, second))
    left = [
        ready.of(0.0, 0.0, INWARD, existence=1.0, vehicle=0.0, speed_mps=speed).time_left_s for speed in (slow, fast)
    ]
    assert left[1] <= left[0]


def test_the_nearer_the_inner_edge_the_less_is_left(ready) -> None:
    steps = [ready.of(0.0, north, INWARD, existence=1.0, vehicle=0.0) for north in (-400.0, -200.0, 0.0, 200.0, 400.0)]
    left = [found.time_left_s for found in steps]
    chance = [found.interruption_probability for found in steps]
    assert left == sorted(left, reverse=True)
    assert chance == sorted(chance, reverse=True)


def test_outward_it_is_the_outer_edge_that_counts(ready) -> None:
    out, home = (ready.of(0.0, 300.0, way, existence=1.0, vehicle=0.0) for way in (OUTWARD, INWARD))
    assert out.time_left_s > home.time_left_s
    assert out.response_s > home.response_s  # the end of the way is beyond the line


def test_a_vehicle_leaves_less_time_and_existence_scales(ready) -> None:
    walks, drives = (ready.of(0.0, -300.0, INWARD, existence=1.0, vehicle=p) for p in (0.0, 1.0))
    mixed = ready.of(0.0, -300.0, INWARD, existence=0.5, vehicle=0.25)
    assert drives.time_left_s < walks.time_left_s
    assert (walks.mover, drives.mover) == ("on_foot", "by_vehicle")
    whole = 0.75 * walks.interruption_probability + 0.25 * drives.interruption_probability
    assert mixed.interruption_probability == pytest.approx(0.5 * whole)


def test_a_slower_response_never_raises_the_probability() -> None:
    bases = {"north": (0.0, 1200.0)}
    chances = []
    for turnout in (0.0, 120.0, 600.0, 3600.0):
        found = interception_of(
            level(), BORDER, bases, belt_m=BELT_M, mobility=MobilitySettings(turnout_s=turnout)
        ).of(0.0, -100.0, INWARD, existence=1.0, vehicle=0.0)  # fmt: skip
        chances.append(found.interruption_probability)
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > chances[-1]


def test_each_base_is_a_candidate_and_the_first_to_arrive_is_the_one_that_is_stated(ready) -> None:
    place = {"existence": 0.9, "vehicle": 0.2}
    first, second = ready.candidates(0.0, 0.0, INWARD, **place)
    stated = ready.of(0.0, 0.0, INWARD, **place)
    assert (first.base, second.base) == ("north", "far")
    assert (first.response_s, first.margin_s) == (stated.response_s, stated.margin_s)
    assert first.interruption_probability == pytest.approx(stated.interruption_probability, abs=1e-12)
    assert first.response_s < second.response_s
    assert first.interruption_probability > second.interruption_probability
    assert ready.candidates(0.0, 900.0, INWARD, **place) == (), "off the belt"


def test_the_bases_are_candidates_too_for_a_vehicle_that_must_go_on_on_foot() -> None:
    """A slope of 30° that no vehicle climbs: the estimate is that of a mover on foot, whatever the track's class."""
    terrain = level()
    terrain["elevation"][:] = np.clip(terrain["northing"], 0.0, 100.0) * np.tan(np.radians(30.0))
    steep = interception_of(terrain, BORDER, {"north": (0.0, 1200.0), "far": (1500.0, 1400.0)}, belt_m=BELT_M)
    place = {"existence": 0.9, "vehicle": 1.0}
    stated = steep.of(0.0, -100.0, INWARD, **place)
    assert stated.mover == "on_foot"
    first, second = steep.candidates(0.0, -100.0, INWARD, **place)
    assert (first.base, second.base) == (stated.base, "far")
    assert (first.response_s, first.margin_s) == (stated.response_s, stated.margin_s)
    assert first.interruption_probability == stated.interruption_probability


def test_off_the_belt_and_off_the_map_nothing_is_said(ready) -> None:
    for east, north in ((0.0, 900.0), (0.0, -900.0), (9e5, 0.0), (float("nan"), 0.0), (float("inf"), 0.0)):
        assert ready.of(east, north, INWARD, existence=1.0, vehicle=0.0) is None
    assert ready.of(0.0, 0.0, 0, existence=1.0, vehicle=0.0) is None


def ringed(kind: str) -> xr.Dataset:
    """Level ground with a ring of water or of a void around the base "isle" at 0, 1200."""
    ground = level()
    ring = np.hypot(ground["easting"] - 0.0, ground["northing"] - 1200.0).transpose("northing", "easting")
    beyond = (ring < 60.0) | (ring > 140.0)
    if kind == "void":
        ground["elevation"] = ground["elevation"].where(beyond)
    return ground.assign(land_cover=beyond.astype(np.uint8) * 30 + (~beyond).astype(np.uint8) * 80)


MOVER = {"existence": 1.0, "vehicle": 0.0}


def test_where_nobody_can_come_it_says_so_and_the_probability_is_zero() -> None:
    ready = interception_of(ringed("water"), BORDER, {"isle": (0.0, 1200.0)}, belt_m=BELT_M)
    found = ready.of(0.0, 0.0, INWARD, **MOVER)
    assert found is not None
    assert (found.base, found.response_s, found.margin_s, found.interruption_probability) == ("", None, None, 0.0)
    assert response_message(found).id == "alert-response-none"
    assert np.isposinf(ready.segment_response_s).all()


def test_where_a_response_may_come_over_a_void_only_it_is_unknown() -> None:
    """As above with unknown ground in place of the water: nobody is known to come, and nobody known not to. The end of
    the target's path and its time stand. A second base, from which the way is known, is the response."""
    void = ringed("void").drop_vars("land_cover")
    ready = interception_of(void, BORDER, {"isle": (0.0, 1200.0)}, belt_m=BELT_M)
    found, dry = (
        ready.of(0.0, 0.0, INWARD, **MOVER),
        interception_of(level(), BORDER, {"x": (0.0, 1200.0)}, belt_m=BELT_M),
    )
    assert found is not None
    assert (found.base, found.response_s, found.margin_s, found.interruption_probability) == ("", None, None, None)
    there = dry.of(0.0, 0.0, INWARD, **MOVER)
    assert there is not None
    assert (found.time_left_s, found.end_easting) == (there.time_left_s, there.end_easting)
    assert response_message(found).id == "alert-response-unknown"
    assert ready.segment_responses == (None,) * len(ready.segment_response_s)
    assert ready.candidates(0.0, 0.0, INWARD, **MOVER) == ()
    both = interception_of(void, BORDER, {"isle": (0.0, 1200.0), "far": (1500.0, 1400.0)}, belt_m=BELT_M)
    known = both.of(0.0, 0.0, INWARD, **MOVER)
    assert known is not None
    assert known.base == "far"
    assert known.interruption_probability is not None
    assert [one.base for one in both.candidates(0.0, 0.0, INWARD, **MOVER)] == ["far"]
    assert {base for _, base in both.segment_responses} == {"far"}


def test_of_two_bases_one_that_cannot_come_and_one_that_may_leave_the_response_unknown() -> None:
    ground = ringed("void")
    pool = np.hypot(ground["easting"] - 1500.0, ground["northing"] - 1200.0).transpose("northing", "easting")
    wet = (pool > 60.0) & (pool < 140.0)
    ground["land_cover"] = (wet.dims, np.where(wet, 80, 30).astype(np.uint8))
    bases = {"pool": (1500.0, 1200.0), "isle": (0.0, 1200.0)}
    ready = interception_of(ground, BORDER, bases, belt_m=BELT_M)
    found = ready.of(0.0, 0.0, INWARD, **MOVER)
    assert found is not None
    assert found.interruption_probability is None
    assert np.isnan(ready.segment_response_s).all()


def test_the_message_gives_base_eta_margin_and_probability(ready) -> None:
    late = ready.of(0.0, 450.0, INWARD, existence=1.0, vehicle=0.0)
    said = response_message(late).parameters
    assert (said["base"], said["timing"]) == ("north", "late")
    assert said["margin_s"] == pytest.approx(-late.margin_s, abs=0.05)
    assert said["eta_s"] == pytest.approx(late.response_s, abs=0.05)


def test_the_estimate_names_its_assumptions(ready) -> None:
    """The defaults of the mobility and response settings; one strip, because the target has been detected."""
    mobility, response = MobilitySettings(), ResponseSettings()
    assumed = ready.of(0.0, 450.0, INWARD, existence=1.0, vehicle=0.0).assumptions
    assert assumed == ResponseAssumptions(
        responder="vehicle_then_on_foot",
        off_road_mps=mobility.vehicle_mps,
        off_path_factor=mobility.off_path_factor,
        turnout_s=mobility.turnout_s,
        dismount_s=mobility.dismount_s,
        strips=1,
        time_sd_fraction=response.sd_share,
        communication=response.communication,
    )


def test_no_base_and_a_base_off_the_ground_are_refused() -> None:
    with pytest.raises(BadInput, match="no base"):
        interception_of(level(), BORDER, {}, belt_m=BELT_M)
    with pytest.raises(BadInput):
        interception_of(level(), BORDER, {"x": (9e5, 0.0)}, belt_m=BELT_M)


def test_the_response_goes_to_the_end_of_the_path_on_the_inner_edge(ready) -> None:
    """Straight to the inner edge, 500 m in the north: a cell of 20 m more or less."""
    found = ready.of(0.0, 0.0, INWARD, existence=1.0, vehicle=0.0)
    assert found.end_northing == pytest.approx(BELT_M, abs=CELL_M)
    assert found.end_easting == pytest.approx(0.0, abs=5 * CELL_M)
    outbound = ready.of(0.0, 0.0, OUTWARD, existence=1.0, vehicle=0.0)
    assert outbound.end_northing == pytest.approx(-BELT_M, abs=CELL_M)


def test_each_segment_is_reached_by_its_nearest_base_over_level_ground(ready) -> None:
    """Off road 9 m/s by vehicle, by the settings: from (0, 1200) to the nearest cell of each segment, within 8% of the
    search's directions and two cells; the base of the west is always the one in the north."""
    settings = MobilitySettings()
    responses = ready.segment_responses
    assert len(responses) == BORDER.segments
    for (seconds, base), (start, end) in zip(responses, BORDER.segment_spans_m.tolist(), strict=True):
        west, east = start - 1900.0, end - 1900.0
        nearest = min(max(0.0, west), east)
        by_hand = settings.turnout_s + hypot(nearest, 1200.0) / settings.vehicle_mps
        assert seconds <= by_hand * 1.08 + 3 * CELL_M / settings.vehicle_mps
        if base == "north":
            assert seconds >= by_hand - 3 * CELL_M / settings.vehicle_mps
    assert responses[0][1] == "north"
