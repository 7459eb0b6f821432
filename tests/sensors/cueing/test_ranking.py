"""Which camera looks first: hand-worked turns and leads, and laws of the fixed point."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from sensors.cueing import MovingTarget, SteerableCamera, rank_looks
from sensors.cueing.ranking import turn_deg

EARTH = Geod(ellps="WGS84")
LON, LAT = 12.0, 50.0
CAMERA = SteerableCamera("cam-1", LON, LAT, azimuth_deg=0.0, turn_dps=10.0)


def target_at(azimuth_deg: float, range_m: float, **motion: float) -> MovingTarget:
    lon, lat, _ = EARTH.fwd(LON, LAT, azimuth_deg, range_m)
    return MovingTarget(float(lon), float(lat), **motion)


def test_a_target_that_stands_due_east_is_a_quarter_turn_away() -> None:
    """90° at 10°/s and 1 s to settle: 10 s."""
    (one,) = rank_looks([CAMERA], target_at(90.0, 1000.0))
    assert (one.slew_s, one.azimuth_deg, one.range_m) == pytest.approx((10.0, 90.0, 1000.0), abs=1e-3)


def test_the_lead_of_a_walking_target_worked_by_hand() -> None:
    """1 km east, north at 10 m/s: t = 1 + (90° − atan(t/100)) / 10 °/s gives 9.4597 s, 94.6 m on, azimuth 84.6°."""
    (one,) = rank_looks([CAMERA], target_at(90.0, 1000.0, speed_mps=10.0, course_deg=0.0))
    assert one.slew_s == pytest.approx(9.4597, abs=2e-3)
    assert one.azimuth_deg == pytest.approx(84.596, abs=0.02)
    assert one.range_m == pytest.approx(math.hypot(1000.0, 94.6), abs=0.5)


def test_the_soonest_camera_comes_first_though_another_is_nearer() -> None:
    looking = replace(CAMERA, id="looking", azimuth_deg=88.0)
    lon, lat, _ = EARTH.fwd(LON, LAT, 90.0, 800.0)
    nearer = replace(CAMERA, id="nearer", lon=lon, lat=lat, azimuth_deg=270.0)
    slow = replace(CAMERA, id="slow", turn_dps=1.0)
    options = rank_looks([slow, nearer, looking], target_at(90.0, 1000.0))
    assert [(one.camera, round(one.slew_s, 1)) for one in options] == [
        ("looking", 1.2),
        ("nearer", 19.0),
        ("slow", 91.0),
    ]


def test_cameras_out_of_range_regard_or_sight_are_left_out() -> None:
    ahead = target_at(90.0, 1000.0)
    assert rank_looks([replace(CAMERA, max_range_m=999.0)], ahead) == []
    assert rank_looks([replace(CAMERA, min_range_m=1001.0)], ahead) == []
    assert rank_looks([replace(CAMERA, regard_deg=0.0, regard_width_deg=170.0)], ahead) == []
    assert rank_looks([CAMERA], ahead, seen_by=["cam-2"]) == []
    assert [one.in_view for one in rank_looks([CAMERA], ahead, seen_by=["cam-1"])] == [True]
    assert [one.in_view for one in rank_looks([CAMERA], ahead)] == [None]


def test_a_limited_camera_turns_the_long_way_round() -> None:
    """Regard 200° wide about south, 80° to 280°: from 270° to 90° it is −180° through south, not +180° through north;
    from 100° to 260° it is +160°, although the way through north would be −200°."""
    limited = replace(CAMERA, regard_deg=180.0, regard_width_deg=200.0)
    assert turn_deg(replace(limited, azimuth_deg=270.0), 90.0) == pytest.approx(-180.0)
    assert turn_deg(replace(limited, azimuth_deg=100.0), 260.0) == pytest.approx(160.0)
    wide = replace(CAMERA, regard_deg=180.0, regard_width_deg=340.0, azimuth_deg=20.0)
    assert turn_deg(wide, 340.0) == pytest.approx(320.0)
    assert turn_deg(replace(CAMERA, azimuth_deg=20.0), 340.0) == pytest.approx(-40.0)


def test_only_the_lead_point_has_to_be_within_the_field_of_regard() -> None:
    """Regard 80° to 280°. A target 1 km away at 75° goes south at 20 m/s, x = 965.9 m and y = 258.8 m − 20 t:
    t = 1 + (180° − atan2(x, y)) / 10 °/s gives 10.31 s and 86.9°. One at 85° that goes north is outside by then."""
    limited = replace(CAMERA, azimuth_deg=180.0, regard_deg=180.0, regard_width_deg=200.0)
    (one,) = rank_looks([limited], target_at(75.0, 1000.0, speed_mps=20.0, course_deg=180.0))
    assert (one.slew_s, one.azimuth_deg) == pytest.approx((10.31, 86.9), abs=0.05)
    assert rank_looks([limited], target_at(75.0, 1000.0, speed_mps=20.0, course_deg=0.0)) == []
    assert rank_looks([limited], target_at(85.0, 1000.0, speed_mps=20.0, course_deg=0.0)) == []


def test_a_target_that_passes_faster_than_the_camera_turns_is_not_promised() -> None:
    """At 30 m, 40 m/s across is 76°/s; a camera of 1°/s never catches up while the target is near."""
    passing = target_at(0.0, 30.0, speed_mps=40.0, course_deg=90.0)
    for one in rank_looks([replace(CAMERA, azimuth_deg=180.0, turn_dps=1.0, max_range_m=500.0)], passing):
        assert one.range_m <= 500.0


@given(
    st.floats(0, 359.9),
    st.floats(200, 8000),
    st.floats(0, 8),
    st.floats(0, 359.9),
    st.floats(0, 359.9),
    st.floats(5, 90),
)
def test_at_its_time_the_camera_has_just_turned_to_where_the_target_is(
    azimuth: float, range_m: float, speed: float, course: float, now: float, rate: float
) -> None:
    camera = replace(CAMERA, azimuth_deg=now, turn_dps=rate)
    target = target_at(azimuth, range_m, speed_mps=speed, course_deg=course)
    for one in rank_looks([camera], target):
        lon, lat, _ = EARTH.fwd(target.lon, target.lat, course, speed * one.slew_s)
        there, _, distance = EARTH.inv(LON, LAT, lon, lat)
        assert abs((one.azimuth_deg - there + 180) % 360 - 180) < 0.1
        assert abs(one.range_m - distance) < 0.1
        turn: Any = turn_deg(camera, one.azimuth_deg)
        assert one.slew_s == pytest.approx(camera.settle_s + abs(turn) / rate, abs=0.01)


@given(st.floats(0, 359.9), st.floats(200, 8000), st.floats(0, 359.9), st.floats(5, 90), st.floats(1.01, 4))
def test_a_camera_that_turns_faster_is_never_later_at_a_target_that_stands(
    azimuth: float, range_m: float, now: float, rate: float, times: float
) -> None:
    slower = replace(CAMERA, id="slower", azimuth_deg=now, turn_dps=rate)
    faster = replace(slower, id="faster", turn_dps=rate * times)
    slew = {one.camera: one.slew_s for one in rank_looks([slower, faster], target_at(azimuth, range_m))}
    assert slew["faster"] <= slew["slower"]
