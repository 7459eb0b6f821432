"""Coverage over time: the least-detected crossing in space and time of a long sector, and a patrol's viewsheds.

A generated fractal of 20 km by 4 km, a straight border along its middle, and one patrol on it, there and back. The
search is over 12 h, by 16 neighbours. CPU and wall seconds, peak memory, cells and steps; one JSON line to stdout:
``python benchmarks/moving.py [--km N] [--hours N] [--cell M] [--step S] [--posts M]``
"""

from __future__ import annotations

import argparse
import resource
import time
from typing import Any

import machine
import numpy as np
import xarray as xr
from gaps import fractal
from shapely.geometry import LineString

BELT_M, SPEED_MPS, RELIEF_M = 2_000.0, 1.0, 60.0


def ground(length_m: float, cell_m: float) -> tuple[xr.Dataset, Any]:
    """Return terrain around a straight border, and the border."""
    from geo.border import Border
    from geo.frame import LocalFrame

    frame = LocalFrame.around(1.5, 42.5)
    rows, columns = int(2.0 * (BELT_M + 500.0) / cell_m), int((length_m + 1_000.0) / cell_m)
    terrain = xr.Dataset(
        {"elevation": (("northing", "easting"), fractal(rows, columns, RELIEF_M, 3), {"units": "m"})},
        coords={
            "northing": cell_m * (rows / 2 - np.arange(rows)),
            "easting": cell_m * np.arange(columns) - 500.0,
        },
        attrs={"crs": frame.wkt},
    )
    return terrain, Border(frame, LineString([(0.0, 0.0), (length_m, 0.0)]), segment_length_m=500.0)


def timed(call: Any) -> tuple[dict[str, float], Any]:
    """Return wall and CPU seconds of a call, and its result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return {
        "wall_s": round(time.perf_counter() - wall, 2),
        "cpu_s": round(time.process_time() - cpu, 2),
    }, result


def main() -> None:
    """Measure and print."""
    from sensors.crossing.watched_belt import watched_by
    from sensors.layout import Layout, place
    from sensors.search_theory.moving_sensor import RatesInTime, moving_sensor
    from sensors.search_theory.time_expanded import MovesInTime, search_in_time
    from sensors.search_theory.timetable import Timetable

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--km", type=float, default=20.0)
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--cell", type=float, default=100.0)
    parser.add_argument("--step", type=float, default=30.0)
    parser.add_argument("--posts", type=float, default=100.0)
    options = parser.parse_args()
    length = options.km * 1000.0
    terrain, border = ground(length, options.cell)
    frame = border.frame
    watched = watched_by(Layout("none", frame, ()), terrain, border, belt_m=BELT_M)
    eyes = place(frame, 0.0, 0.0, id="patrol", kind="human", max_range_m=3_000.0, magnification=7.0)
    table = Timetable.along([(0.0, 0.0), (length, 0.0)], SPEED_MPS)
    warm = Timetable.along([(0.0, 0.0), (100.0, 0.0)], SPEED_MPS)
    moving_sensor(eyes, warm, terrain, watched)  # compiles the kernels
    MovesInTime.over(watched, step_s=options.step)
    seen, sensor = timed(lambda: moving_sensor(eyes, table, terrain, watched, step_m=options.posts))
    steps = round(options.hours * 3600.0 / options.step)

    def search() -> Any:
        moves = MovesInTime.over(watched, step_s=options.step)
        return search_in_time(moves, RatesInTime([sensor], watched.belt.inside.size, steps, options.step), steps)

    searched, found = timed(search)
    best = found.least
    figures = {
        "cells": int(watched.belt.inside.sum()),
        "steps": steps,
        "posts": len(sensor.posts.places),
        "viewsheds": seen,
        "search": searched,
        "least_hazard": round(float(found.hazard[best]), 4),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0),
    }
    rows = [(name, part["wall_s"], part["cpu_s"]) for name, part in (("viewsheds", seen), ("search", searched))]
    machine.table(["part", "wall s", "CPU s"], rows)
    machine.report("moving", figures)


if __name__ == "__main__":
    main()
