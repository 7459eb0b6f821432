"""From a sensor's report to plots in the frame: slant range to ground, a camera's ray to the ground, triggers."""

from __future__ import annotations

from dataclasses import replace
from math import cos, exp, inf, isnan, nan, pi, sin, sqrt, tan
from typing import Final

import numba
import numpy as np

from fusion.filter.kalman import BEARING, POSITION, Plots
from fusion.models.bias import UNBIASED, Bias
from fusion.models.scene import TrackerModel
from fusion.models.sensor_views import ElevationGrid, SensorModel, SensorView, elevation_at, spread_probability
from fusion.models.undetected import Births, density_at
from geo.arrays import Floats, Ints
from sensors.scan_columns import ARRAYS, ScanColumns

EFFECTIVE_RADIUS_M: Final = 4.0 / 3.0 * 6_371_008.8
LEAST_VARIANCE: Final = 0.01
"""A position is never better known than 0.1 m."""
WORST_RANGE_SHARE: Final = 0.35
"""A camera's range from the ground with a deviation above this share of it is no range: the bearing alone is used."""
WORST_AZIMUTH_RAD: Final = 1.0
"""A deviation beyond this is no azimuth, nor one of range beyond the sensor's own range a range."""
FARTHEST_M: Final = 1e7
"""A position farther than this from its sensor is none; half the Earth lies nearer."""
FASTEST_MPS: Final = 1e3
LEAST_PROBABILITY: Final = 0.001
"""A plot may come from ground held to be hidden: the elevation model errs too."""


def canonical_order(scan: ScanColumns) -> Ints:
    """Order of the plots by their measured values alone, a total order, so that arithmetic never sees arrival order."""
    n = len(scan)
    if n < 2:
        return np.arange(n)
    first = np.where(np.isnan(scan.azimuth), scan.easting, scan.azimuth)
    if _rising(first):
        return np.arange(n)
    order = np.argsort(first, kind="stable")
    if _rising(first[order]):
        return order
    keys = [
        scan.confidence,
        *scan.class_probability.T,
        *scan.cov.reshape(n, 4).T,
        scan.radial_velocity_sd,
        scan.elevation_angle_sd,
        scan.range_sd,
        scan.azimuth_sd,
        scan.northing,
        scan.easting,
        scan.radial_velocity,
        scan.elevation_angle,
        scan.range_,
        first,
    ]
    return np.lexsort(keys)


def _rising(values: Floats) -> bool:
    """False for ties and NaN."""
    return bool((values[1:] > values[:-1]).all())


def in_order(scan: ScanColumns) -> ScanColumns:
    """``scan`` with its plots in canonical order; itself where they are so by their azimuths alone."""
    if len(scan) < 2 or _rising(scan.azimuth):
        return scan
    order = canonical_order(scan)
    return replace(scan, **{name: getattr(scan, name)[order] for name in ARRAYS})


def plots_of(
    scan: ScanColumns, watch: SensorModel, scene: TrackerModel, undetected: Floats, bias: Bias = UNBIASED
) -> tuple[Plots, int]:
    """The scan's usable plots in canonical order, and how many rows were dropped (no finite measurement in them).

    ``bias`` is taken off ranges and azimuths, and its deviations join theirs.
    """
    scan = in_order(scan)
    count = len(scan)
    measured = np.empty((13, count))
    for row, values in enumerate(
        (
            scan.azimuth,
            scan.azimuth_sd,
            scan.elevation_angle,
            scan.elevation_angle_sd,
            scan.range_,
            scan.range_sd,
            scan.radial_velocity,
            scan.radial_velocity_sd,
            scan.easting,
            scan.northing,
            scan.cov[:, 0, 0],
            scan.cov[:, 0, 1],
            scan.cov[:, 1, 1],
        )
    ):
        measured[row] = values
    if bias is not UNBIASED:
        bias.take_off(measured)
    label = np.ascontiguousarray(scan.class_probability)
    false = np.array(
        [watch.clutter_per_m2, watch.clutter_per_rad, watch.clutter_per_sr, watch.clutter_speed_span, watch.trigger_sd]
    )
    kind, columns, label = _plots(
        measured,
        label,
        watch.view,
        scene.earth,
        false,
        watch.trigger_only,
        watch.births,
        scene.births,
        undetected,
        scene.model.prior,
        scene.model.speed_sd,
    )
    used = kind >= 0
    if not used.all():
        kind, columns, label = kind[used], columns[:, used], label[used]
    return Plots._make([kind, *columns, label, np.flatnonzero(used)]), count - len(kind)


