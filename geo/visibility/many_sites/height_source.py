"""Sources of heights for tasks: all in memory, or one window at a time from memory, files or chunks."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import xarray as xr
from cachetools import LRUCache, cached

from geo.arrays import Float32s, UInt8s, is_lazy
from geo.errors import TerrainError
from geo.unfinished import unfinished_folder
from geo.visibility.many_sites.sites import Site
from geo.visibility.view import heights_of
from geo.visibility.window import view_from

CACHED_CHUNKS = 16  # of a lazy terrain, in each process: neighbouring windows need the same ones

SiteViewshed = tuple[Site, int, int, UInt8s]
"""A site, the first row and column of its window on the terrain's grid, and the states there."""


@dataclass(frozen=True, slots=True)
class HeightWindow:
    """Heights of a window that begins at (row, column) of the terrain, and the blocking heights above them."""

    z: Float32s
    above: Float32s | None
    row: int
    column: int
    cell_m: float

    def viewsheds_from(self, sites: Sequence[Site]) -> Iterator[SiteViewshed]:
        """Viewshed of each site, one at a time; TerrainError names a site without known ground height."""
        for site in sites:
            row, column = site.row - self.row, site.column - self.column
            try:
                row0, column0, states = view_from(self.z, self.cell_m, row, column, site.view, self.above)
            except TerrainError as error:
                raise TerrainError(error.what, where=f"site {site.number}", expected=error.expected) from error
            yield site, self.row + row0, self.column + column0, states


class HeightSource(Protocol):
    """Source of height windows; an object that can be sent to the process that needs them."""

    def window(self, rows: slice, columns: slice) -> HeightWindow:
        """Heights of a window."""


@dataclass(frozen=True, slots=True)
class Whole:
    """Heights in this process's memory, provided as a whole without a copy."""

    z: Float32s
    above: Float32s | None
    cell_m: float

    def window(self, rows: slice, columns: slice) -> HeightWindow:  # noqa: ARG002 - all of them
        """All heights."""
        return HeightWindow(self.z, self.above, 0, 0, self.cell_m)


@dataclass(frozen=True, slots=True)
class Cut:
    """One window of heights, sent along with the task that needs it."""

    only: HeightWindow

    def window(self, rows: slice, columns: slice) -> HeightWindow:  # noqa: ARG002 - it was cut to them
        """The window, writable: after a transfer it may be read-only, which the kernels do not accept."""
        z, above = (None if heights is None else heights_of(heights) for heights in (self.only.z, self.only.above))
        assert z is not None
        return HeightWindow(z, above, self.only.row, self.only.column, self.only.cell_m)


@dataclass(frozen=True, slots=True)
class Spooled:
    """Heights in files of this machine, of which each task maps its window."""

    z: str
    above: str | None
    cell_m: float

    def window(self, rows: slice, columns: slice) -> HeightWindow:
        """A window, read from the files."""
        z, above = (None if name is None else _mapped(name, rows, columns) for name in (self.z, self.above))
        assert z is not None
        return HeightWindow(z, above, rows.start, columns.start, self.cell_m)


def _mapped(name: str, rows: slice, columns: slice) -> Float32s:
    return np.array(np.load(name, mmap_mode="r")[rows, columns])


@dataclass(frozen=True, slots=True)
class Chunked:
    """A lazy terrain of which each task computes the chunks that its window meets; recent chunks are cached."""

    z: Any
    above: Any
    cell_m: float

    def window(self, rows: slice, columns: slice) -> HeightWindow:
        """A window, assembled from chunks."""
        z = _assembled(self.z, rows, columns)
        above = None if self.above is None else _assembled(self.above, rows, columns)
        return HeightWindow(z, above, rows.start, columns.start, self.cell_m)

    def only(self, rows: slice, columns: slice) -> Chunked:
        """The same source with only the chunks that a window meets, so that it is cheap to send."""
        above = None if self.above is None else _Chunks.of(self.above, rows, columns)
        return Chunked(_Chunks.of(self.z, rows, columns), above, self.cell_m)


