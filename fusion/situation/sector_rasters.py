"""Terrain of a sector in memory, laid out so that a point needs one memory access: elevation and slope side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numba
import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Float32s, Floats, UInt8s
from geo.terrain import cell_size, north_up, slope

RasterScalar = TypeVar("RasterScalar", bound=np.generic)

ON_CENTRE_CELLS = 1e-6  # as in geo.terrain.sample: this close to a row or column of centres counts as on it


def read_only(array: npt.NDArray[RasterScalar]) -> npt.NDArray[RasterScalar]:
    """A read-only view: kernels then always get one type, and shared arrays are never changed."""
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, slots=True)
class SectorRasters:
    """Elevation and slope side by side (row, column, 2) float32, so that one point accesses one memory area."""

    raster: Float32s
    land_cover: UInt8s
    west: float
    north: float
    cell_m: float

    @classmethod
    def of(cls, terrain: xr.Dataset) -> SectorRasters:
        """The rasters of a terrain; a lazy one is computed here. Slope as geo.terrain.slope, kept as float32."""
        terrain = north_up(terrain)
        elevation = terrain["elevation"].to_numpy()
        raster = np.empty((*elevation.shape, 2), np.float32)
        raster[..., 0] = elevation
        raster[..., 1] = slope(terrain).to_numpy()
        cover = terrain["land_cover"].to_numpy() if "land_cover" in terrain else np.zeros((1, 1), np.uint8)
        west, north = float(terrain["easting"][0]), float(terrain["northing"][0])
        codes = read_only(np.ascontiguousarray(cover, np.uint8))
        return cls(read_only(raster), codes, west, north, cell_size(terrain))

    def sample(
        self,
        easting: Floats,
        northing: Floats,
        elevation: Floats,
        steepness: Floats,
        cover: UInt8s | None,
    ) -> None:
        """Fill elevation and slope (bilinear) and cover (nearest cell, when wanted) of points (n,) [m].

        Values for points off the map are not changed. Elevation is that of geo.terrain.sample.
        """
        codes = np.empty(0, np.uint8) if cover is None else cover
        edges = (self.west, self.north, self.cell_m)
        _sample(easting, northing, self.raster, self.land_cover, edges, elevation, steepness, codes)


@numba.njit(cache=True, nogil=True)
def _sample(
    easting: Floats,
    northing: Floats,
    raster: Float32s,
    codes: UInt8s,
    edges: tuple[float, float, float],
    elevation: Floats,
    steepness: Floats,
    cover: UInt8s,
) -> None:
    """Fill bilinear elevation and slope, and nearest land cover; values for points off the map are not changed."""
    west, north, cell = edges
    rows, columns = raster.shape[0], raster.shape[1]
    for k in range(easting.size):
        x, y = (easting[k] - west) / cell, (north - northing[k]) / cell
        near_x, near_y = np.rint(x), np.rint(y)
        if abs(x - near_x) < ON_CENTRE_CELLS:
            x = near_x
        if abs(y - near_y) < ON_CENTRE_CELLS:
            y = near_y
        if cover.size and -0.5 <= x <= columns - 0.5 and -0.5 <= y <= rows - 0.5:
            cover[k] = codes[min(max(int(near_y), 0), rows - 1), min(max(int(near_x), 0), columns - 1)]
        if not (0.0 <= x <= columns - 1 and 0.0 <= y <= rows - 1):
            continue
        i, j = min(int(y), rows - 2), min(int(x), columns - 2)
        down, right = y - i, x - j
        height = steep = 0.0
        for di, row_weight in ((0, 1.0 - down), (1, down)):
            for dj, column_weight in ((0, 1.0 - right), (1, right)):
                weight = row_weight * column_weight
                if weight > 0.0:  # a void with weight 0 does not count
                    height += weight * raster[i + di, j + dj, 0]
                    steep += weight * raster[i + di, j + dj, 1]
        elevation[k], steepness[k] = height, steep
