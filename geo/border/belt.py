"""Belt around a border: its cells on a terrain, and the edges at which a crossing starts and ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import ndimage
from shapely.geometry import LineString, MultiLineString

from geo.arrays import Bools, Floats, Int32s
from geo.errors import BorderError
from geo.frame import LocalFrame
from geo.terrain.derived import bounds, cell_size

AROUND = np.ones((3, 3), dtype=bool)
DEFAULT_BELT_M = 2_000.0
"""Default width of the belt on either side, also the default of the sector file's belt_m."""
FITTING_SHARE = 0.75
"""If no belt is given, this fraction of the segments must find its edge on the terrain."""
SAME_PLACE_CELLS = 1e-6
ELSEWHERE = -2
"""Segment of a position beside a part of the line that a BorderPart does not contain."""
LONGEST_MOVE_CELLS = 3
MARGIN_CELLS = 3  # beyond the belt, to distinguish its edges from those of the map


class BorderLine(Protocol):
    """Interface to a border, a zone or a part of one that a belt requires.

    See ``geo.border.Border``, ``geo.border.Zone`` and ``geo.border.stretches``. The belt of a part of a border
    continues where its segment is ELSEWHERE.
    """

    @property
    def frame(self) -> LocalFrame: ...
    @property
    def line(self) -> LineString | MultiLineString: ...
    @property
    def bounds(self) -> tuple[float, float, float, float]: ...
    @property
    def plain(self) -> bool: ...
    @property
    def segments(self) -> int: ...
    @property
    def segment_spans_m(self) -> Floats: ...
    def between_edges(self, easting: Floats, northing: Floats) -> tuple[Int32s, Floats, Floats]: ...
    def point_at(self, chainage_m: npt.ArrayLike) -> tuple[Any, Any]: ...
    def segment_geometry(self, segment: int) -> LineString: ...


@dataclass(frozen=True, slots=True, eq=False)
class Belt:
    """Cells of a terrain's window around a border, and their position relative to it.

    Arrays have the shape (row, column) of the window.

    Parameters
    ----------
    border : BorderLine
        The border, zone, or part of one.
    belt_m : float, m
        Width of the belt on either side.
    rows, columns : slice
        The window of the terrain.
    cell_m : float, m
        Side of the cells.
    easting : ndarray, shape (column,), m
        Cell centres.
    northing : ndarray, shape (row,), m
        Cell centres.
    segment : ndarray of int32, shape (row, column)
        The nearest segment, −1 beyond the ends.
    offset : ndarray, shape (row, column), m
        Distance from the line, positive on the own side; of a zone from its inner edge.
    inside : ndarray of bool, shape (row, column)
        Cells whose centre lies within ``belt_m`` of a segment; on the line itself it counts as home.
    inner, outer : ndarray of bool, shape (row, column)
        Cells inside that touch what lies beyond the belt, on the own side and on the far side. Where a side is too
        narrow for the belt (an enclave, a strip between two lines), its cells farthest from the line are the edge.
    narrow : ndarray of bool, shape (row, column)
        Cells of sides that are too narrow for the belt.
    at_rim : ndarray of bool, shape (row, column)
        Cells at the edge of the terrain.
    onward : ndarray of bool, shape (row, column)
        Of a part of a border, cells from which a move may lead into the belt of the rest.
    """

    border: BorderLine
    belt_m: float
    rows: slice
    columns: slice
    cell_m: float
    easting: Floats
    northing: Floats
    segment: Int32s
    offset: Floats
    inside: Bools
    inner: Bools
    outer: Bools
    narrow: Bools
    at_rim: Bools
    onward: Bools

    @property
    def area_m2(self) -> float:
        """Area of the cells inside, on the ground [m²]."""
        cells = np.bincount(self.segment[self.inside], minlength=self.border.segments)
        return float((cells * (self.cell_m / segment_scales(self.border)) ** 2).sum())

    def of(self, raster: xr.DataArray) -> Floats:
        """Return a raster of the terrain on the window of the belt.

        Parameters
        ----------
        raster : DataArray, shape (..., northing, easting)
            A raster on the cells of the belt's terrain.

        Returns
        -------
        ndarray, shape (..., row, column)
            Its values in the window, float64.

        Raises
        ------
        BorderError
            If the raster has other dimensions or other cells.
        """
        if not isinstance(raster, xr.DataArray) or raster.dims[-2:] != ("northing", "easting"):
            raise BorderError(
                "an array is not a raster", where="belt", expected="a DataArray over northing and easting"
            )
        window = raster[..., self.rows, self.columns]
        refuse_other_cells(window["easting"].to_numpy(), window["northing"].to_numpy(), self)
        return np.asarray(window.to_numpy(), dtype=np.float64)


