"""Detection along a border too long for the memory: stretch by stretch, kept as it goes, resumable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import xarray as xr

from geo.border import Border
from geo.errors import BorderError
from geo.kept_stretches import KeptStretches
from geo.mobility_settings import MobilitySettings
from geo.mobility_ways import Ways
from geo.paths_crossing import INWARD
from geo.stretches import Stretch, by_stretches, joined, stretches
from geo.terrain import bounds, cell_size
from sensors.coverage import coverage
from sensors.layout import Layout
from sensors.segment_detection import least_ways, over_segments, unknown_segments
from sensors.watched import watched

MARGIN_CELLS = 4.0


def detection_by_stretches(
    layout: Layout,
    terrain: xr.Dataset,
    border: Border,
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
    """``sensors.gaps.segment_detection`` of a long border, coverage included, stretch by stretch of about ``length_m``.

    ``terrain`` may be lazy: a stretch reads its own window and the ground of the sensors that reach it. ``sight`` are
    the keywords of ``sensors.coverage.coverage``. With a ``folder`` every part is kept there when it is finished, and a
    run that was broken off goes on with what is missing; ``progress(done, total)`` after each stretch. Values are those
    of the whole border, or higher where the least-detected way would leave a stretch's margin of two belts; a stretch
    whose belt does not lie on the terrain is unknown. Raises BorderError where none does, BadInput where the folder
    holds another case, and as ``segment_detection`` and ``coverage``.
    """
    todo = stretches(border, belt_m=belt_m, length_m=length_m)
    kept = None
    if folder is not None:
        line = [shapely.get_coordinates(part) for part in shapely.get_parts(border.line)]
        moving = (settings, _told(ways), direction, neighbours)
        kept = KeptStretches.at(
            folder,
            layout=layout.sensors,
            terrain=terrain,
            border=(line, border.segment_length_m, border.home_side),
            stretches=(belt_m, length_m),
            crosser=moving,
            sight=sorted(sight.items()),
        )

    refused: list[BorderError] = []

    def work(stretch: Stretch) -> xr.Dataset:
        try:
            _refuse_beyond(stretch, terrain)
            near, inside = _surroundings(stretch, terrain, layout, belt_m)
            seen = coverage(inside, near, None, **sight)
            belt = watched(seen, near, stretch.border, belt_m=belt_m, ways=ways, settings=settings)
            found = over_segments(belt, least_ways(belt, direction=direction, neighbours=neighbours))
        except BorderError as error:  # its belt does not lie on the terrain
            refused.append(error)
            if len(refused) == len(todo):
                raise
            found = unknown_segments(stretch.border)
        part = stretch.own_part(found, border)
        if kept is not None:
            kept.keep(stretch.number, part)
        return part

    answers = dict(by_stretches(todo, work, done=kept, progress=progress))
    whole = joined(answers)
    told = next((part.attrs for part in answers.values() if part.attrs), {})
    return whole.assign_attrs(told)


def _refuse_beyond(stretch: Stretch, terrain: xr.Dataset) -> None:
    if not shapely.box(*bounds(terrain)).intersects(stretch.border.line):
        raise BorderError("the line lies outside the terrain", where="border", expected="a line on the terrain")


def _surroundings(stretch: Stretch, terrain: xr.Dataset, layout: Layout, belt_m: float) -> tuple[xr.Dataset, Layout]:
    """The terrain that holds a stretch's belt and the sensors that reach it, in memory; and these sensors."""
    west, south, east, north = stretch.border.line.bounds
    reach = belt_m + MARGIN_CELLS * cell_size(terrain)
    box = np.array([west - reach, south - reach, east + reach, north + reach])
    inside = []
    for sensor in layout:
        aside = np.maximum(np.maximum(box[0] - sensor.easting, sensor.easting - box[2]), 0.0)
        above = np.maximum(np.maximum(box[1] - sensor.northing, sensor.northing - box[3]), 0.0)
        if np.hypot(aside, above) <= sensor.max_range_m:
            inside.append(sensor)
    places = np.array([(sensor.easting, sensor.northing) for sensor in inside]).reshape(-1, 2)
    margin = MARGIN_CELLS * cell_size(terrain)
    low = np.minimum(box[:2], places.min(axis=0, initial=np.inf) - margin)
    high = np.maximum(box[2:], places.max(axis=0, initial=-np.inf) + margin)
    near = terrain.sel(easting=slice(low[0], high[0]), northing=slice(high[1], low[1])).compute()
    return near, Layout(layout.name, layout.frame, tuple(inside))


def _told(ways: Ways | None) -> Any:
    if ways is None:
        return None
    tables = (ways.roads, ways.rivers, ways.fords)
    return [None if table is None else (table.to_wkb().to_csv(), str(table.crs)) for table in tables]
