"""Viewsheds of many observers: a lazy stack, one dask chunk per site, each computed from its own window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr
from dask.base import is_dask_collection
from dask.delayed import delayed

from geo.canopy import Canopy, blocking_heights, view_under_canopy
from geo.errors import BadInput, TerrainError
from geo.rings import States
from geo.sightlines import ground_at
from geo.view import (
    RADIO_K,
    TARGET_HEIGHT_M,
    Angles,
    Grid,
    Mode,
    View,
    check_on_map,
    heights_of,
    points_of,
    state_attrs,
    surface_of,
)
from geo.window import read_window, view_from


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
    mode: Mode = "exact",
    canopy: Canopy = "ignored",
) -> xr.DataArray:
    """A lazy stack of viewsheds, uint8 (site, northing, easting) over the whole grid of ``terrain``, 0 beyond range.

    ``sites`` is an array (n, 2) of easting and northing, or a tuple (eastings, northings) [m]. Heights and ranges are
    one number or one per site; angles one pair or a list of pairs. One dask chunk per site, computed from that site's
    window alone, so that any scheduler gives the serial answer to the bit and a reduction over ``site`` holds only a
    few layers. Every site is checked before the stack is returned, with the errors of ``viewshed`` and the site's
    index; voids under observers of a lazy terrain are found when computed. ``canopy`` as for ``viewshed``.
    """
    elevation, grid = surface_of(terrain)
    easting, northing = np.broadcast_arrays(*points_of(sites, "sites"))
    easting, northing = np.ravel(easting), np.ravel(northing)
    row, column = grid.row_of(northing), grid.column_of(easting)
    check_on_map(grid, row, column, easting, northing)
    if not is_dask_collection(elevation.data):
        z = heights_of(elevation.data)
        for n, (r, c) in enumerate(zip(row, column, strict=True)):
            if np.isnan(ground_at(z.ravel(), grid.rows, grid.columns, float(r), float(c))):
                raise TerrainError(f"site {n} is on a void", where="sites", expected="known ground")
    masts, ranges, targets, least = (
        np.broadcast_to(np.asarray(x, np.float64), easting.shape)
        for x in (observer_height_m, max_range_m, target_height_m, min_range_m)
    )
    views = [
        View(masts[n], ranges[n], targets[n], least[n], azimuths, elevations, curvature_k, mode)
        for n, (azimuths, elevations) in enumerate(
            zip(_per_site(azimuths_rad, len(easting)), _per_site(elevations_rad, len(easting)), strict=True)
        )
    ]
    blocking = blocking_heights(terrain, canopy, views[0] if views else None)
    layers = [
        _lazy_layer(elevation, blocking, grid, float(e), float(n), view)
        for e, n, view in zip(easting, northing, views, strict=True)
    ]
    shape = (grid.rows, grid.columns)
    stack = da.zeros((0, *shape), dtype=np.uint8, chunks=(1, *shape))
    if layers:
        stack = da.stack(layers)  # type: ignore[no-untyped-call]
    return xr.DataArray(
        stack,
        dims=("site", "northing", "easting"),
        coords={
            "northing": terrain["northing"],
            "easting": terrain["easting"],
            "site": np.arange(len(easting)),
            "site_easting": ("site", easting, {"units": "m"}),
            "site_northing": ("site", northing, {"units": "m"}),
        },
        name="visible",
        attrs=state_attrs(terrain),
    )


def _per_site(angles: Angles | Sequence[Angles], count: int) -> Sequence[Angles]:
    """One pair of angles per site; a list of two numbers is no list of pairs, so a pair is a tuple of numbers."""
    if angles is None or (isinstance(angles, tuple) and len(angles) == 2 and np.isscalar(angles[0])):
        return [angles] * count  # type: ignore[list-item]
    if len(angles) != count:
        raise BadInput(
            f"{len(angles)} pairs of angles", where="sites", expected=f"one pair, or one for each of {count}"
        )
    return angles  # type: ignore[return-value]


def _lazy_layer(
    elevation: xr.DataArray, blocking: xr.DataArray | None, grid: Grid, easting: float, northing: float, view: View
) -> da.Array:
    """One site's states on the whole grid, as a dask array of one chunk that reads the site's window alone."""
    row, column = float(grid.row_of(northing)), float(grid.column_of(easting))
    rows, columns = read_window(grid, row, column, view.max_range_m)
    place = (row - rows.start, column - columns.start)
    above = None if blocking is None else blocking.data[rows, columns]
    first, shape = (rows.start, columns.start), (grid.rows, grid.columns)
    layer = delayed(_layer)(elevation.data[rows, columns], above, grid.cell_m, place, view, first, shape)
    lazy: da.Array = da.from_delayed(layer, (grid.rows, grid.columns), dtype=np.uint8)  # type: ignore[no-untyped-call]
    return lazy


def _layer(
    elevation: Any,
    above: Any,
    cell_m: float,
    place: tuple[float, float],
    view: View,
    first: tuple[int, int],
    shape: tuple[int, int],
) -> States:
    z = heights_of(elevation)
    if above is None:
        row0, column0, states = view_from(z, cell_m, *place, view)
    else:
        row0, column0, states = view_under_canopy(z, heights_of(above), cell_m, *place, view)
    layer = np.zeros(shape, np.uint8)
    row0, column0 = row0 + first[0], column0 + first[1]
    layer[row0 : row0 + states.shape[0], column0 : column0 + states.shape[1]] = states
    return layer
