"""SAPIENT's positions and directions converted to WGS 84 degrees, true north, metres and standard deviations.

Every function adds its faults to ``faults``, by the field's path, and then returns None. An error of 0 means not
reported; a negative one is refused. SAPIENT's errors are taken as one standard deviation, because the standard leaves
their meaning to the registration's free text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sapient_msg.bsi_flex_335_v2_0 import location_pb2, range_bearing_pb2

from geo.frame import metres_per_degree
from ingest.errors import MalformedMessage
from ingest.standards.true_north import (
    NorthError,
    UtmZone,
    declination_deg,
    grid_convergence_deg,
    lonlat_of_utm,
)

Faults = list[MalformedMessage]

_LOCATION: Final = location_pb2.LocationCoordinateSystem
_UNITS: Final = range_bearing_pb2.RangeBearingCoordinateSystem
_DATUM: Final = range_bearing_pb2.RangeBearingDatum
_RADIANS: Final = (
    _UNITS.RANGE_BEARING_COORDINATE_SYSTEM_RADIANS_M,
    _UNITS.RANGE_BEARING_COORDINATE_SYSTEM_RADIANS_KM,
)
_KILOMETRES: Final = (
    _UNITS.RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_KM,
    _UNITS.RANGE_BEARING_COORDINATE_SYSTEM_RADIANS_KM,
)
FARTHEST_M: Final = 1e6
HIGHEST_M: Final = 1e5
MOST_SD_M: Final = 1e6
MOST_SD_DEG: Final = 180.0
"""Limits of a standard deviation on the wire."""


@dataclass(frozen=True, slots=True)
class GeoPosition:
    """WGS 84 degrees; ``height_m`` above ``datum`` (ellipsoid or geoid), ``sd_m``: the larger one of the two axes."""

    lon: float
    lat: float
    sd_m: float | None = None
    height_m: float | None = None
    datum: str = "ellipsoid"
    zone: UtmZone | None = None


@dataclass(frozen=True, slots=True)
class Stand:
    """Position and heading of a node, if known. ``heading_deg``: heading of its platform, from true north."""

    place: GeoPosition | None = None
    heading_deg: float | None = None


@dataclass(frozen=True, slots=True)
class Polar:
    """Measured values of a range-bearing, from true north; None for values that it lacks."""

    azimuth_deg: float | None = None
    azimuth_sd_deg: float | None = None
    elevation_deg: float | None = None
    elevation_sd_deg: float | None = None
    range_m: float | None = None
    range_sd_m: float | None = None


def place_of(
    location: Any,
    zone: str | None,
    path: str,
    faults: Faults,
    *,
    near: GeoPosition | None = None,
    most_sd_m: float = math.inf,
) -> GeoPosition | None:
    """A SAPIENT Location; ``zone`` is the UTM zone of the node's registration, for one that does not name its own.

    ``near``: position of the node, if known; it resolves the meaning of a zone's S. The height is kept as reported; it
    does not change the horizontal position. An error of more than ``most_sd_m`` is a fault.
    """
    before = len(faults)
    height = _optional(location, "z")
    if height is not None and abs(height) > HIGHEST_M:
        faults.append(_out(f"{path}.z", f"{height:g}", f"metres from {-HIGHEST_M:g} to {HIGHEST_M:g}"))
    errors = [_error_of(location, name, path, faults) for name in ("x_error", "y_error", "z_error")][:2]
    datum = "geoid" if location.datum == location_pb2.LOCATION_DATUM_WGS84_G else "ellipsoid"
    place: GeoPosition | None
    if location.coordinate_system == _LOCATION.LOCATION_COORDINATE_SYSTEM_UTM_M:
        place = _utm(location, zone, path, faults, None if near is None else near.lat)
        a_metre_x = a_metre_y = 1.0
    else:
        radians = location.coordinate_system == _LOCATION.LOCATION_COORDINATE_SYSTEM_LAT_LNG_RAD_M
        a_degree = math.degrees(1.0) if radians else 1.0
        place = _degrees(location.x * a_degree, location.y * a_degree, path, faults)
        a_metre_x, a_metre_y = (a_degree * size for size in metres_per_degree(location.y * a_degree))
    if place is None or len(faults) > before:
        return None
    deviations_m = []
    for name, error, a_metre in zip(("x_error", "y_error"), errors, (a_metre_x, a_metre_y), strict=True):
        if error is not None:
            deviations_m.append(error * a_metre)
            if error * a_metre > most_sd_m:
                faults.append(_out(f"{path}.{name}", f"{error:g}", f"at most {most_sd_m / a_metre:.6g}"))
    if len(faults) > before:
        return None
    return replace(place, sd_m=max(deviations_m, default=0.0) or None, height_m=height, datum=datum)


def polar_of(range_bearing: Any, stand: Stand, at: datetime, path: str, faults: Faults) -> Polar | None:
    """A SAPIENT RangeBearing as seen from ``stand``. Elevation is from the node's horizon, positive up."""
    before = len(faults)
    a_degree = math.degrees(1.0) if range_bearing.coordinate_system in _RADIANS else 1.0
    a_metre = 1e3 if range_bearing.coordinate_system in _KILOMETRES else 1.0
    azimuth, elevation, reach = (_optional(range_bearing, name) for name in ("azimuth", "elevation", "range"))
    if azimuth is None:
        beside = next((name for name in ("range", "elevation") if range_bearing.HasField(name)), "nothing else")
        faults.append(MalformedMessage("incomplete", f"{path}.azimuth", f"missing with {beside}", "an azimuth"))
    elif abs(azimuth * a_degree) > 360.0 + 1e-9:
        faults.append(_out(f"{path}.azimuth", f"{azimuth:g}", f"{-360 / a_degree:.6g} to {360 / a_degree:.6g}"))
    if elevation is not None and abs(elevation * a_degree) > 90.0 + 1e-9:
        faults.append(_out(f"{path}.elevation", f"{elevation:g}", f"{-90 / a_degree:.6g} to {90 / a_degree:.6g}"))
    if reach is not None and not 0.0 <= reach * a_metre <= FARTHEST_M:
        faults.append(_out(f"{path}.range", f"{reach:g}", f"0 to {FARTHEST_M / a_metre:g}"))
    azimuth_sd, elevation_sd, range_sd = (
        _error_of(range_bearing, name, path, faults) for name in ("azimuth_error", "elevation_error", "range_error")
    )
    turn = None if len(faults) > before else _turn_to_true(range_bearing.datum, stand, at, path, faults)
    if azimuth is None or turn is None or len(faults) > before:
        return None
    return Polar(
        azimuth_deg=_around(azimuth * a_degree + turn[0]),
        azimuth_sd_deg=_deviation(azimuth_sd, a_degree, turn[1]),
        elevation_deg=None if elevation is None else min(max(elevation * a_degree, -90.0), 90.0),
        elevation_sd_deg=_deviation(elevation_sd, a_degree, 0.0),
        range_m=None if reach is None else reach * a_metre,
        range_sd_m=_deviation(range_sd, a_metre, 0.0),
    )


