"""All that a tracker knows and that never changes while it runs: sensors, ground, births, motion, settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import log

import numpy as np
import numpy.typing as npt
import xarray as xr

from fusion.models.motion import MotionModel, motion_model
from fusion.models.sensor_views import ElevationGrid, SensorModel, ground_of, watches
from fusion.models.settings import TrackerSettings
from fusion.models.survey import Survey, survey_of
from fusion.models.terrain_speed import Passage, passage_of
from fusion.models.undetected import Births, births_over, missed_share
from geo.arrays import Floats
from sensors.errors import UnknownSensor
from sensors.human import KIND as HUMAN
from sensors.layout import Layout

FAINT_LOOKS = 3


def _bits(count: int, chosen: Iterable[int]) -> npt.NDArray[np.uint64]:
    """(word,) a bit each for ``count`` sensors, set for those of these numbers."""
    bits = np.zeros(max(1, -(-count // 64)), np.uint64)
    for index in chosen:
        bits[index // 64] |= np.uint64(1) << np.uint64(index % 64)
    return bits


@dataclass(frozen=True, slots=True, eq=False)
class TrackerModel:
    """``missed`` (row, column) of each sensor is the probability that a look misses a target in a cell of ``births``;
    ``faint_limit_s`` how long a faint tentative track may go unseen, at least FAINT_LOOKS looks of the slowest sensor;
    ``share`` (class,) the classes at birth; ``compatible`` (kind, class) how motion goes with class; ``gate`` the
    squared distance of the gate; ``trigger_bits`` (word,) the sensors that only trigger, one bit each;
    ``people_bits`` (word,) those that are people; ``survey`` what is known of how sensors are aligned before any
    track."""

    settings: TrackerSettings
    layout: Layout
    watches: dict[str, SensorModel]
    earth: ElevationGrid
    births: Births
    missed: dict[str, Floats]
    model: MotionModel
    share: Floats
    compatible: Floats
    gate: float
    trigger_bits: npt.NDArray[np.uint64]
    people_bits: npt.NDArray[np.uint64]
    faint_limit_s: float
    passage: Passage
    survey: Survey

    def watch(self, sensor: str) -> SensorModel:
        """Raises UnknownSensor, one sentence, for a sensor that the layout does not hold."""
        if sensor not in self.watches:
            raise UnknownSensor(
                f"has no sensor {sensor!r}", where=f"layout {self.layout.name!r}", expected="a sensor of this layout"
            )
        return self.watches[sensor]

    def is_person(self, watch: SensorModel) -> bool:
        """Whether a sensor is somebody who tells what they saw or heard."""
        return bool(self.people_bits[watch.index // 64] >> np.uint64(watch.index % 64) & np.uint64(1))


def scene_of(
    layout: Layout, settings: TrackerSettings, terrain: xr.Dataset | None, coverage: xr.Dataset | None = None
) -> TrackerModel:
    """Everything precomputed. With terrain, what each sensor sees is computed here, unless ``coverage`` (of
    sensors.coverage.look_probability) is given: seconds on a large sector."""
    eyes = watches(layout, terrain, coverage, settings.least_false_alarms)
    births = births_over(
        eyes,
        cell_m=settings.birth_cell_m,
        density=settings.traffic_per_km2 * 1e-6,
        lifetime_s=settings.lifetime_s,
        speed=settings.crossing_speed_mps,
    )
    if not settings.trigger_births:
        eyes = {name: replace(watch, births=not watch.trigger_only) for name, watch in eyes.items()}
    share = np.array(settings.class_share)
    return TrackerModel(
        settings=settings,
        layout=layout,
        watches=eyes,
        earth=ground_of(terrain),
        births=births,
        missed={name: missed_share(births, watch.view) for name, watch in eyes.items() if watch.polled},
        model=motion_model(settings.modes, settings.vehicle_share),
        share=share / share.sum(),
        compatible=np.array(settings.class_motion),
        gate=-2.0 * log(1.0 - settings.gate_probability),
        trigger_bits=_bits(len(eyes), [watch.index for watch in eyes.values() if watch.trigger_only]),
        people_bits=_bits(len(eyes), [eyes[sensor.id].index for sensor in layout if sensor.kind == HUMAN]),
        survey=survey_of(layout, eyes),
        passage=passage_of(
            terrain if settings.ground_limits_speed else None,
            settings.foot_top_mps,
            settings.vehicle_top_mps,
            settings.hidden_way_share,
        ),
        faint_limit_s=max(settings.faint_limit_s, *(FAINT_LOOKS * (sensor.period_s or 0.0) for sensor in layout), 0.0),
    )
