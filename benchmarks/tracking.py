"""The tracker's detections per CPU-second and accuracy (GOSPA) at 10, 100, 1000 and 10,000 targets, one thread.

Presets after those of the tracker's requirements: people at 1.4 m/s and vehicles at 10 m/s that turn, stop and meet at
5 m; radars of σ 4 m and 0.4°, period 3 s, Pd 0.9, Poisson clutter. Accuracy is of causal output, right after each scan,
over confirmed and coasting tracks. ``python benchmarks/tracking.py calm busy --seeds 3``.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from machine import report, table
from scipy.optimize import linear_sum_assignment

from fusion.tracker import Tracker, TrackerSettings, compile_kernels
from fusion.tracks import CONFIRMED
from geo.frame import LocalFrame
from sensors.columns import ScanColumns
from sensors.layout import Layout, place

Floats = npt.NDArray[np.float64]
START_NS = 1_790_000_000 * 10**9


@dataclass(frozen=True, slots=True)
class Preset:
    """Targets in a square of ``side_m`` watched by radars of ``radar_range_m`` for ``duration_s``."""

    targets: int
    radars: int
    side_m: float
    radar_range_m: float
    duration_s: float
    false_alarms: float = 5.0
    meeting: bool = True
    period_s: float = 3.0


PRESETS = {
    "empty": Preset(0, 1, 5000.0, 5000.0, 3600.0, false_alarms=20.0),
    "calm": Preset(10, 1, 5000.0, 5000.0, 600.0),
    "busy": Preset(100, 2, 8000.0, 6000.0, 300.0, false_alarms=10.0),
    "swarm": Preset(1000, 2, 16000.0, 12000.0, 84.0, false_alarms=20.0),
    "vast": Preset(10000, 2, 50000.0, 40000.0, 30.0, false_alarms=50.0),
}


def paths(preset: Preset, rng: np.random.Generator, step_s: float = 1.0) -> Floats:
    """(time, target, 2) true positions: legs of random length, turns, halts; a third are vehicles; pairs meet."""
    steps = int(preset.duration_s / step_s) + 2
    n = preset.targets
    vehicle = rng.random(n) < 0.3
    speed = np.where(vehicle, 10.0, 1.4)
    half = 0.5 * preset.side_m
    position = rng.uniform(-half, half, (n, 2))
    heading = rng.uniform(0.0, 2.0 * np.pi, n)
    moving = rng.random(n) > 0.1
    if preset.meeting:  # every fifth target walks towards its neighbour and passes it at 5 m
        for i in range(0, n - 1, 5):
            vehicle[i + 1], speed[i + 1] = vehicle[i], speed[i]
            moving[i] = moving[i + 1] = True
            heading[i + 1] = heading[i] + np.pi
            along = np.array([np.sin(heading[i]), np.cos(heading[i])])
            across = np.array([along[1], -along[0]])
            position[i + 1] = position[i] + along * speed[i] * preset.duration_s + across * 5.0
    pair = np.zeros(n, bool)
    if preset.meeting:
        pair[0 : n - 1 : 5] = True
        pair[1:n:5] = True
    out = np.zeros((steps, n, 2))
    for k in range(steps):
        out[k] = position
        turn = (rng.random(n) < step_s / 60.0) & ~pair
        heading = heading + turn * rng.normal(0.0, 1.0, n)
        stop, go = rng.random(n) < step_s / 200.0, rng.random(n) < step_s / 30.0
        moving = np.where(pair, True, np.where(moving, ~stop, go))
        velocity = np.stack([np.sin(heading), np.cos(heading)], axis=1) * (speed * moving)[:, None]
        position = position + velocity * step_s
        outside = (np.abs(position) > half) & ~pair[:, None]
        heading = np.where(outside.any(axis=1), np.arctan2(-position[:, 0], -position[:, 1]), heading)
    return out


def layout_of(preset: Preset) -> Layout:
    """Radars on a line through the middle."""
    frame = LocalFrame.around(10.0, 45.0)
    spots = [(0.0, 0.0)] if preset.radars == 1 else [(-0.25 * preset.side_m, 0.0), (0.25 * preset.side_m, 0.0)]
    radars = tuple(
        place(
            frame, e, n, id=f"R{i}", kind="radar", max_range_m=preset.radar_range_m, period_s=preset.period_s,
            range_sd_m=4.0, azimuth_sd_deg=0.4, detection_probability=0.9, mast_height_m=0.0,
            false_alarms_per_scan=preset.false_alarms,
        )
        for i, (e, n) in enumerate(spots)
    )  # fmt: skip
    return Layout("bench", frame, radars)


def scans_of(preset: Preset, layout: Layout, truth: Floats, rng: np.random.Generator) -> list[ScanColumns]:
    """Every scan of every radar in order of time."""
    scans = []
    for k in range(int(preset.duration_s / preset.period_s)):
        for number, radar in enumerate(layout):
            when = k * preset.period_s + number * preset.period_s / len(layout)
            d = _at(truth, when) - np.array([radar.easting, radar.northing])
            reach = np.hypot(d[:, 0], d[:, 1])
            hit = (reach < radar.max_range_m) & (rng.random(len(d)) < radar.detection_probability)
            azimuth = np.arctan2(d[hit, 0], d[hit, 1]) + rng.normal(0.0, np.radians(0.4), hit.sum())
            slant = np.maximum(reach[hit] + rng.normal(0.0, 4.0, hit.sum()), 0.1)
            false = rng.poisson(radar.false_alarms_per_scan)
            azimuth = np.concatenate([azimuth, rng.uniform(0.0, 2.0 * np.pi, false)]) % (2.0 * np.pi)
            slant = np.concatenate([slant, radar.max_range_m * np.sqrt(rng.random(false))])
            scans.append(polar_scan(radar.id, k, START_NS + round(when * 1e9), azimuth, slant))
    return scans


def polar_scan(sensor: str, sequence: int, when_ns: int, azimuth: Floats, slant: Floats) -> ScanColumns:
    """A radar's scan with the bench's deviations."""
    n = len(azimuth)
    nan = np.full(n, np.nan)
    return ScanColumns(
        sensor, "radar", 1, sequence, when_ns, when_ns, azimuth, np.full(n, np.radians(0.4)), nan, nan, slant,
        np.full(n, 4.0), nan, nan, nan, nan, np.full((n, 2, 2), np.nan), np.full((n, 5), np.nan), nan,
    )  # fmt: skip


def _at(truth: Floats, when_s: float) -> Floats:
    low = int(when_s)
    return truth[low] + (truth[low + 1] - truth[low]) * (when_s - low)


def run(preset: Preset, seed: int, settings: TrackerSettings) -> dict[str, float]:
    """One seed: speed through Tracker.advance, accuracy after each scan."""
    rng = np.random.default_rng(seed)
    truth = paths(preset, rng)
    layout = layout_of(preset)
    scans = scans_of(preset, layout, truth, rng)
    tracker = Tracker(layout, settings)
    spent, scores, confirmed, live = 0.0, [], 0, 0
    for scan in scans:
        begun = time.process_time()
        events = tracker.advance(scan)
        spent += time.process_time() - begun
        confirmed += sum(event.kind == "confirmed" for event in events)
        bank = tracker.timeline.bank
        live = max(live, len(bank))
        shown = (bank.status >= CONFIRMED) & (bank.existence >= 0.5)
        when = (scan.observed_ns - START_NS) * 1e-9
        dt = (scan.observed_ns - bank.time_ns[shown])[:, None] * 1e-9
        where = bank.centre[shown, :2] + dt * bank.centre[shown, 2:]
        actual = _at(truth, when)
        inside = np.zeros(len(actual), bool)
        for radar in layout:
            inside |= np.hypot(*(actual - [radar.easting, radar.northing]).T) < radar.max_range_m
        scores.append(gospa_positions(actual[inside], where))
    total = sum(len(scan) for scan in scans)
    mean = np.mean(np.array(scores), axis=0)
    return {
        "detections_per_cpu_s": total / spent,
        "gospa_m": float(mean[0]),
        "localisation": float(mean[1]),
        "missed": float(mean[2]),
        "false": float(mean[3]),
        "confirmed": confirmed,
        "live": live,
        "ms_per_scan": 1e3 * spent / len(scans),
    }


def gospa_positions(truth: Floats, found: Floats, cutoff_m: float = 50.0) -> tuple[float, float, float, float]:
    """(GOSPA, localisation, missed, false) [m] of two sets of points; order 2, α 2, as fusion.scoring.gospa."""
    square = ((truth[:, None] - found[None]) ** 2).sum(axis=2)
    cost = np.minimum(square, cutoff_m**2)
    rows, columns = linear_sum_assignment(cost)
    near = cost[rows, columns] < cutoff_m**2
    localisation = cost[rows, columns][near].sum()
    missed, false = (0.5 * cutoff_m**2 * (len(side) - near.sum()) for side in (truth, found))
    return tuple(np.sqrt([localisation + missed + false, localisation, missed, false]))


def main() -> None:
    """A table of the presets, then one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("presets", nargs="*", default=["calm", "busy", "swarm"])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=100)
    arguments = parser.parse_args()
    begun = time.process_time()
    compile_kernels()
    print(f"kernels ready in {time.process_time() - begun:.1f} CPU-s", file=sys.stderr)
    found: dict[str, dict[str, float]] = {}
    for name in arguments.presets:
        rows = [run(PRESETS[name], arguments.first_seed + i, TrackerSettings()) for i in range(arguments.seeds)]
        found[name] = {key: round(float(np.mean([row[key] for row in rows])), 3) for key in rows[0]}
    names = list(next(iter(found.values()), {}))
    table(["", *names], [[name, *figures.values()] for name, figures in found.items()])
    report("tracking", {"seeds": arguments.seeds, "presets": found})


if __name__ == "__main__":
    main()
