"""Biases of sensors, from tracks that several of them see: found, taken off when significant, the same in any order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest

from fusion.filter.track_bank import empty_bank
from fusion.scoring import gospa
from fusion.track_management.history import closed_at_the_end
from fusion.tracker import Tracker
from geo.frame import LocalFrame
from sensors.detections import split
from sensors.layout import Layout, place
from sensors.scan_columns import ScanColumns
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario

FRAME = LocalFrame.around(10.0, 45.0)
START = datetime(2026, 9, 21, 21, 0, tzinfo=UTC)
SECONDS = 180.0


@cache
def layout() -> Layout:
    return Layout(
        "pair",
        FRAME,
        tuple(
            place(
                FRAME, east, 0.0, id=name, kind="radar", max_range_m=5000.0, period_s=3.0, range_sd_m=4.0,
                azimuth_sd_deg=0.4, detection_probability=0.9, false_alarms_per_scan=1.0, mast_height_m=0.0,
            )
            for name, east in (("A", -1200.0), ("B", 1200.0))
        ),
    )  # fmt: skip


@cache
def scenario() -> Scenario:
    rng = np.random.default_rng(7)
    movers = []
    for i in range(20):
        heading, speed = rng.uniform(0.0, 2.0 * np.pi), 1.4 if i % 3 else 8.0
        movers.append(
            Mover.straight(
                f"M{i}",
                tuple(rng.uniform(-2000.0, 2000.0, 2)),
                (speed * np.sin(heading), speed * np.cos(heading)),
                SECONDS,
            )
        )
    return Scenario(tuple(movers), START, SECONDS, late_fraction=0.2, late_mean_s=6.0)


@cache
def reported(seed: int) -> tuple[list[ScanColumns], object]:
    detections, truth = simulate(layout(), scenario(), None, seed=seed)
    return sorted(split(detections), key=lambda scan: (scan.received_ns, scan.key)), truth


def twisted(scans: list[ScanColumns], degrees: float, metres: float = 0.0) -> list[ScanColumns]:
    """The same scans with sensor B's azimuths and ranges off."""
    return [
        replace(s, azimuth=(s.azimuth + np.radians(degrees)) % (2.0 * np.pi), range_=s.range_ + metres)
        if s.sensor == "B"
        else s
        for s in scans
    ]


def run(scans: list[ScanColumns]) -> Tracker:
    tracker = Tracker(layout())
    for scan in scans:
        tracker.advance(scan)
    return tracker


def same(one: Tracker, other: Tracker) -> None:
    a, b = one.registration(), other.registration()
    for name in a.data_vars:
        np.testing.assert_array_equal(a[name].to_numpy(), b[name].to_numpy(), err_msg=str(name))


def test_a_twisted_radar_is_found_and_corrected() -> None:
    scans, truth = reported(1)
    tracker = run(twisted(scans, 1.0))
    found = tracker.registration().sel(sensor="B")
    assert bool(found["azimuth_corrected"])
    assert not bool(tracker.registration()["azimuth_corrected"].sel(sensor="A"))
    off = abs(float(found["azimuth_bias"]) - np.radians(1.0))
    assert off < 4.0 * float(found["azimuth_bias_sd"])
    assert off < np.radians(0.1)
    blind = Tracker(layout())
    blind.timeline.bank = empty_bank(blind.model, aligning=False)
    for scan in twisted(scans, 1.0):
        blind.advance(scan)
    corrected, uncorrected = (
        gospa(truth, closed_at_the_end(t.take_history(final=True))).attrs["gospa_mean_m"] for t in (tracker, blind)
    )
    assert corrected < 0.9 * uncorrected


def test_a_range_bias_is_found() -> None:
    found = run(twisted(reported(2)[0], 0.0, 12.0)).registration().sel(sensor="B")
    assert bool(found["range_corrected"])
    assert abs(float(found["range_bias"]) - 12.0) < 4.0 * float(found["range_bias_sd"]) + 1.0


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_true_radars_are_left_alone(seed: int) -> None:
    found = run(reported(seed)[0]).registration()
    assert not found["azimuth_corrected"].any()
    assert not found["range_corrected"].any()
    assert (found["pairs"] > 100).all()
    for name in ("range_error_ratio", "azimuth_error_ratio"):
        np.testing.assert_allclose(found[name], 1.0, atol=0.15)


def test_errors_larger_than_stated_show() -> None:
    rng = np.random.default_rng(11)
    noisy = [
        replace(s, azimuth=s.azimuth + rng.normal(0.0, np.radians(0.4 * np.sqrt(3.0)), len(s))) for s in reported(6)[0]
    ]
    ratio = run(noisy).registration()["azimuth_error_ratio"]
    np.testing.assert_allclose(ratio, 2.0, atol=0.4)  # √(0.4² + 3·0.4²) is twice 0.4


def test_order_of_arrival_changes_nothing() -> None:
    scans = twisted(reported(1)[0], 1.0)
    same(run(scans), run(sorted(scans, key=lambda s: (s.observed_ns, s.sensor, s.boot, s.sequence))))


def test_a_tracker_stopped_and_resumed_goes_on_to_the_bit() -> None:
    scans = twisted(reported(1)[0], 1.0)
    whole, first = run(scans), run(scans[:80])
    resumed = Tracker.restore(layout(), None, first.snapshot())
    for scan in scans[80:]:
        resumed.advance(scan)
    same(whole, resumed)
    for name in ("easting", "northing", "existence"):
        np.testing.assert_array_equal(whole.tracks()[name], resumed.tracks()[name])


def test_one_sensor_alone_has_no_bias_to_be_seen() -> None:
    alone = Tracker(Layout("one", FRAME, layout().sensors[:1]))
    for scan in twisted(reported(1)[0], 1.0):
        if scan.sensor == "A":
            alone.advance(scan)
    assert not alone.registration()["azimuth_corrected"].any()
    assert (alone.registration()["pairs"] == 0).all()
