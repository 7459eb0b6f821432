"""The agreed grid: positions moved to centres of cells, times rounded down, and coverage by cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats
from geo.errors import FrameError
from geo.frame import LocalFrame
from ops.exchange.agreements import Agreement

DIGITS = 7
"""Decimals of longitudes and latitudes of centres: 1 cm."""
EPSILON = 1e-9
MOST_SCALE = 0.05
"""Greatest error of distances in the system of a grid; that of European statistics (EPSG:3035) has less."""
JUDGED = 5
"""Places of the agreed area in each direction at which the system is judged."""


@dataclass(frozen=True, slots=True)
class AgreedGrid:
    """A grid of square cells in a projected system, which both sides know by code and size.

    Parameters
    ----------
    frame : LocalFrame
        The projected system.
    cell_m : float, m
        Side of a cell; cell (0, 0) has its south-western corner at the origin of the system.
    """

    frame: LocalFrame
    cell_m: float

    @classmethod
    def of(cls, agreement: Agreement) -> AgreedGrid:
        """Return the grid of an agreement.

        FrameError for a code without a system in metres, and for one whose metres are not those on the ground in the
        agreed area: cells would be smaller than the agreement states.
        """
        frame = LocalFrame.from_epsg(agreement.grid_epsg)
        west, south, east, north = agreement.area
        lon, lat = np.meshgrid(np.linspace(west, east, JUDGED), np.linspace(south, north, JUDGED))
        found = frame.distortion(*frame.to_local(lon, lat))
        if found.scale_error > MOST_SCALE:
            expected = f"a system within {MOST_SCALE:.0%}, such as UTM in the zone of the area"
            raise FrameError(
                f"EPSG:{agreement.grid_epsg} has {found} in the agreed area", where="grid_epsg", expected=expected
            )
        return cls(frame, agreement.grid_m)

    def cells(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return column and row of the cell of each position; (n,)."""
        easting, northing = self.frame.to_local(np.asarray(lon, float), np.asarray(lat, float))
        return self._index(easting), self._index(northing)

    def centres(self, column: npt.ArrayLike, row: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return longitude and latitude of the centres of cells, rounded to 1 cm; (n,), degrees."""
        easting = (np.asarray(column, float) + 0.5) * self.cell_m
        northing = (np.asarray(row, float) + 0.5) * self.cell_m
        lon, lat = self.frame.to_lonlat(easting, northing)
        return np.round(lon, DIGITS), np.round(lat, DIGITS)

    def coarsened(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Move positions to the centres of their cells; (n,), degrees."""
        return self.centres(*self.cells(lon, lat))

    def corners(self, column: npt.ArrayLike, row: npt.ArrayLike) -> Floats:
        """Return the corners of cells as longitude and latitude; (n, 5, 2), degrees, closed and counter-clockwise."""
        column, row = np.asarray(column, float), np.asarray(row, float)
        east = np.stack([column, column + 1, column + 1, column, column], axis=-1) * self.cell_m
        north = np.stack([row, row, row + 1, row + 1, row], axis=-1) * self.cell_m
        lon, lat = self.frame.to_lonlat(east, north)
        corners: Floats = np.stack([lon, lat], axis=-1).astype(np.float64)
        return np.round(corners, DIGITS)

    def _index(self, metres: npt.ArrayLike) -> npt.NDArray[np.int64]:
        scaled = np.floor(np.asarray(metres, float) / self.cell_m)
        return np.where(np.isfinite(scaled), scaled, 0).astype(np.int64)


def rounded_down_ns(time_ns: npt.NDArray[np.int64], step_s: float) -> npt.NDArray[np.int64]:
    """Round UTC nanoseconds down to a multiple of the step; (n,)."""
    step = round(step_s * 1e9)
    return time_ns - np.mod(time_ns, step)


def rounded_down(probability: Floats, step: float) -> Floats:
    """Round probabilities down to a multiple of the step, 1 / a whole number; NaN stays; (n,) [1]."""
    parts = round(1 / step)
    return np.floor(np.clip(probability, 0.0, 1.0) * parts + EPSILON) / parts


def is_inside(lon: Floats, lat: Floats, area: tuple[float, float, float, float]) -> npt.NDArray[np.bool_]:
    """Whether positions are inside west, south, east, north; False for NaN; (n,)."""
    west, south, east, north = area
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
