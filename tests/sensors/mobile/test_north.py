"""Convergence and scale by nodes: within the stated bound of the projection's own, and a function of the position."""

from __future__ import annotations

from math import radians, tan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.frame import LocalFrame
from sensors.mobile.north import NODE_M, north_and_scale

EARTH_M = 6_371_000.0


@given(st.floats(-80.0, 80.0), st.floats(-40_000.0, 40_000.0), st.floats(-40_000.0, 40_000.0))
@settings(max_examples=40, deadline=None)
def test_it_is_within_the_bound_of_the_projection(lat: float, east: float, north: float) -> None:
    frame = LocalFrame.around(10.0, lat)
    convergence, scale = north_and_scale(frame, east, north)
    farthest = min(abs(lat) + 0.5, 81.0)
    bound = 1.05 * 0.5 * 2**0.5 * NODE_M * tan(radians(farthest)) / EARTH_M + 1e-7
    assert convergence == pytest.approx(frame.convergence_rad(east, north), abs=bound)
    assert scale == pytest.approx(frame.scale_factor(east, north), abs=1e-6)
    assert north_and_scale(frame, east, north) == (convergence, scale)
