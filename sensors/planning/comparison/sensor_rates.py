"""The terrain of a comparison, and each sensor's rates on it in every weather and at several ranges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from geo.arrays import Bools, Floats, Ints
from geo.border import Belt
from geo.border.belt import BorderLine, belt_of, fitting_belt_m
from geo.mobility.roads_and_rivers import Ways
from geo.mobility.speed_surface import Mobility
from sensors.camera import Camera
from sensors.coverage.accumulator import Contribution, ranges_m
from sensors.coverage.sight import SightTask, sight
from sensors.crossing.watched_belt import SensorRate, WatchedBelt, mobility_of, with_sensors
from sensors.detection_model.assumptions import Assumptions, Situation
from sensors.detection_model.weather import Conditions
from sensors.ground_sensor import GroundSensor
from sensors.human import Human
from sensors.layout import AnySensor, Placement
from sensors.planning.comparison.settings import CompareSettings
from sensors.radar import Radar


@dataclass(frozen=True, slots=True, eq=False)
class ComparisonTerrain:
    """Terrain of a comparison: belt, mobility, ways and, with bases, seconds of the response (northing, easting)."""

    terrain: xr.Dataset
    belt: Belt
    mobility: Mobility
    response: xr.DataArray | None
    assumptions: Assumptions
    target: str
    ways: Ways | None = None

    @classmethod
    def of(
        cls,
        terrain: xr.Dataset,
        border: BorderLine,
        settings: CompareSettings,
        *,
        response: xr.DataArray | None = None,
        ways: Ways | None = None,
        assumptions: Assumptions | None = None,
    ) -> ComparisonTerrain:
        """Belt and mobility for the settings' target on ``terrain``, loaded into memory."""
        loaded = terrain.compute()
        width = fitting_belt_m(border, loaded) if settings.belt_m is None else settings.belt_m
        belt, mobility = belt_of(border, loaded, belt_m=width), mobility_of(settings.target, loaded, ways=ways)
        return cls(loaded, belt, mobility, response, assumptions or Assumptions(), settings.target, ways)

    def watched_by(self, rates: Sequence[SensorRate]) -> WatchedBelt:
        """The belt under sensors with these rates."""
        attrs = {"assumed_speed_mps": self.assumptions.speed_mps(self.target)}
        return with_sensors(WatchedBelt.unwatched(self.belt, self.mobility, attrs), tuple(rates))


def scaled(sensor: AnySensor, factor: float) -> AnySensor:
    """The same sensor with all its ranges multiplied by ``factor``; 1 returns the sensor itself."""
    if factor == 1.0:
        return sensor
    far: dict[str, Any] = {"max_range_m": sensor.max_range_m * factor}
    if sensor.min_range_m >= far["max_range_m"]:
        far["min_range_m"] = 0.0
    if isinstance(sensor, Radar) and sensor.reference_range_m is not None:
        far["reference_range_m"] = sensor.reference_range_m * factor
    if isinstance(sensor, Camera) and sensor.focal_length_m is not None:
        far["focal_length_m"] = sensor.focal_length_m * factor
    if isinstance(sensor, Human):
        far["magnification"] = sensor.magnification * factor
    if isinstance(sensor, GroundSensor):
        far["sure_radius_m"] = sensor.sure_radius_m * factor
    return replace(sensor, **far)


def sensor_rates(
    place: Placement, ground: ComparisonTerrain, settings: CompareSettings, factors: Floats
) -> Iterator[tuple[tuple[str, int], SensorRate, Ints]]:
    """A sensor's rates in the belt, by weather and knot, and the flat cells there in its line of sight, also those
    where it detects nothing in this weather; its visibility is computed once, at the longest range.
    """
    farthest = replace(place, sensor=scaled(place.sensor, float(factors.max())))
    task = SightTask(ground.target, ground.assumptions)
    farthest_viewshed = sight(farthest, ground.terrain, task)
    window = (ground.belt.rows, ground.belt.columns)
    for knot, factor in enumerate(factors):
        sensor = scaled(place.sensor, float(factor))
        here = replace(place, sensor=sensor)
        viewshed = sight(here, ground.terrain, task) if isinstance(sensor, GroundSensor) else farthest_viewshed
        visible, unknown = viewshed.cells_in(window)
        distance = ranges_m(here, ground.terrain, window, visible)
        within = _within_range(here, ground.belt)
        in_sight = visible[within.ravel()[visible]]
        for weather in settings.weather:
            situation = Situation(ground.target, Conditions.named(weather), ground.assumptions)
            look, rate = sensor.look_and_rate(distance, situation)
            part = Contribution(visible, look, rate * viewshed.share, 0.0, unknown)
            yield (weather, knot), SensorRate.of(sensor, part, within), in_sight


def _within_range(place: Placement, belt: Belt) -> Bools:
    """The belt's cells (row, column) within the sensor's range; a ground sensor's viewshed is already within it."""
    sensor = place.sensor
    if isinstance(sensor, GroundSensor):
        return belt.inside
    distance = np.hypot(belt.easting - sensor.easting, belt.northing[:, None] - sensor.northing)
    return belt.inside & (distance <= place.farthest)
