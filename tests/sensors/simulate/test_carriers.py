"""Carriers of mobile sensors: along the route and back at their speed, stated as they are, seen from where they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.tracker import Tracker
from geo.frame import LocalFrame
from sensors.detections import split
from sensors.errors import LayoutError
from sensors.layout import Layout, place
from sensors.mobile import columns_of_pose
from sensors.simulate import simulate
from sensors.simulate.carriers import POSITION_SD_M, drive_of, stated_poses
from sensors.simulate.movers import Mover, Scenario

FRAME = LocalFrame.around(8.0, 47.0)
START = datetime(2026, 3, 14, 21, tzinfo=UTC)


def lonlats(*places: tuple[float, float]) -> list[list[float]]:
    return [[float(part) for part in FRAME.to_lonlat(*one)] for one in places]


def vehicle(*route: tuple[float, float], **keys: Any):
    given = {
        "id": "V", "kind": "radar", "max_range_m": 3_000.0, "period_s": 2.0, "range_sd_m": 5.0, "azimuth_sd_deg": 0.4,
        "detection_probability": 1.0, "mobile": True, "max_speed_mps": 20.0, "status_interval_s": 5.0,
        "route": lonlats(*route), "route_speed_mps": 10.0,
    }  # fmt: skip
    return place(FRAME, *route[0], **(given | keys))


def test_it_goes_along_the_route_stands_and_comes_back() -> None:
    sensor = vehicle((0.0, 0.0), (100.0, 0.0), (100.0, 50.0), route_stop_s=20.0)
    drive = drive_of(sensor, Layout("l", FRAME, (sensor,)), 200.0)
    assert drive is not None
    expected = {0.0: (0, 0), 20.0: (0, 0), 25.0: (50, 0), 30.0: (100, 0), 50.0: (100, 0), 55.0: (100, 50),
                75.0: (100, 50), 80.0: (100, 0), 100.0: (100, 0), 110.0: (0, 0), 130.0: (0, 0)}  # fmt: skip
    np.testing.assert_allclose(drive.at(list(expected)), list(expected.values()), atol=0.02)


def test_a_closed_route_is_gone_round() -> None:
    sensor = vehicle((0.0, 0.0), (100.0, 0.0), (0.0, 100.0), (0.0, 0.0))
    drive = drive_of(sensor, Layout("l", FRAME, (sensor,)), 100.0)
    assert drive is not None
    lap_s = (200.0 + 100.0 * 2**0.5) / 10.0
    np.testing.assert_allclose(drive.at([3.0, 3.0 + lap_s]), [(30.0, 0.0)] * 2, atol=0.05)


def test_on_a_route_within_one_place_it_stands() -> None:
    """1 cm there and back at 10 m/s would be 43 million legs in a day, or none that ends."""
    sensor = vehicle((0.0, 0.0), (0.01, 0.0))
    drive = drive_of(sensor, Layout("l", FRAME, (sensor,)), 86_400.0)
    assert drive is not None
    assert len(drive.times_s) == 1
    np.testing.assert_allclose(drive.at([0.0, 9.0]), [(0.0, 0.0)] * 2, atol=0.01)


def test_without_a_route_it_stands_at_its_post() -> None:
    fixed = place(FRAME, 0.0, 0.0, id="R", kind="radar", max_range_m=100.0, mobile=True)
    assert drive_of(fixed, Layout("l", FRAME, (fixed,)), 100.0) is None


@given(speed=st.floats(1.0, 20.0), stop_s=st.floats(0.0, 60.0), at_s=st.lists(st.floats(0.0, 600.0), min_size=2))
@settings(max_examples=40, deadline=None)
def test_it_is_never_faster_than_planned_and_never_off_its_route(
    speed: float, stop_s: float, at_s: list[float]
) -> None:
    sensor = vehicle((0.0, 0.0), (300.0, 0.0), (700.0, 0.0), route_speed_mps=speed, route_stop_s=stop_s)
    drive = drive_of(sensor, Layout("l", FRAME, (sensor,)), 600.0)
    assert drive is not None
    times = np.sort(at_s)
    places = drive.at(times)
    assert (np.abs(np.diff(places[:, 0])) <= 1.001 * speed * np.diff(times) + 1e-6).all()
    assert (np.abs(places[:, 1]) < 0.1).all()
    assert ((places[:, 0] > -0.1) & (places[:, 0] < 700.1)).all()


def test_poses_are_stated_each_second_on_the_move_and_with_each_status_while_it_stands() -> None:
    sensor = vehicle((0.0, 0.0), (200.0, 0.0), route_stop_s=40.0)
    layout, scenario = Layout("l", FRAME, (sensor,)), Scenario((), START, 120.0)
    poses = stated_poses(layout, scenario, seed=3)
    times = np.array([(pose.observed_at - START).total_seconds() for pose in poses])
    assert times[(times > 40.0) & (times < 60.0)].tolist() == list(range(41, 60))
    standing = times[times < 39.0]
    assert standing.tolist() == list(range(0, 39, 5))
    drive = drive_of(sensor, layout, 120.0)
    assert drive is not None
    stated = np.column_stack(FRAME.to_local([one.lon for one in poses], [one.lat for one in poses]))
    error = stated - drive.at(times)
    assert error.std() == pytest.approx(POSITION_SD_M, rel=0.3)
    assert poses == stated_poses(layout, scenario, seed=3)
    assert [pose.sequence for pose in poses] == list(range(1, len(poses) + 1))


def test_its_tracker_places_what_it_sees_while_it_drives_and_stands() -> None:
    """A person who stands still, measured from a vehicle: the track is where the person is, all along."""
    sensor = vehicle((0.0, 0.0), (900.0, 0.0), route_stop_s=10.0)
    layout = Layout("l", FRAME, (sensor,))
    person = Mover("p", "person", np.array([0.0, 200.0]), np.array([400.0, 401.0]), np.array([800.0, 800.0]))
    scenario = Scenario((person,), START, 150.0)
    detections, _ = simulate(layout, scenario, None, seed=5)
    scans = [
        *split(detections, layout),
        *(columns_of_pose(pose, layout) for pose in stated_poses(layout, scenario, seed=5)),
    ]
    tracker = Tracker(layout)
    for scan in sorted(scans, key=lambda one: (one.observed_ns, one.sequence)):
        tracker.take_in(scan)
    tracks = tracker.tracks()
    found = tracks.isel(estimate=np.flatnonzero(tracks["status"] == "confirmed"))
    assert found.sizes["estimate"] == 1
    assert float(found["easting"][0]) == pytest.approx(401.0, abs=25.0)
    assert float(found["northing"][0]) == pytest.approx(800.0, abs=25.0)


def ridge() -> xr.Dataset:
    """A ridge 60 m high along the northing of 500 m; ground at 0 elsewhere."""
    axis = np.arange(-2_000.0, 2_001.0, 50.0)
    high = np.where(np.abs(axis[::-1, None] - 500.0) < 60.0, 60.0, 0.0) + np.zeros((1, len(axis)))
    return xr.Dataset(
        {"elevation": (("northing", "easting"), high.astype(np.float32), {"units": "m"})},
        coords={"northing": axis[::-1], "easting": axis},
        attrs={"crs": FRAME.wkt, "datum": "none", "cell_m": 50.0},
    )


def test_it_sees_behind_the_ridge_only_once_it_is_there() -> None:
    sensor = vehicle((0.0, 0.0), (0.0, 900.0), max_range_m=1_500.0, mast_height_m=3.0)
    layout = Layout("l", FRAME, (sensor,))
    person = Mover("p", "person", np.array([0.0, 90.0]), np.array([300.0, 300.5]), np.array([1_200.0, 1_200.0]))
    detections, _ = simulate(layout, Scenario((person,), START, 90.0), ridge(), seed=5)
    counts = [(one.observed_ns / 1e9 - START.timestamp(), len(one)) for one in split(detections, layout)]
    assert all(count == 0 for when, count in counts if when < 35.0)
    assert any(count == 1 for when, count in counts if when > 80.0)


def test_a_sensor_beside_it_keeps_its_reports_to_the_bit() -> None:
    mast = place(FRAME, 50.0, 0.0, id="R", kind="radar", max_range_m=3_000.0, period_s=2.0, range_sd_m=5.0,
                 azimuth_sd_deg=0.4)  # fmt: skip
    carried = vehicle((0.0, 0.0), (900.0, 0.0))
    fixed = replace(carried, mobile=False, route=None, route_speed_mps=None, max_speed_mps=None)
    scenario = Scenario((Mover.straight("p", (100.0, 400.0), (1.0, 0.0), 60.0),), START, 60.0)
    found = []
    for one in (carried, fixed):
        layout = Layout("l", FRAME, (one, mast))
        found.append(
            [scan for scan in split(simulate(layout, scenario, None, seed=5)[0], layout) if scan.sensor == "R"]
        )
    assert len(found[0]) == len(found[1]) > 10
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a.azimuth, b.azimuth)
        np.testing.assert_array_equal(a.range_, b.range_)


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"route": [[8.0, 47.0]]}, "route has 1 different positions"),
        ({"route": [[8.0, 47.0], [8.0, 47.0]]}, "route has 1 different positions"),
        ({"route": [[8.0, 97.0], [8.0, 47.0]]}, "not on Earth"),
        ({"route": [[8.0, float("nan")], [8.0, 47.0]]}, "not on Earth"),
        ({"route": "8,47"}, "route is not a list of positions"),
        ({"route": [[8.0], [8.0, 47.0]]}, "route is not a list of positions"),
        ({"route": [[True, 47.0], [8.0, 47.0]]}, "route is not a list of positions"),
        ({"area": [[8.0, 47.0], [8.1, 47.0]]}, "has a route and an area|area has 2 different positions"),
        ({"area": [[8.0, 47.0], [8.1, 47.0], [8.1, 47.1]]}, "has a route and an area"),
        ({"route": None, "route_speed_mps": 5.0}, "route_speed_mps without a route"),
        ({"route_speed_mps": 25.0}, "above the largest speed, 20 m/s"),
        ({"route_stop_s": -1.0}, "route_stop_s is -1"),
        ({"mobile": False, "max_speed_mps": None}, "route beside mobile false"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(keys: dict[str, Any], what: str) -> None:
    with pytest.raises(LayoutError, match=what):
        vehicle((0.0, 0.0), (100.0, 0.0), **keys)
