"""Viewsheds, exact and fast, against the closed-form sight line and, where a Python has osgeo, against GDAL.

One observer 20 m up, targets 1.7 m, k = 4/3. Speed is cells of the window per CPU-second, the best of several runs;
agreement is the share of cells in range that equal ``line_of_sight``. Ground: generated fractals at 30 m, and the
Pyrenees and White Mountains SRTM tiles at 90 m where they are beside the repository.
A table to stderr and one JSON line to stdout: ``python benchmarks/visibility.py [--size N] [--runs N]``
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

import machine
import numpy as np
import numpy.typing as npt

TERRAIN = Path(__file__).resolve().parents[2] / "shared" / "data" / "terrain"
MAST_M, TARGET_M = 20.0, 1.7
Heights = npt.NDArray[np.float32]


def fractal(size: int, hurst: float, relief_m: float, seed: int) -> Heights:
    """Ground by spectral synthesis; a Hurst exponent of 1 is smooth, of 0.5 rough."""
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    frequency[0, 0] = np.inf
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=(size, size)))
    z = np.fft.irfft2(noise / frequency ** (hurst + 1.0), s=(size, size))
    return (z / z.std() * relief_m).astype(np.float32)


def grounds(size: int) -> dict[str, tuple[Heights, float]]:
    """Name -> heights without voids, cell [m]."""
    found = {
        "fractal, rough": (fractal(size, 0.8, 250.0, 3), 30.0),
        "fractal, smooth": (fractal(size, 1.1, 400.0, 4), 30.0),
    }
    if TERRAIN.is_dir():
        import rasterio

        for name in ("pyrenees", "white_mountains"):
            with rasterio.open(next(TERRAIN.glob(f"*{name}*.tif"))) as raster:
                z = raster.read(1).astype(np.float32)
            z[z < -1000] = np.median(z)
            found[name] = (z, 90.0)
    return found


def timed(runs: int, call: Any) -> tuple[float, Any]:
    best = np.inf
    for _ in range(runs):
        start = time.process_time()
        result = call()
        best = min(best, time.process_time() - start)
    return best, result


def gdal_python() -> str | None:
    """A Python that has GDAL's bindings: this one, or the system's."""
    for candidate in (sys.executable, shutil.which("python3", path="/usr/bin:/usr/local/bin")):
        if (
            candidate
            and subprocess.run([candidate, "-c", "import osgeo.gdal_array"], capture_output=True).returncode == 0
        ):
            return candidate
    return None


def gdal_worker(path: str, cell_m: float, range_m: float, runs: int) -> None:
    """Runs in the Python of ``gdal_python``: GDAL's viewshed in process, from memory to memory; states to ``path``."""
    from osgeo import gdal, osr

    gdal.UseExceptions()
    z = np.load(path)
    row, col = z.shape[0] // 2, z.shape[1] // 2
    source = gdal.GetDriverByName("MEM").Create("", z.shape[1], z.shape[0], 1, gdal.GDT_Float32)
    source.SetGeoTransform((-0.5 * cell_m, cell_m, 0, 0.5 * cell_m, 0, -cell_m))
    metric = osr.SpatialReference()
    metric.ImportFromEPSG(32631)
    source.SetProjection(metric.ExportToWkt())
    source.GetRasterBand(1).WriteArray(z)
    seconds, seen = timed(
        runs,
        lambda: gdal.ViewshedGenerate(
            srcBand=source.GetRasterBand(1),
            driverName="MEM",
            targetRasterName="",
            creationOptions=[],
            observerX=col * cell_m,
            observerY=-row * cell_m,
            observerHeight=MAST_M,
            targetHeight=TARGET_M,
            visibleVal=1,
            invisibleVal=0,
            outOfRangeVal=0,
            noDataVal=-1,
            dfCurvCoeff=0.75,
            mode=gdal.GVM_Edge,
            maxDistance=range_m,
        ),
    )
    origin = seen.GetGeoTransform()
    row0, col0 = round(0.5 - origin[3] / cell_m), round(0.5 + origin[0] / cell_m)
    states = seen.GetRasterBand(1).ReadAsArray()
    full = np.zeros(z.shape, np.uint8)
    full[row0 : row0 + states.shape[0], col0 : col0 + states.shape[1]] = states
    np.save(path, full)
    sys.stdout.write(json.dumps({"seconds": seconds, "cells": states.size}))


