"""Probability of one look in clear view, and what light and weather leave of it, by slant range.

The bounds of the field of view are on the map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geo.arrays import Floats
from sensors import ground_sensor
from sensors.detection_model.assumptions import TARGETS, Situation
from sensors.detection_model.weather import CLEAR_DAY, Conditions
from sensors.layout import AnySensor


def look_in_view(sensor: AnySensor, range_m: Floats, target: str) -> Floats:
    """Probability of one look at slant ranges [m] of places in the sensor's field of view; same shape.

    The field of view ends at the maximum range on the map, where the slant range is larger. Of a ground sensor the
    ranges are distances over the ground.
    """
    if sensor.kind == ground_sensor.KIND or not np.size(range_m):
        return sensor.look_probability(range_m, target=target)
    farthest = max(sensor.max_range_m, float(np.nanmax(range_m, initial=0.0)))
    return replace(sensor, min_range_m=0.0, max_range_m=farthest).look_probability(range_m, target=target)


def left_in_weather(
    sensor: AnySensor, range_m: Floats, conditions: Conditions, target: str = "person"
) -> tuple[Floats, Floats]:
    """Fractions of the probability of one look, and of the detection rate, that light and weather leave; same shape.

    Each is 1 on a clear day, where the sensor detects nothing on a clear day either, and where the range is NaN. A
    target for which no coverage is computed counts as a person.
    """
    known, r = target if target in TARGETS else "person", np.where(np.isnan(range_m), 0.0, range_m)
    clear, now = (sensor.look_and_rate(r, Situation(known, state)) for state in (CLEAR_DAY, conditions))
    look, rate = (
        np.divide(left, whole, out=np.ones_like(whole), where=(whole > 0.0) & ~np.isnan(range_m))
        for left, whole in zip(now, clear, strict=True)
    )
    return look, rate
