"""Biases of sensors, from tracks that several of them see: found, taken off when significant, the same in any order."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest

from fusion.filter.track_bank import TrackBank, empty_bank
from fusion.models.bearing_contacts import Contacts
from fusion.models.false_dead_ground import SENSOR_CELLS, FalseDeadGround
from fusion.scoring import gospa
from fusion.track_management.history import closed_at_the_end
from fusion.tracker import Tracker
from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.detections import split
from sensors.layout import Layout, place
from sensors.scan import CLASSES
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


def surveyed(**survey: Any) -> Layout:
    """The layout after a survey of sensor B."""
    first, second = layout().sensors
    return replace(layout(), sensors=(first, replace(second, **survey)))


def states(tracker: Tracker) -> list[TrackBank]:
    """The newest state and those that late data go back to."""
    return [tracker.timeline.bank, *(one.before for one in tracker.timeline.entries if one.before is not None)]


def test_a_surveyed_north_is_not_corrected_a_second_time_after_a_restart() -> None:
    """The survey states what the tracker had learnt: B's azimuths are true from then on, also those that it kept."""
    turned, true = twisted(reported(1)[0], 1.0), reported(1)[0]
    half = len(turned) // 2
    first = run(turned[:half])
    assert bool(first.registration()["azimuth_corrected"].sel(sensor="B"))
    again = Tracker.restore(surveyed(north_offset_deg=1.0), None, first.snapshot())
    for bank in states(again):
        np.testing.assert_array_equal(bank.learnt.used, 0.0)
        assert not len(bank.learnt.rings)
    np.testing.assert_array_equal(again.tracks()["track"], first.tracks()["track"])
    kept = {scan.key: scan for scan in true}
    for entry in again.timeline.entries:
        np.testing.assert_allclose(entry.scan.azimuth, kept[entry.scan.key].azimuth, atol=1e-12)
    for scan in true[half:]:
        again.advance(scan)
    assert not again.registration()["azimuth_corrected"].any()


@pytest.mark.parametrize("survey", [{"easting": 1230.0}, {"easting": 7000.0}, {"mast_height_m": 8.0}])
def test_after_a_moved_sensor_tracks_continue_and_biases_start_again(survey: dict[str, float]) -> None:
    first = run(twisted(reported(1)[0], 1.0))
    again = Tracker.restore(surveyed(**survey), None, first.snapshot())
    for bank in states(again):
        np.testing.assert_array_equal(bank.learnt.used, 0.0)
        np.testing.assert_array_equal(bank.densities.stated[1], 0.0)
        assert bank.densities.stated[0].any()
        assert bank.intensity.shape == again.timeline.bank.intensity.shape
    np.testing.assert_array_equal(again.tracks()["track"], first.tracks()["track"])
    again.advance(replace(reported(1)[0][-1], sequence=10**6))


def test_after_a_survey_false_dead_ground_and_bearings_of_other_sensors_stay() -> None:
    first, one, whole = run(reported(1)[0][:20]), np.ones(2), np.array([0, 1])
    cells = FalseDeadGround(5 + whole * SENSOR_CELLS, one, one, whole)
    lines = Contacts(whole, whole, np.ones((2, 2)), np.ones((2, 3)), whole, one, np.ones((2, len(CLASSES))))
    first.timeline.bank = replace(first.timeline.bank, exposed=cells, contacts=lines)
    bank = Tracker.restore(surveyed(north_offset_deg=1.0), None, first.snapshot()).timeline.bank
    assert bank.exposed.place.tolist() == [5]
    assert bank.contacts.sensor.tolist() == [0]


def test_a_snapshot_of_other_sensors_or_another_order_is_refused() -> None:
    first, second = layout().sensors
    saved = run(reported(1)[0][:20]).snapshot()
    for sensors in ((second, first), (first, replace(second, id="C"))):
        with pytest.raises(BadInput, match=r"belongs to another layout: it has radar '[AB]' where this one has radar"):
            Tracker.restore(replace(layout(), sensors=sensors), None, saved)


def test_a_snapshot_without_a_layout_is_of_this_one() -> None:
    """Snapshots of before layouts were stored."""
    first = run(reported(1)[0][:20])
    head, *rest = msgspec.msgpack.decode(first.snapshot(), type=list[bytes])
    with np.load(io.BytesIO(head)) as archive:
        meta = json.loads(archive["meta"].tobytes())
    del meta["layout"], meta["grid"]
    file = io.BytesIO()
    np.savez(file, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8))
    again = Tracker.restore(layout(), None, msgspec.msgpack.encode([file.getvalue(), *rest]))
    assert again.snapshot() == first.snapshot()


def test_one_sensor_alone_has_no_bias_to_be_seen() -> None:
    alone = Tracker(Layout("one", FRAME, layout().sensors[:1]))
    for scan in twisted(reported(1)[0], 1.0):
        if scan.sensor == "A":
            alone.advance(scan)
    assert not alone.registration()["azimuth_corrected"].any()
    assert (alone.registration()["pairs"] == 0).all()
