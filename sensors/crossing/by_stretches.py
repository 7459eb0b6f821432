"""Detection along a border too long for the memory: stretch by stretch, kept as it goes, resumable."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr

from geo.border import Border, Zone
from geo.border.stretch_store import StretchStore
from geo.border.stretches import MARGINS_BELTS, Stretch, by_stretches, joined, stretches, widening
from geo.errors import BadInput, BorderError
from geo.mobility.roads_and_rivers import Ways
from geo.mobility.settings import MobilitySettings
from geo.paths.crossings import INWARD
from geo.terrain import bounds, cell_size
from sensors.crossing.segments import least_ways_of_the_whole, over_segments, unknown_segments
from sensors.crossing.watched_belt import watched_by
from sensors.layout import Layout

MARGIN_CELLS = 4.0
SAME_HAZARD = 1e-6
"""Expected detections by which a way of the whole border may stay below that of a stretch, which then counts as it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """What is the same for all stretches: ``moving`` says how people move, ``search`` where to, ``sight`` what sees."""

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
    """``sensors.gaps.segment_detection`` of a long border, coverage included, stretch by stretch of about ``length_m``.

    ``terrain`` may be lazy: a stretch reads its own window and the ground of the sensors that reach it. ``sight`` are
    the keywords of ``sensors.coverage.coverage``. With a ``folder`` every part is kept there when it is finished, and a
    run that was broken off goes on with what is missing; ``progress(done, total)`` after each stretch.

    Values are those of the whole border, to SAME_HAZARD, where ``of_the_whole`` (segment,): a search whose ways may
    also begin or end where the belt goes on bounds them from below, and a stretch's margin is widened until it finds
    no less, as far as ``geo.border.stretches.widening`` goes (decision 0017). Elsewhere they are those of the ways
    within. A stretch whose belt does not lie on the terrain is unknown. Raises BorderError where none does, BadInput
    where the folder holds another case, and as ``segment_detection`` and ``coverage``.
    """
    _refuse_unless_width(belt_m)
    todo = stretches(border, belt_m=belt_m, length_m=length_m, margin_m=MARGINS_BELTS[0] * belt_m)
    kept = None
    if folder is not None:
        track = border.inner if isinstance(border, Zone) else border
        line = [shapely.get_coordinates(part) for part in shapely.get_parts(border.line)]
        moving = (settings, _told(ways), direction, neighbours)
        kept = StretchStore.at(
            folder,
            layout=layout.sensors,
            terrain=terrain,
            border=(line, track.segment_length_m, track.home_side),
            stretches=(belt_m, length_m),
            crosser=moving,
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
        except BorderError as error:  # its belt does not lie on the terrain
            refused.append(error)
            if len(refused) == len(todo):
                raise
            nothing = _told_sure(np.zeros(len(stretch.numbers), bool))
            part = stretch.own_part(unknown_segments(stretch.border).assign(of_the_whole=nothing), border)
        if kept is not None:
            kept.keep(stretch.number, part)
        return part

    answers = dict(by_stretches(todo, work, done=kept, progress=progress))
    whole = joined(answers)
    told = next((part.attrs for part in answers.values() if part.attrs), {})
    return whole.assign_attrs(told)


def _detection(case: _Case, stretch: Stretch) -> xr.Dataset:
    """Detection in a stretch's own segments, with the margin that it takes."""
    for wider in widening(stretch, case.border, belt_m=case.belt_m, cell_m=cell_size(case.terrain)):
        found, sure = _within_margin(case, wider)
        if sure:
            break
    return found


def _within_margin(case: _Case, stretch: Stretch) -> tuple[xr.Dataset, bool]:
    """The same with the margin it has, and whether no way of the whole border is detected less."""
    near, inside = _surroundings(stretch, case.terrain, case.layout, case.belt_m)
    seen = watched_by(inside, near, stretch.border, belt_m=case.belt_m, **case.moving, **case.sight)
    ways, sure = least_ways_of_the_whole(seen, stretch.own, slack=SAME_HAZARD, **case.search)
    of_the_whole = np.zeros(len(stretch.numbers), bool)
    of_the_whole[stretch.own] = sure
    found = over_segments(seen, ways).assign(of_the_whole=_told_sure(of_the_whole))
    return stretch.own_part(found, case.border), bool(sure.all())


def _told_sure(sure: npt.NDArray[np.bool_]) -> Any:
    return ("segment", sure, {"long_name": "no way of the whole border is detected less"})


def _refuse_unless_width(belt_m: Any) -> None:
    number = isinstance(belt_m, (int, float, np.number)) and not isinstance(belt_m, bool)
    if not (number and 0.0 < belt_m < math.inf):
        raise BadInput(f"belt_m is {belt_m!r}", where="belt", expected="metres above 0")


def _refuse_beyond(stretch: Stretch, terrain: xr.Dataset) -> None:
    if not shapely.box(*bounds(terrain)).intersects(stretch.border.line):
        raise BorderError("the line lies outside the terrain", where="border", expected="a line on the terrain")


def _surroundings(stretch: Stretch, terrain: xr.Dataset, layout: Layout, belt_m: float) -> tuple[xr.Dataset, Layout]:
    """The terrain that holds a stretch's belt and the sensors that reach it, in memory; and these sensors."""
    west, south, east, north = stretch.border.bounds
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
