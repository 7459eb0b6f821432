"""Writes rasters as one cloud-optimised GeoTIFF on the cells of a frame, by windows, atomically, without resume."""

from __future__ import annotations

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
from ops.runtime.files.lock import lock_file
from ops.runtime.output import move_to_new

WINDOW_CELLS: Final = 2048
TILE_CELLS: Final = 512
HASH_BYTES: Final = 2**20

ProgressStep = Callable[[int, int], None]
"""Called with the number of finished windows and the total."""


@dataclass(slots=True)
class Figures:
    """Running statistics of a terrain's elevations."""

    cells: int = 0
    voids: int = 0
    lowest_m: float = float("inf")
    highest_m: float = float("-inf")

    def see(self, heights: Any) -> None:
        """Add one window."""
        voids = int(np.isnan(heights).sum())
        self.cells += heights.size
        self.voids += voids
        if voids < heights.size:
            self.lowest_m = min(self.lowest_m, float(np.nanmin(heights)))
            self.highest_m = max(self.highest_m, float(np.nanmax(heights)))

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for --json; elevations are None where every cell is void."""
        known = self.voids < self.cells
        return {
            "lowest_m": round(self.lowest_m, 3) if known else None,
            "highest_m": round(self.highest_m, 3) if known else None,
            "voids_percent": round(100.0 * self.voids / max(self.cells, 1), 4),
        }


def windows(plan: TerrainPlan) -> list[tuple[int, int, int, int]]:
    """Return row, column, rows and columns of the windows in which a terrain is read."""
    rows, columns = plan.grid.rows, plan.grid.columns
    return [
        (row, column, min(WINDOW_CELLS, rows - row), min(WINDOW_CELLS, columns - column))
        for row in range(0, rows, WINDOW_CELLS)
        for column in range(0, columns, WINDOW_CELLS)
    ]


def survey(plan: TerrainPlan, step: ProgressStep) -> Figures:
    """Read every elevation once, one window at a time."""
    figures, pieces = Figures(), windows(plan)
    for n, piece in enumerate(pieces, 1):
        figures.see(plan.heights(*piece))
        step(n, len(pieces))
    return figures


def write_cog(plan: TerrainPlan, out: Path, step: ProgressStep, *, force: bool) -> tuple[Figures, str]:
    """Write the planned terrain to ``out``; return its figures, and the file's SHA-256.

    While running it needs four bytes of disk per cell beside ``out`` and about 150 MB of memory. ``out`` appears
    complete or not at all; leftovers of an earlier run are removed. Raises BadInput where ``out`` already exists
    (unless ``force``), while another import writes it, or where the disk is full.
    """
    if out.exists() and not force:
        raise BadInput("the file already exists", where=str(out), expected="a new name, or --force")
    with _output_lock(out), _temporary_files(out) as (cells, cog):
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
            raise BadInput(
                f"the file cannot be written ({reason})", where=str(out), expected="a writable disk with free space"
            ) from error
        checksum = _checksum(cog)
        if force:
            os.replace(cog, out)
        else:
            _move_into_place(cog, out)
    return figures, checksum


def _write_cells(plan: TerrainPlan, path: Path, step: ProgressStep) -> Figures:
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
def _output_lock(out: Path) -> Iterator[None]:
    """Hold a lock beside ``out``, which the system releases when this process ends for any reason."""
    if not out.parent.is_dir():
        raise BadInput("no such folder", where=str(out.parent), expected="an existing folder")
    lock = out.with_name(f".{out.name}.lock")
    descriptor = lock_file(lock)
    if descriptor is None:
        raise BadInput("another import is writing this file", where=str(out), expected="one import at a time")
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


@contextmanager
def _temporary_files(out: Path) -> Iterator[tuple[Path, Path]]:
    """Yield names for temporary files, which are removed before and after."""
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


def _move_into_place(path: Path, out: Path) -> None:
    """Rename ``path`` to ``out``, unless ``out`` has been created in the meantime."""
    try:
        move_to_new(path, out)
    except FileExistsError:
        raise BadInput("the file already exists", where=str(out), expected="a new name, or --force") from None
