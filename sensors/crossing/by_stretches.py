"""Detection along a border too long for memory: computed by sub-sections, stored, resumable."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import xarray as xr

from geo.arrays import Bools
from geo.border import Border, Zone
from geo.border.stretch_store import StretchStore
from geo.border.stretches import MARGINS_BELTS, Stretch, by_stretches, joined, stretches, whole_border_attrs
from geo.errors import BadInput, BorderError
from geo.mobility.roads_and_rivers import Ways
from geo.mobility.settings import MobilitySettings
from geo.paths.crossings import INWARD
from geo.terrain import bounds, cell_size, north_up
from sensors.crossing.segments import least_ways_of_the_whole, over_segments, unknown_segments
from sensors.crossing.watched_belt import watched_by
from sensors.layout import Layout

MARGIN_CELLS = 4.0
SAME_HAZARD = 1e-6
"""Expected detections by which a path of the whole border may be below that of a sub-section and still count as
equal."""


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """Settings common to all sub-sections: keywords of movement, of the path search, and of coverage (``sight``)."""

    layout: Layout
    terrain: xr.Dataset
    border: Border | Zone
    belt_m: float
    moving: Mapping[str, Any]
    search: Mapping[str, Any]
    sight: Mapping[str, Any]


def detection_by_stretches(
    layout: Layout,
    terrain: xr.Dataset,
    border: Border | Zone,
    *,
    belt_m: float,
    length_m: float = 25_000.0,
    folder: str | Path | None = None,
    direction: str = INWARD,
    neighbours: int = 16,
    ways: Ways | None = None,
    settings: MobilitySettings | None = None,
    progress: Callable[[int, int], None] | None = None,
    **sight: Any,
) -> xr.Dataset:
    """Compute ``segment_detection`` of a long border, coverage included, one sub-section after the other.

    Parameters
    ----------
    layout : Layout
        The sensors.
    terrain : xarray.Dataset, dims (northing, easting)
        Terrain of ``geo.terrain.open_terrain``; it may be lazy, as a sub-section reads its own window and the terrain
        of the sensors that reach it.
    border : Border or Zone
        The border.
    belt_m : float, m
        Width of the belt on either side.
    length_m : float, m
        Length of a sub-section, about.
    folder : str or pathlib.Path, optional
        Where every finished sub-section is stored; an interrupted run continues with what is missing.
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.
    ways : Ways, optional
        Roads, paths, rivers, bridges and fords.
    settings : MobilitySettings, optional
        Speeds by land cover and slope.
    progress : callable, optional
        Called as ``progress(done, total)`` after each sub-section.
    **sight
        Keywords of ``sensors.coverage.coverage``.

    Returns
    -------
    xarray.Dataset, dims (segment,)
        The variables of ``segment_detection``, and ``of_the_whole``: whether a segment's values are those of the whole
        border, to SAME_HAZARD. Elsewhere they are those of the paths within the margin of the sub-section.

    Raises
    ------
    BorderError
        Where no sub-section has its belt on the terrain; if only some have not, these are unknown.
    BadInput
        Where the folder holds another case, and as ``segment_detection`` and ``coverage``.

    Notes
    -----
    A search whose paths may also begin or end where the belt continues bounds the values of the whole border from
    below. The margin of a sub-section is widened until its own search finds no less, as far as ``Stretch.widening``
    allows (decision 0017).
    """
    terrain = north_up(terrain)
    _refuse_unless_width(belt_m)
    todo = stretches(border, belt_m=belt_m, length_m=length_m, margin_m=MARGINS_BELTS[0] * belt_m)
    store = None
    if folder is not None:
        track = border.inner if isinstance(border, Zone) else border
        line = [shapely.get_coordinates(part) for part in shapely.get_parts(border.line)]
        crosser = (settings, _tables(ways), direction, neighbours)
        store = StretchStore.at(
            folder,
            layout=layout.sensors,
            terrain=terrain,
            border=(line, track.segment_length_m, track.home_side),
            stretches=(belt_m, length_m),
            crosser=crosser,
            sight=sorted(sight.items()),
        )

    case = _Case(
        layout=layout,
        terrain=terrain,
        border=border,
        belt_m=belt_m,
        moving={"ways": ways, "settings": settings},
        search={"direction": direction, "neighbours": neighbours},
        sight=sight,
    )
    refused: list[BorderError] = []

    def work(stretch: Stretch) -> xr.Dataset:
        try:
            _refuse_beyond(stretch, terrain)
            part = _detection(case, stretch)
        except BorderError as error:  # its belt is not on the terrain
            refused.append(error)
            if len(refused) == len(todo):
                raise
            unproved = np.zeros(len(stretch.numbers), bool)
            part = _own_part(unknown_segments(stretch.border), unproved, stretch)
        return part

    keep = None if store is None else store.keep
    answers = dict(by_stretches(todo, work, done=store, keep=keep, progress=progress))
    attrs = next((part.attrs for part in answers.values() if part.attrs), {})
    return joined(answers).assign_attrs(attrs)


def _detection(case: _Case, stretch: Stretch) -> xr.Dataset:
    """Detection in a sub-section's own segments, with the overlap that proves it, as far as overlaps extend."""
    for wider in stretch.widening(case.terrain, belt_m=case.belt_m):
        detection, proved = _within_margin(case, wider)
        if proved:
            break
    return detection


