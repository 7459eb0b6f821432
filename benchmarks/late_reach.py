"""What one late scan affects, and what re-runs would cost that were confined to it, by number of sensors.

The layout and the scans are those of ``late_data.py``: each sensor's scans are late at random. Three figures of work
per late scan, all counted in scans that are processed again, so that none depends on the machine:

- ``rationed``: what the tracker does (decision 0020), whole run, with what waits at the end.
- ``at_once``: each late scan alone, at its arrival: every newer scan is processed again.
- ``in_reach``: the same, but only the scans that the late one can reach. These are the least that an exact answer can
  leave out none of: a scan of a sensor whose field overlaps that of a sensor reached before it, in the order of
  observation. That a scan in reach could prove to be unaffected is not counted in its favour, and shared estimates,
  which reach farther, are not counted against it.

``union`` is the fraction of the scans of rationed re-runs that are in reach of any scan that waited for them: what a
confined re-run could leave out is the rest. ``changed`` is the fraction of newer scans with tracks whose rows differ in
at least one bit with the late scan and without it, ``changed_1mm`` by more than 1 mm, ``far_changed`` that of scans out
of reach; from a sample of late scans, 6 s after each.

``python benchmarks/late_reach.py 7 16 52 200 500``
"""

from __future__ import annotations

import argparse
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from late_data import layout_of, scans_of
from machine import report, table

from fusion.filter.track_bank import Rows, no_rows
from fusion.models.settings import TrackerSettings
from fusion.track_management.timeline import Timeline, key_of
from fusion.tracker import Tracker
from fusion.warm_up import compile_kernels
from sensors.detections import split
from sensors.layout import Layout
from sensors.scan_columns import ScanColumns

WARM_S = 12.0
AFTER_S = 6.0
MARGIN_M = 50.0
"""Margin of fusion.filter.track_bank.in_reach, without the error of the track."""


def neighbours(layout: Layout) -> list[int]:
    """Return, of each sensor, those whose field one track may be in reach of as well: a bit for each sensor."""
    places = np.array([layout.frame.to_local(sensor.lon, sensor.lat) for sensor in layout])
    reach = np.array([sensor.max_range_m + MARGIN_M for sensor in layout])
    near = np.hypot(*(places[:, None] - places).T) <= reach[:, None] + reach
    return [sum(1 << k for k in np.flatnonzero(row).tolist()) for row in near]


def in_reach(near: Sequence[int], numbers: Iterable[int], first: Iterable[bool]) -> list[bool]:
    """Return (scan,) of scans of the sensors ``numbers`` in order, whether one is in reach of those that are
    ``first``."""
    touched, found = 0, list[bool]()
    for number, late in zip(numbers, first, strict=True):
        found.append(late or bool(near[number] & touched))
        touched |= int(found[-1]) << number
    return found


def of_reruns(layout: Layout, scans: Sequence[ScanColumns]) -> dict[str, float]:
    """Return the counts of work per late scan of one live run. Which scans are processed again does not depend on what
    is in them, so nothing is tracked here."""
    near, number = neighbours(layout), {sensor.id: k for k, sensor in enumerate(layout)}
    settings = TrackerSettings()
    timeline: Any = Timeline(0, round(settings.horizon_s * 1e9), settings.runs_per_scan)  # type: ignore[arg-type]
    late = newer = reached = again = in_union = 0
    for scan in scans:
        place = bisect_left(timeline.order, key_of(scan))
        behind = timeline.entries[place:]
        if behind:
            late += 1
            newer += len(behind)
            numbers = [number[scan.sensor], *(number[entry.scan.sensor] for entry in behind)]
            reached += sum(in_reach(near, numbers, [True] + [False] * len(behind))) - 1
        ran = timeline.put(scan, lambda bank, one: (bank, no_rows(one.observed_ns)))
        if len(ran) > 1:
            again += len(ran)
            waited = [before is None for _, before in ran]
            in_union += sum(in_reach(near, [number[entry.scan.sensor] for entry, _ in ran], waited))
    timeline.run_waiting(lambda bank, one: (bank, no_rows(one.observed_ns)))
    return {
        "late": late,
        "rationed": round((timeline.runs - len(scans)) / late, 1),
        "at_once": round(newer / late),
        "in_reach": round(reached / late),
        "union": round(in_union / max(again, 1), 3),
    }


