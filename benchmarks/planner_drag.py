"""Line of sight of a sensor dragged on the planner's page: 10 km, cells of 30 m, fast mode, then exact coverage.

A radar is moved to random places of a generated sector of 36 km; each move is one order to the planner's own process
(``ops.services.planner.worker``) and its answer with the picture, as the page asks for it. After the last move comes
the coverage of the layout, which is exact. A table to stderr and one JSON line to stdout:
``python benchmarks/planner_drag.py [--moves 60]``. The target is 150 ms for a move (median), on an idle machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from machine import report, table
from visibility import fractal

from ops.services.planner.jobs import start_worker

CELL_M, SIZE, RANGE_M = 30.0, 1201, 10_000.0
ZONE, EASTING, NORTHING = "EPSG:32631", 400_000.0, 4_700_000.0
"""The north-west corner of the ground, in the plane of UTM zone 31."""


def sector_in(folder: Path) -> Path:
    """Write ground, border, a layout with one radar, and the sector file; return its path."""
    import rasterio
    from rasterio.transform import from_origin

    heights = fractal(SIZE, 0.8, 250.0, 3).astype(np.float32)
    profile = {"driver": "GTiff", "height": SIZE, "width": SIZE, "count": 1, "dtype": "float32", "crs": ZONE}
    transform = from_origin(EASTING, NORTHING, CELL_M, CELL_M)
    with rasterio.open(folder / "ground.tif", "w", transform=transform, **profile) as raster:
        raster.write(heights, 1)
    middle, width = NORTHING - CELL_M * SIZE / 2.0, CELL_M * SIZE
    ends = [_lonlat(EASTING + share * width, middle) for share in (0.3, 0.7)]
    _write(folder / "border.geojson", {"type": "LineString", "coordinates": ends}, {})
    radar = {"id": "radar", "kind": "radar", "max_range_m": RANGE_M, "reference_range_m": 8000.0, "mast_height_m": 10.0}
    _write(
        folder / "layout.geojson", {"type": "Point", "coordinates": list(_lonlat(EASTING + width / 2, middle))}, radar
    )
    lines = [
        'name = "drag"',
        'title = "Drag"',
        'terrain = "ground.tif"',
        'border = "border.geojson"',
        'home_side = "right"',
        "[layouts]",
        'one = "layout.geojson"',
    ]
    path = folder / "sector.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _lonlat(easting: float, northing: float) -> tuple[float, float]:
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(ZONE, "EPSG:4326", always_xy=True).transform(easting, northing)
    return float(lon), float(lat)


def _write(path: Path, geometry: dict[str, Any], properties: dict[str, Any]) -> None:
    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")


def asked(worker: subprocess.Popen[str], order: dict[str, Any]) -> float:
    """Send an order and wait for its answer; return the time between [ms]."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    began = time.perf_counter()
    worker.stdin.write(json.dumps(order) + "\n")
    worker.stdin.flush()
    for line in worker.stdout:
        message = json.loads(line)
        if "refused" in message:
            raise RuntimeError(message["refused"])
        if "answer" in message:
            return (time.perf_counter() - began) * 1e3
    raise RuntimeError("the planner's process has ended")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=60, help="moves of the sensor (default 60)")
    options = parser.parse_args()
    draw = np.random.default_rng(7)
    inner = CELL_M * SIZE / 2.0 - RANGE_M
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        worker = start_worker(str(sector_in(folder)), folder / "log")
        try:
            asked(worker, {"do": "coverage", "layout": "one"})  # loads ground and kernels
            moves, edits = [], {}
            for _ in range(options.moves + 3):
                east, north = draw.uniform(-inner, inner, 2)
                middle = CELL_M * SIZE / 2.0
                lon, lat = _lonlat(EASTING + middle + east, NORTHING - middle + north)
                edits = {"radar": {"lon": lon, "lat": lat}}
                moves.append(asked(worker, {"do": "viewshed", "layout": "one", "edits": edits, "sensor": "radar"}))
            exact = asked(worker, {"do": "coverage", "layout": "one", "edits": edits})
        finally:
            worker.kill()
            worker.wait()
    times = np.array(moves[3:])  # the first use memory for the first time
    figures = {
        "moves": len(times),
        "median_ms": round(float(np.median(times)), 1),
        "p95_ms": round(float(np.percentile(times, 95)), 1),
        "exact_coverage_ms": round(exact, 1),
    }
    table(["line of sight, 10 km at 30 m", "value"], [[key, value] for key, value in figures.items()])
    report("planner_drag", figures)


if __name__ == "__main__":
    main()
