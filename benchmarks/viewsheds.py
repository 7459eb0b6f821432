"""Combined viewsheds of many observers (1, 10, 50 and with --full 1,000), beside GDAL in a loop.

Ground: the Juan de Fuca SRTM tile (1″, 3601 × 3601, voids and sea at 0) if it is beside the repository, otherwise a
generated fractal of that size; cells are taken as 30 m squares. Observers at 20 m on random land cells, targets at
1.7 m, k = 4/3, range 20 km. Each tool counts for every cell how many observers see it, in a separate process that holds
the heights in memory: CPU seconds (user + system) and peak memory beyond the heights and the library. GDAL's viewsheds
are created in memory and summed with numpy. Accuracy, against the exact mode, whose every cell is the closed-form line
of sight: the fraction of cells within range of some observer whose count differs, and the minimum number of wrong pairs
of an observer and a cell (errors that cancel do not show).
A table to stderr and one JSON line to stdout: ``python benchmarks/viewsheds.py [--full] [--range-km 20]``
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from typing import Any

import gdal_loop
import machine
import numpy as np
from gdal_loop import MAST_M, TARGET_M, measured
from gdal_viewshed import gdal_python
from visibility import TERRAIN, fractal

from geo.arrays import Bools, Float32s, Ints

CELL_M = 30.0
SIZE = 3601
GROWTH = (1, 10, 50)
FULL = 1000
WORKERS_SITES = 200  # enough work that the serial part is small
WATCHLINE = [sys.executable, __file__, "--watchline"]


def ground() -> tuple[str, Float32s]:
    """Return the tile with its voids as sea, or a fractal."""
    tiles = sorted(TERRAIN.glob("*juan_de_fuca*.tif"))
    if not tiles:
        return "fractal", fractal(SIZE, 0.8, 250.0, 3)
    import rasterio

    with rasterio.open(tiles[0]) as raster:
        z = raster.read(1).astype(np.float32)
    return "Juan de Fuca", np.where(z < -1000.0, 0.0, z).astype(np.float32)


def places(z: Float32s, count: int) -> Ints:
    """Return rows and columns of observers on random land cells."""
    land = np.argwhere(z > 0.5)
    return land[np.random.default_rng(11).choice(len(land), count, replace=False)]


def by_watchline(order: dict[str, Any]) -> dict[str, Any]:
    """In a separate process: compute the count with ``sites_seeing`` and write it to ``order["out"]``."""
    import xarray as xr

    from geo.visibility.many_sites import viewsheds as many
    from geo.visibility.single_site import compile_kernels

    z = np.load(order["z"])
    compile_kernels()
    many.compile_kernels()

    def terrain(heights: Float32s) -> xr.Dataset:
        rows, columns = heights.shape
        return xr.Dataset(
            {"elevation": (("northing", "easting"), heights)},
            coords={"northing": -CELL_M * np.arange(rows), "easting": CELL_M * np.arange(columns)},
            attrs={"crs": "EPSG:32631"},
        )

    rows, columns = np.load(order["sites"]).T
    view = {"observer_height_m": MAST_M, "target_height_m": TARGET_M, "max_range_m": order["range_m"]}
    with cluster(order["workers"]) if order["scheduler"] == "processes" else nullcontext("threads") as scheduler:
        execution = {"mode": order["mode"], "scheduler": scheduler, "workers": order["workers"]}
        warm = np.tile([[60.0, -60.0]], (64, 1))
        many.sites_seeing(terrain(np.zeros((5, 5), np.float32)), warm, **view | execution)
        observers = (columns * CELL_M, -rows * CELL_M)
        figures, seen = measured(
            len(rows), lambda: many.sites_seeing(terrain(z), observers, **view | execution)["sites_seeing"]
        )
    np.save(order["out"], seen.values)
    return figures


def cluster(workers: int) -> Any:
    """Return a client of that many processes, started before the measurement."""
    from distributed import Client, LocalCluster

    return Client(
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
        )
    )


def run(command: list[str], order: dict[str, Any]) -> dict[str, Any]:
    """Run one tool in a separate process."""
    command = [*command, json.dumps(order)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def growth(folder: str, z: Float32s, counts: list[int], range_m: float) -> list[dict[str, Any]]:
    """Run every tool for every number of observers."""
    np.save(f"{folder}/z.npy", z)
    gdal, rows = gdal_python(), []
    for count in counts:
        np.save(f"{folder}/sites.npy", places(z, count))
        order = {"z": f"{folder}/z.npy", "sites": f"{folder}/sites.npy", "range_m": range_m, "cell_m": CELL_M}
        exact = None
        for tool in ("exact", "fast", "gdal"):
            if tool == "gdal" and gdal is None:
                continue
            request = order | {"mode": tool, "scheduler": "threads", "workers": None, "out": f"{folder}/{tool}.npy"}
            figures = run([gdal, gdal_loop.__file__] if tool == "gdal" and gdal else WATCHLINE, request)
            seen = np.load(request["out"])
            exact = seen if exact is None else exact
            within, pairs = reached(z.shape, np.load(order["sites"]), range_m)
            rows.append(
                {
                    "tool": tool,
                    "observers": count,
                    "cpu_s_each": figures["cpu_s"] / count,
                    "wall_s": figures["wall_s"],
                    "peak_mb": figures["peak_mb"],
                    "cells_that_differ_percent": 100.0 * float((seen != exact)[within].mean()),
                    "pairs_that_differ_percent": 100.0 * float(np.abs(seen - exact).sum()) / pairs,
                }
            )
    return rows


def reached(shape: tuple[int, int], sites: Ints, range_m: float) -> tuple[Bools, int]:
    """Return the cells within the range of some observer, and the number of pairs of an observer and a cell."""
    reach, within, pairs = int(range_m / CELL_M), np.zeros(shape, np.bool_), 0
    disc = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1]) * CELL_M <= range_m
    for row, column in sites:
        top, left = max(row - reach, 0), max(column - reach, 0)
        view = within[top : row + reach + 1, left : column + reach + 1]
        near = disc[top - row + reach :, left - column + reach :][: view.shape[0], : view.shape[1]]
        view |= near
        pairs += int(near.sum())
    return within, pairs


def second_worker(folder: str, z: Float32s, range_m: float, runs: int, count: int) -> dict[str, Any]:
    """Measure wall seconds with one and with two workers, the best of alternating runs; the counts must be equal.

    Wall time is meaningful only on an otherwise idle machine. Independent of other load are the ratio of the CPU
    seconds (of this process alone, with "processes"), and the seconds that the calling thread works alone.
    """
    np.save(f"{folder}/sites.npy", places(z, count))
    order = {"z": f"{folder}/z.npy", "sites": f"{folder}/sites.npy", "range_m": range_m, "mode": "exact"}
    results: dict[str, Any] = {"observers": count}
    answers = []
    for scheduler in ("threads", "processes"):
        best, used, alone = {1: np.inf, 2: np.inf}, {1: 0.0, 2: 0.0}, 0.0
        for _ in range(runs):
            for workers in best:
                request = order | {
                    "scheduler": scheduler,
                    "workers": workers,
                    "out": f"{folder}/{scheduler}{workers}.npy",
                }
                figures = run(WATCHLINE, request)
                best[workers] = min(best[workers], figures["wall_s"])
                used[workers], alone = figures["cpu_s"], figures["alone_s"]
        answers += [np.load(f"{folder}/{scheduler}{workers}.npy") for workers in best]
        results[scheduler] = {
            "one_wall_s": best[1],
            "two_wall_s": best[2],
            "speed_up": best[1] / best[2],
            "cpu_ratio": used[2] / used[1],
            "alone_cpu_s": alone,
        }
    assert all(np.array_equal(answers[0], other) for other in answers[1:])
    return results


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help=f"also {FULL} observers (about ten minutes)")
    parser.add_argument("--range-km", type=float, default=20.0)
    parser.add_argument("--runs", type=int, default=2, help="of one and of two workers, the best counts")
    options = parser.parse_args()
    range_m = options.range_km * 1000.0
    name, z = ground()
    counts = [*GROWTH, FULL] if options.full else [*GROWTH]
    with tempfile.TemporaryDirectory() as folder:
        grown = growth(folder, z, counts, range_m)
        doubled = second_worker(folder, z, range_m, options.runs, counts[-1] if options.full else WORKERS_SITES)
    head = ("tool", "observers", "CPU s each", "wall s", "peak MB", "cells that differ %", "pairs, at least %")
    machine.table(head, [tuple(row.values()) for row in grown])
    for scheduler in ("threads", "processes"):
        machine.table((scheduler, *doubled[scheduler]), [("", *doubled[scheduler].values())])
    figures = {"ground": name, "range_km": options.range_km, "growth": grown, "second_worker": doubled}
    machine.report("viewsheds", figures)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--watchline"]:
        sys.stdout.write(json.dumps(by_watchline(json.loads(sys.argv[2]))) + "\n")
    else:
        main()
