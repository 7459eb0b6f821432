"""Sensors that a bias keeps from seeing one target as one: no doubled picture, and none made single that is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from fusion.filter.track_bank import TENTATIVE
from fusion.tracker import Tracker
from geo.frame import LocalFrame
from sensors.detections import split
from sensors.layout import Layout, place
from sensors.scan_columns import ARRAYS, ScanColumns
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario

FRAME = LocalFrame.around(10.0, 45.0)
START = datetime(2026, 9, 21, 21, 0, tzinfo=UTC)
SECONDS = 60.0
APART = ((-1250.0, 0.0), (1250.0, 0.0), (0.0, 1250.0))
SETTLED_S = 30.0


def layout(azimuth_sd_deg: float, places: Sequence[tuple[float, float]]) -> Layout:
    return Layout(
        "aligned",
        FRAME,
        tuple(
            place(
                FRAME, east, north, id=f"R{i}", kind="radar", max_range_m=5000.0, period_s=3.0, range_sd_m=4.0,
                azimuth_sd_deg=azimuth_sd_deg, detection_probability=0.9, false_alarms_per_scan=3.0, mast_height_m=0.0,
            )
            for i, (east, north) in enumerate(places)
        ),
    )  # fmt: skip


def spread_out(count: int, seed: int) -> tuple[Mover, ...]:
    """People and vehicles on straight ways."""
    rng = np.random.default_rng(seed)
    movers = []
    for i in range(count):
        heading, speed = rng.uniform(0.0, 2.0 * np.pi), 1.4 if i % 3 else 10.0
        way = (speed * np.sin(heading), speed * np.cos(heading))
        movers.append(Mover.straight(f"M{i}", tuple(rng.uniform(-2000.0, 2000.0, 2)), way, SECONDS))
    return tuple(movers)


def scans_of(watched: Layout, movers: tuple[Mover, ...], seed: int, late: float = 0.0) -> list[ScanColumns]:
    scenario = Scenario(movers, START, SECONDS, late_fraction=late, late_mean_s=6.0)
    detections, _ = simulate(watched, scenario, None, seed=seed)
    return sorted(split(detections), key=lambda scan: (scan.received_ns, scan.key))


def off(scans: list[ScanColumns], sensor: str, degrees: float, metres: float = 0.0) -> list[ScanColumns]:
    """The same scans, one sensor's azimuths and ranges being wrong."""
    return [
        replace(s, azimuth=(s.azimuth + np.radians(degrees)) % (2.0 * np.pi), range_=s.range_ + metres)
        if s.sensor == sensor
        else s
        for s in scans
    ]


def shown(tracker: Tracker, scans: list[ScanColumns]) -> tuple[np.ndarray, np.ndarray]:
    """Seconds since the first scan, and how many tracks are shown after each scan."""
    counts = []
    for scan in scans:
        tracker.advance(scan)
        counts.append(int((tracker.timeline.bank.tracks.status != TENTATIVE).sum()))
    observed = np.array([scan.observed_ns for scan in scans])
    return (observed - observed[0]) * 1e-9, np.array(counts)


@pytest.mark.parametrize("azimuth_sd_deg", [0.1, 0.17, 0.4])
@pytest.mark.parametrize("degrees", [-2.0, -1.0, 0.5, 1.0, 2.0])
def test_a_turned_radar_doubles_nothing_for_long(azimuth_sd_deg: float, degrees: float) -> None:
    watched = layout(azimuth_sd_deg, APART[:2])
    tracker = Tracker(watched)
    at_s, count = shown(tracker, off(scans_of(watched, spread_out(20, 5), 1), "R1", degrees))
    assert (count[at_s > SETTLED_S] <= 21).all()
    assert np.trapezoid(np.maximum(count - 20, 0), at_s) < 60.0  # less than three seconds a target; uncured 20 × 50
    found = tracker.registration().sel(sensor="R1")
    assert float(np.degrees(found["azimuth_bias"])) == pytest.approx(degrees, abs=0.15)