def of_one_scan(layout: Layout, scans: Sequence[ScanColumns], sample: int, seed: int) -> dict[str, float]:
    """Return what a sample of scans changes in those after them."""
    near, number = neighbours(layout), {sensor.id: k for k, sensor in enumerate(layout)}
    begun = scans[0].observed_ns + round(WARM_S * 1e9)
    start = next(k for k, scan in enumerate(scans) if scan.observed_ns >= begun)
    tracker = Tracker(layout)
    tracker.take_in_all(scans[:start])
    bank, advance = tracker.timeline.bank, tracker._advance_bank
    counts = np.zeros(5, np.int64)
    within = [k for k in range(start, start + len(layout)) if len(scans[k])]
    for chosen in np.random.default_rng(seed).choice(within, sample, replace=False).tolist():
        tail = [scan for scan in scans[start:] if scan.observed_ns <= scans[chosen].observed_ns + AFTER_S * 1e9]
        with_it, without = bank, bank
        reached = in_reach(
            near, [number[scan.sensor] for scan in tail], [start + k == chosen for k in range(len(tail))]
        )
        for k, scan in enumerate(tail):
            with_it, rows = advance(with_it, scan)
            if start + k == chosen:
                continue
            without, others = advance(without, scan)
            if start + k > chosen and len(rows):
                changed, millimetre = differ(rows, others)
                counts += [1, changed, millimetre, not reached[k], changed and not reached[k]]
    total, changed, millimetre, far, far_changed = counts.tolist()
    return {
        "changed": round(changed / max(total, 1), 3),
        "changed_1mm": round(millimetre / max(total, 1), 3),
        "far_changed": round(far_changed / far, 3) if far else float("nan"),
    }


def differ(one: Rows, other: Rows) -> tuple[bool, bool]:
    """Return whether two results of a scan differ in a bit, and by more than 1 mm or in their tracks."""
    if not np.array_equal(one.track, other.track):
        return True, True
    columns = ("centre", "spread", "existence", "status")
    equal = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in columns)
    apart = np.abs(one.centre[:, :2] - other.centre[:, :2]).max(initial=0.0)
    return not equal, bool(apart > 1e-3)


def measure(sensors: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure one number of sensors."""
    layout = layout_of(sensors)
    late = scans_of(layout, arguments.duration, arguments.late_fraction, arguments.late_mean, arguments.seed)
    arrived = sorted(split(late, layout), key=lambda scan: (scan.received_ns, scan.observed_ns, scan.key))
    observed = sorted(arrived, key=lambda scan: (scan.observed_ns, *scan.key))
    counts = of_reruns(layout, arrived)
    return {"sensors": sensors, **counts, **of_one_scan(layout, observed, arguments.sample, arguments.seed)}


def main() -> None:
    """Print a table, then one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sensors", nargs="*", type=int, default=[7, 16, 52, 200])
    parser.add_argument("--duration", type=float, default=120.0, help="seconds of the scenario")
    parser.add_argument("--late-fraction", type=float, default=0.16)
    parser.add_argument("--late-mean", type=float, default=6.0, help="mean delay of late scans in seconds")
    parser.add_argument("--sample", type=int, default=4, help="number of scans whose effect is followed")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    compile_kernels()
    rows = [measure(sensors, arguments) for sensors in arguments.sensors]
    table(list(rows[0]), [list(row.values()) for row in rows])
    report("late_reach", {"rows": rows})


if __name__ == "__main__":
    main()
