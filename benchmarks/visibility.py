"""Viewsheds of one observer, exact and fast, beside GDAL: speed at every range, memory, correctness.

One observer at 20 m in the middle, targets at 1.7 m, k = 4/3. The three tools alternate, GDAL in a separate process
that holds the same heights in memory; a turn is one viewshed or, for short ranges, enough for a million cells. Speed is
cells of the window per CPU-second (all threads), the median of the turns. The reference is the closed-form sight line,
over up to 300,000 random cells in range. Least visible heights are compared with GDAL's mode "DEM". Memory is the
increase by a viewshed of the whole map in a process that holds the heights. Ground: generated, 30 m, from a smooth
plain to mountains; the Pyrenees and White Mountains SRTM tiles, 90 m, if they are beside the repository.
A table to stderr and one JSON line to stdout:
``python benchmarks/visibility.py [--size N] [--runs N] [--ranges KM ...] [--grounds NAME ...]``
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import machine
import numpy as np
from gdal_viewshed import Gdal, gdal_python

from geo.arrays import Float32s, UInt8s

__all__ = ["MAST_M", "TARGET_M", "TERRAIN", "Float32s", "fractal", "gdal_python", "timed"]

TERRAIN = Path(__file__).resolve().parents[2] / "shared" / "data" / "terrain"
MAST_M, TARGET_M, K = 20.0, 1.7, 4 / 3
RANGES_KM = (1.0, 3.0, 5.0, 10.0, 20.0, 40.0, np.inf)
CHECKED = 300_000
TURN_CELLS = 1_000_000


def fractal(size: int, hurst: float, relief_m: float, seed: int) -> Float32s:
    """Return ground by spectral synthesis; a Hurst exponent of 1 is smooth, of 0.5 rough."""
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    frequency[0, 0] = np.inf
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=(size, size)))
    z = np.fft.irfft2(noise / frequency ** (hurst + 1.0), s=(size, size))
    return (z / z.std() * relief_m).astype(np.float32)


def srtm(name: str) -> Float32s:
    """Return a tile with its voids filled by the median."""
    import rasterio

    with rasterio.open(next(TERRAIN.glob(f"*{name}*.tif"))) as raster:
        z = raster.read(1).astype(np.float32)
    z[z < -1000] = np.median(z)
    return z


def grounds(size: int) -> dict[str, tuple[Callable[[], Float32s], float]]:
    """Return name -> function that creates the heights, without voids; cell [m]."""

    def noise() -> Float32s:
        return (np.random.default_rng(0).normal(size=(size, size)) * 0.3).astype(np.float32)

    grounds_by_name: dict[str, tuple[Callable[[], Float32s], float]] = {
        "flat": (lambda: np.zeros((size, size), np.float32), 30.0),
        "plain, 0.3 m noise": (lambda: fractal(size, 1.0, 8.0, 5) + noise(), 30.0),
        "open": (lambda: fractal(size, 1.1, 60.0, 6), 30.0),
        "smooth fractal": (lambda: fractal(size, 1.1, 400.0, 4), 30.0),
        "rough fractal": (lambda: fractal(size, 0.8, 250.0, 3), 30.0),
        "mountain fractal": (lambda: fractal(size, 0.9, 900.0, 7), 30.0),
    }
    if TERRAIN.is_dir():
        grounds_by_name["Pyrenees"] = (lambda: srtm("pyrenees"), 90.0)
        grounds_by_name["White Mountains"] = (lambda: srtm("white_mountains"), 90.0)
    return grounds_by_name


def timed(runs: int, call: Any) -> tuple[float, Any]:
    """Return the least CPU seconds of several runs, and the result."""
    best = np.inf
    for _ in range(runs):
        start = time.process_time()
        result = call()
        best = min(best, time.process_time() - start)
    return best, result


def turn(call: Callable[[], Any], loops: int) -> tuple[float, Any]:
    """Return CPU seconds of one of ``loops`` calls, and the last result."""
    start = time.process_time()
    for _ in range(loops):
        result = call()
    return (time.process_time() - start) / loops, result


def truth(z: Float32s, cell_m: float, row: int, col: int, r: Any, c: Any) -> UInt8s:
    """Return the closed-form sight line's state of targets at rows r and columns c."""
    from geo.visibility.kernels.sight_line import sight_states
    from geo.visibility.view import drop_per_cell

    pairs = np.column_stack([np.full(len(r), row), np.full(len(c), col), r, c]).astype(float)
    states = np.empty(len(r), np.uint8)
    masts, targets = np.full(len(r), MAST_M), np.full(len(r), TARGET_M)
    sight_states(z.ravel(), *z.shape, pairs, masts, targets, drop_per_cell(cell_m, K), states)
    return states


