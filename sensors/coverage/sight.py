"""Line of sight of one sensor to a target class: its window of the terrain and the state of each cell in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from numba import njit

from geo.arrays import Floats, Ints, UInt8s, is_lazy
from geo.errors import TerrainError
from geo.terrain import bounds, cell_size, sample
from geo.terrain.derived import standing_points
from geo.visibility import UNKNOWN, VISIBLE, viewshed
from geo.visibility.view import Angles, ViewshedMode
from sensors import camera, ground_sensor, human, radar, radio
from sensors.detection_model.assumptions import Assumptions
from sensors.errors import LayoutError
from sensors.layout import AnySensor, Placement, elevations_rad

Block = tuple[slice, slice]
SLACK_RAD = 1e-3  # beyond the block's corners; the excess is not used
CURVATURE_K: Final[Mapping[str, float]] = {
    radar.KIND: 4.0 / 3.0,  # radio waves are refracted by the air
    camera.KIND: 1.0 / (1.0 - 0.13),  # light is refracted less
    ground_sensor.KIND: math.inf,
    radio.KIND: 4.0 / 3.0,
    human.KIND: 1.0 / (1.0 - 0.13),
}
"""Effective Earth radius factor by sensor kind, from the refraction of its waves."""
TARGET_HEIGHTS_M: Final[Mapping[str, float]] = {
    "person": 1.7,
    "group": 1.7,
    "vehicle": 2.3,
    "animal": 1.0,
    "other": 1.0,
}
"""Height of each target class, as in the Johnson criteria for person and vehicle, assumed for the others."""


@dataclass(frozen=True, slots=True)
class SightTask:
    """Parameters of a viewshed: the target class, and the mode (``geo.visibility``).

    ``assumptions`` give the fraction of the trees' height that blocks each kind of sensor, if the terrain has
    ``canopy_height``; None: bare ground.
    """

    target: str
    assumptions: Assumptions | None = None
    mode: ViewshedMode = "exact"


@dataclass(frozen=True, slots=True)
class SensorViewshed:
    """Viewshed of one sensor: ``states`` uint8 (row, column) on the terrain's ``rows`` and ``columns``: 0 not visible
    or outside range and field of view, 1 visible, 255 unknown. ``share`` [1] is the fraction of a visible cell that it
    covers: 1, except for a ground sensor whose whole circle is smaller than a cell.
    """

    rows: slice
    columns: slice
    states: UInt8s
    share: float = 1.0

    def cells_in(self, block: Block) -> tuple[Ints, Ints]:
        """Flat cells of ``block`` (rows, columns of the terrain) that are visible, and that are unknown, ascending."""
        rows, columns = _overlap(self.rows, block[0]), _overlap(self.columns, block[1])
        if rows is None or columns is None:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        states = self.states[_shifted(rows, self.rows.start), _shifted(columns, self.columns.start)]
        first, width = (rows.start - block[0].start, columns.start - block[1].start), block[1].stop - block[1].start
        visible, unknown = split_states(np.ascontiguousarray(states))
        return _in_block(visible, states.shape[1], first, width), _in_block(unknown, states.shape[1], first, width)


def sight(place: Placement, terrain: xr.Dataset, task: SightTask, block: Block | None = None) -> SensorViewshed:
    """Viewshed of the sensor for the task's target; for a ``block`` of the terrain, at least the part in it.

    Ground sensors sense through the ground: all cells whose centre is within range, and at least their own cell. Raises
    LayoutError, naming the sensor, if it is on a void or beyond the outermost cell centres. Beside a void its lines of
    sight begin at the centre of its own cell (``geo.terrain.derived.standing_points``).
    """
    sensor = place.sensor
    if sensor.kind == ground_sensor.KIND:
        return _felt(place, terrain)
    easting, northing = standing_points(terrain, sensor.easting, sensor.northing)
    stand = float(easting), float(northing)
    view: tuple[float, Angles] | None = place.farthest, place.azimuths_rad
    if block is not None and task.mode == "exact":  # the fast viewshed of a part may differ from that of the whole
        view = _view_into(place, stand, terrain, block)
    if view is None:
        return SensorViewshed(slice(0, 0), slice(0, 0), np.zeros((0, 0), np.uint8))
    canopy_fraction = 0.0 if task.assumptions is None else task.assumptions.canopy_fraction(sensor.kind)
    try:
        states = viewshed(
            terrain,
            *stand,
            observer_height_m=sensor.mast_height_m,
            target_height_m=TARGET_HEIGHTS_M[task.target],
            max_range_m=view[0],
            min_range_m=place.nearest,
            azimuths_rad=view[1],
            elevations_rad=elevations_rad(sensor),
            curvature_k=CURVATURE_K[sensor.kind],
            mode=task.mode,
            canopy=canopy_fraction if "canopy_height" in terrain else "ignored",
        )
    except TerrainError as error:
        raise LayoutError(error.what, where=f"sensor {sensor.id!r}", expected=error.expected) from error
    row = _first(terrain["northing"].to_numpy(), states["northing"].to_numpy()[0])
    column = _first(terrain["easting"].to_numpy(), states["easting"].to_numpy()[0])
    return SensorViewshed(slice(row, row + states.shape[0]), slice(column, column + states.shape[1]), states.to_numpy())


def _view_into(
    place: Placement, stand: tuple[float, float], terrain: xr.Dataset, block: Block
) -> tuple[float, Angles] | None:
    """Range [m of the frame] and azimuths within the sensor's field of view that contain all it can see in a block.

    ``stand`` is where it stands (``standing_points``). None for nothing.

    The whole field of view if two parts of it point into the block.
    """
    east, north = terrain["easting"].to_numpy()[block[1]], terrain["northing"].to_numpy()[block[0]]
    right, left = float(east[-1]) - stand[0], float(east[0]) - stand[0]
    up, down = float(north[0]) - stand[1], float(north[-1]) - stand[1]
    farthest = math.hypot(max(abs(left), abs(right)), max(abs(up), abs(down))) + cell_size(terrain)
    reach = min(place.farthest, farthest)
    if reach <= place.nearest:
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


def _common(field: tuple[float, float], start: float, width: float) -> tuple[float, float] | tuple[()] | None:
    """The part of the azimuths ``field`` within a sector; () if there is none, None if there are two."""
    first, last = field
    field_width = (last - first) % math.tau
    ahead = (start - first) % math.tau
    parts = []
    for begin in (ahead - math.tau, ahead):
        low, high = max(begin, 0.0), min(begin + width, field_width)
        if high - low > 1e-9:  # the block's corners are SLACK_RAD inside
            parts.append((first + low, last if high == field_width else first + high))
    if not parts:
        return ()
    return parts[0] if len(parts) == 1 else None


def _felt(place: Placement, terrain: xr.Dataset) -> SensorViewshed:
    sensor = place.sensor
    eastings, northings = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    cell = cell_size(terrain)
    rows = _within(northings, sensor.northing, place.farthest + cell)
    columns = _within(eastings, sensor.easting, place.farthest + cell)
    distance = np.hypot(eastings[columns] - sensor.easting, northings[rows][:, None] - sensor.northing)
    felt = (distance <= place.farthest) & (distance >= place.nearest)
    felt.flat[np.argmin(distance)] = True
    share = min(1.0, math.pi * place.farthest**2 / cell**2)
    return SensorViewshed(rows, columns, felt.astype(np.uint8), share)


def _within(centres: Floats, place: float, reach: float) -> slice:
    inside = np.flatnonzero(np.abs(centres - place) <= reach)
    return slice(int(inside[0]), int(inside[-1]) + 1)


def _first(centres: Floats, place: float) -> int:
    return int(np.argmin(np.abs(centres - place)))


@njit(cache=True, nogil=True)
def split_states(states: UInt8s) -> tuple[Ints, Ints]:
    """Flat indices of the visible and of the unknown cells of a window."""
    flat = states.ravel()
    count = dark = 0
    for state in flat:
        count += state == VISIBLE
        dark += state == UNKNOWN
    visible, unknown = np.empty(count, np.int64), np.empty(dark, np.int64)
    count = dark = 0
    for cell in range(len(flat)):
        if flat[cell] == VISIBLE:
            visible[count] = cell
            count += 1
        elif flat[cell] == UNKNOWN:
            unknown[dark] = cell
            dark += 1
    return visible, unknown


def _in_block(cells: Ints, columns: int, first: tuple[int, int], width: int) -> Ints:
    """Flat cells of a window ``columns`` wide as flat cells of a block ``width`` wide, in which it begins at
    ``first``."""
    row, column = np.divmod(cells, columns)
    return np.asarray((row + first[0]) * width + column + first[1])


def _overlap(a: slice, b: slice) -> slice | None:
    start, stop = max(a.start, b.start), min(a.stop, b.stop)
    return slice(start, stop) if start < stop else None


def _shifted(part: slice, by: int) -> slice:
    return slice(part.start - by, part.stop - by)


def refuse_off_the_map(sensor: AnySensor, terrain: xr.Dataset) -> None:
    """Raise LayoutError, naming the sensor, if it is not on the terrain."""
    west, south, east, north = bounds(terrain)
    if not (west <= sensor.easting <= east and south <= sensor.northing <= north):
        raise LayoutError(
            f"easting {sensor.easting:.0f}, northing {sensor.northing:.0f} is off the terrain",
            where=f"sensor {sensor.id!r}",
            expected=f"{west:.0f} to {east:.0f} east and {south:.0f} to {north:.0f} north",
        )


def refuse_without_ground(sensors: Iterable[AnySensor], terrain: xr.Dataset) -> None:
    """Raise LayoutError for the first sensor, other than ground sensors, that is off the terrain or on a void of it.

    Only data in memory are checked; voids of a lazy terrain are found when it is computed.
    """
    looking = []
    for sensor in sensors:
        refuse_off_the_map(sensor, terrain)
        looking += [sensor] if sensor.kind != ground_sensor.KIND else []
    if not looking or is_lazy(terrain["elevation"].data):
        return
    places = standing_points(terrain, [s.easting for s in looking], [s.northing for s in looking])
    ground = sample(terrain, *places)
    for sensor, height in zip(looking, ground, strict=True):
        if np.isnan(height):
            raise LayoutError(
                f"no known ground height at easting {sensor.easting:.0f}, northing {sensor.northing:.0f}",
                where=f"sensor {sensor.id!r}",
                expected="a position on the terrain, within its outermost cell centres and not on a void cell",
            )
