"""Where one sensor has a clear view of a target: its window of the terrain and the state of each cell in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr
from dask.base import is_dask_collection

from geo.errors import TerrainError
from geo.terrain import bounds, cell_size, sample
from geo.visibility import viewshed
from geo.visibility.view import Angles, Mode
from sensors import camera, ground_sensor, human, radar, radio
from sensors.errors import LayoutError
from sensors.layout import AnySensor, Placement, elevations_rad

Block = tuple[slice, slice]
SLACK_RAD = 1e-3  # beyond the block's corners: what is swept too much is not used


def view_into(place: Placement, terrain: xr.Dataset, block: Block) -> tuple[float, Angles] | None:
    """Range [m] and azimuths within the sensor's own that hold all it can see in a block; None where that is nothing.

    The sensor's own azimuths where two parts of them point into the block.
    """
    sensor = place.sensor
    east, north = terrain["easting"].to_numpy()[block[1]], terrain["northing"].to_numpy()[block[0]]
    right, left = float(east[-1]) - sensor.easting, float(east[0]) - sensor.easting
    up, down = float(north[0]) - sensor.northing, float(north[-1]) - sensor.northing
    farthest = math.hypot(max(abs(left), abs(right)), max(abs(up), abs(down))) + cell_size(terrain)
    reach = min(sensor.max_range_m, farthest)
    if reach <= sensor.min_range_m:
        return None
    if left <= 0.0 <= right and down <= 0.0 <= up:
        return reach, place.azimuths_rad
    middle = math.atan2((left + right) / 2.0, (up + down) / 2.0)
    corners = np.arctan2([left, left, right, right], [up, down, up, down])
    turns = (corners - middle + math.pi) % math.tau - math.pi
    start, width = middle + turns.min() - SLACK_RAD, float(np.ptp(turns)) + 2.0 * SLACK_RAD
    if place.azimuths_rad is None:
        return reach, (float(start), float(start) + width)
    azimuths = _common(place.azimuths_rad, float(start), width)
    return None if azimuths == () else (reach, azimuths or place.azimuths_rad)


def _common(own: tuple[float, float], start: float, width: float) -> tuple[float, float] | tuple[()] | None:
    """The part of the azimuths ``own`` within a sector; () where there is none, None where there are two."""
    first, last = own
    own_width = (last - first) % math.tau
    ahead = (start - first) % math.tau
    parts = []
    for begin in (ahead - math.tau, ahead):
        low, high = max(begin, 0.0), min(begin + width, own_width)
        if high - low > 1e-9:  # the block's corners are SLACK_RAD within
            parts.append((first + low, last if high == own_width else first + high))
    if not parts:
        return ()
    return parts[0] if len(parts) == 1 else None


CURVATURE_K: Final[Mapping[str, float]] = {
    radar.KIND: 4.0 / 3.0,  # radio waves bend with the air
    camera.KIND: 1.0 / (1.0 - 0.13),  # light bends less (metrics.md §4)
    ground_sensor.KIND: math.inf,
    radio.KIND: 4.0 / 3.0,
    human.KIND: 1.0 / (1.0 - 0.13),
}
TARGET_HEIGHT_M: Final[Mapping[str, float]] = {
    "person": 1.7,
    "group": 1.7,
    "vehicle": 2.3,
    "animal": 1.0,
    "other": 1.0,
}
"""Height of what is looked for; person and vehicle from metrics.md, the others assumed."""


@dataclass(frozen=True, slots=True)
class SensorViewshed:
    """What one sensor sees: ``states`` uint8 (row, column) on the terrain's ``rows`` and ``columns``: 0 hidden or
    outside range and view, 1 visible, 255 unknown. ``share`` [1] is how much of a seen cell it covers: 1, but for a
    ground sensor whose whole circle is smaller than a cell."""

    rows: slice
    columns: slice
    states: npt.NDArray[np.uint8]
    share: float = 1.0


def sight(
    place: Placement,
    terrain: xr.Dataset,
    target_height_m: float,
    *,
    canopy_share: float = 0.0,
    mode: Mode = "exact",
    view: tuple[float, Angles] | None = None,
) -> SensorViewshed:
    """What the sensor sees of targets of that height, by the exact viewshed unless the fast one will do.

    ``canopy_share`` of the trees' height blocks, where the terrain has ``canopy_height``. Ground sensors feel through
    the ground: all cells whose centre is within range, and at least the one they stand in. Raises LayoutError, naming
    the sensor, where it stands on a void or beyond the outermost cell centres.
    ``view``, a range [m] and azimuths within the sensor's own, asks for a part of what it sees.
    """
    sensor = place.sensor
    if sensor.kind == ground_sensor.KIND:
        return _felt(sensor, terrain)
    max_range_m, azimuths_rad = view or (sensor.max_range_m, place.azimuths_rad)
    try:
        seen = viewshed(
            terrain,
            sensor.easting,
            sensor.northing,
            observer_height_m=sensor.mast_height_m,
            target_height_m=target_height_m,
            max_range_m=max_range_m,
            min_range_m=sensor.min_range_m,
            azimuths_rad=azimuths_rad,
            elevations_rad=elevations_rad(sensor),
            curvature_k=CURVATURE_K[sensor.kind],
            mode=mode,
            canopy=canopy_share if "canopy_height" in terrain else "ignored",
        )
    except TerrainError as error:
        raise LayoutError(error.what, where=f"sensor {sensor.id!r}", expected=error.expected) from error
    row = _first(terrain["northing"].to_numpy(), seen["northing"].to_numpy()[0])
    column = _first(terrain["easting"].to_numpy(), seen["easting"].to_numpy()[0])
    return SensorViewshed(slice(row, row + seen.shape[0]), slice(column, column + seen.shape[1]), seen.to_numpy())


def _felt(sensor: AnySensor, terrain: xr.Dataset) -> SensorViewshed:
    eastings, northings = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    cell = cell_size(terrain)
    rows = _within(northings, sensor.northing, sensor.max_range_m + cell)
    columns = _within(eastings, sensor.easting, sensor.max_range_m + cell)
    distance = np.hypot(eastings[columns] - sensor.easting, northings[rows][:, None] - sensor.northing)
    felt = (distance <= sensor.max_range_m) & (distance >= sensor.min_range_m)
    felt.flat[np.argmin(distance)] = True
    share = min(1.0, math.pi * sensor.max_range_m**2 / cell**2)
    return SensorViewshed(rows, columns, felt.astype(np.uint8), share)


def _within(centres: npt.NDArray[np.float64], place: float, reach: float) -> slice:
    inside = np.flatnonzero(np.abs(centres - place) <= reach)
    return slice(int(inside[0]), int(inside[-1]) + 1)


def _first(centres: npt.NDArray[np.float64], place: float) -> int:
    return int(np.argmin(np.abs(centres - place)))


def refuse_off_the_map(sensor: AnySensor, terrain: xr.Dataset) -> None:
    """Raise LayoutError, naming the sensor, where it does not stand on the terrain."""
    west, south, east, north = bounds(terrain)
    if not (west <= sensor.easting <= east and south <= sensor.northing <= north):
        raise LayoutError(
            f"easting {sensor.easting:.0f}, northing {sensor.northing:.0f} is off the terrain",
            where=f"sensor {sensor.id!r}",
            expected=f"{west:.0f} to {east:.0f} east and {south:.0f} to {north:.0f} north",
        )


def refuse_without_ground(sensors: Iterable[AnySensor], terrain: xr.Dataset) -> None:
    """Raise LayoutError for the first sensor that looks, not feels, and stands off the terrain or on a void of it.

    Only what is in memory is looked at; voids of a lazy terrain are found when it is computed.
    """
    looking = []
    for sensor in sensors:
        refuse_off_the_map(sensor, terrain)
        looking += [sensor] if sensor.kind != ground_sensor.KIND else []
    if not looking or is_dask_collection(terrain["elevation"].data):
        return
    ground = sample(terrain, np.array([s.easting for s in looking]), np.array([s.northing for s in looking]))
    for sensor, height in zip(looking, ground, strict=True):
        if np.isnan(height):
            raise LayoutError(
                f"no ground is known at easting {sensor.easting:.0f}, northing {sensor.northing:.0f}",
                where=f"sensor {sensor.id!r}",
                expected="a place on the terrain, within its outermost cell centres and not on a void",
            )
