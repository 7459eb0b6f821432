"""From reports to plots in the local frame: one function for each kind of measurement.

Slant range and azimuth (radar), a ray to the ground (camera), azimuth alone, a reported position, and a trigger.
"""

from __future__ import annotations

from dataclasses import replace
from math import cos, exp, inf, isnan, nan, pi, sin, sqrt
from typing import Final, NamedTuple

import numba
import numpy as np

from fusion.filter.ground_range import ground_range, ray_range
from fusion.filter.kalman import BEARING, POSITION, PlotMeasurement, Plots
from fusion.models.bias import UNBIASED, Bias
from fusion.models.sensor_views import ElevationGrid, SensorModel, SensorView, probability, spread_probability
from fusion.models.tracker_model import TrackerModel
from fusion.models.undetected import Births, density_at
from geo.arrays import Floats, Ints
from sensors.scan_columns import ARRAYS, ScanColumns

LEAST_VARIANCE: Final = 0.01
"""Minimum standard deviation of a position, 0.1 m."""
LEAST_DEVIATION: Final = {"azimuth_sd": 1e-6, "range_sd": 1e-3}
"""Minimum standard deviations [rad, m]; the square of a much smaller one may become 0."""
WORST_AZIMUTH_RAD: Final = 1.0
"""An azimuth with a larger standard deviation is not used, nor a range with one beyond the sensor's maximum range."""
FARTHEST_M: Final = 1e7
"""A position farther from its sensor than this is not used; half of the Earth is closer."""
FASTEST_MPS: Final = 1e3
LEAST_PROBABILITY: Final = 0.001
"""Minimum Pd of a plot in modelled dead ground: elevation models have errors too."""
RAY_STEPS: Final = 24
"""Number of points along a bearing at which undetected targets are summed."""
BEARING_SHARE: Final = 0.5
"""Fraction of the maximum range at which an unknown target is taken to be for the parallax of a sensor's own error:
1/distance is on average that of this one where targets are equally likely everywhere (assumption)."""
NO_PLOT: Final = -1
"""Kind of a row without a measurement, beside POSITION and BEARING."""


def canonical_order(scan: ScanColumns) -> Ints:
    """Order of the plots by their measured values alone: a total order, independent of the order of arrival."""
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
    """``scan`` with its plots in canonical order; ``scan`` itself where rising azimuths show that they are."""
    if len(scan) < 2 or _rising(scan.azimuth):
        return scan
    order = canonical_order(scan)
    return replace(scan, **{name: getattr(scan, name)[order] for name in ARRAYS})


def bounded(scan: ScanColumns) -> ScanColumns:
    """``scan`` with positive standard deviations of at least LEAST_DEVIATION."""
    raised = {}
    for name, least in LEAST_DEVIATION.items():
        values = getattr(scan, name)
        small = (values > 0.0) & (values < least)
        if small.any():
            raised[name] = values.copy()
            raised[name][small] = least
    return replace(scan, **raised) if raised else scan


def plots_of(
    scan: ScanColumns,
    sensor: SensorModel,
    model: TrackerModel,
    undetected: Floats,
    bias: Bias = UNBIASED,
    view: SensorView | None = None,
    place_sd: float = 0.0,
) -> tuple[Plots, int]:
    """The scan's usable plots in canonical order, and how many rows were dropped (no finite measurement in them).

    ``undetected`` (row, column) [1/m²] is the density of undetected targets before the look. ``bias`` is subtracted
    from ranges and azimuths, and its variances are added to theirs. ``view`` is the sensor's as contradicted by plots
    (fusion.models.false_dead_ground); by default as the map has it, which new targets always follow. ``place_sd`` [m]
    is the standard deviation of a mobile sensor's position, one axis: its variance is added to that of every plot that
    the sensor measures from where it stands, and for an azimuth alone as for a target at BEARING_SHARE of its range.
    """
    scan = in_order(scan)
    reported = np.empty((len(ReportedPlot._fields), len(scan)))
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
        reported[row] = values
    if bias is not UNBIASED:
        bias.take_off(reported)
    plots = _plots(
        reported,
        np.ascontiguousarray(scan.class_probability),
        MeasuringSensor(
            sensor.view,
            model.earth,
            FalsePlots(sensor.clutter_per_m2, sensor.clutter_per_rad, sensor.clutter_per_sr, sensor.clutter_speed_span),
            sensor.trigger_sd,
            sensor.trigger_only,
            sensor.polled,
            place_sd,
        ),
        sensor.view if view is None else view,
        NewTargets(model.births, undetected, model.motion.prior, model.motion.speed_sd, sensor.births),
    )
    return plots, len(scan) - len(plots.kind)


