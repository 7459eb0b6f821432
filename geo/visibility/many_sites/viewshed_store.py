"""Viewsheds of many sites on disk: a chunked Zarr array that can be resumed after an interruption."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Unpack

import numpy as np
import xarray as xr

from geo.arrays import UInt8s
from geo.errors import BadInput
from geo.terrain.derived import north_up
from geo.visibility.many_sites.executor import Executor, run_batches
from geo.visibility.many_sites.height_source import Chunked, HeightWindow, Whole, ground_of
from geo.visibility.many_sites.sites import SiteBatch, Sites, ViewKeywords, batches_of, sites_of
from geo.visibility.view import state_attrs

CHUNK_CELLS: Final = 1024
"""Rows and columns of a chunk; chunks without a visible cell are not written."""
BATCH_SITES: Final = 4  # the states of this many are returned at once


def write_viewsheds(
    terrain: xr.Dataset,
    sites: Any,
    path: str | Path,
    *,
    scheduler: Any = "threads",
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    **view: Unpack[ViewKeywords],
) -> xr.DataArray:
    """Write the stack of ``viewsheds`` to a Zarr folder, and open it lazily.

    The stored values equal those of ``viewsheds`` to the bit. A folder that an earlier call left unfinished is
    continued: only missing sites are computed. Only one call at a time may write a folder.

    Parameters
    ----------
    terrain : Dataset
        As for ``viewsheds``.
    sites : array_like, shape (site, 2), or tuple of array_like, m
        As for ``viewsheds``.
    path : str or Path
        The Zarr folder.
    scheduler : {"threads", "synchronous", "processes"}, str or distributed.Client
        As for ``sites_seeing``.
    workers : int, optional
        As for ``sites_seeing``.
    progress : callable, optional
        As for ``sites_seeing``.
    **view : Unpack[ViewKeywords]
        How the observers look, as for ``viewsheds``.

    Returns
    -------
    DataArray of uint8, shape (site, northing, easting)
        The stack, lazy, in compressed chunks of one site and CHUNK_CELLS cells a side; chunks without a visible cell
        are not stored.

    Raises
    ------
    BadInput
        If ``path`` is something else, or holds viewsheds of other heights, cells, sites or views; of a lazy terrain its
        ``source`` is compared instead of the heights.
    TerrainError
        As for ``viewsheds``.

    Notes
    -----
    Memory in addition to the terrain: for each worker three times BATCH_SITES windows of 1 byte per cell, one of about
    8, and 16 chunks of a lazy terrain.
    """
    terrain = north_up(terrain)
    import zarr

    observers, elevation, blocking = sites_of(terrain, sites, **view)
    executor = Executor(scheduler, workers, progress)
    ground = ground_of(elevation, blocking, observers.grid.cell_m)
    folder = Path(path)
    fingerprint = _fingerprint(terrain, observers, ground)
    if folder.exists():
        _refuse_unless_same(folder, fingerprint)
    else:
        _create(folder, terrain, observers, fingerprint)
    group: Any = zarr.open_group(folder, mode="r+")
    visible, finished = group["visible"], group["done"]
    missing = np.flatnonzero(np.asarray(finished[:]) == 0)
    rest = replace(observers, each=tuple(observers.each[n] for n in missing))
    for batch, windows in run_batches(ground, batches_of(rest, most=BATCH_SITES), _states, executor):
        for number, row, column, states in windows:
            visible[number, row : row + states.shape[0], column : column + states.shape[1]] = states
        for site in batch.sites:
            finished[site.number] = 1
    return open_viewsheds(folder)


def open_viewsheds(path: str | Path) -> xr.DataArray:
    """Open the stack that ``write_viewsheds`` wrote.

    Parameters
    ----------
    path : str or Path
        The Zarr folder.

    Returns
    -------
    DataArray of uint8, shape (site, northing, easting)
        The stack, lazy.

    Raises
    ------
    BadInput
        If ``path`` does not hold a stack, or only a part of one.
    """
    folder = Path(path)
    try:
        stored = xr.open_zarr(folder, chunks={}, consolidated=False)
        visible, finished = stored["visible"], stored["done"]
    except (OSError, KeyError, ValueError) as error:
        raise BadInput("no viewsheds are there", where=str(folder), expected="a folder of write_viewsheds") from error
    missing = int((finished == 0).sum())
    if missing:
        raise BadInput(
            f"{missing} of {finished.size} sites are missing", where=str(folder), expected="write_viewsheds to finish"
        )
    return xr.DataArray(visible.assign_coords(site=np.arange(visible.sizes["site"])))


def _states(window: HeightWindow, batch: SiteBatch) -> list[tuple[int, int, int, UInt8s]]:
    return [(site.number, row, column, states) for site, row, column, states in window.viewsheds_from(batch.sites)]


def _fingerprint(terrain: xr.Dataset, sites: Sites, ground: Whole | Chunked) -> str:
    digest = hashlib.sha256()
    for name in ("northing", "easting"):
        digest.update(np.ascontiguousarray(terrain[name].to_numpy(), np.float64).tobytes())
    digest.update(repr((str(terrain.attrs.get("crs")), sites.each)).encode())
    if isinstance(ground, Whole):
        for heights in (ground.z, ground.above):
            digest.update(b"-" if heights is None else np.ascontiguousarray(heights).data)
    else:
        digest.update(repr((terrain.attrs.get("source"), ground.above is None)).encode())
    return digest.hexdigest()


def _refuse_unless_same(folder: Path, fingerprint: str) -> None:
    import zarr
    from zarr.errors import GroupNotFoundError

    expected = "a new folder, or that of the same terrain, sites and views"
    try:
        held = zarr.open_group(folder, mode="r").attrs.get("fingerprint")
    except (GroupNotFoundError, OSError, ValueError) as error:
        raise BadInput("the folder holds something else", where=str(folder), expected=expected) from error
    if held != fingerprint:
        contents = "something else" if held is None else "viewsheds of another terrain, other sites or other views"
        raise BadInput(f"the folder holds {contents}", where=str(folder), expected=expected)


def _create(folder: Path, terrain: xr.Dataset, sites: Sites, fingerprint: str) -> None:
    """Create an empty store under another name and rename it, so that it is never incomplete."""
    import zarr

    new = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    shutil.rmtree(new, ignore_errors=True)
    rows, columns = sites.grid.rows, sites.grid.columns
    try:
        group = zarr.open_group(new, mode="w")
        visible = group.create_array(
            "visible",
            shape=(len(sites), rows, columns),
            chunks=(1, min(CHUNK_CELLS, rows), min(CHUNK_CELLS, columns)),
            dtype="uint8",
            fill_value=0,
            dimension_names=("site", "northing", "easting"),
        )
        visible.attrs.update(state_attrs(terrain) | {"coordinates": "site_easting site_northing"})
        for name, dim, values in (
            ("northing", "northing", terrain["northing"].to_numpy()),
            ("easting", "easting", terrain["easting"].to_numpy()),
            ("site_easting", "site", sites.easting),
            ("site_northing", "site", sites.northing),
            ("done", "site", np.zeros(len(sites), np.uint8)),
        ):
            array = group.create_array(
                name, shape=values.shape, chunks=(max(len(values), 1),), dtype=values.dtype, dimension_names=(dim,)
            )
            array[:] = values
            array.attrs["units"] = "" if name == "done" else "m"
        group.attrs.update({"fingerprint": fingerprint})
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
