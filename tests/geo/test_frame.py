from __future__ import annotations

import pickle

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj.crs import BoundCRS, CompoundCRS
from pyproj.crs.coordinate_operation import ToWGS84Transformation

from geo.errors import FrameError
from geo.frame import LocalFrame

PYRENEES = LocalFrame.around(1.5, 42.5)
WGS84 = pyproj.Geod(ellps="WGS84")
near = st.floats(-60_000.0, 60_000.0)


def test_the_centre_is_the_origin_at_scale_one() -> None:
    assert np.allclose(PYRENEES.to_local(1.5, 42.5), (0.0, 0.0), atol=1e-8)
    assert PYRENEES.scale_factor(0.0, 0.0) == pytest.approx(1.0, abs=1e-9)
    assert PYRENEES.convergence_rad(0.0, 0.0) == pytest.approx(0.0, abs=1e-12)


@given(near, near)
def test_there_and_back_changes_no_place(easting: float, northing: float) -> None:
    back = PYRENEES.to_local(*PYRENEES.to_lonlat(easting, northing))
    assert np.allclose(back, (easting, northing), atol=1e-6)


@given(near, near, st.floats(0.0, 2.0 * np.pi))
def test_grid_azimuth_and_distance_follow_from_true_ones(easting: float, northing: float, azimuth: float) -> None:
    """Oracle: a geodesic of 100 m on the ellipsoid (GeographicLib, through pyproj.Geod)."""
    lon, lat = PYRENEES.to_lonlat(easting, northing)
    far_lon, far_lat, _ = WGS84.fwd(lon, lat, np.degrees(azimuth), 100.0)
    far_easting, far_northing = PYRENEES.to_local(far_lon, far_lat)
    de, dn = far_easting - easting, far_northing - northing
    wanted = azimuth - PYRENEES.convergence_rad(easting, northing)
    assert abs(np.angle(np.exp(1j * (np.arctan2(de, dn) - wanted)))) < 1e-6
    assert np.hypot(de, dn) == pytest.approx(100.0 * PYRENEES.scale_factor(easting, northing), rel=1e-7)


def test_scale_stays_within_the_documented_distortion() -> None:
    assert PYRENEES.scale_factor(20_000.0, 0.0) - 1.0 < 5.0e-6
    assert PYRENEES.scale_factor(100_000.0, 0.0) - 1.0 < 130e-6


def test_utm_agrees_with_pyproj() -> None:
    frame = LocalFrame.from_epsg(25831)
    expected = pyproj.Transformer.from_crs(4326, 25831, always_xy=True).transform(1.5, 42.5)
    assert frame.to_local(1.5, 42.5) == expected


def test_answers_come_in_kind_and_nan_stays_nan() -> None:
    easting, northing = PYRENEES.to_local(np.array([[1.5, np.nan], [1.6, 1.7]]), 42.5)
    assert easting.shape == (2, 2)
    assert np.isnan(easting[0, 1])
    assert np.isnan(northing[0, 1])
    assert np.isfinite(easting[1]).all()
    assert isinstance(PYRENEES.to_local(1.5, 42.5)[0], float)
    assert PYRENEES.to_local(np.zeros(0), np.zeros(0))[0].shape == (0,)


def test_frames_are_values() -> None:
    again = LocalFrame.from_crs(PYRENEES.wkt)
    assert again == PYRENEES
    assert hash(again) == hash(PYRENEES)
    assert pickle.loads(pickle.dumps(PYRENEES)) == PYRENEES
    assert PYRENEES.crs.is_projected


@pytest.mark.parametrize(
    ("code", "words"),
    [(4326, "not projected"), (2263, "foot"), (999_999, "no coordinate system"), (5513, "westwards")],
)
def test_a_system_that_is_no_frame_is_refused_by_name(code: int, words: str) -> None:
    with pytest.raises(FrameError, match=words):
        LocalFrame.from_epsg(code)


def test_the_horizontal_part_of_a_compound_system_serves() -> None:
    """EPSG:7405 is the British National Grid with heights above Newlyn."""
    assert "British National Grid" in LocalFrame.from_epsg(7405).crs.name


ED50 = "+proj=utm +zone=31 +ellps=intl +towgs84=-87,-98,-121,0,0,0,0 +units=m +no_defs +type=crs"


def test_a_system_with_its_own_transformation_keeps_it() -> None:
    """Oracle: the shift of the geocentric coordinates by hand. Without it places are about 150 m off."""
    steps = "+step +inv +proj=utm +zone=31 +ellps=intl +step +proj=cart +ellps=intl"
    shift = "+step +proj=helmert +x=-87 +y=-98 +z=-121 +step +inv +proj=cart +ellps=WGS84"
    pipeline = f"+proj=pipeline {steps} {shift} +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    by_hand = pyproj.Transformer.from_pipeline(pipeline).transform(500_000.0, 4_650_000.0)
    frame = LocalFrame.from_crs(ED50)
    assert np.allclose(frame.to_lonlat(500_000.0, 4_650_000.0), by_hand, atol=1e-9)
    assert frame == LocalFrame.from_crs(frame.wkt)
    height = pyproj.CRS.from_epsg(5773)
    assert LocalFrame.from_crs(CompoundCRS("with heights", [pyproj.CRS(ED50), height])).crs == frame.crs