@numba.njit(cache=True)
def _plots(
    measured: Floats,
    label: Floats,
    view: SensorView,
    earth: ElevationGrid,
    false: Floats,
    triggers: bool,
    starts: bool,
    births: Births,
    intensity: Floats,
    prior: Floats,
    speed_sd: Floats,
) -> tuple[Ints, Floats, Floats]:
    """(kind, fourteen columns of Plots from easting to seen, label); kind −1 marks a row without a measurement."""
    n = measured.shape[1]
    kind = np.full(n, -1, np.int64)
    out = np.full((14, n), nan)
    likelihood = np.ones((n, label.shape[1]))
    for j in range(n):
        azimuth, azimuth_sd, elevation, elevation_sd, reach, reach_sd, radial, radial_sd = (
            measured[0, j],
            measured[1, j],
            measured[2, j],
            measured[3, j],
            measured[4, j],
            measured[5, j],
            measured[6, j],
            measured[7, j],
        )
        clutter = false[0]
        factor = 1.0
        if abs(azimuth) < 1e3 and 0.0 < azimuth_sd <= WORST_AZIMUTH_RAD:
            distance, distance_sd = nan, nan
            if not isnan(reach):
                if 0.0 <= reach <= 2.0 * view.max_range and 0.0 < reach_sd <= view.max_range:
                    distance, distance_sd = ground_range(view, earth, azimuth, reach, reach_sd)
                else:
                    continue
            elif abs(elevation) < 0.5 * pi and 1e-6 < elevation_sd < 0.5:
                distance, distance_sd = _ray_range(view, earth, azimuth, elevation, elevation_sd)
                if distance > 0.0:
                    clutter = false[2] * elevation_sd / distance_sd / distance
            if isnan(distance):
                kind[j] = BEARING
                out[0, j], out[1, j] = inf, inf
                clutter = false[1]
            else:
                kind[j] = POSITION
                _turn(view, azimuth, distance, distance_sd, azimuth_sd, out[:, j])
            out[5, j], out[6, j] = azimuth, azimuth_sd
            out[9, j], out[10, j] = sin(azimuth), cos(azimuth)
            if kind[j] == POSITION and abs(radial) < FASTEST_MPS and 0.0 < radial_sd < FASTEST_MPS:
                out[7, j], out[8, j] = radial, max(radial_sd, 0.01)
                clutter /= false[3]
                factor = _radial_density(radial, radial_sd, prior, speed_sd)
        elif abs(measured[8, j] - view.east) < FARTHEST_M and abs(measured[9, j] - view.north) < FARTHEST_M:
            c_ee, c_en, c_nn = measured[10, j], measured[11, j], measured[12, j]
            if not (c_ee > 0.0 and c_ee * c_nn - c_en * c_en > 0.0 and c_ee + c_nn < FARTHEST_M**2):
                continue
            kind[j] = POSITION
            out[0, j], out[1, j] = measured[8, j], measured[9, j]
            out[2, j], out[3, j], out[4, j] = c_ee + LEAST_VARIANCE, c_en, c_nn + LEAST_VARIANCE
        elif triggers and isnan(azimuth) and isnan(reach) and isnan(elevation) and isnan(measured[8, j]):
            kind[j] = POSITION
            out[0, j], out[1, j] = view.east, view.north
            out[2, j], out[3, j], out[4, j] = false[4] ** 2, 0.0, false[4] ** 2
        else:
            continue
        out[11, j] = clutter
        out[12, j] = 0.0
        if kind[j] == POSITION:
            seen = spread_probability(view, out[0, j], out[1, j], out[2, j], out[3, j], out[4, j])
            out[13, j] = max(seen, LEAST_PROBABILITY)
            if starts:
                out[12, j] = factor * out[13, j] * density_at(births, intensity, out[0, j], out[1, j])
        total, least = 0.0, 0.0
        for c in range(label.shape[1]):
            total += label[j, c]
            least = min(least, label[j, c])
        if 0.0 < total < inf and least >= 0.0:
            for c in range(label.shape[1]):
                likelihood[j, c] = label[j, c] / total
    return kind, out, likelihood


@numba.njit(cache=True)
def _turn(view: SensorView, azimuth: float, distance: float, range_sd: float, azimuth_sd: float, out: Floats) -> None:
    """Place and covariance of a polar plot: the ellipse lies along the line of sight."""
    s, c = sin(azimuth), cos(azimuth)
    along = range_sd * range_sd + LEAST_VARIANCE
    across = (distance * azimuth_sd) ** 2 + LEAST_VARIANCE
    out[0], out[1] = view.east + distance * s, view.north + distance * c
    out[2] = along * s * s + across * c * c
    out[3] = (along - across) * s * c
    out[4] = along * c * c + across * s * s


@numba.njit(cache=True)
def ground_range(
    view: SensorView, earth: ElevationGrid, azimuth: float, slant: float, slant_sd: float
) -> tuple[float, float]:
    """Horizontal distance of a slant range: the eye is higher (or lower) than the ground it looks at."""
    drop = view.height - view.foot
    distance = sqrt(max(slant * slant - drop * drop, 0.0))
    if earth.elevation.size > 0:
        for _ in range(4):
            e, n = view.east + distance * sin(azimuth), view.north + distance * cos(azimuth)
            drop = view.height - elevation_at(earth, e, n, view.foot)
            distance = sqrt(max(slant * slant - drop * drop, 0.0))
    stretch = min(slant / distance, 5.0) if distance > 0.0 else 5.0
    return distance, slant_sd * stretch


@numba.njit(cache=True)
def _ray_range(
    view: SensorView, earth: ElevationGrid, azimuth: float, elevation: float, elevation_sd: float
) -> tuple[float, float]:
    """Where the ray meets the ground and its deviation; (NaN, NaN) if it does not, or not well enough to be a range."""
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


@numba.njit(cache=True)
def _radial_density(radial: float, radial_sd: float, prior: Floats, speed_sd: Floats) -> float:
    """Density of a new target's radial velocity [s/m], over the modes of motion."""
    total = 0.0
    for m in range(len(prior)):
        variance = speed_sd[m] ** 2 + radial_sd**2
        total += prior[m] * exp(-0.5 * radial * radial / variance) / sqrt(2.0 * pi * variance)
    return total
