"""From where a mobile sensor sees: its pose rounded to steps, and the sensor of the layout carried there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sensors.layout import AnySensor, Layout

FLATTEST_DEG = 1e-6
"""Width that an elevation view keeps when it is tilted to the vertical."""


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """The rounded pose from which coverage of a mobile sensor is computed.

    ``easting``, ``northing`` [m] are in the frame, ``height_m`` above the ground; ``azimuth_deg`` is the centre of the
    field of view from true north, None for one all round, ``tilt_deg`` is added to the elevation limits of the layout.
    While the sensor is ``moving``, the fast viewshed is used, otherwise the exact one.
    """

    easting: float
    northing: float
    height_m: float
    azimuth_deg: float | None = None
    tilt_deg: float = 0.0
    moving: bool = False


def carried(sensor: AnySensor, there: Viewpoint, layout: Layout) -> AnySensor:
    """The sensor of a layout as if its post were there."""
    lon, lat = layout.frame.to_lonlat(there.easting, there.northing)
    low, high = tilted(sensor, there.tilt_deg)
    return replace(
        sensor,
        lon=float(lon),
        lat=float(lat),
        easting=there.easting,
        northing=there.northing,
        mast_height_m=there.height_m,
        azimuth_deg=sensor.azimuth_deg if there.azimuth_deg is None else there.azimuth_deg,
        elevation_min_deg=low,
        elevation_max_deg=high,
    )


def carried_layout(layout: Layout, viewpoints: Mapping[str, Viewpoint]) -> Layout:
    """The layout with the sensors that have a viewpoint there; ``layout`` itself without one of its sensors."""
    if not any(name in layout for name in viewpoints):
        return layout
    sensors = tuple(carried(one, viewpoints[one.id], layout) if one.id in viewpoints else one for one in layout)
    return Layout(layout.name, layout.frame, sensors, layout.relays)


def tilted(sensor: AnySensor, tilt_deg: float) -> tuple[float | None, float | None]:
    """Elevation limits [degrees] of a sensor's field of view that is tilted by ``tilt_deg`` from that of the layout."""
    low, high = sensor.elevation_min_deg, sensor.elevation_max_deg
    if low is None or high is None:
        return low, high
    low, high = max(low + tilt_deg, -90.0), min(high + tilt_deg, 90.0)
    return (low, high) if low < high else (-90.0, -90.0 + FLATTEST_DEG)
