"""How far a camera tilts: worked by hand, against the drop of the viewshed, and what is hidden or out of its reach."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sensors.cueing import LookOption, MovingTarget, Sight, SteerableCamera, rank_looks
from sensors.cueing.sight import AIM_M, elevation_deg

EARTH_M, CAMERA_K = 6_371_008.8, 1.0 / (1.0 - 0.13)
CAMERA = SteerableCamera("cam-1", 12.0, 50.0, 0.0, 10.0, elevation_min_deg=-30.0, elevation_max_deg=10.0)
NORTH = MovingTarget(12.0, 50.01)


def test_a_target_as_high_as_the_lens_is_below_the_horizon_by_the_drop_alone() -> None:
    """4 km: 16e6 / (2 · 1.1494 · 6 371 009) = 1.0925 m below, atan(1.0925 / 4000) = 0.01565°."""
    assert elevation_deg(100.0, 100.0 - AIM_M, 4000.0, CAMERA_K * EARTH_M) == pytest.approx(-0.01565, abs=1e-5)


def test_a_mast_of_25_m_looks_down_to_the_plain() -> None:
    """A mast of 25 m, a target on its level at 1 km: rise 1 − 25 m, drop 0.068 m: atan(−24.068 / 1000) = −1.3787°."""
    assert elevation_deg(325.0, 300.0, 1000.0, CAMERA_K * EARTH_M) == pytest.approx(-1.3787, abs=1e-4)


@pytest.mark.parametrize("distance_m", [50.0, 3000.0, 12_000.0])
@pytest.mark.parametrize("rise_m", [-300.0, 0.0, 450.0])
def test_it_is_the_angle_of_the_simulated_looks(distance_m: float, rise_m: float) -> None:
    """The oracle is the geometry by which the simulator measures elevation angles, for a target of the aim's height."""
    import xarray as xr

    from geo.frame import LocalFrame
    from sensors.layout import Layout, place
    from sensors.simulate.looks import geometry_of

    frame = LocalFrame.around(12.0, 50.0)
    ground = np.where(np.arange(-15_000.0, 15_001.0, 100.0)[None, :] > 20.0, 500.0 + rise_m + AIM_M, 500.0)
    terrain = xr.Dataset(
        {"elevation": (("northing", "easting"), np.repeat(ground, 3, axis=0), {"units": "m"})},
        coords={"northing": [100.0, 0.0, -100.0], "easting": np.arange(-15_000.0, 15_001.0, 100.0)},
        attrs={"crs": frame.wkt},
    )
    sensor = place(frame, 0.0, 0.0, id="c", kind="camera", mast_height_m=20.0, max_range_m=15_000.0)
    where = Layout("one", frame, (sensor,)).placement("c")
    there = np.array([[[max(distance_m, 100.0), 0.0]]])
    found = geometry_of(where, there, np.zeros_like(there), terrain)
    expected = math.degrees(float(found.elevation[0, 0]))
    mine = elevation_deg(520.0, 500.0 + rise_m, max(distance_m, 100.0), CAMERA_K * EARTH_M)
    assert mine == pytest.approx(expected, abs=0.005)


def ranked(camera: SteerableCamera, sight: Sight) -> list[LookOption]:
    return rank_looks([camera], NORTH, sight=lambda *_: sight)


def test_the_option_carries_elevation_and_view_of_its_lead_point() -> None:
    asked = []

    def sight(camera: SteerableCamera, lon: float, lat: float, range_m: float) -> Sight:
        asked.append((camera.id, lon, lat, range_m))
        return Sight(-2.5, True)

    (one,) = rank_looks([CAMERA], replace(NORTH, speed_mps=10.0, course_deg=0.0), sight=sight)
    assert (one.elevation_deg, one.in_view) == (-2.5, True)
    assert asked == [("cam-1", one.lon, one.lat, one.range_m)]
    assert one.lat > NORTH.lat  # where it will be, not where it is


def test_a_camera_is_left_out_beyond_its_tilt_and_behind_a_ridge() -> None:
    assert [one.camera for one in ranked(CAMERA, Sight(-30.0, True))] == ["cam-1"]
    assert ranked(CAMERA, Sight(-30.1, True)) == []
    assert ranked(CAMERA, Sight(10.1, True)) == []
    assert ranked(CAMERA, Sight(0.0, False)) == []
    (unknown,) = ranked(CAMERA, Sight(None, None))
    assert (unknown.elevation_deg, unknown.in_view) == (None, None)


def test_the_ground_knows_better_than_what_fusion_last_saw() -> None:
    (seen,) = rank_looks([CAMERA], NORTH, seen_by=[], sight=lambda *_: Sight(0.0, True))
    assert seen.in_view is True
    assert rank_looks([CAMERA], NORTH, seen_by=["cam-1"], sight=lambda *_: Sight(0.0, False)) == []
    assert rank_looks([CAMERA], NORTH, seen_by=["another"], sight=lambda *_: Sight()) == []
