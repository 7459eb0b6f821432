"""Measures of the challenge by segment and side of the belt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr

from geo.arrays import Bools, Floats, Ints
from geo.border.belt import Belt
from geo.challenge.settings import ChallengeSettings
from geo.mobility.speed_surface import Mobility
from geo.paths.crossings import Crossings, crossings, crossings_of_the_whole
from geo.terrain.derived import slope
from geo.terrain.openness import negative_openness, positive_openness
from geo.terrain.ruggedness import terrain_ruggedness_index, vector_ruggedness
from geo.visibility.many_sites.footprints import Footprints, footprints
from geo.visibility.many_sites.greedy_cover import covering_sites

BELTS: Final = ("home", "away", "both")
CANOPY_FROM_M: Final = 2.0
LEVEL_CELLS: Final = 1e-6  # heights and distances this close count as equal, so that rounding has no effect
UNITS: Final[Mapping[str, tuple[str, str]]] = {
    "crossing_time": ("s", "least time from the outer to the inner edge through the segment"),
    "response_time": ("s", "median response time from the nearest base"),
    "ruggedness": ("m", "mean terrain ruggedness index of Riley, DeGloria and Elliot"),
    "vector_ruggedness": ("1", "mean vector ruggedness of Sappington, Longshore and Thompson"),
    "slope": ("1", "mean steepest gradient, rise over run"),
    "positive_openness": ("rad", "mean zenith angle of the horizon, Yokoyama, Shirasawa and Pike"),
    "negative_openness": ("rad", "mean nadir angle, Yokoyama, Shirasawa and Pike"),
    "canopy_fraction": ("1", "fraction of the cells under trees"),
    "cut": ("1", "1 where the terrain ends inside the segment's belt, else 0"),
    "known_fraction": ("1", "share of the belt's cells whose ground is known"),
    "cells": ("1", "cells of the segment's belt"),
}


@dataclass(frozen=True, slots=True, eq=False)
class ChallengeTerrain:
    """Input of the measures: the belt, the terrain around it, the crosser's mobility, and the response, if any [s].

    ``moves`` returns the mobility of the same crosser over other heights.
    """

    belt: Belt
    terrain: xr.Dataset
    mobility: Mobility
    response: xr.DataArray | None
    settings: ChallengeSettings
    moves: Callable[[xr.Dataset], Mobility]


def measures_of(ground: ChallengeTerrain, crossing_time_s: Floats | None = None) -> dict[str, Floats]:
    """All measures: (segment,) for the crossing time, (segment, belt) for the others; NaN where unknown.

    Means are over the cells of the segment's belt where the measure is known; ``known_fraction`` is the share of cells
    with known ground. ``crossing_time_s`` (segment,) replaces the search for crossing times.
    """
    belt, terrain = ground.belt, ground.terrain
    sides = Sides.of(belt)
    measures = {name: sides.mean(belt.of(raster())) for name, raster in shapes_of(ground).items()}
    if "canopy_height" in terrain:
        canopy = belt.of(terrain["canopy_height"])
        measures["canopy_fraction"] = sides.mean(np.where(np.isnan(canopy), np.nan, canopy >= CANOPY_FROM_M))
    touched = np.bincount(belt.segment[belt.inside & belt.at_rim], minlength=belt.border.segments)
    measures["cut"] = np.where(np.bincount(belt.segment[belt.inside], minlength=len(touched)) > 0, touched > 0, np.nan)
    measures["known_fraction"] = np.nan_to_num(
        sides.mean(np.isfinite(belt.of(terrain["elevation"])).astype(np.float64))
    )
    measures["cells"] = sides.cells_each
    measures["crossing_time"] = fastest_crossings(ground).cost if crossing_time_s is None else crossing_time_s
    measures |= {name: sides.mean(hidden) for name, hidden in dead_cells(ground).items()}
    if ground.response is not None:
        response = belt.of(ground.response)
        unknown = np.isnan(response) & np.isfinite(belt.of(terrain["elevation"]))  # known ground behind a void
        latest, soonest = (sides.median(np.where(unknown, seconds, response)) for seconds in (np.inf, 0.0))
        measures["response_time"] = np.where(np.isinf(latest) & np.isfinite(soonest), np.nan, latest)
    return measures


def shapes_of(ground: ChallengeTerrain) -> dict[str, Callable[[], Any]]:
    """Functions that compute the raster of each measure of the ground's shape, on the cells of its terrain."""
    elevation, cell_m, chosen = ground.terrain["elevation"], ground.belt.cell_m, ground.settings
    return {
        "ruggedness": lambda: terrain_ruggedness_index(elevation),
        "vector_ruggedness": lambda: vector_ruggedness(elevation, cell_m, window=chosen.window),
        "slope": lambda: slope(ground.terrain),
        "positive_openness": lambda: positive_openness(elevation, cell_m, radius_m=chosen.openness_radius_m),
        "negative_openness": lambda: negative_openness(elevation, cell_m, radius_m=chosen.openness_radius_m),
    }


