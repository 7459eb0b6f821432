"""One scan as columns of numbers in the frame, for the tracker's kernels, and the conversion back to a record.

True north becomes grid north (grid azimuth = true azimuth − convergence at the sensor) and metres on the ground become
metres of the frame (× the frame's scale at the sensor). A range stays a *slant* range.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from operator import attrgetter
from typing import Final

import numpy as np

from geo.arrays import Floats
from geo.errors import SchemaError
from sensors.layout import Layout, Placement
from sensors.scan import CLASSES, Plot, Scan
from sensors.sensor import Confusion
from sensors.timestamps import nanoseconds, utc_datetime

POSE: Final = "pose"
"""Kind of the columns that hold the pose of a mobile sensor instead of plots (sensors.mobile)."""
CLASS_INDEX: Mapping[str, int] = {name: i for i, name in enumerate(CLASSES)}


@dataclass(frozen=True, slots=True, eq=False)
class ScanColumns:
    """One scan, n detections: metres and radians of the frame, grid north, NaN where not measured.

    ``observed_ns`` and ``received_ns`` are UTC nanoseconds since 1970. ``range_`` is the slant range; ``cov`` (n, 2, 2)
    [m²] belongs to ``easting``, ``northing``; ``class_probability`` (n, 5) in the order of CLASSES. All arrays are
    float64; n may be 0: the sensor looked and detected nothing.
    """

    sensor: str
    kind: str
    boot: int
    sequence: int
    observed_ns: int
    received_ns: int
    azimuth: Floats
    azimuth_sd: Floats
    elevation_angle: Floats
    elevation_angle_sd: Floats
    range_: Floats
    range_sd: Floats
    radial_velocity: Floats
    radial_velocity_sd: Floats
    easting: Floats
    northing: Floats
    cov: Floats
    class_probability: Floats
    confidence: Floats

    def __post_init__(self) -> None:
        """Refuse columns of unequal length: kernels read them without bounds checks."""
        n = len(self.azimuth)
        for name in ARRAYS:
            shape = getattr(self, name).shape
            if shape != (n, *_TAIL.get(name, ())):
                raise SchemaError(
                    f"{name} has shape {shape}",
                    where=f"scan {self.sequence} of boot {self.boot} of {self.sensor!r}",
                    expected=f"{(n, *_TAIL.get(name, ()))}",
                )

    def __len__(self) -> int:
        return len(self.azimuth)

    @property
    def key(self) -> tuple[str, int, int]:
        return self.sensor, self.boot, self.sequence


ARRAYS: Final = tuple(f.name for f in fields(ScanColumns))[6:]
_TAIL: Final = {"cov": (2, 2), "class_probability": (len(CLASSES),)}

# The plot's numbers in the order of the columns below: four measured values, their deviations, then the rest.
_PLOT_FIELDS: Final = (
    "range_m", "azimuth_deg", "elevation_deg", "radial_velocity_mps",
    "range_sd_m", "azimuth_sd_deg", "elevation_sd_deg", "radial_velocity_sd_mps",
    "position_sd_m", "lon", "lat", "confidence",
)  # fmt: skip
LEAST_REST: Final = 1e-6
"""Class scores whose sum is closer to 1 are complete: the rest is rounding."""
_numbers = attrgetter(*_PLOT_FIELDS)
RANGE, AZIMUTH, ELEVATION, VELOCITY, POSITION_SD, LON, LAT, CONFIDENCE = 0, 1, 2, 3, 8, 9, 10, 11


def columns_of(scan: Scan, layout: Layout) -> ScanColumns:
    """Convert a scan to columns in the layout's frame; missing deviations of a plot come from the layout's error model.

    A class report r becomes the likelihood of r given each class, through the sensor's confusion matrix if it has one,
    scaled to sum 1. A value whose deviation neither gives is NaN: an elevation or radial velocity alone, the whole
    polar measurement without that of range or azimuth, and a position without its own. Raises UnknownSensor for a
    sensor that is not in the layout, and SchemaError for a kind that is not the layout's, an incomplete measurement
    (range or elevation without azimuth, longitude without latitude), an impossible number, or a scan none of whose
    plots has a measurement because deviations are missing.
    """
    place = layout.placement(scan.sensor)
    if scan.kind != place.sensor.kind:
        raise _refusal(scan, f"comes from a {scan.kind!r}", f"a {place.sensor.kind!r}, as in the layout")
    n = len(scan.plots)
    values = _values(scan, place, n)
    easting, northing, cov = _positions(scan, values, layout, n)
    return ScanColumns(
        scan.sensor,
        scan.kind,
        scan.boot,
        scan.sequence,
        nanoseconds(scan.observed_at),
        nanoseconds(scan.received_at),
        np.mod(values[AZIMUTH] - place.turn_rad, math.tau),
        values[AZIMUTH + 4],
        values[ELEVATION],
        values[ELEVATION + 4],
        values[RANGE],
        values[RANGE + 4],
        values[VELOCITY],
        values[VELOCITY + 4],
        easting,
        northing,
        cov,
        _class_probability(scan, place.sensor.confusion, n),
        values[CONFIDENCE],
    )


def with_deviations(columns: ScanColumns, layout: Layout) -> ScanColumns:
    """``columns`` with the deviations that are NaN beside a measured value taken from the layout's error model.

    Like ``columns_of`` for a record, for columns that come from a dataset; the same object if none is missing. A
    deviation that the layout does not give either remains NaN, and so does one of a pose. Raises UnknownSensor.
    """
    place = layout.placement(columns.sensor)
    if not len(columns) or columns.kind == POSE:
        return columns
    filled = {}
    for value, name in enumerate(("range_", "azimuth", "elevation_angle", "radial_velocity")):
        deviation = f"{name.rstrip('_')}_sd"
        given = getattr(columns, deviation)
        missing = np.isnan(given)
        if not missing.any():
            continue
        missing &= ~np.isnan(getattr(columns, name))
        if missing.any():
            filled[deviation] = np.where(missing, _error_model(place)[value], given)
    return replace(columns, **filled) if filled else columns


def scan_of(columns: ScanColumns, layout: Layout) -> Scan:
    """The record whose ``columns_of`` is ``columns``: true north, metres on the ground, as a sensor would send it.

    The look number ``scan`` is the sequence. Times are cut to microseconds. Raises UnknownSensor.
    """
    place = layout.placement(columns.sensor)
    azimuth_deg = np.degrees(columns.azimuth + place.turn_rad) % 360.0
    lon, lat = layout.frame.to_lonlat(columns.easting, columns.northing)
    table = np.stack(
        [
            columns.range_ / place.scale,
            np.where(azimuth_deg >= 360.0, 0.0, azimuth_deg),
            np.degrees(columns.elevation_angle),
            columns.radial_velocity / place.scale,
            columns.range_sd / place.scale,
            np.degrees(columns.azimuth_sd),
            np.degrees(columns.elevation_angle_sd),
            columns.radial_velocity_sd / place.scale,
            np.sqrt(columns.cov[:, 0, 0]) / place.scale,
            lon,
            lat,
            columns.confidence,
        ],
        axis=1,
    )
    names = _PLOT_FIELDS
    classes = _reports(columns.class_probability, place.sensor.confusion)
    plots = tuple(
        Plot(**{k: v for k, v in zip(names, row, strict=True) if v == v}, classes=report)  # NaN ≠ NaN
        for row, report in zip(table.tolist(), classes, strict=True)
    )
    return Scan(
        sensor=columns.sensor,
        boot=columns.boot,
        sequence=columns.sequence,
        scan=columns.sequence,
        observed_at=utc_datetime(columns.observed_ns),
        received_at=utc_datetime(columns.received_ns),
        kind=columns.kind,
        plots=plots,
    )


def _values(scan: Scan, place: Placement, n: int) -> Floats:
    """(12, n) numbers in the order of ``_numbers``, in frame units; deviations filled in and everything checked."""
    if n == 0:
        return np.empty((12, 0))
    rows = np.array([_numbers(plot) for plot in scan.plots], dtype=np.float64)
    values = np.ascontiguousarray(rows.T)
    values *= _units(place)[:, None]
    measured, deviations = values[:4], values[4:8]
    missing = np.isnan(deviations) & ~np.isnan(measured)
    if missing.any():
        np.copyto(deviations, _error_model(place)[:, None], where=missing)
    _check(scan, values)
    _leave_out_undefined(scan, values)
    return values


def _leave_out_undefined(scan: Scan, values: Floats) -> None:
    """Make NaN what has no deviation: an elevation or velocity alone, else the polar measurement or the position.

    A scan of which nothing remains is refused, with what is missing.
    """
    no_deviation = np.isnan(values[4:8]) & ~np.isnan(values[:4])
    no_position_sd = np.isnan(values[POSITION_SD]) & ~np.isnan(values[LON])
    for value in (ELEVATION, VELOCITY):
        values[value, no_deviation[value]] = np.nan
    values[RANGE : VELOCITY + 1, no_deviation[RANGE] | no_deviation[AZIMUTH]] = np.nan
    values[LON : LAT + 1, no_position_sd] = np.nan
    if not np.isnan(values[[AZIMUTH, LON]]).all():
        return
    for missing, name in zip(no_deviation, _PLOT_FIELDS[4:8], strict=True):
        if missing.any():
            raise _refusal(scan, f"gives no {name}, nor does the layout", f"{name} in the plot or in the layout")
    if no_position_sd.any():
        raise _refusal(scan, "gives a position without position_sd_m", "a position and its deviation")


def _check(scan: Scan, values: Floats) -> None:
    if np.isinf(values).any():
        raise _refusal(scan, "holds an infinite number", "finite numbers")
    absent = np.isnan(values)
    if (values[4:9] <= 0.0).any():
        raise _refusal(scan, "holds a standard deviation that is not positive", "positive deviations")
    if (values[RANGE] < 0.0).any():
        raise _refusal(scan, "holds a negative range", "ranges from 0")
    if ((absent[AZIMUTH] & ~(absent[RANGE] & absent[ELEVATION])) & absent[LON]).any():
        raise _refusal(scan, "gives a range or elevation without an azimuth", "an azimuth beside them")
    if (absent[LON] != absent[LAT]).any():
        raise _refusal(scan, "gives half a position", "longitude and latitude")
    if (np.abs(values[LON]) > 180.0).any() or (np.abs(values[LAT]) > 90.0).any():
        raise _refusal(scan, "gives a position that is not on Earth", "degrees, longitude up to 180, latitude up to 90")


def _units(place: Placement) -> Floats:
    k, degree = place.scale, math.pi / 180.0
    return np.array([k, degree, degree, k, k, degree, degree, k, k, 1.0, 1.0, 1.0])


def _error_model(place: Placement) -> Floats:
    """The layout's deviations of range, azimuth, elevation and radial velocity in frame units; NaN where not given."""
    s = place.sensor
    given = np.array([s.range_sd_m, s.azimuth_sd_deg, s.elevation_sd_deg, s.radial_velocity_sd_mps], dtype=np.float64)
    return given * _units(place)[4:8]


