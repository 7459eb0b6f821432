"""Detections as a dataset: the schema between sensors and fusion, and conversions to and from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Floats, Ints
from geo.errors import SchemaError
from geo.schema import Schema, Variable, by_label
from sensors.layout import Layout
from sensors.scan import CLASSES, Scan
from sensors.scan_columns import ARRAYS, POSE, ScanColumns, columns_of, scan_of, with_deviations

__all__ = ["DETECTIONS", "from_columns", "split", "to_dataset", "to_scans"]

_SCAN, _PLOT = ("scan",), ("detection",)
_NUMBER = "fiu"  # integers are accepted and converted to float64
DETECTIONS: Final = Schema(
    "detections",
    {
        "scan_sensor": Variable(_SCAN, "UO"),
        "scan_time": Variable(_SCAN, "M"),
        "scan_received_at": Variable(_SCAN, "M", required=False),
        "scan_boot": Variable(_SCAN, "iu"),
        "scan_sequence": Variable(_SCAN, "iu"),
        "scan_kind": Variable(_SCAN, "UO", required=False),
        "scan_index": Variable(_PLOT, "iu"),
        "observed_at": Variable(_PLOT, "M", required=False),
        "received_at": Variable(_PLOT, "M", required=False),
        "sensor_id": Variable(_PLOT, "UO", required=False),
        "boot": Variable(_PLOT, "iu", required=False),
        "sequence": Variable(_PLOT, "iu", required=False),
        "kind": Variable(_PLOT, "UO", required=False),
        "azimuth": Variable(_PLOT, _NUMBER, "rad", required=False),
        "azimuth_sd": Variable(_PLOT, _NUMBER, "rad", required=False),
        "elevation_angle": Variable(_PLOT, _NUMBER, "rad", required=False),
        "elevation_angle_sd": Variable(_PLOT, _NUMBER, "rad", required=False),
        "range": Variable(_PLOT, _NUMBER, "m", required=False),
        "range_sd": Variable(_PLOT, _NUMBER, "m", required=False),
        "radial_velocity": Variable(_PLOT, _NUMBER, "m/s", required=False),
        "radial_velocity_sd": Variable(_PLOT, _NUMBER, "m/s", required=False),
        "easting": Variable(_PLOT, _NUMBER, "m", required=False),
        "northing": Variable(_PLOT, _NUMBER, "m", required=False),
        "cov": Variable(("detection", "axis", "axis_"), _NUMBER, "m2", required=False),
        "class_probability": Variable(("detection", "class"), _NUMBER, "1", required=False),
        "confidence": Variable(_PLOT, _NUMBER, "1", required=False),
    },
)
"""Schema of a detections dataset: one row per scan, empty ones included, and one per detection."""
TAILS: Final = {"cov": (2, 2), "class_probability": (len(CLASSES),)}
AXES: Final = ("easting", "northing")
COPIES: Final = {
    "sensor_id": "scan_sensor",
    "observed_at": "scan_time",
    "boot": "scan_boot",
    "sequence": "scan_sequence",
}
"""Variables per detection by which it belongs to its scan, and those of the scan that they repeat."""


def to_dataset(scans: Iterable[Scan], layout: Layout) -> xr.Dataset:
    """Convert scans to a detections dataset in the layout's frame.

    Parameters
    ----------
    scans : iterable of Scan
        Scans in any order, empty ones included.
    layout : Layout
        The sensors.

    Returns
    -------
    xarray.Dataset, dims (scan, detection)
        Schema DETECTIONS, in the order given. True north becomes grid north, and metres on the ground metres of the
        frame; ranges stay slant ranges.

    Raises
    ------
    UnknownSensor
        For the first scan of a sensor that the layout does not have.
    SchemaError
        For the first scan that cannot be used (``sensors.scan_columns.columns_of``).
    """
    return from_columns([columns_of(scan, layout) for scan in scans])


def to_scans(detections: xr.Dataset, layout: Layout) -> list[Scan]:
    """Convert a detections dataset to scans: the inverse of ``to_dataset``.

    Parameters
    ----------
    detections : xarray.Dataset, dims (scan, detection)
        Schema DETECTIONS.
    layout : Layout
        The sensors.

    Returns
    -------
    list of Scan
        In order of ``scan``, equal to 1e-6 m and 1e-9 rad; poses (sensors.mobile) are not scans.

    Raises
    ------
    SchemaError
        For a dataset that does not match the schema.
    UnknownSensor
        For a sensor that the layout does not have.
    """
    return [scan_of(columns, layout) for columns in split(detections) if columns.kind != POSE]


def from_columns(scans: Sequence[ScanColumns]) -> xr.Dataset:
    """Build a detections dataset of scans that are already in the frame.

    Parameters
    ----------
    scans : sequence of ScanColumns
        The scans.

    Returns
    -------
    xarray.Dataset, dims (scan, detection)
        Schema DETECTIONS; detections in order of scans.
    """
    counts = np.array([len(scan) for scan in scans], dtype=np.int64)
    per_scan = {
        "scan_sensor": np.array([scan.sensor for scan in scans], dtype=np.str_),
        "scan_kind": np.array([scan.kind for scan in scans], dtype=np.str_),
        "scan_time": _times([scan.observed_ns for scan in scans]),
        "scan_received_at": _times([scan.received_ns for scan in scans]),
        "scan_boot": np.array([scan.boot for scan in scans], dtype=np.int64),
        "scan_sequence": np.array([scan.sequence for scan in scans], dtype=np.int64),
    }
    empty = {name: np.empty((0, *TAILS.get(dataset_name(name), ()))) for name in ARRAYS}
    measured = {
        dataset_name(name): np.concatenate([empty[name], *(getattr(scan, name) for scan in scans)]) for name in ARRAYS
    }
    return from_arrays(per_scan, np.repeat(np.arange(len(scans)), counts), measured)


def from_arrays(
    per_scan: Mapping[str, npt.NDArray[Any]], scan_index: npt.NDArray[np.integer[Any]], measured: Mapping[str, Any]
) -> xr.Dataset:
    """Build a detections dataset from arrays: the ``scan_*`` variables, each detection's scan, and the measured
    columns."""
    index = np.asarray(scan_index, dtype=np.int64)
    derived = {
        "observed_at": per_scan["scan_time"][index],
        "received_at": per_scan["scan_received_at"][index],
        "sensor_id": per_scan["scan_sensor"][index],
        "boot": per_scan["scan_boot"][index],
        "sequence": per_scan["scan_sequence"][index],
        "kind": per_scan["scan_kind"][index],
    }
    values: dict[str, Any] = {**per_scan, "scan_index": index, **derived, **measured}
    variables = {
        name: (wanted.dims, values[name], {"units": wanted.units} if wanted.units else {})
        for name, wanted in DETECTIONS.variables.items()
    }
    return xr.Dataset(variables, coords={"class": list(CLASSES), "axis": list(AXES), "axis_": list(AXES)})


def split(detections: xr.Dataset, layout: Layout | None = None) -> list[ScanColumns]:
    """Split a detections dataset into its scans.

    Parameters
    ----------
    detections : xarray.Dataset, dims (scan, detection)
        Schema DETECTIONS. A measured variable that is absent is NaN, an absent ``scan_received_at`` is ``scan_time``.
        COPIES, where present, must equal the variables of the scan. ``class`` may hold any of CLASSES in any order: a
        report has likelihood 0 of the others. ``axis`` and ``axis_`` may be in either order; without coordinates they
        are easting, northing.
    layout : Layout, optional
        With it, deviations that are NaN beside a measured value are taken from its error model.

    Returns
    -------
    list of ScanColumns
        In order of ``scan``; rows keep their order within a scan. Without ``scan_kind`` an empty scan's kind is "".

    Raises
    ------
    SchemaError
        For a dataset that does not match the schema, holds a class or an axis that is unknown, a time that nanoseconds
        since 1970 cannot state, or detections of another sensor, time or number than the scan of their ``scan_index``.
    UnknownSensor
        With a layout, for a sensor that it does not have.
    """
    detections = DETECTIONS.check(detections, where="detections")
    n, scans = detections.sizes["detection"], detections.sizes["scan"]
    index = detections["scan_index"].to_numpy().astype(np.int64)
    if n and not (index.min() >= 0 and index.max() < scans):
        raise SchemaError(
            "scan_index points at no scan", where="detections (scan_index)", expected=f"0 to {scans - 1} along 'scan'"
        )
    _check_copies(detections, index)
    order = np.argsort(index, kind="stable")
    ends = np.searchsorted(index[order], np.arange(scans + 1))
    measured = [_column(detections, name, n)[order] for name in ARRAYS]
    kinds = _kinds(detections, index, scans)
    sensors, boots, sequences = (detections[f"scan_{name}"].values.tolist() for name in ("sensor", "boot", "sequence"))
    observed = _nanoseconds(detections["scan_time"]).tolist()
    received = _nanoseconds(detections["scan_received_at"]).tolist() if "scan_received_at" in detections else observed
    nothing = [column[:0] for column in measured]  # shared by the empty scans, which are most
    columns = [
        ScanColumns(
            sensors[i],
            kinds[i],
            boots[i],
            sequences[i],
            observed[i],
            received[i],
            *([column[first:end] for column in measured] if first < end else nothing),
        )
        for i, (first, end) in enumerate(pairwise(ends.tolist()))
    ]
    return columns if layout is None else [with_deviations(scan, layout) for scan in columns]


def dataset_name(field: str) -> str:
    """The dataset's name of a ScanColumns field; ``range_`` avoids the builtin."""
    return field.rstrip("_")


