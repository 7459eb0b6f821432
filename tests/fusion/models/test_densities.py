"""Densities of targets and of false plots, learnt while running, on scenarios made apart from our simulator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from benchmarks.outside_scenarios import Scene, World, scene
from fusion.models.densities import AREAS, CLUTTER_BOUNDS, SECTORS, TRAFFIC_BOUNDS, clutter_ratios
from fusion.models.settings import TrackerSettings
from fusion.scoring import gospa
from fusion.tracker import Tracker, track
from geo.arrays import Floats
from geo.frame import LocalFrame
from sensors.detections import from_columns, split
from sensors.layout import Layout, place
from sensors.scan_columns import ARRAYS, ScanColumns
from tests.drills.sizes import sized

MAST_M = 30.0
SITES = tuple(enumerate([(-700.0, 0.0, 90.0), (700.0, 0.0, 270.0), (0.0, 700.0, 180.0)]))
CALM = World(azimuth_sd_deg=0.1, range_sd_m=5.0, manoeuvres=0.2, duration_s=60.0)


def learnt(one: Scene) -> tuple[Tracker, Floats]:
    """The tracker after a scene, and its first sensor's clutter ratios by area."""
    tracker = Tracker(one.layout)
    for scan in split(one.detections, one.layout):
        tracker.take_in(scan)
    densities = tracker.timeline.bank.densities
    return tracker, clutter_ratios(densities.false_plots[0], densities.stated[0])


@pytest.mark.parametrize(
    "world",
    [
        replace(CALM, per_km2=20.0),
        replace(CALM, per_km2=4.0, range_m=3600.0, false_alarms=1.0),
        replace(CALM, per_km2=0.5, false_factor=10.0),
        replace(CALM, per_km2=4.0, false_factor=0.1),
        replace(CALM, per_km2=0.05, false_factor=10.0, duration_s=120.0),
    ],
)
def test_defaults_are_within_three_percent_of_settings_that_are_right(world: World) -> None:
    """GOSPA over seeds of the default settings, against the true density of targets and of false plots given."""
    stated = replace(world, false_alarms=world.false_alarms * world.false_factor, false_factor=1.0)
    right = TrackerSettings(traffic_per_km2=world.per_km2, learn_densities=False)
    default, known = 0.0, 0.0
    for seed in range(1, 1 + sized(2, 8) * (2 if world.per_km2 < 1.0 else 1)):
        one = scene(world, seed)
        default += float(gospa(one.truth, track(one.detections, one.layout)).attrs["gospa_mean_m"])
        layout = scene(stated, seed).layout
        known += float(gospa(one.truth, track(one.detections, layout, settings=right)).attrs["gospa_mean_m"])
    assert default <= 1.03 * known


@pytest.mark.parametrize(("true", "stated"), [(8.0, 0.8), (0.3, 3.0)])
def test_cameras_that_measure_elevation_learn_within_half_a_minute_what_was_stated_wrongly(
    true: float, stated: float
) -> None:
    """GOSPA after 30 s within three percent of that with the true figure; before, a false track may be confirmed."""
    default, known = 0.0, 0.0
    for seed in range(sized(3, 8)):
        detections, truth = watched_square(seed, true)
        default += float(gospa(truth, track(detections, three_cameras(stated)))["gospa"][30:].mean())
        known += float(gospa(truth, track(detections, three_cameras(true)))["gospa"][30:].mean())
    assert default <= 1.03 * known


@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_a_camera_learns_the_density_of_its_false_plots_by_sector(factor: float) -> None:
    detections, _ = watched_square(7, 8.0)
    layout = three_cameras(8.0 / factor)
    tracker = Tracker(layout)
    for scan in split(detections, layout):
        tracker.take_in(scan)
    densities = tracker.timeline.bank.densities
    for false_plots, stated in zip(densities.false_plots, densities.stated, strict=True):
        assert clutter_ratios(false_plots, stated)[:SECTORS].mean() == pytest.approx(factor, rel=0.35)