def fastest_crossings(ground: ChallengeTerrain) -> Crossings:
    """Fastest crossing of every segment."""
    chosen = ground.settings
    return crossings(ground.belt, ground.mobility, direction=chosen.direction, neighbours=chosen.neighbours)


def fastest_crossings_of_the_whole(
    ground: ChallengeTerrain, own_segments: Ints, *, slack_s: float
) -> tuple[Crossings, Bools]:
    """``fastest_crossings`` of a part of a border, and whether the whole has none faster through its own segments."""
    chosen = ground.settings
    case = {"direction": chosen.direction, "neighbours": chosen.neighbours}
    return crossings_of_the_whole(ground.belt, ground.mobility, own_segments, least_per_s=1.0, slack=slack_s, **case)


def dead_name(target_m: float) -> str:
    """Name of the dead-ground measure for a target height."""
    return f"dead_ground_{target_m:g}m"


def dead_cells(ground: ChallengeTerrain) -> dict[str, Floats]:
    """Dead ground of the belt (row, column) by target height: 1 not visible, 0 visible, NaN outside the belt and where
    unknown.

    Candidates are the highest point of every segment's own side. For each segment, those of segments within ``sight_m``
    of it are tried, and a greedy algorithm takes the best ``sites`` for its belt: at least 1 − 1/e of what the best of
    them could see. The figure therefore describes the ground, not a layout, and does not depend on how other segments
    are covered. Cells of unknown ground do not count; cells whose visibility is unknown count as hidden. Keys are names
    of measures.
    """
    belt, chosen = ground.belt, ground.settings
    places, owners = candidates(belt, ground.terrain)
    known = belt.inside & np.isfinite(belt.of(ground.terrain["elevation"]))
    answers = {}
    for height in chosen.target_heights_m:
        sets = footprints(
            ground.terrain,
            places,
            cells=_on_terrain(known, belt, ground.terrain),
            observer_height_m=chosen.mast_m,
            target_height_m=height,
            max_range_m=chosen.sight_m,
            curvature_k=chosen.curvature_k,
        )
        answers[dead_name(height)] = _hidden(sets, owners, known, belt, chosen)
    return answers


def candidates(belt: Belt, terrain: xr.Dataset) -> tuple[Floats, Ints]:
    """Highest point on each segment's own side (site, 2) [m], and its segment (site,).

    Of equal heights the one nearest to the middle of the belt and of the segment counts, so that rotating or shifting
    the map does not change the choice. Segments without known ground on the own side have none.
    """
    height = belt.of(terrain["elevation"])
    rows, columns = np.nonzero(belt.inside & (belt.offset >= 0.0) & np.isfinite(height))
    owner = belt.segment[rows, columns].astype(np.int64)
    east, north = belt.easting[columns], belt.northing[rows]
    middle = np.array(belt.border.point_at(belt.border.segment_spans_m.mean(axis=1)))
    grain = LEVEL_CELLS * belt.cell_m
    across = np.rint(np.abs(belt.offset[rows, columns] - belt.belt_m / 2.0) / grain)
    along = np.rint(np.hypot(east - middle[0][owner], north - middle[1][owner]) / grain)
    order = np.lexsort((along, across, -np.rint(height[rows, columns] / grain), owner))
    owners, first = np.unique(owner[order], return_index=True)
    best = order[first]
    return np.column_stack([east[best], north[best]]), owners


