"""The pose of a mobile sensor: a record, and its form as a scan of one row, which takes its place among the scans."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from geo.errors import SchemaError
from sensors.layout import Layout
from sensors.mobile.north import north_and_scale
from sensors.scan import CLASSES
from sensors.scan_columns import ARRAYS, POSE, ScanColumns
from sensors.timestamps import nanoseconds

POSITION_SD_M: Final = 10.0
"""Standard deviation of a stated position without one (assumption: a satellite receiver under trees)."""
HEIGHT_SD_M: Final = 15.0
"""The same of a stated height."""
AFTER_POSES: Final = 2**53 + 1
"""More than any number of a status; it is subtracted from those of poses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Position and direction of a mobile sensor at one time; None means not stated.

    Parameters
    ----------
    sensor : str
        Id of the sensor.
    boot : int
        Number of the sensor's boot.
    sequence : int
        Number of the status message within the boot, counted apart from scans.
    observed_at : datetime
        Time of the pose, aware UTC.
    received_at : datetime
        Time of receipt, aware UTC.
    lon : float, degrees
        Longitude, WGS 84.
    lat : float, degrees
        Latitude, WGS 84.
    position_sd_m : float, m, optional
        Standard deviation of the position, per axis; without one POSITION_SD_M.
    height_m : float, m, optional
        Height of the antenna or lens above the datum of the terrain; without one it is ``mast_height_m`` above ground.
    height_sd_m : float, m, optional
        Its standard deviation; without one HEIGHT_SD_M.
    heading_deg : float, degrees, optional
        Azimuth of the centre of the field of view, clockwise from true north; without one that of the layout.
    heading_sd_deg : float, degrees, optional
        Standard deviation of the azimuth reference; it is added to that of each reported azimuth.
    tilt_deg : float, degrees, optional
        Elevation angle of the centre of the field of view, positive up; without one that of the layout.
    tilt_sd_deg : float, degrees, optional
        Standard deviation of the elevation reference; it is added to that of each reported elevation angle.
    """

    sensor: str
    boot: int
    sequence: int
    observed_at: datetime
    received_at: datetime
    lon: float
    lat: float
    position_sd_m: float | None = None
    height_m: float | None = None
    height_sd_m: float | None = None
    heading_deg: float | None = None
    heading_sd_deg: float | None = None
    tilt_deg: float | None = None
    tilt_sd_deg: float | None = None


def columns_of_pose(pose: Pose, layout: Layout) -> ScanColumns:
    """Convert a pose to a scan of the kind POSE with one row in the layout's frame.

    ``easting``, ``northing`` and ``cov`` are the position, ``range_`` the height with its deviation, ``azimuth`` the
    heading from grid north, ``elevation_angle`` the tilt; NaN where not stated. The sequence is negative, so that a
    pose stands before the scan of the same time and boot, and its number is apart from those of scans. Of two poses of
    one time, the one that was stated later comes later, and replaces the other.

    Parameters
    ----------
    pose : Pose
        The pose.
    layout : Layout
        The sensors.

    Returns
    -------
    ScanColumns
        One row.

    Raises
    ------
    UnknownSensor
        For a sensor that the layout does not hold.
    SchemaError
        For a sensor that is not mobile, a number that is not finite or not possible, and a position outside the frame.
    """
    sensor = layout[pose.sensor]
    where = f"pose {pose.sequence} of boot {pose.boot} of {pose.sensor!r}"
    if not sensor.mobile:
        raise SchemaError("comes from a fixed sensor", where=where, expected="a sensor with mobile true in the layout")
    _check(pose, where)
    easting, northing = layout.frame.to_local(pose.lon, pose.lat)
    if not math.isfinite(easting + northing):
        raise SchemaError("is outside the frame", where=where, expected="a position near the sector")
    convergence, scale = north_and_scale(layout.frame, float(easting), float(northing))
    position_sd = (POSITION_SD_M if pose.position_sd_m is None else pose.position_sd_m) * scale
    none = np.full(1, np.nan)
    values = dict.fromkeys(ARRAYS, none)
    values["easting"], values["northing"] = np.array([easting]), np.array([northing])
    values["cov"] = position_sd**2 * np.eye(2)[None]
    values["class_probability"] = np.full((1, len(CLASSES)), np.nan)
    if pose.height_m is not None:
        height_sd = HEIGHT_SD_M if pose.height_sd_m is None else pose.height_sd_m
        values["range_"], values["range_sd"] = np.array([pose.height_m]), np.array([height_sd])
    if pose.heading_deg is not None:
        heading = math.radians(pose.heading_deg) - convergence
        values["azimuth"] = np.array([heading % math.tau])
    if pose.tilt_deg is not None:
        values["elevation_angle"] = np.array([math.radians(pose.tilt_deg)])
    if pose.heading_sd_deg is not None:
        values["azimuth_sd"] = np.array([math.radians(pose.heading_sd_deg)])
    if pose.tilt_sd_deg is not None:
        values["elevation_angle_sd"] = np.array([math.radians(pose.tilt_sd_deg)])
    observed_ns, received_ns = nanoseconds(pose.observed_at), nanoseconds(pose.received_at)
    return ScanColumns(pose.sensor, POSE, pose.boot, pose.sequence - AFTER_POSES, observed_ns, received_ns, **values)


_BOUNDS: Final = {
    "lon": (-180.0, 180.0),
    "lat": (-90.0, 90.0),
    "position_sd_m": (0.0, 1e6),
    "height_m": (-1e3, 1e5),
    "height_sd_m": (0.0, 1e5),
    "heading_deg": (-360.0, 360.0),
    "heading_sd_deg": (0.0, 180.0),
    "tilt_deg": (-90.0, 90.0),
    "tilt_sd_deg": (0.0, 90.0),
}


def _check(pose: Pose, where: str) -> None:
    for name, (low, high) in _BOUNDS.items():
        value = getattr(pose, name)
        if value is not None and not low <= value <= high:
            raise SchemaError(f"{name} is {value:g}", where=where, expected=f"a number from {low:g} to {high:g}")
