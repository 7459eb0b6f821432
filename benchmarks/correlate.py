"""Points per second of fusion.situation.correlate on one core, beside geopandas' nearest join and shapely.

All run in the same process.
A table to stderr, one JSON line to stdout: ``python benchmarks/correlate.py [--points N] [--repeats N]``
"""

from __future__ import annotations

import argparse
import os
import time
import tracemalloc
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import geopandas
import numpy as np
import shapely
import xarray as xr
from machine import report, table
from shapely.geometry import LineString

from fusion.situation.correlate import Correlator
from geo.border import Border
from geo.frame import LocalFrame

SEGMENT_M, CELL_M = 500.0, 30.0
WIDE_M, HIGH_M = 40_000.0, 30_000.0


def jagged_line(seed: int) -> LineString:
    """Return a line across the sector as jagged as a surveyed one: a vertex about every 30 m, deviating by hundreds."""
    rng = np.random.default_rng(seed)
    easting = np.arange(-WIDE_M / 2, WIDE_M / 2, 25.0)
    northing = 800 * np.sin(easting / 3000) + np.cumsum(rng.normal(0, 12, len(easting)))
    return LineString(np.column_stack([easting, northing]))


def rolling_ground(frame: LocalFrame) -> xr.Dataset:
    easting = np.arange(-WIDE_M / 2 - 500, WIDE_M / 2 + 500, CELL_M)
    northing = np.arange(HIGH_M / 2 + 500, -HIGH_M / 2 - 500, -CELL_M)
    height = 500 + 200 * np.sin(easting[None, :] / 900) * np.cos(northing[:, None] / 700)
    return xr.Dataset(
        {"elevation": (("northing", "easting"), height.astype(np.float32), {"units": "m"})},
        coords={"northing": northing, "easting": easting},
        attrs={"crs": frame.crs.to_wkt(), "datum": "unknown", "cell_m": CELL_M},
    )


def cpu_seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the best of ``repeats`` runs, in CPU seconds of this process."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=2_000_000)
    parser.add_argument("--peer-points", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    frame = LocalFrame.around(-84.25, 36.59)
    line = jagged_line(1)
    border, terrain = Border(frame, line, SEGMENT_M, "left"), rolling_ground(frame)
    built = cpu_seconds(lambda: Correlator(border, terrain), 1)
    correlator = Correlator(border, terrain)
    rng = np.random.default_rng(2)
    easting = rng.uniform(-WIDE_M / 2, WIDE_M / 2, options.points)
    northing = rng.uniform(-HIGH_M / 2, HIGH_M / 2, options.points)
    rate_e, rate_n = rng.normal(0, 1.3, (2, options.points))
    correlator.of(easting[:1000], northing[:1000], rate_e[:1000], rate_n[:1000])  # compiles

    few = slice(0, options.peer_points)
    segments = border.to_geodataframe().to_crs(frame.crs)[["segment", "geometry"]]
    people = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(easting[few], northing[few]), crs=frame.crs)
    points = shapely.points(easting[few], northing[few])
    shapely.prepare(line)

    def shapely_nearest() -> object:
        return line.project(points), shapely.distance(line, points)

    timed = {
        "place_and_ground": options.points / cpu_seconds(lambda: correlator.of(easting, northing), options.repeats),
        "with_motion": options.points
        / cpu_seconds(lambda: correlator.of(easting, northing, rate_e, rate_n), options.repeats),
        "geopandas_sjoin_nearest": options.peer_points
        / cpu_seconds(lambda: people.sjoin_nearest(segments, distance_col="distance"), 1),
        "shapely_project_and_distance": len(points) / cpu_seconds(shapely_nearest, 1),
    }
    joined = people.sjoin_nearest(segments, distance_col="distance")
    joined = joined[~joined.index.duplicated()]
    correlation = correlator.of(easting[few], northing[few])
    disagreement = float(np.max(np.abs(np.abs(np.asarray(correlation.offset_m)) - joined["distance"].to_numpy())))
    tracemalloc.start()
    correlator.of(easting[:1_000_000], northing[:1_000_000])
    peak = tracemalloc.get_traced_memory()[1]
    table(["points per CPU-second", ""], [[name.replace("_", " "), round(rate)] for name, rate in timed.items()])
    report(
        "correlate",
        {
            "points": options.points,
            "line_vertices": len(line.coords),
            "segments": border.segments,
            "terrain_cells": int(terrain["elevation"].size),
            "build_cpu_s": round(built, 3),
            **{f"{name}_points_per_cpu_s": round(rate) for name, rate in timed.items()},
            "largest_difference_of_distance_m": disagreement,
            "bytes_per_point": round(peak / min(options.points, 1_000_000), 1),
        },
    )


if __name__ == "__main__":
    main()
