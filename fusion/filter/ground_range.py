"""Where a slant range or a camera's ray meets the ground: horizontal range and its standard deviation."""

from __future__ import annotations

from math import cos, isnan, nan, sin, sqrt, tan
from typing import Final

import numba

from fusion.models.sensor_views import ElevationGrid, SensorView, elevation_at

EARTH_RADIUS_M: Final = 6_371_008.8
EFFECTIVE_RADIUS_M: Final = 4.0 / 3.0 * EARTH_RADIUS_M
WORST_RANGE_SHARE: Final = 0.35
"""A ray's range whose standard deviation exceeds this fraction of it is discarded: the bearing alone is used."""


@numba.njit(cache=True)
def ground_range(
    view: SensorView, earth: ElevationGrid, azimuth: float, slant: float, slant_sd: float
) -> tuple[float, float]:
    """Horizontal distance and its standard deviation of a slant range, given the height of the ground there [m].

    The inverse of ``geo.visibility.slant_range``.
    """
    drop = view.height - view.foot
    distance = sqrt(max(slant * slant - drop * drop, 0.0))
    if earth.elevation.size > 0:
        for _ in range(4):
            e, n = view.east + distance * sin(azimuth), view.north + distance * cos(azimuth)
            ground = elevation_at(earth, e, n, view.foot)
            drop = view.height - ground
            wider = (1.0 + view.height / EARTH_RADIUS_M) * (1.0 + ground / EARTH_RADIUS_M)
            distance = sqrt(max(slant * slant - drop * drop, 0.0) / wider)
    stretch = min(slant / distance, 5.0) if distance > 0.0 else 5.0
    return distance, slant_sd * stretch


@numba.njit(cache=True)
def ray_range(
    view: SensorView, earth: ElevationGrid, azimuth: float, elevation: float, elevation_sd: float
) -> tuple[float, float]:
    """Ground range at which a ray meets the ground and its standard deviation; (NaN, NaN) where it is not usable."""
    centre = _meets(view, earth, azimuth, elevation)
    low = _meets(view, earth, azimuth, elevation - 2.0 * elevation_sd)
    high = _meets(view, earth, azimuth, elevation + 2.0 * elevation_sd)
    if isnan(centre) or isnan(low) or isnan(high):
        return nan, nan
    deviation = 0.5 * max(abs(high - centre), abs(centre - low)) + max(
        0.25 * (earth.cell if earth.elevation.size > 0 else 0.0), 0.1
    )
    if deviation > WORST_RANGE_SHARE * centre:
        return nan, nan
    return centre, deviation


@numba.njit(cache=True)
def _meets(view: SensorView, earth: ElevationGrid, azimuth: float, elevation: float) -> float:
    """Horizontal distance at which a ray first meets the ground, NaN beyond the sensor's range."""
    slope = tan(elevation)
    if earth.elevation.size == 0:
        if slope >= 0.0:
            return nan
        distance = (view.height - view.foot) / -slope
        return distance if distance <= view.max_range else nan
    step = 0.5 * earth.cell
    s, c = sin(azimuth), cos(azimuth)
    distance = max(view.min_range, step)
    before = 1.0
    while distance <= view.max_range + step:
        ground = elevation_at(earth, view.east + distance * s, view.north + distance * c, nan)
        if isnan(ground):
            return nan
        above = view.height + slope * distance - (ground - distance * distance / (2.0 * EFFECTIVE_RADIUS_M))
        if above <= 0.0:
            return distance - step * (above / (above - before)) if before > above else distance
        before = above
        distance += step
    return nan
