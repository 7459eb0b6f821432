"""Densities of targets and of false plots, learnt while running, on scenarios made apart from our simulator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from benchmarks.outside_scenarios import Scene, World, scene
from fusion.models.densities import AREAS, CLUTTER_BOUNDS, TRAFFIC_BOUNDS, clutter_ratios
from fusion.models.settings import TrackerSettings
from fusion.scoring import gospa
from fusion.tracker import Tracker, track
from geo.arrays import Floats
from sensors.detections import split
from tests.drills.sizes import sized

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