class ReportedPlot(NamedTuple):
    """One row of a scan, NaN where the sensor does not measure: azimuth and elevation [rad], range [m], radial velocity
    [m/s], each with its standard deviation; position [m] and its covariance [m²]."""

    azimuth: float
    azimuth_sd: float
    elevation: float
    elevation_sd: float
    range_: float
    range_sd: float
    radial: float
    radial_sd: float
    easting: float
    northing: float
    cov_ee: float
    cov_en: float
    cov_nn: float


class FalsePlots(NamedTuple):
    """Densities of a sensor's false plots per scan, and the span of their radial velocities [m/s]."""

    per_m2: float
    per_rad: float
    per_sr: float
    speed_span: float


class MeasuringSensor(NamedTuple):
    """Data for converting a sensor's reports into plots; ``trigger_sd`` [m] is the standard deviation of a trigger's
    position, ``triggers`` whether the sensor only triggers, ``polled`` whether it sends empty scans, ``place_sd`` [m]
    the standard deviation of its own position, one axis."""

    field: SensorView
    earth: ElevationGrid
    false_plots: FalsePlots
    trigger_sd: float
    triggers: bool
    polled: bool
    place_sd: float


class NewTargets(NamedTuple):
    """Undetected targets: density ``intensity`` (row, column) [1/m²] on the grid ``births``, and the ``prior`` (mode,)
    and velocity ``speed_sd`` (mode,) [m/s] of their motion; ``start``: whether the sensor's plots may start tracks."""

    births: Births
    intensity: Floats
    prior: Floats
    speed_sd: Floats
    start: bool


@numba.njit(cache=True)
def _plots(reported: Floats, label: Floats, sensor: MeasuringSensor, view: SensorView, new: NewTargets) -> Plots:
    """The plots of the rows that hold a measurement; ``reported`` (field of ReportedPlot, row), ``label`` (row, class)
    as reported; ``view`` is the sensor's field as contradicted by plots."""
    rows, classes = label.shape
    plots = _empty_plots(rows, classes)
    count = 0
    for j in range(rows):
        row = _reported_plot(reported, j)
        plot, clutter = _measurement(row, sensor)
        if plot.kind == NO_PLOT:
            continue
        _put(plots, count, plot)
        plots.clutter[count], plots.born[count], plots.seen[count] = clutter, 0.0, nan
        if plot.kind == POSITION:
            seen = spread_probability(sensor.field, plot.easting, plot.northing, plot.r_ee, plot.r_en, plot.r_nn)
            seen = max(seen, LEAST_PROBABILITY)
            plots.seen[count] = seen
            if len(view.exposure.cell) > 0:
                known = spread_probability(view, plot.easting, plot.northing, plot.r_ee, plot.r_en, plot.r_nn)
                plots.seen[count] = max(seen, known)
            if new.start:
                factor = 1.0 if isnan(plot.radial) else _radial_density(row.radial, row.radial_sd, new)
                density = density_at(new.births, new.intensity, plot.easting, plot.northing)
                plots.born[count] = factor * seen * density
        _likelihood(label[j], plots.label[count])
        plots.number[count] = j
        count += 1
    plots = _first_plots(plots, count)
    _expect_bearings(plots, sensor, new)
    return plots


@numba.njit(cache=True)
def _expect_bearings(plots: Plots, sensor: MeasuringSensor, new: NewTargets) -> None:
    """Write, in place, how many other bearings are expected about each bearing [1/rad]: false ones and those of
    undetected targets along the ray, at most as many as the look itself has.

    The silence of a sensor that sends only what it detects shows neither how often it detects nor how often it errs.
    A bearing of it is therefore as likely that of any known target as another one: both densities are given that it
    reports.
    """
    count = 0
    for j in range(len(plots.kind)):
        count += plots.kind[j] == BEARING
    own = count / sensor.field.azimuth_width
    for j in range(len(plots.kind)):
        if plots.kind[j] != BEARING:
            continue
        false = plots.clutter[j]
        if sensor.polled:
            plots.seen[j] = 0.0
            plots.born[j] = min(_expected_along(plots.azimuth[j], sensor.field, new), max(own - false, 0.0))
        else:
            plots.seen[j] = 1.0
            plots.clutter[j] = max(false, own)


@numba.njit(cache=True)
def _expected_along(azimuth: float, view: SensorView, new: NewTargets) -> float:
    """Expected number of detections of undetected targets along a ray [1/rad]."""
    step, total = (view.max_range - view.min_range) / RAY_STEPS, 0.0
    for i in range(RAY_STEPS):
        distance = view.min_range + (i + 0.5) * step
        e, n = view.east + distance * sin(azimuth), view.north + distance * cos(azimuth)
        total += probability(view, e, n) * density_at(new.births, new.intensity, e, n) * distance * step
    return total