def by_gdal(
    python: str, z: Heights, cell_m: float, range_m: float, runs: int
) -> tuple[float, int, npt.NDArray[np.uint8]]:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/z.npy"
        np.save(path, z)
        command = [python, __file__, "--gdal-worker", path, str(cell_m), str(range_m), str(runs)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        return answer["seconds"], answer["cells"], np.load(path)


def measure(z: Heights, cell_m: float, range_m: float, runs: int, python: str | None) -> dict[str, dict[str, float]]:
    """Per tool: million cells per CPU-second, and percent of cells in range that agree, show or hide falsely."""
    from geo.sightlines import sight_states
    from geo.view import drop_per_cell
    from geo.visibility import viewshed_array

    row, col = z.shape[0] // 2, z.shape[1] // 2
    answers: dict[str, tuple[float, int, npt.NDArray[np.uint8]]] = {}
    for mode in ("exact", "fast"):
        seconds, (row0, col0, states) = timed(
            runs,
            lambda mode=mode: viewshed_array(
                z, cell_m, row, col, observer_height_m=MAST_M, target_height_m=TARGET_M, max_range_m=range_m, mode=mode
            ),
        )
        answers[mode] = (seconds, states.size, states)
    window = (slice(row0, row0 + states.shape[0]), slice(col0, col0 + states.shape[1]))
    if python is not None:
        seconds, cells, full = by_gdal(python, z, cell_m, range_m, runs)
        answers["gdal"] = (seconds, cells, full[window])
    r, c = np.mgrid[window]
    inside = np.hypot(r - row, c - col) * cell_m < range_m - 1e-6
    pairs = np.column_stack([np.full(inside.sum(), row), np.full(inside.sum(), col), r[inside], c[inside]])
    truth = np.empty(len(pairs), np.uint8)
    masts, targets = np.full(len(pairs), MAST_M), np.full(len(pairs), TARGET_M)
    drop = drop_per_cell(cell_m, 4 / 3)
    start = time.process_time()
    sight_states(z.ravel(), *z.shape, pairs.astype(float), masts, targets, drop, truth)
    figures = {"line_of_sight": {"mcells_s": round(len(pairs) / (time.process_time() - start) / 1e6, 2)}}
    for tool, (seconds, cells, states) in answers.items():
        seen = states[inside]
        figures[tool] = {
            "mcells_s": round(cells / seconds / 1e6, 1),
            "agree_percent": round(float((seen == truth).mean()) * 100, 4),
            "false_visible_percent": round(float(((seen == 1) & (truth == 0)).mean()) * 100, 4),
            "false_hidden_percent": round(float(((seen == 0) & (truth == 1)).mean()) * 100, 4),
        }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2000, help="cells along one side of the generated ground")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    from geo.visibility import compile_kernels

    compile_kernels()
    python, figures, rows = gdal_python(), {}, []
    for name, (z, cell_m) in grounds(options.size).items():
        for range_m in (10_000.0, 20_000.0):
            case = measure(z, cell_m, range_m, options.runs, python)
            figures[f"{name}, {range_m / 1000:.0f} km"] = case
            for tool in ("exact", "fast", "gdal"):
                if tool in case:
                    rows.append((name, f"{range_m / 1000:.0f} km", tool, *case[tool].values()))
    machine.table(("ground", "range", "tool", "Mcell/CPU-s", "agree %", "false visible %", "false hidden %"), rows)
    machine.report("visibility", {"cases": figures, "gdal": python is not None})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--gdal-worker"]:
        gdal_worker(sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
    else:
        main()
