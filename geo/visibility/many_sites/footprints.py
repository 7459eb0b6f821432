"""Footprints: the cells that each of many sites sees, as sets of bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt
import xarray as xr
from numba import njit

from geo.arrays import Bools, Int32s, Ints, UInt8s
from geo.errors import BadInput
from geo.terrain.derived import north_up, raster_north_up
from geo.visibility.kernels.sight_line import VISIBLE
from geo.visibility.many_sites.executor import Executor, run_batches
from geo.visibility.many_sites.height_source import HeightWindow, ground_of
from geo.visibility.many_sites.sites import SiteBatch, ViewKeywords, batches_of, sites_of

WORD_BITS = 64
BATCH_SITES = 8

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Footprints:
    """Sets of cells, one per site, packed into words of 64 bits; cells are numbered from 0 to ``cells`` − 1.

    The words of site s are ``words[start[s]:start[s + 1]]``, beginning with word ``first[s]``; all others are zero.
    ``kept`` marks the cells of a raster that are numbered, in row order; None where the numbers are not of a raster.
    """

    words: Words
    start: Ints
    first: Ints
    cells: int
    kept: Bools | None = None

    def __len__(self) -> int:
        return len(self.first)

    @classmethod
    def of(cls, sets: npt.ArrayLike, kept: Bools | None = None) -> Footprints:
        """Build the sets from booleans (site, cell)."""
        truth = np.asarray(sets, np.bool_)
        if truth.ndim != 2:
            raise BadInput(f"an array of shape {truth.shape}", where="sets", expected="(site, cell)")
        width = words_for(truth.shape[1]) * WORD_BITS
        packed = np.zeros((len(truth), width // 8), np.uint8)
        packed[:, : (truth.shape[1] + 7) // 8] = np.packbits(truth, axis=1, bitorder="little")
        return cls.packed([row.view("<u8").astype(np.uint64) for row in packed], truth.shape[1], kept)

    @classmethod
    def packed(cls, rows: list[Words], cells: int, kept: Bools | None = None) -> Footprints:
        """From whole rows of words, whose zeros at both ends are left out."""
        parts, first = [], np.zeros(len(rows), np.int64)
        for n, row in enumerate(rows):
            used = np.flatnonzero(row)
            if len(used):
                first[n] = used[0]
                parts.append(row[used[0] : used[-1] + 1].copy())
            else:
                parts.append(np.empty(0, np.uint64))
        return cls._joined(parts, first, cells, kept)

    @classmethod
    def _joined(cls, parts: list[Words], first: Ints, cells: int, kept: Bools | None) -> Footprints:
        start = np.concatenate([[0], np.cumsum([len(part) for part in parts], dtype=np.int64)]).astype(np.int64)
        words = np.concatenate(parts) if parts else np.empty(0, np.uint64)
        return cls(np.ascontiguousarray(words, np.uint64), start, first, cells, kept)

    def set_of(self, site: int) -> Bools:
        """Cells of one site as booleans (cells,)."""
        row = np.zeros(words_for(self.cells), np.uint64)
        words = self.words[self.start[site] : self.start[site + 1]]
        row[self.first[site] : self.first[site] + len(words)] = words
        return unpacked(row, self.cells)

    def cells_of(self, site: int) -> Ints:
        """Numbers of the cells of one site, ascending."""
        words = self.words[self.start[site] : self.start[site + 1]]
        cells = np.flatnonzero(unpacked(words, len(words) * WORD_BITS)) + self.first[site] * WORD_BITS
        return np.asarray(cells, np.int64)


def words_for(cells: int) -> int:
    """Number of words that hold ``cells`` bits."""
    return (cells + WORD_BITS - 1) // WORD_BITS


def unpacked(words: Words, cells: int) -> Bools:
    """The first ``cells`` bits of a row of words."""
    return np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little", count=cells).astype(np.bool_)


def footprints(
    terrain: xr.Dataset,
    sites: Any,
    *,
    cells: xr.DataArray | Bools | None = None,
    scheduler: Any = "threads",
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    **view: Unpack[ViewKeywords],
) -> Footprints:
    """Compute the selected cells that each site sees, one bit per cell.

    Parameters
    ----------
    terrain : Dataset
        As for ``viewsheds``.
    sites : array_like, shape (site, 2), or tuple of array_like, m
        As for ``viewsheds``.
    cells : DataArray or array_like of bool, shape (northing, easting), optional
        Mask of the cells that matter, such as a belt; by default all. A DataArray is placed by its coordinates, an
        array has the rows and columns of ``terrain``.
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
    Footprints
        The set of cells of each site. A cell whose visibility is unknown is not seen.

    Raises
    ------
    TerrainError
        As for ``viewsheds``.
    BadInput
        As for ``sites_seeing``, and for a mask of another shape or of other cells.

    Notes
    -----
    Memory: 4 bytes per cell of the terrain, and per site one bit for every kept cell in the rows that it reaches; in
    work, for each worker three batches of BATCH_SITES windows of one bit per cell, and one of about 9 bytes per cell.
    """
    given, terrain = terrain, north_up(terrain)
    observers, elevation, blocking = sites_of(terrain, sites, **view)
    kept = np.ones(elevation.shape, np.bool_) if cells is None else _mask(cells, given, terrain)
    total = int(kept.sum())
    number = np.where(kept.ravel(), np.cumsum(kept.ravel()) - 1, -1).astype(np.int32).reshape(kept.shape)
    ground = ground_of(elevation, blocking, observers.grid.cell_m)
    parts: list[Words] = [np.empty(0, np.uint64)] * len(observers)
    first = np.zeros(len(observers), np.int64)
    row = np.zeros(words_for(total), np.uint64)
    for _, windows in run_batches(
        ground, batches_of(observers, BATCH_SITES), _bits, Executor(scheduler, workers, progress)
    ):
        for site, top, left, shape, bits in windows:
            low, high = _gather(np.require(bits, requirements=["W"]), number, (top, left), shape, row)
            if high > low:
                parts[site], first[site] = row[low:high].copy(), low
                row[low:high] = 0
    return Footprints._joined(parts, first, total, kept)


def _bits(window: HeightWindow, batch: SiteBatch) -> list[tuple[int, int, int, tuple[int, int], UInt8s]]:
    return [
        (site.number, row, column, (states.shape[0], states.shape[1]), np.packbits(states.ravel() == VISIBLE))
        for site, row, column, states in window.viewsheds_from(batch.sites)
    ]


@njit(cache=True, nogil=True)
def _gather(
    bits: UInt8s,
    number: Int32s,
    corner: tuple[int, int],
    shape: tuple[int, int],
    row: Words,
) -> tuple[int, int]:
    """Set the bits of a window's seen cells in ``row``, in place; the first word that was set and one past the last."""
    low, high = len(row), 0
    k = 0
    for i in range(shape[0]):
        for j in range(shape[1]):
            if bits[k >> 3] & (128 >> (k & 7)):
                cell = number[corner[0] + i, corner[1] + j]
                if cell >= 0:
                    word = cell >> 6
                    row[word] |= np.uint64(1) << np.uint64(cell & 63)
                    low, high = min(low, word), max(high, word + 1)
            k += 1
    return low, high


def _mask(cells: xr.DataArray | Bools, given: xr.Dataset, terrain: xr.Dataset) -> Bools:
    """The mask on the cells of the aligned ``terrain``; an array has the rows and columns of the ``given`` one."""
    axes = ("northing", "easting")
    if not (isinstance(cells, xr.DataArray) and set(axes) <= set(cells.coords)):
        values, expected = np.asarray(cells, np.bool_), tuple(given.sizes[axis] for axis in axes)
        if values.shape != expected:
            raise BadInput(f"a mask of shape {values.shape}", where="cells", expected=f"{expected}, as the terrain")
        cells = xr.DataArray(values, {axis: given[axis] for axis in axes}, axes)
    mask = raster_north_up(cells, where="cells")
    if mask.ndim != 2 or any(not np.array_equal(mask[axis], terrain[axis]) for axis in axes):
        raise BadInput("a mask of other cells", where="cells", expected="the cells of the terrain")
    return np.asarray(mask, np.bool_)


def compile_kernels() -> None:
    """Compile the kernel of this module, or load it from disk, so that no later call waits."""
    _gather(np.zeros(1, np.uint8), np.zeros((2, 2), np.int32), (0, 0), (2, 2), np.zeros(1, np.uint64))
