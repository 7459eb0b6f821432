"""The ground of a comparison, and each sensor's rates on it in every weather and at several ranges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from geo.arrays import Floats, Ints
from geo.border import Belt
from geo.border.belt import BorderLine, belt_of, fitting_belt_m
from geo.mobility.roads_and_rivers import Ways as Roads
from geo.mobility.speed_surface import Mobility, by_vehicle, on_foot
from geo.visibility import UNKNOWN, VISIBLE
from sensors.camera import Camera
from sensors.coverage.accumulator import ranges_m
from sensors.coverage.sight import TARGET_HEIGHT_M, SensorViewshed, sight
from sensors.crossing.watched_belt import DRIVEN, SensorRate, WatchedBelt, with_sensors
from sensors.detection_model.assumptions import Assumptions, Situation
from sensors.detection_model.weather import Conditions
from sensors.ground_sensor import GroundSensor
from sensors.human import Human
from sensors.layout import AnySensor, Placement
from sensors.planning.comparison.settings import CompareSettings
from sensors.radar import Radar


@dataclass(frozen=True, slots=True, eq=False)
class ComparisonTerrain:
    """The ground of a comparison: belt, mobility and, with bases, the seconds of the response (northing, easting)."""

    terrain: xr.Dataset
    belt: Belt
    mobility: Mobility
    response: xr.DataArray | None
    assumptions: Assumptions
    target: str

    @classmethod
    def of(
        cls,
        terrain: xr.Dataset,
        border: BorderLine,
        settings: CompareSettings,
        *,
        response: xr.DataArray | None = None,
        roads: Roads | None = None,
        assumptions: Assumptions | None = None,
    ) -> ComparisonTerrain:
        """Belt and mobility for the settings' target on ``terrain``, loaded into memory."""
        loaded = terrain.compute()
        width = fitting_belt_m(border, loaded) if settings.belt_m is None else settings.belt_m
        mover = by_vehicle if settings.target in DRIVEN else on_foot
        belt, mobility = belt_of(border, loaded, belt_m=width), mover(loaded, ways=roads)
        return cls(loaded, belt, mobility, response, assumptions or Assumptions(), settings.target)

    def watched_by(self, rates: Sequence[SensorRate]) -> WatchedBelt:
        """The ground under sensors of those rates."""
        nobody = np.zeros(self.belt.inside.shape)
        attrs = {"assumed_speed_mps": self.assumptions.speed_mps(self.target)}
        bare = WatchedBelt(self.belt, self.mobility, (), nobody, nobody, nobody > 0.0, attrs)
        return with_sensors(bare, tuple(rates))


def scaled(sensor: AnySensor, factor: float) -> AnySensor:
    """The same sensor with all its ranges ``factor`` times as far; 1 gives the sensor itself."""
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
) -> Iterator[tuple[tuple[str, int], SensorRate]]:
    """A sensor's rates in the belt, by weather and knot; its sight is computed once, at the farthest range."""
    farthest = replace(place, sensor=scaled(place.sensor, float(factors.max())))
    seen = _sight(farthest, ground)
    for knot, factor in enumerate(factors):
        sensor = scaled(place.sensor, float(factor))
        here = replace(place, sensor=sensor)
        found = _sight(here, ground) if isinstance(sensor, GroundSensor) else seen
        cells, unknown, distance = _in_the_belt(here, found, ground)
        for weather in settings.weather:
            situation = Situation(ground.target, Conditions.named(weather), ground.assumptions)
            look, rate = sensor.look_and_rate(distance, situation)
            some = rate > 0.0
            yield (
                (weather, knot),
                SensorRate(
                    name=sensor.id,
                    kind=sensor.kind,
                    availability=sensor.availability,
                    cells=cells[some],
                    rate=rate[some] * found.share,
                    look=look[some],
                    unknown=unknown,
                ),
            )


def _sight(place: Placement, ground: ComparisonTerrain) -> SensorViewshed:
    share = ground.assumptions.canopy_share(place.sensor.kind)
    return sight(place, ground.terrain, TARGET_HEIGHT_M[ground.target], canopy_share=share)


def _in_the_belt(place: Placement, found: SensorViewshed, ground: ComparisonTerrain) -> tuple[Ints, Ints, Floats]:
    """Flat cells of the belt's window that the sensor sees and may see within its range, ascending, and distances."""
    belt, sensor = ground.belt, place.sensor
    states = np.zeros(belt.inside.shape, np.uint8)
    rows = range(max(found.rows.start, belt.rows.start), min(found.rows.stop, belt.rows.stop))
    columns = range(max(found.columns.start, belt.columns.start), min(found.columns.stop, belt.columns.stop))
    if len(rows) == 0 or len(columns) == 0:
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, np.zeros(0)
    into = np.s_[
        rows.start - belt.rows.start : rows.stop - belt.rows.start,
        columns.start - belt.columns.start : columns.stop - belt.columns.start,
    ]
    out = np.s_[
        rows.start - found.rows.start : rows.stop - found.rows.start,
        columns.start - found.columns.start : columns.stop - found.columns.start,
    ]
    states[into] = found.states[out]
    distance = np.hypot(belt.easting - sensor.easting, belt.northing[:, None] - sensor.northing)
    near = np.ones_like(belt.inside) if isinstance(sensor, GroundSensor) else distance <= sensor.max_range_m
    cells = np.flatnonzero((states == VISIBLE) & belt.inside & near)
    unknown = np.flatnonzero((states == UNKNOWN) & belt.inside & near)
    row, column = np.divmod(cells, belt.inside.shape[1])
    return cells, unknown, ranges_m(place, ground.terrain, row + belt.rows.start, column + belt.columns.start)
