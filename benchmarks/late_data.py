"""CPU per scan of the tracker with late data, against the same scans with none late, by number of sensors.

One radar to three polled ground sensors along a line, all with a period of 1 s, and walkers among them. ``live``: scan
by scan in order of arrival, with a snapshot every 10 s, and at the end all that waits; ``track``: the whole dataset at
once. ``per_late_us`` is the work per late scan of ``live``: what the late scans cost beyond the same scans in order, by
their number; ``per_late_scans`` is the same in scans in order. ``runs`` counts how often a scan is processed, and
``waits_s`` is the mean time that a late scan waits for its turn: neither depends on the machine. ``empty_us`` is an
empty scan of a ground sensor with no track near it. Times are of the process, in alternate order, and the least of the
repetitions counts.

``python benchmarks/late_data.py 7 16 52 500``
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xarray as xr
from machine import report, table

from fusion.tracker import Tracker, track
from fusion.warm_up import compile_kernels
from geo.frame import LocalFrame
from sensors.detections import split
from sensors.layout import Layout, place
from sensors.scan_columns import ScanColumns
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario

START = datetime(2026, 9, 21, 21, 0, tzinfo=UTC)
FRAME = LocalFrame.around(10.0, 45.0)
SPACING_M = 375.0
SNAPSHOT_S = 10.0
EMPTY_SCANS = 400
LATEST = np.timedelta64(59, "s")
"""A scan that comes later than the horizon of 60 s is not taken in, and then the histories differ."""


def layout_of(sensors: int) -> Layout:
    """Return a line of sensors: each fourth is a radar, the others are polled ground sensors."""
    found: list[Any] = []
    for number in range(sensors):
        east = SPACING_M * number
        if number % 4 == 0:
            found.append(
                place(
                    FRAME, east, 0.0, id=f"R{number}", kind="radar", max_range_m=2500.0, period_s=1.0, range_sd_m=4.0,
                    azimuth_sd_deg=0.4, detection_probability=0.9, false_alarms_per_scan=1.0, mast_height_m=0.0,
                )
            )  # fmt: skip
        else:
            found.append(
                place(
                    FRAME, east, 300.0 * (number % 3 - 1), id=f"G{number}", kind="ground_sensor", max_range_m=60.0,
                    period_s=1.0, detection_probability=0.8, false_alarms_per_scan=0.01,
                )
            )  # fmt: skip
    return Layout("late", FRAME, tuple(found))


def scans_of(layout: Layout, duration_s: float, late_fraction: float, late_mean_s: float, seed: int) -> xr.Dataset:
    """Return the detections of walkers, three for each radar and at least twelve."""
    rng = np.random.default_rng(seed)
    count = max(12, 3 * sum(sensor.kind == "radar" for sensor in layout))
    ends = rng.uniform([0.0, -1000.0], [SPACING_M * len(layout), 1000.0], (count, 2))
    speed = 1.4 * np.stack([np.sin(turn := rng.uniform(0.0, 2.0 * np.pi, count)), np.cos(turn)], axis=1)
    times = np.array([0.0, duration_s])
    movers = tuple(Mover(f"M{i}", "person", times, *(ends[i] + np.outer(times, speed[i])).T) for i in range(count))
    scenario = Scenario(movers, START, duration_s, late_fraction=late_fraction, late_mean_s=late_mean_s)
    found = simulate(layout, scenario, None, seed=seed)[0]
    delay = np.minimum(found["scan_received_at"] - found["scan_time"], LATEST)
    return found.assign(scan_received_at=found["scan_time"] + delay)


def live(layout: Layout, detections: xr.Dataset) -> tuple[float, float, float, xr.Dataset, int]:
    """Return CPU per scan [µs], scans processed per scan, mean wait of a late scan [s], the history, and the number of
    late scans."""
    scans = sorted(split(detections, layout), key=lambda scan: (scan.received_ns, scan.observed_ns, scan.key))
    tracker, since, waited, late, pieces = Tracker(layout), scans[0].received_ns, 0.0, 0, list[xr.Dataset]()
    begun = time.process_time()
    for scan in scans:
        newest = tracker.timeline.newest_ns
        late += newest is not None and scan.observed_ns < newest
        tracker.advance(scan)
        if scan.received_ns - since >= SNAPSHOT_S * 1e9:
            waited += len(tracker.timeline.waiting) * (scan.received_ns - since) * 1e-9
            since = scan.received_ns
            pieces.append(tracker.take_history())
            tracker.snapshot()
    pieces.append(tracker.take_history(final=True))
    spent = time.process_time() - begun
    history = xr.concat(pieces, "estimate", data_vars="minimal")
    return spent / len(scans) * 1e6, tracker.timeline.runs / len(scans), waited / max(late, 1), history, late


def whole(layout: Layout, detections: xr.Dataset) -> tuple[float, xr.Dataset]:
    """Return CPU per scan [µs] of ``track``, and the history."""
    begun = time.process_time()
    history = track(detections, layout)
    return (time.process_time() - begun) / detections.sizes["scan"] * 1e6, history


def empty_us(layout: Layout, detections: xr.Dataset) -> float:
    """Return the CPU [µs] of an empty scan of a ground sensor: the median of the scans."""
    tracker = Tracker(layout)
    scans = sorted(split(detections, layout), key=lambda scan: scan.observed_ns)
    tracker.take_in_all(scans[: 5 * len(layout)])
    newest = scans[5 * len(layout)].observed_ns
    quiet = next(scan for scan in scans if scan.kind == "ground_sensor" and not len(scan))
    spent = []
    for number in range(EMPTY_SCANS):
        at_ns = newest + number * 1_000_000
        scan: ScanColumns = replace(quiet, boot=9, sequence=number, observed_ns=at_ns, received_ns=at_ns)
        begun = time.process_time_ns()
        tracker.advance(scan)
        spent.append(time.process_time_ns() - begun)
    return float(np.median(spent)) * 1e-3


def least(repetitions: int, *measured: Callable[[], Sequence[Any]]) -> list[Sequence[Any]]:
    """Return, of each measurement, the repetition of least time (its first figure)."""
    results = [[one() for one in measured] for _ in range(repetitions)]
    return [min(column, key=lambda result: float(result[0])) for column in zip(*results, strict=True)]


def measure(sensors: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure one number of sensors; both orders of arrival have to give the same history."""
    layout = layout_of(sensors)
    prompt, late = (
        scans_of(layout, arguments.duration, fraction, arguments.late_mean, arguments.seed)
        for fraction in (0.0, arguments.late_fraction)
    )
    in_order, out_of_order = least(arguments.repetitions, lambda: live(layout, prompt), lambda: live(layout, late))
    sorted_prompt, sorted_late = least(
        arguments.repetitions, lambda: whole(layout, prompt), lambda: whole(layout, late)
    )
    xr.testing.assert_identical(in_order[3], out_of_order[3])
    xr.testing.assert_identical(sorted_prompt[1], sorted_late[1])
    scans = int(prompt.sizes["scan"])
    per_late_us = (out_of_order[0] - in_order[0]) * scans / out_of_order[4]
    return {
        "sensors": sensors,
        "scans": scans,
        "late": out_of_order[4],
        "in_order_us": round(in_order[0], 1),
        "late_us": round(out_of_order[0], 1),
        "ratio": round(out_of_order[0] / in_order[0], 2),
        "per_late_us": round(per_late_us),
        "per_late_scans": round(per_late_us / in_order[0], 1),
        "runs": round(out_of_order[1], 2),
        "waits_s": round(out_of_order[2], 1),
        "track_ratio": round(sorted_late[0] / sorted_prompt[0], 2),
        "empty_us": round(empty_us(layout, prompt), 1),
    }


def main() -> None:
    """Print a table, then one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sensors", nargs="*", type=int, default=[7, 16, 52])
    parser.add_argument("--duration", type=float, default=120.0, help="seconds of the scenario")
    parser.add_argument("--late-fraction", type=float, default=0.16)
    parser.add_argument("--late-mean", type=float, default=6.0, help="mean delay of late scans in seconds")
    parser.add_argument("--repetitions", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    compile_kernels()
    live(layout_of(7), scans_of(layout_of(7), 20.0, 0.16, 6.0, 1))  # every kernel is loaded before anything is timed
    rows = [measure(sensors, arguments) for sensors in arguments.sensors]
    table(list(rows[0]), [list(row.values()) for row in rows])
    report("late_data", {"rows": rows})


if __name__ == "__main__":
    main()
