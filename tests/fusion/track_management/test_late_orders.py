"""Whatever the order of arrival: the history, the tracks and the estimates are those of the order of observation."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion.models.settings import TrackerSettings
from fusion.tracker import Tracker
from geo.frame import LocalFrame
from sensors.detections import split
from sensors.layout import Layout, place
from sensors.scan_columns import ScanColumns
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario

FRAME = LocalFrame.around(10.0, 45.0)
SECONDS = 12.0
LAYOUT = Layout(
    "two radars, whose fields overlap, and a ground sensor",
    FRAME,
    (
        *(
            place(
                FRAME, east, 0.0, id=f"R{i}", kind="radar", max_range_m=1500.0, period_s=1.0, range_sd_m=4.0,
                azimuth_sd_deg=0.4, detection_probability=0.9, false_alarms_per_scan=1.0, mast_height_m=0.0,
            )
            for i, east in enumerate((-600.0, 600.0))
        ),
        place(
            FRAME, 0.0, 300.0, id="G", kind="ground_sensor", max_range_m=60.0, period_s=1.0, detection_probability=0.8,
            false_alarms_per_scan=0.01,
        ),
    ),
)  # fmt: skip


def observed() -> list[ScanColumns]:
    """Six walkers, in the order of observation."""
    movers = tuple(
        Mover.straight(f"M{i}", (-700.0 + 280.0 * i, 300.0 - 90.0 * (i % 3)), (1.2, 0.4 * (i % 2)), SECONDS)
        for i in range(6)
    )
    found = simulate(LAYOUT, Scenario(movers, datetime(2026, 9, 21, 21, tzinfo=UTC), SECONDS), None, seed=3)[0]
    return sorted(split(found, LAYOUT), key=lambda scan: (scan.observed_ns, *scan.key))


SCANS = observed()


def run(order: list[int], runs_per_scan: float) -> tuple[Tracker, xr.Dataset]:
    tracker = Tracker(LAYOUT, TrackerSettings(runs_per_scan=runs_per_scan))
    for number in order:
        tracker.advance(SCANS[number])
    return tracker, tracker.take_history(final=True)


IN_ORDER = run(list(range(len(SCANS))), 1.9)


@given(
    st.lists(st.sampled_from([0.0] * 4 + [0.6, 2.3, 5.0, 11.0]), min_size=len(SCANS), max_size=len(SCANS)),
    st.sampled_from([1.0, 1.9, 50.0]),
)
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
def test_late_scans_give_the_answer_of_the_order_of_observation(late_s: list[float], runs_per_scan: float) -> None:
    arrived = np.array([scan.observed_ns for scan in SCANS]) + (np.array(late_s) * 1e9).astype(np.int64)
    tracker, history = run(np.argsort(arrived, kind="stable").tolist(), runs_per_scan)
    assert tracker.late_ignored == 0
    first, expected = IN_ORDER
    assert expected.sizes["estimate"] > 50
    xr.testing.assert_identical(history, expected)
    xr.testing.assert_identical(tracker.tracks(), first.tracks())
    xr.testing.assert_identical(tracker.registration(), first.registration())
