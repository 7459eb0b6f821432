"""Local frame: one flat, metric coordinate system per sector, and its conversion from and to WGS 84."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import cast, overload

import numpy as np
import numpy.typing as npt
import pyproj
from pyproj.crs import CRS, ProjectedCRS
from pyproj.crs.coordinate_operation import TransverseMercatorConversion
from pyproj.exceptions import CRSError

from geo.arrays import Floats
from geo.errors import FrameError

__all__ = ["LocalFrame"]

WGS84 = 4326
WGS84_A_M = 6_378_137.0
WGS84_E2 = 0.00669437999014
"""Semi-major axis [m] and squared eccentricity of the WGS 84 ellipsoid."""


@dataclass(frozen=True, slots=True)
class LocalFrame:
    """Projected coordinate system in metres, easting before northing.

    All methods take floats or arrays that broadcast and return float64 of the same kind; NaN gives NaN. Longitudes and
    latitudes are WGS 84 degrees, azimuths are clockwise, and grid north is the north of this frame. A frame is
    immutable, hashable and can be pickled.

    Parameters
    ----------
    wkt : str
        Well-known text of a projected system in metres; see ``from_crs``, which checks it.

    Notes
    -----
    The relations between grid and true azimuth, and between grid and true distance, are exact for conformal projections
    (transverse Mercator, UTM, Lambert conformal); for others the scale is the mean over all azimuths.

    Examples
    --------
    >>> frame = LocalFrame.around(1.5, 42.5)
    >>> easting, northing = frame.to_local(1.6, 42.5)
    >>> round(easting), round(northing)
    (8220, 5)
    """

    wkt: str

    @classmethod
    def around(cls, lon: float, lat: float) -> LocalFrame:
        """Return the transverse Mercator frame whose origin (0, 0) is at a point.

        Parameters
        ----------
        lon, lat : float, degrees
            The origin on WGS 84. The scale there is exactly 1.

        Returns
        -------
        LocalFrame
            Distances are true to 5 parts per million within 20 km of the central meridian, to 130 within 100 km.

        Raises
        ------
        FrameError
            If the origin is not a point on Earth.
        """
        if not (abs(lon) <= 180.0 and abs(lat) <= 90.0):
            raise FrameError(f"no place at longitude {lon}, latitude {lat}", where="frame", expected="degrees on Earth")
        conversion = TransverseMercatorConversion(
            latitude_natural_origin=float(lat),
            longitude_natural_origin=float(lon),
            false_easting=0.0,
            false_northing=0.0,
            scale_factor_natural_origin=1.0,
        )
        name = f"Watchline local frame around {lat:.6f} N, {lon:.6f} E"
        crs = ProjectedCRS(conversion=conversion, name=name, geodetic_crs=CRS.from_epsg(WGS84))
        return cls.from_crs(crs)

    @classmethod
    def from_epsg(cls, code: int) -> LocalFrame:
        """Return the frame of a projected system of the EPSG register.

        Parameters
        ----------
        code : int
            The EPSG code, such as 25831 (UTM 31 north on ETRS89).

        Returns
        -------
        LocalFrame
            The frame.

        Raises
        ------
        FrameError
            If the code is unknown, or the system is geographic, in feet, or measured westwards.
        """
        try:
            crs = CRS.from_epsg(code)
        except CRSError as error:
            raise FrameError(
                f"EPSG has no coordinate system {code}", where="frame", expected="a projected metric EPSG code"
            ) from error
        return cls.from_crs(crs, where=f"EPSG:{code}")

    @classmethod
    def from_crs(cls, crs: CRS | str, *, where: str = "frame") -> LocalFrame:
        """Return the frame of a coordinate reference system.

        Parameters
        ----------
        crs : pyproj.CRS or str
            The system or its WKT; of a compound system the horizontal part is taken.
        where : str
            What errors name as the source of the system.

        Returns
        -------
        LocalFrame
            The frame.

        Raises
        ------
        FrameError
            If the system cannot be read, is geographic, in feet, or measured westwards.
        """
        try:
            horizontal = horizontal_part(CRS.from_user_input(crs))
        except CRSError as error:
            raise FrameError(
                "the coordinate system cannot be read", where=where, expected="a projected metric system"
            ) from error
        _refuse_unless_metric(horizontal, where)
        # read back once, so that reading again gives the same text
        return cls(CRS.from_wkt(horizontal.to_wkt()).to_wkt())

    @property
    def crs(self) -> CRS:
        """Frame as a pyproj CRS."""
        return _crs(self.wkt)

    @overload
    def to_local(self, lon: float, lat: float) -> tuple[float, float]: ...
    @overload
    def to_local(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]: ...
    def to_local(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[float, float] | tuple[Floats, Floats]:
        """Convert longitude and latitude to easting and northing.

        Parameters
        ----------
        lon, lat : float or array_like, degrees
            WGS 84 coordinates.

        Returns
        -------
        easting, northing : float or ndarray, m
            Coordinates in the frame; NaN where the projection has none, such as on the far side of the Earth.

        Raises
        ------
        FrameError
            If a coordinate is off the globe (|lon| > 180, |lat| > 90, or infinite); the error names the first.
        """
        longitudes, latitudes = _paired(lon, lat)
        off_globe = (np.abs(longitudes) > 180.0) | (np.abs(latitudes) > 90.0)
        if off_globe.any():
            first = int(np.flatnonzero(off_globe)[0])
            raise FrameError(
                f"no place at longitude {longitudes.flat[first]}, latitude {latitudes.flat[first]}",
                where=f"point {first}",
                expected="WGS 84 degrees, longitude first",
            )
        return _in_kind(*_transformed(_to_frame(self.wkt), longitudes, latitudes))

    @overload
    def to_lonlat(self, easting: float, northing: float) -> tuple[float, float]: ...
    @overload
    def to_lonlat(self, easting: npt.ArrayLike, northing: npt.ArrayLike) -> tuple[Floats, Floats]: ...
    def to_lonlat(self, easting: npt.ArrayLike, northing: npt.ArrayLike) -> tuple[float, float] | tuple[Floats, Floats]:
        """Convert easting and northing to longitude and latitude.

        Parameters
        ----------
        easting, northing : float or array_like, m
            Coordinates in the frame.

        Returns
        -------
        lon, lat : float or ndarray, degrees
            WGS 84 coordinates; NaN where there are none.
        """
        return _in_kind(*_transformed(_to_wgs84(self.wkt), *_paired(easting, northing)))

    @overload
    def convergence_rad(self, easting: float, northing: float) -> float: ...
    @overload
    def convergence_rad(self, easting: npt.ArrayLike, northing: npt.ArrayLike) -> Floats: ...
    def convergence_rad(self, easting: npt.ArrayLike, northing: npt.ArrayLike) -> float | Floats:
        """Compute the meridian convergence: the angle from true north clockwise to grid north.

        Parameters
        ----------
        easting, northing : float or array_like, m
            Coordinates in the frame.

        Returns
        -------
        float or ndarray, rad
            The convergence; grid azimuth = true azimuth − convergence.
        """
        convergence_deg, _ = self._factors(easting, northing)
        return _one_in_kind(np.radians(convergence_deg))

    @overload
    def scale_factor(self, easting: float, northing: float) -> float: ...
    @overload
    def scale_factor(self, easting: npt.ArrayLike, northing: npt.ArrayLike) -> Floats: ...
    def scale_factor(self, easting: npt.ArrayLike, northing: npt.ArrayLike) -> float | Floats:
        """Compute the scale: grid distance over true distance on the ellipsoid.

        Parameters
        ----------
        easting, northing : float or array_like, m
            Coordinates in the frame.

        Returns
        -------
        float or ndarray
            The scale [1], for distances that are short compared with the sector.
        """
        _, areal_scale = self._factors(easting, northing)
        return _one_in_kind(np.sqrt(areal_scale))

    def _factors(self, easting: npt.ArrayLike, northing: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Meridian convergence [degrees] and areal scale [1]."""
        projection = _projection(self.wkt)
        lon, lat = projection(*_paired(easting, northing), inverse=True)
        factors = projection.get_factors(_known(lon), _known(lat))
        return _known(factors.meridian_convergence), _known(factors.areal_scale)


