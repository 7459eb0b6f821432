"""If you leave now: hand-worked on level ground, laws of the response, and ground that nobody can reach."""

from __future__ import annotations

from math import erf, hypot, sqrt

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString

from fusion.alerts.sentences import response_sentence
from fusion.situation.context import AlertContext
from fusion.situation.facts import Sighting
from fusion.situation.responders import INWARD, OUTWARD, interception_of
from geo.border import Border
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.mobility import tobler_speed
from geo.mobility.settings import MobilitySettings

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
    assert (walks.time_left_by, runs.time_left_by) == ("ground", "observed speed")
    assert runs.time_left_s == pytest.approx(BELT_M / 4.0, abs=1.5 * CELL_M / 4.0)
    assert runs.margin_s == pytest.approx(runs.time_left_s - runs.response_s)
    assert runs.time_left_sd_s == pytest.approx(hypot(0.3, 0.1) * runs.time_left_s)
    spread = hypot(runs.time_left_sd_s, 0.3 * runs.response_s)
    by_hand = 0.95 * 0.5 * (1.0 + erf(runs.margin_s / spread / sqrt(2.0)))
    assert runs.interruption_probability == pytest.approx(by_hand, abs=1e-9)
    assert runs.interruption_probability < walks.interruption_probability
    assert "at its observed speed" in response_sentence(runs)
    assert "at the fastest the ground allows" in response_sentence(walks)
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
    assert known.time_left_by == "observed speed"


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
    assert (walks.mover, drives.mover) == ("on foot", "by vehicle")
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


def test_off_the_belt_and_off_the_map_nothing_is_said(ready) -> None:
    for east, north in ((0.0, 900.0), (0.0, -900.0), (9e5, 0.0), (float("nan"), 0.0), (float("inf"), 0.0)):
        assert ready.of(east, north, INWARD, existence=1.0, vehicle=0.0) is None
    assert ready.of(0.0, 0.0, 0, existence=1.0, vehicle=0.0) is None


def test_where_nobody_can_come_it_says_so_and_the_probability_is_zero() -> None:
    """A base on an island: a ring of unknown ground around it."""
    ground = level()
    ring = np.hypot(ground["easting"] - 0.0, ground["northing"] - 1200.0)
    ground["elevation"] = ground["elevation"].where((ring < 60.0) | (ring > 140.0))
    found = interception_of(ground, BORDER, {"isle": (0.0, 1200.0)}, belt_m=BELT_M).of(
        0.0, 0.0, INWARD, existence=1.0, vehicle=0.0
    )
    assert found is not None
    assert (found.base, found.response_s, found.margin_s, found.interruption_probability) == ("", None, None, 0.0)
    assert response_sentence(found).startswith("Nobody from any base")


def test_the_sentence_gives_base_minutes_and_probability(ready) -> None:
    late = ready.of(0.0, 450.0, INWARD, existence=1.0, vehicle=0.0)
    said = response_sentence(late)
    assert said.startswith("If you leave north now: there in ")
    assert "min late" in said
    assert len(said) < 160


def test_no_base_and_a_base_off_the_ground_are_refused() -> None:
    with pytest.raises(BadInput, match="no base"):
        interception_of(level(), BORDER, {}, belt_m=BELT_M)
    with pytest.raises(BadInput):
        interception_of(level(), BORDER, {"x": (9e5, 0.0)}, belt_m=BELT_M)
