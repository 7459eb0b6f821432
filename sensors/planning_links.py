"""Whether a sensor's reports reach a base by radio: lines of sight from mast to mast, as many hops as it takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geo.errors import BadInput
from geo.line_of_sight import line_of_sight
from geo.visibility import VISIBLE
from sensors.layout import Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """Assumptions of the radio network [m]: the farthest link, the lowest antenna of a sensor, and that of a base."""

    longest_m: float = 15_000.0
    least_antenna_m: float = 1.5
    base_antenna_m: float = 10.0

    def __post_init__(self) -> None:
        for name in ("longest_m", "least_antenna_m", "base_antenna_m"):
            if not 0.0 < getattr(self, name) < float("inf"):
                raise BadInput(f"{getattr(self, name)!r}", where=f"link setting {name}", expected="metres above 0")


def unlinked(
    layout: Layout, terrain: xr.Dataset, bases: npt.ArrayLike, settings: LinkSettings | None = None
) -> frozenset[str]:
    """Ids of the sensors from which no chain of lines of sight leads to a base (base, 2) [m].

    Masts of other sensors relay. A line that crosses a void counts as none. Radio waves are bent as by a standard
    atmosphere; trees and Fresnel zones are not counted, so this flatters. Raises BadInput for no base.
    """
    chosen = settings or LinkSettings()
    places = np.asarray(bases, np.float64).reshape(-1, 2)
    if not len(places):
        raise BadInput("no base", where="links", expected="at least one place that reports go to")
    if not len(layout):
        return frozenset()
    points = np.concatenate([[(sensor.easting, sensor.northing) for sensor in layout], places])
    heights = np.concatenate(
        [
            [max(sensor.mast_height_m, chosen.least_antenna_m) for sensor in layout],
            np.full(len(places), chosen.base_antenna_m),
        ]
    )
    first, second = np.triu_indices(len(points), 1)
    near = np.hypot(*(points[first] - points[second]).T) <= chosen.longest_m
    first, second = first[near], second[near]
    states = line_of_sight(
        terrain,
        (points[first, 0], points[first, 1]),
        (points[second, 0], points[second, 1]),
        observer_height_m=heights[first],
        target_height_m=heights[second],
    )
    clear = np.atleast_1d(states == VISIBLE)
    graph = csr_array((np.ones(int(clear.sum())), (first[clear], second[clear])), shape=(len(points), len(points)))
    _, group = connected_components(graph, directed=False)
    reached = set(group[len(layout) :].tolist())
    return frozenset(sensor.id for sensor, own in zip(layout, group, strict=False) if int(own) not in reached)