def test_when_everybody_has_gone_the_correction_remains() -> None:
    """Without tracks nothing is moved by a changed estimate, which every epoch forgets a little of."""
    watched = layout(0.17, APART[:2])
    scans = off(scans_of(watched, spread_out(20, 5), 1), "R1", 1.0)
    tracker = Tracker(watched)
    shown(tracker, scans)
    assert tracker.registration()["azimuth_corrected"].sel(sensor="R1")
    looks = [next(scan for scan in reversed(scans) if scan.sensor == sensor) for sensor in ("R0", "R1")]
    nobody = {name: getattr(looks[0], name)[:0] for name in ARRAYS}
    for turn in range(1, 31):
        for look in sorted(looks, key=lambda scan: scan.observed_ns):
            at_ns = look.observed_ns + turn * 3 * 10**9
            later = {"sequence": look.sequence + turn, "observed_ns": at_ns, "received_ns": at_ns}
            tracker.advance(replace(look, **later, **nobody))
    assert len(tracker.timeline.bank) == 0
    assert tracker.registration()["azimuth_corrected"].sel(sensor="R1")


def test_a_radar_whose_ranges_are_off_doubles_nothing_for_long() -> None:
    watched = layout(0.17, APART[:2])
    tracker = Tracker(watched)
    at_s, count = shown(tracker, off(scans_of(watched, spread_out(20, 6), 2), "R1", 0.0, 50.0))
    assert (count[at_s > SETTLED_S] <= 21).all()
    assert float(tracker.registration()["range_bias"].sel(sensor="R1")) == pytest.approx(50.0, abs=3.0)


@pytest.mark.parametrize("wrong", ["R0", "R1", "R2"])
def test_of_three_radars_the_wrong_one_is_turned(wrong: str) -> None:
    watched = layout(0.17, APART)
    tracker = Tracker(watched)
    at_s, count = shown(tracker, off(scans_of(watched, spread_out(20, 7), 3), wrong, 1.0, 50.0))
    assert (count[at_s > SETTLED_S] <= 21).all()
    found = tracker.registration()
    assert found["sensor"].to_numpy()[found["azimuth_corrected"].to_numpy()].tolist() == [wrong]
    assert found["sensor"].to_numpy()[found["range_corrected"].to_numpy()].tolist() == [wrong]


def test_of_two_radars_on_one_mast_one_is_turned_by_the_difference() -> None:
    watched = layout(0.17, ((0.0, 0.0), (0.0, 20.0)))
    tracker = Tracker(watched)
    at_s, count = shown(tracker, off(scans_of(watched, spread_out(20, 8), 4), "R1", 1.0))
    assert (count[at_s > SETTLED_S] <= 21).all()
    found = tracker.registration()
    turn = np.degrees(found["azimuth_bias"].to_numpy()) * found["azimuth_corrected"].to_numpy()
    assert turn[1] - turn[0] == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("azimuth_sd_deg", [0.1, 0.4])
def test_aligned_radars_and_neighbours_are_left_alone(seed: int, azimuth_sd_deg: float) -> None:
    """Pairs of people 15 to 60 m apart, on one way, under radars that are as true as they say."""
    rng = np.random.default_rng(seed)
    movers = list[Mover]()
    for i in range(8):
        begin, heading = rng.uniform(-1500.0, 1500.0, 2), rng.uniform(0.0, 2.0 * np.pi)
        way, beside = np.array([np.sin(heading), np.cos(heading)]), rng.uniform(15.0, 60.0)
        other = begin + beside * np.array([way[1], -way[0]])
        for name, where in (("a", begin), ("b", other)):
            movers.append(Mover.straight(f"{name}{i}", tuple(where), tuple(1.4 * way), SECONDS))
    watched = layout(azimuth_sd_deg, APART)
    tracker = Tracker(watched)
    at_s, count = shown(tracker, scans_of(watched, tuple(movers), seed))
    assert (count[at_s > SETTLED_S] >= 15).all()
    found = tracker.registration()
    assert not found["azimuth_corrected"].any()
    assert not found["range_corrected"].any()


def test_late_scans_and_a_restart_find_the_same() -> None:
    watched = layout(0.1, APART[:2])
    scans = off(scans_of(watched, spread_out(15, 9), 5, late=0.2), "R1", 1.5)
    late, in_order = Tracker(watched), Tracker(watched)
    for scan in scans[:30]:
        late.advance(scan)
    late = Tracker.restore(watched, None, late.snapshot())
    for scan in scans[30:]:
        late.advance(scan)
    for scan in sorted(scans, key=lambda s: (s.observed_ns, s.sensor, s.boot, s.sequence)):
        in_order.advance(scan)
    for one, other in ((late.tracks(), in_order.tracks()), (late.registration(), in_order.registration())):
        assert one.equals(other)
    assert late.registration()["azimuth_corrected"].sel(sensor="R1")
