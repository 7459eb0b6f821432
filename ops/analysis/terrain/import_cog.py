"""Rasters to one cloud-optimised GeoTIFF on the cells of a frame: by windows, atomic; a killed run starts over."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.errors import RasterioError
from rasterio.windows import Window

from geo.errors import BadInput
from geo.terrain import TerrainPlan
from geo.terrain.safe_open import OPTIONS

WINDOW_CELLS: Final = 2048
TILE_CELLS: Final = 512
HASH_BYTES: Final = 2**20

Step = Callable[[int, int], None]
"""Called with the number of finished windows and of all."""


@dataclass(slots=True)
class Figures:
    """What was seen of a terrain's heights while they passed."""

    cells: int = 0
    voids: int = 0
    lowest_m: float = float("inf")
    highest_m: float = float("-inf")

    def see(self, heights: Any) -> None:
        """Count one window in."""
        voids = int(np.isnan(heights).sum())
        self.cells += heights.size
        self.voids += voids
        if voids < heights.size:
            self.lowest_m = min(self.lowest_m, float(np.nanmin(heights)))
            self.highest_m = max(self.highest_m, float(np.nanmax(heights)))

    def as_dict(self) -> dict[str, Any]:
        """For --json; heights are None where every cell is void."""
        known = self.voids < self.cells
        return {
            "lowest_m": round(self.lowest_m, 3) if known else None,
            "highest_m": round(self.highest_m, 3) if known else None,
            "voids_percent": round(100.0 * self.voids / max(self.cells, 1), 4),
        }


def windows(plan: TerrainPlan) -> list[tuple[int, int, int, int]]:
    """Row, column, rows and columns of the windows in which a terrain is read."""
    rows, columns = plan.grid.rows, plan.grid.columns
    return [
        (row, column, min(WINDOW_CELLS, rows - row), min(WINDOW_CELLS, columns - column))
        for row in range(0, rows, WINDOW_CELLS)
        for column in range(0, columns, WINDOW_CELLS)
    ]


def survey(plan: TerrainPlan, step: Step) -> Figures:
    """Read every height once, a window at a time."""
    figures, places = Figures(), windows(plan)
    for n, place in enumerate(places, 1):
        figures.see(plan.heights(*place))
        step(n, len(places))
    return figures


def write_cog(plan: TerrainPlan, out: Path, step: Step, *, force: bool) -> tuple[Figures, str]:
    """Write the planned terrain to ``out``; its figures, and the file's SHA-256.

    Takes four bytes a cell of disk beside ``out`` while it runs, and about 150 MB of memory. ``out`` appears complete
    or not at all; what an earlier run left behind is removed. BadInput where ``out`` is there already (unless
    ``force``), while another import writes it, or where the disk is full.
    """
    if out.exists() and not force:
        raise BadInput("the file is there already", where=str(out), expected="a new name, or --force")
    with _alone(out), _scratch(out) as (cells, cog):
        try:
            figures = _write_cells(plan, cells, step)
            if figures.voids == figures.cells:
                raise BadInput("every cell is void", where=plan.label, expected="at least one height")
            with rasterio.Env(**OPTIONS):
                rasterio.shutil.copy(
                    cells,
                    cog,
                    driver="COG",
                    compress="deflate",
                    predictor="yes",
                    blocksize=TILE_CELLS,
                    overview_resampling="average",
                    bigtiff="if_safer",
                )
        except RasterioError as error:
            reason = " ".join(str(error.__cause__ or error).split())[:200]
            raise BadInput(f"it cannot be written ({reason})", where=str(out), expected="a disk with room") from error
        checksum = _checksum(cog)
        if force:
            os.replace(cog, out)
        else:
            _put(cog, out)
    return figures, checksum


def _write_cells(plan: TerrainPlan, path: Path, step: Step) -> Figures:
    figures, places, grid = Figures(), windows(plan), plan.grid
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": grid.columns,
        "height": grid.rows,
        "count": 1,
        "dtype": "float32",
        "nodata": float("nan"),
        "crs": grid.wkt,
        "transform": grid.transform,
        "tiled": True,
        "blockxsize": TILE_CELLS,
        "blockysize": TILE_CELLS,
        "bigtiff": "if_safer",
    }
    with rasterio.Env(**OPTIONS), rasterio.open(path, "w", **profile) as raster:
        raster.update_tags(datum=plan.sources[0].datum, source=plan.label, software="Watchline")
        raster.units = ("m",)
        for n, (row, column, rows, columns) in enumerate(places, 1):
            heights = plan.heights(row, column, rows, columns)
            figures.see(heights)
            raster.write(heights, 1, window=Window(column, row, columns, rows))
            step(n, len(places))
    return figures


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Hold a lock beside ``out`` that the system drops when this process ends, however it ends."""
    if not out.parent.is_dir():
        raise BadInput("there is no such folder", where=str(out.parent), expected="an existing folder")
    lock = out.with_name(f".{out.name}.lock")
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput("another import writes this file", where=str(out), expected="one at a time") from None
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


@contextmanager
def _scratch(out: Path) -> Iterator[tuple[Path, Path]]:
    """Names for the files on the way, which are gone before and after."""
    stem = f".{out.name}.part"

    def clear() -> None:
        for left in out.parent.iterdir():
            if left.name.startswith(stem):
                left.unlink()

    clear()
    try:
        yield out.with_name(f"{stem}-cells.tif"), out.with_name(f"{stem}-cog.tif")
    finally:
        clear()


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(HASH_BYTES):
            digest.update(block)
        os.fsync(file.fileno())
    return digest.hexdigest()


def _put(path: Path, out: Path) -> None:
    """Give ``path`` its name, unless something has taken it meanwhile."""
    try:
        os.link(path, out)
    except FileExistsError:
        raise BadInput("the file is there already", where=str(out), expected="a new name, or --force") from None
    except OSError:  # a disk without links
        path.rename(out)