def deviation_faults(polar: Polar, path: str) -> Faults:
    """Errors of a range-bearing, from true north, that are larger than a plot may have."""
    found: Faults = []
    for name, sd, most, unit in (
        ("azimuth_error", polar.azimuth_sd_deg, MOST_SD_DEG, "degrees"),
        ("elevation_error", polar.elevation_sd_deg, MOST_SD_DEG, "degrees"),
        ("range_error", polar.range_sd_m, MOST_SD_M, "m"),
    ):
        if sd is not None and sd > most:
            found.append(_out(f"{path}.{name}", f"{sd:g} {unit}", f"at most {most:g} {unit}"))
    return found


def _turn_to_true(datum: int, stand: Stand, at: datetime, path: str, faults: Faults) -> tuple[float, float] | None:
    """(degrees to add for true north, their standard deviation)."""
    if datum == _DATUM.RANGE_BEARING_DATUM_TRUE:
        return 0.0, 0.0
    if datum == _DATUM.RANGE_BEARING_DATUM_PLATFORM:
        if stand.heading_deg is not None:
            return stand.heading_deg, 0.0
        faults.append(
            _unknown_north(path, "the platform's heading is not known", "true north, or a node with a heading")
        )
        return None
    if stand.place is None:
        faults.append(
            _unknown_north(path, "the node's position is not known", "true north, or a StatusReport with a position")
        )
        return None
    place = stand.place
    if datum == _DATUM.RANGE_BEARING_DATUM_GRID:
        return grid_convergence_deg(place.lon, place.lat, place.zone), 0.0
    try:
        return declination_deg(place.lon, place.lat, place.height_m or 0.0, at)
    except NorthError as error:
        faults.append(MalformedMessage("out_of_range", f"{path}.datum", error.what, error.expected))
        return None


def _utm(location: Any, zone: str | None, path: str, faults: Faults, near_lat: float | None) -> GeoPosition | None:
    named = location.utm_zone if location.HasField("utm_zone") else zone
    if named is None:
        problem = "missing, and the registration names none"
        faults.append(MalformedMessage("missing_field", f"{path}.utm_zone", problem, "a UTM zone such as 30N"))
        return None
    try:
        parsed = UtmZone.parse(named, where=f"{path}.utm_zone")
        lon, lat = lonlat_of_utm(parsed, location.x, location.y, where=path, near_lat=near_lat)
    except NorthError as error:
        faults.append(MalformedMessage("out_of_range", error.where, error.what, error.expected))
        return None
    return GeoPosition(lon, lat, zone=parsed)


def _degrees(lon: float, lat: float, path: str, faults: Faults) -> GeoPosition | None:
    if not abs(lon) <= 180.0:
        faults.append(_out(f"{path}.x", f"longitude {lon:g}", "-180 to 180 degrees"))
    if not abs(lat) <= 90.0:
        faults.append(_out(f"{path}.y", f"latitude {lat:g}", "-90 to 90 degrees"))
    return GeoPosition(lon, lat) if abs(lon) <= 180.0 and abs(lat) <= 90.0 else None


def _error_of(message: Any, name: str, path: str, faults: Faults) -> float | None:
    """One standard deviation, None where it is not reported (0 means not reported)."""
    value = _optional(message, name)
    if value is not None and value < 0.0:
        faults.append(_out(f"{path}.{name}", f"{value:g}", "an error above 0"))
    return value if value is not None and value > 0.0 else None


def _deviation(value: float | None, unit: float, beside: float) -> float | None:
    return None if value is None else math.hypot(value * unit, beside)


def _optional(message: Any, name: str) -> float | None:
    return float(getattr(message, name)) if message.HasField(name) else None


def _around(azimuth_deg: float) -> float:
    turned = azimuth_deg % 360.0
    return turned if turned < 360.0 else 0.0  # −1e-14 % 360 is 360


def _out(field: str, value: str, expected: str) -> MalformedMessage:
    return MalformedMessage("out_of_range", field, value, expected)


def _unknown_north(path: str, why: str, expected: str) -> MalformedMessage:
    return MalformedMessage("incomplete", f"{path}.datum", why, expected)
