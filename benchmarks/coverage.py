"""Coverage of a whole layout: window cells times sensors per CPU-second, memory, growth; beside a loop over a peer.

Radars with an antenna height of 20 m, Swerling 1, range 20 km, at random positions on a generated 3601² tile of 30 m;
target height 1.7 m, k = 4/3, exposure of two looks. The peer is what one would write without Watchline: GDAL's viewshed
in process for each site (and xarray-spatial's, where .venv-bench has it), then the same rate formula in numpy, summed
window by window. Every tool runs in a separate process; CPU time is that of computing, and memory is the increase over
the process with its terrain. Accuracy: the combined probability against one from closed-form sight lines, at random
cells. Also the sample sector with its own sensors: everything, and one sensor going offline on the live map.
A table to stderr and one JSON line to stdout: ``python benchmarks/coverage.py [--size N] [--sensors N ...]``
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

if __name__ != "__main__":  # numba tries to import a package `coverage` and would find this script
    raise ImportError("benchmarks/coverage.py is a script, not the package 'coverage'")

CELL_M, RANGE_M, MAST_M, TARGET_M, PERIOD_S, DWELL_S = 30.0, 20_000.0, 20.0, 1.7, 3.0, 6.0
PD0, PFA, R0_M = 0.9, 1e-6, 14_000.0
CHECKED_CELLS = 4_000
SLOW_SITES = 3  # for a peer that takes seconds per site


def hazard(range_m: Any) -> Any:
    """Return the radar's hazard over the exposure in clear view; every tool uses this formula."""
    snr = (np.log(PFA) / np.log(PD0) - 1.0) / (np.maximum(range_m, 1.0) / R0_M) ** 4
    return -np.log1p(-(PFA ** (1.0 / (1.0 + snr)))) * DWELL_S / PERIOD_S


def peak_mb() -> float:
    """Return the largest resident size of this process so far; unlike ru_maxrss it excludes the parent's."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return float(line.split()[1]) / 1024.0


def tile(size: int, count: int) -> tuple[Any, Any]:
    """Return heights (row, column) of a fractal, and sites as integer rows and columns, (site, 2)."""
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    frequency[0, 0] = np.inf
    chance = np.random.default_rng(3)
    noise = np.fft.rfft2(chance.normal(size=(size, size)))
    z = np.fft.irfft2(noise / frequency**1.8, s=(size, size))
    return (z / z.std() * 250.0).astype(np.float32), chance.integers(size // 50, size - size // 50, (count, 2))


def by_watchline(z: Any, sites: Any, mode: str = "exact") -> Any:
    """Return a function that computes the combined probability with ``sensors.coverage``."""
    from sensors.coverage import coverage_rasters

    small = z[:200, :200].copy()
    coverage_rasters(layout_of(small, np.array([[90, 90], [110, 110]])), ground_of(small), None)  # load and compile
    terrain, layout = ground_of(z), layout_of(z, sites)

    def compute() -> Any:
        return coverage_rasters(layout, terrain, None, dwell_s=DWELL_S, mode=mode)["combined_probability"].to_numpy()

    return compute


def by_gdal(z: Any, sites: Any) -> Any:
    """Return a function that computes the combined probability by a loop over GDAL's viewshed."""
    from osgeo import gdal, osr

    gdal.UseExceptions()
    source = gdal.GetDriverByName("MEM").Create("", z.shape[1], z.shape[0], 1, gdal.GDT_Float32)
    source.SetGeoTransform((-0.5 * CELL_M, CELL_M, 0, 0.5 * CELL_M, 0, -CELL_M))
    metric = osr.SpatialReference()
    metric.ImportFromEPSG(32631)
    source.SetProjection(metric.ExportToWkt())
    source.GetRasterBand(1).WriteArray(z)

    def window(row: int, column: int) -> tuple[int, int, Any]:
        seen = gdal.ViewshedGenerate(
            srcBand=source.GetRasterBand(1), driverName="MEM", targetRasterName="", creationOptions=[],
            observerX=column * CELL_M, observerY=-row * CELL_M, observerHeight=MAST_M, targetHeight=TARGET_M,
            visibleVal=1, invisibleVal=0, outOfRangeVal=0, noDataVal=-1, dfCurvCoeff=0.75, mode=gdal.GVM_Edge,
            maxDistance=RANGE_M,
        )  # fmt: skip
        origin = seen.GetGeoTransform()
        row0, column0 = round(0.5 - origin[3] / CELL_M), round(0.5 + origin[0] / CELL_M)
        return row0, column0, seen.GetRasterBand(1).ReadAsArray()

    return lambda: added_up(z.shape, sites, window)