@dataclass(frozen=True, slots=True)
class _Chunks:
    """Some chunks of a lazy array: each with its first row and column, its name, and the graph to compute it."""

    parts: tuple[tuple[int, int, tuple[int, ...], str, Any], ...]

    @classmethod
    def of(cls, array: Any, rows: slice, columns: slice) -> _Chunks:
        from dask.base import optimize

        parts = []
        for i, (top, bottom) in _meeting(array.chunks[0], rows):
            for j, (left, right) in _meeting(array.chunks[1], columns):
                (block,) = optimize(array.blocks[i, j])  # type: ignore[no-untyped-call]
                parts.append((top, left, (bottom - top, right - left), f"{array.name}-{i}-{j}", block))
        return cls(tuple(parts))


def _meeting(chunks: Sequence[int], span: slice) -> list[tuple[int, tuple[int, int]]]:
    ends = np.cumsum(chunks)
    return [
        (n, (int(end) - size, int(end)))
        for n, (size, end) in enumerate(zip(chunks, ends, strict=True))
        if end > span.start and end - size < span.stop
    ]


@cached(LRUCache(CACHED_CHUNKS), key=lambda name, _: name, condition=threading.Condition())
def _heights_of_chunk(name: str, block: Any) -> Float32s:  # noqa: ARG001 - the key
    """A chunk of a lazy terrain, computed in this thread; two threads that need the same one compute it once."""
    values: Float32s = np.asarray(block.compute(scheduler="synchronous"), np.float32)
    return values


def forget_chunks() -> None:
    """Empty this process's cache of chunks."""
    _heights_of_chunk.cache_clear()


def _assembled(array: Any, rows: slice, columns: slice) -> Float32s:
    chunks = array if isinstance(array, _Chunks) else _Chunks.of(array, rows, columns)
    heights = np.empty((rows.stop - rows.start, columns.stop - columns.start), np.float32)
    for top, left, (height, width), name, block in chunks.parts:
        chunk = _heights_of_chunk(name, block)
        first_row, last_row = max(top, rows.start), min(top + height, rows.stop)
        first_column, last_column = max(left, columns.start), min(left + width, columns.stop)
        heights[
            first_row - rows.start : last_row - rows.start, first_column - columns.start : last_column - columns.start
        ] = chunk[first_row - top : last_row - top, first_column - left : last_column - left]
    return heights


def ground_of(elevation: xr.DataArray, blocking: xr.DataArray | None, cell_m: float) -> Whole | Chunked:
    """Source of the heights of a terrain, in memory or lazy."""
    layers = [elevation] if blocking is None else [elevation, blocking]
    if any(is_lazy(layer.data) for layer in layers):
        z, above = elevation.data, None if blocking is None else blocking.data
        return Chunked(_as_dask(z), None if above is None else _as_dask(above), cell_m)
    return Whole(heights_of(elevation.data), None if blocking is None else heights_of(blocking.data), cell_m)


def _as_dask(data: Any) -> Any:
    import dask.array as da

    return data if is_lazy(data) else da.from_array(data)  # type: ignore[no-untyped-call]


@contextmanager
def spooled(ground: Whole) -> Iterator[Spooled]:
    """Heights written to a temporary folder for other processes of this machine; takes 4 bytes per cell of disk
    space."""
    with unfinished_folder("watchline-") as folder:
        names = {"z": ground.z, "above": ground.above}
        for name, heights in names.items():
            if heights is not None:
                np.save(folder / f"{name}.npy", heights)
        above = None if ground.above is None else str(folder / "above.npy")
        yield Spooled(str(folder / "z.npy"), above, ground.cell_m)


def cut(ground: Whole, rows: slice, columns: slice) -> Cut:
    """One window of heights in memory, copied."""
    z = ground.z[rows, columns].copy()
    above = None if ground.above is None else ground.above[rows, columns].copy()
    return Cut(HeightWindow(z, above, rows.start, columns.start, ground.cell_m))