def _within_margin(case: _Case, stretch: Stretch) -> tuple[xr.Dataset, bool]:
    """The same with its present overlap, and whether it is proved that no path of the whole border is detected less."""
    terrain, layout = _surroundings(stretch, case.terrain, case.layout, case.belt_m)
    belt = watched_by(layout, terrain, stretch.border, belt_m=case.belt_m, **case.moving, **case.sight)
    ways, own_proved = least_ways_of_the_whole(belt, stretch.own_segments, slack=SAME_HAZARD, **case.search)
    proved = np.zeros(len(stretch.numbers), bool)
    proved[stretch.own_segments] = own_proved
    return _own_part(over_segments(belt, ways), proved, stretch), bool(own_proved.all())


def _own_part(detection: xr.Dataset, proved: Bools, stretch: Stretch) -> xr.Dataset:
    flag = ("segment", proved, whole_border_attrs("detected less"))
    return stretch.own_part(detection.assign(of_the_whole=flag))


def _refuse_unless_width(belt_m: Any) -> None:
    number = isinstance(belt_m, (int, float, np.number)) and not isinstance(belt_m, bool)
    if not (number and 0.0 < belt_m < math.inf):
        raise BadInput(f"belt_m is {belt_m!r}", where="belt", expected="metres above 0")


def _refuse_beyond(stretch: Stretch, terrain: xr.Dataset) -> None:
    if not shapely.box(*bounds(terrain)).intersects(stretch.border.line):
        raise BorderError("the line lies outside the terrain", where="border", expected="a line on the terrain")


def _surroundings(stretch: Stretch, terrain: xr.Dataset, layout: Layout, belt_m: float) -> tuple[xr.Dataset, Layout]:
    """The terrain of a sub-section's belt and of the sensors that reach it, in memory; and these sensors."""
    west, south, east, north = stretch.border.bounds
    reach = belt_m + MARGIN_CELLS * cell_size(terrain)
    box = np.array([west - reach, south - reach, east + reach, north + reach])
    inside = []
    for sensor in layout:
        aside = np.maximum(np.maximum(box[0] - sensor.easting, sensor.easting - box[2]), 0.0)
        above = np.maximum(np.maximum(box[1] - sensor.northing, sensor.northing - box[3]), 0.0)
        if np.hypot(aside, above) <= layout.placement(sensor.id).farthest:
            inside.append(sensor)
    places = np.array([(sensor.easting, sensor.northing) for sensor in inside]).reshape(-1, 2)
    margin = MARGIN_CELLS * cell_size(terrain)
    low = np.minimum(box[:2], places.min(axis=0, initial=np.inf) - margin)
    high = np.maximum(box[2:], places.max(axis=0, initial=-np.inf) + margin)
    window = terrain.sel(easting=slice(low[0], high[0]), northing=slice(high[1], low[1])).compute()
    return window, Layout(layout.name, layout.frame, tuple(inside))


def _tables(ways: Ways | None) -> Any:
    if ways is None:
        return None
    tables = (ways.roads, ways.rivers, ways.fords)
    return [None if table is None else (table.to_wkb().to_csv(), str(table.crs)) for table in tables]
