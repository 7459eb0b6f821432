"""Detection rates of mobile sensors in the belt, from where they stand."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from geo.border import Belt
from geo.errors import BadInput
from geo.terrain import north_up
from sensors.coverage.accumulator import contribution
from sensors.coverage.model import task_of
from sensors.crossing.watched_belt import SensorRate
from sensors.layout import Layout
from sensors.mobile.viewpoint import Viewpoint, carried


class CarriedRates:
    """Callable that returns the rate of a sensor of a layout from a viewpoint, as ``watched_by`` has it from a post.

    ``sight`` are the keywords of ``sensors.coverage.coverage``; while a sensor moves its viewshed is the fast one, with
    a canopy always the exact one.
    """

    def __init__(self, layout: Layout, terrain: xr.Dataset, belt: Belt, **sight: Any) -> None:
        self._layout, self._terrain, self._belt = layout, north_up(terrain), belt
        self._exact = task_of(**sight)
        self._fast = self._exact if "canopy_height" in terrain else task_of(**sight, mode="fast")

    def __call__(self, name: str, there: Viewpoint) -> SensorRate:
        """The rate; 0 everywhere where the sensor is on a void or off the terrain."""
        sensor = carried(self._layout[name], there, self._layout)
        place = Layout(self._layout.name, self._layout.frame, (sensor,)).placement(name)
        belt, task = self._belt, self._fast if there.moving else self._exact
        try:
            part = contribution(place, self._terrain, task, (belt.rows, belt.columns))
        except BadInput:
            none, nothing = np.zeros(0, np.int64), np.zeros(0)
            return SensorRate(name, sensor.kind, float(sensor.availability), none, nothing, nothing, none)
        return SensorRate.of(sensor, part, belt.inside)
