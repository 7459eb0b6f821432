"""Lines and areas in degrees across the 180th meridian: their longitudes run on beyond 180° instead of jumping."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.arrays import Floats

TURN_DEG = 360.0
_Shape = TypeVar("_Shape", bound=BaseGeometry)


def run_on(lon: npt.ArrayLike) -> Floats:
    """Longitudes (vertex,) along a line [degrees], each less than half a turn from the one before.

    An edge of more than half a turn is the short way round. They differ from ``lon`` by whole turns, so that a closed
    ring stays closed to the bit. NaN stays NaN, as does what follows.
    """
    degrees = np.asarray(lon, np.float64)
    return degrees - TURN_DEG * np.cumsum(np.round(np.diff(degrees, prepend=degrees[:1]) / TURN_DEG))


def on_globe(lon: npt.ArrayLike) -> Floats:
    """Longitudes [degrees] as those within ±180°, which stay as they are to the bit."""
    degrees = np.asarray(lon, np.float64)
    return np.where(np.abs(degrees) <= TURN_DEG / 2.0, degrees, (degrees + TURN_DEG / 2.0) % TURN_DEG - TURN_DEG / 2.0)


def area_within(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """The area within bounds in degrees, as often as shapes meet it whose longitudes run on across the meridian.

    It crosses the 180th meridian where ``west`` is greater than ``east`` (RFC 7946, 5.2).
    """
    east = east + TURN_DEG if west > east else east
    turns = (-TURN_DEG, 0.0, TURN_DEG)
    return shapely.union_all([shapely.box(west + turn, south, east + turn, north) for turn in turns])


def unrolled(shape: _Shape) -> _Shape:
    """The same shape in longitude and latitude, whose longitudes run on across the 180th meridian.

    Holes and further parts are on the side of the first. A ring around a pole, which no longitudes close, stays as it
    is, and so does a shape that does not cross the meridian, to the bit.
    """
    lon = shapely.get_coordinates(shape)[:, 0]
    if not len(lon) or np.ptp(lon) <= TURN_DEG / 2.0:
        return shape
    begins: list[float] = []

    def along(line: shapely.LineString) -> shapely.LineString:
        def moved(places: Floats) -> Floats:
            east = run_on(places[:, 0])
            if line.geom_type == "LinearRing" and abs(east[-1] - east[0]) > TURN_DEG / 2.0:
                return places
            begins.append(float(east.mean()))
            east = east + TURN_DEG * np.round((begins[0] - east.mean()) / TURN_DEG)
            return np.column_stack([east, places[:, 1]])

        return shapely.transform(line, moved)

    def whole(one: BaseGeometry) -> BaseGeometry:
        if isinstance(one, shapely.Polygon):
            return shapely.Polygon(along(one.exterior), [along(hole) for hole in one.interiors])
        if isinstance(one, shapely.LineString):
            return along(one)
        parts, of_kind = shapely.get_parts(one), cast("Any", type(one))
        return one if parts[:1].tolist() == [one] else of_kind([whole(part) for part in parts])

    return whole(shape)  # type: ignore[return-value]