def _positions(scan: Scan, values: Floats, layout: Layout, n: int) -> tuple[Floats, Floats, Floats]:
    """Easting, northing (n,) and covariance (n, 2, 2) of reported positions; NaN where none was reported."""
    cov = np.full((n, 2, 2), np.nan)
    located = ~np.isnan(values[LON])
    if not located.any():
        return np.full(n, np.nan), np.full(n, np.nan), cov
    easting, northing = layout.frame.to_local(values[LON], values[LAT])
    if not np.isfinite(easting[located] + northing[located]).all():
        raise _refusal(scan, "gives a position outside the frame", "a position near the sector")
    cov[located] = np.eye(2)
    return easting, northing, cov * (values[POSITION_SD] ** 2)[:, None, None]


def _class_probability(scan: Scan, confusion: Confusion | None, n: int) -> Floats:
    """(n, 5) likelihood of each plot's class report given the class, scaled to sum 1; NaN where none was made."""
    likelihood = np.full((n, len(CLASSES)), np.nan)
    reported = [i for i, plot in enumerate(scan.plots) if plot.classes]
    if not reported:
        return likelihood
    scores = _scores(scan, [scan.plots[i].classes for i in reported])
    given = scores if confusion is None else scores @ np.array(confusion).T
    total = given.sum(axis=1, keepdims=True)
    if not (total > 0.0).all():
        raise _refusal(scan, "reports a class that its confusion matrix rules out", "a class it can report")
    likelihood[reported] = given / total
    return likelihood


