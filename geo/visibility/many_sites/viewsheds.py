"""Viewsheds of many sites: as a lazy stack, or reduced to counts while they are computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import xarray as xr
from numba import njit

from geo.arrays import Floats, Int32s, UInt8s
from geo.terrain.derived import north_up
from geo.visibility.canopy import Canopy
from geo.visibility.kernels.sight_line import HIDDEN, UNKNOWN, VISIBLE
from geo.visibility.many_sites.executor import Executor, run_batches
from geo.visibility.many_sites.height_source import HeightWindow, ground_of
from geo.visibility.many_sites.sites import Site, SiteBatch, ViewKeywords, batches_of, singly, sites_of
from geo.visibility.view import RADIO_K, TARGET_HEIGHT_M, Angles, ViewshedMode, heights_of, state_attrs
from geo.visibility.window import read_window

if TYPE_CHECKING:
    import dask.array as da

NO_SITE = -1

RateOf = Callable[[int, Floats, Floats], Floats]
"""From a site's number, the eastings (columns,) and northings (rows,) [m] of its window to its rate or weight there."""


def viewsheds(
    terrain: xr.Dataset,
    sites: Any,
    *,
    observer_height_m: Any,
    target_height_m: Any = TARGET_HEIGHT_M,
    max_range_m: Any,
    min_range_m: Any = 0.0,
    azimuths_rad: Angles | Sequence[Angles] = None,
    elevations_rad: Angles | Sequence[Angles] = None,
    curvature_k: float = RADIO_K,
    mode: ViewshedMode = "exact",
    canopy: Canopy = "ignored",
) -> xr.DataArray:
    """Return a lazy stack of viewsheds of many sites.

    One dask chunk per site, computed from the window of that site alone, so any scheduler gives the serial result to
    the bit, and a reduction over ``site`` holds only a few layers. For thousands of sites use ``sites_seeing`` or
    ``write_viewsheds``, which never hold whole layers.

    Parameters
    ----------
    terrain : Dataset
        Terrain with ``elevation`` (northing, easting) [m].
    sites : array_like, shape (site, 2), or tuple of array_like, m
        Eastings and northings of the observers.
    observer_height_m, target_height_m, max_range_m, min_range_m : float or array_like, shape (site,), m
        As for ``viewshed``; one number, or one per site.
    azimuths_rad, elevations_rad : tuple of float or sequence of these, rad, optional
        As for ``viewshed``; one pair, or a list of one per site.
    curvature_k : float
        As for ``viewshed``.
    mode : {"exact", "fast"}
        As for ``viewshed``.
    canopy : {"ignored", "blocks"} or float
        As for ``viewshed``.

    Returns
    -------
    DataArray of uint8, shape (site, northing, easting)
        0 not visible or beyond range, 1 visible, 255 unknown, over the whole grid of the terrain.

    Raises
    ------
    TerrainError
        As for ``viewshed``, naming the site. All sites are checked before the stack is returned; voids under observers
        of a lazy terrain are found when computed.
    BadInput
        As for ``viewshed``, or if there is not one value per site.
    """
    terrain = north_up(terrain)
    import dask.array as da  # slow to import, and needed for a stack only

    observers, elevation, blocking = sites_of(
        terrain,
        sites,
        observer_height_m=observer_height_m,
        max_range_m=max_range_m,
        target_height_m=target_height_m,
        min_range_m=min_range_m,
        azimuths_rad=azimuths_rad,
        elevations_rad=elevations_rad,
        curvature_k=curvature_k,
        mode=mode,
        canopy=canopy,
    )
    shape = elevation.shape
    layers = [_lazy_layer(elevation, blocking, observers.grid.cell_m, site, observers.grid) for site in observers]
    stack = da.zeros((0, *shape), dtype=np.uint8, chunks=(1, *shape))
    if layers:
        stack = da.stack(layers)  # type: ignore[no-untyped-call]
    return xr.DataArray(
        stack,
        dims=("site", "northing", "easting"),
        coords={
            "northing": terrain["northing"],
            "easting": terrain["easting"],
            "site": np.arange(len(observers)),
            "site_easting": ("site", observers.easting, {"units": "m"}),
            "site_northing": ("site", observers.northing, {"units": "m"}),
        },
        name="visible",
        attrs=state_attrs(terrain),
    )


def _lazy_layer(
    elevation: xr.DataArray, blocking: xr.DataArray | None, cell_m: float, site: Site, grid: Any
) -> da.Array:
    """One site's states on the whole grid, as a dask array of one chunk that reads the site's window alone."""
    import dask.array as da
    from dask.delayed import delayed

    rows, columns = read_window(grid, site.row, site.column, site.view.max_range_m)
    above = None if blocking is None else blocking.data[rows, columns]
    first, shape = (rows.start, columns.start), elevation.shape
    layer = delayed(_layer)(elevation.data[rows, columns], above, cell_m, site, first, shape)
    lazy: da.Array = da.from_delayed(layer, shape, dtype=np.uint8)  # type: ignore[no-untyped-call]
    return lazy


