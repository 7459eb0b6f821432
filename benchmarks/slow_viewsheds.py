"""One viewshed by GRASS r.viewshed and xarray-spatial beside Watchline, exact and fast: speed, memory, agreement.

One observer at 20 m in the middle, targets at 1.7 m. GRASS runs with curvature and k = 4/3 (its refraction 0.25);
xarray-spatial has no Earth curvature and processes whole rasters, so it gets the window and is compared with the result
for a flat Earth. The reference is Watchline's exact mode, which equals the closed-form sight line in every cell that
``visibility.py`` compares. Speed in million cells of the window per CPU-second (user and system); GRASS's time is that
of r.viewshed alone.
A table to stderr and one JSON line to stdout: ``python benchmarks/slow_viewsheds.py [--size 1000]``. Missing peers are
listed by name and skipped; ``deploy/setup_bench.py`` installs them.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import machine
import numpy as np
from visibility import MAST_M, TARGET_M, TERRAIN, Heights, fractal, timed

BENCH_PYTHON = Path(__file__).resolve().parents[1] / ".venv-bench" / "bin" / "python"

XARRAY_SPATIAL = """
import json, resource, sys, time
import numpy as np, xarray as xr
from xrspatial import viewshed
path, cell, mast, target = sys.argv[1], *map(float, sys.argv[2:5])
z = np.load(path).astype(np.float64)
n = len(z)
raster = xr.DataArray(z, dims=("y", "x"), coords={"y": cell * np.arange(n)[::-1], "x": cell * np.arange(n)})
middle = cell * (n // 2)
small = raster[:64, :64]
viewshed(small, x=float(small.x[32]), y=float(small.y[32]), observer_elev=mast, target_elev=target)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
seen = viewshed(raster, x=middle, y=float(raster.y[n // 2]), observer_elev=mast, target_elev=target)
spent = time.process_time() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
np.save(path, (seen.data > -1).astype(np.uint8))
print(json.dumps({"seconds": spent, "megabytes": (peak - before) * 1024 / 1e6}))
"""

GRASS = """
set -e
r.in.gdal --quiet -o input={folder}/z.tif output=z
g.region raster=z
TIMEFORMAT='%U %S'
{{ time r.viewshed --quiet -b -c -r refraction_coeff=0.25 input=z output=seen coordinates={east},{north} \
observer_elevation={mast} target_elevation={target} max_distance={reach} memory=2000 2>/dev/null ; }} 2> {folder}/time
r.null --quiet map=seen null=0
r.out.gdal --quiet -f input=seen output={folder}/seen.tif type=Byte createopt=COMPRESS=NONE 2>/dev/null
"""


def grounds(size: int, range_m: float) -> dict[str, tuple[Heights, float]]:
    """Return name -> square window of odd width around its middle, cell [m]."""
    windows = {"fractal, rough": (fractal(size, 0.8, 250.0, 3), 30.0)}
    if TERRAIN.is_dir():
        import rasterio

        with rasterio.open(next(TERRAIN.glob("*pyrenees*.tif"))) as raster:
            z = raster.read(1).astype(np.float32)
        z[z < -1000] = np.median(z)
        windows["Pyrenees"] = (z, 90.0)
    cut = {}
    for name, (z, cell_m) in windows.items():
        reach, middle = math.ceil(range_m / cell_m), len(z) // 2
        reach = min(reach, middle - 1)
        cut[name] = (
            np.ascontiguousarray(z[middle - reach : middle + reach + 1, middle - reach : middle + reach + 1]),
            cell_m,
        )
    return cut


def ours(z: Heights, cell_m: float, range_m: float, mode: str, k: float = 4 / 3) -> tuple[float, Any]:
    """Return CPU seconds and states of Watchline's viewshed."""
    from geo.visibility import viewshed_array

    middle = len(z) // 2
    settings = {"observer_height_m": MAST_M, "target_height_m": TARGET_M, "max_range_m": range_m, "curvature_k": k}
    seconds, (row0, col0, states) = timed(5, lambda: viewshed_array(z, cell_m, middle, middle, mode=mode, **settings))
    full = np.zeros(z.shape, np.uint8)
    full[row0 : row0 + states.shape[0], col0 : col0 + states.shape[1]] = states
    return seconds, full


def by_grass(z: Heights, cell_m: float, range_m: float) -> tuple[float, Any]:
    """Return CPU seconds of r.viewshed, and its states."""
    import rasterio
    from rasterio.transform import from_origin

    n = len(z)
    with tempfile.TemporaryDirectory() as folder:
        transform = from_origin(500_000.0, 4_700_000.0, cell_m, cell_m)
        profile = {"driver": "GTiff", "height": n, "width": n, "count": 1, "dtype": "float32", "crs": "EPSG:32631"}
        with rasterio.open(f"{folder}/z.tif", "w", transform=transform, **profile) as raster:
            raster.write(z, 1)
        east, north = 500_000.0 + (n // 2 + 0.5) * cell_m, 4_700_000.0 - (n // 2 + 0.5) * cell_m
        script = GRASS.format(folder=folder, east=east, north=north, mast=MAST_M, target=TARGET_M, reach=range_m)
        Path(folder, "run.sh").write_text(script)
        command = ["grass", "--tmp-project", "EPSG:32631", "--exec", "bash", f"{folder}/run.sh"]
        subprocess.run(command, check=True, capture_output=True)
        seconds = sum(map(float, Path(folder, "time").read_text().split()[-2:]))
        with rasterio.open(f"{folder}/seen.tif") as raster:
            return seconds, raster.read(1)


def by_xarray_spatial(z: Heights, cell_m: float) -> tuple[float, float, Any]:
    """Return CPU seconds, the memory increase in megabytes, and states."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/z.npy"
        np.save(path, z)
        command = [str(BENCH_PYTHON), "-c", XARRAY_SPATIAL, path, str(cell_m), str(MAST_M), str(TARGET_M)]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        return answer["seconds"], answer["megabytes"], np.load(path)


def compared(seconds: float, seen: Any, truth: Any, inside: Any) -> dict[str, float]:
    """Return speed and agreement over the cells in range."""
    states, true = seen[inside], truth[inside]
    return {
        "mcells_s": round(seen.size / seconds / 1e6, 2),
        "agree_percent": round(float((states == true).mean()) * 100, 3),
        "false_visible_percent": round(float(((states == 1) & (true == 0)).mean()) * 100, 3),
        "false_hidden_percent": round(float(((states == 0) & (true == 1)).mean()) * 100, 3),
    }


def measure(z: Heights, cell_m: float, range_m: float) -> dict[str, dict[str, float]]:
    """Measure every tool on one ground."""
    middle = len(z) // 2
    r, c = np.mgrid[: len(z), : len(z)]
    inside = np.hypot(r - middle, c - middle) * cell_m < range_m - 1e-6
    seconds, truth = ours(z, cell_m, range_m, "exact")
    figures = {"exact": compared(seconds, truth, truth, inside)}
    figures["fast"] = compared(*ours(z, cell_m, range_m, "fast"), truth, inside)
    if shutil.which("grass"):
        figures["GRASS"] = compared(*by_grass(z, cell_m, range_m), truth, inside)
    if BENCH_PYTHON.exists():
        _, flat = ours(z, cell_m, range_m, "exact", math.inf)
        spent, megabytes, seen = by_xarray_spatial(z, cell_m)
        figures["xarray-spatial, flat"] = compared(spent, seen, flat, inside) | {"megabytes": round(megabytes)}
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1000, help="cells along one side of the generated ground")
    parser.add_argument("--range-km", type=float, default=10.0)
    options = parser.parse_args()
    from geo.visibility.single_site import compile_kernels

    compile_kernels()
    range_m = options.range_km * 1000.0
    for name, there in (("GRASS", shutil.which("grass")), ("xarray-spatial (.venv-bench)", BENCH_PYTHON.exists())):
        if not there:
            print(f"Left out, not installed: {name}.", file=sys.stderr)
    figures = {name: measure(z, cell, range_m) for name, (z, cell) in grounds(options.size, range_m).items()}
    rows = [(name, tool, *row.values()) for name, tools in figures.items() for tool, row in tools.items()]
    columns = ("ground", "tool", "Mcell/CPU-s", "agree %", "false visible %", "false hidden %", "MB")
    machine.table(columns, [(*row, *[None] * (len(columns) - len(row))) for row in rows])
    machine.report("slow_viewsheds", {"range_km": options.range_km, "cases": figures})


if __name__ == "__main__":
    main()
