"""Directions and positions of a head: worked by hand, there and back, and what it cannot reach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.sector.setting_tables.onvif import OnvifCamera
from ops.services.cue.onvif.calibration import apart_deg, position_of

ALL_ROUND = OnvifCamera("http://cam")
NORTH_LEFT = OnvifCamera("http://cam", pan_deg=(20.0, 340.0), tilt_deg=(-90.0, 30.0))
UPSIDE_DOWN = OnvifCamera("http://cam", tilt_deg=(20.0, -60.0))


@pytest.mark.parametrize(
    ("camera", "azimuth", "elevation", "position"),
    [
        (ALL_ROUND, 0.0, 0.0, (0.0, 0.0)),
        (ALL_ROUND, 90.0, 45.0, (0.5, 0.5)),
        (ALL_ROUND, 270.0, -90.0, (-0.5, -1.0)),
        (ALL_ROUND, 180.0, 0.0, (-1.0, 0.0)),
        (NORTH_LEFT, 180.0, -30.0, (0.0, 0.0)),  # the middles of 20 … 340 and −90 … 30
        (NORTH_LEFT, 20.0, 30.0, (-1.0, 1.0)),
        (NORTH_LEFT, 340.0, -90.0, (1.0, -1.0)),
        (NORTH_LEFT, 260.0, None, (0.5, 0.5)),  # horizontal: 0° of −90 … 30
        (UPSIDE_DOWN, 0.0, 20.0, (0.0, -1.0)),
        (UPSIDE_DOWN, 0.0, -20.0, (0.0, 0.0)),
        (OnvifCamera("http://cam", tilt_deg=(-60.0, -10.0)), 0.0, None, (0.0, 1.0)),  # as near to horizontal as it can
    ],
)
def test_positions_worked_by_hand(
    camera: OnvifCamera, azimuth: float, elevation: float | None, position: tuple[float, float]
) -> None:
    assert position_of(camera, azimuth, elevation) == pytest.approx(position)


@pytest.mark.parametrize(
    ("camera", "azimuth", "elevation"),
    [(NORTH_LEFT, 0.0, 0.0), (NORTH_LEFT, 341.0, 0.0), (NORTH_LEFT, 19.0, 0.0), (NORTH_LEFT, 90.0, 31.0),
     (UPSIDE_DOWN, 0.0, 21.0), (UPSIDE_DOWN, 0.0, -61.0)],
)  # fmt: skip
def test_a_direction_outside_the_calibration_has_no_position(
    camera: OnvifCamera, azimuth: float, elevation: float
) -> None:
    assert position_of(camera, azimuth, elevation) is None


@given(st.floats(-180, 179), st.floats(1, 360), st.floats(0, 1), st.floats(0, 1))
def test_there_and_back(first: float, width: float, pan_part: float, tilt_part: float) -> None:
    camera = OnvifCamera("http://cam", pan_deg=(first, min(first + width, 360.0)), tilt_deg=(-80.0, 35.0))
    width = camera.pan_deg[1] - camera.pan_deg[0]
    azimuth, elevation = first + pan_part * width, -80.0 + tilt_part * 115.0
    found = position_of(camera, azimuth % 360.0, elevation)
    assert found is not None
    exact = (2.0 * pan_part - 1.0, 2.0 * tilt_part - 1.0)
    assert apart_deg(camera, found, exact) < 1e-6


def test_an_angle_between_positions_is_the_larger_one_and_goes_the_short_way() -> None:
    assert apart_deg(ALL_ROUND, (0.0, 0.0), (0.5, 0.1)) == pytest.approx(90.0)
    assert apart_deg(ALL_ROUND, (0.0, 0.0), (0.01, 0.5)) == pytest.approx(45.0)
    assert apart_deg(ALL_ROUND, (-1.0, 0.0), (1.0, 0.0)) == pytest.approx(0.0)  # both are 180°
