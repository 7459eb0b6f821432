"""How many earlier states a timeline keeps, how often it runs a scan, and that none of it changes an answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fusion.filter.track_bank import no_rows
from fusion.filter_step import advance
from fusion.models.settings import TrackerSettings
from fusion.track_management.timeline import LATENESS_SCANS, Timeline
from fusion.tracker import Tracker, track
from geo.frame import LocalFrame
from sensors.detections import TAILS
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
    columns = {name: np.full((1, *TAILS.get(name, ())), np.nan) for name in ARRAYS}
    columns["azimuth"] = RNG.normal(0.5, 0.007, 1)
    columns["range_"] = 500.0 + 1.4 * number + RNG.normal(0.0, 4.0, 1)
    columns["azimuth_sd"], columns["range_sd"] = np.array([0.007]), np.array([4.0])
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
    assert in_order.sizes["estimate"] >= COUNT - 1  # the walker's track, at each scan
    xr.testing.assert_identical(late, in_order)


# --- rationed runs: 16 % of the scans late by 6 s in the mean, at any number of sensors ------------------------------

HORIZON_NS = 60 * 10**9
RATION = TrackerSettings().runs_per_scan
SCARCE = TrackerSettings(runs_per_scan=1.2)


def empty_look(sensor: int, number: int, sensors: int) -> ScanColumns:
    """An empty scan of one of ``sensors`` sensors that take turns, each once per second."""
    at_ns = 1_700_000_000 * 10**9 + number * 10**9 + sensor * 10**9 // sensors
    none = {name: np.zeros((0, *TAILS.get(name, ()))) for name in ARRAYS}
    return ScanColumns(f"S{sensor:03d}", "radar", 1, number, at_ns, at_ns, **none)


def arrivals(sensors: int, seconds: int) -> list[ScanColumns]:
    """Scans in order of arrival."""
    scans = [empty_look(sensor, number, sensors) for number in range(seconds) for sensor in range(sensors)]
    rng = np.random.default_rng(sensors)
    late_s = np.minimum(rng.exponential(6.0, len(scans)), 55.0) * (rng.random(len(scans)) < 0.16)
    arrived = [scan.observed_ns + round(late * 1e9) for scan, late in zip(scans, late_s, strict=True)]
    return [scans[number] for number in np.argsort(arrived, kind="stable")]


def folded(bank: Any, scan: ScanColumns) -> Any:
    """A bank that is the whole sequence of the scans run, as a hash."""
    return hash((bank, scan.key)), no_rows(scan.observed_ns)


@pytest.mark.parametrize("sensors", [7, 16, 52, 500])
def test_runs_keep_to_the_ration_and_all_end_in_order(sensors: int) -> None:
    scans = arrivals(sensors, seconds=150 if sensors < 100 else 70)
    timeline: Any = Timeline(0, HORIZON_NS, RATION)  # type: ignore[arg-type]
    for scan in scans:
        timeline.put(scan, folded)
        most = RATION * timeline.count + LATENESS_SCANS
        assert timeline.runs <= most + len(timeline.entries)  # one re-run that could not wait any longer
        assert not timeline.waiting or timeline.waiting[0][0] >= timeline.newest_ns - 2 * HORIZON_NS
    in_order = 0
    for scan in sorted(scans, key=lambda scan: scan.observed_ns):
        in_order, _ = folded(in_order, scan)
    assert timeline.settled(folded) == in_order
    timeline.run_waiting(folded)
    assert timeline.bank == in_order


def test_a_run_of_thousands_of_scans_holds_a_few_dozen_banks_at_any_moment() -> None:
    """A bank of hundreds of sensors takes a megabyte."""
    timeline: Any = Timeline(0, HORIZON_NS, RATION)  # type: ignore[arg-type]
    held = []

    def watched(bank: Any, scan: ScanColumns) -> Any:
        held.append((len(timeline.banked), timeline.count))
        return folded(bank, scan)

    for scan in arrivals(100, seconds=70):
        timeline.put(scan, watched)
    timeline.run_waiting(watched)
    assert max(count for _, count in held) > 5_000
    assert all(banks <= 8 * count.bit_length() for banks, count in held)


def test_a_late_scan_waits_at_most_until_it_is_two_horizons_old() -> None:
    timeline: Any = Timeline(0, HORIZON_NS, 1.0)  # type: ignore[arg-type]  # a ration that is never enough
    for scan in arrivals(4, seconds=400):
        timeline.put(scan, folded)
        assert not timeline.waiting or timeline.waiting[0][0] >= timeline.newest_ns - 2 * HORIZON_NS
    assert timeline.runs > timeline.count


def test_nothing_is_final_while_an_earlier_scan_waits() -> None:
    timeline: Any = Timeline(0, HORIZON_NS, 1.0)  # type: ignore[arg-type]
    taken: list[int] = []
    for scan in arrivals(4, seconds=400):
        timeline.put(scan, folded)
        taken += [rows.time_ns for rows in timeline.take(final=False)]
        assert not timeline.waiting or not taken or taken[-1] <= timeline.waiting[0][0]
    timeline.run_waiting(folded)
    taken += [rows.time_ns for rows in timeline.take(final=True)]
    assert taken == sorted(taken)
    assert len(taken) == 1600


def test_a_whole_dataset_is_sorted_so_that_each_scan_is_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    late = [replace(scan, received_ns=scan.observed_ns + 9 * 10**9 * (scan.sequence % 3 == 0)) for scan in NIGHT]
    runs = []
    monkeypatch.setattr("fusion.tracker.advance", lambda *given: runs.append(1) or advance(*given))
    history = track(dataset_of(late), LAYOUT)
    assert len(runs) == COUNT
    xr.testing.assert_identical(history, track(dataset_of(NIGHT), LAYOUT))


def dataset_of(scans: list[ScanColumns]) -> xr.Dataset:
    """The scans as a detections dataset."""
    per_scan = {
        "scan_sensor": np.array([scan.sensor for scan in scans]),
        "scan_time": np.array([scan.observed_ns for scan in scans]).astype("datetime64[ns]"),
        "scan_received_at": np.array([scan.received_ns for scan in scans]).astype("datetime64[ns]"),
        "scan_boot": np.array([scan.boot for scan in scans]),
        "scan_sequence": np.array([scan.sequence for scan in scans]),
    }
    plots = {
        "scan_index": np.arange(len(scans)),
        "azimuth": np.concatenate([scan.azimuth for scan in scans]),
        "range": np.concatenate([scan.range_ for scan in scans]),
    }
    return xr.Dataset(
        {name: ("scan", values) for name, values in per_scan.items()}
        | {name: ("detection", values) for name, values in plots.items()}
    )


@pytest.mark.parametrize("stop", [75, 97, 120])
def test_a_snapshot_holds_what_waits(stop: int) -> None:
    order = with_late(every=3, by=40, since=0)
    whole, first = Tracker(LAYOUT, SCARCE), Tracker(LAYOUT, SCARCE)
    for number in order[:stop]:
        assert whole.advance(NIGHT[number]) == first.advance(NIGHT[number])
    assert first.timeline.waiting
    second = Tracker.restore(LAYOUT, SCARCE, first.snapshot())
    for number in order[stop:]:
        assert whole.advance(NIGHT[number]) == second.advance(NIGHT[number])
    xr.testing.assert_identical(whole.take_history(final=True), second.take_history(final=True))


def test_tracks_hold_what_waits_and_asking_runs_nothing_for_good() -> None:
    tracker, prompt = Tracker(LAYOUT, SCARCE), Tracker(LAYOUT)
    order = with_late(every=3, by=40, since=0)[:120]
    for number in order:
        tracker.advance(NIGHT[number])
    for number in sorted(order):
        prompt.advance(NIGHT[number])
    assert tracker.timeline.waiting
    before = tracker.snapshot()
    xr.testing.assert_identical(tracker.tracks(), prompt.tracks())
    assert not tracker.tracks(provisional=True).equals(prompt.tracks())
    assert tracker.snapshot() == before


def test_an_empty_scan_of_a_sensor_far_from_every_track_leaves_the_tracks_as_they_are() -> None:
    # not only equal: the very same columns, so that the scan costs nothing for each track
    far = place(FRAME, 5000.0, 0.0, id="G", kind="ground_sensor", max_range_m=30.0, period_s=1.0)
    tracker = Tracker(Layout("two", FRAME, (RADAR, far)))
    for number in range(10):
        tracker.advance(NIGHT[number])
    before = tracker.timeline.bank
    tracker.advance(replace(empty_look(0, 10, 1), sensor="G", kind="ground_sensor", boot=2))
    assert len(before) >= 1
    assert tracker.timeline.bank is not before
    assert tracker.timeline.bank.tracks is before.tracks
