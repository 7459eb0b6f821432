"""Candidate sites for equipment: positions near the border that satisfy the rules on terrain, roads, power and links.

If relays are given, a site must have a line of sight to one of them. The highest allowed position of each square of
``spacing_m`` is a candidate, so candidates are spread over the belt and have a wide view.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Bools, Floats, Ints
from geo.border.belt import Belt, BorderLine, belt_of
from geo.frame import LocalFrame
from geo.terrain import north_up, slope
from geo.visibility import VISIBLE, viewshed
from sensors.errors import PlanError

if TYPE_CHECKING:
    import geopandas


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRules:
    """Requirements for a site; every number is an assumption that the planner can change.

    ``own_side``: only sites on the own side of the border (``offset_m`` of at least 0, so the ground between the edges
    of a zone counts as own), since equipment cannot be built on foreign ground; ``spacing_m`` between candidates;
    ``steepest`` slope [rise over run] for a mast; ``road_m`` and ``power_m``: maximum distance from a road and from
    power; for a link, ``antenna_m`` and ``relay_mast_m`` above ground and the maximum ``link_m``. If infinite, any
    distance is allowed and no data are needed.
    """

    own_side: bool = True
    spacing_m: float = 500.0
    steepest: float = 0.36
    road_m: float = math.inf
    power_m: float = math.inf
    antenna_m: float = 6.0
    relay_mast_m: float = 20.0
    link_m: float = 20_000.0

    def __post_init__(self) -> None:
        if not isinstance(self.own_side, bool):
            raise PlanError(f"{self.own_side!r}", where="site rule own_side", expected="true or false")
        for rule in fields(self):
            if rule.name == "own_side":
                continue
            value = getattr(self, rule.name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0.0
            if not number or (rule.name in ("spacing_m", "link_m", "antenna_m") and not 0.0 < value < math.inf):
                raise PlanError(f"{value!r}", where=f"site rule {rule.name}", expected="a number above 0")


@dataclass(frozen=True, slots=True)
class Around:
    """Infrastructure near the border: roads and power as GeoDataFrames in any known coordinate system, relays as
    positions (relay, 2) [m] in the terrain's frame; None if unknown."""

    roads: geopandas.GeoDataFrame | None = None
    power: geopandas.GeoDataFrame | None = None
    relays: npt.ArrayLike | None = None


def candidate_sites(
    terrain: xr.Dataset,
    border: BorderLine,
    *,
    belt_m: float,
    rules: SiteRules | None = None,
    around: Around | None = None,
) -> xr.Dataset:
    """Candidate sites (site,): ``easting``, ``northing``, ``elevation``, ``offset_m`` [m], ``slope`` [1], ``road_m``,
    ``power_m`` (NaN: unknown) and ``relay`` (number of the first relay with a line of sight; −1: not required).

    attrs state how many cells of the belt each rule excludes (``refused_slope``, ...; a cell may violate several).
    Raises PlanError if a rule needs data that are missing (roads, power), or if no cell of the belt remains; the
    message names the rules that exclude all cells.
    """
    chosen, place, terrain = rules or SiteRules(), around or Around(), north_up(terrain)
    belt = belt_of(border, terrain, belt_m=belt_m)
    ground = belt.of(terrain["elevation"])
    steep = belt.of(slope(terrain))
    known = belt.inside & np.isfinite(ground) & np.isfinite(steep)
    road = _distance_m(belt, known, place.roads, border.frame, chosen.road_m, "roads")
    power = _distance_m(belt, known, place.power, border.frame, chosen.power_m, "power")
    relay = _relay_in_sight(terrain, (belt.rows, belt.columns), place.relays, chosen)
    allowed = {
        "side": (belt.offset >= 0.0) | (not chosen.own_side),
        "slope": steep <= chosen.steepest,
        "road": (road <= chosen.road_m) | math.isinf(chosen.road_m),
        "power": (power <= chosen.power_m) | math.isinf(chosen.power_m),
        "link": (relay >= 0) | (place.relays is None),
    }
    usable = known & np.logical_and.reduce(list(allowed.values()))
    refused = {f"refused_{name}": int((known & ~keeps).sum()) for name, keeps in allowed.items()}
    if not usable.any():
        _refuse(int(known.sum()), allowed, known)
    rows, columns = _highest_of_squares(usable, ground, chosen.spacing_m / belt.cell_m)
    data: dict[str, tuple[npt.NDArray[Any], str]] = {
        "easting": (belt.easting[columns], "m"),
        "northing": (belt.northing[rows], "m"),
        "elevation": (ground[rows, columns], "m"),
        "offset_m": (belt.offset[rows, columns], "m"),
        "slope": (steep[rows, columns], "1"),
        "road_m": (road[rows, columns], "m"),
        "power_m": (power[rows, columns], "m"),
        "relay": (relay[rows, columns], ""),
    }
    names = [f"site-{n:04d}" for n in range(1, len(rows) + 1)]
    attrs = {**refused, "cells": int(known.sum()), "spacing_m": chosen.spacing_m, "belt_m": float(belt_m)}
    variables = {name: ("site", values, {"units": units}) for name, (values, units) in data.items()}
    return xr.Dataset(variables, {"site": names}, attrs)


