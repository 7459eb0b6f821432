"""Where a mobile sensor stood between its reports: against the process it is assumed to follow, and cases by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import nan, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.models.sensor_views import ElevationGrid
from fusion.poses.known import (
    BELOW_GROUND,
    CORRELATION_S,
    JUMPED,
    OFF_THE_TERRAIN,
    USED,
    Poses,
    drift,
    no_poses,
    stand_of,
    with_pose,
)
from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.mobile import Pose, columns_of_pose
from sensors.mobile.pose import HEIGHT_SD_M
from sensors.timestamps import nanoseconds

START = datetime(2026, 3, 14, 21, 0, tzinfo=UTC)
FRAME = LocalFrame.around(8.0, 47.0)
CAR = place(FRAME, 0.0, 0.0, id="V", kind="radar", max_range_m=5000.0, mobile=True, max_speed_mps=20.0)
WALKER = replace(CAR, id="W", max_speed_mps=3.0)
LAYOUT = Layout("two", FRAME, (CAR, WALKER))
PLANE = ElevationGrid(np.zeros((0, 0), np.float32), 0.0, 0.0, 1.0)
HILL = ElevationGrid(np.full((21, 21), 300.0, np.float32), -1000.0, 1000.0, 100.0)
"""Ground 300 m high, from −1000 to 1000 m east and north."""


def ns(second: float) -> int:
    return nanoseconds(START) + round(second * 1e9)


def seen(poses: Poses, second: float, east: float, north: float, *, earth: ElevationGrid = PLANE, **more: Any) -> Poses:
    values: dict[str, Any] = {"sensor": "V", "position_sd_m": 2.0} | more
    lon, lat = FRAME.to_lonlat(east, north)
    at = START + timedelta(seconds=second)
    pose = Pose(boot=1, sequence=round(second * 10), observed_at=at, received_at=at, lon=lon, lat=lat, **values)
    index = LAYOUT.ids.index(pose.sensor)
    return with_pose(poses, columns_of_pose(pose, LAYOUT), index, LAYOUT.placement(pose.sensor), FRAME, earth)


def fates(poses: Poses) -> list[tuple[int, float, int]]:
    seconds = ((poses.time_ns - ns(0.0)) / 1e9).tolist()
    return list(zip(poses.sensor.tolist(), seconds, poses.fate.tolist(), strict=True))


@pytest.mark.parametrize("age", [0.005, 1.0, 10.0, 40.0])
def test_the_drift_is_that_of_the_velocity_process(age: float) -> None:
    """∫∫ of the velocity's covariance S² exp(−|s−t|/τ), less what the known first velocity explains."""
    speed_sd, steps = 10.0, 2000
    t = (np.arange(steps) + 0.5) * age / steps
    apart = np.abs(t[:, None] - t[None, :])
    both = speed_sd**2 * np.exp(-apart / CORRELATION_S).sum() * (age / steps) ** 2
    reach = np.exp(-t / CORRELATION_S).sum() * age / steps
    got_reach, known, unknown = drift(age, speed_sd)
    assert got_reach == pytest.approx(reach, rel=1e-4)
    assert unknown == pytest.approx(both, rel=1e-3)
    assert known == pytest.approx(both - (speed_sd * reach) ** 2, rel=2e-2)


def test_a_sensor_without_a_pose_stands_nowhere_else_and_others_poses_are_not_its_own() -> None:
    poses = seen(no_poses(), 0.0, 100.0, 0.0, sensor="W")
    assert stand_of(poses, 0, CAR, ns(1.0)) is None
    stand = stand_of(poses, 1, WALKER, ns(0.0))
    assert stand is not None
    assert (stand.east, stand.north) == pytest.approx((100.0, 0.0), abs=1e-6)


def test_one_pose_is_where_it_was_with_an_error_that_grows_with_the_speed_of_the_carrier() -> None:
    poses = seen(no_poses(), 0.0, 100.0, 50.0)
    sd = []
    for age in (0.0, 1.0, 4.0):
        stand = stand_of(poses, 0, CAR, ns(age))
        assert stand is not None
        assert (stand.east, stand.north) == pytest.approx((100.0, 50.0), abs=1e-6)
        sd.append(stand.place_sd)
    assert sd[0] == pytest.approx(2.0, rel=1e-6)
    # at once 20 m/s over the disc of velocities is 10 m/s on each axis; after 1 s a little less than 10 m
    assert sqrt(sd[1] ** 2 - 4.0) == pytest.approx(10.0, rel=0.05)
    assert sqrt(sd[1] ** 2 - 4.0) < 10.0
    assert sd[2] > 3.0 * sd[1]