def _column(detections: xr.Dataset, field: str, n: int) -> Floats:
    name = dataset_name(field)
    if name not in detections:
        return np.full((n, *TAILS.get(name, ())), np.nan)
    values = detections[name]
    if name == "class_probability":
        return _by_class(values)
    if name == "cov":
        return _by_axis(values)
    return values.to_numpy().astype(np.float64, copy=False)


def _by_class(values: xr.DataArray) -> Floats:
    """(detection, class) in the order of CLASSES; 0 for classes that are not in the dataset, NaN where nothing was
    reported."""
    where = "detections (class_probability)"
    if "class" in values.coords:
        unknown = {str(label) for label in values["class"].values.tolist()} - set(CLASSES)
        if unknown:
            raise SchemaError(f"class {min(unknown)!r} is unknown", where=where, expected=", ".join(CLASSES))
    aligned = by_label(values, "class", CLASSES, where=where, absent=0.0)
    probability = aligned.to_numpy().astype(np.float64, copy=False)
    if aligned is values:
        return probability
    nothing = np.isnan(values.to_numpy().astype(np.float64)).any(axis=1, keepdims=True)
    return np.where(nothing, np.nan, probability)


def _by_axis(values: xr.DataArray) -> Floats:
    """(detection, 2, 2) covariances of easting, northing."""
    where = "detections (cov)"
    for axis in ("axis", "axis_"):
        if axis in values.coords:
            values = by_label(values, axis, AXES, where=where)
    if values.shape[1:] != (2, 2):
        raise SchemaError(f"is of shape {values.shape}", where=where, expected="(detection, 2, 2)")
    cov = values.to_numpy().astype(np.float64, copy=False)
    if (cov[:, 0, 1] != cov[:, 1, 0])[~np.isnan(cov[:, 0, 1])].any():
        raise SchemaError("is not symmetric", where=where, expected="both axes in the order of their coordinates")
    return cov


