"""Focal operations: a measure over a moving window of cells, for arrays, dask arrays and DataArrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from geo.arrays import Floats
from geo.errors import TerrainError


def focal(elevation: Any, measure: Callable[[Floats], Floats], *, reach: int, name: str, units: str) -> Any:
    """``measure`` of ``elevation`` (row, column), float64 of the same shape and kind; it uses ``reach`` cells around
    each.

    Lazy blocks overlap by ``reach``, so that the result is exactly the same. Raises TerrainError for anything but two
    dims.
    """
    if isinstance(elevation, xr.DataArray):
        values = focal(elevation.data, measure, reach=reach, name=name, units=units)
        return xr.DataArray(values, elevation.coords, elevation.dims, name, {"units": units})
    if np.ndim(elevation) != 2:
        raise TerrainError(f"the elevation has {np.ndim(elevation)} dims", where=name, expected="row and column")
    if hasattr(elevation, "dask"):
        import dask.array as da

        return da.map_overlap(  # type: ignore[no-untyped-call]
            lambda block: measure(block.astype(np.float64)),
            elevation,
            depth=reach,
            boundary="none",
            dtype=np.float64,
            meta=np.empty((0, 0)),
        )
    return measure(np.asarray(elevation, dtype=np.float64))