def test_two_poses_carry_it_on() -> None:
    """10 m/s east: after 1 s the process keeps (1 − e^(−0.1)) 10 s of 10 m/s, 9.52 m."""
    poses = seen(seen(no_poses(), 0.0, 100.0, 0.0, height_m=400.0), 1.0, 110.0, 0.0, height_m=402.0)
    stand = stand_of(poses, 0, CAR, ns(2.0))
    assert stand is not None
    ahead = 10.0 * 10.0 * (1.0 - np.exp(-0.1))
    assert stand.east == pytest.approx(110.0 + ahead, abs=1e-4)
    assert stand.height == pytest.approx(402.0 + 2.0 * ahead / 10.0)
    assert stand.moving
    share = ahead / 10.0
    carried = error_of_extrapolation(1.0, 1.0, share, 10.0)
    assert stand.place_sd**2 == pytest.approx(4.0 * ((1.0 + share) ** 2 + share**2) + carried, rel=1e-3)
    assert stand.height_sd == pytest.approx(HEIGHT_SD_M * sqrt((1.0 + share) ** 2 + share**2), rel=1e-6)


def error_of_extrapolation(gap: float, age: float, share: float, speed_sd: float) -> float:
    """Variance of what the velocity does in ``age``, less ``share`` times what it did in the ``gap`` before: the double
    integral of its covariance S² exp(−|s−t|/τ), by the midpoints of 1,000 steps."""
    steps = 500
    t = np.concatenate([(np.arange(steps) + 0.5) * gap / steps - gap, (np.arange(steps) + 0.5) * age / steps])
    weight = np.repeat([-share * gap / steps, age / steps], steps)
    return float(speed_sd**2 * weight @ np.exp(-np.abs(t[:, None] - t) / CORRELATION_S) @ weight)


@pytest.mark.parametrize(("gap", "age"), [(1.0, 1.0), (5.0, 0.5), (10.0, 1.0), (10.0, 8.0), (20.0, 1.0), (20.0, 15.0)])
def test_the_error_of_a_velocity_that_is_the_mean_between_two_poses_counts(gap: float, age: float) -> None:
    """10 s apart and 1 s later: 7.0 m, not the 2.5 m of a velocity that is known at the last pose."""
    poses = seen(seen(no_poses(), 0.0, 0.0, 0.0), gap, 12.0 * gap, 0.0)
    stand = stand_of(poses, 0, CAR, ns(gap + age))
    assert stand is not None
    assert stand.moving
    share = (stand.east - 12.0 * gap) / (12.0 * gap)
    assert share > 0.0
    carried = error_of_extrapolation(gap, age, share, 10.0)
    assert stand.place_sd**2 == pytest.approx(4.0 * ((1.0 + share) ** 2 + share**2) + carried, rel=1e-3)


def test_a_velocity_that_is_less_certain_than_none_is_not_used() -> None:
    poses = seen(seen(no_poses(), 0.0, 0.0, 0.0, sensor="W"), 0.1, 0.3, 0.0, sensor="W")
    stand = stand_of(poses, 1, WALKER, ns(3.1))  # 2 m at 0.1 s apart: 28 m/s of error, of what walks
    assert stand is not None
    assert stand.east == pytest.approx(0.3, abs=1e-6)
    _, _, without = drift(3.0, 1.5)
    assert stand.place_sd**2 == pytest.approx(4.0 + without, rel=1e-6)


def test_what_stands_keeps_standing_until_it_should_have_been_heard() -> None:
    """Status each 10 s: twice that and a second, and only then does the error grow as of what moves."""
    poses = seen(seen(no_poses(), 0.0, 0.0, 0.0), 10.0, 1.0, 0.0)
    within = stand_of(poses, 0, CAR, ns(20.0))
    after = stand_of(poses, 0, CAR, ns(50.0))
    assert within is not None
    assert after is not None
    assert not within.moving
    assert within.place_sd < 5.0
    assert after.place_sd > 50.0


def test_poses_far_apart_in_time_are_no_velocity() -> None:
    poses = seen(seen(no_poses(), 0.0, 0.0, 0.0), 50.0, 500.0, 0.0)
    stand = stand_of(poses, 0, CAR, ns(51.0))
    assert stand is not None
    assert stand.east == pytest.approx(500.0, abs=1e-4)