def segment_scales(border: BorderLine) -> Floats:
    """Scale of the frame at the middle of each segment (segment,) [1]: metres of the frame per metre on the ground."""
    middle_m = border.segment_spans_m.mean(axis=1)
    return np.asarray(border.frame.scale_factor(*border.point_at(middle_m)), np.float64)


def refuse_other_cells(easting: Floats, northing: Floats, belt: Belt) -> None:
    """Raise BorderError unless these are the coordinates of the belt's columns and rows."""
    for name, axis, belts in (("eastings", easting, belt.easting), ("northings", northing, belt.northing)):
        if axis.shape != belts.shape or np.abs(axis - belts).max(initial=0.0) > SAME_PLACE_CELLS * belt.cell_m:
            raise BorderError(
                f"a raster has different {name}", where="belt", expected="the cells of the belt's terrain"
            )


def belt_of(border: BorderLine, terrain: xr.Dataset, *, belt_m: float) -> Belt:
    """Belt of ``border`` on the cells of ``terrain``.

    Raises BorderError for a belt that is not above 0, a border outside the terrain, and if no cell of an edge is on the
    terrain, so that no crossing is defined.
    """
    rows, columns = window_of(border, terrain, belt_m)
    easting = terrain["easting"].to_numpy()[columns].astype(np.float64)
    northing = terrain["northing"].to_numpy()[rows].astype(np.float64)
    segment, inward, outward = border.between_edges(easting[None, :], northing[:, None])
    beside = segment >= 0
    known = beside | (segment == ELSEWHERE)
    whole = known & (inward <= belt_m) & (outward >= -belt_m)
    whole &= ~_seam(whole, inward, cell_size(terrain))
    inside = whole & beside
    onward = inside & _within_moves(whole & ~beside)
    if not _touched(border, terrain):
        raise _outside(border, terrain)
    if belt_m < cell_size(terrain):
        raise BorderError(
            f"it is narrower than a cell of {cell_size(terrain):g} m",
            where=f"belt of {belt_m:g} m",
            expected="a belt_m of some cells",
        )
    if not inside.any():
        raise _too_short(border)
    at_rim = _at_rim(inside.shape, rows, columns, terrain)
    rims, slack = (at_rim, onward), cell_size(terrain)
    inner, shallow, open_home = _edge(inside & (inward >= 0.0), known & (inward > belt_m), inward, rims, slack)
    outer, narrow, open_away = _edge(inside & (outward < 0.0), known & (outward < -belt_m), -outward, rims, slack)
    for edge, side in ((inner, "home"), (outer, "away")):
        if not edge.any():
            raise BorderError(
                f"its edge on the {side} side is nowhere on the terrain",
                where=f"belt of {belt_m:g} m",
                expected="a smaller belt_m, or terrain that reaches farther",
            )
    return Belt(
        border=border,
        belt_m=float(belt_m),
        rows=rows,
        columns=columns,
        cell_m=cell_size(terrain),
        easting=easting,
        northing=northing,
        segment=segment,
        offset=inward,
        inside=inside,
        inner=inner,
        outer=outer,
        narrow=shallow | narrow,
        at_rim=at_rim,
        onward=onward | open_home | open_away,
    )


def fitting_belt_m(border: BorderLine, terrain: xr.Dataset) -> float:
    """DEFAULT_BELT_M, or the widest belt [m] for which most segments find both edges on the terrain."""
    easting, northing = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    segment, inward, outward = border.between_edges(easting[None, :], northing[:, None])
    beside = segment >= 0
    if not _touched(border, terrain):
        raise _outside(border, terrain)
    if not beside.any():
        raise _too_short(border)
    deepest = []
    for depth in (inward, -outward):
        most = np.zeros(border.segments)
        np.maximum.at(most, segment[beside], depth[beside])
        on_map = most[most > 0.0]
        if len(on_map) == 0:
            raise BorderError("no segment has ground on both sides", where="border", expected="a line on the terrain")
        deepest.append(float(np.quantile(on_map, 1.0 - FITTING_SHARE)) - 2.0 * cell_size(terrain))
    width = min(DEFAULT_BELT_M, *deepest)
    if not width > 0.0:
        raise BorderError("it runs along the terrain's edge", where="border", expected="ground on both sides")
    return width


