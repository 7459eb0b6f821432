"""Shaded relief, the same on the live map and in the report."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from geo.arrays import Float32s

LIGHTS: Final = ((315, 0.5), (270, 0.2), (0, 0.2), (225, 0.1))
"""(azimuth [deg], weight): light from several directions, mostly from the north-west, as is usual on maps."""
EXAGGERATION: Final = 1.6
LIGHT_ON_THE_LEVEL: Final = math.sqrt(0.5)
"""Light on level ground, with all lights at an elevation of 45°."""


def shade(elevation: Float32s, cell_m: float) -> Float32s:
    """Return the light on each cell, 0 to 1, of an elevation raster, rows north to south; NaN on and near voids."""
    south_slope, east_slope = np.gradient(elevation * np.float32(EXAGGERATION), cell_m)
    steepness = np.sqrt(1 + south_slope**2 + east_slope**2)
    light = np.zeros_like(elevation)
    for azimuth_deg, weight in LIGHTS:
        azimuth = math.radians(azimuth_deg)
        facing = south_slope * math.cos(azimuth) - east_slope * math.sin(azimuth)
        light += weight * np.clip(LIGHT_ON_THE_LEVEL * (1 + facing) / steepness, 0, 1)
    light[np.isnan(elevation)] = np.nan  # the slope of a single void is that between its neighbours
    return light.astype(np.float32)