def test_a_pose_stated_again_at_its_time_replaces_the_earlier_one() -> None:
    poses = seen(seen(seen(no_poses(), 0.0, 0.0, 0.0), 1.0, 10.0, 0.0), 1.0, 12.0, 0.0)
    assert fates(poses) == [(0, 0.0, USED), (0, 1.0, USED)]
    stand = stand_of(poses, 0, CAR, ns(1.0))
    assert stand is not None
    assert stand.east == pytest.approx(12.0, abs=1e-6)


def test_a_jump_is_refused_and_what_the_carrier_can_reach_is_used_again() -> None:
    poses = seen(seen(no_poses(), 0.0, 0.0, 0.0), 1.0, 10.0, 0.0)
    # 20 m/s and five deviations of 2 m · √2: 34.1 m
    assert fates(seen(poses, 2.0, 10.0, 34.0))[-1] == (0, 2.0, USED)
    poses = seen(poses, 2.0, 10.0, 35.0)
    assert fates(poses) == [(0, 0.0, USED), (0, 1.0, USED), (0, 2.0, JUMPED)]
    stand = stand_of(poses, 0, CAR, ns(2.0))
    assert stand is not None
    assert stand.north == pytest.approx(0.0, abs=1e-6)
    poses = seen(poses, 3.0, 10.0, 50.0)
    assert fates(poses) == [(0, 1.0, USED), (0, 2.0, JUMPED), (0, 3.0, USED)]
    poses = seen(seen(poses, 3.5, 900.0, 0.0), 3.6, 900.0, 900.0)
    assert fates(poses) == [(0, 1.0, USED), (0, 3.0, USED), (0, 3.6, JUMPED)]  # of the refused, the newest


def test_a_stated_error_of_a_thousand_kilometres_does_not_excuse_a_jump() -> None:
    poses = seen(seen(no_poses(), 0.0, 0.0, 0.0), 1.0, 0.0, 0.0, position_sd_m=1e6)
    assert fates(seen(poses, 2.0, 3000.0, 0.0))[-1] == (0, 2.0, JUMPED)


@pytest.mark.parametrize(
    ("east", "height", "fate"),
    [(0.0, 310.0, USED), (0.0, nan, USED), (0.0, 250.0, BELOW_GROUND), (1001.0, nan, OFF_THE_TERRAIN)],
)
def test_what_is_off_the_terrain_or_below_ground_is_refused(east: float, height: float, fate: int) -> None:
    stated = {} if np.isnan(height) else {"height_m": height, "height_sd_m": 5.0}
    assert fates(seen(no_poses(), 0.0, east, 0.0, earth=HILL, **stated)) == [(0, 0.0, fate)]


def test_poses_are_kept_by_sensor_then_time_and_others_stay() -> None:
    poses = no_poses()
    for second in (0.0, 1.0, 2.0, 3.0):
        poses = seen(seen(poses, second, 10.0 * second, 0.0, sensor="W", position_sd_m=20.0), second, 0.0, second)
    assert fates(poses) == [(0, 2.0, USED), (0, 3.0, USED), (1, 2.0, USED), (1, 3.0, USED)]


STEPS = st.lists(
    st.tuples(st.sampled_from(["V", "W"]), st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 1.0, 9_000.0])),
    max_size=14,
)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_it_keeps_the_newest_two_used_and_the_newest_refused_of_each_sensor(
    steps: list[tuple[str, float, float]],
) -> None:
    """Against lists: a pose at the time of the last used one replaces it; a refused one stays until another one is."""
    poses, second = no_poses(), 0.0
    kept: dict[str, list[tuple[float, int, float]]] = {"V": [], "W": []}
    for sensor, after_s, east in steps:
        second += after_s
        mine = kept[sensor]
        poses = seen(poses, second, east, 0.0, sensor=sensor)
        used = [one for one in mine if one[1] == USED]
        speed = {"V": 20.0, "W": 3.0}[sensor]
        jumps = bool(used) and abs(east - used[-1][2]) > speed * (second - used[-1][0]) + 5.0 * sqrt(8.0) + 1e-3
        refused = [one for one in mine if one[1] != USED]
        if jumps:
            refused = [(second, JUMPED, east)]
        else:
            used = [one for one in used if one[0] != second][-1:]
            used.append((second, USED, east))
        kept[sensor] = sorted([*used, *refused], key=lambda one: one[0])
    expected = [(index, *one[:2]) for index, name in enumerate("VW") for one in kept[name]]
    found = sorted((i, round(t, 3), f) for i, t, f in fates(poses))
    assert found == sorted(expected)
