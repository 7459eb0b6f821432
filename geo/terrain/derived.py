"""Quantities derived from a terrain: frame, cell size, bounds, interpolated heights, slope and aspect."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Floats
from geo.errors import FrameError, TerrainError
from geo.frame import LocalFrame

ON_CENTRE_CELLS = 1e-7  # points this close to a row or column of centres count as on it, so that rounding loses no edge


def frame_of(terrain: xr.Dataset) -> LocalFrame:
    """Return the frame of a terrain.

    Parameters
    ----------
    terrain : Dataset
        Terrain with a ``crs`` attribute.

    Returns
    -------
    LocalFrame
        The frame.

    Raises
    ------
    FrameError
        If the attribute is missing or is not a projected metric system.
    """
    if "crs" not in terrain.attrs:
        raise FrameError("the terrain has no 'crs' attribute", where="terrain", expected="a WKT")
    return LocalFrame.from_crs(terrain.attrs["crs"], where="terrain")


def north_up(dataset: xr.Dataset, *, where: str = "terrain") -> xr.Dataset:
    """Align a dataset of rasters by its coordinates: rows from north to south, columns from west to east.

    Parameters
    ----------
    dataset : Dataset
        Terrain, coverage or other rasters with the dims ``northing`` and ``easting``, in any order of rows, columns and
        dims.
    where : str
        What the dataset is, for the message of an error.

    Returns
    -------
    Dataset
        The same values with dims (..., northing, easting); ``dataset`` itself where nothing has to be moved.

    Raises
    ------
    TerrainError
        If ``dataset`` is not a Dataset, or ``northing`` or ``easting`` is not a dim with a coordinate of distinct,
        finite numbers.
    """
    if not isinstance(dataset, xr.Dataset):
        raise TerrainError(f"is a {type(dataset).__name__}", where=where, expected="a Dataset")
    moved = dataset
    for name, sign in (("northing", -1.0), ("easting", 1.0)):
        if name not in moved.dims or name not in moved.coords:
            raise TerrainError(f"no dim {name!r} with a coordinate", where=where, expected="northing and easting")
        if not np.issubdtype(moved[name].dtype, np.number):
            raise TerrainError(f"{name!r} has type {moved[name].dtype}", where=where, expected="metres")
        place = sign * moved[name].to_numpy().astype(np.float64)
        if not (np.diff(place) > 0.0).all():
            order = np.argsort(place, kind="stable")
            if not (np.diff(place[order]) > 0.0).all():
                raise TerrainError(f"{name!r} repeats or is not finite", where=where, expected="distinct numbers")
            moved = moved.isel({name: order})
    if any(
        values.dims[-2:] != ("northing", "easting") and {"northing", "easting"} <= set(values.dims)
        for values in moved.variables.values()
    ):
        moved = moved.transpose(..., "northing", "easting")
    return moved


def raster_north_up(values: xr.DataArray, *, where: str) -> xr.DataArray:
    """Align one raster by its coordinates, as ``north_up`` does; raises the same errors."""
    return north_up(values.to_dataset(name="values"), where=where)["values"].rename(values.name)


def cell_size(terrain: xr.Dataset) -> float:
    """Return the side of the square cells of a terrain.

    The coordinates decide, not the attributes: a thinned terrain has larger cells.

    Parameters
    ----------
    terrain : Dataset
        Terrain.

    Returns
    -------
    float, m
        The side.

    Raises
    ------
    TerrainError
        If there are fewer than two columns, they do not run from west to east, or the rows not from north to south.
    """
    easting, northing = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    if len(easting) < 2 or not easting[-1] > easting[0]:
        raise TerrainError(f"{len(easting)} columns", where="terrain", expected="at least 2, from west to east")
    if len(northing) > 1 and not northing[0] > northing[-1]:
        raise TerrainError("rows from south to north", where="terrain", expected="rows from north to south (north_up)")
    return float(easting[-1] - easting[0]) / (len(easting) - 1)


def bounds(terrain: xr.Dataset) -> tuple[float, float, float, float]:
    """Return the outer edges of the cells of a terrain.

    Parameters
    ----------
    terrain : Dataset
        Terrain.

    Returns
    -------
    west, south, east, north : float, m
        The edges.
    """
    half = cell_size(terrain) / 2.0
    easting, northing = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    return (
        float(easting[0]) - half,
        float(northing[-1]) - half,
        float(easting[-1]) + half,
        float(northing[0]) + half,
    )


def sample(terrain: xr.Dataset, easting: Any, northing: Any, variable: str = "elevation") -> Any:
    """Interpolate a variable of a terrain at points.

    Bilinear between cell centres, exact at them. A lazy terrain is computed only in the window that holds the points.

    Parameters
    ----------
    terrain : Dataset
        Terrain, with its rows, columns and dims in any order.
    easting, northing : float, array_like or DataArray, shape (...), m
        The points.
    variable : str
        Name of the variable.

    Returns
    -------
    float, ndarray or DataArray, shape (...)
        Values, float64, of the kind that was given; NaN outside the outermost cell centres, at NaN coordinates, and
        where a void has weight.
    """
    if isinstance(easting, xr.DataArray) or isinstance(northing, xr.DataArray):
        return xr.apply_ufunc(
            lambda e, n: sample(terrain, e, n, variable),
            easting,
            northing,
            dask="parallelized",
            output_dtypes=[np.float64],
        )
    terrain = north_up(terrain)
    e, n = np.broadcast_arrays(np.asarray(easting, dtype=np.float64), np.asarray(northing, dtype=np.float64))
    cell = cell_size(terrain)
    column = _on_centre((e - terrain["easting"].to_numpy()[0]) / cell)
    row = _on_centre((terrain["northing"].to_numpy()[0] - n) / cell)
    rows, columns = terrain[variable].shape
    inside = (column >= 0) & (column <= columns - 1) & (row >= 0) & (row <= rows - 1)
    values = np.full(e.shape, np.nan)
    if inside.any():
        values[inside] = _bilinear(terrain[variable], row[inside], column[inside])
    return float(values) if values.ndim == 0 else values


def standing_points(terrain: xr.Dataset, easting: npt.ArrayLike, northing: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return where on the known surface a sensor at each point stands.

    The surface is bilinear between four cell centres, so that a void among them leaves its height unknown, also in the
    cells beside the void. There a sensor stands at the centre of its own cell, if that is known.

    Parameters
    ----------
    terrain : Dataset
        Terrain.
    easting, northing : float or array_like, shape (...), m
        The points.

    Returns
    -------
    easting, northing : ndarray, shape (...), m
        The points; the centre of the nearest cell where a void is beside it; unchanged on a void and off the surface.
    """
    e, n = np.broadcast_arrays(np.asarray(easting, dtype=np.float64), np.asarray(northing, dtype=np.float64))
    centres_e, centres_n = (terrain[axis].to_numpy() for axis in ("easting", "northing"))
    cell = cell_size(terrain)
    column, row = _on_centre((e - centres_e[0]) / cell), _on_centre((centres_n[0] - n) / cell)
    on_surface = (column >= 0) & (column <= len(centres_e) - 1) & (row >= 0) & (row <= len(centres_n) - 1)
    beside = on_surface & np.isnan(sample(terrain, e, n))
    if not beside.any():
        return e, n
    centre_e = centres_e[np.rint(np.where(on_surface, column, 0.0)).astype(np.intp)]
    centre_n = centres_n[np.rint(np.where(on_surface, row, 0.0)).astype(np.intp)]
    known = beside & ~np.isnan(sample(terrain, centre_e, centre_n))
    return np.where(known, centre_e, e), np.where(known, centre_n, n)