def _kinds(detections: xr.Dataset, index: Ints, scans: int) -> list[str]:
    if "scan_kind" in detections:
        return [str(kind) for kind in detections["scan_kind"].values.tolist()]
    kinds = np.full(scans, "", dtype=object)
    if "kind" in detections:
        kinds[index] = detections["kind"].to_numpy()
    return [str(kind) for kind in kinds.tolist()]


def _times(nanoseconds: Sequence[int]) -> npt.NDArray[np.datetime64]:
    return np.array(nanoseconds, dtype=np.int64).astype("datetime64[ns]")


def _nanoseconds(times: xr.DataArray) -> Ints:
    given = times.to_numpy()
    where = f"detections ({times.name})"
    if np.isnat(given).any():
        raise SchemaError("holds no time (NaT)", where=where, expected="the time of each scan")
    exact = given.astype("datetime64[ns]")
    if (wrong := exact.astype(given.dtype) != given).any():
        raise SchemaError(
            f"holds {given[wrong][0]}", where=where, expected="times from 1678 to 2261, to the nanosecond"
        )
    return exact.astype(np.int64)


def _check_copies(detections: xr.Dataset, index: Ints) -> None:
    """Refuse detections that state another sensor, time or number than the scan at their ``scan_index``.

    A dataset whose scans were sorted or selected without its detections would give them to the wrong sensors.
    """
    for name, of_scan in COPIES.items():
        if name not in detections:
            continue
        stated, scan = detections[name], detections[of_scan]
        is_time = stated.dtype.kind == "M"
        here, there = (_nanoseconds(one) if is_time else one.to_numpy() for one in (stated, scan))
        if (wrong := here != there[index]).any():
            row = int(np.argmax(wrong))
            raise SchemaError(
                f"detection {row} states {stated.values[row]}, its scan {scan.values[index[row]]}",
                where=f"detections ({name})",
                expected=f"{of_scan} at its scan_index, which counts along 'scan' as it is ordered now",
            )
