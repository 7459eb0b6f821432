"""Coverage of a sector whose terrain has 20,000 × 20,000 cells: cut to what it needs, or refused before it begins.

Generates the terrain (10 m, 1.2 GB on disk) around the sample sector, then runs ``watchline coverage`` with the
sample's first layout twice: for a border of 40 km, and for one from corner to corner, which no memory holds whole. CPU
seconds and peak resident memory are those of the command.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from machine import report, table
from pyproj import Transformer
from rasterio.transform import from_origin

from ops.sector.samples import samples_folder

CENTRE, SYSTEM, CELL_M, STRIP = (-84.25, 36.6), 32616, 10.0, 500
"""Longitude and latitude within the sample sector, and rows written at once."""
KNOT_CELLS, ROUGHNESS_M = 50, 0.6
WAVE_M, WAVE_LENGTH_M = 300.0, 3000.0
SECTOR = """name = "{name}"
title = "{name}"
terrain = "terrain.tif"
border = "{name}.geojson"
segment_length_m = 500
belt_m = 2000
home_side = "right"
time_zone = "UTC"

[layouts]
hightech = "{layout}"
"""


def write_terrain(path: Path, side: int, west: float, north: float) -> None:
    """Write smooth hills: sums of random steps at every 50th cell, linear between."""
    knots = side // KNOT_CELLS + 2
    hills = np.random.default_rng(1).normal(size=(knots, knots)).cumsum(0).cumsum(1) * ROUGHNESS_M
    across = np.arange(side) / KNOT_CELLS
    left, within = across.astype(int), across % 1.0
    form = {"driver": "GTiff", "dtype": "float32", "count": 1, "tiled": True, "compress": "deflate", "zlevel": 1}
    corner = from_origin(west, north, CELL_M, CELL_M)
    grid = {"width": side, "height": side, "crs": f"EPSG:{SYSTEM}", "transform": corner}
    with rasterio.open(path, "w", **form, **grid) as file:
        for begin in range(0, side, STRIP):
            down = np.arange(begin, min(begin + STRIP, side)) / KNOT_CELLS
            above, below = down.astype(int), (down % 1.0)[:, None]
            rows = hills[above] * (1.0 - below) + hills[above + 1] * below
            strip = rows[:, left] * (1.0 - within) + rows[:, left + 1] * within
            file.write(strip.astype("float32"), 1, window=((begin, begin + len(down)), (0, side)))


def write_border(path: Path, points: np.ndarray) -> None:
    """Write a line through points (point, 2) [m] of the terrain's system."""
    lon, lat = Transformer.from_crs(SYSTEM, 4326, always_xy=True).transform(*points.T)
    line = {"type": "LineString", "coordinates": np.column_stack([lon, lat]).tolist()}
    feature = {"type": "Feature", "properties": {"name": path.stem}, "geometry": line}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))


def run_coverage(sector: Path) -> dict[str, Any]:
    """Run the command; return its status, seconds, CPU seconds, peak memory [MB], and last line."""
    began_s, out = time.monotonic(), sector.with_suffix(".log")
    command = [sys.executable, "-m", "ops.cli", "coverage", str(sector), "--out", str(sector.with_suffix(""))]
    with out.open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
    return {
        "status": os.waitstatus_to_exitcode(status),
        "wall_s": round(time.monotonic() - began_s, 1),
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": round(used.ru_maxrss * 1024 / 1e6),
        "last_line": out.read_text().strip().splitlines()[-1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=20_000, help="cells on each side (default 20,000)")
    side = parser.parse_args().side
    east, north = Transformer.from_crs(4326, SYSTEM, always_xy=True).transform(*CENTRE)
    half = side * CELL_M / 2.0
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="watchline-bench-") as name:
        folder = Path(name)
        # Apart: the peak that the kernel states of a child begins with the memory of the process that starts it.
        writer = get_context("spawn").Process(
            target=write_terrain, args=(folder / "terrain.tif", side, east - half, north + half)
        )
        writer.start()
        writer.join()
        x = np.linspace(-20_000.0, 20_000.0, 80)
        write_border(folder / "middle.geojson", np.column_stack([east + x, north + WAVE_M * np.sin(x / WAVE_LENGTH_M)]))
        x = np.linspace(-0.95 * half, 0.95 * half, 200)
        write_border(folder / "corners.geojson", np.column_stack([east + x, north + x]))
        layout = samples_folder() / "cumberland" / "layout_hightech.geojson"
        for border in ("middle", "corners"):
            (folder / f"{border}.toml").write_text(SECTOR.format(name=border, layout=layout))
            found[border] = run_coverage(folder / f"{border}.toml")
    table(
        ["border", "status", "wall s", "CPU s", "peak, MB"],
        [[border, *(one[key] for key in ("status", "wall_s", "cpu_s", "peak_mb"))] for border, one in found.items()],
    )
    report("large_terrain", {"side": side, "borders": found})


if __name__ == "__main__":
    main()
