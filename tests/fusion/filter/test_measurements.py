"""From reports to plots: slant range, rays that meet the ground, canonical order, hidden ground, radial velocity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.filter.kalman import BEARING, POSITION, Plots
from fusion.filter.measurements import canonical_order, plots_of
from fusion.filter.track_bank import empty_bank
from fusion.models.sensor_views import ElevationGrid
from fusion.models.settings import TrackerSettings
from fusion.models.tracker_model import TrackerModel, tracker_model
from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.scan_columns import ARRAYS, ScanColumns

FRAME = LocalFrame.around(10.0, 45.0)
RADAR = place(FRAME, 0.0, 0.0, id="R", kind="radar", max_range_m=5000.0, period_s=3.0, mast_height_m=30.0)
CAMERA = place(FRAME, 0.0, 0.0, id="C", kind="camera", max_range_m=5000.0, period_s=3.0, mast_height_m=30.0)
FLAT = tracker_model(Layout("plots", FRAME, (RADAR, CAMERA)), TrackerSettings(), None)


def report(sensor: str, **columns: npt.ArrayLike) -> ScanColumns:
    values = {name: np.atleast_1d(np.asarray(column, float)) for name, column in columns.items()}
    n = len(next(iter(values.values())))
    tails = {"cov": (2, 2), "class_probability": (5,)}
    arrays = {name: np.full((n, *tails.get(name, ())), np.nan) for name in ARRAYS} | values
    return ScanColumns(sensor, "radar" if sensor == "R" else "camera", 1, 0, 0, 0, **arrays)


def plots(model: TrackerModel, scan: ScanColumns) -> Plots:
    return plots_of(scan, model.sensor(scan.sensor), model, empty_bank(model).intensity)[0]


def with_ground(elevation: npt.NDArray[np.float32], cell: float) -> TrackerModel:
    """A tracker model over a raster centred on the sensors, which stand on its own height at the centre."""
    half = 0.5 * cell * (elevation.shape[0] - 1)
    foot = float(elevation[elevation.shape[0] // 2, elevation.shape[1] // 2])
    sensors = {
        name: replace(sensor, view=sensor.view._replace(foot=foot, height=foot + 30.0))
        for name, sensor in FLAT.sensors.items()
    }
    return replace(FLAT, earth=ElevationGrid(elevation, -half, half, cell), sensors=sensors)


def test_slant_range_is_the_hypotenuse_over_a_plane() -> None:
    # mast 30 m, target 40 m away on the plane: slant 50 m
    found = plots(FLAT, report("R", azimuth=np.pi / 2, azimuth_sd=0.01, range_=50.0, range_sd=1.0))
    assert (found.kind[0], found.easting[0]) == (POSITION, pytest.approx(40.0))
    assert found.northing[0] == pytest.approx(0.0, abs=1e-9)
    assert found.r_ee[0] == pytest.approx((50.0 / 40.0) ** 2 + 0.01)  # dg/ds = s/g
    assert found.r_nn[0] == pytest.approx(0.4**2 + 0.01)


def test_slant_range_knows_the_height_of_the_ground() -> None:
    # ground rises one metre in ten towards the east from 0 at the sensor
    axis = np.linspace(-2000.0, 2000.0, 81)
    slope = np.repeat(axis[None] / 10.0, 81, axis=0).astype(np.float32)
    distance = 1000.0  # there the ground is 100 m up, 70 m above the eye
    found = plots(
        with_ground(slope, 50.0),
        report("R", azimuth=np.pi / 2, azimuth_sd=0.01, range_=np.hypot(distance, 70.0), range_sd=4.0),
    )
    assert found.easting[0] == pytest.approx(distance, abs=0.1)


def test_a_cameras_ray_ends_on_the_slope_and_a_ray_at_the_sky_is_a_bearing() -> None:
    axis = np.linspace(-2000.0, 2000.0, 81)
    slope = np.repeat(axis[None] / 10.0, 81, axis=0).astype(np.float32)
    # the ray 30 + d tan(e) meets d / 10 at d = 30 / (0.1 - tan e)
    elevation = np.arctan(0.07)
    angles = {"azimuth": [np.pi / 2] * 2, "azimuth_sd": [0.001] * 2, "elevation_angle_sd": [0.0005] * 2}
    found = plots(with_ground(slope, 50.0), report("C", elevation_angle=[elevation, 0.3], **angles))
    on_ground = found.kind == POSITION
    assert found.easting[on_ground] == pytest.approx([1000.0], rel=0.01)
    assert np.sqrt(found.r_ee[on_ground]) > 1000.0 * 0.0005 / 0.03  # dd/de = d / (0.1 - tan e)
    assert sorted(found.kind.tolist()) == [POSITION, BEARING]
    # other bearings are expected at most as many as the look has, one all around
    assert (found.born + found.clutter)[~on_ground] == pytest.approx([1.0 / (2.0 * np.pi)])


@given(st.integers(0, 2**31), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_canonical_order_forgets_the_order_of_the_rows(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    ties = {name: rng.integers(0, 2, n).astype(float) for name in ("azimuth", "range_", "azimuth_sd", "confidence")}
    ties["azimuth"][rng.random(n) < 0.2] = np.nan
    scan = report("R", **ties)
    shuffled_rows = rng.permutation(n)
    shuffled = replace(scan, **{name: getattr(scan, name)[shuffled_rows] for name in ARRAYS})
    for name in ARRAYS:
        first, second = getattr(scan, name)[canonical_order(scan)], getattr(shuffled, name)[canonical_order(shuffled)]
        assert np.array_equal(first, second, equal_nan=True)


def test_a_plot_out_of_view_hardly_starts_a_track() -> None:
    near, far = (
        plots(FLAT, report("R", azimuth=1.0, azimuth_sd=0.01, range_=r, range_sd=4.0)) for r in (4000.0, 6000.0)
    )
    assert far.born[0] < 0.01 * near.born[0]


def test_radial_velocity_points_along_the_line_of_sight() -> None:
    columns = {"azimuth": 0.3, "azimuth_sd": 0.01, "range_": 500.0, "range_sd": 4.0}
    found = plots(FLAT, report("R", radial_velocity=-1.2, radial_velocity_sd=0.3, **columns))
    assert (found.unit_easting[0], found.unit_northing[0]) == pytest.approx((np.sin(0.3), np.cos(0.3)))
    assert found.radial[0] == -1.2
    # false alarms have speeds uniform over 10 m/s, so their density is a tenth
    assert found.clutter[0] == pytest.approx(plots(FLAT, report("R", **columns)).clutter[0] / 10.0)


def test_slant_ranges_between_high_places_end_where_they_should() -> None:
    """At 1,900 m above the ellipsoid; the range is the straight distance in geocentric coordinates (PROJ)."""
    to_space = pyproj.Transformer.from_crs(4979, 4978, always_xy=True)
    model = with_ground(np.full((241, 241), 1_900.0, np.float32), 50.0)
    for easting, northing in ((4_900.0, 0.0), (-1_000.0, 3_000.0)):
        there = to_space.transform(*FRAME.to_lonlat(easting, northing), 1_900.0)
        eye = to_space.transform(*FRAME.to_lonlat(0.0, 0.0), 1_930.0)
        straight = float(np.linalg.norm(np.subtract(there, eye)))
        azimuth = np.arctan2(easting, northing)
        found = plots(model, report("R", azimuth=azimuth, azimuth_sd=0.01, range_=straight, range_sd=4.0))
        assert (found.easting[0], found.northing[0]) == (
            pytest.approx(easting, abs=0.05),
            pytest.approx(northing, abs=0.05),
        )
