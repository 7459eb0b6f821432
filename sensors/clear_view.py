"""Probability of one look in clear view: the bounds of the field of view are on the map, ranges are slant."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geo.arrays import Floats
from sensors import ground_sensor
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
