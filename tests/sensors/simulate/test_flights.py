"""Drones and aerostats of the simulator: endurance, turnaround, wind, and a link that fails once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.detection_model.assumptions import Situation
from sensors.detection_model.weather import Conditions
from sensors.errors import LayoutError
from sensors.layout import Layout, place
from sensors.mobile.flight import FLIGHT_RESERVE
from sensors.simulate import simulate
from sensors.simulate.carriers import drive_of, stated_poses, states_of
from sensors.simulate.flights import LINK_LOST_S, StateChange, works_at
from sensors.simulate.movers import Mover, Scenario
from tests.sensors.simulate.test_carriers import FRAME, START, lonlats, vehicle


def drone(**keys: Any):
    """1,000 m out to the east at 10 m/s; 400 s of flight less the reserve of 80 s."""
    given = {
        "id": "D", "kind": "camera", "max_range_m": 900.0, "range_sd_m": None, "azimuth_sd_deg": 0.5,
        "endurance_s": 400.0, "turnaround_s": 100.0, "mast_height_m": 120.0, "max_wind_mps": 12.0,
        "elevation_min_deg": -60.0, "elevation_max_deg": -10.0,
    }  # fmt: skip
    return vehicle((0.0, 0.0), (1_000.0, 0.0), **(given | keys))


def layout_of(*sensors: Any) -> Layout:
    return Layout("l", FRAME, sensors)


def scenario(duration_s: float = 900.0, *movers: Mover, wind_mps: float = 0.0) -> Scenario:
    return Scenario(movers, START, duration_s, conditions=Conditions(wind_mps=wind_mps))


def test_it_turns_back_where_the_way_home_takes_the_rest_of_the_flight() -> None:
    """320 s at 10 m/s: out and back is 200 s; on the second way out it turns at 600 m after 260 s."""
    one = drone()
    drive = drive_of(one, layout_of(one), 900.0)
    assert drive is not None
    assert (FLIGHT_RESERVE, drive.flight_s) == (0.2, pytest.approx(320.0, abs=0.01))
    expected = {50.0: 500.0, 100.0: 1_000.0, 200.0: 0.0, 260.0: 600.0, 320.0: 0.0, 400.0: 0.0, 470.0: 500.0}
    np.testing.assert_allclose(drive.at(list(expected))[:, 0], list(expected.values()), atol=0.5)


def test_it_flies_round_the_edge_of_its_area() -> None:
    corners = tuple(map(tuple, lonlats((0.0, 0.0), (400.0, 0.0), (400.0, 300.0), (0.0, 300.0))))
    one = drone(route=None, route_speed_mps=None, max_speed_mps=20.0, area=corners)  # at half its largest speed
    drive = drive_of(one, layout_of(one), 900.0)
    assert drive is not None
    expected = [(400.0, 0.0), (400.0, 300.0), (0.0, 300.0), (0.0, 0.0)]
    np.testing.assert_allclose(drive.at([40.0, 70.0, 110.0, 140.0]), expected, atol=0.5)
    assert drive.flight_s == pytest.approx(320.0, abs=0.01)


@given(st.floats(20.0, 2_000.0), st.floats(0.0, 300.0), st.floats(2.0, 20.0))
def test_every_flight_keeps_its_reserve_and_ends_at_the_launch_site(
    endurance_s: float, turnaround_s: float, speed: float
) -> None:
    one = drone(endurance_s=endurance_s, turnaround_s=turnaround_s, route_speed_mps=speed)
    drive = drive_of(one, layout_of(one), 600.0)
    assert drive is not None
    assert drive.flight_s is not None
    assert drive.flight_s <= (1.0 - FLIGHT_RESERVE) * endurance_s + 1e-6
    period_s = drive.flight_s + turnaround_s
    np.testing.assert_allclose(drive.at(drive.flight_s + period_s * np.arange(2)), 0.0, atol=0.5)
    times = np.linspace(0.0, 600.0, 400)
    assert (np.hypot(*np.diff(drive.at(times), axis=0).T) <= 1.001 * speed * np.diff(times) + 0.05).all()


def test_states_of_two_flights_worked_by_hand() -> None:
    one = drone()
    landed = "landed"
    assert [(round(at), state, note) for at, state, note in states_of(one, layout_of(one), scenario())] == [
        (0, "ok", ""), (160, "lost", ""), (205, "ok", ""), (320, "stopped", landed), (420, "ok", ""),
        (740, "stopped", landed), (840, "ok", ""),
    ]  # fmt: skip
    car = vehicle((0.0, 0.0), (500.0, 0.0))
    assert states_of(car, layout_of(car), scenario()) == [StateChange(0.0, "ok")]
    short = drone(endurance_s=200.0)
    assert [one.state for one in states_of(short, layout_of(short), scenario(150.0))] == ["ok"]


def test_looks_are_made_in_the_air_only_and_nothing_is_sent_while_the_link_has_failed() -> None:
    one = drone(period_s=2.0)
    person = Mover("p", "person", np.array([0.0, 900.0]), np.array([400.0, 401.0]), np.array([200.0, 200.0]))
    asked = scenario(900.0, person)
    states = states_of(one, layout_of(one), asked)
    poses = np.array(
        [(pose.observed_at - START).total_seconds() for pose in stated_poses(layout_of(one), asked, seed=1)]
    )
    looks = simulate(layout_of(one), asked, None, seed=1)[0]["scan_time"].values
    seconds = (looks - np.datetime64(START.replace(tzinfo=None), "ns")).astype(float) * 1e-9
    assert works_at(states, seconds).all()
    for begin, end in ((160.0, 160.0 + LINK_LOST_S), (320.0, 420.0), (740.0, 840.0)):
        assert not ((seconds >= begin) & (seconds < end)).any()
        assert (seconds >= end).any()
        on_the_ground = poses[(poses >= begin) & (poses < end)]
        if begin == 160.0:
            assert len(on_the_ground) == 0
        else:  # it states where it has landed, with each status of 5 s
            assert len(on_the_ground) == pytest.approx(20, abs=2)
    assert len(seconds) == pytest.approx((900.0 - LINK_LOST_S - 200.0) / 2.0, abs=3.0)


def test_its_footprint_follows_from_height_and_camera_angle() -> None:
    """From 120 m, between 60° and 10° down: 69 m to 681 m over a plane. Persons at 30, 400 and 800 m."""

    def seen_at(distance_m: float, **keys: Any) -> int:
        one = drone(endurance_s=None, turnaround_s=None, route=None, route_speed_mps=None, period_s=1.0, **keys)
        person = Mover("p", "person", np.array([0.0, 60.0]), np.array([0.0, 0.1]), np.full(2, distance_m))
        return simulate(layout_of(one), scenario(60.0, person), None, seed=2)[0].sizes["detection"]

    assert [seen_at(distance_m) > 40 for distance_m in (30.0, 400.0, 800.0)] == [False, True, False]
    assert seen_at(800.0, elevation_max_deg=-5.0) > 40
    assert seen_at(400.0, mast_height_m=40.0) == 0


@pytest.mark.parametrize("wind_mps", [12.0, 12.5])
def test_wind_above_the_limit_keeps_it_on_the_ground(wind_mps: float) -> None:
    aerostat = drone(id="B", endurance_s=None, turnaround_s=None, route=None, route_speed_mps=None, period_s=2.0)
    for one in (drone(period_s=2.0), aerostat):
        asked = scenario(100.0, wind_mps=wind_mps)
        looks = simulate(layout_of(one), asked, None, seed=1)[0].sizes["scan"]
        if wind_mps > 12.0:
            assert stated_poses(layout_of(one), asked, seed=1) == []
        states = states_of(one, layout_of(one), asked)
        assert (looks > 0, states[0].state) == ((True, "ok") if wind_mps <= 12.0 else (False, "stopped"))
        look, rate = one.look_and_rate([200.0], Situation(conditions=Conditions(wind_mps=wind_mps)))
        assert (look[0] > 0.0, rate[0] > 0.0) == ((wind_mps <= 12.0,) * 2)


def test_a_sensor_that_flies_leaves_the_reports_of_the_others_as_they_were() -> None:
    car = vehicle((0.0, 0.0), (500.0, 0.0))
    alone, _ = simulate(layout_of(car), scenario(300.0), None, seed=4)
    both, _ = simulate(layout_of(car, drone(period_s=2.0)), scenario(300.0), None, seed=4)
    of_car = both["scan_sensor"].values == "V"
    assert (both["scan_time"].values[of_car] == alone["scan_time"].values).all()


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"route": None, "route_speed_mps": None}, "endurance_s without a route or an area"),
        ({"endurance_s": None}, "turnaround_s without endurance_s"),
        ({"endurance_s": 0.0}, "endurance_s is 0"),
        ({"max_wind_mps": -1.0}, "max_wind_mps is -1"),
        ({"max_wind_mps": float("nan")}, "max_wind_mps is nan"),
    ],
)
def test_a_plan_of_flights_that_cannot_be_is_refused(changed: dict[str, Any], problem: str) -> None:
    with pytest.raises(LayoutError, match=problem):
        replace(drone(), **changed)


def test_only_radars_and_cameras_have_a_wind_limit() -> None:
    with pytest.raises(LayoutError, match="max_wind_mps of a human"):
        place(FRAME, 0.0, 0.0, id="o", kind="human", max_range_m=500.0, max_wind_mps=10.0)
