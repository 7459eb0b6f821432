"""Poses of mobile sensors in the frame, what is refused, and which sensors of a layout may be mobile."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from geo.errors import SchemaError
from geo.frame import LocalFrame
from sensors.detections import from_columns, split, to_scans
from sensors.errors import LayoutError, UnknownSensor
from sensors.layout import Layout, place
from sensors.mobile import POSE, Pose, columns_of_pose
from sensors.timestamps import nanoseconds

NOW = datetime(2026, 3, 14, 21, 0, tzinfo=UTC)
FRAME = LocalFrame.around(8.0, 47.0)
LAYOUT = Layout(
    "one of each",
    FRAME,
    (
        place(FRAME, 0.0, 0.0, id="V", kind="radar", max_range_m=5000.0, azimuth_sd_deg=0.4, mobile=True),
        place(FRAME, 500.0, 0.0, id="F", kind="radar", max_range_m=5000.0),
    ),
)


def pose(**changes: Any) -> Pose:
    values: dict[str, Any] = {"sensor": "V", "lon": 8.2, "lat": 47.1} | changes
    return Pose(boot=3, sequence=7, observed_at=NOW, received_at=NOW + timedelta(seconds=2), **values)


def test_a_pose_in_the_frame() -> None:
    columns = columns_of_pose(
        pose(position_sd_m=3.0, height_m=812.0, height_sd_m=4.0, heading_deg=30.0, heading_sd_deg=1.5, tilt_deg=-2.0,
             tilt_sd_deg=0.2),
        LAYOUT,
    )  # fmt: skip
    easting, northing = FRAME.to_local(8.2, 47.1)
    assert (columns.sensor, columns.kind, columns.boot, len(columns)) == ("V", POSE, 3, 1)
    assert (
        columns.sequence == 7 - 2**53 - 1 < 0
    )  # before every scan of its boot at the same time, and apart from their numbers
    assert (columns.observed_ns, columns.received_ns) == (nanoseconds(NOW), nanoseconds(NOW) + 2 * 10**9)
    assert (columns.easting[0], columns.northing[0]) == (easting, northing)
    scale = FRAME.scale_factor(easting, northing)
    assert columns.cov[0] == pytest.approx((3.0 * scale) ** 2 * np.eye(2))
    # east of the meridian true north lies to the west of grid north: 0.2° · sin 47.1°; by nodes of 100 m, to 0.001°
    assert math.degrees(columns.azimuth[0]) == pytest.approx(30.0 - 0.2 * math.sin(math.radians(47.1)), abs=1e-3)
    assert math.degrees(columns.azimuth_sd[0]) == pytest.approx(1.5)
    assert (columns.range_[0], columns.range_sd[0]) == (812.0, 4.0)
    assert math.degrees(columns.elevation_angle[0]) == pytest.approx(-2.0)
    assert math.degrees(columns.elevation_angle_sd[0]) == pytest.approx(0.2)


def test_of_two_poses_of_one_time_the_one_stated_later_comes_later() -> None:
    earlier, later, last = (
        columns_of_pose(replace(pose(), sequence=number), LAYOUT).sequence for number in (7, 8, 2**53)
    )
    assert earlier < later < last < 0


def test_what_a_pose_does_not_state_is_missing_and_an_error_is_assumed() -> None:
    columns = columns_of_pose(pose(height_m=500.0), LAYOUT)
    assert np.isnan([columns.azimuth[0], columns.elevation_angle[0], columns.azimuth_sd[0]]).all()
    assert columns.cov[0, 0, 0] == pytest.approx(100.0, rel=1e-3)
    assert columns.range_sd[0] == 15.0
    assert np.isnan(columns_of_pose(pose(), LAYOUT).range_[0])


def test_a_dataset_holds_poses_and_gives_them_no_deviations_of_the_layout() -> None:
    columns = columns_of_pose(pose(heading_deg=10.0), LAYOUT)
    detections = from_columns([columns])
    (again,) = split(detections, LAYOUT)
    assert again.kind == POSE
    assert again.key == columns.key
    np.testing.assert_array_equal(again.azimuth, columns.azimuth)
    assert np.isnan(again.azimuth_sd[0])
    assert to_scans(detections, LAYOUT) == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"lon": math.nan}, "lon"),
        ({"lat": 91.0}, "lat"),
        ({"height_m": math.inf}, "height_m"),
        ({"heading_deg": math.nan}, "heading_deg"),
        ({"position_sd_m": -1.0}, "position_sd_m"),
        ({"tilt_sd_deg": 91.0}, "tilt_sd_deg"),
    ],
)
def test_a_number_that_is_none_is_named(changes: dict[str, float], name: str) -> None:
    with pytest.raises(SchemaError, match=name):
        columns_of_pose(pose(**changes), LAYOUT)


def test_only_a_mobile_sensor_of_the_layout_has_a_pose() -> None:
    with pytest.raises(SchemaError, match="fixed"):
        columns_of_pose(pose(sensor="F"), LAYOUT)
    with pytest.raises(UnknownSensor):
        columns_of_pose(pose(sensor="X"), LAYOUT)


def a_sensor(kind: str = "radar", **values: Any) -> Any:
    return place(FRAME, 0.0, 0.0, id="S", kind=kind, max_range_m=1000.0, **values)


def test_speeds_of_what_carries_a_sensor() -> None:
    assert a_sensor().carrier_speed_mps == 0.0
    assert a_sensor(mobile=True).carrier_speed_mps == 30.0
    assert a_sensor("human", mobile=True).carrier_speed_mps == 3.0
    assert a_sensor(mobile=True, max_speed_mps=12.0).carrier_speed_mps == 12.0


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("radar", {"mobile": 1}, "mobile is 1"),
        ("radar", {"max_speed_mps": 5.0}, "max_speed_mps beside mobile false"),
        ("radar", {"mobile": True, "max_speed_mps": 0.0}, "max_speed_mps is 0"),
        ("ground_sensor", {"mobile": True}, "a ground_sensor is mobile"),
    ],
)
def test_a_layout_says_what_cannot_move(kind: str, values: dict[str, Any], words: str) -> None:
    with pytest.raises(LayoutError, match=words):
        a_sensor(kind, **values)
