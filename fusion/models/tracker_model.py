"""Constant data of a running tracker: sensors, terrain, births, motion and settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import log

import numpy as np
import numpy.typing as npt
import xarray as xr

from fusion.models.motion import MotionModel, motion_model, with_free_modes
from fusion.models.sensor_views import ElevationGrid, SensorModel, ground_of, sensor_models
from fusion.models.settings import TrackerSettings
from fusion.models.survey import Survey, survey_of
from fusion.models.terrain_speed import Passage, passage_of
from fusion.models.undetected import Births, births_over, missed_share
from geo.arrays import Floats
from geo.terrain import north_up
from sensors.detection_model.weather import CLEAR_DAY, Conditions
from sensors.errors import UnknownSensor
from sensors.human import KIND as HUMAN
from sensors.layout import Layout

FAINT_LOOKS = 3


def _bits(count: int, chosen: Iterable[int]) -> npt.NDArray[np.uint64]:
    """(word,) one bit for each of ``count`` sensors, set for the ``chosen`` numbers."""
    bits = np.zeros(max(1, -(-count // 64)), np.uint64)
    for index in chosen:
        bits[index // 64] |= np.uint64(1) << np.uint64(index % 64)
    return bits


@dataclass(frozen=True, slots=True, eq=False)
class TrackerModel:
    """Models of one layout, terrain and settings, in the form that the kernels take.

    ``sensors`` by id; ``missed`` (row, column) of each sensor: probability that a look misses a target in a cell of
    ``births``; ``faint_limit_s``: time for which a faint tentative track may remain undetected, at least FAINT_LOOKS
    looks of the slowest sensor; ``share`` (class,): class probabilities at birth; ``compatible`` (kind, class):
    compatibility of a kind of motion with a class; ``gate``: squared distance of the gate; ``trigger_bits``,
    ``people_bits``, ``bearing_bits`` (word,): sensors that only trigger, those that are people and those that measure
    azimuths alone, one bit each; ``faint_bearing_s``: ``faint_limit_s`` of tracks that only the last updated;
    ``survey``: the alignment of the sensors as surveyed.
    """

    settings: TrackerSettings
    layout: Layout
    sensors: dict[str, SensorModel]
    earth: ElevationGrid
    births: Births
    missed: dict[str, Floats]
    motion: MotionModel
    share: Floats
    compatible: Floats
    gate: float
    trigger_bits: npt.NDArray[np.uint64]
    people_bits: npt.NDArray[np.uint64]
    bearing_bits: npt.NDArray[np.uint64]
    faint_limit_s: float
    faint_bearing_s: float
    passage: Passage
    survey: Survey

    def sensor(self, name: str) -> SensorModel:
        """The model of a sensor of the layout; raises UnknownSensor for any other."""
        if name not in self.sensors:
            raise UnknownSensor(
                f"has no sensor {name!r}", where=f"layout {self.layout.name!r}", expected="a sensor of this layout"
            )
        return self.sensors[name]

    def is_person(self, sensor: SensorModel) -> bool:
        """Whether a sensor is a person who reports sightings."""
        return bool(self.people_bits[sensor.index // 64] >> np.uint64(sensor.index % 64) & np.uint64(1))


def tracker_model(
    layout: Layout,
    settings: TrackerSettings,
    terrain: xr.Dataset | None,
    coverage: xr.Dataset | None = None,
    conditions: Conditions = CLEAR_DAY,
) -> TrackerModel:
    """Build the tracker's models in a state of light and weather. With terrain and without ``coverage`` (of
    sensors.coverage.look_probability), visibility is computed, which takes seconds for a large sector."""
    terrain = None if terrain is None else north_up(terrain)
    coverage = None if coverage is None else north_up(coverage, where="coverage")
    sensors = sensor_models(layout, terrain, coverage, settings.least_false_alarms, conditions)
    births = births_over(
        sensors,
        cell_m=settings.birth_cell_m,
        density=settings.traffic_per_km2 * 1e-6,
        lifetime_s=settings.lifetime_s,
        speed=settings.crossing_speed_mps,
    )
    if not settings.trigger_births:
        sensors = {name: replace(sensor, births=not sensor.trigger_only) for name, sensor in sensors.items()}
    limited = terrain is not None and settings.ground_limits_speed and settings.ground_error_probability > 0.0
    modes = with_free_modes(settings.modes, settings.ground_error_probability) if limited else settings.modes
    share = np.array(settings.class_probabilities)
    return TrackerModel(
        settings=settings,
        layout=layout,
        sensors=sensors,
        earth=ground_of(terrain),
        births=births,
        missed={name: missed_share(births, sensor.view) for name, sensor in sensors.items() if sensor.polled},
        motion=motion_model(modes, settings.vehicle_probability),
        share=share / share.sum(),
        compatible=np.array(settings.class_motion),
        gate=-2.0 * log(1.0 - settings.gate_probability),
        trigger_bits=_bits(len(sensors), [sensor.index for sensor in sensors.values() if sensor.trigger_only]),
        people_bits=_bits(len(sensors), [sensors[one.id].index for one in layout if one.kind == HUMAN]),
        bearing_bits=_bits(len(sensors), [sensor.index for sensor in sensors.values() if sensor.bearing_only]),
        faint_bearing_s=max((one.contact_s for one in sensors.values() if one.bearing_only), default=0.0),
        survey=survey_of(layout, sensors),
        passage=passage_of(
            terrain if settings.ground_limits_speed else None,
            settings.foot_top_mps,
            settings.vehicle_top_mps,
            settings.unmapped_road_fraction,
        ),
        faint_limit_s=max(settings.faint_limit_s, *(FAINT_LOOKS * (sensor.period_s or 0.0) for sensor in layout), 0.0),
    )
