"""Presets of the tracking benchmark: movers, sensors and their reports. A module; not run by itself.

People at 1.4 m/s and vehicles at 10 m/s turn, stop and pass each other at 5 m; radars of σ 4 m and 0.4° scan every 3 s
with Pd 0.9 and Poisson clutter. The sensors' reports come from ``sensors.simulate``, as in any demonstration; those of
the worlds of ``outside_scenarios`` share no code with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xarray as xr
from outside_scenarios import WORLDS, World, scene

from geo.arrays import Bools, Floats
from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario

START = datetime(2026, 9, 21, 21, 0, tzinfo=UTC)
FRAME = LocalFrame.around(10.0, 45.0)
CELL_M = 30.0


@dataclass(frozen=True, slots=True)
class Preset:
    """Targets in a square of ``side_m`` within range of radars of ``radar_range_m`` for ``duration_s``.

    ``meeting``: every fifth target passes its neighbour at 5 m; ``ridges``: all targets walk across two strips of dead
    ground; ``mixed``: cameras and ground sensors in addition to the radar; ``twist_deg``: azimuth bias of the last
    radar.
    """

    targets: int
    radars: int
    side_m: float
    radar_range_m: float
    duration_s: float
    false_alarms: float = 5.0
    meeting: bool = True
    pairs_only: bool = False
    ridges: bool = False
    mixed: bool = False
    late_fraction: float = 0.0
    twist_deg: float = 0.0
    period_s: float = 3.0


PRESETS: dict[str, Preset | World] = {
    **WORLDS,
    "empty": Preset(0, 1, 5000.0, 5000.0, 3600.0, false_alarms=20.0),
    "calm": Preset(10, 1, 5000.0, 5000.0, 600.0),
    "busy": Preset(100, 2, 8000.0, 6000.0, 300.0, false_alarms=10.0),
    "swarm": Preset(1000, 2, 16000.0, 12000.0, 84.0, false_alarms=20.0),
    "vast": Preset(10000, 4, 50000.0, 40000.0, 30.0, false_alarms=50.0),
    "shadow": Preset(20, 2, 3000.0, 4000.0, 600.0, meeting=False, ridges=True),
    "multi": Preset(10, 1, 3000.0, 3500.0, 300.0, mixed=True, late_fraction=0.16),
    "crossing": Preset(40, 1, 5000.0, 5000.0, 300.0, pairs_only=True),
    "twisted": Preset(30, 2, 5000.0, 5000.0, 300.0, twist_deg=1.0),
}


@dataclass(frozen=True, slots=True)
class Night:
    """One seed of a preset: the reports, the truth (targets in range of a radar), the layout, the ground."""

    preset: Preset | World
    layout: Layout
    terrain: xr.Dataset | None
    detections: xr.Dataset
    truth: xr.Dataset


def night(preset: Preset | World, seed: int) -> Night:
    """Simulate one seed; a World without our simulator."""
    if isinstance(preset, World):
        made = scene(preset, seed)
        return Night(preset, made.layout, made.terrain, made.detections, made.truth)
    rng = np.random.default_rng(seed)
    terrain = ridges(preset.side_m) if preset.ridges else None
    layout = layout_of(preset)
    scenario = Scenario(movers(preset, rng), START, preset.duration_s, late_fraction=preset.late_fraction)
    detections, truth = simulate(layout, scenario, terrain, seed=seed)
    if preset.twist_deg:
        last = f"R{preset.radars - 1}"
        twisted = detections["azimuth"] + np.radians(preset.twist_deg) * (detections["sensor_id"] == last)
        detections = detections.assign(azimuth=(twisted % (2.0 * np.pi)).assign_attrs(detections["azimuth"].attrs))
    return Night(preset, layout, terrain, detections, in_range(truth, layout))


def movers(preset: Preset, rng: np.random.Generator) -> tuple[Mover, ...]:
    """Return the targets, with one point per second."""
    if preset.ridges:
        return across(preset, rng)
    positions, vehicle = paths(preset, rng)
    times = np.arange(len(positions), dtype=np.float64)
    return tuple(
        Mover(f"M{i:05d}", "vehicle" if vehicle[i] else "person", times, positions[:, i, 0], positions[:, i, 1])
        for i in range(preset.targets)
    )


def paths(preset: Preset, rng: np.random.Generator) -> tuple[Floats, Bools]:
    """Return (second, target, 2) true positions, and which are vehicles: random legs, turns, stops; pairs meet."""
    steps, n = int(preset.duration_s) + 2, preset.targets
    vehicle = rng.random(n) < 0.3
    half = 0.5 * preset.side_m
    position = rng.uniform(-half, half, (n, 2))
    heading = rng.uniform(0.0, 2.0 * np.pi, n)
    moving = rng.random(n) > 0.1
    pair = np.zeros(n, bool)
    for i in range(0, n - 1, 2 if preset.pairs_only else 5) if preset.meeting else ():
        vehicle[i + 1] = vehicle[i]
        pair[i] = pair[i + 1] = True
        heading[i + 1] = heading[i] + np.pi
        along = np.array([np.sin(heading[i]), np.cos(heading[i])])
        apart = along * (10.0 if vehicle[i] else 1.4) * preset.duration_s
        position[i] = position[i] * 0.3 - 0.5 * apart
        position[i + 1] = position[i] + apart + np.array([along[1], -along[0]]) * 5.0
    speed = np.where(vehicle, 10.0, 1.4)
    moving |= pair
    out = np.zeros((steps, n, 2))
    for k in range(steps):
        out[k] = position
        turn = (rng.random(n) < 1.0 / 60.0) & ~pair
        heading = heading + turn * rng.normal(0.0, 1.0, n)
        stop, go = rng.random(n) < 1.0 / 200.0, rng.random(n) < 1.0 / 30.0
        moving = pair | np.where(moving, ~stop, go)
        position = position + np.stack([np.sin(heading), np.cos(heading)], axis=1) * (speed * moving)[:, None]
        outside = (np.abs(position) > half) & ~pair[:, None]
        heading = np.where(outside.any(axis=1), np.arctan2(-position[:, 0], -position[:, 1]), heading)
    return out, vehicle


def across(preset: Preset, rng: np.random.Generator) -> tuple[Mover, ...]:
    """Return targets moving east or west over the ridges with slight bends; people start closer than vehicles."""
    times = np.arange(int(preset.duration_s) + 2, dtype=np.float64)
    targets = []
    for i in range(preset.targets):
        vehicle = rng.random() < 0.3
        speed = 10.0 if vehicle else 1.4
        begin = rng.uniform(0.0, 0.6 * preset.duration_s) if vehicle else 0.0
        bend = np.cumsum(rng.normal(0.0, 0.02 if vehicle else 0.01, len(times)))
        heading = (1.0 if rng.random() < 0.5 else -1.0) * 0.5 * np.pi + bend
        step = speed * np.stack([np.sin(heading), np.cos(heading)], axis=1)
        path = np.cumsum(step, axis=0)
        reach = 0.5 * preset.side_m if vehicle else rng.uniform(350.0, 800.0)
        start = np.array([-np.sign(np.sin(heading[0])) * reach, rng.uniform(-900.0, 900.0)])
        there = times >= begin
        count = int(there.sum())
        targets.append(
            Mover(
                f"M{i:05d}", "vehicle" if vehicle else "person", times[there],
                start[0] + path[:count, 0], start[1] + path[:count, 1],
            )
        )  # fmt: skip
    return tuple(targets)


def ridges(side_m: float) -> xr.Dataset:
    """Return two low ridges from south to north, each hiding a strip of some 200 m from radars in the west."""
    half = 0.5 * side_m + 1500.0
    count = int(2.0 * half / CELL_M) + 1
    easting = -half + CELL_M * np.arange(count)
    northing = half - CELL_M * np.arange(count)
    height = 6.0 * np.exp(-(((easting + 300.0) / 60.0) ** 2)) + 5.0 * np.exp(-(((easting - 400.0) / 60.0) ** 2))
    return xr.Dataset(
        {"elevation": (("northing", "easting"), np.tile(height, (count, 1)), {"units": "m"})},
        coords={"northing": northing, "easting": easting},
        attrs={"crs": FRAME.crs.to_wkt(), "datum": "none"},
    )


def layout_of(preset: Preset) -> Layout:
    """Return radars in a row, and for ``mixed`` two cameras and six ground sensors."""
    if preset.ridges:
        spots = [(-1400.0, -600.0), (-1400.0, 600.0)]
    elif preset.radars == 1:
        spots = [(0.0, 0.0)]
    else:
        quarter_m = 0.25 * preset.side_m
        corners = [(-quarter_m, 0.0), (quarter_m, 0.0), (0.0, quarter_m), (0.0, -quarter_m)]
        spots = corners[: preset.radars]
    sensors: list[Any] = [
        place(
            FRAME, e, n, id=f"R{i}", kind="radar", max_range_m=preset.radar_range_m, period_s=preset.period_s,
            range_sd_m=4.0, azimuth_sd_deg=0.4, detection_probability=0.9,
            mast_height_m=30.0 if preset.ridges else 0.0, false_alarms_per_scan=preset.false_alarms,
        )
        for i, (e, n) in enumerate(spots)
    ]  # fmt: skip
    if preset.mixed:
        sensors += [
            place(
                FRAME, e, n, id=f"C{i}", kind="camera", max_range_m=2000.0, period_s=1.0, azimuth_sd_deg=0.2,
                detection_probability=0.8, field_of_view_deg=90.0, azimuth_deg=azimuth, false_alarms_per_scan=0.2,
            )
            for i, (e, n, azimuth) in enumerate([(-1200.0, -1200.0, 45.0), (1200.0, -1200.0, 315.0)])
        ]  # fmt: skip
        sensors += [
            place(
                FRAME, 250.0 * (i - 2.5), 400.0, id=f"G{i}", kind="ground_sensor", max_range_m=30.0,
                detection_probability=0.9, status_interval_s=10.0,
            )
            for i in range(6)
        ]  # fmt: skip
    return Layout("bench", FRAME, tuple(sensors))


def in_range(truth: xr.Dataset, layout: Layout) -> xr.Dataset:
    """Return the truth's rows within the range of a radar, in dead ground or not."""
    inside = np.zeros(truth.sizes["estimate"], bool)
    for sensor in layout:
        if sensor.kind == "radar":
            away = np.hypot(truth["easting"] - sensor.easting, truth["northing"] - sensor.northing)
            inside |= away.to_numpy() < sensor.max_range_m
    return truth.isel(estimate=np.flatnonzero(inside))
