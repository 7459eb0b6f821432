"""Silence of a ground sensor that sends events only: its heartbeats say that nobody walked by."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from fusion.models.motion import unpack
from fusion.models.settings import TrackerSettings
from fusion.tracker import Tracker
from geo.frame import LocalFrame
from sensors.ground_sensor import HOLD_OFF_S, rate_per_metre
from sensors.layout import Layout, place
from sensors.scan_columns import ARRAYS, ScanColumns

FRAME = LocalFrame.around(10.0, 45.0)
START_NS = 1_790_000_000 * 10**9
RADAR = place(
    FRAME, 0.0, 0.0, id="R", kind="radar", max_range_m=5000.0, period_s=3.0, range_sd_m=4.0, azimuth_sd_deg=0.2,
    detection_probability=0.9, false_alarms_per_scan=1.0, mast_height_m=0.0,
)  # fmt: skip
LAYOUT = Layout(
    "fence",
    FRAME,
    (
        RADAR,
        place(FRAME, 0.0, 1000.0, id="G", kind="ground_sensor", max_range_m=60.0, status_interval_s=10.0),
    ),
)


def radar_scan(sequence: int, when_s: float, where: list[tuple[float, float]]) -> ScanColumns:
    d = np.array(where, float).reshape(-1, 2)
    n = len(d)
    arrays = {name: np.full((n, *{"cov": (2, 2), "class_probability": (5,)}.get(name, ())), np.nan) for name in ARRAYS}
    arrays |= {
        "azimuth": np.arctan2(d[:, 0], d[:, 1]), "azimuth_sd": np.full(n, np.radians(0.2)),
        "range_": np.hypot(*d.T), "range_sd": np.full(n, 4.0),
    }  # fmt: skip
    when = START_NS + round(when_s * 1e9)
    return ScanColumns("R", "radar", 1, sequence, when, when, **arrays)


def beat(tracker: Tracker, sequence: int, when_s: float) -> None:
    at = START_NS + round(when_s * 1e9)
    tracker.heartbeat("G", boot=1, sequence=sequence, observed_ns=at, received_ns=at)


def walked(tracker: Tracker, north: float, seconds: int = 24) -> Tracker:
    """A walker due east who is past (0, north) at the end."""
    for k in range(seconds // 3 + 1):
        tracker.advance(radar_scan(k, 3.0 * k, [(1.4 * (3.0 * k - seconds + 5.0), north)]))
    return tracker


def test_quiet_beside_a_track_lowers_its_existence_by_bayes_rule() -> None:
    tracker = walked(Tracker(LAYOUT), 1000.0)
    beat(tracker, 0, 14.0)
    plain = Tracker.restore(LAYOUT, None, tracker.snapshot())
    before = tracker.timeline.bank.tracks
    beat(tracker, 1, 24.0)
    after = tracker.timeline.bank.tracks
    carried = before.existence[0]
    # walking 10 s at 1.4 m/s well within reach: 1 − exp(−rate · 14 m)
    felt = 1.0 - np.exp(-rate_per_metre(0.9, 60.0) * 14.0)
    expected = carried * (1.0 - felt) / (1.0 - carried * felt)
    # nearly certain before, so compare odds
    odds = (after.existence[0] / (1.0 - after.existence[0])) / (carried / (1.0 - carried))
    assert odds == pytest.approx((expected / (1.0 - expected)) / (carried / (1.0 - carried)), rel=0.25)
    assert odds < 0.85
    assert plain.timeline.bank.tracks.existence[0] == carried


def test_silence_speaks_for_standing_still() -> None:
    tracker = walked(Tracker(LAYOUT), 1000.0)
    beat(tracker, 0, 14.0)
    standing = [mode.name for mode in TrackerSettings().modes].index("stand")
    before = tracker.timeline.bank.tracks.mode[0, standing]
    beat(tracker, 1, 24.0)
    assert tracker.timeline.bank.tracks.mode[0, standing] > 1.1 * before


def test_a_track_out_of_reach_and_the_first_word_change_no_existence() -> None:
    far = walked(Tracker(LAYOUT), 1200.0)
    beat(far, 0, 14.0)
    before = far.timeline.bank.tracks.existence.copy()
    beat(far, 1, 24.0)
    assert far.timeline.bank.tracks.existence == pytest.approx(before, rel=1e-9)
    near = walked(Tracker(LAYOUT), 1000.0)
    before = near.timeline.bank.tracks.existence.copy()
    beat(near, 0, 24.0)
    assert near.timeline.bank.tracks.existence == pytest.approx(before, rel=1e-9)


def test_the_rest_after_a_trigger_is_no_quiet_time() -> None:
    tracker = Tracker(LAYOUT)
    beat(tracker, 0, 0.0)
    none = {name: np.full((1, *{"cov": (2, 2), "class_probability": (5,)}.get(name, ())), np.nan) for name in ARRAYS}
    at = START_NS + 4_000_000_000
    tracker.advance(ScanColumns("G", "ground_sensor", 1, 0, at, at, **none))
    assert tracker.timeline.bank.heard_ns[1] == at + round(HOLD_OFF_S * 1e9)


def test_heartbeats_in_any_order_give_the_same_to_the_bit_and_twice_is_once() -> None:
    def run(order: list[int]) -> xr.Dataset:
        tracker = Tracker(LAYOUT)
        for k in order:
            if k < 9:
                tracker.advance(radar_scan(k, 3.0 * k, [(1.4 * (3.0 * k - 19.0), 1000.0)]))
            else:
                beat(tracker, k, 10.0 * (k - 9))
                beat(tracker, k, 10.0 * (k - 9))
        return tracker.take_history(final=True)

    xr.testing.assert_identical(
        run([0, 9, 1, 2, 3, 10, 4, 5, 6, 11, 7, 8]), run([0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 10, 9])
    )


def test_heartbeats_of_sensors_that_look_change_nothing_and_covariances_stay_sound() -> None:
    tracker = walked(Tracker(LAYOUT), 1000.0)
    before = tracker.snapshot()
    assert tracker.heartbeat("R", boot=1, sequence=0, observed_ns=START_NS, received_ns=START_NS) == ()
    ahead = START_NS + 3_600_000_000_000  # an hour ahead of its receipt: a wrong clock
    assert tracker.heartbeat("G", boot=1, sequence=0, observed_ns=ahead, received_ns=START_NS) == ()
    assert tracker.snapshot() == before
    for k in range(40):
        beat(tracker, k, 24.0 + 10.0 * k)
    bank = tracker.timeline.bank
    if len(bank):
        assert np.linalg.eigvalsh(unpack(bank.tracks.cov)).min() > 0.0
    assert np.isfinite(bank.tracks.existence).all()
