"""Tracker cost of sensors that move: radars on vehicles with a pose each second, beside the same radars on masts.

Radars of 1 s period and 5 km range in rows over a square, persons and vehicles among them; of both runs the plots are
exact looks with noise. CPU seconds of the tracker for the simulated seconds, scans alone and per scan, with and without
a generated terrain (where each vehicle that enters a new cell gets a viewshed); real time is a CPU second per second.
Also the live coverage of the map after all radars have moved by a cell, and fast viewsheds at ``--view`` from as many
places as sensors. One JSON line to stdout:
``python benchmarks/moving_sensors.py [--sensors N] [--seconds S] [--targets N] [--cell M] [--rounds N] [--view M]``
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import Any

import machine
import numpy as np
import xarray as xr
from gaps import fractal

APART_M, RANGE_M, DRIVE_MPS, RELIEF_M = 1_500.0, 5_000.0, 10.0, 60.0
START_NS = 1_790_000_000 * 10**9


def scene(sensors: int, cell_m: float) -> tuple[Any, xr.Dataset, float]:
    """Return a layout of radars on vehicles, terrain under them, and half the width of the square they stand in [m]."""
    from geo.frame import LocalFrame
    from sensors.layout import Layout, place

    frame, side = LocalFrame.around(8.0, 47.0), int(np.ceil(np.sqrt(sensors)))
    half = 0.5 * side * APART_M
    posts = [((i % side + 0.5) * APART_M - half, (i // side + 0.5) * APART_M - half) for i in range(sensors)]
    radars = tuple(
        place(
            frame, east, north, id=f"V{i:03d}", kind="radar", max_range_m=RANGE_M, period_s=1.0, range_sd_m=5.0,
            azimuth_sd_deg=0.4, mast_height_m=4.0, detection_probability=0.9, false_alarms_per_scan=0.5, mobile=True,
        )
        for i, (east, north) in enumerate(posts)
    )  # fmt: skip
    cells = int(2.0 * (half + 1_000.0) / cell_m)
    axis = cell_m * (np.arange(cells) - 0.5 * (cells - 1))
    terrain = xr.Dataset(
        {"elevation": (("northing", "easting"), fractal(cells, cells, RELIEF_M, 3), {"units": "m"})},
        coords={"northing": axis[::-1], "easting": axis},
        attrs={"crs": frame.wkt},
    )
    return Layout("vehicles", frame, radars), terrain, half


def scans_of(layout: Any, half: float, seconds: int, targets: int, *, driving: bool) -> list[Any]:
    """Return the scans in order, with the poses if the radars drive; they see the targets within 2 km."""
    from sensors.mobile import Pose, columns_of_pose
    from sensors.scan_columns import ARRAYS, ScanColumns
    from sensors.timestamps import utc_datetime

    rng = np.random.default_rng(5)
    origin, velocity = rng.uniform(-half, half, (targets, 2)), rng.normal(0.0, 1.2, (targets, 2))
    scans: list[Any] = []
    for second in range(seconds):
        for i, radar in enumerate(layout):
            turn = 2.0 * np.pi * i / len(layout)
            drive = DRIVE_MPS * np.array([np.sin(turn), np.cos(turn)]) if driving else np.zeros(2)
            when = second + i / len(layout)
            at_ns = START_NS + round(when * 1e9)
            at = np.array([radar.easting, radar.northing]) + drive * when
            if driving:
                lon, lat = layout.frame.to_lonlat(*at)
                now = utc_datetime(at_ns)
                pose = Pose(sensor=radar.id, boot=1, sequence=second, observed_at=now, received_at=now, lon=lon,
                            lat=lat, position_sd_m=2.0, heading_sd_deg=0.3)  # fmt: skip
                scans.append(columns_of_pose(pose, layout))
            apart = origin + velocity * when - at
            apart = apart[(np.hypot(apart[:, 0], apart[:, 1]) < 2_000.0) & (rng.random(targets) < 0.9)]
            n = len(apart)
            columns = {name: np.full((n, *{"cov": (2, 2), "class_probability": (5,)}.get(name, ())), np.nan)
                       for name in ARRAYS}  # fmt: skip
            columns["azimuth"] = (np.arctan2(apart[:, 0], apart[:, 1]) + rng.normal(0.0, 0.007, n)) % (2.0 * np.pi)
            columns["range_"] = np.hypot(apart[:, 0], apart[:, 1]) + rng.normal(0.0, 5.0, n)
            columns["azimuth_sd"], columns["range_sd"] = np.full(n, 0.007), np.full(n, 5.0)
            scans.append(ScanColumns(radar.id, "radar", 1, second, at_ns, at_ns, **columns))
    return scans


def cost(layout: Any, scans: list[Any], terrain: xr.Dataset | None, coverage: Any) -> dict[str, float]:
    """Return CPU seconds of the tracker for all scans, and milliseconds for each scan."""
    from fusion.tracker import Tracker

    tracker = Tracker(layout, terrain=terrain, coverage=coverage)
    began = time.process_time()
    for scan in scans:
        tracker.take_in(scan)
    spent = time.process_time() - began
    looks = sum(scan.kind != "pose" for scan in scans)
    return {
        "cpu_s": round(spent, 2),
        "ms_a_scan": round(1e3 * spent / looks, 3),
        "tracks": len(tracker.timeline.bank),
    }


def coverage_cost(layout: Any, terrain: xr.Dataset) -> dict[str, float]:
    """Return CPU seconds of the map's live coverage: at the start, and after every radar has entered another cell."""
    from sensors.coverage.live import LiveCoverage

    cell = float(terrain["easting"][1] - terrain["easting"][0])
    moved = type(layout)("moved", layout.frame, tuple(replace(one, easting=one.easting + cell) for one in layout))
    began = time.process_time()
    live = LiveCoverage.begin(layout, terrain, layout.ids)
    at_first = time.process_time() - began
    began = time.process_time()
    live.updated(moved, moved.ids, moving=moved.ids)
    return {"begin_cpu_s": round(at_first, 2), "all_moved_cpu_s": round(time.process_time() - began, 2)}