def measure(z: Float32s, cell_m: float, range_m: float, runs: int, gdal: Gdal | None) -> dict[str, dict[str, float]]:
    """Return per tool: speed, CPU seconds, and percentages of cells in range that agree, falsely show or hide."""
    from geo.visibility import viewshed_array

    row, col = z.shape[0] // 2, z.shape[1] // 2
    view = {"observer_height_m": MAST_M, "target_height_m": TARGET_M, "max_range_m": range_m}
    loops = max(1, round(TURN_CELLS / (2.0 * min(range_m / cell_m, z.shape[0] / 2)) ** 2))
    tools: dict[str, Callable[[], Any]] = {
        mode: lambda mode=mode: turn(lambda: viewshed_array(z, cell_m, row, col, mode=mode, **view), loops)
        for mode in ("exact", "fast")
    }
    if gdal is not None:
        reach_m = min(range_m, 4.0 * cell_m * z.shape[0])

        def by_gdal() -> Any:
            seconds, *window = gdal.look(row, col, reach_m, loops=loops, mast_m=MAST_M, target_m=TARGET_M)
            return seconds, window

        tools["gdal"] = by_gdal
    seconds: dict[str, list[float]] = {tool: [] for tool in tools}
    answers: dict[str, Any] = {}
    for _ in range(runs):
        for tool, call in tools.items():
            spent, answers[tool] = call()
            seconds[tool].append(spent)
    r, c = in_range(z.shape, row, col, range_m / cell_m)
    true = truth(z, cell_m, row, col, r, c)
    figures = {}
    for tool, (row0, col0, states) in answers.items():
        seen, spent = states[r - row0, c - col0], float(np.median(seconds[tool]))
        figures[tool] = {
            "mcells_s": round(states.size / spent / 1e6, 1),
            "cpu_s": round(spent, 6),
            "agree_percent": round(float((seen == true).mean()) * 100, 4),
            "false_visible_percent": round(float(((seen == 1) & (true == 0)).mean()) * 100, 4),
            "false_hidden_percent": round(float(((seen == 0) & (true == 1)).mean()) * 100, 4),
        }
    return figures


def in_range(shape: tuple[int, int], row: int, col: int, reach: float) -> tuple[Any, Any]:
    """Return rows and columns of random cells within reach, or of all if they are few."""
    rows, columns = (
        np.arange(max(0, int(np.ceil(at - min(reach, at)))), min(count, int(at + min(reach, count)) + 1))
        for at, count in ((row, shape[0]), (col, shape[1]))
    )
    if len(rows) * len(columns) <= CHECKED:
        r, c = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
    else:
        chance = np.random.default_rng(1)
        r, c = chance.choice(rows, CHECKED), chance.choice(columns, CHECKED)
    inside = np.hypot(r - row, c - col) < reach - 1e-6
    return r[inside], c[inside]


def least_heights(z: Float32s, cell_m: float, range_m: float, runs: int, gdal: Gdal | None) -> dict[str, float]:
    """Return million cells per CPU-second of the least visible heights: exact, fast, and GDAL's."""
    from geo.visibility.view import View
    from geo.visibility.window import needed_from

    row, col = z.shape[0] // 2, z.shape[1] // 2
    seconds: dict[str, list[float]] = {}
    for _ in range(runs):
        for mode in ("exact", "fast"):
            view = View(MAST_M, range_m, mode=mode)  # type: ignore[arg-type]
            spent, (_, _, window) = turn(lambda view=view: needed_from(z, cell_m, float(row), float(col), view), 1)
            seconds.setdefault(mode, []).append(spent)
        if gdal is not None:
            spent, *_ = gdal.look(row, col, range_m, loops=1, heights="DEM", mast_m=MAST_M, target_m=0.0)
            seconds.setdefault("gdal", []).append(spent)
    return {tool: round(window.size / float(np.median(spent)) / 1e6, 1) for tool, spent in seconds.items()}