@numba.njit(cache=True)
def _empty_plots(rows: int, classes: int) -> Plots:
    """Room for ``rows`` plots."""
    return Plots(
        kind=np.empty(rows, np.int64),
        easting=np.empty(rows),
        northing=np.empty(rows),
        r_ee=np.empty(rows),
        r_en=np.empty(rows),
        r_nn=np.empty(rows),
        azimuth=np.empty(rows),
        azimuth_sd=np.empty(rows),
        radial=np.empty(rows),
        radial_sd=np.empty(rows),
        unit_easting=np.empty(rows),
        unit_northing=np.empty(rows),
        clutter=np.empty(rows),
        born=np.empty(rows),
        seen=np.empty(rows),
        label=np.empty((rows, classes)),
        number=np.empty(rows, np.int64),
    )


@numba.njit(cache=True)
def _put(plots: Plots, i: int, plot: PlotMeasurement) -> None:
    """Write a measurement into row ``i``."""
    plots.kind[i] = plot.kind
    plots.easting[i], plots.northing[i] = plot.easting, plot.northing
    plots.r_ee[i], plots.r_en[i], plots.r_nn[i] = plot.r_ee, plot.r_en, plot.r_nn
    plots.azimuth[i], plots.azimuth_sd[i] = plot.azimuth, plot.azimuth_sd
    plots.radial[i], plots.radial_sd[i] = plot.radial, plot.radial_sd
    plots.unit_easting[i], plots.unit_northing[i] = plot.unit_easting, plot.unit_northing


@numba.njit(cache=True)
def _first_plots(plots: Plots, count: int) -> Plots:
    """The first ``count`` plots."""
    return Plots(
        kind=plots.kind[:count],
        easting=plots.easting[:count],
        northing=plots.northing[:count],
        r_ee=plots.r_ee[:count],
        r_en=plots.r_en[:count],
        r_nn=plots.r_nn[:count],
        azimuth=plots.azimuth[:count],
        azimuth_sd=plots.azimuth_sd[:count],
        radial=plots.radial[:count],
        radial_sd=plots.radial_sd[:count],
        unit_easting=plots.unit_easting[:count],
        unit_northing=plots.unit_northing[:count],
        clutter=plots.clutter[:count],
        born=plots.born[:count],
        seen=plots.seen[:count],
        label=plots.label[:count],
        number=plots.number[:count],
    )


@numba.njit(cache=True)
def _reported_plot(reported: Floats, j: int) -> ReportedPlot:
    """Row ``j`` of a scan."""
    return ReportedPlot(
        azimuth=reported[0, j],
        azimuth_sd=reported[1, j],
        elevation=reported[2, j],
        elevation_sd=reported[3, j],
        range_=reported[4, j],
        range_sd=reported[5, j],
        radial=reported[6, j],
        radial_sd=reported[7, j],
        easting=reported[8, j],
        northing=reported[9, j],
        cov_ee=reported[10, j],
        cov_en=reported[11, j],
        cov_nn=reported[12, j],
    )


@numba.njit(cache=True)
def _measurement(row: ReportedPlot, sensor: MeasuringSensor) -> tuple[PlotMeasurement, float]:
    """(measurement, density of false plots [its unit]) of a row, of kind NO_PLOT where it holds none."""
    field = sensor.field
    if abs(row.azimuth) < 1e3 and 0.0 < row.azimuth_sd <= WORST_AZIMUTH_RAD:
        if not isnan(row.range_):
            return _by_range(row, sensor)
        if abs(row.elevation) < 0.5 * pi and 1e-6 < row.elevation_sd < 0.5:
            return _by_ray(row, sensor)
        return _by_bearing(row, sensor)
    if abs(row.easting - field.east) < FARTHEST_M and abs(row.northing - field.north) < FARTHEST_M:
        return _by_position(row, sensor.false_plots)
    if sensor.triggers and isnan(row.azimuth) and isnan(row.range_) and isnan(row.elevation) and isnan(row.easting):
        return _by_trigger(sensor)
    return _no_plot()


@numba.njit(cache=True)
def _no_plot() -> tuple[PlotMeasurement, float]:
    """A row without a measurement."""
    return PlotMeasurement(NO_PLOT, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan), nan


@numba.njit(cache=True)
def _by_range(row: ReportedPlot, sensor: MeasuringSensor) -> tuple[PlotMeasurement, float]:
    """A radar plot: slant range and azimuth; no plot where the range is out of bounds."""
    field = sensor.field
    if not (0.0 <= row.range_ <= 2.0 * field.max_range and 0.0 < row.range_sd <= field.max_range):
        return _no_plot()
    distance, distance_sd = ground_range(field, sensor.earth, row.azimuth, row.range_, row.range_sd)
    return _polar(row, sensor, distance, distance_sd, sensor.false_plots.per_m2)