def _layer(z: Any, above: Any, cell_m: float, site: Site, first: tuple[int, int], shape: tuple[int, int]) -> UInt8s:
    window = HeightWindow(heights_of(z), None if above is None else heights_of(above), *first, cell_m)
    layer = np.zeros(shape, np.uint8)
    for _, row, column, states in window.viewsheds_from([site]):
        layer[row : row + states.shape[0], column : column + states.shape[1]] = states
    return layer


def sites_seeing(
    terrain: xr.Dataset,
    sites: Any,
    *,
    rate: RateOf | None = None,
    scheduler: Any = "threads",
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    **view: Unpack[ViewKeywords],
) -> xr.Dataset:
    """Compute how many sites see each cell, without a stack of viewsheds in memory.

    Parameters
    ----------
    terrain : Dataset
        As for ``viewsheds``.
    sites : array_like, shape (site, 2), or tuple of array_like, m
        As for ``viewsheds``.
    rate : callable, optional
        From a site's number, the eastings (columns,) and the northings (rows,) [m] of its window to an array
        (rows, columns) of its rate or weight there.
    scheduler : {"threads", "synchronous", "processes"}, str or distributed.Client
        "processes" starts a dask LocalCluster for this call; any other string is the address of a dask scheduler.
    workers : int, optional
        Number of threads or processes; by default one per core.
    progress : callable, optional
        Called with the number of sites done and the number of all.
    **view : Unpack[ViewKeywords]
        How the observers look, as for ``viewsheds``.

    Returns
    -------
    Dataset, dims (northing, easting)
        ``sites_seeing`` int32; ``sites_unknown`` int32, how many may or may not see the cell; ``first_site`` int32, the
        lowest number of a site that sees it, −1 for none; ``visible`` uint8, 1 where any site sees it, else 255 where
        any is unknown, else 0; and with ``rate``, ``rate`` float64: the sum over the sites that see the cell, added in
        the order of the sites.

    Raises
    ------
    TerrainError
        As for ``viewsheds``.
    BadInput
        As for ``viewsheds``, and if the scheduler is unknown or does not answer.

    Notes
    -----
    A task takes a batch of neighbouring sites (with ``rate`` a single one) and reads its window of the terrain. Every
    scheduler gives the same bits. If a worker is killed, its batches are repeated by others. Memory in addition to the
    terrain: 13 bytes per cell of it (21 with ``rate``); for each worker up to three windows of a batch of 3 bytes per
    cell (with ``rate`` of one site and 9), one window of a site of about 8, and 16 chunks of a lazy terrain.
    """
    terrain = north_up(terrain)
    observers, elevation, blocking = sites_of(terrain, sites, **view)
    executor = Executor(scheduler, workers, progress)
    shape = elevation.shape
    count, unknown = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    first = np.full(shape, NO_SITE, np.int32)
    rates = None if rate is None else np.zeros(shape, np.float64)
    ground = ground_of(elevation, blocking, observers.grid.cell_m)
    batches = batches_of(observers) if rate is None else singly(observers)
    places = None if rate is None else (terrain["northing"].to_numpy(), terrain["easting"].to_numpy())
    for batch, tally in run_batches(ground, batches, partial(_tally, rate=rate, places=places), executor):
        numbers = np.array([site.number for site in batch.sites], np.int32)
        corner = (batch.rows.start, batch.columns.start)
        _merge(_writable(tally.count), _writable(tally.first), numbers, count, first, corner)
        if len(tally.unknown):
            _add_counts(_writable(tally.unknown), unknown, corner)
        if rates is not None:
            rates[batch.rows, batch.columns] += tally.rate
    return _summary(terrain, count, unknown, first, rates)


@dataclass(frozen=True, slots=True)
class _Tally:
    """Counts of a batch's sites within its window: numbers up to the batch's size, and the rank of the first.

    Arrays without information are empty, because they may be sent over a network: ``unknown`` if there is none,
    ``first`` for one site.
    """

    count: UInt8s
    unknown: UInt8s
    first: UInt8s
    rate: Floats | None


