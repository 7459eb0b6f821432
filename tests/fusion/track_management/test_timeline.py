"""How many earlier states a timeline keeps, and that none of it changes an answer."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from fusion.tracker import Tracker
from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.scan_columns import ARRAYS, ScanColumns

FRAME = LocalFrame.around(10.0, 45.0)
RADAR = place(
    FRAME, 0.0, 0.0, id="R", kind="radar", max_range_m=2000.0, period_s=1.0, range_sd_m=4.0, azimuth_sd_deg=0.4,
    detection_probability=0.9, false_alarms_per_scan=1.0, mast_height_m=0.0,
)  # fmt: skip
LAYOUT = Layout("test", FRAME, (RADAR,))
COUNT = 150
RNG = np.random.default_rng(5)


def look(number: int) -> ScanColumns:
    """One walker who goes north at 1.4 m/s, seen each second."""
    tails = {"cov": (2, 2), "class_probability": (5,)}
    columns = {name: np.full((1, *tails.get(name, ())), np.nan) for name in ARRAYS}
    columns["azimuth"] = RNG.normal(0.5, 0.007, 1)
    columns["range_"] = 500.0 + 1.4 * number + RNG.normal(0.0, 4.0, 1)
    at_ns = 1_700_000_000 * 10**9 + number * 10**9
    return ScanColumns("R", "radar", 1, number, at_ns, at_ns, **columns)


NIGHT = [look(number) for number in range(COUNT)]


def run(order: list[int]) -> tuple[Tracker, xr.Dataset]:
    tracker = Tracker(LAYOUT)
    for number in order:
        tracker.advance(NIGHT[number])
    return tracker, tracker.take_history(final=True)


def with_late(every: int, by: int, since: int) -> list[int]:
    """Order of arrival in which, from ``since`` on, each ``every``-th scan comes after the ``by`` ones that follow."""
    late = [number + by + 0.5 if number >= since and number % every == 0 else number for number in range(COUNT)]
    return sorted(range(COUNT), key=lambda number: late[number])


def banks(tracker: Tracker) -> int:
    return sum(entry.before is not None for entry in tracker.timeline.entries)


def test_few_earlier_states_are_kept_while_nothing_is_late_and_one_an_octave_when_scans_are() -> None:
    # of some 90 scans within the horizon and before its base: multiples of 4 among the newest 8, of 32 among the others
    calm, _ = run(list(range(COUNT)))
    assert banks(calm) <= 6
    often, _ = run(with_late(every=5, by=2, since=0))
    assert banks(calm) < banks(often) <= 10


@pytest.mark.parametrize("by", [1, 7, 40])
def test_a_lone_late_scan_after_a_calm_minute_gives_the_in_order_answer(by: int) -> None:
    _, in_order = run(list(range(COUNT)))
    tracker, late = run(with_late(every=100, by=by, since=90))
    assert tracker.late_ignored == 0
    xr.testing.assert_identical(late, in_order)
