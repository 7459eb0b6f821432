"""Local frame: one flat, metric coordinate system per sector, and its conversion from and to WGS 84."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast, overload

import numpy as np
import numpy.typing as npt
import pyproj
from pyproj.crs import CRS, ProjectedCRS
from pyproj.crs.coordinate_operation import (
    HotineObliqueMercatorBConversion,
    TransverseMercatorConversion,
)
from pyproj.exceptions import CRSError

from geo.arrays import Floats
from geo.errors import FrameError

__all__ = ["Distortion", "LocalFrame"]

WGS84 = 4326
WGS84_A_M = 6_378_137.0
WGS84_E2 = 0.00669437999014
"""Semi-major axis [m] and squared eccentricity of the WGS 84 ellipsoid."""

TRUE_SCALE, TRUE_ANGLE_RAD = 1e-3, math.radians(0.02)
"""Distortion up to which a frame is taken without a word: UTM within its zone (0.9996 to 1.0010) is within it."""
MOST_SCALE, MOST_ANGLE_RAD = 5e-3, math.radians(0.1)
"""Distortion up to which a frame can be used: national conformal systems, such as Lambert-93, are within it."""
DERIVATIVE_M = 500.0  # over this distance; error of the scale (DERIVATIVE_M / R)², 6e-9
JUDGED_PLACES = 64


@dataclass(frozen=True, slots=True)
class Distortion:
    """Deviation of a frame's distances and angles from those on the ellipsoid, over some points.

    Parameters
    ----------
    least_scale, greatest_scale : float
        Least and greatest of frame distance over ground distance [1], over all points and directions.
    angle_rad : float, rad
        Greatest difference between an angle in the frame and on the ground; 0 for conformal projections.

    Notes
    -----
    By Tissot's indicatrix: its semi-axes a ≥ b are the extreme scales, the angle is 2 asin((a − b)/(a + b)). Snyder
    (1987), Map projections: a working manual, USGS Professional Paper 1395, section 4.
    """

    least_scale: float
    greatest_scale: float
    angle_rad: float

    @property
    def scale_error(self) -> float:
        """Greatest relative error of a distance [1]."""
        return max(abs(self.least_scale - 1.0), abs(self.greatest_scale - 1.0))

    @property
    def negligible(self) -> bool:
        """Whether distances are true within ``TRUE_SCALE`` and angles within ``TRUE_ANGLE_RAD``."""
        return self.scale_error <= TRUE_SCALE and self.angle_rad <= TRUE_ANGLE_RAD

    @property
    def usable(self) -> bool:
        """Whether distances are true within ``MOST_SCALE`` and angles within ``MOST_ANGLE_RAD``."""
        return self.scale_error <= MOST_SCALE and self.angle_rad <= MOST_ANGLE_RAD

    def __str__(self) -> str:
        """Return the figures as a phrase: distances that deviate by up to …, angles by up to …."""
        wrong = f"distances that deviate by up to {100.0 * self.scale_error:.3g}% from those on the ground"
        return f"{wrong}, and angles by up to {math.degrees(self.angle_rad):.2g}°"


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
    (transverse Mercator, UTM, Lambert conformal); for others the scale is the mean over all azimuths. Borders and
    layouts are not read into a frame whose ``distortion`` at their points is not ``usable``: within it, distances in
    the frame are those on the ground to 0.5%, and ranges, which are multiplied by the scale at their sensor, to much
    less.

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
            raise FrameError(
                f"no position on Earth at longitude {lon}, latitude {lat}", where="frame", expected="degrees on Earth"
            )
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
    def along(cls, lon: npt.ArrayLike, lat: npt.ArrayLike) -> LocalFrame:
        """Return the oblique Mercator frame along the great circle nearest to points, such as those of a long border.

        Parameters
        ----------
        lon, lat : array_like, shape (point,), degrees
            The points on WGS 84, which should be evenly spread; the great circle has the least mean square distance.

        Returns
        -------
        LocalFrame
            Its origin (0, 0) is amid the points, and grid north is true north there. Scale and distance from the great
            circle: 1 ppm on it up to 500 km from the origin, 5 ppm more 20 km beside it, 130 ppm 100 km beside it.

        Raises
        ------
        FrameError
            If the points have no middle, such as two poles.

        Notes
        -----
        Hotine's oblique Mercator, variant B: conformal, true to scale along its central line. Snyder (1987), Map
        projections: a working manual, USGS Professional Paper 1395, section 9.
        """
        phi, lam = np.radians(np.ravel(lat).astype(np.float64)), np.radians(np.ravel(lon).astype(np.float64))
        places = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=1)
        normal = np.linalg.eigh(places.T @ places)[1][:, 0]
        middle = places.mean(axis=0)
        middle = middle - (middle @ normal) * normal
        if not np.hypot(middle[0], middle[1]) > 1e-6:
            raise FrameError("the points have no middle, or it is a pole", where="frame", expected="points of a border")
        middle = middle / np.linalg.norm(middle)
        lon_0, lat_0 = math.atan2(middle[1], middle[0]), math.asin(middle[2])
        onward = np.cross(normal, middle)
        east = np.array([-math.sin(lon_0), math.cos(lon_0), 0.0])
        azimuth = math.degrees(math.atan2(onward @ east, onward @ np.cross(middle, east)))
        # of the two directions the more northern: above −90, up to 90; PROJ has other results at −90 ± 1e-9
        azimuth = 90.0 - (90.0 - round(azimuth, 6)) % 180.0
        conversion = HotineObliqueMercatorBConversion(
            latitude_projection_centre=math.degrees(lat_0),
            longitude_projection_centre=math.degrees(lon_0),
            azimuth_projection_centre=azimuth,
            angle_from_rectified_to_skew_grid=azimuth,
            scale_factor_projection_centre=1.0,
            easting_projection_centre=0.0,
            northing_projection_centre=0.0,
        )
        name = f"Watchline frame along {math.degrees(lat_0):.6f} N, {math.degrees(lon_0):.6f} E, {azimuth:.3f} degrees"
        return cls.from_crs(ProjectedCRS(conversion=conversion, name=name, geodetic_crs=CRS.from_epsg(WGS84)))

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
            The system or its WKT; of a compound system the horizontal part is taken, with its TOWGS84 if it has one.
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
            If a coordinate is off the globe (longitude beyond ±180, latitude beyond ±90, or infinite); the error names
            the first.
        """
        longitudes, latitudes = _paired(lon, lat)
        off_globe = (np.abs(longitudes) > 180.0) | (np.abs(latitudes) > 90.0)
        if off_globe.any():
            first = int(np.flatnonzero(off_globe)[0])
            raise FrameError(
                f"no position on Earth at longitude {longitudes.flat[first]}, latitude {latitudes.flat[first]}",
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

    def distortion(self, easting: npt.ArrayLike, northing: npt.ArrayLike) -> Distortion:
        """Compute how far distances and angles of the frame deviate from those on the WGS 84 ellipsoid.

        Parameters
        ----------
        easting, northing : float or array_like, m
            Coordinates in the frame; points without a longitude and latitude are omitted.

        Returns
        -------
        Distortion
            The extremes over the points; infinite where no point has a longitude and latitude.
        """
        e, n = (np.ravel(axis) for axis in _paired(easting, northing))
        east = np.array([1.0, -1.0, 0.0, 0.0])[:, None] * DERIVATIVE_M + e
        north = np.array([0.0, 0.0, 1.0, -1.0])[:, None] * DERIVATIVE_M + n
        lon, lat = self.to_lonlat(east, north)
        phi = np.radians(self.to_lonlat(e, n)[1])
        per_lon, per_lat = _metres_per_radian(np.sin(phi), np.cos(phi))
        step = 2.0 * DERIVATIVE_M
        turns = np.radians([(lon[0] - lon[1] + 180.0) % 360.0 - 180.0, (lon[2] - lon[3] + 180.0) % 360.0 - 180.0])
        rises = np.radians([lat[0] - lat[1], lat[2] - lat[3]])
        ground = np.stack([turns * per_lon, rises * per_lat]) / step  # (axis on the ground, axis of the frame, point)
        known = np.isfinite(ground).all(axis=(0, 1))
        if not known.any():
            return Distortion(0.0, math.inf, math.pi)
        with np.errstate(divide="ignore", invalid="ignore"):
            scales = 1.0 / np.linalg.svd(np.moveaxis(ground[..., known], -1, 0), compute_uv=False)  # least scale first
            b, a = scales.T
            angle = 2.0 * np.arcsin(np.where(np.isfinite(a), (a - b) / (a + b), 1.0))
        return Distortion(float(b.min()), float(a.max()), float(angle.max()))

    def refuse_distorted(self, easting: npt.ArrayLike, northing: npt.ArrayLike, *, where: str) -> None:
        """Raise FrameError if the frame's distances or angles at some of the points are not those on the ground.

        Parameters
        ----------
        easting, northing : array_like, m
            Coordinates in the frame; of more than ``JUDGED_PLACES`` points as many, evenly chosen, are judged.
        where : str
            What the error names as the place.

        Raises
        ------
        FrameError
            With the figures, where the distortion is not ``usable``.
        """
        e, n = (np.ravel(axis) for axis in _paired(easting, northing))
        if not len(e):
            return
        chosen = np.unique(np.linspace(0, len(e) - 1, min(len(e), JUDGED_PLACES)).astype(np.int64))
        found = self.distortion(e[chosen], n[chosen])
        if not found.usable:
            raise FrameError(
                f"the coordinate system {self.crs.name!r} has {found} there",
                where=where,
                expected=f"a frame within {100.0 * MOST_SCALE:g}% and {math.degrees(MOST_ANGLE_RAD):g}°, such as a "
                'local one (frame = "auto")',
            )

    def _factors(self, easting: npt.ArrayLike, northing: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Meridian convergence [degrees] and areal scale [1]."""
        projection = _projection(self.wkt)
        lon, lat = projection(*_paired(easting, northing), inverse=True)
        factors = projection.get_factors(_known(lon), _known(lat))
        return _known(factors.meridian_convergence), _known(factors.areal_scale)


def horizontal_part(crs: CRS) -> CRS:
    """The horizontal system of a compound CRS; any other CRS as it is.

    A transformation to WGS 84 that belongs to it (TOWGS84 of a bound CRS) stays with it, as in GDAL; only one that
    moves nothing is dropped, so that the system is the one of the EPSG register.
    """
    if crs.is_compound:
        return horizontal_part(crs.sub_crs_list[0])
    return crs.source_crs if crs.is_bound and crs.source_crs is not None and _moves_nothing(crs) else crs


def _moves_nothing(bound: CRS) -> bool:
    """Whether a bound CRS equates its datum with WGS 84, on an ellipsoid that differs from it by less than 0.2 mm."""
    shift = bound.coordinate_operation.towgs84 if bound.coordinate_operation is not None else None
    ellipsoid = bound.ellipsoid
    alike = ellipsoid is not None and ellipsoid.semi_major_metre == WGS84_A_M and ellipsoid.inverse_flattening > 298.2
    return bool(shift) and not any(shift or ()) and alike


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres per degree of longitude and of latitude at a latitude [degrees], on the WGS 84 ellipsoid."""
    phi = math.radians(lat)
    per_lon, per_lat = _metres_per_radian(math.sin(phi), math.cos(phi))
    return per_lon * math.pi / 180.0, per_lat * math.pi / 180.0


def _metres_per_radian(sine: Any, cosine: Any) -> tuple[Any, Any]:
    """Metres per radian of longitude and of latitude at latitudes of this sine and cosine, on the WGS 84 ellipsoid."""
    w = 1.0 - WGS84_E2 * sine * sine
    return WGS84_A_M / w**0.5 * cosine, WGS84_A_M * (1.0 - WGS84_E2) / w**1.5


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
