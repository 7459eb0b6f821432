"""Bad rows and scans through ``Tracker.step`` and ``track``: dropped and counted, and no other track differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from fusion.tracker import Tracker, TrackerSettings, track
from geo.frame import LocalFrame
from sensors.detections import from_columns
from sensors.layout import Layout, place
from sensors.scan_columns import ARRAYS, ScanColumns

FRAME = LocalFrame.around(10.0, 45.0)
LAYOUT = Layout(
    "rough",
    FRAME,
    (place(FRAME, 0.0, 0.0, id="R", kind="radar", max_range_m=5000.0, period_s=3.0, false_alarms_per_scan=2.0),),
)
START_NS = 1_790_000_000 * 10**9
TAILS = {"cov": (2, 2), "class_probability": (5,)}


def scan(number: int, rows: list[dict[str, object]]) -> ScanColumns:
    """A radar's scan; what a row leaves out is NaN."""
    arrays = {name: np.full((len(rows), *TAILS.get(name, ())), np.nan) for name in ARRAYS}
    for i, row in enumerate(rows):
        for name, value in row.items():
            arrays[name][i] = value
    when = START_NS + 3_000_000_000 * number
    return ScanColumns("R", "radar", 1, number, when, when, **arrays)


def walker(number: int) -> dict[str, object]:
    return {"azimuth": 0.3, "azimuth_sd": 0.007, "range_": 900.0 + 4.2 * number, "range_sd": 4.0}


def place_at(cov: list[list[float]]) -> dict[str, object]:
    return {"easting": -2000.0, "northing": 500.0, "cov": np.array(cov)}


CLEAN = [scan(k, [walker(k)]) for k in range(20)]
BAD = {
    "no measurement": {},
    "azimuth is no number": {"azimuth": np.nan, "range_": 100.0, "range_sd": 4.0},
    "azimuth is infinite": {"azimuth": np.inf, "azimuth_sd": 0.01, "range_": 100.0, "range_sd": 4.0},
    "range is infinite": {"azimuth": 1.0, "azimuth_sd": 0.01, "range_": np.inf, "range_sd": 4.0},
    "range is negative": {"azimuth": 1.0, "azimuth_sd": 0.01, "range_": -5.0, "range_sd": 4.0},
    "range is beyond the sensor": {"azimuth": 1.0, "azimuth_sd": 0.01, "range_": 1e300, "range_sd": 4.0},
    "deviation of nothing": {"azimuth": 1.0, "azimuth_sd": 0.0, "range_": 100.0, "range_sd": 4.0},
    "deviation is negative": {"azimuth": 1.0, "azimuth_sd": 0.01, "range_": 100.0, "range_sd": -4.0},
    "covariance of nothing": place_at([[0.0, 0.0], [0.0, 0.0]]),
    "covariance is flat": place_at([[4.0, 4.0], [4.0, 4.0]]),
    "covariance is indefinite": place_at([[1.0, 9.0], [9.0, 1.0]]),
    "covariance is negative": place_at([[-1.0, 0.0], [0.0, -1.0]]),
    "covariance is no number": place_at([[np.nan, 0.0], [0.0, 1.0]]),
    "covariance is infinite": place_at([[np.inf, 0.0], [0.0, np.inf]]),
    "place is infinite": {"easting": np.inf, "northing": 0.0, "cov": np.eye(2)},
}


def by_step(scans: list[ScanColumns], settings: TrackerSettings | None = None) -> tuple[xr.Dataset, Tracker]:
    tracker = Tracker(LAYOUT, settings)
    for one in scans:
        tracker.step(from_columns([one]))
    return tracker.take_history(final=True), tracker


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_is_dropped_and_counted_and_changes_no_bit(name: str) -> None:
    hurt = [scan(k, [walker(k), BAD[name]] if k in (5, 9) else [walker(k)]) for k in range(20)]
    history, tracker = by_step(hurt)
    xr.testing.assert_identical(history, by_step(CLEAN)[0])
    assert tracker.rows_dropped == 2
    xr.testing.assert_identical(track(from_columns(hurt), LAYOUT), track(from_columns(CLEAN), LAYOUT))


def test_duplicate_scans_change_no_bit_and_are_counted() -> None:
    twice = [one for clean in CLEAN for one in (clean, clean)]
    history, tracker = by_step(twice)
    xr.testing.assert_identical(history, by_step(CLEAN)[0])
    assert tracker.duplicates_ignored == len(CLEAN)
    xr.testing.assert_identical(track(from_columns(twice), LAYOUT), track(from_columns(CLEAN), LAYOUT))


def test_time_going_backwards_within_the_horizon_changes_no_bit() -> None:
    jumbled = [*CLEAN[4::-1], *CLEAN[:4:-1]]
    late = [replace(one, received_ns=CLEAN[-1].observed_ns + k) for k, one in enumerate(jumbled)]
    xr.testing.assert_identical(track(from_columns(late), LAYOUT), track(from_columns(CLEAN), LAYOUT))
    xr.testing.assert_identical(by_step(late)[0], by_step(CLEAN)[0])


def test_time_going_backwards_beyond_the_horizon_is_counted() -> None:
    old = replace(CLEAN[0], sequence=99, observed_ns=START_NS - 3_600_000_000_000)
    old = replace(old, received_ns=old.observed_ns)
    history, tracker = by_step([*CLEAN, old])
    xr.testing.assert_identical(history, by_step(CLEAN)[0])
    assert tracker.late_ignored == 1


def test_a_clock_that_is_far_ahead_ages_nothing() -> None:
    ahead = replace(CLEAN[9], sequence=99, observed_ns=CLEAN[9].observed_ns + 86_400_000_000_000)
    history, tracker = by_step([*CLEAN[:10], ahead, *CLEAN[10:]])
    xr.testing.assert_identical(history, by_step(CLEAN)[0])
    assert tracker.late_ignored == 1


FAR_OFF: dict[str, Callable[[int], list[dict[str, object]]]] = {
    "coincident": lambda k: [{"azimuth": 3.0, "azimuth_sd": 0.007, "range_": 2000.0, "range_sd": 4.0}] * 6,
    "zero range": lambda k: [{"azimuth": 3.0, "azimuth_sd": 0.007, "range_": 0.0, "range_sd": 4.0}],
    "across north": lambda k: [
        {"azimuth": (-0.02 + 0.002 * k) % (2 * np.pi), "azimuth_sd": 0.007, "range_": 3000.0, "range_sd": 4.0}
    ],
}


@pytest.mark.parametrize("name", FAR_OFF)
def test_odd_plots_elsewhere_do_not_disturb_the_walker(name: str) -> None:
    # the walker's scans are the first of each, so that its name stays the same
    mixed = [scan(k, [walker(k), *FAR_OFF[name](k)] if k >= 3 else [walker(k)]) for k in range(20)]
    as_stated = TrackerSettings(learn_densities=False)  # learnt densities are of the whole field as well
    history, tracker = by_step(mixed, as_stated)
    clean = by_step(CLEAN, as_stated)[0]
    mine = history.isel(estimate=np.flatnonzero(history["track"].values == clean["track"].values[0]))
    for column in ("easting", "northing", "cov", "existence"):
        assert mine[column].values == pytest.approx(clean[column].values, rel=1e-6, abs=1e-6)
    assert mine["status"].values.tolist() == clean["status"].values.tolist()
    for column in ("easting", "northing", "easting_rate", "northing_rate", "existence", "cov"):
        assert np.isfinite(history[column].values).all()
    assert np.linalg.eigvalsh(history["cov"].values).min() > 0.0
    assert tracker.rows_dropped == 0
