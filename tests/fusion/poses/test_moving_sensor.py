"""A sensor that moves: its plots are placed by the pose of their own time, with its errors, in any order of arrival."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.filter.measurements import LEAST_VARIANCE, plots_of
from fusion.models.motion import unpack
from fusion.models.sensor_views import probability
from fusion.models.undetected import missed_share
from fusion.poses.looks import missed_near
from fusion.poses.placed import at_pose, corrected
from fusion.tracker import Tracker, track
from geo.arrays import Floats
from geo.frame import LocalFrame
from sensors.detections import from_columns
from sensors.layout import AnySensor, Layout, place
from sensors.mobile import Pose, columns_of_pose
from sensors.scan_columns import ARRAYS, ScanColumns
from sensors.timestamps import utc_datetime
from tests.drills.sizes import sized

START_NS = 1_790_000_000 * 10**9
FRAME = LocalFrame.around(10.0, 45.0)
RADAR = {
    "kind": "radar", "max_range_m": 5000.0, "period_s": 1.0, "range_sd_m": 4.0, "azimuth_sd_deg": 0.4,
    "mast_height_m": 0.0, "detection_probability": 0.9, "false_alarms_per_scan": 1.0,
}  # fmt: skip
TARGET = np.array([1500.0, 900.0])


def vehicle(**values: object) -> AnySensor:
    return place(FRAME, 0.0, 0.0, **{"id": "V", **RADAR, "mobile": True, **values})


LAYOUT = Layout("a vehicle", FRAME, (vehicle(),))


def on_the_road(second: float) -> Floats:
    """15 m/s to the east along the northing of its post."""
    return np.array([15.0 * second, 0.0])


def look(second: float, *targets: Floats, at: Floats, sensor: str = "V", noise: Floats | None = None) -> ScanColumns:
    """An exact look from ``at``, with ``noise`` (plot, 2) of azimuth [rad] and range [m]."""
    apart = np.array(targets).reshape(-1, 2) - at
    noise = np.zeros(apart.shape) if noise is None else noise
    columns = {name: np.full((len(apart), *{"cov": (2, 2), "class_probability": (5,)}.get(name, ())), np.nan)
               for name in ARRAYS}  # fmt: skip
    columns["azimuth"] = np.mod(np.arctan2(apart[:, 0], apart[:, 1]) + noise[:, 0], 2.0 * np.pi)
    columns["range_"] = np.hypot(apart[:, 0], apart[:, 1]) + noise[:, 1]
    columns["azimuth_sd"] = np.full(len(apart), np.radians(0.4))
    columns["range_sd"] = np.full(len(apart), 4.0)
    at_ns = START_NS + round(second * 1e9)
    return ScanColumns(sensor, "radar", 1, round(second * 10), at_ns, at_ns, **columns)


def report(second: float, at: Floats, *, layout: Layout = LAYOUT, sensor: str = "V", **more: float) -> ScanColumns:
    lon, lat = FRAME.to_lonlat(*at)
    when = utc_datetime(START_NS + round(second * 1e9))
    values = {"position_sd_m": 2.0} | more
    pose = Pose(
        sensor=sensor,
        boot=1,
        sequence=round(second * 10),
        observed_at=when,
        received_at=when,
        lon=lon,
        lat=lat,
        **values,
    )
    return columns_of_pose(pose, layout)


def run(scans: list[ScanColumns], layout: Layout = LAYOUT) -> Tracker:
    tracker = Tracker(layout)
    for scan in scans:
        tracker.advance(scan)
    return tracker


def patrol(seconds: int = 20) -> list[ScanColumns]:
    """A pose at each second, and half a second later an exact look at the target from where the vehicle is then."""
    scans = []
    for k in range(seconds):
        scans.append(report(float(k), on_the_road(k)))
        scans.append(look(k + 0.5, TARGET, at=on_the_road(k + 0.5)))
    return scans


def test_a_radar_on_a_vehicle_sees_a_standing_target_at_one_place() -> None:
    tracks = run(patrol()).tracks()
    assert tracks.sizes["estimate"] == 1
    assert str(tracks["status"].values[0]) == "confirmed"
    found = np.array([tracks["easting"].values[0], tracks["northing"].values[0]])
    # between poses the vehicle is taken to slow down a little: 15 m/s · (0.5 − 10 (1 − e^(−0.05))) = 0.2 m
    assert np.hypot(*(found - TARGET)) < 0.5
    assert np.hypot(tracks["easting_rate"].values[0], tracks["northing_rate"].values[0]) < 0.2


def test_without_its_poses_the_same_looks_are_of_something_that_moves() -> None:
    looks = [scan for scan in patrol() if scan.kind != "pose"]
    tracks = run(looks).tracks()
    moved = np.array([tracks["easting"].values[0], tracks["northing"].values[0]]) - TARGET
    assert np.hypot(*moved) > 200.0


def test_a_look_is_placed_by_the_poses_before_it_also_if_they_come_later() -> None:
    scans = patrol()
    last_pose_late = [*scans[:-2], scans[-1], scans[-2]]
    xr.testing.assert_identical(run(last_pose_late).take_history(final=True), run(scans).take_history(final=True))
    unseen = run([*scans[:-2], scans[-1]]).tracks()
    assert not unseen.equals(run(scans).tracks())  # the pose matters


@pytest.mark.parametrize(("azimuth_deg", "reach"), [(0.0, 2000.0), (60.0, 700.0), (200.0, 4000.0)])
def test_errors_of_the_pose_widen_the_plot_as_by_hand(azimuth_deg: float, reach: float) -> None:
    azimuth = np.radians(azimuth_deg)
    s, c = np.sin(azimuth), np.cos(azimuth)
    tracker = run([report(0.0, np.zeros(2), position_sd_m=30.0, heading_sd_deg=1.5)])
    bank = tracker.timeline.bank
    scan = look(0.0, reach * np.array([s, c]), at=np.zeros(2))
    model, stand = at_pose(tracker.model, bank.poses, tracker.looks, "V", scan.observed_ns)
    assert stand is not None
    sensor = model.sensor("V")
    plots, dropped = plots_of(corrected(scan, stand, sensor), sensor, model, bank.intensity, place_sd=stand.place_sd)
    assert dropped == 0
    along = 4.0**2 + LEAST_VARIANCE
    across = (reach * np.hypot(np.radians(0.4), np.radians(1.5))) ** 2 + LEAST_VARIANCE
    frame = np.array([[s, c], [c, -s]])  # columns: along, across
    by_hand = frame @ np.diag([along, across]) @ frame.T + 30.0**2 * np.eye(2)
    found = np.array([[plots.r_ee[0], plots.r_en[0]], [plots.r_en[0], plots.r_nn[0]]])
    assert found == pytest.approx(by_hand, rel=1e-5)


def test_an_azimuth_alone_is_widened_by_the_parallax_at_half_the_range() -> None:
    tracker = run([report(0.0, np.zeros(2), position_sd_m=25.0)])
    bank = tracker.timeline.bank
    scan = look(0.0, TARGET, at=np.zeros(2))
    scan = replace(scan, range_=np.full(1, np.nan))
    model, stand = at_pose(tracker.model, bank.poses, tracker.looks, "V", scan.observed_ns)
    assert stand is not None
    plots, _ = plots_of(scan, model.sensor("V"), model, bank.intensity, place_sd=stand.place_sd)
    assert plots.azimuth_sd[0] == pytest.approx(np.hypot(np.radians(0.4), 25.0 / 2500.0), rel=1e-5)


# --- order ----------------------------------------------------------------------------------------------------------

PAIR = Layout(
    "a vehicle and a mast",
    FRAME,
    (vehicle(), place(FRAME, 0.0, -1000.0, **{"id": "M", **RADAR, "period_s": 2.0})),
)


@cache
def evening() -> tuple[ScanColumns, ...]:
    """Targets that walk, seen by a vehicle on a winding road and by a mast; poses with errors, one of them a jump."""
    rng = np.random.default_rng(11)
    origin, velocity = rng.uniform(-1500.0, 1500.0, (6, 2)), rng.normal(0.0, 1.0, (6, 2))
    scans = []
    for k in range(40):
        for second, sensor in ((k + 0.3, "V"), (k + 0.6, "M")):
            if sensor == "M" and k % 2:
                continue
            road = np.array([12.0 * second, 80.0 * np.sin(second / 6.0)])
            at = road if sensor == "V" else np.array([0.0, -1000.0])
            seen = rng.random(6) < 0.9
            noise = rng.normal(0.0, 1.0, (int(seen.sum()), 2)) * (np.radians(0.4), 4.0)
            scans.append(look(second, *(origin + velocity * second)[seen], at=at, sensor=sensor, noise=noise))
        if k % 3 == 0:
            road = np.array([12.0 * k, 80.0 * np.sin(k / 6.0)]) + rng.normal(0.0, 2.0, 2)
            jump = np.array([3000.0, 0.0]) if k == 21 else 0.0
            scans.append(report(float(k), road + jump, layout=PAIR, heading_sd_deg=0.3))
    return tuple(sorted(scans, key=lambda scan: scan.observed_ns))


@cache
def in_order() -> xr.Dataset:
    return run(list(evening()), PAIR).take_history(final=True)


@given(st.integers(0, 2**31))
@settings(max_examples=sized(3, 12), deadline=None)
def test_any_order_within_the_horizon_gives_the_in_order_answer_to_the_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scans = [evening()[i] for i in rng.permutation(len(evening()))]
    tracker = run(scans, PAIR)
    assert tracker.late_ignored == 0
    xr.testing.assert_identical(tracker.take_history(final=True), in_order())
    assert dict(tracker.pose_faults(scans[-1].observed_ns)) == {}


@pytest.mark.parametrize("stop", [1, 30, 55])
def test_restoring_a_snapshot_and_going_on_equals_not_stopping(stop: int) -> None:
    tracker = run(list(evening()[:stop]), PAIR)
    restored = Tracker.restore(PAIR, None, tracker.snapshot())
    for scan in evening()[stop:]:
        restored.advance(scan)
    xr.testing.assert_identical(restored.take_history(final=True), in_order())


def test_track_takes_poses_beside_the_detections_or_in_them() -> None:
    poses = [scan for scan in evening() if scan.kind == "pose"]
    looks = [scan for scan in evening() if scan.kind != "pose"]
    beside = track(from_columns(looks), PAIR, poses=poses)
    xr.testing.assert_identical(beside, track(from_columns(list(evening())), PAIR))
    assert not beside.equals(track(from_columns(looks), PAIR))


def test_a_mobile_sensor_without_poses_is_a_fixed_one_to_the_bit() -> None:
    looks = [scan for scan in evening() if scan.kind != "pose"]
    fixed = Layout("fixed", FRAME, tuple(replace(sensor, mobile=False) for sensor in PAIR))
    one, other = run(looks, PAIR), run(looks, fixed)
    xr.testing.assert_identical(one.take_history(final=True), other.take_history(final=True))
    xr.testing.assert_identical(one.registration(), other.registration())


# --- bad poses ------------------------------------------------------------------------------------------------------


def test_a_spoofed_jump_moves_no_track_and_is_a_fault_until_it_ends() -> None:
    scans = patrol(10)
    spoofed = report(9.2, np.array([4000.0, 0.0]))
    tracker = run([*scans[:-1], spoofed, scans[-1]])
    xr.testing.assert_identical(tracker.tracks(), run(scans).tracks())
    found = tracker.pose_faults(START_NS + 10 * 10**9)
    assert found["V"]["implausible_position"].parameters == {"reason": "jump"}
    tracker.advance(report(10.0, on_the_road(10.0)))
    assert tracker.pose_faults(START_NS + 10 * 10**9) == {}


def test_a_sensor_that_was_lost_is_not_used_until_it_states_where_it_is() -> None:
    scans = patrol(10)
    tracker = run(scans)
    before, dropped = tracker.tracks(), tracker.rows_dropped
    tracker.advance(look(55.0, TARGET, at=on_the_road(30.0)))
    assert tracker.rows_dropped == dropped + 1
    xr.testing.assert_identical(tracker.tracks(), before)
    assert list(tracker.pose_faults(START_NS + 55 * 10**9)["V"]) == ["unknown_position"]
    tracker.advance(report(56.0, on_the_road(56.0)))
    tracker.advance(look(56.5, TARGET, at=on_the_road(56.5)))
    assert tracker.rows_dropped == dropped + 1
    assert not tracker.tracks().equals(before)


def test_a_pose_beyond_the_horizon_is_ignored_and_counted() -> None:
    tracker = run([*patrol(5), look(120.0, at=on_the_road(0.0))])
    tracker.advance(report(10.0, on_the_road(10.0)))
    assert tracker.late_ignored == 1


# --- what it sees, and its alignment ---------------------------------------------------------------------------------


def ridge() -> xr.Dataset:
    """A ridge 60 m high along the northing of 500 m; ground at 0 elsewhere."""
    axis = np.arange(-2000.0, 2001.0, 50.0)
    high = np.where(np.abs(axis[::-1, None] - 500.0) < 60.0, 60.0, 0.0) + np.zeros((1, len(axis)))
    return xr.Dataset(
        {"elevation": (("northing", "easting"), high.astype(np.float32), {"units": "m"})},
        coords={"northing": axis[::-1], "easting": axis},
        attrs={"crs": FRAME.crs.to_wkt(), "datum": "none"},
    )


def test_dead_ground_is_that_of_the_present_pose() -> None:
    layout = Layout("near", FRAME, (vehicle(max_range_m=1900.0, mast_height_m=3.0),))
    tracker = Tracker(layout, terrain=ridge())
    behind, before = (200.0, 1300.0), (200.0, -700.0)
    home = tracker.model.sensor("V").view
    assert probability(home, *behind) == 0.0
    assert probability(home, *before) == pytest.approx(0.9)
    tracker.advance(report(0.0, np.array([0.0, 800.0]), layout=layout))
    model, stand = at_pose(tracker.model, tracker.timeline.bank.poses, tracker.looks, "V", START_NS)
    assert stand is not None
    view = model.sensor("V").view
    assert probability(view, *behind) == pytest.approx(0.9)
    assert probability(view, *before) == 0.0
    assert (model.missed["V"] != tracker.model.missed["V"]).any()
    # what is remembered never changes an answer
    fresh, _ = at_pose(tracker.model, tracker.timeline.bank.poses, type(tracker.looks)(tracker.looks.terrain), "V",
                       START_NS)  # fmt: skip
    np.testing.assert_array_equal(fresh.sensor("V").view.grid, view.grid)


def test_what_a_look_misses_is_that_of_the_whole_grid() -> None:
    """The kernel that leaves out what is out of reach, against the one that does not."""
    model = Tracker(PAIR, terrain=ridge()).model
    for sensor in model.sensors.values():
        for east, north in ((0.0, 0.0), (4000.0, -2500.0), (-9000.0, 0.0)):
            view = sensor.view._replace(east=east, north=north)
            np.testing.assert_array_equal(missed_near(model.births, view), missed_share(model.births, view))


def test_the_field_of_view_turns_with_the_heading() -> None:
    layout = Layout("narrow", FRAME, (vehicle(field_of_view_deg=60.0, azimuth_deg=0.0),))
    tracker = Tracker(layout)
    tracker.advance(report(0.0, np.array([100.0, 0.0]), layout=layout, heading_deg=90.0))
    model, _ = at_pose(tracker.model, tracker.timeline.bank.poses, tracker.looks, "V", START_NS)
    view = model.sensor("V").view
    assert probability(view, 1100.0, 0.0) > 0.0
    assert probability(view, 100.0, 1000.0) == 0.0


def test_a_moving_radars_north_is_found_by_what_a_mast_sees_too() -> None:
    rng = np.random.default_rng(3)
    targets = rng.uniform(-1500.0, 1500.0, (8, 2))
    off = np.radians(1.2)
    scans = []
    for k in range(60):
        scans.append(report(float(k), on_the_road(k), layout=PAIR, position_sd_m=1.0))
        for second, sensor, at in ((k + 0.1, "V", on_the_road(k + 0.1)), (k + 0.6, "M", np.array([0.0, -1000.0]))):
            noise = rng.normal(0.0, 1.0, (8, 2)) * (np.radians(0.4), 4.0) + (off if sensor == "V" else 0.0, 0.0)
            scans.append(look(second, *targets, at=at, sensor=sensor, noise=noise))
    found = run(scans, PAIR).registration().sel(sensor="V")
    assert bool(found["azimuth_corrected"])
    assert abs(float(found["azimuth_bias"]) - off) < 4.0 * float(found["azimuth_bias_sd"])
    assert abs(float(found["azimuth_bias"]) - off) < np.radians(0.2)


def test_the_spread_of_a_track_is_as_large_as_its_errors() -> None:
    """Poses with errors of 20 m: the track of an exact look is as uncertain as they are."""
    tracker = run([report(0.0, np.zeros(2), position_sd_m=20.0), look(0.0, TARGET, at=np.zeros(2))])
    cov = unpack(tracker.timeline.bank.tracks.spread)[0]
    assert np.sqrt(np.linalg.eigvalsh(cov[:2, :2])[0]) == pytest.approx(np.hypot(20.0, 4.0), rel=0.05)
