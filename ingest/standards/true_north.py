"""Conversion to true north and WGS 84: UTM zones, grid convergence, magnetic declination."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from geo.errors import BadInput, FrameError
from geo.frame import LocalFrame

_ZONE: Final = re.compile(r"0?([1-9]|[1-5][0-9]|60)([C-HJ-NP-X])", re.IGNORECASE)
_BANDS: Final = "CDEFGHJKLMNPQRSTUVWX"
ZONE_RULE: Final = "a UTM zone such as 30N: 1 to 60, and N or S for the hemisphere or a latitude band"
BAND_S_DEG: Final = (32.0, 40.0)
"""Latitudes of the band whose letter is also the southern hemisphere's: Tennessee, Cyprus, Tokyo."""
_OVER_THE_EDGE_M: Final = (100_000.0, 900_000.0)
"""Maximum UTM easting used, which extends well into the neighbouring zones."""
_BAND_TOLERANCE_DEG: Final = 0.1
EARTH_RADIUS_M: Final = 6_371_008.8
_FIELDS: Final = (2010, 2030)
"""Years for which there is a magnetic model."""


class NorthError(BadInput):
    """A position or a direction that cannot be expressed in WGS 84 and true north."""


@dataclass(frozen=True, slots=True)
class UtmZone:
    """A UTM zone. ``south``: its hemisphere. ``band``: the latitude band, where its name has one, not a hemisphere.

    N and S mean the hemisphere, as in the standard's own example 30N, which is Britain's. Band N (0° to 8°) is in the
    northern hemisphere anyway. S may be the band (32° to 40°): the northing decides, or ``near_lat`` of
    ``lonlat_of_utm``.
    """

    number: int
    south: bool
    band: str | None

    @classmethod
    def parse(cls, text: str, *, where: str) -> UtmZone:
        """Read ``30N``, ``30U`` or ``17S``; NorthError for anything else."""
        match = _ZONE.fullmatch(text.strip()) if len(text) <= 8 else None
        if match is None:
            raise NorthError(f"{ascii(text)[:20]} is not a UTM zone", where=where, expected=ZONE_RULE)
        letter = match[2].upper()
        if letter in "NS":
            return cls(int(match[1]), letter == "S", None)
        return cls(int(match[1]), letter < "N", letter)

    @property
    def epsg(self) -> int:
        """Code of the zone on WGS 84."""
        return (32700 if self.south else 32600) + self.number


def lonlat_of_utm(
    zone: UtmZone, easting: float, northing: float, *, where: str, near_lat: float | None = None
) -> tuple[float, float]:
    """WGS 84 longitude and latitude [degrees] of UTM coordinates [m]; NorthError naming ``where`` + x, y or utm_zone.

    ``near_lat``: approximate latitude, for zones with an S whose northing fits both 50° to 58° south and the band S;
    without it these are refused, because the two are 9,000 km apart.
    """
    if not _OVER_THE_EDGE_M[0] <= easting <= _OVER_THE_EDGE_M[1]:
        raise NorthError(f"easting {easting:g}", where=f"{where}.x", expected="metres from 100 000 to 900 000")
    if not 0.0 <= northing <= 10_000_000.0:
        raise NorthError(f"northing {northing:g}", where=f"{where}.y", expected="metres from 0 to 10 000 000")
    if zone.south and zone.band is None and _is_band_s(zone, easting, northing, where, near_lat):
        zone = UtmZone(zone.number, False, "S")
    lon, lat = _frame(zone.epsg).to_lonlat(easting, northing)
    lowest, highest = (-80.0, 84.0) if zone.band is None else _latitudes(zone.band)
    if not lowest - _BAND_TOLERANCE_DEG <= lat <= highest + _BAND_TOLERANCE_DEG:
        raise NorthError(
            f"latitude {lat:.3f} is outside zone {zone.number}{zone.band or ''}",
            where=f"{where}.y",
            expected=f"a northing of latitudes {lowest:g} to {highest:g}",
        )
    return lon, lat