def window_of(border: BorderLine, terrain: xr.Dataset, belt_m: float) -> tuple[slice, slice]:
    """Rows and columns of the terrain that contain the belt and a margin; BorderError for a belt that is not above
    0."""
    number = isinstance(belt_m, (int, float, np.number)) and not isinstance(belt_m, bool)
    if not (number and 0.0 < belt_m < math.inf):
        raise BorderError(f"belt_m is {belt_m!r}", where="belt", expected="metres above 0")
    reach = belt_m + MARGIN_CELLS * cell_size(terrain)
    west, south, east, north = border.bounds
    eastings, northings = terrain["easting"].to_numpy(), -terrain["northing"].to_numpy()
    columns = slice(*(int(i) for i in np.searchsorted(eastings, (west - reach, east + reach))))
    rows = slice(*(int(i) for i in np.searchsorted(northings, (-north - reach, reach - south))))
    if columns.start >= columns.stop or rows.start >= rows.stop:
        raise _outside(border, terrain)
    return rows, columns


def _outside(border: BorderLine, terrain: xr.Dataset) -> BorderError:
    west, south, east, north = border.bounds
    edges = bounds(terrain)
    return BorderError(
        f"the line, {west:.0f} to {east:.0f} east and {south:.0f} to {north:.0f} north, is outside the terrain",
        where="border",
        expected=f"a line within {edges[0]:.0f} to {edges[2]:.0f} east and {edges[1]:.0f} to {edges[3]:.0f} north",
    )


def _too_short(border: BorderLine) -> BorderError:
    return BorderError(
        f"no cell centre is beside the line, which is {border.segment_spans_m[-1, 1]:.0f} m long",
        where="border",
        expected="a line longer than a cell, or a wider belt",
    )


def _touched(border: BorderLine, terrain: xr.Dataset) -> bool:
    """Whether any part of the line is on the terrain."""
    west, south, east, north = bounds(terrain)
    return bool(border.line.intersects(LineString([(west, south), (east, north)]).envelope))


def _at_rim(shape: tuple[int, ...], rows: slice, columns: slice, terrain: xr.Dataset) -> Bools:
    """Cells of the window at the edge of the terrain."""
    rim = np.zeros(shape, dtype=bool)
    height, width = len(terrain["northing"]), len(terrain["easting"])
    rim[0] |= rows.start == 0
    rim[-1] |= rows.stop == height
    rim[:, 0] |= columns.start == 0
    rim[:, -1] |= columns.stop == width
    return rim


def _within_moves(cells: Bools) -> Bools:
    """Cells from which the longest move may reach one of ``cells``."""
    if not cells.any():
        return cells
    size = 2 * LONGEST_MOVE_CELLS + 1
    return np.asarray(ndimage.maximum_filter(cells.astype(np.uint8), size=size, mode="constant")).astype(bool)


def _seam(inside: Bools, offset: Floats, cell_m: float) -> Bools:
    """Cells where the side changes and no line is near: between two lines whose own sides face each other.

    For a crosser who passes the line between two cells, the distances to the line before and after add up to at most
    the distance between the cells.
    """
    seam = np.zeros_like(inside)
    rows, columns = inside.shape
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        upper, lower = slice(0, rows - down), slice(down, rows)
        left = slice(max(0, -right), columns - max(0, right))
        shifted = slice(max(0, right), columns - max(0, -right))
        a, b = offset[upper, left], offset[lower, shifted]
        apart = math.hypot(down, right) * cell_m * (1.0 + 1e-9)
        jump = (a < 0.0) != (b < 0.0)
        jump &= (np.abs(a) + np.abs(b) > apart) & inside[upper, left] & inside[lower, shifted]
        seam[upper, left] |= jump
        seam[lower, shifted] |= jump
    return seam


def _edge(
    side: Bools, beyond: Bools, depth: Floats, rims: tuple[Bools, Bools], slack: float
) -> tuple[Bools, Bools, Bools]:
    """Cells of a side of the belt that touch the ground beyond it; its parts that are too narrow for that; and cells
    that a part of the line cannot decide.

    In a part that touches nothing beyond, the edge consists of the cells within ``slack`` of its deepest cell, unless
    that cell is at the rim of the terrain, which has then cut the belt, or the part continues beyond the BorderPart
    (``rims``: both).
    """
    at_rim, onward = rims
    edge = side & ndimage.binary_dilation(beyond, AROUND)
    parts, count = ndimage.label(side, AROUND)
    shallow = np.append(False, np.ones(count, bool))
    shallow[parts[edge]] = False
    if not shallow.any():
        return edge, np.zeros_like(side), np.zeros_like(side)
    goes_on = np.zeros_like(shallow)
    goes_on[parts[side & onward]] = True
    deepest = np.append(0.0, ndimage.maximum(depth, parts, np.arange(1, count + 1)))
    places = ndimage.maximum_position(depth, parts, np.arange(1, count + 1))
    cut = np.append(False, [at_rim[place] for place in places])
    narrow = (shallow & ~cut & ~goes_on)[parts]
    return edge | (narrow & (depth >= deepest[parts] - slack)), narrow, (shallow & goes_on)[parts]