def _scores(scan: Scan, reports: Sequence[Mapping[str, float]]) -> Floats:
    """(report, class) reported scores in the order of CLASSES, scaled to sum 1. Below 1, the remainder is spread evenly
    over the classes that the report does not name: a class reported with 0.55 is not certain."""
    for report in reports:
        if not report.keys() <= CLASS_INDEX.keys():
            unknown = min(report.keys() - CLASS_INDEX.keys())
            raise _refusal(scan, f"reports the class {unknown!r}", f"a class among {', '.join(CLASSES)}")
    scores = np.array([[report.get(name, 0.0) for name in CLASSES] for report in reports])
    total = scores.sum(axis=1, keepdims=True)
    if not ((scores >= 0.0).all() and (total > 0.0).all() and np.isfinite(total).all()):
        raise _refusal(scan, "reports class scores that are not fractions", "scores from 0, not all 0")
    for i in np.flatnonzero(total[:, 0] < 1.0 - LEAST_REST).tolist():
        unnamed = [name not in reports[i] for name in CLASSES]
        if any(unnamed):
            scores[i, unnamed], total[i] = (1.0 - total[i]) / sum(unnamed), 1.0
    return np.asarray(scores / total)


def _reports(likelihood: Floats, confusion: Confusion | None) -> Iterable[Mapping[str, float]]:
    """Class scores whose likelihood is ``likelihood``: the confusion matrix undone; empty where no class is given."""
    return [{} if row[0] != row[0] else dict(_report(tuple(row), confusion)) for row in likelihood.tolist()]