def test_a_transformation_that_moves_nothing_leaves_the_registered_system() -> None:
    etrs89 = pyproj.CRS.from_epsg(25831)
    assert LocalFrame.from_crs(BoundCRS(etrs89, 4326, ToWGS84Transformation(etrs89.geodetic_crs))).crs == etrs89


@pytest.mark.parametrize(("lon", "lat"), [(181.0, 0.0), (0.0, 90.5), (np.nan, 0.0), (np.inf, 0.0)])
def test_a_centre_off_the_globe_is_refused(lon: float, lat: float) -> None:
    with pytest.raises(FrameError, match="no position on Earth at"):
        LocalFrame.around(lon, lat)


def test_swapped_coordinates_are_refused_with_their_place_in_the_array() -> None:
    with pytest.raises(FrameError, match=r"point 1: .*latitude 120"):
        PYRENEES.to_local([1.0, 42.0], [42.0, 120.0])


@pytest.mark.parametrize(
    ("code", "lon", "lat"),
    [(3857, 25.0, 69.5), (3857, 1.0, 4.0), (3035, 25.0, 69.5), (25831, 1.5, 42.5), (2154, 1.5, 42.5)],
)
def test_distortion_is_that_of_geodesics_all_round(code: int, lon: float, lat: float) -> None:
    """Oracle: geodesics of 100 m in 720 directions (GeographicLib); of EPSG:3857 PROJ's own factors are spherical."""
    frame = LocalFrame.from_epsg(code)
    azimuth = np.arange(0.0, 360.0, 0.5)
    ones = np.ones(len(azimuth))
    east, north = frame.to_local(*WGS84.fwd(lon * ones, lat * ones, azimuth, 50.0 * ones)[:2])
    west, south = frame.to_local(*WGS84.fwd(lon * ones, lat * ones, azimuth + 180.0, 50.0 * ones)[:2])
    scales = np.hypot(east - west, north - south) / 100.0
    found = frame.distortion(*frame.to_local(lon, lat))
    assert found.least_scale == pytest.approx(scales.min(), rel=1e-5)
    assert found.greatest_scale == pytest.approx(scales.max(), rel=1e-5)
    grid = np.unwrap(np.arctan2(east - west, north - south)) - np.radians(azimuth)
    turn = np.ptp(grid)  # between two directions, the angle changes by at most this
    assert found.angle_rad == pytest.approx(turn, abs=2e-5)


def test_frames_are_judged_where_they_are_used() -> None:
    """UTM in its zone and a local frame are true; Lambert-93 can be used; Web Mercator and LAEA far off cannot."""
    places = [(1.5, 42.5), (1.6, 42.6)]

    def judged(frame: LocalFrame, lonlat: list[tuple[float, float]] = places) -> tuple[bool, bool]:
        found = frame.distortion(*frame.to_local(*np.array(lonlat).T))
        return found.negligible, found.usable

    assert judged(PYRENEES) == judged(LocalFrame.from_epsg(25831)) == (True, True)
    assert judged(LocalFrame.from_epsg(2154)) == (False, True)
    assert judged(LocalFrame.from_epsg(3857)) == judged(LocalFrame.from_epsg(3035)) == (False, False)
    assert judged(LocalFrame.from_epsg(3035), [(10.0, 52.0)]) == (True, True)
    assert judged(LocalFrame.from_epsg(3857), [(1.0, 0.0)]) == (False, False), "not conformal on the ellipsoid"
    assert judged(PYRENEES, [(1.5, 42.5), (6.5, 42.5)]) == (False, True)
    with pytest.raises(FrameError, match=r"deviate by up to 185%.*frame = \"auto\""):
        LocalFrame.from_epsg(3857).refuse_distorted(*LocalFrame.from_epsg(3857).to_local(25.0, 69.5), where="border")


@pytest.mark.parametrize("azimuth", [90.0, 60.0, -35.0, 0.0])
@pytest.mark.parametrize("lat", [0.0, 42.5, 69.5, -54.0])
def test_a_frame_along_a_line_of_1000_km_is_true_to_scale(lat: float, azimuth: float) -> None:
    """Oracle: geodesics. The best transverse Mercator is 3,000 ppm off at the ends of a line from west to east."""
    ahead = np.linspace(-500_000.0, 500_000.0, 101)
    ones = np.ones(101)
    lons, lats, _ = WGS84.fwd(179.0 * ones, lat * ones, np.where(ahead < 0.0, azimuth + 180.0, azimuth), np.abs(ahead))
    frame = LocalFrame.along(lons, lats)
    easting, northing = frame.to_local(lons, lats)
    found = frame.distortion(easting, northing)
    assert found.scale_error < 2e-6
    assert found.angle_rad < 1e-6
    assert np.hypot(np.diff(easting), np.diff(northing)).sum() == pytest.approx(1e6, abs=0.05)
    assert np.hypot(easting[50], northing[50]) < 100.0
    assert abs(frame.convergence_rad(0.0, 0.0)) < 1e-6, "north is up in the middle"
    back = frame.to_lonlat(easting, northing)
    assert np.abs((back[0] - lons + 180.0) % 360.0 - 180.0).max() < 1e-9
    assert np.abs(back[1] - lats).max() < 1e-9


def test_a_frame_needs_points_with_a_middle() -> None:
    with pytest.raises(FrameError, match="no middle"):
        LocalFrame.along([0.0, 180.0], [0.0, 0.0])