def three_cameras(false_alarms: float) -> Layout:
    """Three cameras on masts of 30 m, 700 m from the middle of a square, on a plane."""
    shared: dict[str, Any] = {
        "kind": "camera", "max_range_m": 1500.0, "period_s": 1.0, "mast_height_m": MAST_M, "field_of_view_deg": 90.0,
        "azimuth_sd_deg": 0.2, "elevation_sd_deg": 0.05, "elevation_min_deg": -10.0, "elevation_max_deg": 10.0,
        "detection_probability": 0.8, "false_alarms_per_scan": false_alarms,
    }  # fmt: skip
    frame = LocalFrame.around(8.0, 47.0)
    placed = [place(frame, e, n, id=f"camera-{i}", azimuth_deg=facing, **shared) for i, (e, n, facing) in SITES]
    return Layout("cameras", frame, tuple(placed))


def watched_square(seed: int, false_alarms: float, duration_s: int = 60) -> tuple[xr.Dataset, xr.Dataset]:
    """(detections, truth) of six walkers in the square; false directions are uniform in angle, Poisson in number."""
    chance = np.random.default_rng(seed)
    start, heading = chance.uniform(-350.0, 350.0, (6, 2)), chance.uniform(0.0, 2.0 * np.pi, 6)
    velocity = 1.3 * np.column_stack([np.sin(heading), np.cos(heading)])
    begin, scans, rows = 1_700_000_000_000_000_000, [], []
    for second in range(duration_s):
        for k, (easting, northing) in enumerate(start + velocity * second):
            rows.append((f"t{k}", np.datetime64(begin + second * 10**9, "ns"), easting, northing))
        for i, (e, n, facing) in SITES:
            at_s = second + 0.3 * i
            apart = start + velocity * at_s - (e, n)
            distance, azimuth = np.hypot(*apart.T), np.arctan2(apart[:, 0], apart[:, 1])
            off = (azimuth - np.radians(facing) + np.pi) % (2.0 * np.pi) - np.pi
            seen = (np.abs(off) < np.radians(45.0)) & (chance.random(6) < 0.8)
            false = chance.poisson(false_alarms)
            azimuths = [azimuth[seen] + np.radians(0.2) * chance.standard_normal(seen.sum()),
                        np.radians(facing + chance.uniform(-45.0, 45.0, false))]  # fmt: skip
            elevations = [np.arctan2(-MAST_M, distance[seen]) + np.radians(0.05) * chance.standard_normal(seen.sum()),
                          np.radians(chance.uniform(-10.0, 10.0, false))]  # fmt: skip
            scans.append(_look(f"camera-{i}", second + 1, begin + round(at_s * 1e9), azimuths, elevations))
    truth = dict(zip(("target", "time", "easting", "northing"), map(np.array, zip(*rows, strict=True)), strict=True))
    return from_columns(scans), xr.Dataset({name: ("estimate", values) for name, values in truth.items()})


def _look(sensor: str, number: int, at_ns: int, azimuths: list[Floats], elevations: list[Floats]) -> ScanColumns:
    azimuth, elevation = np.concatenate(azimuths) % (2.0 * np.pi), np.concatenate(elevations)
    columns = {name: np.full(len(azimuth), np.nan) for name in ARRAYS}
    columns |= {"cov": np.full((len(azimuth), 2, 2), np.nan), "class_probability": np.full((len(azimuth), 5), np.nan),
                "azimuth": azimuth, "azimuth_sd": np.full(len(azimuth), np.radians(0.2)), "elevation_angle": elevation,
                "elevation_angle_sd": np.full(len(azimuth), np.radians(0.05))}  # fmt: skip
    return ScanColumns(sensor, "camera", 1, number, at_ns, at_ns, *(columns[name] for name in ARRAYS))


