"""Candidate tours and flights: by hand, and laws of the wind."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.mobile.flight import FLIGHT_RESERVE
from sensors.planning.mobile.line_times import LineTimes
from sensors.planning.mobile.tours import Wind, flight_tours, ground_speed, patrol_tours, roster_plans

PLACES = np.column_stack([np.arange(6) * 1000.0, np.zeros(6)])
BASE = np.array([[0.0, -500.0]])


def times(hop_s: float = 300.0, out_s: float = 600.0) -> LineTimes:
    """Six midpoints 1 km apart; from the base to any of them takes the same time."""
    return LineTimes(PLACES, BASE, np.full(5, hop_s), np.full(5, hop_s), np.full((1, 6), out_s), np.full((1, 6), out_s))


def test_a_patrol_searches_no_faster_than_it_can() -> None:
    """1 m/s is 1,000 s for a hop that the ground allows in 300 s; 0.6 of 8 h leave 17,280 s: two tours."""
    tours = patrol_tours(times(), speed_mps=1.0, shift_s=28_800.0, duty=0.6)
    longest = [tour for tour in tours if tour.timetable.period_s == 14_400.0]
    assert [(tour.first, tour.last) for tour in longest] == [(0, 5)]
    assert longest[0].moving_s == pytest.approx(600.0 + 5 * 1000.0 + 600.0)
    assert longest[0].timetable.on_duty == pytest.approx(5000.0 / 14_400.0)  # it watches along the line
    short = {abs(tour.last - tour.first) for tour in tours if tour.timetable.period_s == 9_600.0}
    assert short == {4}  # 0.6 · 9,600 − 1,200 = 4,560 s: four hops


def test_slow_ground_and_closed_ground_limit_a_tour() -> None:
    slow = patrol_tours(times(hop_s=4000.0), speed_mps=1.0, shift_s=28_800.0, duty=0.6)
    assert {abs(tour.last - tour.first) for tour in slow if tour.timetable.period_s == 28_800.0} == {4}
    assert patrol_tours(times(hop_s=math.inf), speed_mps=1.0, shift_s=28_800.0, duty=0.6) == []
    assert patrol_tours(times(out_s=9000.0), speed_mps=1.0, shift_s=28_800.0, duty=0.6) == []


def test_each_tour_keeps_within_its_part_of_the_shift() -> None:
    for tour in patrol_tours(times(), speed_mps=0.5, shift_s=20_000.0, duty=0.5):
        assert tour.moving_s <= 0.5 * tour.timetable.period_s + 1e-9
        assert tour.timetable.times_s[-1] == pytest.approx(tour.moving_s)


@pytest.mark.parametrize("hop_s", [10.0, 300.0, 2000.0])
def test_a_tour_is_repeated_as_often_as_the_time_on_the_move_allows(hop_s: float) -> None:
    """On a short border too: one tour more in a shift would pass the fraction on the move."""
    found = patrol_tours(times(hop_s=hop_s), speed_mps=5.0, shift_s=28_800.0, duty=0.6)
    for tour in found:
        assert 0.6 - tour.moving_s / 28_800.0 < tour.moving_s / tour.timetable.period_s <= 0.6 + 1e-9
    assert len({(tour.base, tour.first, tour.last) for tour in found}) == len(found) > 0


def test_ground_speed_by_hand() -> None:
    """3-4-5: across a wind of 3 m/s, 5 m/s through the air leave 4 m/s on the track."""
    east = np.array([100.0, 0.0])
    assert ground_speed(5.0, east, Wind(north_mps=3.0)) == pytest.approx(4.0)
    assert ground_speed(5.0, east, Wind(east_mps=2.0)) == pytest.approx(7.0)
    assert ground_speed(5.0, east, Wind(east_mps=-5.0)) == 0.0
    assert ground_speed(5.0, east, Wind(north_mps=5.0)) == 0.0
    west_wind = Wind.blowing_from(10.0, 270.0)
    assert (west_wind.east_mps, west_wind.north_mps) == (pytest.approx(10.0), pytest.approx(0.0, abs=1e-12))


@given(st.floats(0.0, 14.0), st.floats(0.0, 360.0), st.floats(0.0, 2.0 * math.pi))
def test_there_and_back_is_never_faster_with_wind(speed: float, from_deg: float, heading: float) -> None:
    leg, wind = 1000.0 * np.array([math.sin(heading), math.cos(heading)]), Wind.blowing_from(speed, from_deg)
    forth, back = ground_speed(15.0, leg, wind), ground_speed(15.0, -leg, wind)
    assert forth > 0.0
    assert back > 0.0
    assert 1000.0 / forth + 1000.0 / back >= 2000.0 / 15.0 - 1e-9


def test_a_flight_ends_within_its_endurance() -> None:
    """Out 500 m, along, and back over the diagonal, at 10 m/s within 80% of 10 min: by hand at most 2 km along."""
    tours = flight_tours(times(), air_mps=10.0, endurance_s=600.0, duty=0.25)
    moving = max(tour.moving_s for tour in tours)
    assert moving == pytest.approx((500.0 + 2000.0 + math.hypot(2000.0, 500.0)) / 10.0)
    assert moving <= (1.0 - FLIGHT_RESERVE) * 600.0
    assert all(tour.timetable.period_s == pytest.approx(4.0 * tour.moving_s) for tour in tours)


def test_wind_shortens_flights_until_there_are_none() -> None:
    reach = [
        max((abs(t.last - t.first) for t in flight_tours(times(), air_mps=10.0, endurance_s=900.0, duty=0.25,
                                                         wind=Wind.blowing_from(speed, 270.0))), default=0)
        for speed in (0.0, 5.0, 8.0, 10.0)
    ]  # fmt: skip
    assert reach == sorted(reach, reverse=True)
    assert reach[0] > reach[2] > 0 == reach[3]


def test_a_roster_drives_and_stays_as_the_game_says() -> None:
    """Out 600 s, an hour in 1, two hops of 300 s, an hour in 3, home 600 s; the second round has one patrol more."""
    plans = roster_plans(times(), [((1, 3),), ((0,), (5, 4))], stay_s=3600.0, shift_s=28_800.0)
    assert [len(plan) for plan in plans] == [1, 2]
    table = plans[0][0]
    assert table.times_s[-1] == pytest.approx(600.0 + 3600.0 + 600.0 + 3600.0 + 600.0)
    assert table.on_duty == pytest.approx(2.0 * 3600.0 / 28_800.0)  # it watches where it stays
    assert table.places_at([4000.0])[0].tolist() == [1000.0, 0.0]
    assert table.places_at([4500.0])[0].tolist() == [pytest.approx(2000.0), 0.0]
    back = plans[1][1]
    assert back.places_at([600.0 + 3600.0 + 300.0])[0].tolist() == [pytest.approx(4000.0), 0.0]


def test_a_patrol_passes_its_base_where_the_line_is_closed_or_slower() -> None:
    """From 1 to 2 there is no path along the line: home 600 s and out again 600 s."""
    hops = np.array([300.0, math.inf, 300.0, 300.0, 300.0])
    closed = replace(times(), forth_s=hops, back_s=hops)
    table = roster_plans(closed, [((1, 2),)], stay_s=60.0, shift_s=28_800.0)[0][0]
    assert table.times_s[-1] == pytest.approx(600.0 + 60.0 + 1200.0 + 60.0 + 600.0)
    assert table.places_at([600.0 + 60.0 + 600.0])[0].tolist() == [0.0, -500.0]
