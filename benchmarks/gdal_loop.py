"""GDAL's viewsheds of many observers one after another, counted: the peer of ``viewsheds.py``, in a process of its own.

Runs in any Python with osgeo and numpy, without our packages; a module for the benchmarks. Called with an order as
JSON, it prints the seconds and memory used; without one it says so.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from gdal_viewshed import raster_in_memory

MAST_M, TARGET_M = 20.0, 1.7
FEW, REPEATS = 10, 3  # one call with few observers mostly measures the first use of memory


def peak_mb() -> float:
    """Return the peak memory of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024.0


def cpu_s() -> float:
    """Return user and system time of this process and of its ended children."""
    used = [resource.getrusage(scope) for scope in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measured(observers: int, call: Any) -> tuple[dict[str, Any], Any]:
    """Return seconds and peak memory of a call, for few observers the best of REPEATS, and its result.

    ``alone_s`` is the time that the calling thread works itself.
    """
    before, best, result = peak_mb(), {}, None
    for _ in range(REPEATS if observers <= FEW else 1):
        result = None
        began, used, alone = time.perf_counter(), cpu_s(), time.thread_time()
        result = call()
        took = {
            "wall_s": time.perf_counter() - began,
            "cpu_s": cpu_s() - used,
            "alone_s": time.thread_time() - alone,
        }
        best = {name: min(seconds, best.get(name, seconds)) for name, seconds in took.items()}
    return best | {"peak_mb": peak_mb() - before}, result


def counted(order: dict[str, Any]) -> dict[str, Any]:
    """Compute one viewshed after another, and sum them into ``order["out"]``; return what it took."""
    from osgeo import gdal

    gdal.UseExceptions()
    z, cell_m = np.load(order["z"]), order["cell_m"]
    source = raster_in_memory(z, cell_m)
    sites = np.load(order["sites"])
    figures, count = measured(len(sites), lambda: added_up(gdal, source, sites, z.shape, cell_m, order["range_m"]))
    np.save(order["out"], count)
    return figures


def added_up(gdal: Any, source: Any, sites: Any, shape: tuple[int, ...], cell_m: float, range_m: float) -> Any:
    """Count GDAL's viewsheds of all sites."""
    count = np.zeros(shape, np.int32)
    for row, column in sites:
        seen = gdal.ViewshedGenerate(
            srcBand=source.GetRasterBand(1),
            driverName="MEM",
            targetRasterName="",
            creationOptions=[],
            observerX=float(column * cell_m),
            observerY=float(-row * cell_m),
            observerHeight=MAST_M,
            targetHeight=TARGET_M,
            visibleVal=1,
            invisibleVal=0,
            outOfRangeVal=0,
            noDataVal=-1,
            dfCurvCoeff=0.75,
            mode=gdal.GVM_Edge,
            maxDistance=range_m,
        )
        origin, states = seen.GetGeoTransform(), seen.GetRasterBand(1).ReadAsArray()
        top, left = round(0.5 - origin[3] / cell_m), round(0.5 + origin[0] / cell_m)
        count[top : top + states.shape[0], left : left + states.shape[1]] += states == 1
    return count


if __name__ == "__main__":
    order = json.loads(sys.argv[1]) if len(sys.argv) > 1 else None
    sys.stdout.write(json.dumps(counted(order) if order else {"benchmark": "gdal_loop", "needs": "an order"}) + "\n")