def by_xarray_spatial(z: Any, sites: Any) -> Any:
    """Return a function that computes it by a loop over xarray-spatial's viewshed, which has no Earth curvature."""
    import xarray as xr
    from xrspatial import viewshed

    def window(row: int, column: int) -> tuple[int, int, Any]:
        reach = int(RANGE_M / CELL_M)
        row0, column0 = max(row - reach, 0), max(column - reach, 0)
        part = z[row0 : row + reach + 1, column0 : column + reach + 1]
        north, east = -CELL_M * np.arange(part.shape[0]), CELL_M * np.arange(part.shape[1])
        raster = xr.DataArray(part.astype(np.float64), coords={"y": north, "x": east}, dims=("y", "x"))
        position = {"x": CELL_M * (column - column0), "y": -CELL_M * (row - row0)}
        return row0, column0, viewshed(raster, **position, observer_elev=MAST_M, target_elev=TARGET_M).to_numpy() >= 0.0

    added_up(z.shape, sites[:1], window)  # compile
    return lambda: added_up(z.shape, sites, window)


TOOLS = {
    "exact": by_watchline,
    "fast": lambda z, sites: by_watchline(z, sites, "fast"),
    "gdal loop": by_gdal,
    "xarray-spatial loop": by_xarray_spatial,
}
NEEDED = {
    "exact": "sensors.coverage",
    "fast": "sensors.coverage",
    "gdal loop": "osgeo.gdal_array",
    "xarray-spatial loop": "xrspatial",
}


def added_up(shape: tuple[int, int], sites: Any, window: Any) -> Any:
    """The plain loop: one viewshed per site, rates where it sees, summed."""
    total = np.zeros(shape)
    for row, column in sites.tolist():
        row0, column0, seen = window(row, column)
        r, c = np.nonzero(seen)
        distance = np.hypot(r + (row0 - row), c + (column0 - column)) * CELL_M
        near = distance <= RANGE_M
        total[r[near] + row0, c[near] + column0] += hazard(distance[near])
    return -np.expm1(-total)


def runs_of(sites: Any) -> int:
    """Return the number of runs: several for a quick case, one for a long case."""
    return 3 if len(sites) <= 100 else 1


def timed(call: Any, runs: int = 1) -> tuple[float, Any]:
    """Return CPU-seconds of all threads, the best of several runs, and the result."""
    best, answer = np.inf, None
    for _ in range(runs):
        answer = None  # so that two results are never in memory
        start = time.process_time()
        answer = call()
        best = min(best, time.process_time() - start)
    return best, answer


def ground_of(z: Any) -> Any:
    import xarray as xr

    from geo.frame import LocalFrame

    east = CELL_M * (np.arange(z.shape[1]) - (z.shape[1] - 1) / 2)
    north = CELL_M * ((z.shape[0] - 1) / 2 - np.arange(z.shape[0]))
    return xr.Dataset(
        {"elevation": (("northing", "easting"), z, {"units": "m"})},
        coords={"northing": ("northing", north, {"units": "m"}), "easting": ("easting", east, {"units": "m"})},
        attrs={"crs": LocalFrame.around(0.0, 45.0).wkt, "datum": "none", "cell_m": CELL_M},
    )


def layout_of(z: Any, sites: Any) -> Any:
    from geo.frame import LocalFrame
    from sensors.layout import Layout, place

    frame = LocalFrame.around(0.0, 45.0)
    east = CELL_M * (sites[:, 1] - (z.shape[1] - 1) / 2)
    north = CELL_M * ((z.shape[0] - 1) / 2 - sites[:, 0])
    keys = {"kind": "radar", "max_range_m": RANGE_M, "mast_height_m": MAST_M, "reference_range_m": R0_M}
    radars = (
        place(frame, float(e), float(n), id=f"radar-{i}", period_s=PERIOD_S, **keys)
        for i, (e, n) in enumerate(zip(east, north, strict=True))
    )
    return Layout("generated", frame, tuple(radars))


def worker(tool: str, folder: str) -> None:
    """Run one tool in this process; write the raster to the folder and figures to stdout."""
    z, sites = np.load(f"{folder}/z.npy"), np.load(f"{folder}/sites.npy")
    compute = TOOLS[tool](z, sites)
    before = peak_mb()
    seconds, answer = timed(compute, runs_of(sites))
    np.save(f"{folder}/p.npy", answer.astype(np.float32))
    sys.stdout.write(json.dumps({"cpu_s": seconds, "added_mb": peak_mb() - before}))


