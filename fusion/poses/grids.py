"""Single-look Pd on the ground from one place: from any place of a terrain, and from the centre of one of its cells.

Both give the same bits. The second works on plain arrays and takes a fraction of the time, most of which the first
spends on labels: mobile sensors need a grid each time they enter a cell.
"""

from __future__ import annotations

from math import isnan
from typing import Literal, NamedTuple

import numpy as np
import xarray as xr

from fusion.models.sensor_views import with_edges
from geo.arrays import Float32s, Floats, is_lazy
from geo.errors import BadInput
from geo.visibility import UNKNOWN, VISIBLE, viewshed_array
from geo.visibility.slant_range import slant_range
from geo.visibility.view import RasterGrid, heights_of, surface_of
from sensors.clear_view import look_in_view
from sensors.layout import Placement, elevations_rad

GroundGrid = tuple[Float32s, float, float]
"""The single-look Pd (row, column), NaN where unknown, and easting and northing of its first cell's centre."""
TARGET = "person"


class PlainGround(NamedTuple):
    """A terrain without trees as plain arrays: heights (row, column), the centres of its cells, and their places."""

    elevation: Float32s
    east: Floats
    north: Floats
    places: RasterGrid


def plain_ground(terrain: xr.Dataset | None) -> PlainGround | None:
    """The terrain as plain arrays; None without one, with trees, and for one that is not in memory."""
    if terrain is None or "canopy_height" in terrain or is_lazy(terrain["elevation"].data):
        return None
    try:
        elevation, places = surface_of(terrain)
    except BadInput:  # which is said where a viewshed is asked for
        return None
    east, north = (np.asarray(terrain[axis].to_numpy(), np.float64) for axis in ("easting", "northing"))
    return PlainGround(heights_of(elevation.data), east, north, places)


def grid_at_centre(place: Placement, ground: PlainGround, mode: Literal["exact", "fast"]) -> GroundGrid | None:
    """``grid_from`` of a sensor at the centre of a cell; None elsewhere, and on a void."""
    from sensors.coverage.sight import CURVATURE_K, TARGET_HEIGHTS_M  # slow to import, and needed only with terrain

    sensor, places = place.sensor, ground.places
    row, column = float(places.row_of(sensor.northing)), float(places.column_of(sensor.easting))
    if row != round(row) or column != round(column) or not places.holds(row, column):  # type: ignore[arg-type]
        return None
    at, across = round(row), round(column)
    foot_m = float(ground.elevation[at, across])
    if isnan(foot_m):
        return None
    first_row, first_column, states = viewshed_array(
        ground.elevation,
        places.cell_m,
        at,
        across,
        observer_height_m=sensor.mast_height_m,
        target_height_m=TARGET_HEIGHTS_M[TARGET],
        max_range_m=place.farthest,
        min_range_m=place.nearest,
        azimuths_rad=place.azimuths_rad,
        elevations_rad=elevations_rad(sensor),
        curvature_k=CURVATURE_K[sensor.kind],
        mode=mode,
    )
    seen = np.flatnonzero(states == VISIBLE)
    rows, columns = np.divmod(seen, states.shape[1])
    rows, columns = rows + first_row, columns + first_column
    distance = np.hypot(ground.east[columns] - sensor.easting, ground.north[rows] - sensor.northing) / place.scale
    ranges = slant_range(distance, foot_m + sensor.mast_height_m, ground.elevation[rows, columns])
    p = np.where(states == UNKNOWN, np.float32(np.nan), np.float32(0.0))
    p.flat[seen] = look_in_view(sensor, ranges, TARGET)
    cell = float(ground.east[1] - ground.east[0])
    return with_edges(p, cell), float(ground.east[first_column]), float(ground.north[first_row])


def grid_from(place: Placement, terrain: xr.Dataset, mode: Literal["exact", "fast"]) -> GroundGrid:
    """The grid of a sensor anywhere; nothing seen if it stands on none."""
    from sensors.coverage.accumulator import ranges_m  # slow to import, and needed only with terrain
    from sensors.coverage.sight import SightTask, sight
    from sensors.detection_model.assumptions import Assumptions

    task = SightTask(TARGET, Assumptions(), "exact" if "canopy_height" in terrain else mode)
    try:
        viewshed = sight(place, terrain, task)
    except BadInput:  # on a void
        return np.zeros((1, 1), np.float32), place.sensor.easting, place.sensor.northing
    seen = np.flatnonzero(viewshed.states == VISIBLE)
    p = np.where(viewshed.states == UNKNOWN, np.nan, 0.0).astype(np.float32)
    window = (viewshed.rows, viewshed.columns)
    p.flat[seen] = look_in_view(place.sensor, ranges_m(place, terrain, window, seen), TARGET)
    east, north = terrain["easting"].to_numpy()[viewshed.columns], terrain["northing"].to_numpy()[viewshed.rows]
    cell = float(terrain["easting"][1] - terrain["easting"][0])
    return with_edges(np.ascontiguousarray(p), cell), float(east[0]), float(north[0])