@lru_cache(maxsize=1_024)  # a sensor that reports one class at a time has five likelihoods
def _report(row: tuple[float, ...], confusion: Confusion | None) -> tuple[tuple[str, float], ...]:
    scores = np.array(row) if confusion is None else _unconfused(np.array(row), np.array(confusion))
    scores = np.where(scores > 1e-12 * scores.sum(), scores, 0.0) / scores.sum()
    return tuple((name, float(score)) for name, score in zip(CLASSES, scores, strict=True) if score > 0.0)


def _unconfused(likelihood: Floats, confusion: Floats) -> Floats:
    """Scores s ≥ 0 (class,) with ``confusion @ s`` proportional to ``likelihood``; a single class if that suffices."""
    total = confusion.sum(axis=0)
    alone = np.abs(confusion * likelihood.sum() - likelihood[:, None] * total).max(axis=0)
    alone[total == 0.0] = np.inf  # a class that is never reported
    if alone.min() < 1e-12:
        return np.asarray(np.arange(len(CLASSES)) == alone.argmin(), dtype=np.float64)
    from scipy.optimize import nnls  # rarely needed and slow to load

    scores, _ = nnls(confusion, likelihood)
    return np.asarray(scores)


def _refusal(scan: Scan, problem: str, expected: str) -> SchemaError:
    return SchemaError(problem, where=f"scan {scan.sequence} of boot {scan.boot} of {scan.sensor!r}", expected=expected)