def test_the_density_of_targets_is_learnt_by_area() -> None:
    """20 targets per km² in a square of 25 km² within a field of 78 km²: the middle learns them, the rim does not."""
    tracker, _ = learnt(scene(replace(CALM, per_km2=20.0), 1))
    traffic = tracker.timeline.bank.densities.traffic * 1e6
    middle = traffic[len(traffic) // 2, traffic.shape[1] // 2]
    assert middle == pytest.approx(20.0, rel=0.35)
    assert traffic[0].max() < 0.5 * middle


@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_the_density_of_false_plots_is_learnt(factor: float) -> None:
    _, ratio = learnt(scene(replace(CALM, per_km2=0.5, false_alarms=20.0, false_factor=factor, duration_s=240.0), 2))
    assert ratio.mean() == pytest.approx(factor, rel=0.35)


def test_a_quarter_with_more_false_plots_is_told_from_the_rest() -> None:
    """Ten times the false plots between north and east: sectors 0 and 1 of each ring."""
    _, ratio = learnt(scene(replace(CALM, per_km2=0.2, quarter_factor=10.0, duration_s=240.0), 3))
    noisy = np.isin(np.arange(AREAS) % 8, (0, 1))
    assert ratio[noisy].min() > 2.0 * ratio[~noisy].max()


def test_estimates_stay_within_bounds_whatever_the_sensor_sends() -> None:
    """Empty scans for half an hour, and scans of one plot repeated a thousand times."""
    one = scene(replace(CALM, per_km2=0.0, false_alarms=0.0, duration_s=1800.0), 4)
    quiet, ratio = learnt(one)
    assert not quiet.timeline.bank.tracks.track.size
    for tracker, found in ((quiet, ratio), learnt(_stuffed(one))):
        traffic = tracker.timeline.bank.densities.traffic / tracker.model.births.density
        assert np.isfinite(traffic).all()
        assert np.isfinite(found).all()
        assert TRAFFIC_BOUNDS[0] <= traffic.min() <= traffic.max() <= TRAFFIC_BOUNDS[1]
        assert CLUTTER_BOUNDS[0] <= found.min() <= found.max() <= CLUTTER_BOUNDS[1]


def _stuffed(one: Scene) -> Scene:
    """The first ten scans of a scene, each with a thousand equal plots."""
    scans = one.detections.isel(scan=slice(0, 10))
    count = 10 * 1000
    columns = {"azimuth": 1.0, "azimuth_sd": 0.002, "range": 900.0, "range_sd": 5.0}
    scans = scans.drop_dims("detection").assign(
        {name: ("detection", np.full(count, value)) for name, value in columns.items()}
        | {"scan_index": ("detection", np.repeat(np.arange(10), 1000))}
    )
    return replace(one, detections=scans)


def test_going_on_from_a_snapshot_while_learning_equals_not_stopping_and_one_batch() -> None:
    one = scene(replace(CALM, per_km2=4.0, false_factor=5.0), 5)
    scans = split(one.detections, one.layout)
    tracker = Tracker(one.layout)
    for scan in scans[:6]:
        tracker.take_in(scan)
    before = tracker.timeline.bank.densities
    assert before.false_plots.any()
    assert (before.traffic != tracker.model.births.density).any()
    again = Tracker.restore(one.layout, None, tracker.snapshot())
    for name, values in before._asdict().items():
        np.testing.assert_array_equal(getattr(again.timeline.bank.densities, name), values)
    for scan in scans[6:]:
        tracker.take_in(scan)
        again.take_in(scan)
    history = tracker.take_history(final=True)
    xr.testing.assert_identical(again.take_history(final=True), history)
    batch = track(one.detections, one.layout)
    xr.testing.assert_identical(batch.isel(estimate=slice(0, history.sizes["estimate"])), history)


def test_without_learning_densities_remain_as_stated() -> None:
    one = scene(replace(CALM, per_km2=4.0, duration_s=30.0), 6)
    tracker = Tracker(one.layout, TrackerSettings(learn_densities=False))
    for scan in split(one.detections, one.layout):
        tracker.take_in(scan)
    densities = tracker.timeline.bank.densities
    assert (densities.traffic == tracker.model.births.density).all()
    assert not densities.false_plots.any()
    assert not densities.stated.any()