def _is_band_s(zone: UtmZone, easting: float, northing: float, where: str, near_lat: float | None) -> bool:
    """Whether an S means the band. NorthError if that is ambiguous."""
    band = _frame(UtmZone(zone.number, False, None).epsg).to_lonlat(easting, northing)[1]
    if not BAND_S_DEG[0] <= band <= BAND_S_DEG[1]:
        return False
    south = _frame(zone.epsg).to_lonlat(easting, northing)[1]
    if near_lat is None:
        letter = _BANDS[int((south + 80.0) // 8.0)]
        raise NorthError(
            f"{zone.number}S may be {band:.1f} degrees north (band S) or {-south:.1f} south (hemisphere)",
            where=f"{where}.utm_zone",
            expected=f"{zone.number}N or {zone.number}{letter}",
        )
    return abs(near_lat - band) < abs(near_lat - south)


def standard_zone(lon: float, lat: float) -> UtmZone:
    """The UTM zone of a position [degrees], with the exceptions of south-west Norway (32V) and Svalbard (31X to 37X).

    All other zones are 6° wide. NGA.SIG.0012_2.0.0_UTMUPS (2014), section 7-4 and figure 5.
    """
    number = int((lon + 180.0) // 6.0) % 60 + 1
    if 56.0 <= lat < 64.0 and 3.0 <= lon < 6.0:
        number = 32
    elif 72.0 <= lat <= 84.0 and 0.0 <= lon < 42.0:
        number = 31 + 2 * int((lon + 3.0) // 12.0)  # 31, 33, 35 and 37, which meet at 9°, 21° and 33°
    return UtmZone(number, lat < 0.0, None)


def grid_convergence_deg(lon: float, lat: float, zone: UtmZone | None = None) -> float:
    """Angle [degrees] from true north clockwise to the north of the UTM grid: true azimuth = grid azimuth + this.

    ``zone`` None: the standard zone of the position (``standard_zone``).
    """
    zone = zone or standard_zone(lon, lat)
    frame = _frame(zone.epsg)
    return math.degrees(frame.convergence_rad(*frame.to_local(lon, lat)))


def declination_deg(lon: float, lat: float, height_m: float, at: datetime) -> tuple[float, float]:
    """(declination, its standard deviation) [degrees]: true azimuth = magnetic azimuth + declination.

    World Magnetic Model of the time, with its own error model (NOAA/NCEI, WMM2025 technical report). NorthError for a
    time without a model, and near the magnetic poles, where a compass is unusable.
    """
    year = at.year + (at - datetime(at.year, 1, 1, tzinfo=UTC)).total_seconds() / (86_400.0 * 365.25)
    if not _FIELDS[0] <= year < _FIELDS[1]:
        raise NorthError(
            f"no magnetic model of {at.year}", where="magnetic north", expected=f"{_FIELDS[0]} to {_FIELDS[1] - 1}"
        )
    kilometres = min(max(height_m / 1e3, -1.0), 850.0)
    field = _magnetic_model(int(year) // 5 * 5).calculate(glat=lat, glon=lon, alt=kilometres, time=year)
    if field.in_blackout_zone:
        raise NorthError(
            "magnetic north is not usable here", where="magnetic north", expected="a position away from the poles"
        )
    return float(field.d), math.sqrt(0.26**2 + (5_417.0 / float(field.h)) ** 2)


def along(lon: float, lat: float, azimuth_deg: float, distance_m: float) -> tuple[float, float]:
    """Longitude and latitude [degrees] at a distance along the geodesic that starts at an azimuth (true north)."""
    end_lon, end_lat, _ = _geod().fwd(lon, lat, azimuth_deg, distance_m)
    return float(end_lon), float(end_lat)


def ground_distance(range_m: float, elevation_deg: float, height_m: float) -> float:
    """Distance [m] over the ellipsoid to the foot of a target at a slant range and elevation from ``height_m``.

    ``R atan(s cos ε / (R + h + s sin ε))``, by plane trigonometry in the triangle with the centre of a sphere of radius
    R. From 1,900 m height a level range of 5,000 m is 4,998.5 m of the map.
    """
    elevation = math.radians(elevation_deg)
    across, up = range_m * math.cos(elevation), range_m * math.sin(elevation)
    return EARTH_RADIUS_M * math.atan2(across, EARTH_RADIUS_M + height_m + up)


def _latitudes(band: str) -> tuple[float, float]:
    lowest = -80.0 + 8.0 * _BANDS.index(band)
    return lowest, 84.0 if band == "X" else lowest + 8.0


@lru_cache(maxsize=8)
def _frame(epsg: int) -> LocalFrame:
    try:
        return LocalFrame.from_epsg(epsg)
    except FrameError as error:  # pragma: no cover - every zone is in the register
        raise NorthError(error.what, where=f"EPSG:{epsg}", expected=error.expected) from error


@lru_cache(maxsize=4)
def _magnetic_model(epoch: int) -> Any:
    from pygeomag import GeoMag

    return GeoMag(base_year=epoch)


@lru_cache(maxsize=1)
def _geod() -> Any:
    from pyproj import Geod

    return Geod(ellps="WGS84")
