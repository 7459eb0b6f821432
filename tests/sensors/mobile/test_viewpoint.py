"""A sensor carried to a viewpoint: there as its post would be, its view turned and tilted within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.frame import LocalFrame
from sensors.layout import Layout, elevations_rad, place
from sensors.mobile.viewpoint import Viewpoint, carried_layout, tilted

FRAME = LocalFrame.around(8.0, 47.0)
CAMERA = place(
    FRAME, 0.0, 0.0, id="c", kind="camera", max_range_m=2_000.0, azimuth_deg=90.0, field_of_view_deg=60.0,
    elevation_min_deg=-20.0, elevation_max_deg=10.0, mobile=True,
)  # fmt: skip
RADAR = place(FRAME, 500.0, 0.0, id="r", kind="radar", max_range_m=3_000.0)
LAYOUT = Layout("l", FRAME, (CAMERA, RADAR))


def test_it_is_where_a_post_would_be() -> None:
    there = Viewpoint(1_000.0, -400.0, 7.0, azimuth_deg=200.0, tilt_deg=-5.0)
    moved = carried_layout(LAYOUT, {"c": there})
    expected = place(
        FRAME, 1_000.0, -400.0, id="c", kind="camera", max_range_m=2_000.0, azimuth_deg=200.0, field_of_view_deg=60.0,
        elevation_min_deg=-25.0, elevation_max_deg=5.0, mobile=True, mast_height_m=7.0,
    )  # fmt: skip
    assert moved["c"] == expected
    assert moved["r"] is LAYOUT["r"]
    assert moved.placement("c").azimuths_rad == Layout("e", FRAME, (expected,)).placement("c").azimuths_rad


def test_without_a_viewpoint_of_its_sensors_it_is_the_layout() -> None:
    assert carried_layout(LAYOUT, {}) is LAYOUT
    assert carried_layout(LAYOUT, {"stranger": Viewpoint(0.0, 0.0, 2.0)}) is LAYOUT


@given(tilt_deg=st.floats(-180.0, 180.0))
def test_any_tilt_leaves_a_view_within_the_vertical(tilt_deg: float) -> None:
    low, high = tilted(CAMERA, tilt_deg)
    assert low is not None
    assert high is not None
    assert -90.0 <= low < high <= 90.0
    carried = carried_layout(LAYOUT, {"c": Viewpoint(0.0, 0.0, 2.0, tilt_deg=tilt_deg)})["c"]
    assert elevations_rad(carried) is not None
    if -70.0 <= tilt_deg <= 80.0:
        assert (low, high) == pytest.approx((-20.0 + tilt_deg, 10.0 + tilt_deg))
    assert tilted(RADAR, tilt_deg) == (None, None)
