"""What lies under a point and between it and the line: segment, chainage, offset, ground, time to the border."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import xarray as xr
from shapely.geometry import LineString

from fusion.situation.sector_rasters import SectorRasters, read_only
from geo.arrays import Floats
from geo.border import Border
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.terrain import frame_of

ON_LINE_M = 1e-3  # nearer than this the direction to the line is its own normal, not the vector to it

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
    """Points, rates, border and terrain that do not belong together."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """Columns of one shape, that of the points asked for; NaN where a point is NaN, off the map or without a border.

    ``segment`` int32, −1 beyond the ends; ``chainage_m``, ``offset_m`` (positive on the home side) as Border.locate;
    ``elevation_m`` [m] and ``slope`` [rise over run] bilinear, ``land_cover`` of the nearest cell (0 unknown; None
    when the terrain has none). With rates, else None:
    ``home_easting``, ``home_northing``: unit vector in which the offset grows fastest, the border's local normal;
    ``offset_rate`` [m/s] along it; ``direction`` int8, +1 toward home, −1 outward, 0 neither or unknown;
    ``time_to_border_s`` = −offset/rate while the offset shrinks, 0 on the line, inf when moving away or parallel;
    ``crossing_chainage_m``: chainage nearest to the point reached by straight motion at that time, NaN when the time
    is not finite or that point is beyond the ends. The last two are exact where the line is straight.
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
        """The columns that exist, by name, in order."""
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
    """Correlate points [m] (and rates [m/s]) with border and terrain; for many calls build a ``Correlator`` once.

    numpy, float or dask in gives a Correlation of arrays; xarray in gives a Dataset of the same columns, lazy where
    the points are; all three the same to the bit. Raises CorrelateError, see Correlator.
    """
    return Correlator(border, terrain).of(easting, northing, easting_rate, northing_rate)


class Correlator:
    """Border and terrain made ready for correlating points: ground rasters in memory, the line's pieces in arrays.

    Immutable after it is built, safe to share between threads. ``border=None``: no segment, no offset (NaN);
    ``terrain=None``: no elevation, no slope (NaN). A lazy terrain is computed once, here.
    Raises CorrelateError when the terrain is in another frame than the border.
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
        """The ground in memory, for whoever needs the same; None without terrain."""
        return self._ground

    def of(
        self, easting: Any, northing: Any, easting_rate: Any = None, northing_rate: Any = None
    ) -> Correlation | xr.Dataset:
        """Correlate points, see ``correlate``; rates are given both or neither."""
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
        """The same for numpy arrays of one shape (or shapes that broadcast); float64 inside."""
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


def _pieces(border: Border) -> tuple[Floats, Floats, npt.NDArray[np.int64], float]:
    """The line's straight pieces: ends (piece, 4), chainage at their starts (piece + 1,), a table from chainage to
    the first piece that may hold it, and +1 where home is to the left of increasing chainage, else −1."""
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
    table: npt.NDArray[np.int64],
    home_left: float,
    home_e: Floats,
    home_n: Floats,
) -> None:
    """Unit vector of growing offset: from the nearest point of the line to the point, or the piece's normal on it."""
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
        for p in range(max(piece - 1, 0), min(piece + 1, last) + 1):  # at a vertex or a gap the neighbour may be nearer
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
    """Offset rate [m/s], time to the line [s] and direction; NaN and 0 where a rate or the place is unknown."""
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