@numba.njit(cache=True)
def _by_ray(row: ReportedPlot, sensor: MeasuringSensor) -> tuple[PlotMeasurement, float]:
    """A camera's detection: the point where its ray meets the ground; a bearing where that is not a usable range."""
    false_plots = sensor.false_plots
    distance, distance_sd = ray_range(sensor.field, sensor.earth, row.azimuth, row.elevation, row.elevation_sd)
    if isnan(distance):
        return _by_bearing(row, sensor)
    clutter = false_plots.per_m2
    if distance > 0.0:
        clutter = false_plots.per_sr * row.elevation_sd / distance_sd / distance
    return _polar(row, sensor, distance, distance_sd, clutter)


@numba.njit(cache=True)
def _by_bearing(row: ReportedPlot, sensor: MeasuringSensor) -> tuple[PlotMeasurement, float]:
    """An azimuth alone."""
    s, c, azimuth_sd = sin(row.azimuth), cos(row.azimuth), row.azimuth_sd
    if sensor.place_sd > 0.0:
        parallax = sensor.place_sd / (BEARING_SHARE * sensor.field.max_range)
        azimuth_sd = sqrt(azimuth_sd * azimuth_sd + parallax * parallax)
    plot = PlotMeasurement(BEARING, inf, inf, nan, nan, nan, row.azimuth, azimuth_sd, nan, nan, s, c)
    return plot, sensor.false_plots.per_rad


@numba.njit(cache=True)
def _by_position(row: ReportedPlot, false_plots: FalsePlots) -> tuple[PlotMeasurement, float]:
    """A reported position; no plot where its covariance is not positive definite."""
    ee, en, nn = row.cov_ee, row.cov_en, row.cov_nn
    if not (ee > 0.0 and ee * nn - en * en > 0.0 and ee + nn < FARTHEST_M**2):
        return _no_plot()
    ee, nn = ee + LEAST_VARIANCE, nn + LEAST_VARIANCE
    plot = PlotMeasurement(POSITION, row.easting, row.northing, ee, en, nn, nan, nan, nan, nan, nan, nan)
    return plot, false_plots.per_m2


@numba.njit(cache=True)
def _by_trigger(sensor: MeasuringSensor) -> tuple[PlotMeasurement, float]:
    """A trigger: the target is near the sensor."""
    field, variance = sensor.field, sensor.trigger_sd**2
    plot = PlotMeasurement(POSITION, field.east, field.north, variance, 0.0, variance, nan, nan, nan, nan, nan, nan)
    return plot, sensor.false_plots.per_m2


@numba.njit(cache=True)
def _polar(
    row: ReportedPlot, sensor: MeasuringSensor, distance: float, distance_sd: float, clutter: float
) -> tuple[PlotMeasurement, float]:
    """A position at a ground range and azimuth, its ellipse along the line of sight, with its radial velocity."""
    s, c = sin(row.azimuth), cos(row.azimuth)
    along = distance_sd * distance_sd + LEAST_VARIANCE
    across = (distance * row.azimuth_sd) ** 2 + LEAST_VARIANCE
    place = sensor.place_sd * sensor.place_sd
    radial, radial_sd = nan, nan
    if abs(row.radial) < FASTEST_MPS and 0.0 < row.radial_sd < FASTEST_MPS:
        radial, radial_sd = row.radial, max(row.radial_sd, 0.01)
        clutter /= sensor.false_plots.speed_span
    plot = PlotMeasurement(
        POSITION,
        sensor.field.east + distance * s,
        sensor.field.north + distance * c,
        along * s * s + across * c * c + place,
        (along - across) * s * c,
        along * c * c + across * s * s + place,
        row.azimuth,
        row.azimuth_sd,
        radial,
        radial_sd,
        s,
        c,
    )
    return plot, clutter


@numba.njit(cache=True)
def _likelihood(label: Floats, out: Floats) -> None:
    """The likelihood of a report given each class, into ``out`` (class,); 1 where ``label`` is not usable."""
    total, least = 0.0, 0.0
    for c in range(len(label)):
        total += label[c]
        least = min(least, label[c])
    usable = 0.0 < total < inf and least >= 0.0
    for c in range(len(label)):
        out[c] = label[c] / total if usable else 1.0


@numba.njit(cache=True)
def _radial_density(radial: float, radial_sd: float, new: NewTargets) -> float:
    """Density of a new target's radial velocity [s/m], over the modes of motion."""
    total = 0.0
    for m in range(len(new.prior)):
        variance = new.speed_sd[m] ** 2 + radial_sd**2
        total += new.prior[m] * exp(-0.5 * radial * radial / variance) / sqrt(2.0 * pi * variance)
    return total
