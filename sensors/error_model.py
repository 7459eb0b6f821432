"""Error model of the layout, used for reports of other wire standards that do not state their errors."""

from __future__ import annotations

import math
from dataclasses import replace

from geo.frame import metres_per_degree
from sensors import human
from sensors.layout import AnySensor, Layout
from sensors.scan import Plot, Scan


def completed(scan: Scan, layout: Layout) -> Scan:
    """``scan`` with the kind of its sensor, and with missing position errors of its plots, from the layout.

    For wire standards that carry neither. A position without an error gets ``position_sd_m``; if the layout gives none
    either, it is dropped if an azimuth remains. A human observer's report without a direction becomes a position at the
    observer, uniform over the disc within reach. Unchanged for a sensor that is not in the layout.
    """
    if scan.sensor not in layout:
        return scan
    sensor = layout[scan.sensor]
    return replace(scan, kind=sensor.kind, plots=tuple(_with_position_error(plot, sensor) for plot in scan.plots))


def position_sd_m(
    lon: float, lat: float, sensor: AnySensor, *, range_sd_m: float | None = None, azimuth_sd_deg: float | None = None
) -> float | None:
    """Standard deviation per axis [m] of a position reported without one; None if the layout gives no range error.

    The larger of the errors along and across the line of sight, from the given errors, else from the sensor's.
    """
    range_sd_m, azimuth_sd_deg = range_sd_m or sensor.range_sd_m, azimuth_sd_deg or sensor.azimuth_sd_deg
    if range_sd_m is None:
        return None
    distance = distance_m(lon, lat, sensor.lon, sensor.lat)
    return max(range_sd_m, 0.0 if azimuth_sd_deg is None else distance * math.radians(azimuth_sd_deg))


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Distance [m] between two points [degrees], within 0.1% up to 100 km."""
    per_lon, per_lat = metres_per_degree(lat)
    return math.hypot(((lon - other_lon + 180.0) % 360.0 - 180.0) * per_lon, (lat - other_lat) * per_lat)


def _with_position_error(plot: Plot, sensor: AnySensor) -> Plot:
    if sensor.kind == human.KIND and plot.azimuth_deg is None and plot.lon is None:
        # uniform over a disc of radius R: the deviation of one axis is R/2
        return replace(plot, lon=sensor.lon, lat=sensor.lat, position_sd_m=sensor.max_range_m / 2.0)
    if plot.lon is None or plot.lat is None or plot.position_sd_m is not None:
        return plot
    sd_m = position_sd_m(plot.lon, plot.lat, sensor, range_sd_m=plot.range_sd_m, azimuth_sd_deg=plot.azimuth_sd_deg)
    if sd_m is None and plot.azimuth_deg is not None:
        return replace(plot, lon=None, lat=None)
    return replace(plot, position_sd_m=sd_m)