def _hidden(
    sets: Footprints,
    owners: Ints,
    known: Bools,
    belt: Belt,
    settings: ChallengeSettings,
) -> Floats:
    """Cells that remain hidden (row, column) with the best sites for each segment alone."""
    segments = belt.border.segments
    owner = belt.segment[known].astype(np.int64)
    order = np.argsort(owner, kind="stable")
    bounds = np.searchsorted(owner[order], np.arange(segments + 1))
    lines = np.array([belt.border.segment_geometry(segment) for segment in range(segments)], dtype=object)
    site_of, segment_of = shapely.STRtree(lines).query(lines[owners], predicate="dwithin", distance=settings.sight_m)
    sight: list[list[Bools]] = [[] for _ in range(segments)]
    place = np.empty(len(order), np.int64)  # position of each cell in the order by segment
    place[order] = np.arange(len(order))
    for site in range(len(owners)):
        in_sight = np.sort(place[sets.cells_of(site)])
        for segment in segment_of[site_of == site]:
            bits = np.zeros(bounds[segment + 1] - bounds[segment], bool)
            bits[in_sight[slice(*np.searchsorted(in_sight, bounds[segment : segment + 2]))] - bounds[segment]] = True
            sight[segment].append(bits)
    hidden, flat = np.full(known.shape, np.nan), np.full(len(order), np.nan)
    for segment in np.flatnonzero(np.diff(bounds) > 0):
        span = order[bounds[segment] : bounds[segment + 1]]
        flat[span] = ~covering_sites(np.array(sight[segment]), settings.sites).seen if sight[segment] else 1.0
    hidden[known] = flat
    return hidden


def _on_terrain(mask: Bools, belt: Belt, terrain: xr.Dataset) -> Bools:
    whole = np.zeros((terrain.sizes["northing"], terrain.sizes["easting"]), bool)
    whole[belt.rows, belt.columns] = mask
    return whole


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Segment and side of the belt of each cell, for averages over them."""

    cells: Ints
    group: Ints
    segments: int

    @classmethod
    def of(cls, belt: Belt) -> Sides:
        cells = np.flatnonzero(belt.inside)
        group = 2 * belt.segment.ravel()[cells].astype(np.int64) + (belt.offset.ravel()[cells] < 0.0)
        return cls(cells, group, belt.border.segments)

    @property
    def cells_each(self) -> Floats:
        """Number of cells (segment, belt)."""
        count = np.bincount(self.group, minlength=2 * self.segments).reshape(-1, 2).astype(np.float64)
        return np.column_stack([count, count.sum(axis=1)])

    def mean(self, raster: npt.ArrayLike) -> Floats:
        """Mean of the known cells (segment, belt); NaN without any."""
        values = np.asarray(raster, dtype=np.float64).ravel()[self.cells]
        known = ~np.isnan(values)
        group, size = self.group[known], 2 * self.segments
        total = np.bincount(group, weights=values[known], minlength=size).reshape(-1, 2)
        count = np.bincount(group, minlength=size).reshape(-1, 2).astype(np.float64)
        total, count = (np.column_stack([part, part.sum(axis=1)]) for part in (total, count))
        with np.errstate(invalid="ignore"):
            return np.asarray(total / np.where(count > 0.0, count, np.nan))

    def median(self, raster: npt.ArrayLike) -> Floats:
        """Median of the known cells (segment, belt), infinite ones among them; NaN without any."""
        values = np.asarray(raster, dtype=np.float64).ravel()[self.cells]
        known = ~np.isnan(values)
        values, group = values[known], self.group[known]
        sides = [_medians(values, group, 2 * self.segments).reshape(-1, 2), _medians(values, group // 2, self.segments)]
        return np.column_stack([sides[0], sides[1]])


def _medians(values: Floats, group: Ints, groups: int) -> Floats:
    order = np.lexsort((values, group))
    starts = np.searchsorted(group[order], np.arange(groups + 1))
    count = np.diff(starts)
    medians = np.full(groups, np.nan)
    some = count > 0
    low = values[order][(starts[:-1] + (count - 1) // 2)[some]]
    high = values[order][(starts[:-1] + count // 2)[some]]
    with np.errstate(invalid="ignore"):  # both infinite
        medians[some] = np.where(np.isinf(high), high, low + (high - low) / 2.0)
    return medians
