"""Order of the incidents of all units: 100 units × 50 incidents over the ground of the sample sector.

Once with the travel times of every unit at hand, as between two cells that a unit enters; and the search that a unit
costs when it enters another cell. A table to stderr, one JSON line to stdout:
``python benchmarks/unit_order.py [--units N] [--incidents N] [--repeats N]``
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from machine import report, table

from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.sector.ways import ways_of
from sensors.interdiction.unit_reach import ReachGround, Targets, reach_ground, travel_field, unit_order, unit_reach


def targets_on(ground: ReachGround, count: int, rng: np.random.Generator) -> Targets:
    """Return incidents anywhere on the own side; two of three move, up to 4 km in the next 5 to 50 minutes."""
    rows, columns = np.nonzero(ground.own_side)
    chosen = rng.choice(len(rows), count)
    easting, northing = ground.walker.easting[columns[chosen]], ground.walker.northing[rows[chosen]]
    moves = rng.random(count) < 2.0 / 3.0
    away = np.where(moves[:, None], rng.normal(0.0, 2_000.0, (count, 2)), np.nan)
    left_s = np.where(moves, rng.uniform(300.0, 3_000.0, count), np.nan)
    return Targets(
        easting, northing, easting + away[:, 0], northing + away[:, 1], left_s, 0.3 * left_s, np.full(count, 0.9)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--incidents", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()
    opened, rng = open_sector(load_sector("cumberland"), None), np.random.default_rng(1)
    read = ways_of(opened)
    ground = reach_ground(opened.terrain, opened.border, ways=read.ways if read.files else None)
    rows, columns = np.nonzero(ground.own_side)
    stand = rng.choice(len(rows), options.units)
    units = np.stack([ground.walker.easting[columns[stand]], ground.walker.northing[rows[stand]]], axis=1)
    travel_field(ground, *units[0], walks=False)  # loads the compiled search
    searches, fields = [], []
    for number, place in enumerate(units):
        start = time.process_time()
        fields.append(travel_field(ground, *place, walks=number % 2 == 1))
        searches.append(time.process_time() - start)
    stacked, targets = (
        np.stack([field for field in fields if field is not None]),
        targets_on(ground, options.incidents, rng),
    )
    rank, none = rng.integers(1, 4, options.incidents), np.zeros(options.incidents, bool)
    walls, cpus = [], []
    for _ in range(options.repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        found = unit_reach(ground, stacked, units, targets)
        unit_order(distress=none, assigned=none, in_time=found.in_time, rank=rank, travel_s=found.travel_s)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    figures = {
        "units": options.units,
        "incidents": options.incidents,
        "cells": int(np.prod(ground.shape)),
        "cell_m": ground.walker.cell_m,
        "order_cpu_ms": round(1e3 * float(np.median(cpus)), 1),
        "order_wall_ms_median": round(1e3 * float(np.median(walls)), 1),
        "order_wall_ms_worst": round(1e3 * max(walls), 1),
        "search_cpu_ms_median": round(1e3 * float(np.median(searches)), 1),
        "search_cpu_ms_worst": round(1e3 * max(searches), 1),
        "in_time": round(float(found.in_time.mean()), 3),
    }
    table(("what", "value"), list(figures.items()))
    report("unit_order", figures)


if __name__ == "__main__":
    main()