def status_mb(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024.0


def memory_worker(path: str, cell_m: float, mode: str) -> None:
    """In a separate process: measure bytes per window cell that the viewshed of a whole map adds to the process."""
    from geo.visibility import viewshed_array
    from geo.visibility.single_site import compile_kernels

    z = np.ascontiguousarray(np.load(path))
    compile_kernels()
    before = max(status_mb("VmRSS"), status_mb("VmHWM"))
    view = {"observer_height_m": MAST_M, "target_height_m": TARGET_M, "max_range_m": np.inf}
    _, _, states = viewshed_array(z, cell_m, z.shape[0] // 2, z.shape[1] // 2, mode=mode, **view)  # type: ignore[arg-type]
    sys.stdout.write(json.dumps((status_mb("VmHWM") - before) * 2**20 / states.size))


def memory(z: Float32s, cell_m: float) -> dict[str, float]:
    """Return bytes per window cell of both modes."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/z.npy", z)
        command = [sys.executable, __file__, "--memory-worker", f"{folder}/z.npy", str(cell_m)]
        return {
            mode: round(float(subprocess.run([*command, mode], capture_output=True, text=True, check=True).stdout), 2)
            for mode in ("exact", "fast")
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=4000, help="cells along one side of the generated ground")
    parser.add_argument("--runs", type=int, default=5, help="turns of each tool")
    parser.add_argument("--ranges", type=float, nargs="*", default=RANGES_KM, metavar="KM", help="inf: the whole map")
    parser.add_argument("--grounds", nargs="*", metavar="NAME", help="only those whose names begin so")
    options = parser.parse_args()
    from geo.visibility.single_site import compile_kernels

    compile_kernels()
    python = gdal_python()
    gdal = None if python is None else Gdal(python)
    cases, heights, bytes_a_cell = {}, {}, {}
    for name, (make, cell_m) in grounds(options.size).items():
        if options.grounds and not any(name.lower().startswith(begin.lower()) for begin in options.grounds):
            continue
        z = make()
        if gdal is not None:
            gdal.load(z, cell_m)
        for km in options.ranges:
            if km * 1000.0 >= 10.0 * cell_m:
                where = f"{name}, {'whole' if np.isinf(km) else f'{km:g} km'}"
                cases[where] = measure(z, cell_m, km * 1000.0, options.runs, gdal)
        heights[f"{name}, 10 km"] = least_heights(z, cell_m, 10_000.0, min(options.runs, 3), gdal)
        bytes_a_cell[name] = memory(z, cell_m)
    show(cases, heights, bytes_a_cell)
    report = {"cases": cases, "least_heights_mcells_s": heights, "bytes_a_window_cell": bytes_a_cell}
    machine.report("visibility", report | {"gdal": None if gdal is None else gdal.version, "runs": options.runs})
    if gdal is not None:
        gdal.close()


def show(cases: dict[str, Any], heights: dict[str, Any], bytes_a_cell: dict[str, Any]) -> None:
    """Show the tables."""
    tools = ("exact", "fast", "gdal")
    rows = []
    for where, case in cases.items():
        speeds = [case[tool]["mcells_s"] if tool in case else None for tool in tools]
        ratios = [round(speed / speeds[2], 2) if speeds[2] else None for speed in speeds[:2]]
        right = [f"{case[tool]['agree_percent']:.3f}" if tool in case else None for tool in tools]
        false = [
            f"{case[tool]['false_visible_percent']:.2f} {case[tool]['false_hidden_percent']:.2f}"
            for tool in tools[1:]
            if tool in case
        ]
        rows.append((where, *speeds, *ratios, *right, *false, *[None] * (2 - len(false))))
    head = ("Mcell/CPU-s", *tools, "exact/gdal", "fast/gdal", *(f"{tool} right %" for tool in tools))
    machine.table((*head, "fast falsely +, - %", "gdal +, - %"), rows)
    head = ("least heights, Mcell/CPU-s", *tools)
    machine.table(head, [(where, *(case.get(tool) for tool in tools)) for where, case in heights.items()])
    machine.table(("bytes a window cell", *tools[:2]), [(name, *case.values()) for name, case in bytes_a_cell.items()])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory-worker"]:
        memory_worker(sys.argv[2], float(sys.argv[3]), sys.argv[4])
    else:
        main()