def _refuse(cells: int, allowed: dict[str, Bools], known: Bools) -> None:
    words = {
        "side": "on the far side of the border",
        "slope": "too steep",
        "road": "too far from a road",
        "power": "too far from power",
        "link": "without a line of sight to any relay",
    }
    alone = [words[name] for name, keeps in allowed.items() if not (known & keeps).any()]
    counts = ", ".join(f"{int((known & ~keeps).sum())} {words[name]}" for name, keeps in allowed.items())
    why = f"all are {alone[0]}" if alone else "the rules together exclude all"
    raise PlanError(
        f"no cell of the belt is allowed as a site: {why} (of {cells} cells {counts})",
        where="candidate sites",
        expected="rules that some ground meets" if alone != [words["link"]] else "a relay in line of sight of the belt",
    )


def _distance_m(
    belt: Belt, known: Bools, features: geopandas.GeoDataFrame | None, frame: LocalFrame, farthest_m: float, name: str
) -> Floats:
    """Metres from the centre of each known cell of the belt to the nearest line, area or point, which may lie outside
    the belt; NaN elsewhere, and where there are no features."""
    import shapely

    distance = np.full(known.shape, np.nan)
    if features is None or len(features) == 0:
        if math.isfinite(farthest_m):
            raise PlanError(
                f"no {name} known", where="candidate sites", expected=f"{name}, or no maximum distance from them"
            )
        return distance
    placed = features.to_crs(frame.crs)
    shapes = [geometry for geometry in placed.geometry if geometry is not None and not geometry.is_empty]
    distance[known] = np.inf
    if shapes:
        rows, columns = np.nonzero(known)
        centres = shapely.points(belt.easting[columns], belt.northing[rows])
        cells, metres = shapely.STRtree(shapes).query_nearest(centres, return_distance=True, all_matches=False)
        distance[rows[cells[0]], columns[cells[0]]] = metres
    return distance


def _relay_in_sight(
    terrain: xr.Dataset, window: tuple[slice, slice], relays: npt.ArrayLike | None, rules: SiteRules
) -> Ints:
    """Number of the first relay that an antenna in each cell of the window sees; −1: none."""
    rows, columns = window
    relay = np.full((rows.stop - rows.start, columns.stop - columns.start), -1, np.int64)
    if relays is None:
        return relay
    places = np.atleast_2d(np.asarray(relays, np.float64))
    if places.size == 0 or places.shape[-1] != 2:
        raise PlanError(
            "no relay is given", where="candidate sites", expected="positions of relays, or no link required"
        )
    east, north = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    whole = np.full((len(north), len(east)), -1, np.int64)
    for number, (easting, northing) in enumerate(places):
        visible = viewshed(
            terrain,
            float(easting),
            float(northing),
            observer_height_m=rules.relay_mast_m,
            target_height_m=rules.antenna_m,
            max_range_m=rules.link_m,
        )
        top = int(np.argmin(np.abs(north - visible["northing"].to_numpy()[0])))
        left = int(np.argmin(np.abs(east - visible["easting"].to_numpy()[0])))
        part = whole[top : top + visible.shape[0], left : left + visible.shape[1]]
        part[(visible.to_numpy() == VISIBLE) & (part < 0)] = number
    return whole[rows, columns]


def _highest_of_squares(usable: Bools, ground: Floats, side: float) -> tuple[Ints, ...]:
    """Rows and columns of the highest usable cell of each square; ties go to the first."""
    rows, columns = np.nonzero(usable)
    squares_across = int(usable.shape[1] // side) + 1
    square = (rows // side).astype(np.int64) * squares_across + (columns // side).astype(np.int64)
    order = np.lexsort((np.arange(len(rows)), -ground[rows, columns], square))
    _, first = np.unique(square[order], return_index=True)
    best = np.sort(order[first])
    return rows[best], columns[best]


def heading_to_line(border: BorderLine, easting: float, northing: float) -> float:
    """Azimuth [rad] clockwise from grid north from a position to the nearest point of the border's line."""
    import shapely

    here = shapely.Point(easting, northing)
    nearest = border.line.interpolate(border.line.project(here))
    if nearest.distance(here) < 1e-6:
        ahead = border.line.interpolate(border.line.project(here) + 1.0)
        return math.atan2(ahead.x - easting, ahead.y - northing) + math.pi / 2.0
    return math.atan2(nearest.x - easting, nearest.y - northing)
