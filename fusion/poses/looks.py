"""What a mobile sensor can see from where it stands: the single-look Pd on the ground, computed again when it moves.

The viewshed is that from the centre of the terrain's cell in which the sensor stands, with its height, heading and tilt
rounded to steps: a function of these alone, so that what is remembered never changes an answer. While the sensor moves
it is the fast one, which is wrong in a few cells in a thousand; while it stands, the exact one.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from math import degrees, floor, isnan, radians, tau
from typing import Final, Literal, NamedTuple

import numba
import numpy as np
import xarray as xr

from fusion.models.sensor_views import ElevationGrid, SensorView, elevation_at, grid_in_weather, probability
from fusion.models.undetected import Births
from fusion.poses.grids import PlainGround, grid_at_centre, grid_from
from fusion.poses.known import PoseAt
from geo.arrays import Float32s, Floats
from geo.frame import LocalFrame
from sensors.detection_model.weather import CLEAR_DAY, Conditions
from sensors.layout import AnySensor, Placement
from sensors.mobile.north import north_and_scale
from sensors.mobile.viewpoint import Viewpoint, tilted

HEIGHT_STEP_M: Final = 2.0
ANGLE_STEP_RAD: Final = radians(2.0)
"""Steps to which height, heading and tilt of a viewshed are rounded."""
BLIND_STEP_M: Final = 100.0
"""Step of the position without a terrain."""
MOST_KEPT: Final = 256
"""Number of looks that are remembered, of all sensors together: 0.4 MB each at 5 km and cells of 30 m."""
LEAST_HEIGHT_M: Final = 0.5
"""Least height above the ground of a viewshed."""


class GroundLook(NamedTuple):
    """What a sensor sees from a rounded pose: its ``view`` from there, with the single-look Pd on the ground if there
    is a terrain, the probability ``missed`` (row, column) that it misses a target in a cell of births, and the
    pose as a ``viewpoint``. ``clear_grid``: the grid of ``view`` on a clear day."""

    view: SensorView
    missed: Floats
    viewpoint: Viewpoint
    clear_grid: Float32s


class LookKey(NamedTuple):
    """The rounded pose that a look is computed for."""

    sensor: str
    row: int
    column: int
    height: float
    heading: int
    tilt: int
    moving: bool


@dataclass(slots=True)
class Looks:
    """The looks that were computed lately, the least recently used of them forgotten first; ``blind`` by sensor.
    ``plain``: the terrain as ``plain_ground`` has it."""

    terrain: xr.Dataset | None = None
    plain: PlainGround | None = None
    kept: OrderedDict[LookKey, GroundLook] = field(default_factory=OrderedDict)
    blind: dict[str, SensorView] = field(default_factory=dict)

    def at(
        self,
        place: Placement,
        stand: PoseAt,
        view: SensorView,
        earth: ElevationGrid,
        births: Births,
        frame: LocalFrame,
        *,
        polled: bool,
        conditions: Conditions = CLEAR_DAY,
    ) -> GroundLook:
        """The look from ``stand`` of a sensor whose ``view`` there has no grid yet."""
        key = _key(place.sensor, stand, view, earth)
        look = self.kept.get(key)
        if look is None:
            look = self.kept[key] = self._computed(key, place, view, earth, births, frame, polled, conditions)
            if len(self.kept) > MOST_KEPT:
                self.kept.popitem(last=False)
        else:
            self.kept.move_to_end(key)
        return look

    def nothing(self, name: str, view: SensorView) -> SensorView:
        """The view of a sensor that sees nothing, always the same one."""
        if name not in self.blind:
            self.blind[name] = view._replace(max_range=0.0, grid=np.zeros((0, 0), np.float32))
        return self.blind[name]

    def _computed(
        self,
        key: LookKey,
        place: Placement,
        view: SensorView,
        earth: ElevationGrid,
        births: Births,
        frame: LocalFrame,
        polled: bool,
        conditions: Conditions,
    ) -> GroundLook:
        cell = earth.cell if earth.elevation.size else BLIND_STEP_M
        east, north = earth.east + key.column * cell, earth.north - key.row * cell
        heading = key.heading * ANGLE_STEP_RAD
        full = place.azimuths_rad is None
        azimuths = None if full else (heading, (heading + view.azimuth_width) % tau)
        there = view._replace(east=east, north=north, azimuth_from=view.azimuth_from if full else heading)
        grid, grid_east, grid_north = np.zeros((0, 0), np.float32), 0.0, 0.0
        if self.terrain is not None:
            sensor = _raised(place.sensor, east, north, key)
            stands = replace(place, sensor=sensor, azimuths_rad=azimuths)
            mode: Literal["exact", "fast"] = "fast" if key.moving else "exact"
            found = None if self.plain is None else grid_at_centre(stands, self.plain, mode)
            grid, grid_east, grid_north = found or grid_from(stands, self.terrain, mode)
        there = there._replace(grid=grid, grid_east=grid_east, grid_north=grid_north, grid_cell=cell)
        if conditions != CLEAR_DAY:
            eye_m = elevation_at(earth, east, north, 0.0) + key.height
            there = there._replace(grid=grid_in_weather(there, place, earth, eye_m, conditions))
        missed = missed_near(births, there) if polled else np.ones((0, 0))
        return GroundLook(there, missed, _viewpoint(key, there, full, frame), grid)


@numba.njit(cache=True)
def missed_near(births: Births, view: SensorView) -> Floats:
    """``fusion.models.undetected.missed_share``, evaluated only where the sensor reaches: it sees nothing elsewhere."""
    reach = view.max_range + births.cell
    first_row = max(int(np.floor((view.north - reach - births.north) / births.cell)), 0)
    last_row = min(int(np.floor((view.north + reach - births.north) / births.cell)) + 1, births.rows)
    first_column = max(int(np.floor((view.east - reach - births.east) / births.cell)), 0)
    last_column = min(int(np.floor((view.east + reach - births.east) / births.cell)) + 1, births.columns)
    missed = np.ones((births.rows, births.columns))
    for i in range(first_row, last_row):
        for j in range(first_column, last_column):
            seen = 0.0
            for a in range(3):
                for b in range(3):
                    e = births.east + (j + (a + 0.5) / 3.0) * births.cell
                    n = births.north + (i + (b + 0.5) / 3.0) * births.cell
                    seen += probability(view, e, n)
            missed[i, j] = 1.0 - seen / 9.0
    return missed


def _viewpoint(key: LookKey, there: SensorView, full: bool, frame: LocalFrame) -> Viewpoint:
    """The rounded pose as a viewpoint; ``there`` is the view from it, ``full`` whether it is all round."""
    azimuth_deg, (east, north) = None, (float(there.east), float(there.north))
    if not full:
        centre = there.azimuth_from + 0.5 * there.azimuth_width + north_and_scale(frame, east, north)[0]
        azimuth_deg = degrees(centre) % 360.0
    return Viewpoint(east, north, float(key.height), azimuth_deg, degrees(key.tilt * ANGLE_STEP_RAD), key.moving)


def _key(sensor: AnySensor, stand: PoseAt, view: SensorView, earth: ElevationGrid) -> LookKey:
    cell = earth.cell if earth.elevation.size else BLIND_STEP_M
    row, column = floor((earth.north - stand.north) / cell + 0.5), floor((stand.east - earth.east) / cell + 0.5)
    height = sensor.mast_height_m  # above the ground of the cell, not above that of the exact position
    if not isnan(stand.height):
        ground = elevation_at(earth, earth.east + column * cell, earth.north - row * cell, view.foot)
        height = HEIGHT_STEP_M * round((view.height - ground) / HEIGHT_STEP_M)
    middle = 0.0 if isnan(stand.tilt) else stand.tilt - _middle(sensor)
    return LookKey(
        sensor.id,
        row,
        column,
        max(height, LEAST_HEIGHT_M),
        round(view.azimuth_from / ANGLE_STEP_RAD),
        round(middle / ANGLE_STEP_RAD),
        stand.moving,
    )


def _middle(sensor: AnySensor) -> float:
    """Elevation angle of the centre of the field of view in the layout [rad]."""
    if sensor.elevation_min_deg is None or sensor.elevation_max_deg is None:
        return 0.0
    return radians(0.5 * (sensor.elevation_min_deg + sensor.elevation_max_deg))


def _raised(sensor: AnySensor, east: float, north: float, key: LookKey) -> AnySensor:
    """The sensor at the rounded pose."""
    low, high = tilted(sensor, degrees(key.tilt * ANGLE_STEP_RAD))
    return replace(
        sensor,
        easting=east,
        northing=north,
        mast_height_m=key.height,
        elevation_min_deg=low,
        elevation_max_deg=high,
    )