def python_for(tool: str) -> str | None:
    """Return a Python with the tool's requirements: this one, that of .venv-bench, or the system's."""
    bench = Path(__file__).parents[1] / ".venv-bench" / "bin" / "python"
    system = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    for candidate in (sys.executable, str(bench) if bench.exists() else None, system):
        check = [candidate, "-c", f"import numpy, {NEEDED[tool]}"]
        if candidate and subprocess.run(check, capture_output=True).returncode == 0:
            return candidate
    return None


def measured(tool: str, size: int, count: int) -> tuple[dict[str, float], Any] | None:
    python = python_for(tool)
    if python is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        z, sites = tile(size, count)
        np.save(f"{folder}/z.npy", z)
        np.save(f"{folder}/sites.npy", sites)
        command = [python, __file__, "--worker", tool, folder]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return json.loads(done.stdout), np.load(f"{folder}/p.npy")


def true_probability(size: int, count: int) -> tuple[Any, Any]:
    """Return random flat cells, and their combined probability by closed-form sight lines."""
    from geo.visibility import line_of_sight

    z, sites = tile(size, count)
    terrain, layout = ground_of(z), layout_of(z, sites)
    cells = np.random.default_rng(8).integers(0, size * size, CHECKED_CELLS)
    east, north = terrain["easting"].to_numpy()[cells % size], terrain["northing"].to_numpy()[cells // size]
    total = np.zeros(len(cells))
    for sensor in layout:
        distance = np.hypot(east - sensor.easting, north - sensor.northing)
        near = np.flatnonzero(distance <= RANGE_M)
        position = (np.full(len(near), sensor.easting), np.full(len(near), sensor.northing))
        seen = line_of_sight(
            terrain, position, (east[near], north[near]), observer_height_m=MAST_M, target_height_m=TARGET_M
        )
        total[near] += np.where(seen == 1, hazard(distance[near]), 0.0)
    return cells, -np.expm1(-total)


def sample_sector() -> dict[str, float]:
    """Return CPU milliseconds for the sample sector's larger layout, best of five: all rasters, one health change."""
    from ops.sector.open_sector import open_sector
    from ops.sector.sector_file import load_sector
    from ops.services.map.layers.coverage import coverage_overlay
    from sensors.coverage import coverage_rasters
    from sensors.coverage.segments import over_segments

    ground = open_sector(load_sector("cumberland"))
    health = {sensor.id: "ok" for sensor in ground.layout}
    live = coverage_overlay(ground, health)
    changes = [health | {sensor.id: "offline"} for sensor in ground.layout]

    def everything() -> None:
        rasters = coverage_rasters(ground.layout, ground.terrain, ground.border, conditions="night,fog")
        over_segments(rasters, ground.border, belt_m=ground.sector.belt_m)

    everything()
    best = {
        "rasters_and_segments_ms": timed(everything, 5)[0] * 1e3,
        "health_change_ms": max(timed(lambda c=c: coverage_overlay(ground, c, live), 5)[0] for c in changes) * 1e3,
        "live_map_from_nothing_ms": timed(lambda: coverage_overlay(ground, health), 5)[0] * 1e3,
    }
    return {"cells": int(ground.terrain["elevation"].size), "sensors": len(health)} | {
        name: round(value, 1) for name, value in best.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=3601, help="cells along one side of the generated tile")
    parser.add_argument("--sensors", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--gdal-up-to", type=int, default=1000, help="largest number of sensors for the GDAL loop")
    options = parser.parse_args()
    import machine

    cases, rows = [], []
    for count in options.sensors:
        cells, truth = true_probability(options.size, count)
        for tool in TOOLS:
            if (tool == "gdal loop" and count > options.gdal_up_to) or (tool.startswith("x") and count > SLOW_SITES):
                continue
            result = measured(tool, options.size, count)
            if result is None:
                continue
            figures, raster = result
            window = min(2.0 * RANGE_M / CELL_M, options.size) ** 2
            off = np.abs(raster.ravel()[cells] - truth)
            figures |= {
                "mcell_sensors_per_cpu_s": round(window * count / figures["cpu_s"] / 1e6, 1),
                "within_0.01_percent": round(float((off <= 0.01).mean()) * 100.0, 3),
                "mean_error": float(f"{off.mean():.3g}"),
            }
            cases.append({"tool": tool, "sensors": count} | figures)
            rows.append((tool, count, *(round(value, 5) for value in figures.values())))
    head = ("tool", "sensors", "CPU s", "added MB", "Mcell·sensor/CPU-s", "within .01 %", "mean error of P")
    machine.table(head, rows)
    sector = sample_sector()
    machine.table(("sample sector", ""), list(sector.items()))
    machine.report("coverage", {"size": options.size, "range_m": RANGE_M, "cases": cases, "sample_sector": sector})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(sys.argv[2], sys.argv[3])
    else:
        main()
