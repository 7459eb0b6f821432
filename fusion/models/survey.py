"""Sensor alignment before any track: the surveys, and the assumptions without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi, radians
from typing import Final

import numpy as np

from fusion.models.bias import UNBIASED, Bias
from fusion.models.sensor_views import SensorModel
from geo.arrays import Bools, Floats, Ints
from sensors.layout import Layout
from sensors.sensor import Sensor

PRIOR_RANGE_M: Final = 20.0
PRIOR_AZIMUTH_RAD: Final = 1.5 * pi / 180.0
"""Standard deviations of the biases without information (assumption); a survey of a sensor's north alignment replaces
them."""


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """``sensors``: the layout's ids; ``known``: the surveyed bias of each. Of the p ``polar`` sensors (none if fewer
    than two can be compared): ``column`` (sensor,) their number or −1, ``places`` (p, 2), ``prior`` (2 p, 2 p) the
    information on range [1/m²] and azimuth [1/rad²], ``period_ns`` (p,) between looks (0: event-only), ``ranging`` (p,)
    whether their plots have a range."""

    sensors: tuple[str, ...]
    polar: tuple[str, ...]
    known: tuple[Bias, ...]
    column: Ints
    places: Floats
    prior: Floats
    period_ns: Ints
    ranging: Bools


def survey_of(layout: Layout, sensors: Mapping[str, SensorModel]) -> Survey:
    """The surveyed alignment of each sensor of a layout."""
    polar = [sensor for sensor in layout if sensor.kind != "ground_sensor"]
    if len(polar) < 2:
        polar = []
    names = [sensor.id for sensor in polar]
    views = [sensors[name].view for name in names]
    return Survey(
        sensors=tuple(sensors),
        polar=tuple(names),
        known=tuple(surveyed(sensor) for sensor in layout),
        column=np.array([names.index(name) if name in names else -1 for name in sensors], np.int64),
        places=np.array([[view.east, view.north] for view in views]).reshape(-1, 2),
        prior=np.diag(np.array([prior_information(sensor) for sensor in polar]).reshape(2 * len(polar))),
        period_ns=np.array([round((sensor.period_s or 0.0) * 1e9) for sensor in polar], np.int64),
        ranging=np.array([sensor.range_sd_m is not None for sensor in polar], np.bool_),
    )


def surveyed(sensor: Sensor) -> Bias:
    """The uncertainty after a sensor's survey, added to that of its plots until common tracks estimate its bias.

    It is added to every plot like noise, though it is the same for all of them. A track of one sensor alone is
    therefore less certain of its position than noise would make it, and still more certain than the alignment allows.
    """
    if sensor.north_sd_deg is None and sensor.site_sd_m is None:
        return UNBIASED
    return Bias(azimuth_sd_rad=radians(sensor.north_sd_deg or 0.0), place_sd_m=sensor.site_sd_m or 0.0)


def prior_information(sensor: Sensor) -> tuple[float, float]:
    """Information (1/m², 1/rad²) on a sensor's biases before any estimate: that of its north survey, if it has one."""
    azimuth_sd = PRIOR_AZIMUTH_RAD if sensor.north_sd_deg is None else radians(sensor.north_sd_deg)
    return PRIOR_RANGE_M**-2, azimuth_sd**-2