def horizontal_part(crs: CRS) -> CRS:
    """The horizontal system of a compound or bound CRS; any other CRS as it is."""
    if crs.is_bound and crs.source_crs is not None:
        return horizontal_part(crs.source_crs)
    return horizontal_part(crs.sub_crs_list[0]) if crs.is_compound else crs


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres per degree of longitude and of latitude at a latitude [degrees], on the WGS 84 ellipsoid."""
    s = math.sin(math.radians(lat))
    w = 1.0 - WGS84_E2 * s * s
    prime_vertical, meridian = WGS84_A_M / math.sqrt(w), WGS84_A_M * (1.0 - WGS84_E2) / w**1.5
    degree = math.pi / 180.0
    return prime_vertical * math.cos(math.radians(lat)) * degree, meridian * degree


def _refuse_unless_metric(crs: CRS, where: str) -> None:
    expected = "a projected system in metres, eastings and northings"
    if not crs.is_projected:
        raise FrameError(f"{crs.name!r} is not projected", where=where, expected=expected)
    units = {axis.unit_name for axis in crs.axis_info}
    if units != {"metre"}:
        raise FrameError(f"{crs.name!r} is measured in {', '.join(sorted(units))}", where=where, expected=expected)
    if any(axis.direction == "west" for axis in crs.axis_info):
        raise FrameError(f"{crs.name!r} is measured westwards", where=where, expected=expected)


def _paired(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Floats, Floats]:
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    return cast(tuple[Floats, Floats], tuple(np.broadcast_arrays(a, b)))


def _transformed(transformer: pyproj.Transformer, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    u, v = transformer.transform(x.ravel(), y.ravel())
    return _known(u).reshape(x.shape), _known(v).reshape(x.shape)


def _known(values: npt.ArrayLike) -> Floats:
    """Replace PROJ's inf, which marks undefined values, by NaN."""
    array = np.asarray(values, dtype=np.float64)
    return np.where(np.abs(array) < 1e30, array, np.nan)


def _in_kind(a: Floats, b: Floats) -> tuple[float, float] | tuple[Floats, Floats]:
    return (float(a), float(b)) if a.ndim == 0 else (a, b)


def _one_in_kind(a: Floats) -> float | Floats:
    return float(a) if np.ndim(a) == 0 else a


# pyproj keeps one PROJ context per thread inside these objects, so sharing them between threads is safe.
@lru_cache(maxsize=64)
def _crs(wkt: str) -> CRS:
    return CRS.from_wkt(wkt)


@lru_cache(maxsize=64)
def _to_frame(wkt: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(WGS84, _crs(wkt), always_xy=True)


@lru_cache(maxsize=64)
def _to_wgs84(wkt: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(_crs(wkt), WGS84, always_xy=True)


@lru_cache(maxsize=64)
def _projection(wkt: str) -> pyproj.Proj:
    return pyproj.Proj(_crs(wkt))
