"""Maximal breach and maximal support paths: as far from every sensor, or as near to one, as possible."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from geo.arrays import Floats
from geo.border.belt import Belt
from geo.errors import BadInput
from geo.mobility.speed_surface import Mobility
from geo.paths.crossings import INWARD, OUTWARD
from geo.paths.search import Steps

BESIDE = ndimage.generate_binary_structure(2, 1)  # through a side, or diagonally with one open cell beside the step


@dataclass(frozen=True, slots=True, eq=False)
class Breach:
    """Path across a belt and its distance [m] to the sensors: the least for a breach, the largest for a support.

    ``places`` (place, 2) [m] are cell centres, of the fastest path with that distance; ``seconds`` is its time.
    """

    distance_m: float
    places: Floats
    seconds: float


def maximal_breach(
    belt: Belt, mobility: Mobility, sensors: npt.ArrayLike, *, direction: str = INWARD, neighbours: int = 16
) -> Breach:
    """Path from edge to edge whose least distance to any of ``sensors`` (sensor, 2) [m] is the largest.

    Meguerdichian, Koushanfar, Potkonjak and Srivastava (2001), Coverage problems in wireless ad-hoc sensor networks,
    doi:10.1109/INFCOM.2001.916633. Distance is measured at cell centres, regardless of line of sight; it is infinite
    without sensors. Raises BadInput where no crossing is possible, and for places that are not finite.
    """
    return _bottleneck(belt, mobility, sensors, direction, neighbours, 1.0)


def maximal_support(
    belt: Belt, mobility: Mobility, sensors: npt.ArrayLike, *, direction: str = INWARD, neighbours: int = 16
) -> Breach:
    """Path from edge to edge whose largest distance to its nearest sensor is the least; as ``maximal_breach``."""
    return _bottleneck(belt, mobility, sensors, direction, neighbours, -1.0)


def _bottleneck(
    belt: Belt, mobility: Mobility, sensors: npt.ArrayLike, direction: str, neighbours: int, sign: float
) -> Breach:
    if direction not in (INWARD, OUTWARD):
        raise BadInput(f"direction {direction!r}", where="breach", expected="'inward' or 'outward'")
    try:
        places = np.asarray(sensors, dtype=np.float64).reshape(-1, 2)
    except (TypeError, ValueError) as error:
        raise BadInput("a sensor without a position", where="breach", expected="eastings and northings") from error
    if not np.isfinite(places).all():
        raise BadInput("a sensor without a position", where="breach", expected="eastings and northings")
    start, goal = (belt.outer, belt.inner) if direction == INWARD else (belt.inner, belt.outer)
    ground = mobility.within(belt.rows, belt.columns, belt.inside)
    distance_m = _distances(belt, places)
    passable = ~ground.closed

    def crosses(limit: float) -> bool:
        parts, _ = ndimage.label(passable & (sign * distance_m >= limit), BESIDE)
        return bool(np.intersect1d(parts[start & (parts > 0)], parts[goal & (parts > 0)]).size)

    levels = np.unique(sign * distance_m[passable])
    if not len(levels) or not crosses(-math.inf):
        raise BadInput("no passable crossing", where="breach", expected="ground that leads from edge to edge")
    low, high = 0, len(levels)  # the lowest level is crossed; the one after the last is not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if crosses(levels[middle]) else (low, middle)
    allowed = np.where(passable & (sign * distance_m >= levels[low]), 1.0, np.nan)
    steps = Steps.over(ground, weight=allowed, neighbours=neighbours)
    reached = steps.spread(np.where(start, 0.0, np.inf))
    ends = np.where(goal, reached.cost, np.inf)
    row, column = np.unravel_index(int(np.argmin(ends)), ends.shape)
    rows, columns = reached.path(int(row), int(column))
    points = np.column_stack([belt.easting[columns], belt.northing[rows]])
    return Breach(float(sign * levels[low]), points, float(ends[row, column]))


def _distances(belt: Belt, places: Floats) -> Floats:
    """Distance [m] of every cell to the nearest sensor (row, column)."""
    if not len(places):
        return np.full(belt.inside.shape, math.inf)
    east, north = np.meshgrid(belt.easting, belt.northing)
    far, _ = cKDTree(places).query(np.column_stack([east.ravel(), north.ravel()]))
    return np.asarray(far, dtype=np.float64).reshape(east.shape)
