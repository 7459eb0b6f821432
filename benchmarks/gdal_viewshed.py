"""GDAL's viewshed in a separate process, called over a pipe: ``visibility.py`` alternates with it.

Runs in any Python with osgeo; a module for the benchmarks. When run, it only prints which Python has GDAL.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # this file also runs in a Python that has GDAL but not our packages
    from geo.arrays import Float32s


def gdal_python() -> str | None:
    """Return a Python with GDAL's bindings: that of .venv-bench, this one, or the system's."""
    bench = Path(__file__).resolve().parents[1] / ".venv-bench" / "bin" / "python"
    system = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    for candidate in (str(bench) if bench.exists() else None, sys.executable, system):
        if (
            candidate
            and subprocess.run([candidate, "-c", "import osgeo.gdal_array"], capture_output=True).returncode == 0
        ):
            return candidate
    return None


class Gdal:
    """A GDAL process that holds heights in memory; ``look`` returns CPU seconds, and the states or heights."""

    def __init__(self, python: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            [python, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.version = self._ask()["version"]

    def load(self, z: Float32s, cell_m: float) -> None:
        np.save(f"{self._folder.name}/z.npy", z)
        self._ask(load=f"{self._folder.name}/z.npy", cell_m=cell_m)

    def look(self, row: int, col: int, range_m: float, *, loops: int, heights: str = "", **above_m: float) -> Any:
        """Return CPU seconds of one viewshed, the first row and column of its window, and the window.

        ``heights`` is "" for states, "DEM" or "GROUND" for GDAL's least heights; ``above_m`` are mast_m and target_m.
        """
        path = f"{self._folder.name}/seen.npy"
        answer = self._ask(row=row, col=col, range_m=range_m, loops=loops, heights=heights, out=path, **above_m)
        return answer["seconds"], answer["row0"], answer["col0"], np.load(path)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(30)
        self._folder.cleanup()

    def _ask(self, **order: Any) -> Any:
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def raster_in_memory(z: Any, cell_m: float) -> Any:
    """Return a GDAL dataset of heights (row, column), the centre of whose first cell is at 0, 0."""
    from osgeo import gdal, osr

    source = gdal.GetDriverByName("MEM").Create("", z.shape[1], z.shape[0], 1, gdal.GDT_Float32)
    source.SetGeoTransform((-0.5 * cell_m, cell_m, 0, 0.5 * cell_m, 0, -cell_m))
    metric = osr.SpatialReference()
    metric.ImportFromEPSG(32631)
    source.SetProjection(metric.ExportToWkt())
    source.GetRasterBand(1).WriteArray(z)
    return source


def serve() -> None:
    """Answer each JSON line with one line: the version, heights to hold, or a viewshed of them."""
    from osgeo import gdal

    gdal.UseExceptions()
    source, cell_m = None, 1.0
    for line in sys.stdin:
        order = json.loads(line)
        if "load" in order:
            cell_m = order["cell_m"]
            source = raster_in_memory(np.load(order["load"]), cell_m)
            answer = {}
        elif "row" in order:
            answer = _look(gdal, source, cell_m, order)
        else:
            answer = {"version": gdal.__version__}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _look(gdal: Any, source: Any, cell_m: float, order: dict[str, Any]) -> dict[str, Any]:
    kinds = {
        "": gdal.GVOT_NORMAL,
        "DEM": gdal.GVOT_MIN_TARGET_HEIGHT_FROM_DEM,
        "GROUND": gdal.GVOT_MIN_TARGET_HEIGHT_FROM_GROUND,
    }
    start = time.process_time()
    for _ in range(order["loops"]):
        seen = gdal.ViewshedGenerate(
            srcBand=source.GetRasterBand(1), driverName="MEM", targetRasterName="", creationOptions=[],
            observerX=order["col"] * cell_m, observerY=-order["row"] * cell_m, observerHeight=order["mast_m"],
            targetHeight=order["target_m"], visibleVal=1, invisibleVal=0, outOfRangeVal=0, noDataVal=-1,
            dfCurvCoeff=0.75, mode=gdal.GVM_Edge, maxDistance=order["range_m"], heightMode=kinds[order["heights"]],
        )  # fmt: skip
    seconds = (time.process_time() - start) / order["loops"]
    origin = seen.GetGeoTransform()
    np.save(order["out"], seen.GetRasterBand(1).ReadAsArray())
    return {"seconds": seconds, "row0": round(0.5 - origin[3] / cell_m), "col0": round(0.5 + origin[0] / cell_m)}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve()
    else:
        sys.stdout.write(json.dumps({"benchmark": "gdal_viewshed", "python": gdal_python()}) + "\n")