def _on_centre(position: Floats) -> Floats:
    nearest = np.rint(position)
    return np.where(np.abs(position - nearest) < ON_CENTRE_CELLS, nearest, position)


def _bilinear(grid: xr.DataArray, row: Floats, column: Floats) -> Floats:
    """Values between the centres of ``grid`` at fractional rows and columns, all inside it."""
    top = np.minimum(np.floor(row).astype(np.intp), grid.shape[0] - 2)
    left = np.minimum(np.floor(column).astype(np.intp), grid.shape[1] - 2)
    down, right = row - top, column - left
    first_row, first_column = top.min(), left.min()
    window = grid[first_row : top.max() + 2, first_column : left.max() + 2].to_numpy()
    top, left = top - first_row, left - first_column
    values = np.zeros(row.shape)
    for row_step, row_weight in ((0, 1.0 - down), (1, down)):
        for column_step, column_weight in ((0, 1.0 - right), (1, right)):
            weight = row_weight * column_weight
            corner = window[top + row_step, left + column_step].astype(np.float64)
            values += np.where(weight > 0.0, weight * corner, 0.0)  # a void with weight 0 does not count
    return values


def slope(terrain: xr.Dataset) -> xr.DataArray:
    """Compute the steepest gradient of each cell.

    Parameters
    ----------
    terrain : Dataset
        Terrain.

    Returns
    -------
    DataArray, shape (northing, easting)
        Rise over run [1] by central differences, one-sided at the outermost cells; NaN at voids and their direct
        neighbours. Lazy where the terrain is.
    """
    eastward, northward = gradient(terrain)
    steepness = xr.apply_ufunc(np.hypot, eastward, northward, dask="allowed")
    return xr.DataArray(steepness).rename("slope").assign_attrs(units="1")


def aspect(terrain: xr.Dataset) -> xr.DataArray:
    """Compute the direction of steepest descent of each cell.

    Parameters
    ----------
    terrain : Dataset
        Terrain.

    Returns
    -------
    DataArray, shape (northing, easting), rad
        Azimuth clockwise from grid north in [0, 2π); NaN where the ground is flat.
    """
    eastward, northward = gradient(terrain)
    downhill = xr.apply_ufunc(np.arctan2, -eastward, -northward, dask="allowed") % (2.0 * np.pi)
    sloping = (eastward != 0.0) | (northward != 0.0)
    return xr.DataArray(downhill.where(sloping)).rename("aspect").assign_attrs(units="rad")


def gradient(terrain: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """Compute the eastward and northward gradients of the elevation.

    Parameters
    ----------
    terrain : Dataset
        Terrain.

    Returns
    -------
    eastward, northward : DataArray, shape (northing, easting)
        Rise over run [1].
    """
    elevation = north_up(terrain)["elevation"]
    return elevation.differentiate("easting"), elevation.differentiate("northing")