def _tally(heights: HeightWindow, batch: SiteBatch, *, rate: RateOf | None, places: Any) -> _Tally:
    count, unknown = np.zeros(batch.shape, np.uint8), np.zeros(batch.shape, np.uint8)
    first = np.full(batch.shape, UNKNOWN, np.uint8)
    rates = None if rate is None else np.zeros(batch.shape, np.float64)
    for rank, (site, row, column, states) in enumerate(heights.viewsheds_from(batch.sites)):
        top, left = row - batch.rows.start, column - batch.columns.start
        _add(states, rank, count, unknown, first, (top, left))
        if rate is not None and rates is not None:
            northings, eastings = places
            site_rate = rate(
                site.number,
                eastings[column : column + states.shape[1]],
                northings[row : row + states.shape[0]],
            )
            window = np.s_[top : top + states.shape[0], left : left + states.shape[1]]
            rates[window] += np.where(states == VISIBLE, site_rate, 0.0)
    nothing = np.empty((0, 0), np.uint8)
    return _Tally(count, unknown if unknown.any() else nothing, first if len(batch.sites) > 1 else nothing, rates)


def _writable(part: UInt8s) -> UInt8s:
    """A writable array; one from another process may be read-only, which is a different type for numba."""
    return np.require(part, requirements=["C", "W"])


@njit(cache=True, nogil=True)
def _add(
    states: UInt8s,
    rank: int,
    count: UInt8s,
    unknown: UInt8s,
    first: UInt8s,
    corner: tuple[int, int],
) -> None:
    """Add one site's states to the counts, in place; ranks ascend, so that the first to see a cell keeps it."""
    top, left = corner
    for i in range(states.shape[0]):
        for j in range(states.shape[1]):
            if states[i, j] == VISIBLE:
                count[top + i, left + j] += 1
                if first[top + i, left + j] == UNKNOWN:
                    first[top + i, left + j] = rank
            elif states[i, j] == UNKNOWN:
                unknown[top + i, left + j] += 1


@njit(cache=True, nogil=True)
def _merge(
    part_count: UInt8s,
    part_first: UInt8s,
    numbers: Int32s,
    count: Int32s,
    first: Int32s,
    corner: tuple[int, int],
) -> None:
    """Add a batch's counts, in place."""
    top, left = corner
    single = len(part_first) == 0
    for i in range(part_count.shape[0]):
        for j in range(part_count.shape[1]):
            if part_count[i, j] > 0:
                count[top + i, left + j] += part_count[i, j]
                number = numbers[0] if single else numbers[part_first[i, j]]
                if first[top + i, left + j] < 0 or number < first[top + i, left + j]:
                    first[top + i, left + j] = number


@njit(cache=True, nogil=True)
def _add_counts(part: UInt8s, count: Int32s, corner: tuple[int, int]) -> None:
    """Add a window of numbers, in place."""
    top, left = corner
    for i in range(part.shape[0]):
        for j in range(part.shape[1]):
            count[top + i, left + j] += part[i, j]


@njit(cache=True, nogil=True)
def _any_sees(count: Int32s, unknown: Int32s, visible: UInt8s) -> None:
    """The state of each cell for all sites together, in place."""
    for n in range(len(count)):
        if count[n] > 0:
            visible[n] = VISIBLE
        elif unknown[n] > 0:
            visible[n] = UNKNOWN
        else:
            visible[n] = HIDDEN


def compile_kernels() -> None:
    """Compile the kernels of this module, or load them from disk, so that no later call waits."""
    small, wide = np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.int32)
    _add(small, 0, small.copy(), small.copy(), small.copy(), (0, 0))
    _merge(small, small, np.zeros(1, np.int32), wide, wide.copy(), (0, 0))
    _add_counts(small, wide, (0, 0))
    _any_sees(wide.ravel(), wide.ravel(), small.ravel())


def _summary(
    terrain: xr.Dataset,
    count: Int32s,
    unknown: Int32s,
    first: Int32s,
    rates: Floats | None,
) -> xr.Dataset:
    dims = ("northing", "easting")
    visible = np.empty(count.shape, np.uint8)
    _any_sees(count.ravel(), unknown.ravel(), visible.ravel())
    variables: dict[str, Any] = {
        "sites_seeing": (dims, count, {"units": "", "long_name": "number of sites that see the cell"}),
        "sites_unknown": (dims, unknown, {"units": "", "long_name": "number of sites that may or may not see it"}),
        "first_site": (dims, first, {"units": "", "long_name": "least number of a site that sees it", "none": NO_SITE}),
        "visible": (dims, visible, state_attrs(terrain)),
    }
    if rates is not None:
        variables["rate"] = (dims, rates, {"long_name": "sum of the rates of the sites that see the cell"})
    attrs = {name: terrain.attrs[name] for name in ("crs", "datum") if name in terrain.attrs}
    return xr.Dataset(variables, coords={name: terrain[name] for name in dims}, attrs=attrs)