def viewshed_cost(layout: Any, terrain: xr.Dataset, range_m: float) -> dict[str, float]:
    """Return milliseconds of CPU of fast and exact viewsheds of a moving sensor, as the tracker asks for them."""
    from fusion.poses.grids import grid_at_centre, plain_ground

    ground = plain_ground(terrain)
    assert ground is not None
    east, north = (terrain[axis].to_numpy() for axis in ("easting", "northing"))
    found: dict[str, float] = {}
    for mode in ("fast", "exact"):
        spent = []
        for radar in layout:
            centre = {"easting": float(east[np.abs(east - radar.easting).argmin()]),
                      "northing": float(north[np.abs(north - radar.northing).argmin()])}  # fmt: skip
            at = replace(radar, max_range_m=range_m, **centre)
            place = type(layout)("one", layout.frame, (at,)).placement(at.id)
            began = time.process_time()
            assert grid_at_centre(place, ground, mode) is not None  # type: ignore[arg-type]
            spent.append(time.process_time() - began)
        found[f"{mode}_ms_median"] = round(1e3 * float(np.median(spent[1:])), 2)
        found[f"{mode}_ms_p95"] = round(1e3 * float(np.quantile(spent[1:], 0.95)), 2)
    return found


def main() -> None:
    """Measure and print."""
    from sensors.coverage import look_probability

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sensors", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--targets", type=int, default=100)
    parser.add_argument("--cell", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each in turn; the least counts")
    parser.add_argument("--view", type=float, default=10_000.0, help="range of the viewsheds [m]")
    options = parser.parse_args()
    layout, terrain, half = scene(options.sensors, options.cell)
    masts = type(layout)("masts", layout.frame, tuple(replace(radar, mobile=False) for radar in layout))
    driving = scans_of(layout, half, options.seconds, options.targets, driving=True)
    standing = scans_of(masts, half, options.seconds, options.targets, driving=False)
    small = [scan for scan in driving if scan.observed_ns < START_NS + 10**9]
    cost(layout, small, None, None)  # compiles the kernels
    figures: dict[str, Any] = {name: getattr(options, name) for name in ("sensors", "seconds", "targets", "cell")}
    for name, ground in (("open", None), ("terrain", terrain)):
        seen = None if ground is None else look_probability(layout, ground)
        runs = [
            (cost(masts, standing, ground, seen), cost(layout, driving, ground, seen)) for _ in range(options.rounds)
        ]
        fixed, moving = (min(found, key=lambda one: one["cpu_s"]) for found in zip(*runs, strict=True))
        figures[name] = {"fixed": fixed, "moving": moving, "ratio": round(moving["cpu_s"] / fixed["cpu_s"], 2)}
        figures[name]["moving_cpu_s_per_s"] = round(moving["cpu_s"] / options.seconds, 3)
    figures["coverage"] = coverage_cost(layout, terrain)
    figures["viewshed"] = viewshed_cost(layout, terrain, options.view) | {"range_m": options.view}
    machine.report("moving_sensors", figures)


if __name__ == "__main__":
    main()
