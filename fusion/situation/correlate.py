"""Relation of a point to terrain and border: segment, chainage, offset, ground, time to the border."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import xarray as xr
from shapely.geometry import LineString

from fusion.situation.sector_rasters import SectorRasters, read_only
from geo.arrays import Floats, Ints
from geo.border import Border
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.terrain import frame_of

__all__ = ["CorrelateError", "Correlation", "Correlator", "correlate"]

ON_LINE_M = 1e-3  # closer than this, the direction to the line is its own normal, not the vector to it

UNITS = {
    "segment": "",
    "chainage_m": "m",
    "offset_m": "m",
    "elevation_m": "m",
    "slope": "1",
    "land_cover": "",
    "home_easting": "1",
    "home_northing": "1",
    "offset_rate": "m/s",
    "time_to_border_s": "s",
    "crossing_chainage_m": "m",
    "direction": "",
}
TYPES = {"segment": np.int32, "land_cover": np.uint8, "direction": np.int8}
GROUND = ("segment", "chainage_m", "offset_m", "elevation_m", "slope", "land_cover")
MOTION = ("home_easting", "home_northing", "offset_rate", "time_to_border_s", "crossing_chainage_m", "direction")


class CorrelateError(BadInput):
    """Points, rates, border and terrain that do not fit each other."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """Points against border and terrain, as columns of the shape of the points.

    NaN where a point is NaN, off the map or without a border. The time to the border and the crossing chainage are
    exact where the border is straight.

    Parameters
    ----------
    segment : int32 array
        Border segment, −1 beyond the ends.
    chainage_m : array, m
        Position along the border, as Border.locate.
    offset_m : array, m
        Signed distance from the border, positive on the own side.
    elevation_m : array, m
        Elevation of the ground, bilinear.
    slope : array, rise over run
        Slope of the ground, bilinear.
    land_cover : uint8 array, optional
        Code of the nearest cell, 0 unknown; None where the terrain has none.
    home_easting : array, optional
        Unit vector in which the offset grows: the border's local normal. None without rates, here and below.
    home_northing : array, optional
        Unit vector in which the offset grows.
    offset_rate : array, optional, m/s
        Rate along that vector.
    time_to_border_s : array, optional, s
        −offset/rate while the distance shrinks, 0 on the border, inf when parallel or moving away.
    crossing_chainage_m : array, optional, m
        Chainage nearest to the point reached at that time in straight motion; NaN where the time is not finite or the
        point is beyond the ends.
    direction : int8 array, optional
        +1 inbound, −1 outbound, 0 neither or unknown.
    """

    segment: Any
    chainage_m: Any
    offset_m: Any
    elevation_m: Any
    slope: Any
    land_cover: Any = None
    home_easting: Any = None
    home_northing: Any = None
    offset_rate: Any = None
    time_to_border_s: Any = None
    crossing_chainage_m: Any = None
    direction: Any = None

    def columns(self) -> dict[str, Any]:
        """Return the columns that exist.

        Returns
        -------
        dict of str to array
            Columns by name, in order.
        """
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}


def correlate(
    easting: Any,
    northing: Any,
    border: Border | None,
    terrain: xr.Dataset | None = None,
    *,
    easting_rate: Any = None,
    northing_rate: Any = None,
) -> Correlation | xr.Dataset:
    """Correlate points with border and terrain.

    Parameters
    ----------
    easting : array_like or DataArray, m
        Points in the local frame: floats, numpy, dask or xarray.
    northing : array_like or DataArray, m
        Points in the local frame.
    border : Border or None
        The border; without one segment is −1 and offset NaN.
    terrain : Dataset, optional
        Terrain of geo.terrain; without it elevation and slope are NaN.
    easting_rate : array_like or DataArray, optional, m/s
        Velocity; both rates or neither.
    northing_rate : array_like or DataArray, optional, m/s
        Velocity.

    Returns
    -------
    Correlation or Dataset
        A Dataset of the columns for xarray points, lazy where they are; else a Correlation. All equal to the bit.

    Raises
    ------
    CorrelateError
        For a terrain in another frame than the border, shapes that do not fit, and only one rate.

    Notes
    -----
    For many calls build a ``Correlator`` once.

    Examples
    --------
    >>> from shapely.geometry import LineString
    >>> from geo.frame import LocalFrame
    >>> line = LineString([(0.0, 0.0), (1000.0, 0.0)])
    >>> border = Border(LocalFrame.around(0.0, 0.0), line, 100.0, "left")
    >>> point = correlate(250.0, -40.0, border, easting_rate=0.0, northing_rate=2.0)
    >>> int(point.segment), float(point.offset_m), float(point.time_to_border_s)
    (2, -40.0, 20.0)
    """
    return Correlator(border, terrain).of(easting, northing, easting_rate, northing_rate)


class Correlator:
    """Border and terrain prepared for correlating points.

    Immutable after it is built, and safe to share between threads.

    Parameters
    ----------
    border : Border or None
        The border; without one segment is −1 and offset NaN.
    terrain : Dataset, optional
        Terrain of geo.terrain; a lazy one is computed. Without it elevation and slope are NaN.

    Raises
    ------
    CorrelateError
        For a terrain in another frame than the border.
    """

    def __init__(self, border: Border | None, terrain: xr.Dataset | None = None) -> None:
        if border is not None and terrain is not None and frame_of(terrain) != border.frame:
            raise CorrelateError("the terrain is in another frame", where="terrain", expected="the border's frame")
        self._border = border
        self._pieces = _pieces(border) if border is not None else None
        self._ground = SectorRasters.of(terrain) if terrain is not None else None
        self._has_land_cover = terrain is not None and "land_cover" in terrain

    @property
    def rasters(self) -> SectorRasters | None:
        """Rasters of the terrain in memory, to share; None without terrain."""
        return self._ground

    def of(
        self, easting: Any, northing: Any, easting_rate: Any = None, northing_rate: Any = None
    ) -> Correlation | xr.Dataset:
        """Correlate points; see ``correlate``.

        Parameters
        ----------
        easting : array_like or DataArray, m
            Points in the local frame.
        northing : array_like or DataArray, m
            Points in the local frame.
        easting_rate : array_like or DataArray, optional, m/s
            Velocity; both rates or neither.
        northing_rate : array_like or DataArray, optional, m/s
            Velocity.

        Returns
        -------
        Correlation or Dataset
            As for ``correlate``.

        Raises
        ------
        CorrelateError
            For shapes that do not fit, and only one rate.
        """
        if (easting_rate is None) != (northing_rate is None):
            raise CorrelateError("only one rate is given", where="rates", expected="both or neither")
        points = [easting, northing, *([] if easting_rate is None else [easting_rate, northing_rate])]
        if any(isinstance(values, xr.DataArray) for values in points):
            return self._of_labelled(points)
        if any(hasattr(values, "__dask_graph__") for values in points):
            dims = [f"axis_{i}" for i in range(max(np.ndim(values) for values in points))]
            labelled = [xr.DataArray(values, dims=dims[len(dims) - np.ndim(values) :]) for values in points]
            return Correlation(**{str(name): column.data for name, column in self._of_labelled(labelled).items()})
        return self.of_arrays(*points)

    def of_arrays(
        self,
        easting: npt.ArrayLike,
        northing: npt.ArrayLike,
        easting_rate: npt.ArrayLike | None = None,
        northing_rate: npt.ArrayLike | None = None,
    ) -> Correlation:
        """Correlate numpy arrays; float64 inside.

        Parameters
        ----------
        easting : array_like, m
            Points in the local frame, of one shape or shapes that broadcast.
        northing : array_like, m
            Points in the local frame.
        easting_rate : array_like, optional, m/s
            Velocity.
        northing_rate : array_like, optional, m/s
            Velocity.

        Returns
        -------
        Correlation
            Columns of the common shape.

        Raises
        ------
        CorrelateError
            For shapes that do not fit.
        """
        given = [values for values in (easting, northing, easting_rate, northing_rate) if values is not None]
        arrays = [np.asarray(values, np.float64) for values in given]
        try:
            shape = np.broadcast_shapes(*(array.shape for array in arrays))
        except ValueError as error:
            shapes = ", ".join(str(array.shape) for array in arrays)
            raise CorrelateError(f"shapes {shapes} do not fit", where="points", expected="one shape") from error
        flat = [read_only(np.ascontiguousarray(np.broadcast_to(array, shape)).reshape(-1)) for array in arrays]
        columns = self._ground_columns(flat[0], flat[1])
        if len(flat) == 4:
            columns |= self._motion_columns(flat, columns["chainage_m"], columns["offset_m"])
        return Correlation(**{name: column.reshape(shape) for name, column in columns.items()})

    def _of_labelled(self, points: list[Any]) -> xr.Dataset:
        names = [name for name in GROUND if name != "land_cover" or self._has_land_cover]
        names += MOTION if len(points) == 4 else []
        columns = xr.apply_ufunc(
            lambda *arrays: tuple(self.of_arrays(*arrays).columns().values()),
            *points,
            output_core_dims=[[] for _ in names],
            dask="parallelized",
            output_dtypes=[TYPES.get(name, np.float64) for name in names],
        )
        return xr.Dataset(
            {name: column.assign_attrs(units=UNITS[name]) for name, column in zip(names, columns, strict=True)}
        )

    def _ground_columns(self, easting: Floats, northing: Floats) -> dict[str, Any]:
        if self._border is not None:
            segment, chainage, offset = self._border.locate(easting, northing)
        else:
            segment = np.full(easting.shape, -1, np.int32)
            chainage, offset = np.full(easting.shape, np.nan), np.full(easting.shape, np.nan)
        elevation, steepness = np.full(easting.shape, np.nan), np.full(easting.shape, np.nan)
        cover = np.zeros(easting.shape, np.uint8) if self._has_land_cover else None
        if self._ground is not None:
            self._ground.sample(easting, northing, elevation, steepness, cover)
        columns = {
            "segment": segment,
            "chainage_m": chainage,
            "offset_m": offset,
            "elevation_m": elevation,
            "slope": steepness,
        }
        return columns if cover is None else columns | {"land_cover": cover}

    def _motion_columns(self, flat: list[Floats], chainage: Floats, offset: Floats) -> dict[str, Any]:
        easting, northing, rate_e, rate_n = flat
        home_e, home_n, rate, time = (np.full(easting.shape, np.nan) for _ in range(4))
        crossing = np.full(easting.shape, np.nan)
        direction = np.zeros(easting.shape, np.int8)
        if self._border is not None and self._pieces is not None:
            _normals(easting, northing, chainage, offset, *self._pieces, home_e, home_n)
            _times(offset, rate_e, rate_n, home_e, home_n, rate, time, direction)
            soon = np.isfinite(time)
            at = time[soon]
            segment, reached, _ = self._border.locate(
                easting[soon] + rate_e[soon] * at, northing[soon] + rate_n[soon] * at
            )
            crossing[soon] = np.where(segment >= 0, reached, np.nan)
        return dict(zip(MOTION, (home_e, home_n, rate, time, crossing, direction), strict=True))


def compile_kernels() -> None:
    """Compile the kernels, or load them from the disk: one point beside a line of two pieces on flat ground."""
    frame = LocalFrame.around(0.0, 0.0)
    ground = xr.Dataset(
        {"elevation": (("northing", "easting"), np.zeros((2, 2), np.float32))},
        coords={"northing": [1.0, 0.0], "easting": [0.0, 1.0]},
        attrs={"crs": frame.wkt, "datum": "unknown", "cell_m": 1.0},
    )
    border = Border(frame, LineString([(0.0, 0.0), (1.0, 0.0), (2.0, 1.0)]), 1.0, "left")
    Correlator(border, ground).of_arrays(0.5, 0.5, 0.0, -1.0)


# ---- the line --------------------------------------------------------------------------------------------------------


def _pieces(border: Border) -> tuple[Floats, Floats, Ints, float]:
    """Straight pieces of the border, as arrays.

    Ends (piece, 4), chainage at their starts (piece + 1,), a table from chainage to the first piece that may contain
    it, and +1 if the own side is to the left of increasing chainage, else −1.
    """
    parts = getattr(border.line, "geoms", [border.line])
    ends = np.concatenate([np.column_stack([xy[:-1], xy[1:]]) for xy in (np.array(p.coords)[:, :2] for p in parts)])
    length = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
    ends, length = ends[length > 0], length[length > 0]
    start = np.concatenate([[0.0], np.cumsum(length)])
    bins = np.linspace(0.0, start[-1], 4 * len(length) + 1)
    table = np.clip(np.searchsorted(start, bins, side="right") - 1, 0, len(length) - 1).astype(np.int64)
    return read_only(ends), read_only(start), read_only(table), 1.0 if border.home_side == "left" else -1.0


@numba.njit(cache=True, nogil=True)
def _normals(
    easting: Floats,
    northing: Floats,
    chainage: Floats,
    offset: Floats,
    ends: Floats,
    start: Floats,
    table: Ints,
    home_left: float,
    home_e: Floats,
    home_n: Floats,
) -> None:
    """Compute unit vectors of growing offset: from the nearest point of the border, on it the piece's normal."""
    last = len(start) - 2
    per_bin = (len(table) - 1) / start[-1]
    for k in range(easting.size):
        s = chainage[k]
        if not (np.isfinite(s) and np.isfinite(offset[k])):
            continue
        piece = table[min(max(int(s * per_bin), 0), len(table) - 1)]
        while piece > 0 and start[piece] > s:
            piece -= 1
        while piece < last and start[piece + 1] < s:
            piece += 1
        least = np.inf
        for p in range(max(piece - 1, 0), min(piece + 1, last) + 1):  # at a vertex or a gap the neighbour may be closer
            length = start[p + 1] - start[p]
            along = min(max((s - start[p]) / length, 0.0), 1.0)
            from_e = easting[k] - (ends[p, 0] + along * (ends[p, 2] - ends[p, 0]))
            from_n = northing[k] - (ends[p, 1] + along * (ends[p, 3] - ends[p, 1]))
            distance = np.hypot(from_e, from_n)
            if distance < least:
                least = distance
                if distance > ON_LINE_M:
                    side = 1.0 if offset[k] >= 0 else -1.0
                    home_e[k], home_n[k] = side * from_e / distance, side * from_n / distance
                else:
                    home_e[k] = -home_left * (ends[p, 3] - ends[p, 1]) / length
                    home_n[k] = home_left * (ends[p, 2] - ends[p, 0]) / length


@numba.njit(cache=True, nogil=True)
def _times(
    offset: Floats,
    rate_e: Floats,
    rate_n: Floats,
    home_e: Floats,
    home_n: Floats,
    rate: Floats,
    time: Floats,
    direction: npt.NDArray[np.int8],
) -> None:
    """Offset rate [m/s], time to the border [s] and direction; NaN and 0 where a rate or the position is unknown."""
    for k in range(offset.size):
        rate[k] = rate_e[k] * home_e[k] + rate_n[k] * home_n[k]
        if np.isnan(rate[k]):
            continue
        direction[k] = 1 if rate[k] > 0 else (-1 if rate[k] < 0 else 0)
        if offset[k] == 0:
            time[k] = 0.0
        elif offset[k] * rate[k] < 0:
            time[k] = -offset[k] / rate[k]
        else:
            time[k] = np.inf
